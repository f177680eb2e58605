/*-------------------------------------------------------------------------
 *
 * dummy.c
 *	  public.dummy, the target table when the caller names none.
 *
 * The table must belong to the caller or to a superuser, so that no other
 * role's code runs.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"

#include "base/compat.h"
#include "base/sibling.h"
#include "rows/generate.h"

static void require_trusted(Oid relid);

/* Returns the existing table; functions that only read do not create it. */
Oid
rows_default_target(void)
{
	Oid schema = get_namespace_oid("public", true);
	Oid relid = OidIsValid(schema) ? get_relname_relid("dummy", schema) : InvalidOid;

	if (!OidIsValid(relid))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
						errmsg("no table is named, and there is no public.dummy"),
						errhint("SELECT poc_seed() makes it.")));
	require_trusted(relid);
	return relid;
}

/* Returns the same table, created on first use by the function poc_seed() in the same schema. */
Oid
rows_make_default_target(Oid function)
{
	Oid types[] = {BOOLOID};

	return DatumGetObjectId(OidFunctionCall1(poc_sibling(function, "poc_seed", lengthof(types), types),
											 BoolGetDatum(false)));
}

/*
 * Naming a table accepts the code of its owner, as INSERT does; naming none does not.
 * An owner cannot give the table to a role that it is not a member of.
 */
static void
require_trusted(Oid relid)
{
	Oid owner = poc_owner_of(relid);

	if (owner != GetUserId() && !superuser_arg(owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("public.dummy belongs to another role"),
				 errdetail("It belongs to \"%s\", whose triggers and functions would run with your rights.",
						   GetUserNameFromId(owner, false)),
				 errhint("Name the table to use, public.dummy too if you trust its owner.")));
}
