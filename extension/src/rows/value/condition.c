/*-------------------------------------------------------------------------
 *
 * condition.c
 *	  What one condition says about the values of a column, or of a domain.
 *
 * Reads comparisons with constants, BETWEEN, IN and the length of a string.  It must
 * report any other condition as not understood, so that the caller tries it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "utils/array.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rangetypes.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "rows/value/bounds.h"
#include "rows/value/hash.h"

static bool read_operator(OpExpr *op, AttrNumber attnum, RowsBounds *bounds);
static bool read_range(Const *constant, RowsBounds *bounds);
static bool is_obeyed(Node *subject, const Const *constant);
static bool read_in_list(ScalarArrayOpExpr *in, AttrNumber attnum, RowsBounds *bounds);
static bool meet_choices(RowsBounds *bounds, List *choices);
static RowsIndexEntry *index_constants(List *constants);
static bool is_indexed(const Const *constant, List *constants, const RowsIndexEntry *index);
static bool read_or(BoolExpr * or, AttrNumber attnum, RowsBounds *bounds);
static bool is_length_of_subject(Node *node, AttrNumber attnum);
static int comparison(Oid opno, Oid type);

/*
 * Read one condition on a column (or, with InvalidAttrNumber, on the value of
 * a domain) into the bounds.  Returns true if the bounds imply the condition.
 */
bool
rows_read_condition(Node *node, AttrNumber attnum, RowsBounds *bounds)
{
	RowsPatternBound *pattern;

	if (is_andclause(node))
	{
		bool understood = true;
		ListCell *cell;

		foreach (cell, ((BoolExpr *) node)->args)
			understood &= rows_read_condition(lfirst(cell), attnum, bounds);
		return understood;
	}
	if (is_orclause(node))
		return read_or((BoolExpr *) node, attnum, bounds);
	pattern = rows_read_pattern(node, attnum);
	if (pattern != NULL)
	{
		bounds->patterns = lappend(bounds->patterns, pattern);
		return false; /* tried, all the same */
	}
	if (IsA(node, OpExpr))
		return read_operator((OpExpr *) node, attnum, bounds);
	if (IsA(node, ScalarArrayOpExpr))
		return read_in_list((ScalarArrayOpExpr *) node, attnum, bounds);
	if (IsA(node, NullTest) && ((NullTest *) node)->nulltesttype == IS_NOT_NULL &&
		rows_is_subject((Node *) ((NullTest *) node)->arg, attnum))
	{
		bounds->not_null = true;
		return true;
	}
	return false;
}

/* column < constant, constant < column, length(column) < constant */
static bool
read_operator(OpExpr *op, AttrNumber attnum, RowsBounds *bounds)
{
	Node *left;
	Node *right;
	Const *constant;
	int strategy;
	RowsBound *bound;

	if (list_length(op->args) != 2)
		return false;
	left = linitial(op->args);
	right = lsecond(op->args);
	if (op->opfuncid == F_ELEM_CONTAINED_BY_RANGE && rows_is_subject(left, attnum))
		return read_range(rows_constant_of(right), bounds);
	if (op->opfuncid == F_RANGE_CONTAINS_ELEM && rows_is_subject(right, attnum))
		return read_range(rows_constant_of(left), bounds);
	strategy = comparison(op->opno, exprType(left));
	if (strategy == InvalidStrategy)
		return false;

	if (!rows_is_subject(left, attnum) && !is_length_of_subject(left, attnum))
	{
		Node *swap = left;

		left = right;
		right = swap;
		strategy = BTMaxStrategyNumber + 1 - strategy;
	}
	constant = rows_constant_of(right);
	if (constant == NULL || constant->constisnull)
		return false;

	if (is_length_of_subject(left, attnum))
	{
		int32 length;

		if (constant->consttype != INT4OID)
			return false;
		length = DatumGetInt32(constant->constvalue);
		if (strategy == BTLessStrategyNumber && length > 0)
			length--;
		else if (strategy == BTGreaterStrategyNumber && length < MaxAllocSize)
			length++;
		if (strategy >= BTEqualStrategyNumber)
			bounds->min_length = Max(bounds->min_length, length);
		if (strategy <= BTEqualStrategyNumber)
			bounds->max_length = (bounds->max_length < 0) ? length : Min(bounds->max_length, length);
		return true;
	}
	if (!rows_is_subject(left, attnum))
		return false;

	if (strategy == BTEqualStrategyNumber)
		return meet_choices(bounds, list_make1(constant));
	bound = palloc(sizeof(RowsBound));
	bound->constant = constant;
	bound->open = (strategy == BTLessStrategyNumber || strategy == BTGreaterStrategyNumber);
	if (strategy > BTEqualStrategyNumber)
		bounds->lows = lappend(bounds->lows, bound);
	else
		bounds->highs = lappend(bounds->highs, bound);

	return is_obeyed(left, constant);
}

