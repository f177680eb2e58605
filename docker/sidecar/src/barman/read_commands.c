/*
 * read_commands.c
 *
 * Maps each kind of read to a command of Barman's.  Only reads: nothing here
 * changes a catalogue (except that "barman check" creates directories).
 */
#include "barman/read_commands.h"

#include "barman/catalogue.h"
#include "barman/file_areas.h"
#include "barman/read_catalogue.h"
#include "barman/read_directories.h"
#include "barman/read_question.h"
#include "base/memory.h"

static Answer *read_servers(RunControl *control);
static Answer *read_check(const ReadTarget *target, RunControl *control);
static Answer *answer_of_server(const ReadTarget *target, RunControl *control, const char *command,
								const char *key, ParseServer parse);
static Answer *answer_of(const Question *question, RunControl *control, const char *key);

static const Question version_question = {
	.arguments = {"--version"},
	.console = true,
	.parse_whole = barman_parse_version,
};

static const Question servers_question = {
	.arguments = {"list-servers"},
	.parse_whole = barman_parse_servers,
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
		case READ_ALL_LISTS:
			return read_all_lists(control);
		case READ_ALL_DIRECTORIES:
			return read_all_directories(control);
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

	/* in advance, so that their first lists are already watched */
	read_directories_of_each(json_object_get(answer->value, "servers"));
	return answer;
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
	json_t *value = question_ask(question, control, &failure);

	return question_finish(value, key, &failure);
}
