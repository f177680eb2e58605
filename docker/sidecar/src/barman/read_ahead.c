/*
 * read_ahead.c
 *
 * Runs Barman once for the lists of all servers.  To start Barman takes longer
 * than to list a hundred backups, so a caller who asks for each of fifty servers
 * would wait fifty times.  Who asks for one server waits for no other: the run
 * for all begins in another thread.  If then nobody asks for a second server,
 * the next one begins only when somebody does.
 */
#include "barman/read_ahead.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "barman/catalogue.h"
#include "barman/read_question.h"
#include "base/memory.h"
#include "base/timestamp.h"

/* With fewer servers whose lists are due, each is asked for by itself. */
#define SERVERS_MIN 4

/* How long the lists wait to be asked for; a change of a catalogue that is known, or a job, ends that sooner. */
#define AGE_MS 30000

/* Servers that are asked for one after the other: on a busy host each takes seconds. */
#define SOON_MS 30000

/* How soon all are asked for again after a failure */
#define REST_MS 30000

/* One run at a time; the others wait for its lists. */
static pthread_mutex_t running = PTHREAD_MUTEX_INITIALIZER;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static json_t *lists; /* {server: {"text": text, "signature": text or null}} */
static int64_t made;
static int64_t rests_until;
static char *asked; /* the last server that had no list */
static int64_t asked_at;
static bool unused;		 /* nobody took a list of the last run that began in advance */
static uint64_t changes; /* counts what was forgotten, also while Barman runs */

static char *take(const char *server, bool *watched);
static bool is_second(const char *server, bool *in_advance);
static json_t *servers_due(const ReadAhead *ahead, const json_t *servers);
static size_t count_missing(const json_t *due);
static void run_for_all(const ReadAhead *ahead, const json_t *due);
static void *learn_main(void *arg);
static void keep_all(const char *text, const json_t *due, uint64_t changes_before);
static json_t *signature_of(const char *server);

char *
read_ahead_backups(const ReadAhead *ahead, const char *server, const json_t *servers, bool *watched)
{
	char *text = take(server, watched);
	bool in_advance;

	if (text != NULL)
		return text;
	if (!is_second(server, &in_advance))
	{
		if (in_advance)
			ahead->begin();
		return NULL;
	}
	pthread_mutex_lock(&running);
	text = take(server, watched);
	if (text == NULL)
	{
		json_t *due = servers_due(ahead, servers);

		if (json_object_size(due) >= SERVERS_MIN)
			run_for_all(ahead, due);
		json_decref(due);
		text = take(server, watched);
	}
	pthread_mutex_unlock(&running);
	return text;
}

void
read_ahead_begin(const ReadAhead *ahead, const json_t *servers)
{
	json_t *due;
	bool many;

	pthread_mutex_lock(&running);
	due = servers_due(ahead, servers);
	many = count_missing(due) >= SERVERS_MIN;
	pthread_mutex_lock(&lock);
	unused = many;
	pthread_mutex_unlock(&lock);
	if (many)
		run_for_all(ahead, due);
	json_decref(due);
	pthread_mutex_unlock(&running);
}

void
read_ahead_forget(const char *server)
{
	pthread_mutex_lock(&lock);
	changes++;
	if (server == NULL)
		json_object_clear(lists);
	else if (lists != NULL)
		json_object_del(lists, server);
	pthread_mutex_unlock(&lock);
}

/* Each list is good for one answer. */
static char *
take(const char *server, bool *watched)
{
	json_t *now = signature_of(server);
	json_t *list;
	char *text = NULL;

	pthread_mutex_lock(&lock);
	if (lists != NULL && monotonic_ms() - made >= AGE_MS)
		json_object_clear(lists);
	list = json_object_get(lists, server);
	*watched = json_is_string(json_object_get(list, "signature"));
	if (list != NULL && (!*watched || json_equal(json_object_get(list, "signature"), now)))
	{
		text = mem_strdup(json_text_of(list, "text"));
		unused = false;
	}
	if (list != NULL)
		json_object_del(lists, server);
	pthread_mutex_unlock(&lock);
	json_decref(now);
	return text;
}

