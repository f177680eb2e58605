/*
 * assertions.c
 *
 * Runs the caller's assertions, each in a session of its own, as a role that
 * can only read.  A receipt may have only whether they hold, or the SQLSTATE
 * of their error: the message may contain anything that they see.
 */
#include "proof/assertions.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/timestamp.h"
#include "proof/drill_steps.h"

#define SQLSTATE_LENGTH 5

/* Not PostgreSQL's: of a class that it does not use */
#define SQLSTATE_FALSE "PB001"
#define SQLSTATE_NULL  "PB002"

#define QUALIFY_NAMES \
	"assertions run with search_path = pg_catalog, so qualify names, as in public.orders"

static char *why_not(const DrillServer *server, const char *assertion);
static char *words_on(const char *error);

/* Errors that are frequent in assertions; the names are PostgreSQL's. */
static const struct
{
	const char *sqlstate;
	const char *name;
	const char *words;
} known[] = {
	{"08001", "sqlclient_unable_to_establish_sqlconnection", "the restored server reaches nobody"},
	{"0A000", "feature_not_supported", "an assertion is one query that returns true"},
	{"22012", "division_by_zero", NULL},
	{"22P02", "invalid_text_representation", "an assertion returns true, not another type"},
	{"25006", "read_only_sql_transaction", "an assertion can only read"},
	{"2F003", "prohibited_sql_statement_attempted", "the copy holds no passwords of foreign servers"},
	{"3F000", "invalid_schema_name", "there is no such schema"},
	{"42501", "insufficient_privilege",
	 "an assertion is run by a role that can read all tables, and nothing more"},
	{"42601", "syntax_error", "an assertion is one query that returns true"},
	{"42703", "undefined_column", NULL},
	{"42704", "undefined_object", QUALIFY_NAMES},
	{"42804", "datatype_mismatch", "an assertion returns true, not another type"},
	{"42846", "cannot_coerce", "an assertion returns true, not another type"},
	{"42883", "undefined_function", QUALIFY_NAMES},
	{"42P01", "undefined_table", QUALIFY_NAMES},
	{"57014", "query_canceled", NULL},
	{"P0002", "no_data_found", "it returns no row"},
	{"P0003", "too_many_rows", "it returns more than one row"},
};

bool
drill_assert(const DrillServer *server, const TextList *assertions, json_t *result)
{
	bool all = true;

	for (size_t i = 0; i < assertions->count; i++)
	{
		const char *text = assertions->texts[i];
		int64_t began = monotonic_ms();
		char *words = why_not(server, text);
		char *detail;

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
 * NULL if the assertion holds, else malloc'd text.  The transaction is
 * read-only, and the assertion cannot end it, because a DO block executes it.
 */
static char *
why_not(const DrillServer *server, const char *assertion)
{
	char *value = drill_value(assertion, "UTF8");
	char *query = mem_printf("\\set VERBOSITY sqlstate\n"
							 "BEGIN READ ONLY;\n"
							 "DO $poc$ DECLARE result boolean; BEGIN EXECUTE %s INTO STRICT result; "
							 "IF result IS NULL THEN RAISE EXCEPTION USING ERRCODE = '" SQLSTATE_NULL
							 "'; "
							 "ELSIF NOT result THEN RAISE EXCEPTION USING ERRCODE = '" SQLSTATE_FALSE
							 "'; END IF; END $poc$",
							 value);
	DrillAnswer answer = {NULL, NULL};
	char *words;

	drill_ask(server, server->reader, DRILL_STATEMENT_MS, &query, 1, &answer);
	words = answer.error != NULL ? words_on(answer.error) : NULL;
	drill_answer_free(&answer);
	free(query);
	free(value);
	return words;
}

/* malloc'd; an error without SQLSTATE is not the server's, but a lost connection, say. */
static char *
words_on(const char *error)
{
	if (strlen(error) != SQLSTATE_LENGTH)
		return mem_strdup(error);
	if (strcmp(error, SQLSTATE_FALSE) == 0)
		return mem_strdup("it is false");
	if (strcmp(error, SQLSTATE_NULL) == 0)
		return mem_strdup("it is null");
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
	{
		if (strcmp(error, known[i].sqlstate) == 0)
			return mem_printf("SQLSTATE %s (%s)%s%s", error, known[i].name,
							  known[i].words != NULL ? ": " : "",
							  known[i].words != NULL ? known[i].words : "");
	}
	return mem_printf("SQLSTATE %s", error);
}
