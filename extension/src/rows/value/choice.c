/*-------------------------------------------------------------------------
 *
 * choice.c
 *	  Values from a list: the labels of an enum, the constants of a CHECK or
 *	  of the options, the Datums of a caller.
 *
 * Labels that this transaction may not use yet must be left out.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_enum.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/datum.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "base/random.h"
#include "rows/value/arena.h"
#include "rows/value/bounds.h"
#include "rows/value/generator.h"
#include "rows/value/hash.h"
#include "rows/value/kinds.h"

/* Of an enum. */
typedef struct Label
{
	float4 order;
	Oid oid;
} Label;

static int compare_labels(const void *a, const void *b);
static uint64 limit_enum(RowsValue *value, RowsBounds *bounds);
static bool within(const Const *constant, RowsBounds *bounds);
static void set_choices(RowsValue *value, Datum *choices, uint64 nchoices);
static Datum make_choice(const RowsValue *value, RowsDraw *draw, RowsArena *arena);
static Datum encode_choice(const RowsValue *value, uint64 ordinal, RowsDraw *draw, RowsArena *arena);
static bool decode_choice(const RowsValue *value, Datum datum, uint64 *ordinal);

/* The labels of an enum, in its sort order. */
void
rows_init_enum(RowsValue *value, RowsBounds *bounds)
{
	CatCList *list = SearchSysCacheList1(ENUMTYPOIDNAME, ObjectIdGetDatum(value->type));
	Label *labels = palloc(sizeof(Label) * Max(list->n_members, 1));

	value->name = "enum";
	value->choices = palloc(sizeof(Datum) * Max(list->n_members, 1));
	for (int i = 0; i < list->n_members; i++)
	{
		Form_pg_enum label = (Form_pg_enum) GETSTRUCT(&list->members[i]->tuple);

		/* this transaction must not use a label that it has added */
		if (EnumUncommitted(label->oid))
			continue;
		labels[value->nchoices].order = label->enumsortorder;
		labels[value->nchoices++].oid = label->oid;
	}
	qsort(labels, value->nchoices, sizeof(Label), compare_labels);
	for (uint64 i = 0; i < value->nchoices; i++)
		value->choices[i] = ObjectIdGetDatum(labels[i].oid);
	pfree(labels);
	ReleaseSysCacheList(list);

	if (value->nchoices == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("enum type %s has no labels to choose from", format_type_be(value->type)),
				 errhint("Add labels with ALTER TYPE ... ADD VALUE and commit.")));

	set_choices(value, value->choices, limit_enum(value, bounds));
}

static int
compare_labels(const void *a, const void *b)
{
	float4 left = ((const Label *) a)->order;
	float4 right = ((const Label *) b)->order;

	return (left > right) - (left < right);
}

/* Leave out the labels beyond the bounds. */
static uint64
limit_enum(RowsValue *value, RowsBounds *bounds)
{
	uint64 n = 0;

	for (uint64 i = 0; i < value->nchoices; i++)
	{
		Const label = {.consttype = value->type, .constvalue = value->choices[i]};

		if (within(&label, bounds))
			value->choices[n++] = value->choices[i];
	}
	if (n > 0)
		return n;
	rows_no_value(value->type, bounds);
	return value->nchoices;
}

/*
 * Restrict a value to a list of constants.  Returns false if one of them
 * cannot be converted to the type.
 */
bool
rows_init_choices(RowsValue *value, RowsBounds *bounds)
{
	Datum *choices = palloc(sizeof(Datum) * list_length(bounds->choices));
	int nchoices = 0;
	bool outside = false;
	ListCell *cell;

	foreach (cell, bounds->choices)
	{
		Const *constant = lfirst_node(Const, cell);
		Datum datum;
		int64 number;
		bool exact;

		if (constant->constisnull)
			continue;
		if (!within(constant, bounds))
		{
			outside = true;
			continue;
		}
		if (value->type == BPCHAROID &&
			(constant->consttype == BPCHAROID || constant->consttype == TEXTOID))
			datum = DirectFunctionCall3(bpchar, constant->constvalue, Int32GetDatum(value->typmod),
										BoolGetDatum(true));
		else if (constant->consttype == value->type ||
				 (value->type == VARCHAROID && constant->consttype == TEXTOID))
			datum = datumCopy(constant->constvalue, value->typbyval, value->typlen);
		else if (constant->consttype == NAMEOID &&
				 (value->type == TEXTOID || value->type == VARCHAROID)) /* CURRENT_USER */
			datum = DirectFunctionCall1(name_text, constant->constvalue);
		else if (value->from_int &&
				 rows_number_from_const(value, constant, true, &number, &exact) && exact)
		{
			RowsArena arena;

			rows_init_arena(&arena);
			datum = value->from_int(value, number, &arena);
		}
		else
			return false;
		choices[nchoices++] = datum;
	}
	if (nchoices == 0)
	{
		if (outside)
			rows_no_value(value->type, bounds);
		return false;
	}

	value->name = "choice";
	value->detail = psprintf("one of %d values", nchoices);
	set_choices(value, choices, nchoices);
	return true;
}

