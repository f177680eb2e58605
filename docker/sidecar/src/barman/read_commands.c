/*
 * read_commands.c
 *
 * Maps each kind of read to a command of Barman's.  Only reads: nothing here
 * changes a catalogue (except that "barman check" creates directories).
 */
#include "barman/read_commands.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "barman/areas.h"
#include "barman/backup_info.h"
#include "barman/backup_memory.h"
#include "barman/catalogue.h"
#include "barman/command.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/settings.h"
#include "base/timestamp.h"

/* A reading command needs no time to clean up. */
#define READ_GRACE_MS 2000

/*
 * diagnose connects to every PostgreSQL.  The list of backups waits for it no
 * longer than this, and does not run it again for a while after a timeout.
 */
#define DIAGNOSE_DEADLINE_MS 10000
#define DIAGNOSE_REST_MS	 30000

/* show-servers hangs with PostgreSQL too, but its answer rarely changes. */
#define DIRECTORIES_DEADLINE_MS 15000

/* The most servers whose directories are read in advance */
#define LEARN_MAX 16

typedef json_t *(*ParseServer)(const BarmanOutput *output, const char *server,
							   BarmanFailure *failure);
typedef json_t *(*ParseWhole)(const BarmanOutput *output, BarmanFailure *failure);

/* One run of a reading command, and the parser of its output */
typedef struct Question
{
	const char *arguments[4]; /* the command first */
	int64_t longest_ms;		  /* 0: as long as --read-timeout allows */
	bool console;			  /* not -f json */
	const char *server;
	ParseServer parse_server;
	ParseWhole parse_whole; /* or this one */
} Question;

/* diagnose, in parallel with another command */
typedef struct Diagnose
{
	pthread_t thread;
	RunControl *control; /* NULL: it was not started */
	json_t *document;
	BarmanFailure failure;
} Diagnose;

static pthread_mutex_t rest_lock = PTHREAD_MUTEX_INITIALIZER;
static int64_t diagnose_rests_until;

static Answer *read_servers(RunControl *control);
static void learn_directories(const json_t *servers);
static Answer *read_backups(const ReadTarget *target, RunControl *control);
static bool lacks_something(const json_t *backups);
static Answer *read_backup(const ReadTarget *target, RunControl *control);
static Answer *read_check(const ReadTarget *target, RunControl *control);
static Answer *read_directories(const ReadTarget *target, RunControl *control);
static Answer *answer_of_server(const ReadTarget *target, RunControl *control, const char *command,
								const char *key, ParseServer parse);
static Answer *answer_of(const Question *question, RunControl *control, const char *key);
static Answer *finish(json_t *value, const char *key, BarmanFailure *failure);
static json_t *ask(const Question *question, RunControl *control, BarmanFailure *failure);
static Diagnose *diagnose_begin(void);
static json_t *diagnose_end(Diagnose *diagnose, bool wanted, const char *server);
static void *diagnose_main(void *arg);
static json_t *ask_diagnose(RunControl *control, BarmanFailure *failure);
static bool diagnose_rests(void);

static const Question version_question = {
	.arguments = {"--version"},
	.console = true,
	.parse_whole = barman_parse_version,
};

static const Question servers_question = {
	.arguments = {"list-servers"},
	.parse_whole = barman_parse_servers,
};

/* The console form: Barman itself omits the secrets. */
static const Question diagnose_question = {
	.arguments = {"diagnose"},
	.console = true,
	.parse_whole = barman_parse_diagnose,
};

Answer *
barman_read(const ReadTarget *target, RunControl *control)
{
	switch (target->kind)
	{
		case READ_VERSION:
			return answer_of(&version_question, control, NULL);
		case READ_SERVERS:
			return read_servers(control);
		case READ_BACKUPS:
			return read_backups(target, control);
		case READ_BACKUP:
			return read_backup(target, control);
		case READ_FILES:
			return area_list_files(target->server, target->argument);
		case READ_DIRECTORIES:
			return read_directories(target, control);
		case READ_DISKS:
			return area_list_disks(target->server);
		case READ_CHECK:
			return read_check(target, control);
		case READ_STATUS:
			return answer_of_server(target, control, "status", "status", barman_parse_status);
		case READ_REPLICATION:
			return answer_of_server(target, control, "replication-status", NULL,
									barman_parse_replication);
		case READ_DIAGNOSE:
			return answer_of(&diagnose_question, control, "diagnose");
		case READ_WINDOWS:
		case READ_WAL_SOURCES:
			break;
	}
	return answer_error(BARMAN_INTERNAL, "unknown kind of read", NULL, NULL);
}

