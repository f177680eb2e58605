/*-------------------------------------------------------------------------
 *
 * rows_default.c
 *	  public.dummy, the table that is meant when none is named.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "rows.h"
#include "sibling.h"

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
