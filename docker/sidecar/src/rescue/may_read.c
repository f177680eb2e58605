/*
 * may_read.c
 *
 * Whether somebody may have the rows of a table of a restored server: by the
 * privileges and the row security that it had then.  Whom the copy does not
 * know may not.
 */
#include "rescue/may_read.h"

#include <stdlib.h>

#include "base/memory.h"
#include "proof/psql_session.h"

char *
rescue_may_read(const RescueRequest *request)
{
	char *value;
	char *text;

	if (request->role == NULL)
		return mem_strdup("true");
	value = drill_value(request->role, "UTF8");
	/* a role may have been dropped since, and another of its name made */
	text = mem_printf("coalesce((SELECT pg_catalog.has_table_privilege(r.oid, t.oid, 'SELECT'::pg_catalog.text) AND "
					  "pg_catalog.has_schema_privilege(r.oid, t.relnamespace, 'USAGE'::pg_catalog.text) AND "
					  "(NOT t.relrowsecurity OR r.rolsuper OR r.rolbypassrls OR "
					  "(pg_catalog.pg_has_role(r.oid, t.relowner, 'USAGE'::pg_catalog.text) AND NOT t.relforcerowsecurity)) "
					  "FROM pg_catalog.pg_roles AS r WHERE r.rolname = %s::pg_catalog.name AND "
					  "(r.oid = %u::pg_catalog.oid OR 0::pg_catalog.oid = %u::pg_catalog.oid)), false)",
					  value, request->role_oid, request->role_oid);
	free(value);
	return text;
}
