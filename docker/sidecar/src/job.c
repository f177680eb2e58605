/*
 * job.c
 *
 * The life of a job: submitted, run in its own thread, recorded at each step,
 * watched by long polls that hold no thread.  What a job does is in job_*.c.
 */
#include "job.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "barman_run.h"
#include "job_internal.h"
#include "job_keys.h"
#include "job_store.h"
#include "log.h"
#include "memory.h"
#include "process.h"
#include "reads.h"
#include "timestamp.h"

/* More at once than any Barman host should do. */
#define MAX_RUNNING 32

#define KEEP_JOBS 1000
#define KEEP_US (INT64_C(30) * 86400 * 1000000)

/* Between SIGINT, on which Barman tidies up, and SIGKILL */
#define CANCEL_GRACE_MS 10000

/* jobs_stop() waits no longer; the program must end within ten seconds. */
#define STOP_MS 8000

#define MAX_LOG_LINES 2000
#define MAX_LOG_TEXT 4000

/* More segments archived at once are told in one line. */
#define MAX_SEGMENT_LINES 3

/* What a run of Barman needs to know of the job it works for. */
typedef struct JobRun
{
	Job		   *job;
	bool		(*tick) (void *arg);
	void	   *arg;
} JobRun;

/*
 * lock guards the jobs and the barred keys; record_lock is taken first, around writing a
 * record, so that the newest record is also the last one written.
 */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t record_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t job_ended = PTHREAD_COND_INITIALIZER;
static Job *jobs;
static int	running;
static bool stopping;

static void *job_main(void *arg);
static void decide(Job *job, JobState state, json_t *result, json_t *error);
static void settle(Job *job);
static Job *find_job(const char *id);
static Job *find_key(const char *key);
static Job *find_running(const Job *except, const char *kind, const char *server, bool cancelled);
static void wait_for_turn(Job *job);
static void request_cancel(Job *job);
static Answer *accepted(int status, const Job *job);
static void new_id(char id[ID_SIZE]);
static bool record(Job *job);
static void add_line(Job *job, JobLogLevel level, const char *text);
static size_t count_segments(const json_t *messages, size_t first);
static void touch(Job *job);
static void free_job(Job *job);
static void insert_job(Job *job);
static void recover(Job *job, const json_t *record);
static void purge(void);
static void run_started(void *arg, pid_t pid);
static bool run_ticks(void *arg);

bool
jobs_start(const char *state_dir)
{
	json_t	   *records;
	json_t	   *one;
	size_t		i;

	if (!job_store_open(state_dir))
		return false;
	stopping = false;
	records = job_store_load();
	json_array_foreach(records, i, one)
	{
		Job		   *job = job_of_record(one);

		if (job != NULL && find_job(job->id) != NULL)
		{
			free_job(job);
			job = NULL;
		}
		if (job == NULL)
		{
			log_line(LOGLEVEL_WARNING, "the record of a job is incomplete: ignored", "id",
					 json_string_value(json_object_get(one, "id")), NULL);
			continue;
		}
		insert_job(job);
		if (!job_has_ended(job))
			recover(job, one);
	}
	json_decref(records);
	pthread_mutex_lock(&lock);
	purge();
	pthread_mutex_unlock(&lock);
	return true;
}

void
jobs_stop(void)
{
	struct timespec until;

	pthread_mutex_lock(&lock);
	stopping = true;
	for (Job *job = jobs; job != NULL; job = job->next)
	{
		if (!job_has_ended(job))
		{
			job->cancel_requested = true;
			run_control_hurry(job->control);
		}
	}
	pthread_cond_broadcast(&job_ended);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += STOP_MS / 1000;
	while (running > 0)
	{
		if (pthread_cond_timedwait(&job_ended, &lock, &until) == ETIMEDOUT)
			break;
	}
	for (Job *job = jobs; job != NULL; job = job->next)
		touch(job);
	/* Its record says "running", so the next start makes it lost. */
	if (running > 0)
		log_line(LOGLEVEL_ERROR, "a job does not end: left as it is", NULL);
	pthread_mutex_unlock(&lock);
}