/* column <@ '[1, 5)': the ends of the range are bounds; tried, all the same. */
static bool
read_range(Const *constant, RowsBounds *bounds)
{
	TypeCacheEntry *typcache;
	RangeBound ends[2];
	bool empty;

	if (constant == NULL || constant->constisnull || !type_is_range(constant->consttype))
		return false;
	typcache = lookup_type_cache(constant->consttype, TYPECACHE_RANGE_INFO);
	range_deserialize(typcache, DatumGetRangeTypeP(constant->constvalue), &ends[0], &ends[1], &empty);
	for (int i = 0; i < lengthof(ends) && !empty; i++)
	{
		TypeCacheEntry *element = typcache->rngelemtype;
		RowsBound *bound;

		if (ends[i].infinite)
			continue;
		bound = palloc(sizeof(RowsBound));
		bound->constant = makeConst(element->type_id, -1, typcache->rng_collation, element->typlen,
									ends[i].val, false, element->typbyval);
		bound->open = !ends[i].inclusive;
		if (i == 0)
			bounds->lows = lappend(bounds->lows, bound);
		else
			bounds->highs = lappend(bounds->highs, bound);
	}
	return false;
}

/* Do the generators of the column's type obey a bound of the constant's? */
static bool
is_obeyed(Node *subject, const Const *constant)
{
	static const Oid numbers[] = {INT2OID,	 INT4OID,	INT8OID,   OIDOID,
								  FLOAT4OID, FLOAT8OID, NUMERICOID};
	static const Oid times[] = {DATEOID, TIMESTAMPOID, TIMESTAMPTZOID};
	Oid type = exprType(strip_implicit_coercions(subject));
	bool both[2][2] = {{false}};

	type = getBaseType(type);
	for (int i = 0; i < lengthof(numbers); i++)
	{
		both[0][0] |= type == numbers[i];
		both[0][1] |= constant->consttype == numbers[i];
	}
	for (int i = 0; i < lengthof(times); i++)
	{
		both[1][0] |= type == times[i];
		both[1][1] |= constant->consttype == times[i];
	}
	if ((both[0][0] && both[0][1]) || (both[1][0] && both[1][1]))
		return true;
	if (type != constant->consttype)
		return false;
	switch (type)
	{
		case CASHOID:
		case TIMEOID:
		case TIMETZOID:
		case INTERVALOID:
		case PG_LSNOID:
		case XID8OID:
		case CHAROID:
		case BOOLOID:
			return true;
		default:
			return type_is_enum(type);
	}
}

/* column IN (constants) */
static bool
read_in_list(ScalarArrayOpExpr *in, AttrNumber attnum, RowsBounds *bounds)
{
	Node *left = linitial(in->args);
	Const *constant;
	ArrayType *array;
	Oid element;
	int16 typlen;
	bool typbyval;
	char typalign;
	Datum *datums;
	bool *nulls;
	int ndatums;
	List *choices = NIL;

	if (!in->useOr || !rows_is_subject(left, attnum) ||
		comparison(in->opno, exprType(left)) != BTEqualStrategyNumber)
		return false;
	constant = rows_constant_of(lsecond(in->args));
	if (constant == NULL || constant->constisnull)
		return false;

	array = DatumGetArrayTypeP(constant->constvalue);
	element = ARR_ELEMTYPE(array);
	get_typlenbyvalalign(element, &typlen, &typbyval, &typalign);
	deconstruct_array(array, element, typlen, typbyval, typalign, &datums, &nulls, &ndatums);
	for (int i = 0; i < ndatums; i++)
	{
		if (!nulls[i])
			choices = lappend(choices, makeConst(element, -1, get_typcollation(element), typlen,
												 datums[i], false, typbyval));
	}
	return choices != NIL && meet_choices(bounds, choices);
}

