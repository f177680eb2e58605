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

#include "catalog/dependency.h"
#include "catalog/pg_proc.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "base/sibling.h"

/*
 * Finds the function of exactly these types in the schema of a given function
 * of the extension.  At most one exists; its membership in the extension
 * distinguishes it from a planted one.
 */
Oid
poc_sibling(Oid function, const char *name, int nargs, const Oid *types)
{
	Oid			found = GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid,
										CStringGetDatum(name),
										PointerGetDatum(buildoidvector(types, nargs)),
										ObjectIdGetDatum(get_func_namespace(function)));
	Oid			extension = getExtensionOfObject(ProcedureRelationId, function);

	if (!OidIsValid(found) || !OidIsValid(extension) ||
		getExtensionOfObject(ProcedureRelationId, found) != extension)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("function %s() of extension poc_barman is missing", name),
				 errdetail("It is not in the schema of the function that needs it, or does not belong to the extension."),
				 errhint("Drop the extension and create it again.")));
	return found;
}
