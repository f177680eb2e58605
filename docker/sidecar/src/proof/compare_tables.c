/*
 * compare_tables.c
 *
 * Compares the tables of a restored server with what a mark recorded of them,
 * several at a time.  A table that cannot be read differs.  The database under
 * test must not compute what is compared.
 */
#include "proof/compare_tables.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/timestamp.h"
#include "proof/drill_steps.h"
#include "proof/prepare_copy.h"
#include "proof/relation_name.h"

/* More would only wait for the disk. */
#define WORKERS_MAX 8

/* Limits of one session: small tables share one, a large table has its own. */
#define PART_TABLES 100
#define PART_BYTES	(INT64_C(64) * 1024 * 1024)

/* This many tables that differ are named; the others are only counted. */
#define NAMED_MAX 100

/* The kinds of relations that are compared, of pg_class.relkind */
#define TABLE_KINDS "rpm"

typedef struct Comparison
{
	const DrillTable *table;
	char *oid;			/* malloc'd: SQL expression of its OID; or NULL */
	size_t number;		/* in the caller's list */
	char *difference;	/* malloc'd, or NULL */
	int64_t elapsed_ms; /* of all tables in its session */
} Comparison;

typedef struct Work
{
	const DrillServer *server;
	Comparison *comparisons; /* largest first */
	size_t count;
	size_t taken; /* protected by the lock, as is done_bytes */
	int64_t done_bytes;
	int64_t all_bytes;
	pthread_mutex_t lock;
} Work;

static void find_tables(Work *work);
static void *work_off(void *arg);
static size_t take(Work *work, size_t *first);
static void compare_part(Work *work, Comparison *part, size_t count);
static char *difference(const DrillTable *table, const DrillAnswer *answer);
static bool report(const Work *work, int64_t began, json_t *result);
static int larger_first(const void *a, const void *b);
static int as_listed(const void *a, const void *b);

int
drill_workers(void)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	return processors < 1 ? 1 : processors > WORKERS_MAX ? WORKERS_MAX : (int) processors;
}

bool
drill_compare(const DrillServer *server, const DrillTable *tables, size_t count, json_t *result)
{
	Work work = {
		.server = server,
		.count = count,
		.lock = PTHREAD_MUTEX_INITIALIZER,
	};
	pthread_t threads[WORKERS_MAX];
	int started = 0;
	int64_t began = monotonic_ms();
	bool same;
	char *error = work.count > 0 ? drill_bring_fingerprint(server) : NULL;

	if (error != NULL)
	{
		if (!job_cancelled(server->job))
			drill_step(result, "compare", false, monotonic_ms() - began, error);
		free(error);
		return false;
	}
	work.comparisons = mem_alloc((work.count + 1) * sizeof(Comparison));
	for (size_t i = 0; i < work.count; i++)
	{
		Comparison *one = &work.comparisons[i];

		one->table = &tables[i];
		one->number = i;
		work.all_bytes += one->table->bytes;
	}
	qsort(work.comparisons, work.count, sizeof(Comparison), larger_first);
	find_tables(&work);

	/* this thread is a worker too */
	while (started < drill_workers() - 1 &&
		   pthread_create(&threads[started], NULL, work_off, &work) == 0)
		started++;
	work_off(&work);
	while (started > 0)
		pthread_join(threads[--started], NULL);

	qsort(work.comparisons, work.count, sizeof(Comparison), as_listed);
	same = !job_cancelled(server->job) && report(&work, began, result);
	for (size_t i = 0; i < work.count; i++)
	{
		free(work.comparisons[i].difference);
		free(work.comparisons[i].oid);
	}
	free(work.comparisons);
	return same;
}

static void
find_tables(Work *work)
{
	DrillRelation *relations = mem_alloc(work->count * sizeof(DrillRelation));

	for (size_t i = 0; i < work->count; i++)
		relations[i].name = &work->comparisons[i].table->name;
	drill_relations_find(work->server, relations, work->count, TABLE_KINDS, "table");
	for (size_t i = 0; i < work->count; i++)
	{
		work->comparisons[i].oid = relations[i].oid;
		work->comparisons[i].difference = relations[i].difference;
	}
	free(relations);
}

static void *
work_off(void *arg)
{
	Work *work = arg;
	size_t first;
	size_t count;

	while (!job_cancelled(work->server->job) && (count = take(work, &first)) > 0)
		compare_part(work, &work->comparisons[first], count);
	return NULL;
}

