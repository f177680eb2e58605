/*
 * examine.c
 *
 * Checks step by step whether a restored server is what it should be.  Nothing
 * from outside is run by a role that can do more than read, nor before the
 * copy's secrets are removed (prepare.c).
 */
#include "proof/examine.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/timestamp.h"
#include "proof/amcheck.h"
#include "proof/assert.h"
#include "proof/compare.h"
#include "proof/prepare.h"
#include "proof/sequences.h"
#include "proof/session.h"
#include "proof/steps.h"
#include "proof/superuser.h"

/* Limit for the size of a table: a petabyte */
#define BYTES_MAX (INT64_C(1) << 50)

/* Limit of roles to try */
#define SUPERUSERS_MAX 20

static bool is_size(const json_t *bytes);
static bool prepare(const DrillServer *server, json_t *result);
static bool compare_identity(const DrillServer *server, const json_t *arguments, json_t *result);
static const char *text_of(const json_t *object, const char *key);

bool
drill_examine(Job *job, const ServerConfig *config, int major, const json_t *arguments,
			  json_t *result)
{
	DrillServer server = drill_server(job, config, major, text_of(arguments, "database"),
									  text_of(arguments, "superuser"));
	DrillAmcheck *amcheck;
	bool		good;

	job_phase(job, "comparing");
	server.superuser = drill_superuser(&server, json_object_get(arguments, "superusers"));
	if (!prepare(&server, result) || !compare_identity(&server, arguments, result))
		return false;

	/*
	 * Each check finds other faults, so run all even if one fails.  First
	 * those that run no code of the database, then the others.
	 */
	good = drill_compare(&server, json_object_get(arguments, "tables"), result);
	if (!job_cancelled(job))
		good = drill_sequences(&server, json_object_get(arguments, "sequences"), result) && good;
	amcheck = drill_amcheck_start(&server);
	if (!job_cancelled(job))
		good = drill_assert(&server, json_object_get(arguments, "asserts"), result) && good;
	job_phase(job, "checking");
	good = drill_amcheck_end(amcheck, result) && good;
	return good && !job_cancelled(job);
}

/* The size of a table, or null; limited because the sizes are added up. */
static bool
is_size(const json_t *bytes)
{
	return bytes == NULL || json_is_null(bytes) ||
		(json_is_integer(bytes) && json_integer_value(bytes) >= 0 && json_integer_value(bytes) <= BYTES_MAX);
}

const char *
drill_arguments_are_bad(const json_t *arguments)
{
	const json_t *one;
	size_t		i;

	if (text_of(arguments, "database") == NULL || text_of(arguments, "superuser") == NULL)
		return "the fields \"database\" and \"superuser\" must be text";
	json_array_foreach(json_object_get(arguments, "tables"), i, one)
	{
		if (text_of(one, "relation") == NULL || text_of(one, "hash") == NULL ||
			!json_is_integer(json_object_get(one, "rows")) || !is_size(json_object_get(one, "bytes")))
			return "each of the field \"tables\" must be {\"relation\", \"rows\", \"hash\"}";
	}
	json_array_foreach(json_object_get(arguments, "sequences"), i, one)
	{
		const json_t *value = json_object_get(one, "value");

		if (text_of(one, "relation") == NULL || !json_is_boolean(json_object_get(one, "ascending")) ||
			!(json_is_integer(value) || json_is_null(value)))
			return "each of the field \"sequences\" must be {\"relation\", \"value\", \"ascending\"}";
	}
	json_array_foreach(json_object_get(arguments, "asserts"), i, one)
	{
		if (!json_is_string(one))
			return "each of the field \"asserts\" must be text";
	}
	if (json_array_size(json_object_get(arguments, "superusers")) > SUPERUSERS_MAX)
		return "the field \"superusers\" has more than 20 names";
	json_array_foreach(json_object_get(arguments, "superusers"), i, one)
	{
		if (!json_is_string(one))
			return "each of the field \"superusers\" must be text";
	}
	return NULL;
}

static bool
prepare(const DrillServer *server, json_t *result)
{
	int64_t		began = monotonic_ms();
	char	   *error = drill_prepare(server);

	if (error != NULL)
		drill_step(result, "connect", false, monotonic_ms() - began, error);
	free(error);
	return error == NULL;
}

static bool
compare_identity(const DrillServer *server, const json_t *arguments, json_t *result)
{
	const char *expected = text_of(arguments, "system_identifier");
	int64_t		began = monotonic_ms();
	char	   *query = mem_strdup("SELECT c.system_identifier, pg_catalog.current_setting('data_checksums'::pg_catalog.text), "
								   "pg_catalog.current_setting('server_version'::pg_catalog.text) FROM pg_catalog.pg_control_system() AS c");
	DrillAnswer answer = {NULL, NULL};
	char	   *checksums;
	char	   *version;
	bool		good = false;
	char	   *detail;

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
		detail = good ? mem_printf("system identifier %s, PostgreSQL %s, data checksums %s", answer.output, version, checksums)
			: mem_printf("the system identifier is %s, and should be %s: this is a backup of another cluster",
						 answer.output, expected);
	}
	drill_step(result, "identity", good, monotonic_ms() - began, detail);
	drill_answer_free(&answer);
	free(detail);
	return good;
}

static const char *
text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}
