/*
 * drill.c
 *
 * Asks a restored server, by psql through its own socket, whether it is what
 * it should be.  Nothing that comes from outside is run by a role that could
 * do more than read, nor reaches psql where it could be a command of psql's.
 */
#include "drill.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "instance_files.h"
#include "memory.h"
#include "options.h"
#include "timestamp.h"

/* Of one table, one assertion: a large table is read at 100 MB/s or so. */
#define STATEMENT_MS (INT64_C(6) * 3600 * 1000)

/* Reading every table and index of the database */
#define AMCHECK_MS (INT64_C(24) * 3600 * 1000)

#define QUICK_MS 60000

/* What a step shows of a program's words */
#define DETAIL_MAX 1000

/* From it on a superuser may do without them, and they may be of a login. */
#define VERSION_EVENT_TRIGGERS 17

/* What "pg_amcheck" exits with when it has found corruption */
#define AMCHECK_CORRUPT 2

typedef struct Examination
{
	Job		   *job;
	const ServerConfig *config;
	int			major;			/* of PostgreSQL */
	const json_t *arguments;
	json_t	   *result;
	char		reader[32];		/* a role that can only read */
	char		tag[24];		/* for dollar quotes: nobody can know it */
	char	   *output;			/* of the last query */
	char	   *words;			/* why it failed, or NULL */
} Examination;

static bool prepare_reader(Examination *examination);
static bool compare_identity(Examination *examination);
static bool compare_tables(Examination *examination);
static char *compare_table(Examination *examination, const json_t *table);
static bool run_amcheck(Examination *examination);
static bool run_assertions(Examination *examination);
static bool assertion_holds(Examination *examination, const char *assertion);
static bool query(Examination *examination, const char *user, int64_t deadline_ms, const char *sql);
static bool run(Examination *examination, const char *const *argv, int64_t deadline_ms,
				RunResult *result);
static char *conninfo(const Examination *examination, const char *user);
static char *first_error(const char *words);
static char *quoted(const char *text, char quote);
static char *conninfo_value(const char *text);
static char *random_name(char *name, size_t size, const char *prefix);
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
	Examination examination = {
		.job = job,
		.config = config,
		.major = major,
		.arguments = arguments,
		.result = result
	};
	bool		good;

	random_name(examination.reader, sizeof(examination.reader), "poc_drill_");
	random_name(examination.tag, sizeof(examination.tag), "q");

	/* each of them tells something, so one that fails does not end it */
	job_phase(job, "comparing");
	good = prepare_reader(&examination) && compare_identity(&examination);
	if (good)
	{
		good = compare_tables(&examination);
		if (!job_cancelled(job))
			good = run_amcheck(&examination) && good;
		if (!job_cancelled(job))
			good = run_assertions(&examination) && good;
	}
	free(examination.output);
	free(examination.words);
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
prepare_reader(Examination *examination)
{
	const char *superuser = text_of(examination->arguments, "superuser");
	char	   *database = quoted(text_of(examination->arguments, "database"), '"');
	char	   *sql = mem_printf("CREATE ROLE %s LOGIN INHERIT BYPASSRLS; "
								 "GRANT pg_read_all_data TO %s; "
								 "GRANT CONNECT ON DATABASE %s TO %s; "
								 "ALTER ROLE %s SET session_preload_libraries FROM CURRENT",
								 examination->reader, examination->reader,
								 database, examination->reader, examination->reader);
	int64_t		began = monotonic_ms();
	bool		good = query(examination, superuser, QUICK_MS, sql);

	if (!good)
		drill_step(examination->result, "connect", false, monotonic_ms() - began,
				   examination->words);
	free(sql);
	free(database);
	return good;
}

static bool
compare_identity(Examination *examination)
{
	const char *expected = text_of(examination->arguments, "system_identifier");
	int64_t		began = monotonic_ms();
	char	   *version;
	char	   *detail;
	bool		good = query(examination, examination->reader, QUICK_MS,
							 "SELECT c.system_identifier, pg_catalog.current_setting('server_version') "
							 "FROM pg_catalog.pg_control_system() AS c");

	if (good)
	{
		version = strchr(examination->output, '|');
		if (version != NULL)
			*version++ = '\0';
		json_object_set_new(examination->result, "postgresql_version", json_text(version));
		good = expected == NULL || strcmp(examination->output, expected) == 0;
		detail = good ? mem_printf("system identifier %s, PostgreSQL %s", examination->output, version)
			: mem_printf("the system identifier is %s, and should be %s: this is a backup of another cluster",
						 examination->output, expected);
	}
	else
		detail = mem_strdup(examination->words);
	drill_step(examination->result, "identity", good, monotonic_ms() - began, detail);
	free(detail);
	return good;
}

