/*
 * examine_server.c
 *
 * Checks step by step whether a restored server is what it should be.  Nothing
 * from outside is run by a role that can do more than read, nor before the
 * copy's secrets are removed (prepare_copy.c).
 */
#include "proof/examine_server.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/timestamp.h"
#include "proof/amcheck.h"
#include "proof/assertions.h"
#include "proof/compare_tables.h"
#include "proof/drill_steps.h"
#include "proof/prepare_copy.h"
#include "proof/psql_session.h"
#include "proof/sequences.h"
#include "proof/superuser.h"

static bool prepare(DrillServer *server, const DrillRequest *request, json_t *result);
static bool compare_identity(const DrillServer *server, const char *expected, json_t *result);

bool
drill_examine(Job *job, const ServerConfig *config, int major, const DrillRequest *request,
			  json_t *result)
{
	DrillServer server = drill_server(job, config, major, request->database, request->superuser);
	DrillAmcheck *amcheck;
	bool good;

	job_phase(job, "comparing");
	server.superuser = drill_superuser(&server, &request->superusers);
	if (!prepare(&server, request, result) ||
		!compare_identity(&server, request->restore.system_identifier, result))
		return false;

	/*
	 * Each check finds other faults, so run all even if one fails.  First
	 * those that run no code of the database, then the others.
	 */
	good = drill_compare(&server, request->tables, request->table_count, result);
	if (request->marked_at >= 0 && request->table_count == 0)
		drill_step(result, "compare", true, 0, "the mark has no tables: nothing is compared");
	if (!job_cancelled(job))
		good = drill_sequences(&server, request->sequences, request->sequence_count, result) && good;
	amcheck = drill_amcheck_start(&server);
	if (!job_cancelled(job))
		good = drill_assert(&server, &request->asserts, result) && good;
	job_phase(job, "checking");
	good = drill_amcheck_end(amcheck, result) && good;
	return good && !job_cancelled(job);
}

/* Nothing that is asked of one database can be asked of another. */
static bool
prepare(DrillServer *server, const DrillRequest *request, json_t *result)
{
	int64_t began = monotonic_ms();
	bool any_database = request->any_database && request->table_count == 0 &&
						request->sequence_count == 0 && request->asserts.count == 0;
	char *detail = drill_prepare(server, any_database);
	bool good = detail == NULL;

	if (good && strcmp(server->database, request->database) != 0)
		detail = mem_printf("database \"%s\" was made after this backup: \"%s\" is examined",
							request->database, server->database);
	if (detail != NULL)
		drill_step(result, "connect", good, monotonic_ms() - began, detail);
	free(detail);
	return good;
}

/* expected: NULL if the caller does not know it */
static bool
compare_identity(const DrillServer *server, const char *expected, json_t *result)
{
	int64_t began = monotonic_ms();
	char *query = mem_strdup(
		"SELECT c.system_identifier, pg_catalog.current_setting('data_checksums'::pg_catalog.text), "
		"pg_catalog.current_setting('server_version'::pg_catalog.text) FROM pg_catalog.pg_control_system() AS c");
	DrillAnswer answer = {NULL, NULL};
	char *checksums;
	char *version;
	bool good = false;
	char *detail;

	drill_ask(server, server->reader, DRILL_QUICK_MS, &query, 1, &answer);
	free(query);
	checksums = answer.output != NULL ? strchr(answer.output, '|') : NULL;
	version = checksums != NULL ? strchr(checksums + 1, '|') : NULL;
	if (version == NULL)
		detail = mem_strdup(answer.error != NULL ? answer.error : "the server does not tell");
	else
	{
		*checksums++ = '\0';
		*version++ = '\0';
		json_object_set_new(result, "postgresql_version", json_text(version));
		good = expected == NULL || strcmp(answer.output, expected) == 0;
		detail = good ? mem_printf("system identifier %s, PostgreSQL %s, data checksums %s",
								   answer.output, version, checksums)
					  : mem_printf("the system identifier is %s, and should be %s: this is a backup of another cluster",
								   answer.output, expected);
	}
	drill_step(result, "identity", good, monotonic_ms() - began, detail);
	drill_answer_free(&answer);
	free(detail);
	return good;
}