/* Creates a generator that picks one of the given Datums. */
RowsValue *
rows_make_choice_value(Oid type, Datum *choices, uint64 nchoices)
{
	RowsValue *value = palloc0(sizeof(RowsValue));

	value->type = type;
	value->typmod = -1;
	get_typlenbyvalalign(type, &value->typlen, &value->typbyval, &value->typalign);
	set_choices(value, choices, nchoices);
	return value;
}

static void
set_choices(RowsValue *value, Datum *choices, uint64 nchoices)
{
	value->choices = choices;
	value->nchoices = nchoices;
	value->make = make_choice;
	value->encode = encode_choice;
	value->decode = decode_choice;
	value->capacity = nchoices;
}

/* Does a constant satisfy the bounds that are of its own type? */
static bool
within(const Const *constant, RowsBounds *bounds)
{
	List *ends[] = {bounds->lows, bounds->highs};
	TypeCacheEntry *typcache = lookup_type_cache(constant->consttype, TYPECACHE_CMP_PROC_FINFO);
	ListCell *cell;

	if (type_is_collatable(constant->consttype) || !OidIsValid(typcache->cmp_proc))
		return true;
	for (int i = 0; i < lengthof(ends); i++)
	{
		foreach (cell, ends[i])
		{
			RowsBound *bound = lfirst(cell);
			int32 order;

			if (bound->constant->consttype != constant->consttype)
				continue;
			order = DatumGetInt32(FunctionCall2(&typcache->cmp_proc_finfo, constant->constvalue,
												bound->constant->constvalue));
			if ((order == 0 && bound->open) || (i == 0 ? order < 0 : order > 0))
				return false;
		}
	}
	return true;
}

static Datum
make_choice(const RowsValue *value, RowsDraw *draw, RowsArena *arena)
{
	uint64 low = 0;
	uint64 high = value->nchoices - 1;
	double random;

	if (likely(value->weights == NULL))
		return value->choices[likely(value->distribution == ROWS_UNIFORM)
								  ? rows_below(draw, value->nchoices)
								  : rows_distributed(value, draw, value->nchoices)];
	random = rows_unit(draw);
	while (low < high)
	{
		uint64 middle = low + (high - low) / 2;

		if (value->weights[middle] > random)
			high = middle;
		else
			low = middle + 1;
	}
	return value->choices[low];
}

static Datum
encode_choice(const RowsValue *value, uint64 ordinal, RowsDraw *draw, RowsArena *arena)
{
	return value->choices[ordinal];
}

/* Find a choice by its hash; the first call sorts the choices. */
static bool
decode_choice(const RowsValue *value, Datum datum, uint64 *ordinal)
{
	RowsIndexEntry *index = value->index;
	uint32 hash;

	if (index == NULL)
	{
		index = MemoryContextAllocHuge(GetMemoryChunkContext((void *) value),
									   sizeof(RowsIndexEntry) * value->nchoices);
		for (uint64 i = 0; i < value->nchoices; i++)
		{
			index[i].hash = rows_hash_image(value->choices[i], value->typbyval, value->typlen);
			index[i].choice = i;
		}
		rows_sort_by_hash(index, value->nchoices);
		((RowsValue *) value)->index = index;
	}

	hash = rows_hash_image(datum, value->typbyval, value->typlen);
	for (uint64 i = rows_first_of_hash(index, value->nchoices, hash);
		 i < value->nchoices && index[i].hash == hash; i++)
	{
		if (datum_image_eq(datum, value->choices[index[i].choice], value->typbyval, value->typlen))
		{
			*ordinal = index[i].choice;
			return true;
		}
	}
	return false;
}
