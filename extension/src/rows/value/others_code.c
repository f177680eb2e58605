/*-------------------------------------------------------------------------
 *
 * others_code.c
 *	  Which expressions run code that is not PostgreSQL's own.
 *
 * Not only those that call a function of somebody's: PostgreSQL's own functions run the
 * conditions of domains when they read a composite type, the functions of views when they
 * export tables, what functions are made of when they look at these, and the casts that the
 * owner of a type has made; and the planner puts the negator of an operator in its place.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "rows/value/bounds.h"

static bool runs_others(Node *node, void *context);
static bool may_run_others(Oid funcid, void *context);
static Oid operator_of(Node *node);
static bool takes_cstring(Node *node);
static bool reads_others_type(Node *node);
static bool makes_others_type(Node *node);
static bool takes_objects(List *args);
static bool is_object(Oid type);
static bool reads_domain(Oid type, List **seen);
static bool gives_others_type(Oid funcid, List *args);
static bool is_written_in_sql(Oid funcid);
static bool is_json(Node *node);
static bool writes_json(List *args);
static bool is_others_type(Oid type);
static Oid element_of(Oid type);

bool
rows_runs_others(Node *node)
{
	return runs_others(node, NULL);
}

static bool
runs_others(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, CoerceToDomain) || IsA(node, SubLink) || takes_cstring(node) ||
		operator_of(node) >= FirstNormalObjectId || reads_others_type(node) ||
		check_functions_in_node(node, may_run_others, NULL))
		return true;
	return expression_tree_walker(node, runs_others, context);
}

static bool
may_run_others(Oid funcid, void *context)
{
	switch (funcid)
	{
		/* they run queries, though they are not volatile */
		case F_TABLE_TO_XML:
		case F_TABLE_TO_XML_AND_XMLSCHEMA:
		case F_SCHEMA_TO_XML:
		case F_SCHEMA_TO_XML_AND_XMLSCHEMA:
		case F_DATABASE_TO_XML:
		case F_DATABASE_TO_XML_AND_XMLSCHEMA:
#ifdef F_PG_INPUT_IS_VALID
		/* they run the conditions of a domain */
		case F_PG_INPUT_IS_VALID:
		case F_PG_INPUT_ERROR_INFO:
#endif
			return true;
		default:
			return funcid >= FirstNormalObjectId;
	}
}

/* The planner takes the negator of somebody's operator, or its commutator, whose function may be another. */
static Oid
operator_of(Node *node)
{
	switch (nodeTag(node))
	{
		case T_OpExpr:
		case T_DistinctExpr:
		case T_NullIfExpr:
			return ((OpExpr *) node)->opno;
		case T_ScalarArrayOpExpr:
			return ((ScalarArrayOpExpr *) node)->opno;
		default:
			return InvalidOid;
	}
}

/* Somebody calls an input function, of whatever type. */
static bool
takes_cstring(Node *node)
{
	const FuncExpr *call = (const FuncExpr *) node;

	return IsA(node, FuncExpr) && call->args != NIL && exprType(linitial(call->args)) == CSTRINGOID;
}

/* A cast by text, jsonb_populate_record(), JSON_VALUE(... RETURNING type) */
static bool
reads_others_type(Node *node)
{
	if (poc_makes_json(node))
		return makes_others_type(node) || writes_json(poc_json_arguments(node));
	if (poc_reads_json(node))
		return makes_others_type(node);
	switch (nodeTag(node))
	{
		case T_CoerceViaIO:
			return is_others_type(exprType(node)) || is_object(exprType(node)) ||
				   is_others_type(exprType((Node *) ((CoerceViaIO *) node)->arg));
		case T_FuncExpr:
		{
			FuncExpr *call = (FuncExpr *) node;

			return makes_others_type(node) || takes_objects(call->args) ||
				   gives_others_type(call->funcid, call->args) ||
				   (is_json(node) && writes_json(call->args));
		}
		case T_OpExpr:
			return makes_others_type(node) ||
				   gives_others_type(get_opcode(((OpExpr *) node)->opno), ((OpExpr *) node)->args);
		case T_ScalarArrayOpExpr:
			return gives_others_type(get_opcode(((ScalarArrayOpExpr *) node)->opno),
									 ((ScalarArrayOpExpr *) node)->args);
		case T_ArrayCoerceExpr:
			return makes_others_type(node);
		default:
			return false;
	}
}