void
jobs_forget(void)
{
	bool		idle;

	pthread_mutex_lock(&lock);
	idle = running == 0;
	while (idle && jobs != NULL)
	{
		Job		   *next = jobs->next;

		free_job(jobs);
		jobs = next;
	}
	job_keys_forget();
	pthread_mutex_unlock(&lock);
	if (idle)
		job_store_close();
}

Answer *
job_submit(const Request *request, const JobKind *kind, const char *server, json_t *arguments)
{
	Job		   *job;
	Job		   *other;
	pthread_attr_t attributes;
	pthread_t	thread;
	Answer	   *answer = NULL;
	RunControl *control;
	bool		started;

	pthread_mutex_lock(&lock);
	/* one that was cancelled is on its way out: ours waits for its end */
	other = kind->exclusive ? find_running(NULL, kind->name, server, false) : NULL;
	if (stopping)
		answer = answer_error("shutting_down", "the sidecar is shutting down", NULL,
							  "Try again when it is back.");
	else if (other != NULL)
	{
		char	   *message = mem_printf("another %s of server \"%s\" is running", kind->name, server);
		char	   *detail = mem_printf("It is job %s.", other->id);

		answer = answer_error(BARMAN_BACKUP_RUNNING, message, detail,
							  "Wait until it has ended, or cancel it.");
		free(message);
		free(detail);
	}
	else if (running >= MAX_RUNNING)
		answer = answer_error("too_many_requests", "too many jobs are running", NULL,
							  "Try again later.");
	control = answer == NULL ? run_control_create() : NULL;
	if (answer == NULL && control == NULL)
		answer = answer_error(BARMAN_INTERNAL, "out of file descriptors", NULL, NULL);
	if (answer != NULL)
	{
		pthread_mutex_unlock(&lock);
		json_decref(arguments);
		return answer;
	}

	job = mem_alloc(sizeof(Job));
	new_id(job->id);
	job->kind = mem_strdup(kind->name);
	job->server = mem_strdup(server);
	job->key = mem_strdup(request->key);
	job->request = job_request_text(request);
	job->state = STATE_QUEUED;
	job->created = timestamp_now();
	job->clock = monotonic_ms();
	job->does = kind;
	job->arguments = arguments;
	job->control = control;
	job->log = json_checked(json_array());
	insert_job(job);
	running++;
	purge();
	pthread_mutex_unlock(&lock);

	/* Durable before anybody hears of it. */
	if (!record(job))
		answer = answer_error(BARMAN_INTERNAL, "could not record the job",
							  "The state directory cannot be written.",
							  "Look at the sidecar's log.");
	pthread_mutex_lock(&lock);
	if (answer == NULL)
	{
		answer = accepted(202, job);
		pthread_attr_init(&attributes);
		pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
		started = pthread_create(&thread, &attributes, job_main, job) == 0;
		pthread_attr_destroy(&attributes);
		if (!started)
		{
			answer_release(answer);
			answer = answer_error(BARMAN_INTERNAL, "could not start a thread", NULL, NULL);
		}
	}
	if (answer->status != 202)
	{
		decide(job, STATE_FAILED, NULL,
			   error_json(BARMAN_INTERNAL, "the job could not be started", NULL, NULL));
		settle(job);
	}
	pthread_mutex_unlock(&lock);
	return answer;
}

Answer *
job_of_request(const Request *request)
{
	Job		   *job;
	Answer	   *answer = NULL;
	char	   *text;

	if (request->key == NULL)
		return NULL;
	text = job_request_text(request);
	pthread_mutex_lock(&lock);
	job = find_key(request->key);
	if (job != NULL && strcmp(job->request, text) != 0)
	{
		char	   *detail = mem_printf("It was sent with: %s.", job->request);

		answer = answer_error("conflict", "the idempotency key belongs to another request",
							  detail, "Use each key for one request.");
		free(detail);
	}
	else if (job != NULL)
		answer = accepted(202, job);
	else if (job_keys_barred(request->key))
		answer = answer_error("conflict", "the request was cancelled before it came", NULL,
							  "Send it again with another Idempotency-Key.");
	pthread_mutex_unlock(&lock);
	free(text);
	return answer;
}