/* Intersect the choices with those known so far. */
static bool
meet_choices(RowsBounds *bounds, List *choices)
{
	List *both = NIL;
	RowsIndexEntry *index;
	Oid type;
	ListCell *cell;

	if (bounds->choices == NIL)
	{
		bounds->choices = choices;
		return true;
	}
	type = ((Const *) linitial(choices))->consttype;
	foreach (cell, bounds->choices)
	{
		if (((Const *) lfirst(cell))->consttype != type)
			return false;
	}
	foreach (cell, choices)
	{
		if (((Const *) lfirst(cell))->consttype != type)
			return false;
	}
	index = index_constants(choices);
	foreach (cell, bounds->choices)
	{
		if (is_indexed(lfirst(cell), choices, index))
			both = lappend(both, lfirst(cell));
	}
	pfree(index);
	if (both == NIL)
	{
		bounds->is_empty = bounds->may_be_empty;
		return bounds->may_be_empty;
	}
	bounds->choices = both;
	return true;
}

static RowsIndexEntry *
index_constants(List *constants)
{
	uint64 n = list_length(constants);
	RowsIndexEntry *index = palloc(sizeof(RowsIndexEntry) * n);

	for (uint64 i = 0; i < n; i++)
	{
		const Const *constant = list_nth(constants, (int) i);

		index[i].hash = datum_image_hash(constant->constvalue, constant->constbyval,
										 constant->constlen);
		index[i].choice = i;
	}
	rows_sort_by_hash(index, n);
	return index;
}

/* Is the same constant, byte by byte, among those that are indexed? */
static bool
is_indexed(const Const *constant, List *constants, const RowsIndexEntry *index)
{
	uint64 n = list_length(constants);
	uint32 hash = datum_image_hash(constant->constvalue, constant->constbyval, constant->constlen);

	for (uint64 i = rows_first_of_hash(index, n, hash); i < n && index[i].hash == hash; i++)
	{
		const Const *other = list_nth(constants, (int) index[i].choice);

		if (datumIsEqual(constant->constvalue, other->constvalue, constant->constbyval,
						 constant->constlen))
			return true;
	}
	return false;
}

/* column = constant OR column = constant ..., perhaps OR column IS NULL */
static bool
read_or(BoolExpr * or, AttrNumber attnum, RowsBounds *bounds)
{
	List *choices = NIL;
	List *rest = NIL;
	ListCell *cell;

	foreach (cell, or->args)
	{
		Node *arm = lfirst(cell);

		if (IsA(arm, NullTest) && ((NullTest *) arm)->nulltesttype == IS_NULL &&
			rows_is_subject((Node *) ((NullTest *) arm)->arg, attnum))
			continue;
		rest = lappend(rest, arm);
	}
	if (list_length(rest) == 1)
		return rows_read_condition(linitial(rest), attnum, bounds);

	foreach (cell, rest)
	{
		RowsBounds arm;

		rows_init_bounds(&arm);
		if (!rows_read_condition(lfirst(cell), attnum, &arm) || arm.choices == NIL ||
			arm.lows != NIL || arm.highs != NIL || arm.max_length >= 0 || arm.min_length >= 0)
			return false;
		choices = list_concat(choices, arm.choices);
	}
	return choices != NIL && meet_choices(bounds, choices);
}

static bool
is_length_of_subject(Node *node, AttrNumber attnum)
{
	FuncExpr *func = (FuncExpr *) node;

	if (!IsA(node, FuncExpr) || list_length(func->args) != 1)
		return false;
	switch (func->funcid)
	{
		case F_LENGTH_TEXT:
		case F_CHAR_LENGTH_TEXT:
		case F_CHARACTER_LENGTH_TEXT:
		case F_OCTET_LENGTH_TEXT:
		case F_LENGTH_BYTEA:
		case F_OCTET_LENGTH_BYTEA:
			return rows_is_subject(linitial(func->args), attnum);
		default:
			return false;
	}
}

/* The btree strategy of an operator, or InvalidStrategy. */
static int
comparison(Oid opno, Oid type)
{
	TypeCacheEntry *typcache = lookup_type_cache(type, TYPECACHE_BTREE_OPFAMILY);

	if (!OidIsValid(typcache->btree_opf))
		return InvalidStrategy;
	return get_op_opfamily_strategy(opno, typcache->btree_opf);
}
