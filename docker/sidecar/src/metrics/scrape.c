/*
 * scrape.c
 *
 * The answer to a scrape: the sidecar's own figures, and what the collector has
 * read of Barman.  Neither its time nor its memory grows with the number of those
 * who scrape.
 */
#include "metrics/scrape.h"

#include <pthread.h>
#include <stdlib.h>

#include "barman/read_cache.h"
#include "base/exposition.h"
#include "base/memory.h"
#include "base/settings.h"
#include "base/timestamp.h"
#include "jobs/cron.h"
#include "jobs/job.h"
#include "metrics/collector.h"
#include "metrics/connections.h"
#include "metrics/process_figures.h"
#include "metrics/requests.h"
#include "metrics/restores.h"

/*
 * Each scrape gets a text of its own, up to so many within a second.  Beyond,
 * those that come within the same moment share one.
 */
#define TEXTS_PER_SECOND 40
#define SHARED_MS		 50

/*
 * So many texts may be on their way to clients that take them slowly.  Beyond,
 * the newest of them is sent again: memory is limited, and a scrape is answered.
 */
#define TEXTS_MAX 16

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static Answer *texts[TEXTS_MAX];
static int newest;
static int64_t second; /* monotonic_ms() when it began */
static int made_in_second;

static bool is_new_enough(const Answer *text);
static int free_place(void);
static char *make_text(void);
static void sidecar_metrics(Exposition *exposition);
static void cache_metrics(Exposition *exposition);
static void cron_metrics(Exposition *exposition);

Answer *
scrape_answer(void)
{
	Answer *answer;
	int place;

	pthread_mutex_lock(&lock);
	if (!is_new_enough(texts[newest]) && (place = free_place()) >= 0)
	{
		answer_release(texts[place]);
		texts[place] = answer_text("text/plain; version=0.0.4; charset=utf-8", make_text());
		newest = place;
		made_in_second++;
	}
	answer = answer_keep(texts[newest]);
	pthread_mutex_unlock(&lock);
	return answer;
}

void
scrape_forget(void)
{
	pthread_mutex_lock(&lock);
	for (int i = 0; i < TEXTS_MAX; i++)
	{
		answer_release(texts[i]);
		texts[i] = NULL;
	}
	pthread_mutex_unlock(&lock);
}

static bool
is_new_enough(const Answer *text)
{
	int64_t now = monotonic_ms();

	if (now - second >= 1000)
	{
		second = now;
		made_in_second = 0;
	}
	return text != NULL && made_in_second >= TEXTS_PER_SECOND && now - text->made < SHARED_MS;
}

/* One whose text nobody else holds; -1 if there is none */
static int
free_place(void)
{
	int empty = -1;

	for (int i = 0; i < TEXTS_MAX; i++)
	{
		if (texts[i] == NULL)
			empty = i;
		else if (atomic_load(&texts[i]->references) == 1)
			return i;
	}
	return empty;
}

static char *
make_text(void)
{
	Exposition exposition = {0};

	sidecar_metrics(&exposition);
	process_metrics(&exposition);
	jobs_metrics(&exposition);
	cache_metrics(&exposition);
	cron_metrics(&exposition);
	connections_metrics(&exposition);
	requests_metrics(&exposition);
	restores_metrics(&exposition);
	collector_metrics(&exposition);
	return exposition_take(&exposition);
}

static void
sidecar_metrics(Exposition *exposition)
{
	ReadTarget target = {READ_VERSION, "", ""};
	Answer *version = reads_last(&target);

	exposition_family(exposition, "barman_sidecar_up", "gauge", "Whether the sidecar answers.");
	exposition_sample(exposition, 1, NULL);
	exposition_family(exposition, "barman_sidecar_build_info", "gauge",
					  "Always 1; its labels are the versions of the sidecar and, once known, of Barman.");
	exposition_sample(exposition, 1, "version", SIDECAR_VERSION, "barman_version",
					  version != NULL ? json_text_of(version->value, "text") : NULL, NULL);
	answer_release(version);
}

static void
cache_metrics(Exposition *exposition)
{
	ReadCounters reads = reads_counters();

	exposition_family(exposition, "barman_sidecar_read_hits_total", "counter",
					  "Reads answered from the cache.");
	exposition_sample(exposition, (double) reads.hits, NULL);
	exposition_family(exposition, "barman_sidecar_reads_joined_total", "counter",
					  "Reads that shared a run of Barman.");
	exposition_sample(exposition, (double) reads.joined, NULL);
	exposition_family(exposition, "barman_sidecar_read_runs_total", "counter",
					  "Reads that Barman was asked for.");
	exposition_sample(exposition, (double) reads.runs, NULL);
}

/* Absent until cron has run once */
static void
cron_metrics(Exposition *exposition)
{
	int64_t ended;
	char *failure;

	cron_last_run(&ended, &failure);
	if (ended != 0)
	{
		exposition_family(exposition, "barman_sidecar_cron_timestamp_seconds", "gauge",
						  "When a run of barman cron ended last.");
		exposition_sample(exposition, (double) ended / 1000000, NULL);
		exposition_family(exposition, "barman_sidecar_cron_ok", "gauge",
						  "Whether the last run of barman cron succeeded.");
		exposition_sample(exposition, failure == NULL, NULL);
	}
	free(failure);
}
