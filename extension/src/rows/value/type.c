/*-------------------------------------------------------------------------
 *
 * type.c
 *	  One value of one type: which generator a type gets.
 *
 * A generator must never return a Datum that the type's input function would reject.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "base/random.h"
#include "rows/value/arena.h"
#include "rows/value/bounds.h"
#include "rows/value/generator.h"
#include "rows/value/kinds.h"
#include "rows/value/regex.h"
#include "rows/value/type.h"

/* A row type may contain an array of itself: limit the depth. */
#define ROWS_MAX_DEPTH 4

static RowsValue *make_domain(Oid domain, int32 typmod, RowsBounds *bounds, int depth);
static bool passes_domain(const RowsValue *value, Datum datum, bool isnull, const char **failed);
static RowsValue *make_value(Oid type, int32 typmod, RowsBounds *bounds, int depth);

/*
 * Creates the generator of values of a type, within bounds.  NULL if the type
 * is not supported.
 */
RowsValue *
rows_make_value(Oid type, int32 typmod, RowsBounds *bounds, const char *column_name)
{
	RowsValue *value = make_value(type, typmod, bounds, 0);

	if (value != NULL)
		rows_hint(value, bounds, column_name);
	return value;
}

/* The same for an element or field: only its type limits the values. */
RowsValue *
rows_make_nested(Oid type, int32 typmod, int depth)
{
	RowsBounds bounds;

	if (depth > ROWS_MAX_DEPTH)
		return NULL;
	rows_init_bounds(&bounds);
	return make_value(type, typmod, &bounds, depth);
}

/* Makes one value, null or not, that satisfies the checks of its domain. */
Datum
rows_value(const RowsValue *value, RowsDraw *draw, RowsArena *arena, bool *isnull)
{
	const char *failed = NULL;

	for (int attempt = 0; attempt < ROWS_MAX_ATTEMPTS; attempt++)
	{
		Datum datum = (Datum) 0;

		*isnull = value->null_fraction > 0 && rows_unit(draw) < value->null_fraction;
		/* a domain may reject what the column's name suggests */
		if (!*isnull)
			datum = unlikely(attempt > 20) && value->plain != NULL && attempt % 2 == 0
						? value->plain(value, draw, arena)
						: value->make(value, draw, arena);
		if (likely(value->domain == NULL) || passes_domain(value, datum, *isnull, &failed))
			return datum;
		if ((attempt & 63) == 63)
			CHECK_FOR_INTERRUPTS();
	}

	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("no value found for domain %s", format_type_be(value->domain->tcache->type_id)),
			 failed ? errdetail("Constraint \"%s\" rejected each of %d random values.", failed,
								ROWS_MAX_ATTEMPTS)
					: errdetail("Each of %d random values was rejected.", ROWS_MAX_ATTEMPTS),
			 errhint("Give the column values that the domain accepts, for example by a DEFAULT.")));
	return (Datum) 0; /* keep the compiler quiet */
}

static RowsValue *
make_value(Oid type, int32 typmod, RowsBounds *bounds, int depth)
{
	HeapTuple tuple;
	Form_pg_type form;
	RowsValue *value;
	bool known = true;

	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for type %u", type);
	form = (Form_pg_type) GETSTRUCT(tuple);

	if (form->typtype == TYPTYPE_DOMAIN)
	{
		ReleaseSysCache(tuple);
		return make_domain(type, typmod, bounds, depth);
	}

	value = palloc0(sizeof(RowsValue));
	value->type = type;
	value->typmod = typmod;
	value->typlen = form->typlen;
	value->typbyval = form->typbyval;
	value->typalign = form->typalign;
	value->unit = 1;

	if (form->typtype == TYPTYPE_ENUM)
		rows_init_enum(value, bounds);
	else if (rows_init_number(value, bounds) || rows_init_string(value, bounds) ||
			 rows_init_network(value) ||
			 rows_init_made_type(value, NameStr(form->typname), form->typtype) ||
			 rows_init_container(value, form->typtype, depth))
		/* the call has initialized the value */;
	else
		known = false;
	ReleaseSysCache(tuple);

	/* a list of values works even for an unsupported type */
	if (bounds->choices != NIL && rows_init_choices(value, bounds))
		known = true;
	return known ? value : NULL;
}

/* Creates a generator for an unsupported type; the options have to set its values. */
RowsValue *
rows_make_unknown_value(Oid type, int32 typmod)
{
	RowsValue *value = palloc0(sizeof(RowsValue));

	value->type = getBaseTypeAndTypmod(type, &typmod);
	value->typmod = typmod;
	get_typlenbyvalalign(value->type, &value->typlen, &value->typbyval, &value->typalign);
	return value;
}

/* ---- domains ---- */

static RowsValue *
make_domain(Oid domain, int32 typmod, RowsBounds *bounds, int depth)
{
	DomainConstraintRef *ref = palloc0(sizeof(DomainConstraintRef));
	Oid basetype;
	RowsValue *value;
	bool may_try = true;
	ListCell *cell;

	InitDomainConstraintRef(domain, ref, CurrentMemoryContext, true);
	foreach (cell, ref->constraints)
	{
		DomainConstraintState *constraint = (DomainConstraintState *) lfirst(cell);

		if (constraint->constrainttype != DOM_CONSTRAINT_CHECK)
			continue;
		rows_read_condition((Node *) constraint->check_expr, InvalidAttrNumber, bounds);
		may_try &= rows_may_try((Node *) constraint->check_expr);
	}

	basetype = getBaseTypeAndTypmod(domain, &typmod);
	value = make_value(basetype, typmod, bounds, depth);
	if (value != NULL && depth > 0 && bounds->patterns != NIL && value->nchoices == 0)
	{
		RowsPatternBound *pattern = linitial(bounds->patterns);

		(void) rows_init_regex(value, pattern->text, pattern->kind, bounds);
	}
	/* the plan tries the conditions of a column's domain with those of the table */
	if (value != NULL && ref->constraints != NIL && depth > 0 && may_try)
	{
		value->domain = ref;
		value->econtext = CreateStandaloneExprContext();
	}
	return value;
}

static bool
passes_domain(const RowsValue *value, Datum datum, bool isnull, const char **failed)
{
	ExprContext *econtext = value->econtext;
	ListCell *cell;
	bool passes = true;

	foreach (cell, value->domain->constraints)
	{
		DomainConstraintState *constraint = (DomainConstraintState *) lfirst(cell);

		if (constraint->constrainttype == DOM_CONSTRAINT_NOTNULL)
			passes = !isnull;
		else
		{
			econtext->domainValue_datum = datum;
			econtext->domainValue_isNull = isnull;
			passes = ExecCheck(constraint->check_exprstate, econtext);
		}
		if (!passes)
		{
			*failed = constraint->name;
			break;
		}
	}
	ResetExprContext(econtext);
	return passes;
}
