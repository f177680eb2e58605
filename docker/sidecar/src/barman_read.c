/*
 * barman_read.c
 *
 * Which command of Barman answers which question.  Reads only: nothing here
 * changes a catalogue (but see "barman check", which makes directories).
 */
#include "barman_read.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "barman_run.h"
#include "catalogue.h"
#include "disk.h"
#include "files.h"
#include "log.h"
#include "memory.h"
#include "options.h"
#include "timestamp.h"

/* A reading command has nothing to tidy up. */
#define READ_GRACE_MS 2000

/*
 * diagnose connects to every PostgreSQL; the list of backups waits for it no
 * longer than this, and leaves it alone for a while after it was late.
 */
#define DIAGNOSE_DEADLINE_MS 10000
#define DIAGNOSE_REST_MS 30000

/* show-servers hangs with PostgreSQL too; what it tells changes rarely. */
#define DIRECTORIES_DEADLINE_MS 15000

/* Of how many servers that is asked before anybody wants to know */
#define LEARN_MAX 16

typedef json_t *(*ParseServer) (const BarmanOutput *output, const char *server,
								BarmanFailure *failure);

typedef struct DiagnoseRun
{
	RunControl *control;
	RunResult	result;
} DiagnoseRun;

/*
 * What is known of finished backups, by server and id: only diagnose tells
 * when a backup began, and one look is enough.
 */
static pthread_mutex_t memory_lock = PTHREAD_MUTEX_INITIALIZER;
static json_t *remembered;
static int64_t diagnose_rests_until;

static Answer *read_version(RunControl *control);
static Answer *read_servers(RunControl *control);
static void learn_directories(const json_t *servers);
static Answer *read_backups(const ReadTarget *target, RunControl *control);
static Answer *read_backup(const ReadTarget *target, RunControl *control);
static void complete_backup(json_t *backup, const char *server, RunControl *control);
static Answer *read_check(const ReadTarget *target, RunControl *control);
static Answer *read_directories(const ReadTarget *target, RunControl *control);
static Answer *read_diagnose(int64_t deadline_ms, RunControl *control);
static Answer *read_server(const ReadTarget *target, RunControl *control,
						   const char *command, const char *key, ParseServer parse);
static Answer *finish(RunResult *result, json_t *value, const char *key,
					  BarmanFailure *failure);
static void run_read(const char *const *arguments, int64_t deadline_ms,
					 RunControl *control, bool console, RunResult *result);
static void *diagnose_main(void *arg);
static bool knows_every_backup(const char *server);
static bool diagnose_rests(void);
static bool recall(const char *server, json_t *backups);
static void remember(const char *server, const json_t *backups);

Answer *
barman_read(const ReadTarget *target, RunControl *control)
{
	switch (target->kind)
	{
		case READ_VERSION:
			return read_version(control);
		case READ_SERVERS:
			return read_servers(control);
		case READ_BACKUPS:
			return read_backups(target, control);
		case READ_BACKUP:
			return read_backup(target, control);
		case READ_FILES:
			return files_list(target->server, target->argument);
		case READ_DIRECTORIES:
			return read_directories(target, control);
		case READ_DISKS:
			return disk_list(target->server);
		case READ_CHECK:
			return read_check(target, control);
		case READ_STATUS:
			return read_server(target, control, "status", "status",
							   barman_parse_status);
		case READ_REPLICATION:
			return read_server(target, control, "replication-status", NULL,
							   barman_parse_replication);
		case READ_DIAGNOSE:
			return read_diagnose(options.read_timeout * 1000, control);
	}
	return answer_error(BARMAN_INTERNAL, "unknown kind of read", NULL, NULL);
}

int
barman_version(void)
{
	ReadTarget	target = {READ_VERSION, "", ""};
	Answer	   *answer = reads_wait(&target, READ_AGE_DEFAULT);
	int			number = 0;

	if (answer->status == 200)
		number = (int) json_integer_value(json_object_get(answer->value, "number"));
	answer_release(answer);
	return number;
}

void
barman_read_forget_all(void)
{
	pthread_mutex_lock(&memory_lock);
	json_decref(remembered);
	remembered = NULL;
	pthread_mutex_unlock(&memory_lock);
}

