/*
 * restore_plan.c
 *
 * Describes a restore before it is begun, from what the route has chosen: the
 * chain, the WAL, the room and the time that it needs, and each obstacle.
 * Copies and starts nothing.
 */
#include "outlook/restore_plan.h"

#include <stdlib.h>
#include <string.h>

#include "barman/backup_chain.h"
#include "barman/backup_hold.h"
#include "barman/catalogue.h"
#include "base/memory.h"
#include "outlook/plan_items.h"
#include "outlook/plan_wal.h"
#include "outlook/restore_pace.h"
#include "restore/backup_fits.h"
#include "restore/disk_needs.h"
#include "restore/disk_reservation.h"
#include "restore/instance.h"

static void judge_choice(json_t *items, const PlanRequest *request);
static void judge_chain(json_t *items, json_t *plan, const PlanRequest *request);
static void judge_checksums(json_t *items, const json_t *chain);
static void judge_encryption(json_t *items, const PlanRequest *request);
static void judge_host(json_t *items, const json_t *backup);
static void judge_room(json_t *items, json_t *plan, const PlanRequest *request);
static void put_time(json_t *plan, const PlanRequest *request, const PlanWal *wal);
static json_t *member_json(const json_t *backup);
static const char *why(const PlanRequest *request);

Answer *
plan_make(const PlanRequest *request)
{
	json_t *plan = json_checked(json_object());
	json_t *items = json_checked(json_array());
	const RestoreRequest *restore = request->restore;
	PlanWal wal = {.bytes = -1};

	json_object_set_new(plan, "backup_id",
						json_text(request->backup != NULL ? restore->backup_id : NULL));
	json_object_set_new(plan, "why", json_text(request->backup != NULL ? why(request) : NULL));
	json_object_set_new(plan, "timeline",
						request->backup != NULL && restore->target.timeline != 0
							? json_integer(restore->target.timeline)
							: json_null());
	json_object_set_new(plan, "system_identifier",
						json_text(json_text_of(request->backup, "system_id")));
	json_object_set_new(plan, "target_lsn", json_text(restore->target.lsn));
	judge_choice(items, request);
	judge_chain(items, plan, request);
	plan_wal(items, plan, request, &wal);
	if (request->backup != NULL)
	{
		judge_encryption(items, request);
		judge_host(items, request->backup);
	}
	judge_room(items, plan, request);
	put_time(plan, request, &wal);
	json_object_set_new(plan, "ok", plan_verdict(items));
	json_object_set_new(plan, "items", items);
	return answer_json(200, json_checked(json_pack("{s:o}", "plan", plan)));
}

static void
judge_choice(json_t *items, const PlanRequest *request)
{
	char *finding;

	if (request->backup == NULL)
	{
		plan_refused(items, "backup", request->refusal);
		return;
	}
	finding = mem_printf("backup %s: %s", request->restore->backup_id, why(request));
	if (json_text_is(request->backup, "status", "WAITING_FOR_WALS"))
		plan_item(items, "backup", PLAN_UNKNOWN, finding,
				  "It waits for the WAL that closes it, and so will the restore.");
	else
		plan_item(items, "backup", PLAN_GOOD, finding, NULL);
	free(finding);
}

static const char *
why(const PlanRequest *request)
{
	const char *asked = request->asked_backup;
	const RecoveryTarget *target = &request->restore->target;

	if (asked != NULL && strcmp(asked, "latest") != 0 && strcmp(asked, "last") != 0)
		return "it was asked for";
	if (target->lsn != NULL)
		return "the newest that is consistent before the position";
	if (target->time != NULL)
		return "the newest that ended before the time";
	return "the newest that leads to the timeline";
}

/* Each backup of the chain must be known, finished, and still be there. */
static void
judge_chain(json_t *items, json_t *plan, const PlanRequest *request)
{
	json_t *members = json_checked(json_array());
	char *unknown = NULL;
	json_t *chain = request->backup != NULL
						? backup_chain(request->server, request->backup, &unknown)
						: NULL;
	json_t *one;
	size_t i;
	bool is_good = chain != NULL;

	json_array_foreach (chain, i, one)
	{
		const char *id = json_text_of(one, "backup_id");

		json_array_append_new(members, member_json(one));
		if (is_good && !backup_is_there(request->server, id))
		{
			char *finding = mem_printf("backup %s is gone: its directory is missing", id);

			plan_item(items, "chain", PLAN_BAD, finding,
					  "Restore another backup: poc_backups() lists them.");
			free(finding);
			is_good = false;
		}
	}
	if (unknown != NULL)
		plan_item(items, "chain", PLAN_BAD, unknown,
				  "Restore another backup: poc_backups() lists them.");
	else if (is_good && json_array_size(chain) > 1)
	{
		char *finding = mem_printf("incremental: %zu backups are combined", json_array_size(chain));

		plan_item(items, "chain", PLAN_GOOD, finding, NULL);
		free(finding);
		judge_checksums(items, chain);
	}
	json_object_set_new(plan, "chain", members);
	json_decref(chain);
	free(unknown);
}

