/*-------------------------------------------------------------------------
 *
 * fingerprint.c
 *	  The hash of one row, and the sum of such hashes over a table.
 *
 * The result must not depend on the order of rows, on the storage or
 * compression of values, or on OIDs, which can differ in a restored copy.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/detoast.h"
#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "base/random.h"
#include "proof/fingerprint.h"

/* How the hash reads the values of a column. */
typedef enum ColumnForm
{
	FORM_DROPPED,
	FORM_BYVAL,	  /* the Datum */
	FORM_FIXED,	  /* length bytes */
	FORM_VARLENA, /* the bytes, detoasted */
	FORM_CSTRING,
	FORM_TEXT /* the text from the output function */
} ColumnForm;

typedef struct ColumnHash
{
	ColumnForm form;
	int16 length;
	FmgrInfo output;
} ColumnHash;

/* Properties of a row type, kept between rows. */
struct PocRowHash
{
	MemoryContext context; /* holds all of this */
	TupleDesc tupdesc;
	ColumnHash *columns;
	StringInfoData buffer;
};

/* State of a function between calls */
typedef struct CallState
{
	uint64 identifier; /* of the tuple descriptor: ALTER TYPE creates another one */
	PocRowHash *hash;
	Datum *values;
	bool *isnull;
} CallState;

static CallState *call_state(FmgrInfo *flinfo, HeapTupleHeader row);
static ColumnForm form_of_type(Oid type);
static void append_value(PocRowHash *hash, int column, Datum value, bool isnull);
static MemoryContext aggregate_context(FunctionCallInfo fcinfo);

PG_FUNCTION_INFO_V1(poc_fingerprint_add);
PG_FUNCTION_INFO_V1(poc_fingerprint_combine);
PG_FUNCTION_INFO_V1(poc_fingerprint_serialize);
PG_FUNCTION_INFO_V1(poc_fingerprint_deserialize);
PG_FUNCTION_INFO_V1(poc_fingerprint_final);

/* The transition function: (state internal, row record) -> internal */
Datum
poc_fingerprint_add(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	PocFingerprint *state = PG_ARGISNULL(0) ? MemoryContextAllocZero(context, sizeof(PocFingerprint))
											: (PocFingerprint *) PG_GETARG_POINTER(0);
	HeapTupleHeader row;
	CallState *call;
	HeapTupleData tuple;

	if (PG_ARGISNULL(1))
		PG_RETURN_POINTER(state);

	row = PG_GETARG_HEAPTUPLEHEADER(1);
	call = call_state(fcinfo->flinfo, row);
	tuple.t_len = HeapTupleHeaderGetDatumLength(row);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = row;
	heap_deform_tuple(&tuple, call->hash->tupdesc, call->values, call->isnull);
	poc_fingerprint_row(state, call->hash, call->values, call->isnull);
	PG_RETURN_POINTER(state);
}

/* (state internal, other internal) -> internal */
Datum
poc_fingerprint_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	PocFingerprint *state = PG_ARGISNULL(0) ? MemoryContextAllocZero(context, sizeof(PocFingerprint))
											: (PocFingerprint *) PG_GETARG_POINTER(0);

	if (!PG_ARGISNULL(1))
	{
		PocFingerprint *other = (PocFingerprint *) PG_GETARG_POINTER(1);

		state->rows += other->rows;
		state->sums[0] += other->sums[0];
		state->sums[1] += other->sums[1];
	}
	PG_RETURN_POINTER(state);
}

/* (state internal) -> bytea: what a parallel worker returns */
Datum
poc_fingerprint_serialize(PG_FUNCTION_ARGS)
{
	bytea *bytes;

	(void) aggregate_context(fcinfo);
	bytes = palloc(VARHDRSZ + sizeof(PocFingerprint));
	SET_VARSIZE(bytes, VARHDRSZ + sizeof(PocFingerprint));
	memcpy(VARDATA(bytes), PG_GETARG_POINTER(0), sizeof(PocFingerprint));
	PG_RETURN_BYTEA_P(bytes);
}

/* (bytes bytea, internal) -> internal */
Datum
poc_fingerprint_deserialize(PG_FUNCTION_ARGS)
{
	PocFingerprint *state;
	bytea *bytes;

	(void) aggregate_context(fcinfo);
	bytes = PG_GETARG_BYTEA_PP(0);
	if (VARSIZE_ANY_EXHDR(bytes) != sizeof(PocFingerprint))
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
						errmsg("the state of a fingerprint has %zu bytes, not %zu",
							   (size_t) VARSIZE_ANY_EXHDR(bytes), sizeof(PocFingerprint))));
	state = palloc(sizeof(PocFingerprint));
	memcpy(state, VARDATA_ANY(bytes), sizeof(PocFingerprint));
	PG_RETURN_POINTER(state);
}

/* (state internal) -> both sums, in hexadecimal */
Datum
poc_fingerprint_final(PG_FUNCTION_ARGS)
{
	PocFingerprint empty = {0};
	PocFingerprint *state;

	(void) aggregate_context(fcinfo);
	state = PG_ARGISNULL(0) ? &empty : (PocFingerprint *) PG_GETARG_POINTER(0);
	PG_RETURN_TEXT_P(cstring_to_text(poc_fingerprint_text(state)));
}

/* The memory context of the state; only the executor provides one. */
static MemoryContext
aggregate_context(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("this function is a part of an aggregate"),
						errdetail("It was called by itself, so there is no state for it to work on."),
						errhint("Use poc_fingerprint().")));
	return context;
}

/*
 * The type can change during a query, because the caller of the aggregate may
 * own it.  Then the cached properties no longer apply to the next row.
 */
