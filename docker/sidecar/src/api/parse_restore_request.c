/*
 * parse_restore_request.c
 *
 * Makes the request of a restore from what a caller has sent, with all checks
 * that need no answer of Barman's.
 */
#include "api/parse_restore_request.h"

#include <stdlib.h>
#include <string.h>

#include "api/arguments.h"
#include "barman/lsn.h"
#include "base/memory.h"
#include "base/names.h"
#include "base/timestamp.h"
#include "jobs/switch_wal.h"
#include "restore/instance.h"

/* PostgreSQL's MAXFNAMELEN without the terminating zero */
#define RESTORE_POINT_MAX 63

/* The largest accepted difference between the clocks of two hosts */
#define CLOCK_SKEW_US (INT64_C(60) * 1000000)

/* No primary has so many, and each is looked up; the messages below name the numbers. */
#define LOCALES_MAX	   1000
#define LIBRARIES_MAX  1000
#define NAME_MAX_BYTES 200

static bool has_one_target(const RecoveryTarget *target, Answer **refusal);
static bool names_are_sound(const RestoreRequest *restore, Answer **refusal);
static bool is_restore_point(const char *name);
static bool time_is_sound(const char *time, Answer **refusal);
static bool positions_are_sound(const RestoreRequest *restore, Answer **refusal);
static bool is_position(const char *text);
static bool is_transaction(const char *text);
static const char *read_primary(PrimaryFacts *primary, const json_t *given);
static bool read_locales(PrimaryFacts *primary, const json_t *given);
static PrimarySettings read_settings(const json_t *given);

static const Argument restore_arguments[] = {
	{"instance", ARGUMENT_TEXT, 0, 0, true, 0},
	{"backup_id", ARGUMENT_TEXT, 0, 0, true, 0},
	{"target_name", ARGUMENT_TEXT, 0, 0, true, 0},
	{"target_time", ARGUMENT_TEXT, 0, 0, true, 0},
	{"target_lsn", ARGUMENT_TEXT, 0, 0, true, 0},
	{"target_xid", ARGUMENT_TEXT, 0, 0, true, 0},
	{"immediate", ARGUMENT_BOOL, 0, 0, false, false},
	{"exclusive", ARGUMENT_BOOL, 0, 0, false, false},
	{"start", ARGUMENT_BOOL, 0, 0, false, true},
	{"refresh", ARGUMENT_BOOL, 0, 0, false, false},
	{"mark_lsn", ARGUMENT_TEXT, 0, 0, true, 0},
	{"mark_timeline", ARGUMENT_INTEGER, 1, INT32_MAX, true, 0},
	{"target_timeline", ARGUMENT_INTEGER, 1, INT32_MAX, true, 0},
	{"timeline", ARGUMENT_INTEGER, 1, INT32_MAX, true, 0},
	{"wal_file", ARGUMENT_TEXT, 0, 0, true, 0},
	{"system_identifier", ARGUMENT_TEXT, 0, 0, true, 0},
	{"primary", ARGUMENT_OBJECT, 0, 0, true, 0},
	{NULL, ARGUMENT_TEXT, 0, 0, false, 0},
};

RestoreRequest *
restore_request_read(json_t *given, Answer **refusal)
{
	json_t *arguments = arguments_check(given, restore_arguments, refusal);
	RestoreRequest *restore;

	if (arguments == NULL)
		return NULL;
	restore = mem_alloc(sizeof(RestoreRequest));
	if (!restore_request_fill(restore, arguments, refusal))
	{
		restore_request_free(restore);
		restore = NULL;
	}
	json_decref(arguments);
	return restore;
}

bool
restore_request_fill(RestoreRequest *restore, const json_t *arguments, Answer **refusal)
{
	const char *wrong = read_primary(&restore->primary, json_object_get(arguments, "primary"));

	if (wrong != NULL)
	{
		*refusal = answer_error("bad_argument", wrong, NULL, NULL);
		return false;
	}
	restore->instance = arguments_text(arguments, "instance");
	restore->backup_id = arguments_text(arguments, "backup_id");
	restore->target.name = arguments_text(arguments, "target_name");
	restore->target.time = arguments_text(arguments, "target_time");
	restore->target.lsn = arguments_text(arguments, "target_lsn");
	restore->target.xid = arguments_text(arguments, "target_xid");
	restore->target.immediate = json_is_true(json_object_get(arguments, "immediate"));
	restore->target.exclusive = json_is_true(json_object_get(arguments, "exclusive"));
	restore->target.timeline = (int) json_integer_value(json_object_get(arguments, "target_timeline"));
	restore->start = json_is_true(json_object_get(arguments, "start"));
	restore->refresh = json_is_true(json_object_get(arguments, "refresh"));
	restore->mark_lsn = arguments_text(arguments, "mark_lsn");
	restore->mark_timeline = (int) json_integer_value(json_object_get(arguments, "mark_timeline"));
	restore->system_identifier = arguments_text(arguments, "system_identifier");
	restore->timeline = (int) json_integer_value(json_object_get(arguments, "timeline"));
	restore->wal_file = arguments_text(arguments, "wal_file");
	return has_one_target(&restore->target, refusal) && names_are_sound(restore, refusal) &&
		   time_is_sound(restore->target.time, refusal) && positions_are_sound(restore, refusal);
}

static bool
has_one_target(const RecoveryTarget *target, Answer **refusal)
{
	int count = (target->name != NULL) + (target->time != NULL) + (target->lsn != NULL) +
				(target->xid != NULL) + target->immediate;

	if (count > 1)
		*refusal = answer_error("bad_argument", "there is more than one recovery target", NULL,
								"Give one of target_name, target_time, target_lsn, target_xid and immediate, or none.");
	else if (target->exclusive && target->lsn == NULL)
		return argument_refuse(refusal, "exclusive", "come with target_lsn",
							   "Recovery can stop before a position.");
	return count <= 1;
}

