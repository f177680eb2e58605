/*-------------------------------------------------------------------------
 *
 * mention_constant.c
 *	  The constants that a condition mentions: numbers, strings, elements of arrays, ends of
 *	  ranges, patterns.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/transam.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/rangetypes.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "rows/plan/moves.h"
#include "rows/plan/trial.h"
#include "rows/value/bounds.h"

/* Bytes of a value that is made again: PostgreSQL may compare the elements of two each with each. */
#define LARGEST_MENTIONED (16 * 1024)

/* ... and of a string, that may be part of another. */
#define LONGEST_TEXT (4 * ROWS_LONGEST_CANDIDATE)

static void note_bounds(RowsMention *mention, Const *constant);

/* Is it a constant that is better not made again? */
bool
rows_is_large(Node *node)
{
	const Const *constant = (const Const *) node;

	return IsA(node, Const) && !constant->constisnull && constant->constlen == -1 &&
		   VARSIZE_ANY(DatumGetPointer(constant->constvalue)) > LARGEST_MENTIONED;
}

void
rows_note_constant(RowsMention *mention, Const *constant)
{
	Oid type = constant->consttype;
	char category;
	bool preferred;
	Oid output;
	bool varlena;

	if (list_length(mention->constants) >= MOST_MENTIONED)
		return;
	/* elements of one that is too large are mentioned, all the same */
	if (!rows_is_large((Node *) constant))
		mention->constants = lappend(mention->constants, constant);
	switch (type)
	{
		case INT2OID:
			mention->numbers = lappend_int(mention->numbers, DatumGetInt16(constant->constvalue));
			break;
		case INT4OID:
			mention->numbers = lappend_int(mention->numbers, DatumGetInt32(constant->constvalue));
			break;
		case INT8OID:
		case FLOAT8OID:
		case NUMERICOID:
		{
			Datum number = constant->constvalue;
			double value = type == INT8OID ? (double) DatumGetInt64(number)
						   : type == FLOAT8OID
							   ? DatumGetFloat8(number)
							   : DatumGetFloat8(
									 DirectFunctionCall1(numeric_float8_no_overflow, number));

			if (value >= 0 && value < 1e6)
				mention->numbers = lappend_int(mention->numbers, (int) value);
		}
		break;
		default:
			break;
	}
	get_type_category_preferred(type, &category, &preferred);
	if ((category == TYPCATEGORY_STRING ||
		 (category == TYPCATEGORY_USER && type >= FirstNormalObjectId)) &&
		(constant->constlen != -1 ||
		 VARSIZE_ANY(DatumGetPointer(constant->constvalue)) <= LONGEST_TEXT))
	{
		getTypeOutputInfo(type, &output, &varlena);
		mention->texts = lappend(mention->texts, OidOutputFunctionCall(output, constant->constvalue));
	}
	if (type_is_array(type))
		rows_note_elements(mention, constant);
	else if (type_is_range(type))
		note_bounds(mention, constant);
}

/* The ends of a range, as of x <@ '[1, 5)'. */
static void
note_bounds(RowsMention *mention, Const *constant)
{
	TypeCacheEntry *typcache = lookup_type_cache(constant->consttype, TYPECACHE_RANGE_INFO);
	TypeCacheEntry *element = typcache->rngelemtype;
	RangeBound bounds[2];
	bool empty;

	range_deserialize(typcache, DatumGetRangeTypeP(constant->constvalue), &bounds[0], &bounds[1],
					  &empty);
	for (int i = 0; i < lengthof(bounds) && !empty; i++)
	{
		if (!bounds[i].infinite)
			rows_note_constant(mention,
							   makeConst(element->type_id, -1, typcache->rng_collation,
										 element->typlen, bounds[i].val, false, element->typbyval));
	}
}

/* The elements of an array, as of x IN (...). */
void
rows_note_elements(RowsMention *mention, Const *constant)
{
	ArrayType *array = DatumGetArrayTypeP(constant->constvalue);
	Oid element = ARR_ELEMTYPE(array);
	int16 typlen;
	bool typbyval;
	char typalign;
	Datum *datums;
	bool *nulls;
	int n;

	get_typlenbyvalalign(element, &typlen, &typbyval, &typalign);
	deconstruct_array(array, element, typlen, typbyval, typalign, &datums, &nulls, &n);
	for (int i = 0; i < n && list_length(mention->constants) < MOST_MENTIONED; i++)
	{
		if (!nulls[i])
			rows_note_constant(mention, makeConst(element, -1, get_typcollation(element), typlen,
												  datums[i], false, typbyval));
	}
}

/* Strings that something is compared with as patterns: x ~ '...', x LIKE ANY ('{...}') */
void
rows_note_patterns(RowsMention *mention, Node *node)
{
	List *args = NIL;
	Const *constant;

	if (IsA(node, OpExpr))
		args = ((OpExpr *) node)->args;
	else if (IsA(node, ScalarArrayOpExpr))
		args = ((ScalarArrayOpExpr *) node)->args;
	else if (IsA(node, FuncExpr))
		args = ((FuncExpr *) node)->args;
	if (list_length(args) != 2 || list_length(mention->patterns) >= MOST_MENTIONED ||
		!rows_is_built_in(lsecond(args)))
		return;
	constant = rows_try_constant_of(lsecond(args));
	if (constant == NULL || constant->constisnull)
		return;
	if (IsA(node, ScalarArrayOpExpr) && type_is_array(constant->consttype))
	{
		RowsMention elements = {0};
		ListCell *cell;

		rows_note_elements(&elements, constant);
		foreach (cell, elements.constants)
			mention->patterns = rows_add_patterns(mention->patterns, node, lfirst(cell));
	}
	else
		mention->patterns = rows_add_patterns(mention->patterns, node, constant);
}
