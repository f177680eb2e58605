/*
 * sequences.c
 *
 * Checks that each sequence is at the value that a mark recorded, or beyond
 * it: PostgreSQL logs some values in advance, and continues after them when it
 * has recovered.  Never accepts a sequence that would return a value again.
 */
#include "proof/sequences.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/timestamp.h"
#include "proof/drill_steps.h"
#include "proof/relation_name.h"

/* This many sequences that differ are named; the others are only counted. */
#define NAMED_MAX 100

static bool report(const DrillServer *server, const DrillSequence *sequences,
				   const DrillRelation *relations, size_t count, int64_t began, json_t *result);
static char *difference(const DrillSequence *sequence, const DrillAnswer *answer);

bool
drill_sequences(const DrillServer *server, const DrillSequence *sequences, size_t count,
				json_t *result)
{
	DrillRelation *relations;
	char **questions;
	DrillAnswer *answers;
	size_t *asked; /* the sequence of each question */
	size_t n = 0;
	int64_t began = monotonic_ms();
	bool same;

	if (count == 0)
		return true;
	relations = mem_alloc(count * sizeof(DrillRelation));
	questions = mem_alloc(count * sizeof(char *));
	answers = mem_alloc(count * sizeof(DrillAnswer));
	asked = mem_alloc(count * sizeof(size_t));

	for (size_t i = 0; i < count; i++)
		relations[i].name = &sequences[i].name;
	drill_relations_find(server, relations, count, "S", "sequence");
	for (size_t i = 0; i < count; i++)
	{
		if (relations[i].difference != NULL)
			continue;
		asked[n] = i;
		questions[n++] = mem_printf("SELECT COALESCE(s, 0::pg_catalog.int8), s IS NOT NULL FROM pg_catalog.pg_sequence_last_value((%s)::pg_catalog.regclass) AS s",
									relations[i].oid);
	}
	if (n > 0)
		drill_ask(server, server->reader, DRILL_STATEMENT_MS, questions, n, answers);
	for (size_t i = 0; i < n; i++)
	{
		relations[asked[i]].difference = difference(&sequences[asked[i]], &answers[i]);
		drill_answer_free(&answers[i]);
		free(questions[i]);
	}
	free(asked);
	free(answers);
	free(questions);

	same = report(server, sequences, relations, count, began, result);
	for (size_t i = 0; i < count; i++)
	{
		free(relations[i].difference);
		free(relations[i].oid);
	}
	free(relations);
	return same;
}

/* Reports the result, in the order of the mark */
static bool
report(const DrillServer *server, const DrillSequence *sequences, const DrillRelation *relations,
	   size_t count, int64_t began, json_t *result)
{
	size_t differ = 0;

	for (size_t i = 0; i < count; i++)
	{
		if (relations[i].difference != NULL && ++differ <= NAMED_MAX)
		{
			char *detail = mem_printf("sequence %s: %s", sequences[i].name.text,
									  relations[i].difference);

			job_log(server->job, JOB_WARNING, "%s", detail);
			drill_step(result, "compare", false, monotonic_ms() - began, detail);
			free(detail);
		}
	}
	if (differ > NAMED_MAX || differ < count)
	{
		char *detail = differ > NAMED_MAX
						   ? mem_printf("%zu more sequences differ", differ - NAMED_MAX)
						   : mem_printf("%zu sequence(s) at their values of the mark, or beyond",
										count - differ);

		drill_step(result, "compare", differ <= NAMED_MAX, monotonic_ms() - began, detail);
		free(detail);
	}
	return differ == 0;
}

/* NULL, or malloc'd words on the difference */
static char *
difference(const DrillSequence *sequence, const DrillAnswer *answer)
{
	long long expected = sequence->value;
	char *end;
	long long found;

	if (answer->output == NULL)
		return mem_strdup(answer->error);
	found = strtoll(answer->output, &end, 10);
	if (end == answer->output || *end != '|')
		return mem_strdup("there is no such sequence");
	if (!sequence->is_used)
		return NULL;
	if (end[1] != 't' || (sequence->ascending ? found < expected : found > expected))
		return mem_printf("%lld would be given again: it is at %lld", expected, found);
	return NULL;
}
