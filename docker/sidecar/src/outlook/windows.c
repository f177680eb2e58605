/*
 * windows.c
 *
 * Shows which windows an archive and its backups make, where gaps end them, and
 * what the retention policy will take from them.  A time that cannot be had is
 * null, and whether it is an estimate is said beside it.
 */
#include "outlook/windows.h"

#include <stdlib.h>
#include <string.h>

#include "barman/catalogue.h"
#include "barman/lsn.h"
#include "barman/xlogdb.h"
#include "base/failure.h"
#include "base/memory.h"
#include "base/timestamp.h"
#include "outlook/reachable.h"
#include "outlook/retention.h"
#include "outlook/segment_size.h"
#include "outlook/wal_end.h"
#include "restore/received_wal.h"

/* Of so many windows the ends are read from WAL, the newest; a damaged archive may have thousands. */
#define WINDOWS_READ_MOST 32

/* Of what Barman lists and does not have; one is enough to make a restore fail. */
#define MISSING_MOST 1000

static json_t *window_json(const Reachable *reachable, const Window *window, bool reads);
static void put_start(json_t *value, const Reachable *reachable, const Window *window, bool reads);
static void put_end(json_t *value, const Reachable *reachable, const Window *window, bool reads);
static void put_gap(json_t *value, const Reachable *reachable, const Window *window);
static void put_loss(json_t *value, const Reachable *reachable, const Window *window,
					 const Window *then, const json_t *next, bool reads);
static json_t *archive_json(const TimelineMap *map);
static json_t *received_json(const char *server, const TimelineMap *map);
static json_t *time_json(int64_t microseconds);
static json_t *lsn_json(uint64_t lsn);
static json_t *name_json(const TimelineMap *map, uint32_t timeline, uint64_t number);

Answer *
windows_read(const char *server, const json_t *backups)
{
	int64_t size = outlook_segment_size(backups);
	json_t *facts = catalogue_facts(server);
	json_t *next = retention_next(backups, facts);
	json_t *list = json_checked(json_array());
	TimelineMap map;
	Reachable now;
	Reachable then;
	json_t *archive;
	json_t *received;
	json_t *missing;

	if (!timeline_map_read(&map, server, size))
	{
		json_decref(facts);
		json_decref(next);
		json_decref(list);
		return answer_error(BARMAN_WRONG_STATE, "the WAL archive of the server cannot be listed",
							"Its directory is not known yet, or cannot be read.",
							"Try again; on Barman's host, \"barman show-servers\" names wals_directory.");
	}
	reachable_find(&now, &map, server, backups, NULL);
	reachable_find(&then, &map, server, backups, json_object_get(next, "chain"));
	for (size_t i = 0; i < now.count; i++)
	{
		const Window *window = &now.windows[i];
		bool reads = now.count - i <= WINDOWS_READ_MOST;
		json_t *value = window_json(&now, window, reads);

		put_loss(value, &now, window, reachable_same(&then, window), next, reads);
		json_array_append_new(list, value);
	}
	archive = archive_json(&map);
	json_object_set_new(next, "policy",
						json_incref(json_object_get(facts, "retention_policy") != NULL
										? json_object_get(facts, "retention_policy")
										: json_null()));
	received = received_json(server, &map);
	missing = xlogdb_missing(server, &map.listing, MISSING_MOST);
	reachable_free(&now);
	reachable_free(&then);
	timeline_map_free(&map);
	json_decref(facts);
	return answer_json(200, json_checked(json_pack("{s:o, s:o, s:o, s:o, s:o, s:I}", "windows",
												   list, "archive", archive, "missing", missing,
												   "received", received, "retention", next,
												   "segment_size", (json_int_t) size)));
}

static json_t *
window_json(const Reachable *reachable, const Window *window, bool reads)
{
	json_t *value = json_checked(json_object());

	json_object_set_new(value, "timeline", json_integer(window->timeline));
	json_object_set_new(value, "parent_timeline",
						window->parent != 0 ? json_integer(window->parent) : json_null());
	put_start(value, reachable, window, reads);
	put_end(value, reachable, window, reads);
	put_gap(value, reachable, window);
	json_object_set(value, "backups", window->backups);
	json_object_set_new(value, "detail", json_text(window->detail));
	return value;
}

static void
put_start(json_t *value, const Reachable *reachable, const Window *window, bool reads)
{
	const TimelineMap *map = reachable->map;
	const char *source = NULL;
	int64_t time = 0;

	if (window->start != NULL && timestamp_parse(window->start, &time))
		source = "backup";
	else if (window->is_open && window->start == NULL && reads)
	{
		/* the new timeline's first segment repeats what was before it */
		WalEndFacts facts = wal_end_read(&map->listing, window->timeline, window->first,
										 window->first, window->from);

		if (facts.has_commit)
		{
			source = "commit";
			time = facts.commit;
		}
	}
	json_object_set_new(value, "from_lsn", window->is_open ? lsn_json(window->from) : json_null());
	json_object_set_new(value, "from_time", source != NULL ? time_json(time) : json_null());
	json_object_set_new(value, "from_time_source", json_text(source));
}

