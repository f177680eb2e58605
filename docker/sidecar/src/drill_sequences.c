/*
 * drill_sequences.c
 *
 * Looks whether each sequence is at the value that a mark recorded, or beyond
 * it: PostgreSQL logs some values ahead, and after a recovery goes on behind
 * them.  Never lets one pass that would give a value a second time.
 */
#include "drill_sequences.h"

#include <stdlib.h>
#include <string.h>

#include "drill.h"
#include "drill_relation.h"
#include "memory.h"
#include "timestamp.h"

/* So many that differ are named; of the others it is told how many they are. */
#define NAMED_MAX 100

static void ask(const DrillServer *server, char **questions, size_t count, DrillAnswer *answers);
static char *difference(const json_t *sequence, const DrillAnswer *answer);

bool
drill_sequences(const DrillServer *server, const json_t *sequences, json_t *result)
{
	size_t		count = json_array_size(sequences);
	char	  **questions;
	char	  **differences;	/* of each sequence, or NULL */
	char	  **names;
	DrillAnswer *answers;
	size_t	   *asked;			/* which sequence a question is of */
	size_t		kinds;
	size_t		n = 0;
	int64_t		began = monotonic_ms();
	size_t		differ = 0;

	if (count == 0)
		return true;
	questions = mem_alloc(count * sizeof(char *));
	answers = mem_alloc(count * sizeof(DrillAnswer));
	differences = mem_alloc(count * sizeof(char *));
	names = mem_alloc(count * sizeof(char *));
	asked = mem_alloc(count * sizeof(size_t));

	/* what was a sequence at the mark and is none now is not read */
	for (size_t i = 0; i < count; i++)
	{
		if (drill_relation(json_string_value(json_object_get(json_array_get(sequences, i), "relation")), &names[i], &questions[n]))
			asked[n++] = i;
		else
			differences[i] = mem_strdup("this is no name of a sequence");
	}
	ask(server, questions, n, answers);
	kinds = n;
	n = 0;
	for (size_t i = 0; i < kinds; i++)
	{
		size_t		one = asked[i];

		if (answers[i].output == NULL)
			differences[one] = mem_strdup(answers[i].error);
		else if (strcmp(answers[i].output, "S") != 0)
			differences[one] = mem_strdup("there is no such sequence");
		else
		{
			asked[n] = one;
			questions[n++] = mem_printf("SELECT s.last_value, s.is_called FROM %s AS s", names[one]);
		}
		drill_answer_free(&answers[i]);
	}
	ask(server, questions, n, answers);
	for (size_t i = 0; i < n; i++)
	{
		differences[asked[i]] = difference(json_array_get(sequences, asked[i]), &answers[i]);
		drill_answer_free(&answers[i]);
	}

	for (size_t i = 0; i < count; i++)
	{
		if (differences[i] != NULL && ++differ <= NAMED_MAX)
		{
			char	   *detail = mem_printf("sequence %s: %s", json_string_value(json_object_get(json_array_get(sequences, i), "relation")), differences[i]);

			job_log(server->job, JOB_WARNING, "%s", detail);
			drill_step(result, "compare", false, monotonic_ms() - began, detail);
			free(detail);
		}
		free(differences[i]);
		free(names[i]);
	}
	free(asked);
	free(names);
	free(differences);
	free(answers);
	free(questions);
	if (differ > NAMED_MAX || differ < count)
	{
		char	   *detail = differ > NAMED_MAX ? mem_printf("%zu more sequences differ", differ - NAMED_MAX)
			: mem_printf("%zu sequence(s) at their values of the mark, or beyond", count - differ);

		drill_step(result, "compare", differ <= NAMED_MAX, monotonic_ms() - began, detail);
		free(detail);
	}
	return differ == 0;
}

/* Frees the questions. */
static void
ask(const DrillServer *server, char **questions, size_t count, DrillAnswer *answers)
{
	if (count > 0)
		drill_ask(server, server->reader, DRILL_STATEMENT_MS, questions, count, answers);
	for (size_t i = 0; i < count; i++)
		free(questions[i]);
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