int
barman_version(void)
{
	ReadTarget target = {READ_VERSION, "", ""};
	Answer *answer = reads_wait(&target, READ_AGE_DEFAULT);
	int number = 0;

	if (answer->status == 200)
		number = (int) json_integer_value(json_object_get(answer->value, "number"));
	answer_release(answer);
	return number;
}

static Answer *
read_servers(RunControl *control)
{
	Answer *answer = answer_of(&servers_question, control, "servers");

	learn_directories(json_object_get(answer->value, "servers"));
	return answer;
}

/*
 * Read the directories of each server in advance, so that its first list of
 * backups is already watched.
 */
static void
learn_directories(const json_t *servers)
{
	json_t *one;
	size_t i;

	json_array_foreach (servers, i, one)
	{
		const char *server = json_string_value(json_object_get(one, "server"));
		ReadTarget target = {READ_DIRECTORIES, server, ""};

		if (i >= LEARN_MAX)
			break;
		if (server != NULL && !catalogue_known(server))
			answer_release(reads_get(&target, READ_AGE_DEFAULT, NULL));
	}
}

/*
 * Barman's records of the backups have the facts that list-backups lacks.  Run
 * diagnose if the records are not known yet or incomplete.  Then a finished
 * backup either has all facts, or the read is an error.
 */
static Answer *
read_backups(const ReadTarget *target, RunControl *control)
{
	const Question question = {
		.arguments = {"list-backups", target->server},
		.server = target->server,
		.parse_server = barman_parse_backups,
	};
	json_t *seen = catalogue_backup_ids(target->server);
	Diagnose *diagnose = catalogue_known(target->server) ? NULL : diagnose_begin();
	BarmanFailure failure;
	json_t *backups = ask(&question, control, &failure);
	bool complete = backups == NULL || backup_memory_recall(target->server, backups);
	json_t *document = complete ? NULL : backup_info_document(target->server, backups);

	if (!complete && document == NULL && diagnose == NULL && !run_control_cancelled(control))
		diagnose = diagnose_begin();
	if (document == NULL)
		document = diagnose_end(diagnose, !complete && !run_control_cancelled(control),
								target->server);
	else
		json_decref(diagnose_end(diagnose, false, target->server));

	/* the directories may be known by now */
	if (!complete && document == NULL)
		document = backup_info_document(target->server, backups);
	if (backups != NULL && (complete || barman_merge_diagnose(backups, target->server, document)))
		backup_memory_keep(target->server, backups, document, seen);
	json_decref(seen);
	backup_info_add_kept(target->server, backups);
	if (backups != NULL && !complete && document == NULL && lacks_something(backups))
	{
		json_decref(backups);
		return answer_error(BARMAN_TIMEOUT, "barman diagnose did not tell when the backups began",
							"Barman's records of them could not be read either.",
							"Try again; on Barman's host, barman diagnose shows what holds it up.");
	}
	json_decref(document);
	return finish(backups, "backups", &failure);
}

/* Does a finished backup lack its begin_time or its type? */
static bool
lacks_something(const json_t *backups)
{
	json_t *backup;
	size_t i;

	json_array_foreach (backups, i, backup)
	{
		const char *status = json_text_of(backup, "status");

		if (status != NULL && strcmp(status, "DONE") == 0 &&
			(json_is_null(json_object_get(backup, "begin_time")) ||
			 json_is_null(json_object_get(backup, "type"))))
			return true;
	}
	return false;
}

/* Before Barman 3.11 only diagnose reports a backup's type and method. */
static Answer *
read_backup(const ReadTarget *target, RunControl *control)
{
	const Question question = {
		.arguments = {"show-backup", target->server, target->argument},
		.server = target->server,
		.parse_server = barman_parse_backup,
	};
	BarmanFailure failure;
	json_t *backup = ask(&question, control, &failure);
	json_t *backups = json_checked(json_array());

	if (backup != NULL && json_is_null(json_object_get(backup, "type")))
	{
		json_array_append(backups, backup);
		if (!backup_memory_recall(target->server, backups))
		{
			BarmanFailure ignored = {0};
			json_t *document = backup_info_document(target->server, backups);

			if (document == NULL && !diagnose_rests())
				document = ask_diagnose(control, &ignored);
			barman_merge_diagnose(backups, target->server, document);
			json_decref(document);
			barman_failure_clear(&ignored);
		}
	}
	json_decref(backups);
	return finish(backup, "backup", &failure);
}

static Answer *
read_check(const ReadTarget *target, RunControl *control)
{
	Answer *answer = answer_of_server(target, control, "check", "checks", barman_parse_check);
	json_t *checks = json_object_get(answer->value, "checks");
	size_t i;
	json_t *check;

	/* Somebody is probably fixing a failed check: expire soon. */
	json_array_foreach (checks, i, check)
	{
		if (!json_is_true(json_object_get(check, "ok")))
			answer->provisional = true;
	}
	return answer;
}