static json_t *
member_json(const json_t *backup)
{
	static const char *const keys[] = {"backup_id", "type", "size", "end_time"};
	json_t *member = json_checked(json_object());

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
	{
		json_t *value = json_object_get(backup, keys[i]);

		json_object_set_new(member, keys[i], value != NULL ? json_incref(value) : json_null());
	}
	return member;
}

/* pg_combinebackup puts blocks together as they are: those without a checksum fail to be read. */
static void
judge_checksums(json_t *items, const json_t *chain)
{
	const char *newest = json_text_of(json_array_get(chain, 0), "data_checksums");
	json_t *one;
	size_t i;

	json_array_foreach (chain, i, one)
	{
		const char *own = json_text_of(one, "data_checksums");

		if (newest == NULL || own == NULL || strcmp(newest, own) == 0)
			continue;
		plan_item(items, "checksums", PLAN_UNKNOWN,
				  "data checksums were switched on or off between the backups of the chain: it can be restored, but blocks may fail to be read",
				  "Restore the full backup, or take a new one.");
		return;
	}
}

static void
judge_encryption(json_t *items, const PlanRequest *request)
{
	const char *method = json_text_of(request->backup, "encryption");
	json_t *facts;
	char *finding;
	bool has_key;

	if (method == NULL || strcasecmp(method, "none") == 0)
		return;
	facts = catalogue_facts(request->server);
	has_key = json_is_true(json_object_get(facts, "has_passphrase"));
	finding = mem_printf("the backup is encrypted (%s)%s", method,
						 has_key ? ", and Barman knows where to ask for the passphrase"
								 : ", and Barman is not told where to get the passphrase");
	plan_item(items, "encryption", has_key ? PLAN_GOOD : PLAN_BAD, finding,
			  has_key ? NULL : "Set encryption_passphrase_command in Barman's configuration.");
	json_decref(facts);
	free(finding);
}

static void
judge_host(json_t *items, const json_t *backup)
{
	static const struct
	{
		const char *item;
		Answer *(*refuse)(const json_t *backup);
	} fits[] = {
		{"postgresql", backup_refuse_version},
		{"segments", backup_refuse_segments},
		{"tablespaces", backup_refuse_tablespaces},
	};

	for (size_t i = 0; i < sizeof(fits) / sizeof(fits[0]); i++)
	{
		Answer *refusal = fits[i].refuse(backup);

		if (refusal != NULL)
			plan_refused(items, fits[i].item, json_object_get(refusal->value, "error"));
		else if (i == 0)
			plan_item(items, fits[i].item, PLAN_GOOD, "this host has the version of the backup",
					  NULL);
		answer_release(refusal);
	}
}

/* A place for the instance, and room for it on the disk */
static void
judge_room(json_t *items, json_t *plan, const PlanRequest *request)
{
	const RestoreRequest *restore = request->restore;
	const char *name = request->names_instance ? restore->instance : NULL;
	const RestoreNeeds nothing = {0};
	RestoreNeeds needs = {0};
	Answer *refusal = instance_refusal(name, request->server, &nothing);
	Room room;

	if (request->backup != NULL)
		needs = restore_needs(request->backup, &restore->target, request->server);
	if (refusal != NULL)
		plan_refused(items, "instance", json_object_get(refusal->value, "error"));
	else if (request->backup != NULL)
	{
		refusal = instance_refusal(name, request->server, &needs);
		if (refusal != NULL)
			plan_refused(items, "disk", json_object_get(refusal->value, "error"));
		else
			plan_item(items, "disk", PLAN_GOOD, "there is room for the backup and its WAL", NULL);
	}
	answer_release(refusal);
	room = instance_room_seen();
	json_object_set_new(plan, "disk",
						json_checked(
							json_pack("{s:o, s:o, s:I, s:I}", "needed_bytes",
									  request->backup != NULL
										  ? json_integer((json_int_t) restore_needs_sum(&needs))
										  : json_null(),
									  "free_bytes",
									  room.free >= 0 ? json_integer((json_int_t) room.free)
													 : json_null(),
									  "reserved_bytes", (json_int_t) room.reserved,
									  "kept_free_bytes", (json_int_t) room.floor)));
}

static void
put_time(json_t *plan, const PlanRequest *request, const PlanWal *wal)
{
	Pace pace = {.restore = -1, .recovery = -1};
	RestoreNeeds needs;

	if (request->backup != NULL)
	{
		needs = restore_needs(request->backup, &request->restore->target, request->server);
		pace = pace_expect(request->server, needs.backup, wal->bytes);
	}
	json_object_set_new(plan, "expected",
						json_checked(
							json_pack("{s:o, s:o, s:i}", "restore_seconds",
									  pace.restore >= 0 ? json_real(pace.restore) : json_null(),
									  "recovery_seconds",
									  pace.recovery >= 0 ? json_real(pace.recovery) : json_null(),
									  "restores", pace.count)));
}