static Answer *
read_version(RunControl *control)
{
	const char *arguments[] = {"--version", NULL};
	RunResult	result;
	BarmanFailure failure;
	json_t	   *value = NULL;

	run_read(arguments, options.read_timeout * 1000, control, true, &result);
	if (barman_run_succeeded(&result, "--version", &failure))
	{
		BarmanOutput output = runner_output(&result);

		value = barman_parse_version(&output, &failure);
	}
	return finish(&result, value, NULL, &failure);
}

static Answer *
read_servers(RunControl *control)
{
	const char *arguments[] = {"list-servers", NULL};
	RunResult	result;
	BarmanFailure failure;
	json_t	   *value = NULL;

	run_read(arguments, options.read_timeout * 1000, control, false, &result);
	if (barman_run_succeeded(&result, "list-servers", &failure))
	{
		BarmanOutput output = runner_output(&result);

		value = barman_parse_servers(&output, &failure);
	}
	if (value != NULL)
		learn_directories(value);
	return finish(&result, value, "servers", &failure);
}

/*
 * Ask in time where each server's files are, so that the first list of its
 * backups is watched from the beginning.
 */
static void
learn_directories(const json_t *servers)
{
	json_t	   *one;
	size_t		i;

	json_array_foreach(servers, i, one)
	{
		const char *server = json_string_value(json_object_get(one, "server"));
		ReadTarget	target = {READ_DIRECTORIES, server, ""};

		if (i >= LEARN_MAX)
			break;
		if (server != NULL && !catalogue_known(server))
			answer_release(reads_get(&target, READ_AGE_DEFAULT, NULL));
	}
}

/*
 * list-backups and diagnose at the same time.  Only the first must succeed;
 * the second is asked only if there may be a backup we do not know.
 */
static Answer *
read_backups(const ReadTarget *target, RunControl *control)
{
	const char *arguments[] = {"list-backups", target->server, NULL};
	DiagnoseRun diagnose = {NULL, {0}};
	pthread_t	thread;
	bool		started = false;
	bool		complete = true;
	RunResult	result;
	BarmanFailure failure;
	json_t	   *backups = NULL;
	Answer	   *answer;

	if (!knows_every_backup(target->server) && !diagnose_rests() &&
		(diagnose.control = run_control_create()) != NULL)
		started = pthread_create(&thread, NULL, diagnose_main, &diagnose) == 0;

	run_read(arguments, options.read_timeout * 1000, control, false, &result);
	if (barman_run_succeeded(&result, "list-backups", &failure))
	{
		BarmanOutput output = runner_output(&result);

		backups = barman_parse_backups(&output, target->server, &failure);
	}
	if (backups != NULL)
		complete = recall(target->server, backups);

	if (started)
	{
		if (backups == NULL || complete || run_control_cancelled(control))
			run_control_cancel(diagnose.control);
		pthread_join(thread, NULL);
		if (backups != NULL && !complete)
		{
			BarmanOutput output = runner_output(&diagnose.result);
			BarmanFailure ignored = {0};
			json_t	   *document = NULL;

			if (diagnose.result.outcome == RUN_EXITED)
				document = barman_parse_diagnose(&output, &ignored);
			if (document != NULL &&
				barman_merge_diagnose(backups, target->server, document))
				remember(target->server, backups);
			else
				log_line(LOGLEVEL_WARNING, "the list of backups lacks what only diagnose tells",
						 "server", target->server, "cause",
						 diagnose.result.outcome == RUN_TIMED_OUT ? "diagnose was late" : ignored.message,
						 NULL);
			barman_failure_clear(&ignored);
			json_decref(document);
		}
		runner_free(&diagnose.result);
	}
	run_control_destroy(diagnose.control);

	answer = finish(&result, backups, "backups", &failure);
	if (!started && !complete && !diagnose_rests())
		answer->provisional = true; /* ask diagnose the next time */
	return answer;
}