static Answer *
read_directories(const ReadTarget *target, RunControl *control)
{
	const Question question = {
		.arguments = {"show-servers", target->server},
		.longest_ms = DIRECTORIES_DEADLINE_MS,
		.server = target->server,
		.parse_server = barman_parse_directories,
	};
	BarmanFailure failure;
	json_t *directories = ask(&question, control, &failure);
	/* if PostgreSQL was unreachable, it may answer soon */
	bool reached = json_is_boolean(json_object_get(directories, "in_recovery"));
	Answer *answer;

	if (directories != NULL)
		catalogue_learn(target->server, directories);
	answer = finish(directories, NULL, &failure);
	answer->provisional = !reached;
	return answer;
}

static Answer *
answer_of_server(const ReadTarget *target, RunControl *control, const char *command,
				 const char *key, ParseServer parse)
{
	const Question question = {
		.arguments = {command, target->server},
		.server = target->server,
		.parse_server = parse,
	};

	return answer_of(&question, control, key);
}

static Answer *
answer_of(const Question *question, RunControl *control, const char *key)
{
	BarmanFailure failure;
	json_t *value = ask(question, control, &failure);

	return finish(value, key, &failure);
}

/* The value under its key, or an error answer. */
static Answer *
finish(json_t *value, const char *key, BarmanFailure *failure)
{
	if (value == NULL)
		return answer_failure(failure);
	if (key != NULL)
	{
		json_t *envelope = json_checked(json_object());

		json_object_set_new(envelope, key, value);
		value = envelope;
	}
	return answer_json(200, value);
}

static json_t *
ask(const Question *question, RunControl *control, BarmanFailure *failure)
{
	RunRequest request = {
		.deadline_ms = settings.read_timeout * 1000,
		.grace_ms = READ_GRACE_MS,
		.control = control,
	};
	RunResult result;
	json_t *value = NULL;

	if (question->longest_ms != 0 && request.deadline_ms > question->longest_ms)
		request.deadline_ms = question->longest_ms;
	if (question->console)
		barman_run_console(&request, question->arguments, &result);
	else
		barman_run(&request, question->arguments, &result);
	if (barman_run_succeeded(&result, question->arguments[0], failure))
	{
		BarmanOutput output = runner_output(&result);

		value = question->parse_server != NULL
					? question->parse_server(&output, question->server, failure)
					: question->parse_whole(&output, failure);
	}
	runner_free(&result);
	return value;
}

/* NULL while diagnose must not run after a timeout, or on an error */
static Diagnose *
diagnose_begin(void)
{
	Diagnose *diagnose;

	if (diagnose_rests())
		return NULL;
	diagnose = mem_alloc(sizeof(Diagnose));
	diagnose->control = run_control_create();
	if (diagnose->control == NULL ||
		pthread_create(&diagnose->thread, NULL, diagnose_main, diagnose) != 0)
	{
		run_control_destroy(diagnose->control);
		free(diagnose);
		return NULL;
	}
	return diagnose;
}

/* Its document, if it is wanted and available */
static json_t *
diagnose_end(Diagnose *diagnose, bool wanted, const char *server)
{
	json_t *document;

	if (diagnose == NULL)
		return NULL;
	if (!wanted)
		run_control_cancel(diagnose->control);
	pthread_join(diagnose->thread, NULL);
	document = diagnose->document;
	if (wanted && document == NULL)
		log_line(LOGLEVEL_WARNING, "the list of backups lacks what only diagnose tells", "server",
				 server, "cause", diagnose->failure.message, NULL);
	barman_failure_clear(&diagnose->failure);
	run_control_destroy(diagnose->control);
	free(diagnose);
	return document;
}

static void *
diagnose_main(void *arg)
{
	Diagnose *diagnose = arg;

	diagnose->document = ask_diagnose(diagnose->control, &diagnose->failure);
	return NULL;
}

static json_t *
ask_diagnose(RunControl *control, BarmanFailure *failure)
{
	Question question = diagnose_question;
	json_t *document;

	question.longest_ms = DIAGNOSE_DEADLINE_MS;
	document = ask(&question, control, failure);
	if (document == NULL && strcmp(failure->code, BARMAN_TIMEOUT) == 0)
	{
		pthread_mutex_lock(&rest_lock);
		diagnose_rests_until = monotonic_ms() + DIAGNOSE_REST_MS;
		pthread_mutex_unlock(&rest_lock);
	}
	return document;
}

static bool
diagnose_rests(void)
{
	bool rests;

	pthread_mutex_lock(&rest_lock);
	rests = monotonic_ms() < diagnose_rests_until;
	pthread_mutex_unlock(&rest_lock);
	return rests;
}