/* The next tables to compare; 0: there are none left. */
static size_t
take(Work *work, size_t *first)
{
	size_t count = 0;
	int64_t bytes = 0;

	pthread_mutex_lock(&work->lock);
	*first = work->taken;
	while (work->taken < work->count && count < PART_TABLES &&
		   (count == 0 || bytes + work->comparisons[work->taken].table->bytes <= PART_BYTES))
	{
		bytes += work->comparisons[work->taken++].table->bytes;
		count++;
	}
	pthread_mutex_unlock(&work->lock);
	return count;
}

static void
compare_part(Work *work, Comparison *part, size_t count)
{
	Comparison **asked = mem_alloc(count * sizeof(Comparison *));
	char **queries = mem_alloc(count * sizeof(char *));
	DrillAnswer *answers = mem_alloc(count * sizeof(DrillAnswer));
	int64_t began = monotonic_ms();
	int64_t bytes = 0;
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
	{
		bytes += part[i].table->bytes;
		if (part[i].difference != NULL)
			continue;
		/* no query on the table: its planner would run code in the owner's indexes */
		queries[n] = mem_printf("SELECT f.rows, f.hash FROM %s.fingerprint(%s) AS f",
								work->server->schema, part[i].oid);
		asked[n++] = &part[i];
	}
	if (n > 0)
		drill_ask(work->server, work->server->reader, DRILL_STATEMENT_MS, queries, n, answers);
	for (size_t i = 0; i < n; i++)
	{
		asked[i]->difference = difference(asked[i]->table, &answers[i]);
		asked[i]->elapsed_ms = monotonic_ms() - began;
		drill_answer_free(&answers[i]);
		free(queries[i]);
	}
	free(answers);
	free(queries);
	free(asked);

	pthread_mutex_lock(&work->lock);
	work->done_bytes += bytes;
	if (work->all_bytes > 0)
		job_progress(work->server->job, (double) work->done_bytes / (double) work->all_bytes);
	pthread_mutex_unlock(&work->lock);
}

/* NULL, or malloc'd words on the difference */
static char *
difference(const DrillTable *table, const DrillAnswer *answer)
{
	long long expected = table->rows;
	const char *hash = answer->output != NULL ? strchr(answer->output, '|') : NULL;
	long long rows;

	if (answer->output == NULL)
		return mem_strdup(answer->error);
	if (hash == NULL || hash == answer->output)
		return mem_strdup("the server does not tell");
	rows = strtoll(answer->output, NULL, 10);
	if (rows != expected)
		return mem_printf("%lld rows expected, %lld found", expected, rows);
	if (strcmp(hash + 1, table->hash) != 0)
		return mem_printf("%lld rows as expected, but their content differs", rows);
	return NULL;
}

/* Reports the result, in the order of the mark */
static bool
report(const Work *work, int64_t began, json_t *result)
{
	Job *job = work->server->job;
	size_t same = 0;
	size_t differ = 0;
	json_int_t rows = 0;
	char *detail;

	for (size_t i = 0; i < work->count; i++)
	{
		const Comparison *one = &work->comparisons[i];

		if (one->difference == NULL)
		{
			same++;
			rows += one->table->rows;
		}
		else if (++differ <= NAMED_MAX)
		{
			detail = mem_printf("%s: %s", one->table->name.text, one->difference);
			job_log(job, JOB_WARNING, "%s", detail);
			drill_step(result, "compare", false, one->elapsed_ms, detail);
			free(detail);
		}
	}
	if (differ > NAMED_MAX)
	{
		detail = mem_printf("%zu more tables differ", differ - NAMED_MAX);
		drill_step(result, "compare", false, monotonic_ms() - began, detail);
		free(detail);
	}
	if (same > 0)
	{
		detail = mem_printf("%zu table(s), %lld rows as at the mark", same, (long long) rows);
		drill_step(result, "compare", true, monotonic_ms() - began, detail);
		free(detail);
	}
	json_object_set_new(result, "tables", json_integer((json_int_t) same));
	json_object_set_new(result, "rows", json_integer(rows));
	return differ == 0;
}

static int
larger_first(const void *a, const void *b)
{
	int64_t one = ((const Comparison *) a)->table->bytes;
	int64_t other = ((const Comparison *) b)->table->bytes;

	if (one != other)
		return one < other ? 1 : -1;
	return as_listed(a, b);
}

static int
as_listed(const void *a, const void *b)
{
	size_t one = ((const Comparison *) a)->number;
	size_t other = ((const Comparison *) b)->number;

	return one < other ? -1 : one > other;
}
