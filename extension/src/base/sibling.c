/*-------------------------------------------------------------------------
 *
 * sibling.c
 *	  Finds another function of this extension, and no function of another owner.
 *
 * The lookup must not use the schema's name: the schema's owner can rename it and create
 * another schema of this name.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "base/sibling.h"

static Oid find(Oid function, Oid schema, const char *name, int nargs, const Oid *types);

/*
 * The owner of the extension's tables.
 */
Oid
poc_keeper(void)
{
	Oid storage = get_relname_relid("marks", get_namespace_oid(POC_INTERNAL_SCHEMA, false));

	if (!OidIsValid(storage))
		elog(ERROR, "table _poc.marks is missing");
	return poc_owner_of(storage);
}

Oid
poc_owner_of(Oid relid)
{
	HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", relid);
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

/*
 * Finds the function of exactly these types in the schema of a given function
 * of the extension.  At most one exists; its membership in the extension
 * distinguishes it from a planted one.
 */
Oid
poc_sibling(Oid function, const char *name, int nargs, const Oid *types)
{
	return find(function, get_func_namespace(function), name, nargs, types);
}

/* The same in the schema of internal objects */
Oid
poc_internal_sibling(Oid function, const char *name, int nargs, const Oid *types)
{
	return find(function, get_namespace_oid(POC_INTERNAL_SCHEMA, false), name, nargs, types);
}

static Oid
find(Oid function, Oid schema, const char *name, int nargs, const Oid *types)
{
	Oid found = GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum(name),
								PointerGetDatum(buildoidvector(types, nargs)),
								ObjectIdGetDatum(schema));
	Oid extension = getExtensionOfObject(ProcedureRelationId, function);

	if (!OidIsValid(found) || !OidIsValid(extension) ||
		getExtensionOfObject(ProcedureRelationId, found) != extension)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_FUNCTION),
						errmsg("function %s() of extension poc_barman is missing", name),
						errdetail("It is not in its schema, or does not belong to the extension."),
						errhint("Drop the extension and create it again.")));
	return found;
}