Answer *
job_cancel_key(const char *key)
{
	Job		   *job;
	Answer	   *answer;
	json_t	   *nothing;

	pthread_mutex_lock(&lock);
	job = find_key(key);
	if (job == NULL)
	{
		job_keys_bar(key);
		nothing = json_checked(json_object());
		json_object_set_new(nothing, "job", json_null());
		answer = answer_json(200, nothing);
	}
	else if (job_has_ended(job))
		answer = accepted(200, job);
	else
	{
		request_cancel(job);
		answer = accepted(202, job);
	}
	pthread_mutex_unlock(&lock);
	return answer;
}

Answer *
job_poll(Request *request, const char *id, int64_t after, int64_t wait_ms)
{
	Job		   *job;
	json_t	   *value;
	json_t	   *lines;
	bool		first = request->job_deadline == 0;

	pthread_mutex_lock(&lock);
	job = find_job(id);
	if (job == NULL)
	{
		pthread_mutex_unlock(&lock);
		return answer_errorf("unknown_job", "there is no job \"%s\"", id);
	}
	if (first && wait_ms > 0 && !stopping && !job_has_ended(job) && job->log_lines <= after)
	{
		request->job_deadline = monotonic_ms() + wait_ms;
		http_suspend(request);
		request->job_next = job->waiters;
		job->waiters = request;
		pthread_mutex_unlock(&lock);
		return NULL;
	}

	value = json_checked(json_object());
	json_object_set_new(value, "job", job_json(job));
	if (job->log != NULL)
	{
		lines = json_checked(json_array());
		for (size_t i = after > 0 ? (size_t) after : 0; i < json_array_size(job->log); i++)
			json_array_append(lines, json_array_get(job->log, i));
		/* a copy: the log grows while the answer is sent */
		json_object_set_new(value, "log", json_checked(json_deep_copy(lines)));
		json_decref(lines);
		pthread_mutex_unlock(&lock);
	}
	else
	{
		pthread_mutex_unlock(&lock);
		json_object_set_new(value, "log", job_store_read_log(id, after));
	}
	return answer_json(200, value);
}

Answer *
job_cancel(const char *id)
{
	Job		   *job;
	Answer	   *answer;

	pthread_mutex_lock(&lock);
	job = find_job(id);
	if (job == NULL)
		answer = answer_errorf("unknown_job", "there is no job \"%s\"", id);
	else if (job_has_ended(job))
		answer = answer_errorf("job_ended", "job \"%s\" has already ended: it is %s", id,
							   job_state_names[job->state]);
	else
	{
		request_cancel(job);
		answer = accepted(202, job);
	}
	pthread_mutex_unlock(&lock);
	return answer;
}

Answer *
jobs_list(void)
{
	json_t	   *list = json_checked(json_array());
	json_t	   *value = json_checked(json_object());

	pthread_mutex_lock(&lock);
	for (Job *job = jobs; job != NULL; job = job->next)
		json_array_append_new(list, job_json(job));
	pthread_mutex_unlock(&lock);
	json_object_set_new(value, "jobs", list);
	return answer_json(200, value);
}

void
jobs_end_waits(int64_t now)
{
	pthread_mutex_lock(&lock);
	for (Job *job = jobs; job != NULL; job = job->next)
	{
		for (Request **link = &job->waiters; *link != NULL;)
		{
			Request    *request = *link;

			if (now >= request->job_deadline)
			{
				*link = request->job_next;
				http_resume(request);
			}
			else
				link = &request->job_next;
		}
	}
	pthread_mutex_unlock(&lock);
}

JobCounters
jobs_counters(void)
{
	JobCounters counters = {0};

	pthread_mutex_lock(&lock);
	for (Job *job = jobs; job != NULL; job = job->next)
	{
		counters.running += !job_has_ended(job);
		counters.done += job->state == STATE_DONE;
		counters.failed += job->state == STATE_FAILED;
		counters.cancelled += job->state == STATE_CANCELLED;
		counters.lost += job->state == STATE_LOST;
	}
	pthread_mutex_unlock(&lock);
	return counters;
}

const char *
job_server(const Job *job)
{
	return job->server;
}

int64_t
job_elapsed_ms(const Job *job)
{
	return monotonic_ms() - job->clock;
}