static bool
names_are_sound(const RestoreRequest *restore, Answer **refusal)
{
	const char *backup = restore->backup_id;

	if (restore->instance == NULL || !instance_name_is_valid(restore->instance))
		return argument_refuse(refusal, "instance", "name the instance",
							   "A name begins with a lower-case letter, goes on with such letters, digits and underscores, and has at most 41.");
	if (backup != NULL && (!barman_valid_backup_id(backup) || strcmp(backup, "auto") == 0 ||
						   strcmp(backup, "last-failed") == 0))
	{
		*refusal = answer_errorf("bad_backup_id", "\"%.128s\" cannot be a backup to restore", backup);
		return false;
	}
	if (restore->target.name != NULL && !is_restore_point(restore->target.name))
		return argument_refuse(refusal, "target_name", "name a restore point",
							   "It is what pg_create_restore_point() was given, at most 63 bytes.");
	return true;
}

static bool
is_restore_point(const char *name)
{
	for (const char *p = name; *p != '\0'; p++)
	{
		if ((unsigned char) *p < ' ' || *p == 127)
			return false;
	}
	return name[0] != '\0' && strlen(name) <= RESTORE_POINT_MAX;
}

static bool
time_is_sound(const char *time, Answer **refusal)
{
	int64_t microseconds;

	if (time == NULL)
		return true;
	if (!timestamp_parse(time, &microseconds))
		return argument_refuse(refusal, "target_time", "be a time",
							   "Such as 2026-11-22T06:10:22.423819Z.");
	if (microseconds <= timestamp_now() + CLOCK_SKEW_US)
		return true;
	*refusal = answer_errorf("bad_argument", "the target time %s lies in the future", time);
	return false;
}

static bool
positions_are_sound(const RestoreRequest *restore, Answer **refusal)
{
	const RecoveryTarget *target = &restore->target;

	if (target->lsn != NULL && !is_position(target->lsn))
		return argument_refuse(refusal, "target_lsn", "be a position in the WAL",
							   "Such as 0/3000060.");
	if (restore->mark_lsn != NULL && !is_position(restore->mark_lsn))
		return argument_refuse(refusal, "mark_lsn", "be a position in the WAL", "Such as 0/3000060.");
	if (target->xid != NULL && !is_transaction(target->xid))
		return argument_refuse(refusal, "target_xid", "be a transaction's number",
							   "It is from 3 on.");
	if (restore->wal_file != NULL && !wal_file_name_is_valid(restore->wal_file))
		return argument_refuse(refusal, "wal_file", "be the name of a WAL segment", NULL);
	return true;
}

static bool
is_position(const char *text)
{
	uint64_t position;

	return lsn_parse(text, &position);
}

/* An xid8 has at most 20 digits; the first three numbers are PostgreSQL's own. */
static bool
is_transaction(const char *text)
{
	return strlen(text) <= 20 && strspn(text, "0123456789") == strlen(text) &&
		   strtoull(text, NULL, 10) >= 3;
}

/* NULL, or what is wrong; the caller clears what was read. */
static const char *
read_primary(PrimaryFacts *primary, const json_t *given)
{
	const json_t *locales = json_object_get(given, "locales");
	const json_t *libraries = json_object_get(given, "libraries");

	if (json_array_size(locales) > LOCALES_MAX)
		return "the field \"primary\" has more than 1000 \"locales\"";
	if (json_array_size(libraries) > LIBRARIES_MAX)
		return "the field \"primary\" has more than 1000 \"libraries\"";
	if (!arguments_texts(libraries, NAME_MAX_BYTES, &primary->libraries))
		return "each of the field \"libraries\" must be text of at most 200 bytes";
	if (!read_locales(primary, locales))
		return "each of the field \"locales\" must be {\"of\", \"locale\"}, and may have \"needed\" and \"version\"";
	primary->preload = arguments_text(given, "preload");
	primary->settings = read_settings(json_object_get(given, "settings"));
	return NULL;
}

static bool
read_locales(PrimaryFacts *primary, const json_t *given)
{
	const json_t *one;
	size_t i;

	primary->locales = mem_alloc(json_array_size(given) * sizeof(PrimaryLocale));
	json_array_foreach (given, i, one)
	{
		PrimaryLocale *locale = &primary->locales[primary->locale_count++];

		locale->of = arguments_text(one, "of");
		locale->name = arguments_text(one, "locale");
		locale->version = arguments_text(one, "version");
		locale->needed = json_is_true(json_object_get(one, "needed"));
		if (locale->of == NULL || locale->name == NULL || strlen(locale->name) > NAME_MAX_BYTES)
			return false;
	}
	return true;
}

/* What is no whole number counts as not told. */
static PrimarySettings
read_settings(const json_t *given)
{
	PrimarySettings told = {0};
	const struct
	{
		const char *name;
		int64_t *value;
	} known[] = {
		{"max_connections", &told.max_connections},
		{"max_worker_processes", &told.max_worker_processes},
		{"max_wal_senders", &told.max_wal_senders},
		{"max_prepared_transactions", &told.max_prepared_transactions},
		{"max_locks_per_transaction", &told.max_locks_per_transaction},
		{"max_pred_locks_per_transaction", &told.max_pred_locks_per_transaction},
		{"max_replication_slots", &told.max_replication_slots},
		{"max_active_replication_origins", &told.max_active_replication_origins},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		*known[i].value = json_integer_value(json_object_get(given, known[i].name));
	return told;
}