static Answer *
read_backup(const ReadTarget *target, RunControl *control)
{
	const char *arguments[] = {"show-backup", target->server, target->argument, NULL};
	RunResult	result;
	BarmanFailure failure;
	json_t	   *value = NULL;

	run_read(arguments, options.read_timeout * 1000, control, false, &result);
	if (barman_run_succeeded(&result, "show-backup", &failure))
	{
		BarmanOutput output = runner_output(&result);

		value = barman_parse_backup(&output, target->server, &failure);
	}
	if (value != NULL && json_is_null(json_object_get(value, "type")))
		complete_backup(value, target->server, control);
	return finish(&result, value, "backup", &failure);
}

/* Before 3.11 only diagnose tells a backup's type and method. */
static void
complete_backup(json_t *backup, const char *server, RunControl *control)
{
	Answer	   *answer;
	json_t	   *backups;

	if (diagnose_rests())
		return;
	answer = read_diagnose(DIAGNOSE_DEADLINE_MS, control);
	backups = json_checked(json_pack("[O]", backup));
	barman_merge_diagnose(backups, server, json_object_get(answer->value, "diagnose"));
	json_decref(backups);
	answer_release(answer);
}

static Answer *
read_check(const ReadTarget *target, RunControl *control)
{
	Answer	   *answer = read_server(target, control, "check", "checks", barman_parse_check);
	json_t	   *checks = json_object_get(answer->value, "checks");
	size_t		i;
	json_t	   *check;

	/* What fails now is being mended: look again soon. */
	json_array_foreach(checks, i, check)
	{
		if (!json_is_true(json_object_get(check, "ok")))
			answer->provisional = true;
	}
	return answer;
}

static Answer *
read_directories(const ReadTarget *target, RunControl *control)
{
	const char *arguments[] = {"show-servers", target->server, NULL};
	int64_t		deadline = options.read_timeout * 1000;
	RunResult	result;
	BarmanFailure failure;
	json_t	   *value = NULL;

	if (deadline > DIRECTORIES_DEADLINE_MS)
		deadline = DIRECTORIES_DEADLINE_MS;
	run_read(arguments, deadline, control, false, &result);
	if (barman_run_succeeded(&result, "show-servers", &failure))
	{
		BarmanOutput output = runner_output(&result);

		value = barman_parse_directories(&output, target->server, &failure);
	}
	if (value != NULL)
		catalogue_learn(target->server, value);
	return finish(&result, value, NULL, &failure);
}

/* The console form: Barman itself leaves the secrets out. */
static Answer *
read_diagnose(int64_t deadline_ms, RunControl *control)
{
	const char *arguments[] = {"diagnose", NULL};
	RunResult	result;
	BarmanFailure failure;
	json_t	   *value = NULL;

	run_read(arguments, deadline_ms, control, true, &result);
	if (barman_run_succeeded(&result, "diagnose", &failure))
	{
		BarmanOutput output = runner_output(&result);

		value = barman_parse_diagnose(&output, &failure);
	}
	return finish(&result, value, "diagnose", &failure);
}

static Answer *
read_server(const ReadTarget *target, RunControl *control,
			const char *command, const char *key, ParseServer parse)
{
	const char *arguments[] = {command, target->server, NULL};
	RunResult	result;
	BarmanFailure failure;
	json_t	   *value = NULL;

	run_read(arguments, options.read_timeout * 1000, control, false, &result);
	if (barman_run_succeeded(&result, command, &failure))
	{
		BarmanOutput output = runner_output(&result);

		value = parse(&output, target->server, &failure);
	}
	return finish(&result, value, key, &failure);
}

/* The value under its key, or the failure. */
static Answer *
finish(RunResult *result, json_t *value, const char *key, BarmanFailure *failure)
{
	runner_free(result);
	if (value == NULL)
		return answer_failure(failure);
	if (key != NULL)
	{
		json_t	   *envelope = json_checked(json_object());

		json_object_set_new(envelope, key, value);
		value = envelope;
	}
	return answer_json(200, value);
}

static void
run_read(const char *const *arguments, int64_t deadline_ms,
		 RunControl *control, bool console, RunResult *result)
{
	RunRequest	request = {
		.deadline_ms = deadline_ms,
		.grace_ms = READ_GRACE_MS,
		.control = control
	};

	if (console)
		barman_run_console(&request, arguments, result);
	else
		barman_run(&request, arguments, result);
}

