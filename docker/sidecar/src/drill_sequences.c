/*
 * drill_sequences.c
 *
 * Looks whether each sequence is at the value that a mark recorded, or beyond
 * it: PostgreSQL logs some values ahead, and after a recovery goes on behind
 * them.  Never lets one pass that would give a value a second time.
 */
#include "drill_sequences.h"

#include <stdlib.h>

#include "drill.h"
#include "memory.h"
#include "timestamp.h"

/* So many that differ are named; of the others it is told how many they are. */
#define NAMED_MAX 100

static char *query_for(const json_t *sequence);
static char *difference(const json_t *sequence, const DrillAnswer *answer);

bool
drill_sequences(const DrillServer *server, const json_t *sequences, json_t *result)
{
	size_t		count = json_array_size(sequences);
	char	  **queries;
	DrillAnswer *answers;
	int64_t		began = monotonic_ms();
	size_t		differ = 0;

	if (count == 0)
		return true;
	queries = mem_alloc(count * sizeof(char *));
	answers = mem_alloc(count * sizeof(DrillAnswer));
	for (size_t i = 0; i < count; i++)
		queries[i] = query_for(json_array_get(sequences, i));
	drill_ask(server, server->reader, DRILL_QUICK_MS, queries, count, answers);
	for (size_t i = 0; i < count; i++)
	{
		const json_t *sequence = json_array_get(sequences, i);
		char	   *words = difference(sequence, &answers[i]);

		if (words != NULL && ++differ <= NAMED_MAX)
		{
			char	   *detail = mem_printf("sequence %s: %s", json_string_value(json_object_get(sequence, "relation")), words);

			job_log(server->job, JOB_WARNING, "%s", detail);
			drill_step(result, "compare", false, monotonic_ms() - began, detail);
			free(detail);
		}
		free(words);
		drill_answer_free(&answers[i]);
		free(queries[i]);
	}
	free(answers);
	free(queries);
	if (differ > NAMED_MAX || differ < count)
	{
		char	   *detail = differ > NAMED_MAX ? mem_printf("%zu more sequences differ", differ - NAMED_MAX)
			: mem_printf("%zu sequence(s) at their values of the mark, or beyond", count - differ);

		drill_step(result, "compare", differ <= NAMED_MAX, monotonic_ms() - began, detail);
		free(detail);
	}
	return differ == 0;
}

/* What was a sequence at the mark and is none now would run a query of its own. */
static char *
query_for(const json_t *sequence)
{
	char	   *name = drill_quoted(json_string_value(json_object_get(sequence, "relation")), '\'');
	char	   *query = mem_printf("SELECT pg_catalog.format('SELECT last_value, is_called FROM %%I.%%I', n.nspname, c.relname) "
								   "FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace "
								   "WHERE c.oid = pg_catalog.to_regclass(%s) AND c.relkind = 'S' \\gexec", name);

	free(name);
	return query;
}

/* NULL, or malloc'd words on the difference */
static char *
difference(const json_t *sequence, const DrillAnswer *answer)
{
	const json_t *value = json_object_get(sequence, "value");
	long long	expected = json_integer_value(value);
	char	   *end;
	long long	found;

	if (answer->output == NULL)
		return mem_strdup(answer->error);
	found = strtoll(answer->output, &end, 10);
	if (end == answer->output || *end != '|')
		return mem_strdup("there is no such sequence");
	if (json_is_null(value))
		return NULL;
	if (end[1] != 't' || (json_is_true(json_object_get(sequence, "ascending")) ? found < expected : found > expected))
		return mem_printf("%lld would be given again: it is at %lld", expected, found);
	return NULL;
}
