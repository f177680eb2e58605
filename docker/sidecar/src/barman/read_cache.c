/*
 * read_cache.c
 *
 * The cache of reads: coalesces, expires, and detects a changed catalogue.
 * Knows no HTTP, and of an answer only its status.
 */
#include "barman/read_cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "barman/catalogue.h"
#include "barman/configuration.h"
#include "barman/read_ahead.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/settings.h"
#include "base/timestamp.h"

#define MAX_WORKERS 64

/* More entries are never needed at once; the oldest unused ones are dropped. */
#define MAX_ENTRIES 1024

/* A longer queue only makes things worse. */
#define MAX_QUEUE 128

/* Errors and failed checks expire soon. */
#define SHORT_AGE_MS 1000

/* How long an expired answer may be served while Barman runs again */
#define MAX_STALE_MS 5000

/* Expiry of answers without a signature to detect changes */
#define UNWATCHED_AGE_MS 5000

typedef struct Entry
{
	struct Entry *next; /* all entries */
	struct Entry *queued_next;
	ReadKind kind;
	char *server;
	char *argument;

	Answer *answer; /* NULL until the first run ends */
	uint64_t answer_generation;
	uint64_t answer_signature;

	bool queued;
	bool running;
	uint64_t run_generation;
	uint64_t run_signature;

	uint64_t generation; /* counts invalidations */
	int64_t used;
	ReadWaiter *waiters; /* of the queued or running run */
	ReadWaiter *later;	 /* of the run after the running one */
} Entry;

/*
 * live: Barman connects to PostgreSQL and may hang with it, so these never get
 * the last worker.  watched: a change of the catalogue, or of Barman's
 * configuration, makes the answer stale.
 */
static const struct
{
	bool live;
	bool watched;
	int64_t max_age_ms;
} kinds[READ_KINDS] = {
	[READ_VERSION] = {false, false, 3600 * 1000},  [READ_SERVERS] = {false, true, 600 * 1000},
	[READ_BACKUPS] = {false, true, 60 * 1000},	   [READ_BACKUP] = {false, true, 60 * 1000},
	[READ_FILES] = {false, false, 1000},		   [READ_DIRECTORIES] = {true, false, 600 * 1000},
	[READ_DISKS] = {false, false, 1000},		   [READ_CHECK] = {true, true, 10 * 1000},
	[READ_STATUS] = {true, true, 10 * 1000},	   [READ_REPLICATION] = {true, false, 2 * 1000},
	[READ_DIAGNOSE] = {true, false, 10 * 1000},	   [READ_WINDOWS] = {false, true, 10 * 1000},
	[READ_WAL_SOURCES] = {false, true, 60 * 1000},
};

typedef struct BlockingWaiter
{
	pthread_cond_t woken;
	Answer *answer;
} BlockingWaiter;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work = PTHREAD_COND_INITIALIZER;
static pthread_t workers[MAX_WORKERS];
static int worker_count;
static int live_running;
static bool stopping;
static RunControl *control;
static ReadExecutor execute;
static Entry *entries;
static int entry_count;
static Entry *queue_head;
static Entry **queue_tail = &queue_head;
static int queue_length;
static ReadCounters counters;

static Answer *get(const ReadTarget *target, int64_t max_age_ms, ReadWaiter *waiter);
static Entry *find_entry(const ReadTarget *target);
static Entry *seek_entry(const ReadTarget *target);
static void evict_entries(void);
static void free_entry(Entry *entry);
static bool is_fresh(const Entry *entry, uint64_t signature, int64_t max_age_ms);
static bool is_stale_but_good(const Entry *entry, uint64_t signature, int64_t max_age_ms);
static uint64_t signature_of(ReadKind kind, const char *server);
static void add_waiter(ReadWaiter **list, ReadWaiter *waiter);
static void wake_all(ReadWaiter **list, Answer *answer);
static void enqueue(Entry *entry);
static Entry *dequeue(void);
static void *worker_main(void *arg);
static void run_entry(Entry *entry);
static void blocking_wait(void *arg);
static void blocking_wake(void *arg, Answer *answer);