static void
put_end(json_t *value, const Reachable *reachable, const Window *window, bool reads)
{
	const TimelineMap *map = reachable->map;
	const ArchivedSegment last = {window->timeline, window->last};
	const char *lsn_source = "segment";
	const char *source = NULL;
	uint64_t until = window->until;
	int64_t time = 0;
	WalEndFacts facts = {0};

	if (window->is_open && reads)
		facts = wal_end_read(&map->listing, window->timeline, window->first, window->last,
							 UINT64_MAX);
	if (facts.has_record && facts.record >= window->from && !window->forks)
	{
		until = facts.record;
		lsn_source = "record";
	}
	if (window->forks)
		lsn_source = "history";
	if (facts.has_commit)
	{
		time = facts.commit;
		source = "commit";
	}
	else if (window->is_open && (time = archive_time_of(&map->listing, &last)) != 0)
		source = "file";
	json_object_set_new(value, "until_lsn", window->is_open ? lsn_json(until) : json_null());
	json_object_set_new(value, "until_lsn_source", json_text(window->is_open ? lsn_source : NULL));
	json_object_set_new(value, "until_time", source != NULL ? time_json(time) : json_null());
	json_object_set_new(value, "until_time_source", json_text(source));
}

static void
put_gap(json_t *value, const Reachable *reachable, const Window *window)
{
	const TimelineMap *map = reachable->map;

	json_object_set_new(value, "gap_first_wal",
						window->has_gap ? name_json(map, window->gap_timeline, window->gap_first)
										: json_null());
	json_object_set_new(value, "gap_last_wal",
						window->has_gap ? name_json(map, window->gap_timeline, window->gap_last)
										: json_null());
	json_object_set_new(value, "gap_segments",
						window->has_gap
							? json_integer((json_int_t) (window->gap_last - window->gap_first + 1))
							: json_null());
}

/* What the retention policy takes from this window next */
static void
put_loss(json_t *value, const Reachable *reachable, const Window *window, const Window *then,
		 const json_t *next, bool reads)
{
	bool loses = window->is_open && (then == NULL || then->from != window->from);
	json_t *start = json_checked(json_object());

	if (loses && then != NULL)
		put_start(start, reachable, then, reads);
	json_object_set_new(value, "next_deleted",
						loses ? json_incref(json_object_get(next, "backup_id")) : json_null());
	json_object_set_new(value, "next_deleted_at",
						loses ? json_incref(json_object_get(next, "at")) : json_null());
	json_object_set_new(value, "next_deleted_when",
						loses ? json_incref(json_object_get(next, "when")) : json_null());
	json_object_set_new(value, "then_from_lsn",
						json_incref(loses && then != NULL ? json_object_get(start, "from_lsn")
														  : json_null()));
	json_object_set_new(value, "then_from_time",
						json_incref(loses && then != NULL ? json_object_get(start, "from_time")
														  : json_null()));
	json_decref(start);
}

/* All runs, whether or not a backup leads into them */
static json_t *
archive_json(const TimelineMap *map)
{
	json_t *list = json_checked(json_array());

	for (size_t i = 0; i < map->count; i++)
	{
		const MappedTimeline *timeline = &map->timelines[i];
		uint32_t parent;
		uint64_t fork;
		bool forks = timeline_map_fork(timeline, &parent, &fork);
		json_t *runs = json_checked(json_array());

		for (size_t n = 0; n < timeline->run_count; n++)
		{
			const SegmentRun *run = &timeline->runs[n];

			json_array_append_new(runs,
								  json_checked(
									  json_pack("{s:o, s:o, s:I, s:o, s:o}", "first_wal",
												name_json(map, timeline->timeline, run->first),
												"last_wal",
												name_json(map, timeline->timeline, run->last),
												"segments",
												(json_int_t) (run->last - run->first + 1), "from_lsn",
												lsn_json(run->first * map->listing.segment_size),
												"until_lsn",
												lsn_json((run->last + 1) *
														 map->listing.segment_size))));
		}
		json_array_append_new(list,
							  json_checked(
								  json_pack("{s:I, s:o, s:o, s:o}", "timeline",
											(json_int_t) timeline->timeline, "parent_timeline",
											forks ? json_integer(parent) : json_null(), "fork_lsn",
											forks ? lsn_json(fork) : json_null(), "runs", runs)));
	}
	return list;
}

/* How far Barman has received beyond the archive of the newest timeline */
static json_t *
received_json(const char *server, const TimelineMap *map)
{
	WalTail tail;
	uint32_t timeline;

	if (map->count == 0)
		return json_null();
	timeline = map->timelines[map->count - 1].timeline;
	tail = restore_wal_tail(server, (int) timeline, (int64_t) map->listing.segment_size, NULL);
	return json_checked(json_pack("{s:I, s:o, s:o}", "timeline", (json_int_t) timeline, "until_lsn",
								  tail.unknown ? json_null() : lsn_json(tail.received_end),
								  "written", tail.at != 0 ? time_json(tail.at) : json_null()));
}

static json_t *
time_json(int64_t microseconds)
{
	char text[TIMESTAMP_LENGTH];

	timestamp_format(microseconds, text);
	return json_text(text);
}

static json_t *
lsn_json(uint64_t lsn)
{
	char text[LSN_SIZE];

	return json_text(lsn_text(lsn, text));
}

static json_t *
name_json(const TimelineMap *map, uint32_t timeline, uint64_t number)
{
	const ArchivedSegment segment = {timeline, number};
	char name[SEGMENT_NAME_SIZE];

	archive_name_of_segment(&map->listing, &segment, name);
	return json_text(name);
}
