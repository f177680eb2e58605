/*
 * drill.c
 *
 * Asks a restored server whether it is what it should be, step by step.
 * Nothing that comes from outside is run by a role that could do more than
 * read.
 */
#include "drill.h"

#include <stdlib.h>
#include <string.h>

#include "drill_amcheck.h"
#include "drill_compare.h"
#include "drill_session.h"
#include "memory.h"
#include "timestamp.h"

static bool prepare_reader(const DrillServer *server, json_t *result);
static bool compare_identity(const DrillServer *server, const json_t *arguments, json_t *result);
static bool run_assertions(const DrillServer *server, const json_t *arguments, json_t *result);
static char *why_not(const DrillServer *server, const char *assertion);
static DrillAnswer ask(const DrillServer *server, const char *user, int64_t deadline_ms, char *sql);
static const char *text_of(const json_t *object, const char *key);

json_t *
drill_result(void)
{
	json_t	   *result = json_checked(json_object());

	json_object_set_new(result, "steps", json_checked(json_array()));
	json_object_set_new(result, "tables", json_integer(0));
	json_object_set_new(result, "rows", json_integer(0));
	json_object_set_new(result, "postgresql_version", json_null());
	return result;
}

void
drill_step(json_t *result, const char *name, bool ok, int64_t milliseconds, const char *detail)
{
	json_t	   *step = json_checked(json_object());

	json_object_set_new(step, "step", json_text(name));
	json_object_set_new(step, "ok", json_boolean(ok));
	json_object_set_new(step, "seconds", json_real((double) milliseconds / 1000));
	json_object_set_new(step, "detail", json_text(detail));
	json_array_append_new(json_object_get(result, "steps"), step);
}

bool
drill_examine(Job *job, const ServerConfig *config, int major, const json_t *arguments,
			  json_t *result)
{
	DrillServer server = drill_server(job, config, major, text_of(arguments, "database"),
									  text_of(arguments, "superuser"));
	DrillAmcheck *amcheck;
	bool		good;

	job_phase(job, "comparing");
	if (!prepare_reader(&server, result) || !compare_identity(&server, arguments, result))
		return false;

	/* each of them tells something, so one that fails does not end it */
	amcheck = drill_amcheck_start(&server);
	good = drill_compare(&server, text_of(arguments, "schema"),
						 json_object_get(arguments, "tables"), result);
	if (!job_cancelled(job))
		good = run_assertions(&server, arguments, result) && good;
	job_phase(job, "checking");
	good = drill_amcheck_end(amcheck, result) && good;
	return good && !job_cancelled(job);
}

const char *
drill_arguments_are_bad(const json_t *arguments)
{
	const json_t *one;
	size_t		i;

	if (text_of(arguments, "database") == NULL || text_of(arguments, "superuser") == NULL ||
		text_of(arguments, "schema") == NULL)
		return "the fields \"database\", \"superuser\" and \"schema\" must be text";
	json_array_foreach(json_object_get(arguments, "tables"), i, one)
	{
		if (text_of(one, "relation") == NULL || text_of(one, "hash") == NULL ||
			!json_is_integer(json_object_get(one, "rows")))
			return "each of the field \"tables\" must be {\"relation\", \"rows\", \"hash\"}";
	}
	json_array_foreach(json_object_get(arguments, "asserts"), i, one)
	{
		if (!json_is_string(one))
			return "each of the field \"asserts\" must be text";
	}
	return NULL;
}

/*
 * A role of its own, for those of the cluster may do anything.  All else is
 * asked by it, through a connection of its own, so that there is nothing to go
 * back to.  It cannot set what libraries it loads, so it gets the none of this
 * session ('' would be one whose name is empty).
 */
static bool
prepare_reader(const DrillServer *server, json_t *result)
{
	char	   *database = drill_quoted(server->database, '"');
	int64_t		began = monotonic_ms();
	DrillAnswer answer = ask(server, server->superuser, DRILL_QUICK_MS,
							 mem_printf("CREATE ROLE %s LOGIN INHERIT BYPASSRLS; "
										"GRANT pg_read_all_data TO %s; "
										"GRANT CONNECT ON DATABASE %s TO %s; "
										"ALTER ROLE %s SET session_preload_libraries FROM CURRENT",
										server->reader, server->reader,
										database, server->reader, server->reader));
	bool		good = answer.error == NULL;

	if (!good)
		drill_step(result, "connect", false, monotonic_ms() - began, answer.error);
	drill_answer_free(&answer);
	free(database);
	return good;
}

static bool
compare_identity(const DrillServer *server, const json_t *arguments, json_t *result)
{
	const char *expected = text_of(arguments, "system_identifier");
	int64_t		began = monotonic_ms();
	DrillAnswer answer = ask(server, server->reader, DRILL_QUICK_MS,
							 mem_strdup("SELECT c.system_identifier, pg_catalog.current_setting('server_version') "
										"FROM pg_catalog.pg_control_system() AS c"));
	char	   *version = answer.output != NULL ? strchr(answer.output, '|') : NULL;
	bool		good = false;
	char	   *detail;

	if (version == NULL)
		detail = mem_strdup(answer.error != NULL ? answer.error : "the server does not tell");
	else
	{
		*version++ = '\0';
		json_object_set_new(result, "postgresql_version", json_text(version));
		good = expected == NULL || strcmp(answer.output, expected) == 0;
		detail = good ? mem_printf("system identifier %s, PostgreSQL %s", answer.output, version)
			: mem_printf("the system identifier is %s, and should be %s: this is a backup of another cluster",
						 answer.output, expected);
	}
	drill_step(result, "identity", good, monotonic_ms() - began, detail);
	drill_answer_free(&answer);
	free(detail);
	return good;
}

static bool
run_assertions(const DrillServer *server, const json_t *arguments, json_t *result)
{
	json_t	   *assertion;
	size_t		i;
	bool		all = true;

	json_array_foreach(json_object_get(arguments, "asserts"), i, assertion)
	{
		const char *text = json_string_value(assertion);
		int64_t		began = monotonic_ms();
		char	   *words = why_not(server, text);
		char	   *detail;

		if (job_cancelled(server->job))
		{
			free(words);
			return false;
		}
		detail = words == NULL ? mem_strdup(text) : mem_printf("%s: %s", text, words);
		drill_step(result, "assert", words == NULL, monotonic_ms() - began, detail);
		all = all && words == NULL;
		free(detail);
		free(words);
	}
	return all;
}

/*
 * NULL if the assertion holds, else malloc'd words.  The transaction can only
 * read, and the statement cannot end it: it is run from within another.
 */
static char *
why_not(const DrillServer *server, const char *assertion)
{
	char	   *literal = drill_quoted(assertion, '\'');
	DrillAnswer answer = ask(server, server->reader, DRILL_STATEMENT_MS,
							 mem_printf("BEGIN READ ONLY; "
										"DO $%s$ DECLARE result boolean; BEGIN EXECUTE %s INTO STRICT result; "
										"IF result IS NULL THEN RAISE EXCEPTION 'it is null'; "
										"ELSIF NOT result THEN RAISE EXCEPTION 'it is false'; END IF; END $%s$",
										server->tag, literal, server->tag));

	free(literal);
	free(answer.output);
	return answer.error;
}

/* Takes the command. */
static DrillAnswer
ask(const DrillServer *server, const char *user, int64_t deadline_ms, char *sql)
{
	DrillAnswer answer = {NULL, NULL};

	drill_ask(server, user, deadline_ms, &sql, 1, &answer);
	free(sql);
	return answer;
}

static const char *
text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}