bool
reads_start(int count, ReadExecutor executor)
{
	/*
	 * Run at least two workers, so that a PostgreSQL that hangs never blocks
	 * them all.
	 */
	if (count < 2)
		count = 2;
	if (count > MAX_WORKERS)
		count = MAX_WORKERS;
	control = run_control_create();
	if (control == NULL)
		return false;
	execute = executor;
	stopping = false;
	pthread_mutex_lock(&lock);
	for (worker_count = 0; worker_count < count; worker_count++)
	{
		if (pthread_create(&workers[worker_count], NULL, worker_main, NULL) != 0)
			break;
	}
	pthread_mutex_unlock(&lock);
	return worker_count == count;
}

void
reads_stop(void)
{
	Answer *refusal;

	if (control == NULL)
		return;
	pthread_mutex_lock(&lock);
	stopping = true;
	run_control_cancel(control);
	pthread_cond_broadcast(&work);
	pthread_mutex_unlock(&lock);
	for (int i = 0; i < worker_count; i++)
		pthread_join(workers[i], NULL);
	worker_count = 0;

	refusal = answer_error("shutting_down", "the sidecar is shutting down", NULL,
						   "Try again when it is back.");
	pthread_mutex_lock(&lock);
	while (entries != NULL)
	{
		Entry *entry = entries;

		entries = entry->next;
		wake_all(&entry->waiters, refusal);
		wake_all(&entry->later, refusal);
		free_entry(entry);
	}
	entry_count = 0;
	queue_head = NULL;
	queue_tail = &queue_head;
	queue_length = 0;
	pthread_mutex_unlock(&lock);
	answer_release(refusal);
	run_control_destroy(control);
	control = NULL;
}

Answer *
reads_get(const ReadTarget *target, int64_t max_age_ms, ReadWaiter *waiter)
{
	Answer *answer;

	pthread_mutex_lock(&lock);
	answer = get(target, max_age_ms, waiter);
	pthread_mutex_unlock(&lock);
	return answer;
}

Answer *
reads_wait(const ReadTarget *target, int64_t max_age_ms)
{
	BlockingWaiter blocking = {PTHREAD_COND_INITIALIZER, NULL};
	ReadWaiter waiter = {NULL, blocking_wait, blocking_wake, &blocking};
	Answer *answer;

	pthread_mutex_lock(&lock);
	answer = get(target, max_age_ms, &waiter);
	if (answer == NULL)
	{
		while (blocking.answer == NULL)
			pthread_cond_wait(&blocking.woken, &lock);
		answer = blocking.answer;
	}
	pthread_mutex_unlock(&lock);
	pthread_cond_destroy(&blocking.woken);
	return answer;
}

Answer *
reads_last(const ReadTarget *target)
{
	Entry *entry;
	Answer *answer;

	pthread_mutex_lock(&lock);
	entry = seek_entry(target);
	answer = entry != NULL && entry->answer != NULL ? answer_keep(entry->answer) : NULL;
	pthread_mutex_unlock(&lock);
	return answer;
}

bool
reads_has(const ReadTarget *target)
{
	uint64_t signature = signature_of(target->kind, target->server);
	Entry *entry;
	bool fresh;

	pthread_mutex_lock(&lock);
	entry = seek_entry(target);
	fresh = entry != NULL && is_fresh(entry, signature, READ_AGE_DEFAULT);
	pthread_mutex_unlock(&lock);
	return fresh;
}

bool
reads_learn_directories(const char *server)
{
	ReadTarget directories = {READ_DIRECTORIES, server, ""};

	if (!catalogue_known(server))
		answer_release(reads_wait(&directories, READ_AGE_DEFAULT));
	return catalogue_known(server);
}

void
reads_invalidate(const char *server)
{
	pthread_mutex_lock(&lock);
	for (Entry *entry = entries; entry != NULL; entry = entry->next)
	{
		if (entry->kind == READ_VERSION || entry->kind == READ_SERVERS ||
			entry->kind == READ_DIRECTORIES)
			continue; /* no job of ours changes these */
		if (server == NULL || entry->server[0] == '\0' || strcmp(entry->server, server) == 0)
			entry->generation++;
	}
	pthread_mutex_unlock(&lock);
	read_ahead_forget(server);
}

