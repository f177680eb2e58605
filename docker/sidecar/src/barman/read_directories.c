/*
 * read_directories.c
 *
 * Asks Barman where the files of its servers are.  Barman connects to each
 * PostgreSQL for that, so nothing waits for it that can do without.
 */
#include "barman/read_directories.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "barman/catalogue.h"
#include "barman/read_cache.h"
#include "barman/read_question.h"
#include "base/memory.h"
#include "base/timestamp.h"

/* show-servers hangs with PostgreSQL too, but its answer rarely changes. */
#define ONE_DEADLINE_MS 15000

/* The same for all servers, one after the other */
#define ALL_DEADLINE_MS 60000

/* The most servers that are asked for one by one */
#define SINGLE_MAX 16

static pthread_mutex_t running = PTHREAD_MUTEX_INITIALIZER;

static void ask_for_all(RunControl *control);
static void learn_one(const char *server, const json_t *value, uint64_t configuration);
static size_t count_missing(const json_t *servers);

Answer *
read_directories(const ReadTarget *target, RunControl *control)
{
	const Question question = {
		.arguments = {"show-servers", target->server},
		.longest_ms = ONE_DEADLINE_MS,
		.server = target->server,
		.parse_server = barman_parse_directories,
	};
	BarmanFailure failure;
	uint64_t configuration = catalogue_configuration();
	json_t *directories = question_ask(&question, control, &failure);
	/* if PostgreSQL was unreachable, it may answer soon */
	bool reached = json_is_boolean(json_object_get(directories, "in_recovery"));
	Answer *answer;

	if (directories != NULL)
		catalogue_learn(target->server, directories, configuration);
	answer = question_finish(directories, NULL, &failure);
	answer->provisional = !reached;
	return answer;
}

/* Which servers it could not tell of is found by asking for them one by one. */
Answer *
read_all_directories(RunControl *control)
{
	static int64_t ended = -1;
	int64_t came = monotonic_ms();

	pthread_mutex_lock(&running);
	if (ended < came)
	{
		ask_for_all(control);
		ended = monotonic_ms();
	}
	pthread_mutex_unlock(&running);
	return answer_json(200, json_checked(json_object()));
}

void
read_directories_ahead(const char *server, const json_t *servers)
{
	ReadTarget one = {READ_DIRECTORIES, server, ""};
	ReadTarget all = {READ_ALL_DIRECTORIES, "", ""};
	bool of_all;

	if (catalogue_recent(server))
		return;
	of_all = count_missing(servers) > SINGLE_MAX && !reads_has(&all);
	answer_release(reads_get(of_all ? &all : &one, READ_AGE_DEFAULT, NULL));
}

void
read_directories_of_each(const json_t *servers)
{
	const json_t *one;
	size_t i;

	json_array_foreach ((json_t *) servers, i, one)
	{
		const char *server = json_text_of(one, "server");

		if (server != NULL && !catalogue_known(server))
			read_directories_ahead(server, servers);
	}
}

static void
ask_for_all(RunControl *control)
{
	const Question question = {
		.arguments = {"show-servers", "all"},
		.longest_ms = ALL_DEADLINE_MS,
	};
	uint64_t configuration = catalogue_configuration();
	char *text = question_text(&question, control);
	json_t *document = text != NULL ? json_loads(text, 0, NULL) : NULL;
	const char *server;
	json_t *value;

	json_object_foreach (document, server, value)
	{
		if (json_is_object(value))
			learn_one(server, value, configuration);
	}
	json_decref(document);
	free(text);
}

static void
learn_one(const char *server, const json_t *value, uint64_t configuration)
{
	char *text = question_document_of(server, value);
	BarmanFailure failure = {0};
	BarmanOutput output = {0};
	json_t *directories;

	if (text == NULL)
		return;
	output.out = text;
	output.out_length = strlen(text);
	directories = barman_parse_directories(&output, server, &failure);
	if (directories != NULL)
		catalogue_learn(server, directories, configuration);
	json_decref(directories);
	barman_failure_clear(&failure);
	free(text);
}

static size_t
count_missing(const json_t *servers)
{
	size_t missing = 0;
	const json_t *one;
	size_t i;

	json_array_foreach ((json_t *) servers, i, one)
	{
		const char *server = json_text_of(one, "server");

		if (server != NULL && !catalogue_recent(server))
			missing++;
	}
	return missing;
}