static CallState *
call_state(FmgrInfo *flinfo, HeapTupleHeader row)
{
	Oid type = HeapTupleHeaderGetTypeId(row);
	int32 typmod = HeapTupleHeaderGetTypMod(row);
	uint64 identifier = assign_record_type_identifier(type, typmod);
	CallState *call = flinfo->fn_extra;
	TupleDesc tupdesc;

	if (call != NULL && call->identifier == identifier)
		return call;
	if (call == NULL)
		call = flinfo->fn_extra = MemoryContextAllocZero(flinfo->fn_mcxt, sizeof(CallState));
	if (call->hash != NULL)
	{
		PocRowHash *old = call->hash;

		call->hash = NULL;
		call->identifier = 0;
		poc_row_hash_free(old);
	}
	tupdesc = lookup_rowtype_tupdesc(type, typmod);
	call->hash = poc_row_hash(tupdesc, flinfo->fn_mcxt);
	ReleaseTupleDesc(tupdesc);
	call->values = MemoryContextAlloc(call->hash->context,
									  sizeof(Datum) * Max(call->hash->tupdesc->natts, 1));
	call->isnull = MemoryContextAlloc(call->hash->context,
									  sizeof(bool) * Max(call->hash->tupdesc->natts, 1));
	call->identifier = identifier;
	return call;
}

PocRowHash *
poc_row_hash(TupleDesc tupdesc, MemoryContext parent)
{
	MemoryContext context = AllocSetContextCreate(parent, "poc_barman row hash",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	PocRowHash *hash = palloc0(sizeof(PocRowHash));

	hash->context = context;
	hash->tupdesc = CreateTupleDescCopy(tupdesc);
	hash->columns = palloc0(sizeof(ColumnHash) * Max(tupdesc->natts, 1));
	initStringInfo(&hash->buffer);
	for (int i = 0; i < tupdesc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(hash->tupdesc, i);
		ColumnHash *column = &hash->columns[i];

		if (attribute->attisdropped)
			continue;
		column->form = form_of_type(getBaseType(attribute->atttypid));
		column->length = attribute->attlen;
		if (column->form == FORM_TEXT)
		{
			Oid output;
			bool is_varlena;

			getTypeOutputInfo(attribute->atttypid, &output, &is_varlena);
			fmgr_info_cxt(output, &column->output, context);
		}
	}
	MemoryContextSwitchTo(old);
	return hash;
}

void
poc_row_hash_free(PocRowHash *hash)
{
	MemoryContextDelete(hash->context);
}

void
poc_fingerprint_row(PocFingerprint *sum, PocRowHash *hash, const Datum *values, const bool *isnull)
{
	uint64 key;

	resetStringInfo(&hash->buffer);
	for (int i = 0; i < hash->tupdesc->natts; i++)
		append_value(hash, i, values[i], isnull[i]);
	key = hash_bytes_extended((unsigned char *) hash->buffer.data, hash->buffer.len, 0);
	sum->rows++;
	sum->sums[0] += key;
	sum->sums[1] += rows_mix(key);
}

char *
poc_fingerprint_text(const PocFingerprint *sum)
{
	return psprintf("%016llx%016llx", (unsigned long long) sum->sums[0],
					(unsigned long long) sum->sums[1]);
}

/*
 * Types whose bytes determine the value are hashed as bytes, which costs a
 * tenth of the text.  All others (enums and rows contain OIDs, extension types
 * may contain anything) are hashed as text.
 */
static ColumnForm
form_of_type(Oid type)
{
	switch (type)
	{
		case BOOLOID:
		case CHAROID:
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case FLOAT4OID:
		case FLOAT8OID:
		case CASHOID:
		case DATEOID:
		case TIMEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
		case PG_LSNOID:
			return get_typbyval(type) ? FORM_BYVAL : FORM_FIXED;
		case UUIDOID:
		case MACADDROID:
		case MACADDR8OID:
		case INTERVALOID:
			return FORM_FIXED;
		case NAMEOID:
			return FORM_CSTRING;
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
		case BYTEAOID:
		case NUMERICOID:
		case JSONOID:
		case JSONBOID:
		case XMLOID:
		case BITOID:
		case VARBITOID:
		case INETOID:
		case CIDROID:
			return FORM_VARLENA;
		default:
			return FORM_TEXT;
	}
}

/* Appends a value after its length, so that adjacent values stay distinct. */
static void
append_value(PocRowHash *hash, int column, Datum value, bool isnull)
{
	ColumnHash *info = &hash->columns[column];
	StringInfo buffer = &hash->buffer;
	const char *data;
	int32 length;
	struct varlena *detoasted = NULL;
	char *text = NULL;

	if (info->form == FORM_DROPPED)
		return;
	if (isnull)
	{
		length = -1;
		appendBinaryStringInfo(buffer, (char *) &length, sizeof(length));
		return;
	}

	switch (info->form)
	{
		case FORM_BYVAL:
			appendBinaryStringInfo(buffer, (char *) &value, sizeof(value));
			return;
		case FORM_FIXED:
			appendBinaryStringInfo(buffer, DatumGetPointer(value), info->length);
			return;
		case FORM_CSTRING:
			data = DatumGetPointer(value);
			length = strlen(data);
			break;
		case FORM_VARLENA:
			detoasted = PG_DETOAST_DATUM_PACKED(value);
			data = VARDATA_ANY(detoasted);
			length = VARSIZE_ANY_EXHDR(detoasted);
			break;
		default:
			text = OutputFunctionCall(&info->output, value);
			data = text;
			length = strlen(text);
			break;
	}
	appendBinaryStringInfo(buffer, (char *) &length, sizeof(length));
	appendBinaryStringInfo(buffer, data, length);
	if (detoasted != NULL && (Pointer) detoasted != DatumGetPointer(value))
		pfree(detoasted);
	if (text != NULL)
		pfree(text);
}
