/*-------------------------------------------------------------------------
 *
 * type_owner.c
 *	  Whose code may run when values of a type are cast.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "base/type_owner.h"

static bool is_of_others(Oid type, List **seen);
static bool has_columns_of_others(Oid type, List **seen);

PG_FUNCTION_INFO_V1(poc_type_is_of_others_sql);

/*
 * _poc.type_is_of_others(type oid) returns boolean
 */
Datum
poc_type_is_of_others_sql(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(poc_type_is_of_others(PG_GETARG_OID(0)));
}

bool
poc_type_is_of_others(Oid type)
{
	List *seen = NIL;
	bool result = is_of_others(type, &seen);

	list_free(seen);
	return result;
}

/* seen: a composite type may contain an array of itself */
static bool
is_of_others(Oid type, List **seen)
{
	HeapTuple tuple;
	Form_pg_type form;
	Oid owner;
	Oid element;
	Oid base;
	bool is_composite;

	check_stack_depth();
	/* PostgreSQL's own */
	if (type < FirstNormalObjectId || list_member_oid(*seen, type))
		return false;
	*seen = lappend_oid(*seen, type);

	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	if (!HeapTupleIsValid(tuple))
		return true;
	form = (Form_pg_type) GETSTRUCT(tuple);
	owner = form->typowner;
	element = form->typelem;
	base = form->typbasetype;
	is_composite = form->typtype == TYPTYPE_COMPOSITE;
	ReleaseSysCache(tuple);

	return (owner != GetUserId() && !superuser_arg(owner)) ||
		   (OidIsValid(element) && is_of_others(element, seen)) ||
		   (OidIsValid(base) && is_of_others(base, seen)) ||
		   (is_composite && has_columns_of_others(type, seen));
}

static bool
has_columns_of_others(Oid type, List **seen)
{
	TupleDesc desc = lookup_rowtype_tupdesc(type, -1);
	bool found = false;

	for (int i = 0; i < desc->natts && !found; i++)
		found = !TupleDescAttr(desc, i)->attisdropped &&
				is_of_others(TupleDescAttr(desc, i)->atttypid, seen);
	ReleaseTupleDesc(desc);
	return found;
}
