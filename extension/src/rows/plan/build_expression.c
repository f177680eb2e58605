/*-------------------------------------------------------------------------
 *
 * build_expression.c
 *	  Builds calls of PostgreSQL's own functions and operators.
 *
 * What is built here is evaluated with values of others: it must never call a function or an
 * operator from another schema than pg_catalog.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "parser/parse_oper.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "rows/plan/build_expression.h"

Node *
rows_build_integer(int32 number)
{
	return (Node *) makeConst(INT4OID, -1, InvalidOid, sizeof(int32), Int32GetDatum(number), false,
							  true);
}

/* A call of a function of PostgreSQL's own, with up to four arguments. */
Node *
rows_build_call(Oid funcid, Oid type, Node *first, Node *second, Node *third, Node *fourth)
{
	Node *given[] = {first, second, third, fourth};
	List *args = NIL;

	for (int i = 0; i < lengthof(given) && given[i] != NULL; i++)
		args = lappend(args, given[i]);
	return (Node *) makeFuncExpr(funcid, type, args, DEFAULT_COLLATION_OID, DEFAULT_COLLATION_OID,
								 COERCE_EXPLICIT_CALL);
}

/* left NAME right, by an operator of PostgreSQL's own; NULL if there is none. */
Node *
rows_build_operation(const char *name, Node *left, Node *right)
{
	List *qualified = list_make2(makeString("pg_catalog"), makeString(pstrdup(name)));
	Operator tuple;

	if (right == NULL || (left == NULL && strcmp(name, "-") != 0))
		return NULL;
	tuple = left == NULL ? left_oper(NULL, qualified, exprType(right), true, -1)
						 : oper(NULL, qualified, exprType(left), exprType(right), true, -1);
	if (tuple == NULL)
		return NULL;
	ReleaseSysCache(tuple);
	return (Node *) make_op(make_parsestate(NULL), qualified, left, right, NULL, -1);
}
