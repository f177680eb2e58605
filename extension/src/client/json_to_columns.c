/*-------------------------------------------------------------------------
 *
 * json_to_columns.c
 *	  The sidecar's JSON objects as typed rows.
 *
 * The columns are the declaration: each has a type, and the member of its name
 * must be null, missing, or of that type.  Anything else raises a protocol
 * violation that names the member, never an error about an SQL value that the
 * caller did not write.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/fmgroids.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "base/compat.h"
#include "client/sidecar.h"

typedef struct Column
{
	char *member; /* NULL: dropped */
	Oid type;
	Oid ioparam;
	FmgrInfo input;
} Column;

static Column *make_columns(TupleDesc desc);
static char *member_of_interval(const char *column);
static void add_record(ReturnSetInfo *rsinfo, Column *columns, Jsonb *object,
					   Column *volatile *current);
static Datum column_value(Column *column, JsonbValue *value);
static Datum interval_value(Column *column, JsonbValue *value);
static Datum texts_value(Column *column, JsonbValue *value);
static char *text_of(Column *column, JsonbValue *value, enum jbvType type);
pg_noreturn static void refuse(Column *column, JsonbValue *value, const char *wanted);

PG_FUNCTION_INFO_V1(poc_records);

/*
 * _poc.records(objects jsonb) returns setof record, and
 * _poc.records("row" anyelement, objects jsonb) returns setof anyelement: converts an
 * array of objects, or a single one, to rows of the requested columns.
 */
Datum
poc_records(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	int last = PG_NARGS() - 1;
	MemoryContext context = CurrentMemoryContext;
	MemoryContext reading;
	Column *columns;
	Column *volatile current = NULL;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	if (PG_ARGISNULL(last))
		return (Datum) 0;
	columns = make_columns(rsinfo->setDesc);
	/* of one record: an answer may have millions, of three bytes each */
	reading = AllocSetContextCreate(context, "poc_barman record", ALLOCSET_DEFAULT_SIZES);

	PG_TRY();
	{
		Jsonb *objects = PG_GETARG_JSONB_P(last);
		JsonbIterator *iterator = JsonbIteratorInit(&objects->root);
		JsonbValue value;

		if (JB_ROOT_IS_OBJECT(objects))
			add_record(rsinfo, columns, objects, &current);
		else
		{
			(void) JsonbIteratorNext(&iterator, &value, true);
			while (JsonbIteratorNext(&iterator, &value, true) == WJB_ELEM)
			{
				if (value.type != jbvBinary || !JsonContainerIsObject(value.val.binary.data))
					poc_sidecar_malformed(NULL, "It has a list with an element that is no object.");
				CHECK_FOR_INTERRUPTS();
				MemoryContextSwitchTo(reading);
				add_record(rsinfo, columns, JsonbValueToJsonb(&value), &current);
				MemoryContextSwitchTo(context);
				MemoryContextReset(reading);
			}
		}
	}
	PG_CATCH();
	{
		ErrorData *edata;

		MemoryContextSwitchTo(context);
		edata = CopyErrorData();
		if (current == NULL || ERRCODE_TO_CATEGORY(edata->sqlerrcode) != ERRCODE_DATA_EXCEPTION)
			PG_RE_THROW();

		/* only the error is replaced; the transaction still aborts */
		FlushErrorState();
		poc_sidecar_malformed(NULL, psprintf("Its member \"%s\" does not fit: %s.", current->member,
											 edata->message));
	}
	PG_END_TRY();
	MemoryContextDelete(reading);
	return (Datum) 0;
}

static Column *
make_columns(TupleDesc desc)
{
	Column *columns = palloc0(sizeof(Column) * Max(desc->natts, 1));

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);
		Oid input;

		if (attribute->attisdropped)
			continue;
		columns[i].type = attribute->atttypid;
		columns[i].member = columns[i].type == INTERVALOID
								? member_of_interval(NameStr(attribute->attname))
								: pstrdup(NameStr(attribute->attname));
		getTypeInputInfo(columns[i].type, &input, &columns[i].ioparam);
		fmgr_info(input, &columns[i].input);
	}
	return columns;
}

/*
 * A duration is a number of seconds, and the name of its member says so: the
 * column "copy_time" or "copy_elapsed" comes from "copy_seconds".
 */
