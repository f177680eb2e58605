/*
 * read_cache.c
 *
 * The cache of reads, and the threads that run Barman for it: gives one run's
 * answer to all who ask meanwhile, and again while it is fresh
 * (read_freshness.c).  Knows no HTTP, and of an answer only its status.
 */
#include "barman/read_cache.h"

#include <pthread.h>
#include <string.h>

#include "barman/catalogue.h"
#include "barman/read_ahead.h"
#include "barman/read_entries.h"
#include "barman/read_freshness.h"
#include "base/timestamp.h"

#define MAX_WORKERS 64

/* A longer queue only makes things worse. */
#define MAX_QUEUE 128

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
static ReadEntry *queue_head;
static ReadEntry **queue_tail = &queue_head;
static int queue_length;
static ReadCounters counters;

static Answer *get(const ReadTarget *target, int64_t max_age_ms, ReadWaiter *waiter);
static bool is_unchanged(const ReadEntry *entry, uint64_t signature);
static void add_waiter(ReadWaiter **list, ReadWaiter *waiter);
static void wake_all(ReadWaiter **list, Answer *answer);
static void enqueue(ReadEntry *entry);
static ReadEntry *dequeue(void);
static void *worker_main(void *arg);
static void run_entry(ReadEntry *entry);
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
	ReadEntry *entry;

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
	while ((entry = read_entries_take()) != NULL)
	{
		wake_all(&entry->waiters, refusal);
		wake_all(&entry->later, refusal);
		read_entry_free(entry);
	}
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
	ReadEntry *entry;
	Answer *answer;

	pthread_mutex_lock(&lock);
	entry = read_entry_find(target);
	answer = entry != NULL && entry->answer != NULL ? answer_keep(entry->answer) : NULL;
	pthread_mutex_unlock(&lock);
	return answer;
}

bool
reads_has(const ReadTarget *target)
{
	uint64_t signature = read_signature(target->kind, target->server);
	ReadEntry *entry;
	bool fresh;

	pthread_mutex_lock(&lock);
	entry = read_entry_find(target);
	fresh = entry != NULL && is_unchanged(entry, signature) &&
			read_is_fresh(entry->kind, entry->answer, signature, READ_AGE_DEFAULT);
	pthread_mutex_unlock(&lock);
	return fresh;
}

bool
reads_learn_directories(const char *server)
{
	ReadTarget directories = {READ_DIRECTORIES, server, ""};

	if (!catalogue_known(server))
		answer_release(reads_wait(&directories, READ_AGE_DEFAULT));
	/* if it cannot be had now, what was told before counts */
	return catalogue_told(server);
}

void
reads_invalidate(const char *server)
{
	pthread_mutex_lock(&lock);
	for (ReadEntry *entry = read_entries_all(); entry != NULL; entry = entry->next)
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
	uint64_t signature = read_signature(target->kind, target->server);
	ReadEntry *entry;
	bool unchanged;

	if (stopping)
		return answer_error("shutting_down", "the sidecar is shutting down", NULL,
							"Try again when it is back.");
	entry = read_entry_for(target);
	entry->used = monotonic_ms();
	unchanged = is_unchanged(entry, signature);
	if (unchanged && read_is_fresh(entry->kind, entry->answer, signature, max_age_ms))
	{
		counters.hits++;
		return answer_keep(entry->answer);
	}

	/* while Barman runs again for one caller, others get the answer of a moment ago */
	if ((entry->running || entry->queued) && unchanged &&
		read_is_stale_but_good(entry->kind, entry->answer, signature, max_age_ms))
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

/* Neither a job nor a change of the files has come since the answer was made. */
static bool
is_unchanged(const ReadEntry *entry, uint64_t signature)
{
	return entry->answer != NULL && entry->answer_generation == entry->generation &&
		   entry->answer_signature == signature;
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
enqueue(ReadEntry *entry)
{
	entry->queued = true;
	entry->queued_next = NULL;
	*queue_tail = entry;
	queue_tail = &entry->queued_next;
	queue_length++;
	pthread_cond_broadcast(&work);
}

/* The first entry that may run now: one that is live never gets the last worker. */
static ReadEntry *
dequeue(void)
{
	for (ReadEntry **link = &queue_head; *link != NULL; link = &(*link)->queued_next)
	{
		ReadEntry *entry = *link;

		if (read_is_live(entry->kind) && live_running >= worker_count - 1)
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
		ReadEntry *entry = dequeue();

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
run_entry(ReadEntry *entry)
{
	ReadTarget target = {entry->kind, entry->server, entry->argument};
	bool live = read_is_live(entry->kind);
	Answer *answer;

	/* Set both before the run: a change during the run makes its answer stale. */
	entry->running = true;
	entry->run_generation = entry->generation;
	entry->run_signature = read_signature(entry->kind, entry->server);
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
