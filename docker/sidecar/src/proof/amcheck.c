/*
 * amcheck.c
 *
 * Has pg_amcheck read every table and index of a restored database, if it and
 * its extension are installed.  A drill must not fail because they are not,
 * but must fail if anything else keeps pg_amcheck from checking.
 */
#include "proof/amcheck.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/settings.h"
#include "base/timestamp.h"
#include "proof/compare_tables.h"
#include "proof/drill_steps.h"
#include "restore/caged_run.h"

/* Time to read every table and index of the database */
#define AMCHECK_MS (INT64_C(24) * 3600 * 1000)

/* Exit code of pg_amcheck when it has found corruption */
#define AMCHECK_CORRUPT 2

struct DrillAmcheck
{
	const DrillServer *server;
	pthread_t thread;
	bool in_thread;
	bool ran;
	RunResult result;
};

static void *check(void *arg);
static char *what_it_says(const RunResult *result);
static void add_collations(const DrillServer *server, char **words);

DrillAmcheck *
drill_amcheck_start(const DrillServer *server)
{
	DrillAmcheck *amcheck = mem_alloc(sizeof(DrillAmcheck));

	amcheck->server = server;
	amcheck->in_thread = pthread_create(&amcheck->thread, NULL, check, amcheck) == 0;
	return amcheck;
}

bool
drill_amcheck_end(DrillAmcheck *amcheck, json_t *result)
{
	Job *job = amcheck->server->job;
	const RunResult *run = &amcheck->result;
	bool good = true;
	char *words;

	if (amcheck->in_thread)
		pthread_join(amcheck->thread, NULL);
	else
		check(amcheck);
	if (!amcheck->ran)
		job_log(job, JOB_INFO, "no pg_amcheck on this host");
	else if (job_cancelled(job))
		good = false;
	else if (run->outcome == RUN_EXITED && run->exit_code == 0)
		drill_step(result, "amcheck", true, run->elapsed_ms, "no corruption in tables and indexes");
	else if (run->outcome == RUN_EXITED && run->exit_code != AMCHECK_CORRUPT &&
			 strstr(run->err, "extension \"amcheck\" is not available") != NULL)
		job_log(job, JOB_INFO, "no pg_amcheck: extension amcheck is not installed on this host");
	else
	{
		words = what_it_says(run);
		add_collations(amcheck->server, &words);
		drill_step(result, "amcheck", false, run->elapsed_ms, words);
		free(words);
		good = false;
	}
	runner_free(&amcheck->result);
	free(amcheck);
	return good;
}

static void *
check(void *arg)
{
	DrillAmcheck *amcheck = arg;
	const DrillServer *server = amcheck->server;
	char *program = mem_printf("%s/pg_amcheck", settings.pg_bindir);
	char *jobs = mem_printf("--jobs=%d", drill_workers());
	/* return names unchanged: in a database of SQL_ASCII they may have no valid encoding */
	char *where = drill_conninfo(server, server->superuser, "SQL_ASCII");
	const char *argv[] = {program, "--install-missing", jobs, where, NULL};

	amcheck->ran = access(program, X_OK) == 0;
	if (amcheck->ran)
		caged_run(server->job, NULL, true, argv, NULL, AMCHECK_MS, &amcheck->result);
	free(where);
	free(jobs);
	free(program);
	return NULL;
}

/* malloc'd; pg_amcheck prints what it found on its standard output */
static char *
what_it_says(const RunResult *result)
{
	const char *text = result->out[0] != '\0' ? result->out : result->err;
	char *words = mem_printf("%s%.*s",
							 result->outcome == RUN_EXITED ? "" : "pg_amcheck did not end well. ",
							 DRILL_DETAIL_MAX, text);

	for (size_t length = strlen(words); length > 0 && words[length - 1] == '\n'; length--)
		words[length - 1] = '\0';
	return words;
}

/*
 * The libraries of the host where an index of text was built, glibc or ICU,
 * determine its order; with others the order may look like corruption.
 */
static void
add_collations(const DrillServer *server, char **words)
{
	char *query = mem_strdup(
		"SELECT pg_catalog.array_to_string(ARRAY(SELECT pg_catalog.format('%s where they were built and %s here'::pg_catalog.text, "
		"d.datcollversion, pg_catalog.pg_database_collation_actual_version(d.oid)) "
		"FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database() "
		"AND d.datcollversion <> pg_catalog.pg_database_collation_actual_version(d.oid) "
		"UNION SELECT pg_catalog.format('%s where they were built and %s here'::pg_catalog.text, "
		"c.collversion, pg_catalog.pg_collation_actual_version(c.oid)) "
		"FROM pg_catalog.pg_collation AS c WHERE c.collversion <> pg_catalog.pg_collation_actual_version(c.oid) "
		"AND c.oid IN (SELECT a.attcollation FROM pg_catalog.pg_attribute AS a WHERE a.attrelid >= 16384::pg_catalog.oid) "
		"LIMIT 5), ', '::pg_catalog.text)");
	DrillAnswer answer = {NULL, NULL};
	char *longer;

	drill_ask(server, server->reader, DRILL_QUICK_MS, &query, 1, &answer);
	free(query);
	if (answer.output != NULL && answer.output[0] != '\0')
	{
		longer = mem_printf("%s\nCollations have other versions on this host, so that indexes of text may seem corrupt that are not: %s",
							*words, answer.output);
		free(*words);
		*words = longer;
	}
	drill_answer_free(&answer);
}