void
job_phase(Job *job, const char *phase)
{
	char	   *text;

	text = mem_printf("%s (after %.1f s)", phase, (double) job_elapsed_ms(job) / 1000);
	pthread_mutex_lock(&lock);
	free(job->phase);
	job->phase = mem_strdup(phase);
	add_line(job, JOB_INFO, text);
	pthread_mutex_unlock(&lock);
	free(text);
	record(job);
}

void
job_progress(Job *job, double part)
{
	pthread_mutex_lock(&lock);
	job->progress = part < 0 ? 0 : part > 1 ? 1 : part;
	pthread_mutex_unlock(&lock);
}

void
job_system_identifier(Job *job, const char *identifier)
{
	pthread_mutex_lock(&lock);
	free(job->system_identifier);
	job->system_identifier = mem_strdup(identifier);
	pthread_mutex_unlock(&lock);
}

void
job_needs_wal(Job *job, bool needs)
{
	pthread_mutex_lock(&lock);
	if (job->needs_wal != needs)
	{
		job->needs_wal = needs;
		touch(job);
	}
	pthread_mutex_unlock(&lock);
}

void
job_log(Job *job, JobLogLevel level, const char *format,...)
{
	va_list		args;
	char	   *text;

	va_start(args, format);
	text = mem_vprintf(format, args);
	va_end(args);
	pthread_mutex_lock(&lock);
	add_line(job, level, text);
	pthread_mutex_unlock(&lock);
	free(text);
}

void
job_log_messages(Job *job, json_t *messages)
{
	size_t		i;
	json_t	   *message;

	/* all at once: who watches hears them in one answer */
	pthread_mutex_lock(&lock);
	json_array_foreach(messages, i, message)
	{
		const char *level = json_string_value(json_object_get(message, "level"));
		const char *text = json_string_value(json_object_get(message, "text"));
		size_t		segments = count_segments(messages, i);

		if (segments > MAX_SEGMENT_LINES)
		{
			char	   *summary = mem_printf("\t%zu segments, %s to %s", segments, text + 1,
											 json_string_value(json_object_get(json_array_get(messages, i + segments - 1), "text")) + 1);

			add_line(job, JOB_INFO, summary);
			free(summary);
			i += segments - 1;
		}
		else if (level != NULL && text != NULL)
			add_line(job, strcmp(level, "error") == 0 ? JOB_ERROR :
					 strcmp(level, "warning") == 0 ? JOB_WARNING : JOB_INFO, text);
	}
	pthread_mutex_unlock(&lock);
	json_decref(messages);
}

/*
 * Barman gives each segment that it archives a line of its own.  How many such
 * lines are there from this one on?
 */
static size_t
count_segments(const json_t *messages, size_t first)
{
	size_t		n = first;

	for (; n < json_array_size(messages); n++)
	{
		const char *text = json_string_value(json_object_get(json_array_get(messages, n), "text"));

		if (text == NULL || text[0] != '\t' || strlen(text) != 25 ||
			strspn(text + 1, "0123456789ABCDEF") != 24)
			break;
	}
	return n - first;
}

bool
job_run(Job *job, const char *const *arguments, int64_t deadline_ms,
		bool (*tick) (void *arg), void *arg, RunResult *result)
{
	JobRun		run = {job, tick, arg};
	RunRequest	request = {
		.deadline_ms = deadline_ms,
		.grace_ms = CANCEL_GRACE_MS,
		.control = job->control,
		.started = run_started,
		.tick = tick != NULL ? run_ticks : NULL,
		.tick_ms = 200,
		.arg = &run
	};

	barman_run(&request, arguments, result);
	pthread_mutex_lock(&lock);
	job->process = 0;
	pthread_mutex_unlock(&lock);
	return !run_control_cancelled(job->control);
}

bool
job_run_program(Job *job, const char *const *argv, int64_t deadline_ms, RunResult *result)
{
	JobRun		run = {job, NULL, NULL};
	RunRequest	request = {
		.argv = argv,
		.deadline_ms = deadline_ms,
		.grace_ms = CANCEL_GRACE_MS,
		.control = job->control,
		.started = run_started,
		.arg = &run
	};

	runner_run(&request, result);
	pthread_mutex_lock(&lock);
	job->process = 0;
	pthread_mutex_unlock(&lock);
	return !run_control_cancelled(job->control);
}

