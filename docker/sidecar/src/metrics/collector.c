/*
 * collector.c
 *
 * Reads the metrics of all servers in a thread of its own, one server after the
 * other, so that a scrape waits for nothing and no scraper makes Barman run
 * more often.  Rests while nobody scrapes.
 */
#include "metrics/collector.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "barman/read_cache.h"
#include "base/memory.h"
#include "base/timestamp.h"
#include "metrics/sample.h"
#include "metrics/barman_archive.h"
#include "metrics/barman_backups.h"
#include "metrics/barman_checks.h"

/*
 * Values are shown for so many intervals, or rounds if these take longer.  How
 * old they are is shown for ever: it raises the alarm if Barman hangs.
 */
#define STALE_ROUNDS 5

/* Between two publications while many servers are read: each writes all of the text anew */
#define PUBLISH_MS 5000

typedef struct Samples
{
	Sample *list;
	int count;
	bool known; /* Barman has told which servers there are */
} Samples;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed;
static pthread_t thread;
static bool started;
static int64_t interval_ms;

static atomic_bool stopping;

/* The lock guards these. */
static bool wanted;		  /* somebody has scraped since the last round began */
static int64_t published; /* monotonic_ms() */
static int64_t round_ms;  /* how long the last complete round took */
static char *text;		  /* NULL: nothing yet */
static char *ages;		  /* when each server was read */

static void *collector_main(void *arg);
static void read_all(Samples *samples);
static void list_servers(Samples *samples);
static void keep_or_add(Samples *samples, Samples *before, const json_t *server);
static void publish(const Samples *samples);
static void free_samples(Samples *samples);

bool
collector_start(int interval)
{
	if (interval == 0)
		return true;
	interval_ms = (int64_t) interval * 1000;
	atomic_store(&stopping, false);
	wanted = false;
	monotonic_cond_init(&changed);
	started = pthread_create(&thread, NULL, collector_main, NULL) == 0;
	return started;
}

void
collector_quit(void)
{
	pthread_mutex_lock(&lock);
	atomic_store(&stopping, true);
	if (started)
		pthread_cond_signal(&changed);
	pthread_mutex_unlock(&lock);
}

void
collector_stop(void)
{
	if (!started)
		return;
	collector_quit();
	pthread_join(thread, NULL);
	pthread_mutex_lock(&lock);
	started = false;
	free(text);
	free(ages);
	text = ages = NULL;
	pthread_mutex_unlock(&lock);
}

void
collector_metrics(Exposition *exposition)
{
	int64_t stale;

	pthread_mutex_lock(&lock);
	if (started && !wanted)
	{
		wanted = true;
		pthread_cond_signal(&changed);
	}
	stale = STALE_ROUNDS * (round_ms > interval_ms ? round_ms : interval_ms);
	if (text != NULL)
		exposition_append(exposition, ages, strlen(ages));
	if (text != NULL && monotonic_ms() - published < stale)
		exposition_append(exposition, text, strlen(text));
	pthread_mutex_unlock(&lock);
}

static void *
collector_main(void *arg)
{
	Samples samples = {0};

	(void) arg;
	pthread_mutex_lock(&lock);
	while (!stopping)
	{
		struct timespec next;
		int64_t began = monotonic_ms();

		if (!wanted)
		{
			pthread_cond_wait(&changed, &lock);
			continue;
		}
		wanted = false;
		next = monotonic_timespec(began + interval_ms);
		pthread_mutex_unlock(&lock);
		read_all(&samples);
		pthread_mutex_lock(&lock);
		round_ms = monotonic_ms() - began;
		while (!stopping && pthread_cond_timedwait(&changed, &lock, &next) == 0)
			;
	}
	pthread_mutex_unlock(&lock);
	free_samples(&samples);
	return NULL;
}

/* A server keeps its former values until its new ones are complete. */
static void
read_all(Samples *samples)
{
	int64_t last = monotonic_ms();

	list_servers(samples);
	for (int i = 0; i < samples->count && !atomic_load(&stopping); i++)
	{
		Sample fresh = {.server = mem_strdup(samples->list[i].server),
						.state = mem_strdup(samples->list[i].state)};

		sample_take(&fresh, &stopping);
		sample_free(&samples->list[i]);
		samples->list[i] = fresh;
		if (monotonic_ms() - last > PUBLISH_MS)
		{
			publish(samples);
			last = monotonic_ms();
		}
	}
	if (!atomic_load(&stopping))
		publish(samples);
}

/* As Barman has them now; without an answer, those of before are not shown. */
static void
list_servers(Samples *samples)
{
	ReadTarget version = {READ_VERSION, "", ""};
	ReadTarget target = {READ_SERVERS, "", ""};
	Answer *answer = reads_wait(&target, READ_AGE_DEFAULT);
	Samples before = *samples;
	json_t *list = answer->status == 200 ? json_object_get(answer->value, "servers") : NULL;
	json_t *server;
	size_t i;

	*samples = (Samples){.list = mem_alloc((json_array_size(list) + 1) * sizeof(Sample)),
						 .known = answer->status == 200};
	json_array_foreach (list, i, server)
		keep_or_add(samples, &before, server);
	free_samples(&before);
	answer_release(answer);
	/* which the metrics show, and which the cache drops if nobody asks */
	answer_release(reads_wait(&version, READ_AGE_DEFAULT));
}

static void
keep_or_add(Samples *samples, Samples *before, const json_t *server)
{
	const char *name = json_text_of(server, "server");
	const char *state = json_text_of(server, "state");
	Sample *sample = &samples->list[samples->count];

	if (name == NULL || state == NULL)
		return;
	samples->count++;
	for (int i = 0; i < before->count; i++)
	{
		if (before->list[i].server != NULL && strcmp(before->list[i].server, name) == 0)
		{
			*sample = before->list[i];
			before->list[i] = (Sample){0};
		}
	}
	if (sample->server == NULL)
		sample->server = mem_strdup(name);
	free(sample->state);
	sample->state = mem_strdup(state);
}

/* Those that were read at least once */
static void
publish(const Samples *samples)
{
	Exposition exposition = {0};
	Exposition updates = {0};
	Sample *list = mem_alloc((size_t) (samples->count + 1) * sizeof(Sample));
	int count = 0;

	for (int i = 0; i < samples->count; i++)
	{
		if (samples->list[i].updated != 0)
			list[count++] = samples->list[i];
	}
	exposition_family(&updates, "barman_metrics_update", "gauge",
					  "When the metrics of the server were read from Barman.");
	for (int i = 0; i < count; i++)
		exposition_sample(&updates, (double) list[i].updated / 1000000, "server", list[i].server,
						  NULL);
	exposition_family(&exposition, "barman_sidecar_servers_known", "gauge",
					  "Whether Barman told which servers it has; if not, no metric of a server is given.");
	exposition_sample(&exposition, samples->known, NULL);
	barman_checks_metrics(&exposition, list, count);
	barman_backups_metrics(&exposition, list, count);
	barman_archive_metrics(&exposition, list, count);
	free(list);

	pthread_mutex_lock(&lock);
	free(text);
	free(ages);
	text = exposition_take(&exposition);
	ages = exposition_take(&updates);
	published = monotonic_ms();
	pthread_mutex_unlock(&lock);
}

static void
free_samples(Samples *samples)
{
	for (int i = 0; i < samples->count; i++)
		sample_free(&samples->list[i]);
	free(samples->list);
	*samples = (Samples){0};
}
