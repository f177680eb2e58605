/*-------------------------------------------------------------------------
 *
 * sibling.c
 *	  Another function of this extension, found so that it cannot be another's.
 *
 * Must never look a function up by the name of its schema: whoever owns that
 * schema can rename it and put another of this name in its place.
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
 * The function of exactly these types beside a function of ours.  There is one
 * at most, and it is told from any that was planted by its membership in the
 * extension.
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