/* An enum's values are read by no code of its owner's. */
static bool
makes_others_type(Node *node)
{
	return is_others_type(exprType(node)) && !type_is_enum(element_of(exprType(node)));
}

/*
 * A function may convert the fields of a composite type as it likes; and one that PostgreSQL
 * has written in SQL casts its arguments, such as the operator || of text and any type.
 */
static bool
gives_others_type(Oid funcid, List *args)
{
	ListCell *cell;

	foreach (cell, args)
	{
		Oid type = exprType(lfirst(cell));

		if (is_others_type(type) &&
			(get_typtype(element_of(type)) == TYPTYPE_COMPOSITE || is_written_in_sql(funcid)))
			return true;
	}
	return false;
}

/*
 * A function may look at an object and evaluate what that is made of: constant parts of keys,
 * literals within functions.  One may read the fields of a row by the conditions of their domains.
 */
static bool
takes_objects(List *args)
{
	ListCell *cell;

	foreach (cell, args)
	{
		Oid type = exprType(lfirst(cell));

		if (is_object(type) || type == RECORDOID || type == RECORDARRAYOID)
			return true;
	}
	return false;
}

/* Of what is known by an OID; a text search configuration is a superuser's, as to its code. */
static bool
is_object(Oid type)
{
	switch (type)
	{
		case OIDOID:
		case REGCLASSOID:
		case REGPROCOID:
		case REGPROCEDUREOID:
		case REGOPEROID:
		case REGOPERATOROID:
		case REGTYPEOID:
		case REGNAMESPACEOID:
		case REGROLEOID:
		case PG_NODE_TREEOID:
			return true;
		default:
			return false;
	}
}

static bool
is_written_in_sql(Oid funcid)
{
	HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(funcid));
	bool result;

	if (!HeapTupleIsValid(tuple))
		return true;
	result = ((Form_pg_proc) GETSTRUCT(tuple))->prolang == SQLlanguageId;
	ReleaseSysCache(tuple);
	return result;
}

static bool
is_json(Node *node)
{
	return exprType(node) == JSONOID || exprType(node) == JSONBOID;
}

/* to_jsonb() looks for a cast to JSON, and the owner of a type may make one. */
static bool
writes_json(List *args)
{
	ListCell *cell;

	foreach (cell, args)
	{
		Oid type = exprType(lfirst(cell));

		if (type == RECORDOID || type == RECORDARRAYOID || is_others_type(type))
			return true;
	}
	return false;
}

static bool
is_others_type(Oid type)
{
	return type >= FirstNormalObjectId;
}

/* Of an array; of any other type itself */
static Oid
element_of(Oid type)
{
	Oid element = get_element_type(type);

	return OidIsValid(element) ? element : type;
}

/* Does whoever reads a value of the type from text run the conditions of a domain? */
bool
rows_reads_domain(Oid type)
{
	List *seen = NIL;

	return reads_domain(type, &seen);
}

/* seen: a composite type may contain an array of itself */
static bool
reads_domain(Oid type, List **seen)
{
	char typtype = get_typtype(type);
	TupleDesc columns;
	bool found = false;

	check_stack_depth();
	if (type < FirstNormalObjectId || list_member_oid(*seen, type))
		return false;
	*seen = lappend_oid(*seen, type);
	if (typtype == TYPTYPE_DOMAIN)
		return true;
	if (typtype == TYPTYPE_RANGE)
		return reads_domain(get_range_subtype(type), seen);
	if (typtype == TYPTYPE_MULTIRANGE)
		return reads_domain(get_multirange_range(type), seen);
	if (typtype != TYPTYPE_COMPOSITE)
		return OidIsValid(get_element_type(type)) && reads_domain(get_element_type(type), seen);
	columns = lookup_rowtype_tupdesc_copy(type, -1);
	for (int i = 0; i < columns->natts && !found; i++)
		found = !TupleDescAttr(columns, i)->attisdropped &&
				reads_domain(TupleDescAttr(columns, i)->atttypid, seen);
	return found;
}