bool
job_sleep(Job *job, int64_t milliseconds)
{
	return run_control_sleep(job->control, milliseconds);
}

bool
job_cancelled(const Job *job)
{
	return run_control_cancelled(job->control);
}

void
job_done(Job *job, json_t *result)
{
	char	   *text = mem_printf("done (after %.1f s)", (double) job_elapsed_ms(job) / 1000);

	pthread_mutex_lock(&lock);
	decide(job, STATE_DONE, result, NULL);
	add_line(job, JOB_INFO, text);
	pthread_mutex_unlock(&lock);
	free(text);
}

void
job_fail(Job *job, const char *code, const char *message,
		 const char *detail, const char *hint)
{
	pthread_mutex_lock(&lock);
	decide(job, STATE_FAILED, NULL, error_json(code, message, detail, hint));
	pthread_mutex_unlock(&lock);
}

void
job_fail_with(Job *job, BarmanFailure *failure)
{
	job_fail(job, failure->code != NULL ? failure->code : BARMAN_INTERNAL,
			 failure->message != NULL ? failure->message : "unknown failure",
			 failure->detail, failure->hint);
	barman_failure_clear(failure);
}

static void *
job_main(void *arg)
{
	Job		   *job = arg;

	pthread_mutex_lock(&lock);
	wait_for_turn(job);
	job->state = STATE_RUNNING;
	job->started = timestamp_now();
	touch(job);
	pthread_mutex_unlock(&lock);
	record(job);
	log_line(LOGLEVEL_INFO, "job started", "id", job->id, "kind", job->kind,
			 "server", job->server, NULL);

	/* Also when it is cancelled already: the body gives back what its route claimed. */
	job->does->body(job, job->arguments);

	pthread_mutex_lock(&lock);
	if (job->cancel_requested && !(job->decided && job->decision == STATE_DONE))
	{
		bool		by_stop = stopping;

		decide(job, STATE_CANCELLED, NULL,
			   by_stop ? error_json(SIDECAR_SHUTTING_DOWN, "the job was cancelled because the sidecar stopped", NULL, NULL)
			   : error_json("cancelled", "the job was cancelled", NULL, NULL));
		add_line(job, JOB_WARNING, "cancelled");
	}
	else if (!job->decided)
		decide(job, STATE_FAILED, NULL,
			   error_json(BARMAN_INTERNAL, "the job ended without a result", NULL, NULL));
	pthread_mutex_unlock(&lock);

	/*
	 * Recorded before anybody hears of the end, and what was read before it is
	 * forgotten; who reports success has seen to that.
	 */
	record(job);
	if (job->decision != STATE_DONE)
		reads_invalidate(job->server);
	pthread_mutex_lock(&lock);
	settle(job);
	pthread_mutex_unlock(&lock);
	return NULL;
}

/* How the job will have ended; the lock is held. */
static void
decide(Job *job, JobState state, json_t *result, json_t *error)
{
	json_decref(job->result);
	json_decref(job->error);
	job->result = result;
	job->error = error;
	job->decided = true;
	job->decision = state;
	job->ended = timestamp_now();
	job->elapsed_ms = monotonic_ms() - job->clock;
	job->needs_wal = false;
}

/*
 * Make the decision known and let go of what only a running job has; the lock
 * is held.  The job may be gone as soon as the lock is.
 */
static void
settle(Job *job)
{
	char		elapsed[32];

	job->state = job->decision;
	snprintf(elapsed, sizeof(elapsed), "%lld", (long long) job->elapsed_ms);
	log_line(job->state == STATE_DONE ? LOGLEVEL_INFO : LOGLEVEL_WARNING, "job ended",
			 "id", job->id, "kind", job->kind, "server", job->server,
			 "state", job_state_names[job->state], "ms", elapsed,
			 "error", json_string_value(json_object_get(job->error, "message")),
			 "detail", json_string_value(json_object_get(job->error, "detail")), NULL);
	run_control_destroy(job->control);
	job->control = NULL;
	json_decref(job->arguments);
	job->arguments = NULL;
	json_decref(job->log);
	job->log = NULL;			/* from now on it is read from its file */
	job->does = NULL;
	touch(job);
	running--;
	pthread_cond_broadcast(&job_ended);
}