static char *
member_of_interval(const char *column)
{
	static const char *const suffixes[] = {"_time", "_elapsed"};
	int length = strlen(column);

	for (int i = 0; i < lengthof(suffixes); i++)
	{
		int stem = length - strlen(suffixes[i]);

		if (stem > 0 && strcmp(column + stem, suffixes[i]) == 0)
			return psprintf("%.*s_seconds", stem, column);
	}
	return psprintf("%s_seconds", column);
}

static void
add_record(ReturnSetInfo *rsinfo, Column *columns, Jsonb *object, Column *volatile *current)
{
	TupleDesc desc = rsinfo->setDesc;
	Datum *values = palloc0(sizeof(Datum) * Max(desc->natts, 1));
	bool *nulls = palloc0(sizeof(bool) * Max(desc->natts, 1));

	for (int i = 0; i < desc->natts; i++)
	{
		JsonbValue *value = NULL;

		*current = &columns[i];
		if (columns[i].member != NULL)
			value = getKeyJsonValueFromContainer(&object->root, columns[i].member,
												 strlen(columns[i].member), NULL);
		nulls[i] = value == NULL || value->type == jbvNull;
		if (!nulls[i])
			values[i] = column_value(&columns[i], value);
	}
	*current = NULL;
	tuplestore_putvalues(rsinfo->setResult, desc, values, nulls);
}

static Datum
column_value(Column *column, JsonbValue *value)
{
	switch (column->type)
	{
		case JSONBOID:
			return JsonbPGetDatum(JsonbValueToJsonb(value));
		case BOOLOID:
			if (value->type != jbvBool)
				refuse(column, value, "true or false");
			return BoolGetDatum(value->val.boolean);
		case INTERVALOID:
			return interval_value(column, value);
		case TEXTARRAYOID:
			return texts_value(column, value);
		case INT4OID:
		case INT8OID:
		case FLOAT8OID:
			return InputFunctionCall(&column->input, text_of(column, value, jbvNumeric),
									 column->ioparam, -1);
		default:
			return InputFunctionCall(&column->input, text_of(column, value, jbvString),
									 column->ioparam, -1);
	}
}

static Datum
interval_value(Column *column, JsonbValue *value)
{
	Interval *interval = palloc0(sizeof(Interval));
	double microseconds;

	if (value->type != jbvNumeric)
		refuse(column, value, "a number of seconds");
	microseconds = rint(
		DatumGetFloat8(DirectFunctionCall1(numeric_float8, NumericGetDatum(value->val.numeric))) *
		USECS_PER_SEC);
	if (!FLOAT8_FITS_IN_INT64(microseconds))
		refuse(column, value, "a number of seconds within range");
	interval->time = (TimeOffset) microseconds;
	return IntervalPGetDatum(interval);
}

static Datum
texts_value(Column *column, JsonbValue *value)
{
	ArrayBuildState *state = initArrayResult(TEXTOID, CurrentMemoryContext, false);
	JsonbIterator *iterator;
	JsonbValue element;

	if (value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data))
		refuse(column, value, "a list of strings");
	iterator = JsonbIteratorInit(value->val.binary.data);
	(void) JsonbIteratorNext(&iterator, &element, true);
	while (JsonbIteratorNext(&iterator, &element, true) == WJB_ELEM)
	{
		if (element.type != jbvString)
			refuse(column, &element, "a list of strings");
		state = accumArrayResult(state,
								 PointerGetDatum(cstring_to_text_with_len(element.val.string.val,
																		  element.val.string.len)),
								 false, TEXTOID, CurrentMemoryContext);
	}
	return makeArrayResult(state, CurrentMemoryContext);
}

static char *
text_of(Column *column, JsonbValue *value, enum jbvType type)
{
	if (value->type != type)
		refuse(column, value, type == jbvNumeric ? "a number" : "a string");
	if (type == jbvNumeric)
		return DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
	return pnstrdup(value->val.string.val, value->val.string.len);
}

static void
refuse(Column *column, JsonbValue *value, const char *wanted)
{
	const char *found = value->type == jbvString					   ? "a string"
						: value->type == jbvNumeric					   ? "a number"
						: value->type == jbvBool					   ? "true or false"
						: value->type == jbvNull					   ? "null"
						: JsonContainerIsArray(value->val.binary.data) ? "a list"
																	   : "an object";

	poc_sidecar_malformed(NULL, psprintf("Its member \"%s\" is or has %s, where %s is expected.",
										 column->member, found, wanted));
}
