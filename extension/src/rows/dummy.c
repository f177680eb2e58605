/*-------------------------------------------------------------------------
 *
 * dummy.c
 *	  public.dummy, the table that is meant when none is named.
 *
 * Must never be one that runs the code of somebody else than its user, or a
 * superuser.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "base/sibling.h"
#include "rows/generate.h"

static void require_trusted(Oid relid);

/* The one there is; who only looks does not make it. */
Oid
rows_default_target(void)
{
	Oid			schema = get_namespace_oid("public", true);
	Oid			relid = OidIsValid(schema) ? get_relname_relid("dummy", schema) : InvalidOid;

	if (!OidIsValid(relid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("no table is named, and there is no public.dummy"),
				 errhint("SELECT poc_seed() makes it.")));
	require_trusted(relid);
	return relid;
}

/* The same, made on first use by poc_seed(), which is found beside the function. */
Oid
rows_make_default_target(Oid function)
{
	Oid			types[] = {BOOLOID};

	return DatumGetObjectId(OidFunctionCall1(poc_sibling(function, "poc_seed", lengthof(types), types),
											 BoolGetDatum(false)));
}

/*
 * Who names a table runs what its owner has put on it, as INSERT does; who names
 * none must not.  The owner whom we ask about cannot make himself another.
 */
static void
require_trusted(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", relid);
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	if (owner != GetUserId() && !superuser_arg(owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("public.dummy belongs to another role"),
				 errdetail("It belongs to \"%s\", whose triggers and functions would run with your rights.",
						   GetUserNameFromId(owner, false)),
				 errhint("Name the table to use, public.dummy too if you trust its owner.")));
}