/* One step for all tables that are as they were, and one for each that is not. */
static bool
compare_tables(Examination *examination)
{
	json_t	   *tables = json_object_get(examination->arguments, "tables");
	json_t	   *table;
	size_t		i;
	size_t		same = 0;
	int64_t		rows = 0;
	int64_t		began = monotonic_ms();
	char	   *detail;

	json_array_foreach(tables, i, table)
	{
		int64_t		table_began = monotonic_ms();
		char	   *difference = compare_table(examination, table);

		if (job_cancelled(examination->job))
		{
			free(difference);
			return false;
		}
		if (difference == NULL)
		{
			same++;
			rows += json_integer_value(json_object_get(table, "rows"));
		}
		else
		{
			detail = mem_printf("%s: %s", text_of(table, "relation"), difference);
			job_log(examination->job, JOB_WARNING, "%s", detail);
			drill_step(examination->result, "compare", false, monotonic_ms() - table_began, detail);
			free(detail);
		}
		free(difference);
	}
	json_object_set_new(examination->result, "tables", json_integer((json_int_t) same));
	json_object_set_new(examination->result, "rows", json_integer(rows));
	if (same > 0)
	{
		detail = mem_printf("%zu table(s), %lld rows as at the mark", same, (long long) rows);
		drill_step(examination->result, "compare", true, monotonic_ms() - began, detail);
		free(detail);
	}
	return same == json_array_size(tables);
}

/* NULL, or malloc'd words on the difference */
static char *
compare_table(Examination *examination, const json_t *table)
{
	json_int_t	expected = json_integer_value(json_object_get(table, "rows"));
	char	   *schema = quoted(text_of(examination->arguments, "schema"), '"');
	char	   *name = quoted(text_of(table, "relation"), '\'');
	char	   *sql = mem_printf("SELECT f.rows, f.hash FROM %s.poc_fingerprint(pg_catalog.to_regclass(%s)) AS f",
								 schema, name);
	char	   *difference = NULL;
	char	   *hash;

	if (!query(examination, examination->reader, STATEMENT_MS, sql))
		difference = mem_strdup(examination->words);
	else if (examination->output[0] == '|' || (hash = strchr(examination->output, '|')) == NULL)
		difference = mem_strdup("there is no such table");
	else
	{
		json_int_t	rows = strtoll(examination->output, NULL, 10);

		if (rows != expected)
			difference = mem_printf("%lld rows expected, %lld found", (long long) expected, (long long) rows);
		else if (strcmp(hash + 1, text_of(table, "hash")) != 0)
			difference = mem_printf("%lld rows as expected, but their content differs", (long long) rows);
	}
	free(schema);
	free(name);
	free(sql);
	return difference;
}

/* Where there is pg_amcheck, and the extension that it needs. */
static bool
run_amcheck(Examination *examination)
{
	char	   *program = mem_printf("%s/pg_amcheck", options.pg_bindir);
	char	   *where = conninfo(examination, text_of(examination->arguments, "superuser"));
	const char *argv[] = {"/usr/bin/env", "-i", "LC_ALL=C.UTF-8", program,
	"--install-missing", where, NULL};
	int64_t		began = monotonic_ms();
	RunResult	result;
	bool		good = true;
	char	   *detail;

	if (access(program, X_OK) == 0)
	{
		job_phase(examination->job, "checking");
		good = run(examination, argv, AMCHECK_MS, &result);
		if (job_cancelled(examination->job))
			good = false;
		else if (good)
			drill_step(examination->result, "amcheck", true, monotonic_ms() - began,
					   "no corruption in tables and indexes");
		else if (result.outcome == RUN_EXITED && result.exit_code != AMCHECK_CORRUPT &&
				 strstr(result.err, "extension \"amcheck\" is not available") != NULL)
		{
			job_log(examination->job, JOB_INFO, "no pg_amcheck: extension amcheck is not installed on this host");
			good = true;
		}
		else
		{
			detail = mem_printf("%s%.*s", result.outcome == RUN_EXITED ? "" : "pg_amcheck did not end well. ",
								DETAIL_MAX, result.out[0] != '\0' ? result.out : result.err);
			for (size_t length = strlen(detail); length > 0 && detail[length - 1] == '\n'; length--)
				detail[length - 1] = '\0';
			drill_step(examination->result, "amcheck", false, monotonic_ms() - began, detail);
			free(detail);
		}
		runner_free(&result);
	}
	else
		job_log(examination->job, JOB_INFO, "no pg_amcheck on this host");
	free(where);
	free(program);
	return good;
}

static bool
run_assertions(Examination *examination)
{
	json_t	   *assertion;
	size_t		i;
	bool		all = true;

	json_array_foreach(json_object_get(examination->arguments, "asserts"), i, assertion)
	{
		const char *text = json_string_value(assertion);
		int64_t		began = monotonic_ms();
		bool		holds = assertion_holds(examination, text);
		char	   *detail;

		if (job_cancelled(examination->job))
			return false;
		detail = holds ? mem_strdup(text) : mem_printf("%s: %s", text, examination->words);
		drill_step(examination->result, "assert", holds, monotonic_ms() - began, detail);
		free(detail);
		all = all && holds;
	}
	return all;
}