ReadCounters
reads_counters(void)
{
	ReadCounters copy;

	pthread_mutex_lock(&lock);
	copy = counters;
	pthread_mutex_unlock(&lock);
	return copy;
}

static Answer *
get(const ReadTarget *target, int64_t max_age_ms, ReadWaiter *waiter)
{
	uint64_t signature = signature_of(target->kind, target->server);
	Entry *entry;

	if (stopping)
		return answer_error("shutting_down", "the sidecar is shutting down", NULL,
							"Try again when it is back.");
	entry = find_entry(target);
	entry->used = monotonic_ms();
	if (is_fresh(entry, signature, max_age_ms))
	{
		counters.hits++;
		return answer_keep(entry->answer);
	}

	/* while Barman runs again for one caller, others get the answer of a moment ago */
	if ((entry->running || entry->queued) && is_stale_but_good(entry, signature, max_age_ms))
	{
		counters.hits++;
		return answer_keep(entry->answer);
	}
	if (entry->running)
	{
		/* A run that began before the last change may not reflect it. */
		bool current = entry->run_generation == entry->generation &&
					   entry->run_signature == signature;

		counters.joined++;
		add_waiter(current ? &entry->waiters : &entry->later, waiter);
		return NULL;
	}
	if (entry->queued)
		counters.joined++;
	else
	{
		if (queue_length >= MAX_QUEUE)
			return answer_error("too_many_requests",
								"too many different questions are waiting for Barman", NULL,
								"Try again later.");
		enqueue(entry);
	}
	add_waiter(&entry->waiters, waiter);
	return NULL;
}

static Entry *
find_entry(const ReadTarget *target)
{
	Entry *entry = seek_entry(target);

	if (entry != NULL)
		return entry;
	if (entry_count >= MAX_ENTRIES)
		evict_entries();
	entry = mem_alloc(sizeof(Entry));
	entry->kind = target->kind;
	entry->server = mem_strdup(target->server);
	entry->argument = mem_strdup(target->argument);
	entry->next = entries;
	entries = entry;
	entry_count++;
	return entry;
}

static Entry *
seek_entry(const ReadTarget *target)
{
	for (Entry *entry = entries; entry != NULL; entry = entry->next)
	{
		if (entry->kind == target->kind && strcmp(entry->server, target->server) == 0 &&
			strcmp(entry->argument, target->argument) == 0)
			return entry;
	}
	return NULL;
}

/* Drop the older half of the entries that nobody waits for. */
static void
evict_entries(void)
{
	int64_t oldest = INT64_MAX;
	int64_t limit;

	for (Entry *entry = entries; entry != NULL; entry = entry->next)
	{
		if (entry->used < oldest)
			oldest = entry->used;
	}
	limit = oldest + (monotonic_ms() - oldest) / 2;
	for (Entry **link = &entries; *link != NULL;)
	{
		Entry *entry = *link;

		if (entry->used <= limit && !entry->running && !entry->queued)
		{
			*link = entry->next;
			free_entry(entry);
			entry_count--;
		}
		else
			link = &entry->next;
	}
}

static void
free_entry(Entry *entry)
{
	answer_release(entry->answer);
	free(entry->server);
	free(entry->argument);
	free(entry);
}

static bool
is_fresh(const Entry *entry, uint64_t signature, int64_t max_age_ms)
{
	int64_t limit = kinds[entry->kind].max_age_ms;

	if (entry->answer == NULL || entry->answer_generation != entry->generation ||
		entry->answer_signature != signature)
		return false;
	if (kinds[entry->kind].watched && signature == 0 && limit > UNWATCHED_AGE_MS)
		limit = UNWATCHED_AGE_MS;
	if ((entry->answer->status != 200 || entry->answer->provisional) && limit > SHORT_AGE_MS)
		limit = SHORT_AGE_MS;
	if (max_age_ms >= 0 && max_age_ms < limit)
		limit = max_age_ms;
	return monotonic_ms() - entry->answer->made < limit;
}