static void *
diagnose_main(void *arg)
{
	DiagnoseRun *diagnose = arg;
	const char *arguments[] = {"diagnose", NULL};
	int64_t		deadline = options.read_timeout * 1000;

	if (deadline > DIAGNOSE_DEADLINE_MS)
		deadline = DIAGNOSE_DEADLINE_MS;
	run_read(arguments, deadline, diagnose->control, true, &diagnose->result);
	if (diagnose->result.outcome == RUN_TIMED_OUT)
	{
		pthread_mutex_lock(&memory_lock);
		diagnose_rests_until = monotonic_ms() + DIAGNOSE_REST_MS;
		pthread_mutex_unlock(&memory_lock);
	}
	return NULL;
}

/*
 * Is diagnose needless?  A wrong no costs one run; a wrong yes costs nulls
 * until the next look, because recall() tells the truth.
 */
static bool
knows_every_backup(const char *server)
{
	json_t	   *ids = catalogue_backup_ids(server);
	bool		known = catalogue_known(server);
	const char *id;
	json_t	   *value;

	pthread_mutex_lock(&memory_lock);
	json_object_foreach(ids, id, value)
	{
		if (json_object_get(json_object_get(remembered, server), id) == NULL)
			known = false;
	}
	pthread_mutex_unlock(&memory_lock);
	json_decref(ids);
	return known;
}

static bool
diagnose_rests(void)
{
	bool		rests;

	pthread_mutex_lock(&memory_lock);
	rests = monotonic_ms() < diagnose_rests_until;
	pthread_mutex_unlock(&memory_lock);
	return rests;
}

/* Fill the nulls of finished backups from memory; true if none is left. */
static bool
recall(const char *server, json_t *backups)
{
	bool		complete = true;
	size_t		i;
	json_t	   *backup;

	pthread_mutex_lock(&memory_lock);
	json_array_foreach(backups, i, backup)
	{
		const char *id = json_string_value(json_object_get(backup, "backup_id"));
		const char *status = json_string_value(json_object_get(backup, "status"));
		json_t	   *known = json_object_get(json_object_get(remembered, server), id ? id : "");
		const char *known_status = json_string_value(json_object_get(known, "status"));
		const char *key;
		json_t	   *value;

		if (known == NULL || status == NULL || known_status == NULL)
		{
			complete = false;
			continue;
		}
		/* What waited for WAL and is now done began when it began. */
		if (strcmp(status, known_status) != 0 &&
			!(strcmp(known_status, "WAITING_FOR_WALS") == 0 &&
			  strcmp(status, "DONE") == 0))
		{
			json_object_del(json_object_get(remembered, server), id);
			complete = false;
			continue;
		}
		json_object_foreach(known, key, value)
		{
			/* diagnose knows its end to the microsecond */
			if (json_is_null(json_object_get(backup, key)) ||
				(strcmp(key, "end_time") == 0 && !json_is_null(value)))
				json_object_set_new(backup, key, json_checked(json_deep_copy(value)));
		}
	}
	pthread_mutex_unlock(&memory_lock);
	return complete;
}

static void
remember(const char *server, const json_t *backups)
{
	json_t	   *mine = json_checked(json_object());
	size_t		i;
	json_t	   *backup;

	json_array_foreach((json_t *) backups, i, backup)
	{
		const char *id = json_string_value(json_object_get(backup, "backup_id"));
		const char *status = json_string_value(json_object_get(backup, "status"));

		if (id != NULL && status != NULL &&
			(strcmp(status, "DONE") == 0 || strcmp(status, "FAILED") == 0 ||
			 strcmp(status, "WAITING_FOR_WALS") == 0))
			json_object_set_new(mine, id, json_checked(json_deep_copy(backup)));
	}
	pthread_mutex_lock(&memory_lock);
	if (remembered == NULL)
		remembered = json_checked(json_object());
	json_object_set_new(remembered, server, mine);
	pthread_mutex_unlock(&memory_lock);
}