/*
 * The transaction can only read, and the statement cannot end it: it is run
 * from within another.
 */
static bool
assertion_holds(Examination *examination, const char *assertion)
{
	char	   *literal = quoted(assertion, '\'');
	char	   *sql = mem_printf("BEGIN READ ONLY; "
								 "DO $%s$ DECLARE result boolean; BEGIN EXECUTE %s INTO STRICT result; "
								 "IF result IS NULL THEN RAISE EXCEPTION 'it is null'; "
								 "ELSIF NOT result THEN RAISE EXCEPTION 'it is false'; END IF; END $%s$",
								 examination->tag, literal, examination->tag);
	bool		holds = query(examination, examination->reader, STATEMENT_MS, sql);

	free(literal);
	free(sql);
	return holds;
}

/*
 * One command, which psql sends as it is: only one that began with a backslash
 * would be its own.  False: words tells why.
 */
static bool
query(Examination *examination, const char *user, int64_t deadline_ms, const char *sql)
{
	char	   *program = mem_printf("%s/psql", options.pg_bindir);
	char	   *where = conninfo(examination, user);
	const char *argv[] = {"/usr/bin/env", "-i", "LC_ALL=C.UTF-8", program,
	"--no-psqlrc", "--no-password", "--quiet", "--tuples-only", "--no-align", "--dbname", where, "--command", sql, NULL};
	RunResult	result;
	bool		good = run(examination, argv, deadline_ms, &result);

	free(examination->output);
	examination->output = mem_strndup(result.out, strcspn(result.out, "\n"));
	free(examination->words);
	examination->words = good ? NULL
		: result.outcome == RUN_TIMED_OUT ? mem_printf("not done within %lld seconds", (long long) deadline_ms / 1000)
		: first_error(result.err);
	runner_free(&result);
	free(where);
	free(program);
	return good;
}

static bool
run(Examination *examination, const char *const *argv, int64_t deadline_ms, RunResult *result)
{
	return job_run_program(examination->job, argv, deadline_ms, result) &&
		result->outcome == RUN_EXITED && result->exit_code == 0;
}

/*
 * Settings of a role or a database may be anything; those of the connection
 * come before them.
 */
static char *
conninfo(const Examination *examination, const char *user)
{
	char	   *directory = mem_printf("%s/" INSTANCE_SOCKET, examination->config->directory);
	bool		is_superuser = strcmp(user, examination->reader) != 0;
	char	   *host = conninfo_value(directory);
	char	   *role = conninfo_value(user);
	char	   *database = conninfo_value(text_of(examination->arguments, "database"));
	char	   *text = mem_printf("host=%s port=%d user=%s dbname=%s connect_timeout=30 client_encoding=UTF8 "
								  "application_name=poc_drill options='"
								  "-c local_preload_libraries= -c search_path=pg_catalog -c standard_conforming_strings=on "
								  "-c client_min_messages=warning%s'",
								  host, examination->config->port, role, database,
								  !is_superuser ? "" : examination->major < VERSION_EVENT_TRIGGERS ?
								  " -c session_preload_libraries=" :
								  " -c session_preload_libraries= -c event_triggers=off");

	free(directory);
	free(host);
	free(role);
	free(database);
	return text;
}

/* "ERROR:  it is false", without what comes before and after */
static char *
first_error(const char *words)
{
	const char *error = strstr(words, "ERROR:  ");

	if (error != NULL)
		error += strlen("ERROR:  ");
	else
		error = words;
	return mem_strndup(error, strcspn(error, "\n") < DETAIL_MAX ? strcspn(error, "\n") : DETAIL_MAX);
}

/* As an identifier or a literal, with standard_conforming_strings on */
static char *
quoted(const char *text, char quote)
{
	char	   *copy = mem_alloc(2 * strlen(text) + 3);
	char	   *to = copy;

	*to++ = quote;
	for (; *text != '\0'; text++)
	{
		if (*text == quote)
			*to++ = quote;
		*to++ = *text;
	}
	*to = quote;
	return copy;
}

/* As libpq wants a value of a connection string */
static char *
conninfo_value(const char *text)
{
	char	   *copy = mem_alloc(2 * strlen(text) + 3);
	char	   *to = copy;

	*to++ = '\'';
	for (; *text != '\0'; text++)
	{
		if (*text == '\'' || *text == '\\')
			*to++ = '\\';
		*to++ = *text;
	}
	*to = '\'';
	return copy;
}

static char *
random_name(char *name, size_t size, const char *prefix)
{
	uint64_t	number = 0;

	if (getrandom(&number, sizeof(number), 0) != (ssize_t) sizeof(number))
		abort();				/* not on any Linux that has started */
	snprintf(name, size, "%s%016llx", prefix, (unsigned long long) number);
	return name;
}

static const char *
text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}