static Job *
find_job(const char *id)
{
	for (Job *job = jobs; job != NULL; job = job->next)
	{
		if (strcmp(job->id, id) == 0)
			return job;
	}
	return NULL;
}

static Job *
find_key(const char *key)
{
	for (Job *job = jobs; job != NULL; job = job->next)
	{
		if (job->key != NULL && strcmp(job->key, key) == 0)
			return job;
	}
	return NULL;
}

static Job *
find_running(const Job *except, const char *kind, const char *server, bool cancelled)
{
	for (Job *job = jobs; job != NULL; job = job->next)
	{
		if (job != except && !job_has_ended(job) && job->cancel_requested == cancelled &&
			strcmp(job->kind, kind) == 0 &&
			job->server != NULL && server != NULL && strcmp(job->server, server) == 0)
			return job;
	}
	return NULL;
}

/*
 * Until those have ended that were cancelled in favour of this one, which
 * Barman may take seconds for.  The lock is held, and let go meanwhile.
 */
static void
wait_for_turn(Job *job)
{
	bool		told = false;

	while (job->does->exclusive && !job->cancel_requested)
	{
		Job		   *other = find_running(job, job->kind, job->server, true);
		char	   *text;

		if (other == NULL)
			break;
		if (!told)
		{
			text = mem_printf("waiting until job %s, which was cancelled, has ended", other->id);
			add_line(job, JOB_INFO, text);
			free(text);
			told = true;
		}
		pthread_cond_wait(&job_ended, &lock);
	}
}

/* The lock is held. */
static void
request_cancel(Job *job)
{
	if (job->cancel_requested)
		return;
	job->cancel_requested = true;
	add_line(job, JOB_WARNING, "cancelling");
	run_control_cancel(job->control);
	pthread_cond_broadcast(&job_ended); /* it may be waiting for its turn */
}

/* 20261122T081530Z-3f9a2c: sorts by time, and is not easily guessed. */
static void
new_id(char id[ID_SIZE])
{
	time_t		now = time(NULL);
	struct tm	parts;
	char		stamp[24];

	gmtime_r(&now, &parts);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &parts);
	do
	{
		unsigned int random = 0;

		if (getrandom(&random, sizeof(random), 0) != (ssize_t) sizeof(random))
			random = (unsigned int) timestamp_now();
		snprintf(id, ID_SIZE, "%s-%06x", stamp, random & 0xffffff);
	} while (find_job(id) != NULL);
}

static bool
record(Job *job)
{
	json_t	   *value;
	bool		good;

	pthread_mutex_lock(&record_lock);
	pthread_mutex_lock(&lock);
	value = job_record_json(job);
	pthread_mutex_unlock(&lock);
	good = job_store_write(json_string_value(json_object_get(value, "id")), value);
	pthread_mutex_unlock(&record_lock);
	json_decref(value);
	return good;
}

/* The lock is held. */
static void
add_line(Job *job, JobLogLevel level, const char *text)
{
	static const char *const levels[] = {
		[JOB_INFO] = "info",
		[JOB_WARNING] = "warning",
		[JOB_ERROR] = "error"
	};
	json_t	   *line;
	char		now[TIMESTAMP_LENGTH];
	char	   *cut = NULL;

	if (job->log_lines > MAX_LOG_LINES)
		return;
	if (job->log_lines == MAX_LOG_LINES)
	{
		text = "further lines are dropped";
		level = JOB_WARNING;
	}
	if (strlen(text) > MAX_LOG_TEXT)
	{
		size_t		length = MAX_LOG_TEXT;

		/* not within a character */
		while (length > 0 && ((unsigned char) text[length] & 0xc0) == 0x80)
			length--;
		cut = mem_printf("%.*s...", (int) length, text);
		text = cut;
	}
	timestamp_format(timestamp_now(), now);
	line = json_checked(json_object());
	json_object_set_new(line, "n", json_integer(++job->log_lines));
	json_object_set_new(line, "at", json_text(now));
	json_object_set_new(line, "level", json_text(levels[level]));
	json_object_set_new(line, "text", json_text(text));
	job_store_append_log(job->id, line);
	log_line(level == JOB_INFO ? LOGLEVEL_DEBUG : LOGLEVEL_WARNING, text,
			 "job", job->id, "kind", job->kind, "server", job->server, NULL);
	if (job->log != NULL)
		json_array_append(job->log, line);
	json_decref(line);
	free(cut);
	if (!job->decided)
		touch(job);				/* else the end itself will, in a moment */
}