/* Was another server asked for just before?  *in_advance: if not, whether to list all for the next */
static bool
is_second(const char *server, bool *in_advance)
{
	int64_t now = monotonic_ms();
	bool second;

	pthread_mutex_lock(&lock);
	second = asked != NULL && strcmp(asked, server) != 0 && now - asked_at < SOON_MS &&
			 now >= rests_until;
	*in_advance = !second && !unused && now >= rests_until;
	unused = unused || *in_advance;
	free(asked);
	asked = mem_strdup(server);
	asked_at = now;
	pthread_mutex_unlock(&lock);
	return second;
}

/* The servers whose lists Barman must be asked for: {server: signature of its catalogue, or null} */
static json_t *
servers_due(const ReadAhead *ahead, const json_t *servers)
{
	json_t *due = json_checked(json_object());
	json_t *one;
	size_t i;

	json_array_foreach ((json_t *) servers, i, one)
	{
		const char *server = json_text_of(one, "server");

		if (server != NULL && !json_text_is(one, "state", "inactive") && ahead->is_due(server))
			json_object_set_new(due, server, signature_of(server));
	}
	return due;
}

/* Those of them whose list is not at hand */
static size_t
count_missing(const json_t *due)
{
	size_t missing = 0;
	const char *server;
	json_t *ignored;

	pthread_mutex_lock(&lock);
	json_object_foreach ((json_t *) due, server, ignored)
		missing += json_object_get(lists, server) == NULL;
	pthread_mutex_unlock(&lock);
	return missing;
}

static void
run_for_all(const ReadAhead *ahead, const json_t *due)
{
	pthread_t learns;
	const char *server;
	json_t *signature;
	bool unknown = false;
	bool beside;
	uint64_t changes_before;
	char *text;

	json_object_foreach ((json_t *) due, server, signature)
		unknown = unknown || json_is_null(signature);
	pthread_mutex_lock(&lock);
	changes_before = changes;
	pthread_mutex_unlock(&lock);
	beside = unknown && pthread_create(&learns, NULL, learn_main, (void *) ahead) == 0;
	text = ahead->list_all(ahead->control);
	if (beside)
		pthread_join(learns, NULL);
	keep_all(text, due, changes_before);
	free(text);
}

static void *
learn_main(void *arg)
{
	const ReadAhead *ahead = arg;

	ahead->learn_all(ahead->control);
	return NULL;
}

static void
keep_all(const char *text, const json_t *due, uint64_t changes_before)
{
	json_t *document = text != NULL ? json_loads(text, 0, NULL) : NULL;
	const char *server;
	json_t *value;

	pthread_mutex_lock(&lock);
	if (lists == NULL)
		lists = json_checked(json_object());
	json_object_clear(lists);
	made = monotonic_ms();
	if (document == NULL)
		rests_until = made + REST_MS;
	json_object_foreach (document, server, value)
	{
		json_t *signature = json_object_get(due, server);
		char *one = json_is_array(value) && signature != NULL && changes == changes_before
						? question_document_of(server, value)
						: NULL;

		if (one != NULL)
			json_object_set_new(lists, server,
								json_checked(
									json_pack("{s:s, s:O}", "text", one, "signature", signature)));
		free(one);
	}
	pthread_mutex_unlock(&lock);
	json_decref(document);
}

/* As text, because JSON has no such numbers; null: the server's directories are not known */
static json_t *
signature_of(const char *server)
{
	uint64_t signature = catalogue_signature(server);
	char *text = mem_printf("%llx", (unsigned long long) signature);
	json_t *value = signature != 0 ? json_checked(json_string(text)) : json_null();

	free(text);
	return value;
}