/*
 * Expired, but no job and no change of the catalogue has come since; never for
 * longer than a run of Barman should take.  Expired failures are not served.
 */
static bool
is_stale_but_good(const Entry *entry, uint64_t signature, int64_t max_age_ms)
{
	int64_t limit = kinds[entry->kind].max_age_ms;

	if (max_age_ms >= 0 || entry->answer == NULL || entry->answer->status != 200 ||
		entry->answer->provisional || entry->answer_generation != entry->generation ||
		entry->answer_signature != signature)
		return false;
	if (kinds[entry->kind].watched && signature == 0 && limit > UNWATCHED_AGE_MS)
		limit = UNWATCHED_AGE_MS;
	return monotonic_ms() - entry->answer->made < limit + MAX_STALE_MS;
}

static uint64_t
signature_of(ReadKind kind, const char *server)
{
	uint64_t configuration;
	uint64_t catalogue;

	if (!kinds[kind].watched)
		return 0;
	configuration = configuration_signature(settings.barman_config);
	if (kind == READ_SERVERS)
		return configuration;
	catalogue = catalogue_signature(server);
	return catalogue != 0 ? catalogue ^ configuration : 0;
}

static void
add_waiter(ReadWaiter **list, ReadWaiter *waiter)
{
	if (waiter == NULL)
		return;
	waiter->wait(waiter->arg);
	waiter->next = *list;
	*list = waiter;
}

static void
wake_all(ReadWaiter **list, Answer *answer)
{
	ReadWaiter *waiter = *list;

	*list = NULL;
	while (waiter != NULL)
	{
		ReadWaiter *next = waiter->next; /* freed once woken */

		waiter->wake(waiter->arg, answer_keep(answer));
		waiter = next;
	}
}

static void
enqueue(Entry *entry)
{
	entry->queued = true;
	entry->queued_next = NULL;
	*queue_tail = entry;
	queue_tail = &entry->queued_next;
	queue_length++;
	pthread_cond_broadcast(&work);
}

/* The first entry that may run now: see "live" above. */
static Entry *
dequeue(void)
{
	for (Entry **link = &queue_head; *link != NULL; link = &(*link)->queued_next)
	{
		Entry *entry = *link;

		if (kinds[entry->kind].live && live_running >= worker_count - 1)
			continue;
		*link = entry->queued_next;
		if (queue_tail == &entry->queued_next)
			queue_tail = link;
		entry->queued = false;
		queue_length--;
		return entry;
	}
	return NULL;
}

static void *
worker_main(void *arg)
{
	(void) arg;
	pthread_mutex_lock(&lock);
	while (!stopping)
	{
		Entry *entry = dequeue();

		if (entry != NULL)
			run_entry(entry);
		else
			pthread_cond_wait(&work, &lock);
	}
	pthread_mutex_unlock(&lock);
	return NULL;
}

/* Call with the lock held; releases it while Barman runs. */
static void
run_entry(Entry *entry)
{
	ReadTarget target = {entry->kind, entry->server, entry->argument};
	bool live = kinds[entry->kind].live;
	Answer *answer;

	/* Set both before the run: a change during the run makes its answer stale. */
	entry->running = true;
	entry->run_generation = entry->generation;
	entry->run_signature = signature_of(entry->kind, entry->server);
	live_running += live;
	counters.runs++;
	pthread_mutex_unlock(&lock);
	answer = execute(&target, control);
	pthread_mutex_lock(&lock);
	live_running -= live;
	entry->running = false;

	answer->cached = true;
	answer_release(entry->answer);
	entry->answer = answer;
	entry->answer_generation = entry->run_generation;
	entry->answer_signature = entry->run_signature;
	wake_all(&entry->waiters, answer);
	if (entry->later != NULL)
	{
		entry->waiters = entry->later;
		entry->later = NULL;
		enqueue(entry);
	}
	pthread_cond_broadcast(&work); /* a live entry may run now */
}

static void
blocking_wait(void *arg)
{
	(void) arg;
}

static void
blocking_wake(void *arg, Answer *answer)
{
	BlockingWaiter *blocking = arg;

	blocking->answer = answer;
	pthread_cond_signal(&blocking->woken);
}
