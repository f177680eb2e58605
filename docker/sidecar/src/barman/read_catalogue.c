/*
 * read_catalogue.c
 *
 * Reads the backups of a server.  Only reads.
 */
#include "barman/read_catalogue.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "barman/backup_info.h"
#include "barman/backup_memory.h"
#include "barman/catalogue.h"
#include "barman/command.h"
#include "barman/read_ahead.h"
#include "barman/read_directories.h"
#include "barman/read_question.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/timestamp.h"

/*
 * diagnose connects to every PostgreSQL.  The list of backups waits for it no
 * longer than this, and does not run it again for a while after a timeout.
 */
#define DIAGNOSE_DEADLINE_MS 10000
#define DIAGNOSE_REST_MS	 30000

/* diagnose, in parallel with another command */
typedef struct Diagnose
{
	pthread_t thread;
	RunControl *control; /* NULL: it was not started */
	json_t *document;
	BarmanFailure failure;
} Diagnose;

/* Where the files of a server are, asked for beside its list */
typedef struct Beside
{
	pthread_t thread;
	const char *server;
	RunControl *control;
} Beside;

static pthread_mutex_t rest_lock = PTHREAD_MUTEX_INITIALIZER;
static int64_t diagnose_rests_until;

static json_t *list_of(const Question *question, RunControl *control, bool *watched,
					   BarmanFailure *failure);
static void *learn_main(void *arg);
static ReadAhead read_ahead_with(RunControl *control);
static char *list_all(RunControl *control);
static void learn_all(RunControl *control);
static void begin_in_advance(void);
static bool list_is_due(const char *server);
static bool lacks_something(const json_t *backups);
static Diagnose *diagnose_begin(void);
static json_t *diagnose_end(Diagnose *diagnose, bool wanted, const char *server);
static void *diagnose_main(void *arg);
static json_t *ask_diagnose(RunControl *control, BarmanFailure *failure);
static bool diagnose_rests(void);

/*
 * Barman's records of the backups have the facts that list-backups lacks.  Run
 * diagnose if the records are not known yet or incomplete.  Then a finished
 * backup either has all facts, or the read is an error.
 */
Answer *
read_backups(const ReadTarget *target, RunControl *control)
{
	const Question question = {
		.arguments = {"list-backups", target->server},
		.server = target->server,
		.parse_server = barman_parse_backups,
	};
	json_t *seen = catalogue_backup_ids(target->server);
	BarmanFailure failure;
	bool watched = true;
	json_t *backups = list_of(&question, control, &watched, &failure);
	Diagnose *diagnose = NULL;
	Answer *answer;
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
	answer = question_finish(backups, "backups", &failure);
	answer->provisional = answer->provisional || !watched;
	return answer;
}

/*
 * The list from a run for all servers, or from one for this server; then, if it
 * is not known yet where the server's files are, that is learnt at the same time.
 */
static json_t *
list_of(const Question *question, RunControl *control, bool *watched, BarmanFailure *failure)
{
	const ReadAhead ahead = read_ahead_with(control);
	ReadTarget all = {READ_SERVERS, "", ""};
	Answer *servers = reads_last(&all);
	char *text = servers == NULL
					 ? NULL
					 : read_ahead_backups(&ahead, question->server,
										  json_object_get(servers->value, "servers"), watched);
	Beside beside = {.server = question->server, .control = control};
	json_t *list = NULL;
	bool learns;

	answer_release(servers);
	if (text != NULL)
	{
		BarmanOutput output = {.out = text, .out_length = strlen(text)};

		list = question->parse_server(&output, question->server, failure);
		free(text);
		if (!catalogue_known(question->server))
			learn_main(&beside);
		return list;
	}
	*watched = true;
	learns = !catalogue_known(question->server) &&
			 pthread_create(&beside.thread, NULL, learn_main, &beside) == 0;
	list = question_ask(question, control, failure);
	if (learns)
		pthread_join(beside.thread, NULL);
	return list;
}

static void *
learn_main(void *arg)
{
	Beside *beside = arg;
	ReadTarget target = {READ_DIRECTORIES, beside->server, ""};

	answer_release(read_directories(&target, beside->control));
	return NULL;
}

Answer *
read_all_lists(RunControl *control)
{
	const ReadAhead ahead = read_ahead_with(control);
	ReadTarget all = {READ_SERVERS, "", ""};
	Answer *servers = reads_last(&all);

	if (servers != NULL)
		read_ahead_begin(&ahead, json_object_get(servers->value, "servers"));
	answer_release(servers);
	return answer_json(200, json_checked(json_object()));
}

static ReadAhead
read_ahead_with(RunControl *control)
{
	ReadAhead ahead = {
		.list_all = list_all,
		.learn_all = learn_all,
		.begin = begin_in_advance,
		.is_due = list_is_due,
		.control = control,
	};

	return ahead;
}

/* For ReadAhead */
static char *
list_all(RunControl *control)
{
	const Question question = {.arguments = {"list-backups", "all"}};

	return question_text(&question, control);
}

/* For ReadAhead */
static void
learn_all(RunControl *control)
{
	answer_release(read_all_directories(control));
}

/* For ReadAhead */
static void
begin_in_advance(void)
{
	ReadTarget lists = {READ_ALL_LISTS, "", ""};

	answer_release(reads_get(&lists, READ_AGE_DEFAULT, NULL));
}

/* For ReadAhead */
static bool
list_is_due(const char *server)
{
	ReadTarget target = {READ_BACKUPS, server, ""};

	return !reads_has(&target);
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
Answer *
read_backup(const ReadTarget *target, RunControl *control)
{
	const Question question = {
		.arguments = {"show-backup", target->server, target->argument},
		.server = target->server,
		.parse_server = barman_parse_backup,
	};
	BarmanFailure failure;
	json_t *backup = question_ask(&question, control, &failure);
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
	return question_finish(backup, "backup", &failure);
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
	document = question_ask(&question, control, failure);
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