/* Wake the long polls; the lock is held. */
static void
touch(Job *job)
{
	Request    *request = job->waiters;

	job->waiters = NULL;
	while (request != NULL)
	{
		Request    *next = request->job_next;	/* gone once woken */

		http_resume(request);
		request = next;
	}
}

static void
free_job(Job *job)
{
	free(job->kind);
	free(job->server);
	free(job->key);
	free(job->request);
	free(job->phase);
	free(job->system_identifier);
	json_decref(job->result);
	json_decref(job->error);
	json_decref(job->arguments);
	json_decref(job->log);
	run_control_destroy(job->control);
	free(job);
}

/* Newest first */
static void
insert_job(Job *job)
{
	Job		  **link = &jobs;

	while (*link != NULL && (*link)->created > job->created)
		link = &(*link)->next;
	job->next = *link;
	*link = job;
}

/*
 * A job that was running when the sidecar crashed.  What still works for it
 * is ended: nobody would ever hear how it went.
 */
static void
recover(Job *job, const json_t *value)
{
	json_t	   *process = json_object_get(value, "process");
	json_t	   *lines;
	const char *boot = json_string_value(json_object_get(process, "boot"));

	log_line(LOGLEVEL_WARNING, "a job was running when the sidecar ended: it is lost",
			 "id", job->id, "kind", job->kind, "server", job->server, NULL);
	if (boot != NULL && strcmp(boot, process_boot_id()) == 0)
	{
		pid_t		group = (pid_t) json_integer_value(json_object_get(process, "group"));

		if (process_end_group(group,
							  (pid_t) json_integer_value(json_object_get(process, "session")),
							  (uint64_t) json_integer_value(json_object_get(process, "start_time")),
							  CANCEL_GRACE_MS / 2))
			log_line(LOGLEVEL_WARNING, "ended the processes of a lost job", "id", job->id, NULL);
	}

	/* The log may be longer than the record knew. */
	lines = job_store_read_log(job->id, 0);
	if ((int) json_array_size(lines) > job->log_lines)
		job->log_lines = (int) json_array_size(lines);
	json_decref(lines);
	pthread_mutex_lock(&lock);
	add_line(job, JOB_WARNING, "lost: the sidecar ended while the job ran");
	job->clock = monotonic_ms() - job->elapsed_ms;
	decide(job, STATE_LOST, NULL,
		   error_json("lost", "the sidecar ended while the job ran",
					  "How it went is not known; its processes were ended.",
					  "Look at the list of backups, then start it again."));
	job->state = STATE_LOST;
	pthread_mutex_unlock(&lock);
	record(job);
}

/* The lock is held. */
static void
purge(void)
{
	int64_t		oldest = timestamp_now() - KEEP_US;
	int			count = 0;

	for (Job **link = &jobs; *link != NULL;)
	{
		Job		   *job = *link;

		count++;
		if (job_has_ended(job) && job->waiters == NULL &&
			(count > KEEP_JOBS || job->created < oldest))
		{
			*link = job->next;
			job_store_remove(job->id);
			free_job(job);
		}
		else
			link = &job->next;
	}
}

/* In the job's thread, as soon as its process runs. */
static void
run_started(void *arg, pid_t pid)
{
	Job		   *job = ((JobRun *) arg)->job;

	pthread_mutex_lock(&lock);
	job->process = pid;
	job->process_start = process_start_time(pid);
	pthread_mutex_unlock(&lock);
	record(job);
}

static bool
run_ticks(void *arg)
{
	JobRun	   *run = arg;

	return run->tick(run->arg);
}

static Answer *
accepted(int status, const Job *job)
{
	json_t	   *value = json_checked(json_object());
	Answer	   *answer;

	json_object_set_new(value, "job", job_json(job));
	answer = answer_json(status, value);
	answer->location = mem_printf("/v1/jobs/%s", job->id);
	return answer;
}
