/*
 * plan_wal.c
 *
 * Looks for the WAL between a backup and a target in what is archived and
 * received.  Reads no segment: whether a name or a transaction is in WAL is
 * not known here.
 */
#include "outlook/plan_wal.h"

#include <stdlib.h>
#include <string.h>

#include "barman/lsn.h"
#include "barman/read_cache.h"
#include "base/memory.h"
#include "base/timestamp.h"
#include "outlook/timeline_map.h"
#include "outlook/plan_items.h"

#define GAP_REMEDY \
	"Choose a target before the gap, or a backup behind it; if the segments are elsewhere, archive them with \"barman put-wal\"."
#define END_REMEDY \
	"Choose an earlier target; or let SELECT * FROM poc_switch_wal() have what was written last archived. poc_check() tells whether Barman receives WAL."

#define LIST_REMEDY \
	"On Barman's host, \"barman rebuild-xlogdb\" takes from the list what is not there; or bring the segment back."

/* Barman before this certainly copies all WAL for a position; later ones were not tried. */
#define STOPS_SINCE 30500

/* The way from the backup, in segments */
typedef struct Way
{
	const PlanRequest *request;
	json_t *items;
	TimelineMap map;
	const MappedTimeline *to;
	uint64_t size;
	uint64_t begin; /* of the backup, as positions */
	uint64_t end;
	uint64_t first;	  /* segment */
	uint64_t missing; /* the first that is not archived */
	bool has_gap;	  /* there are later ones */
	char missing_name[SEGMENT_NAME_SIZE];
} Way;

static bool find_way(Way *way);
static void judge_position(Way *way, uint64_t position);
static bool has_heir(const Way *way, uint64_t position);
static void judge_time(Way *way, const char *time);
static const json_t *window_before(const Way *way);
static void judge_unread(Way *way, const char *what);
static void judge_all(Way *way);
static void judge_list(Way *way);
static bool is_copied(const Way *way, const json_t *missing, bool *beyond);
static void put_wal(json_t *plan, const Way *way, PlanWal *wal);
static void found(Way *way, const char *item, PlanJudgement judgement, char *finding,
				  const char *remedy);

void
plan_wal(json_t *items, json_t *plan, const PlanRequest *request, PlanWal *wal)
{
	Way way = {.request = request, .items = items};
	const RecoveryTarget *target = &request->restore->target;
	uint64_t position;

	wal->bytes = -1;
	json_object_set_new(plan, "wal", json_null());
	if (request->backup == NULL || !find_way(&way))
	{
		timeline_map_free(&way.map);
		return;
	}
	if (way.missing <= (way.end - 1) / way.size)
		found(&way, "wal", PLAN_BAD,
			  mem_printf("segment %s is missing, without which the backup is not consistent",
						 way.missing_name),
			  "Choose another backup.");
	else if (target->immediate)
		plan_item(items, "wal", PLAN_GOOD, "the WAL that makes the backup consistent is archived",
				  NULL);
	else if (target->lsn != NULL && lsn_parse(target->lsn, &position))
		judge_position(&way, position);
	else if (target->time != NULL)
		judge_time(&way, target->time);
	else if (target->name != NULL)
		judge_unread(&way, "a restore point of this name");
	else if (target->xid != NULL)
		judge_unread(&way, "the end of this transaction");
	else
		judge_all(&way);
	judge_list(&way);
	put_wal(plan, &way, wal);
	timeline_map_free(&way.map);
}

/* False if there is nothing to look at; an item says so. */
static bool
find_way(Way *way)
{
	const json_t *backup = way->request->backup;
	const char *begin = json_text_of(backup, "begin_lsn");
	const char *end = json_text_of(backup, "end_lsn");
	int timeline = way->request->restore->target.timeline;
	ArchivedSegment segment;

	if (begin == NULL || end == NULL || !lsn_parse(begin, &way->begin) ||
		!lsn_parse(end, &way->end) || way->end == 0)
	{
		plan_item(way->items, "wal", PLAN_UNKNOWN,
				  "which WAL the backup needs is not known: its positions are not recorded", NULL);
		return false;
	}
	way->size = (uint64_t) json_integer_value(json_object_get(way->request->windows, "segment_size"));
	timeline_map_of_json(&way->map, json_object_get(way->request->windows, "archive"),
						 (int64_t) way->size);
	if (timeline == 0)
		timeline = (int) json_integer_value(json_object_get(backup, "timeline"));
	way->to = timeline_map_find(&way->map, (uint32_t) timeline);
	if (way->to == NULL)
	{
		found(way, "wal", way->request->written != 0 ? PLAN_UNKNOWN : PLAN_BAD,
			  mem_printf("of timeline %d no segment is archived yet", timeline), END_REMEDY);
		return false;
	}
	way->first = way->begin / way->size;
	way->missing = timeline_map_first_missing(&way->map, way->to, way->first);
	way->has_gap = way->to->runs[way->to->run_count - 1].last > way->missing;
	segment = (ArchivedSegment){timeline_map_owner(&way->map, way->to, way->missing), way->missing};
	archive_name_of_segment(&way->map.listing, &segment, way->missing_name);
	return true;
}

static void
judge_position(Way *way, uint64_t position)
{
	const json_t *received = json_object_get(way->request->windows, "received");
	const char *end = json_text_of(received, "until_lsn");
	const char *lsn = way->request->restore->target.lsn;
	bool same = (uint32_t) json_integer_value(json_object_get(received, "timeline")) ==
				way->to->timeline;
	uint64_t received_end = 0;

	if (way->missing > position / way->size || has_heir(way, position))
		plan_item(way->items, "wal", PLAN_GOOD, "the WAL up to the position is archived", NULL);
	else if (way->has_gap)
		found(way, "wal", PLAN_BAD,
			  mem_printf("segment %s is missing before position %s", way->missing_name, lsn),
			  GAP_REMEDY);
	else if (position <= way->request->written)
		plan_item(way->items, "wal", PLAN_GOOD,
				  "this server closes the segment of the position, and Barman archives it first",
				  NULL);
	else if (same && end != NULL && lsn_parse(end, &received_end) && position <= received_end)
		plan_item(way->items, "wal", PLAN_GOOD,
				  "the position is in WAL that Barman has received and not archived: it is restored as well",
				  NULL);
	else
		found(way, "wal", same && end == NULL ? PLAN_UNKNOWN : PLAN_BAD,
			  mem_printf("position %s lies beyond what is archived: segment %s is not there", lsn,
						 way->missing_name),
			  END_REMEDY);
}

/* A timeline ends within a segment, which may be archived only for the one that continues it. */
static bool
has_heir(const Way *way, uint64_t position)
{
	for (size_t i = 0; i < way->map.count; i++)
	{
		const MappedTimeline *heir = &way->map.timelines[i];

		if (heir->timeline > way->to->timeline &&
			timeline_map_leads(heir, way->to->timeline, position) &&
			timeline_map_first_missing(&way->map, heir, way->first) > position / way->size)
			return true;
	}
	return false;
}

/* Recovery to a time fails if no transaction ended after it. */
static void
judge_time(Way *way, const char *time)
{
	const json_t *window = window_before(way);
	const json_t *received = json_object_get(way->request->windows, "received");
	const char *end = json_text_of(received, "until_lsn");
	const char *until = json_text_of(window, "until_time");
	bool is_commit = json_text_is(window, "until_time_source", "commit");
	uint64_t received_end;
	int64_t target_us;
	int64_t until_us;
	bool is_before = is_commit && timestamp_parse(time, &target_us) &&
					 timestamp_parse(until, &until_us) && target_us < until_us;

	if (is_before)
		found(way, "wal", PLAN_GOOD,
			  mem_printf("the archive has transactions up to %s without a gap", until), NULL);
	else if (way->has_gap)
		found(way, "wal", is_commit ? PLAN_BAD : PLAN_UNKNOWN,
			  mem_printf("segment %s is missing, and the last transaction before it is of %s",
						 way->missing_name, is_commit ? until : "an unknown time"),
			  GAP_REMEDY);
	else if (way->request->written != 0)
		plan_item(way->items, "wal", PLAN_GOOD,
				  "this server closes its segment, and Barman archives it first", NULL);
	else
		found(way, "wal",
			  is_commit && end != NULL && lsn_parse(end, &received_end) &&
					  received_end <= way->missing * way->size
				  ? PLAN_BAD
				  : PLAN_UNKNOWN,
			  mem_printf("the last archived transaction is of %s: recovery fails unless one ended after the target time",
						 is_commit ? until : "an unknown time"),
			  END_REMEDY);
}

/* The window whose last segment is the one before the first that is missing */
static const json_t *
window_before(const Way *way)
{
	uint32_t owner = timeline_map_owner(&way->map, way->to, way->missing - 1);
	const MappedTimeline *timeline = timeline_map_find(&way->map, owner);
	const SegmentRun *run = timeline != NULL ? timeline_map_run(timeline, way->missing - 1) : NULL;
	const json_t *window;
	size_t i;

	if (run == NULL)
		return NULL;
	json_array_foreach (json_object_get(way->request->windows, "windows"), i, window)
	{
		const char *lsn = json_text_of(window, "until_lsn");
		uint64_t until;

		if ((uint32_t) json_integer_value(json_object_get(window, "timeline")) == owner &&
			lsn != NULL && lsn_parse(lsn, &until) && until / way->size >= run->first &&
			until <= (run->last + 1) * way->size)
			return window;
	}
	return NULL;
}

static void
judge_unread(Way *way, const char *what)
{
	if (way->has_gap)
		found(way, "wal", PLAN_UNKNOWN,
			  mem_printf("whether %s is in WAL is not known before that is read, and segment %s is missing",
						 what, way->missing_name),
			  GAP_REMEDY);
	else
		found(way, "wal", PLAN_UNKNOWN,
			  mem_printf("whether %s is in WAL is not known before that is read", what),
			  "A position (target_lsn) can be examined in advance.");
}

/* Recovery of all there is ends at a gap, and says so. */
static void
judge_all(Way *way)
{
	if (way->has_gap)
		found(way, "wal", PLAN_UNKNOWN,
			  mem_printf("recovery ends before segment %s, which is missing; what is behind it is not reached",
						 way->missing_name),
			  GAP_REMEDY);
	else
		plan_item(way->items, "wal", PLAN_GOOD, "all archived WAL is there, without a gap", NULL);
}

/* Barman copies what it lists from the backup on, whether or not recovery gets there. */
static void
judge_list(Way *way)
{
	ReadTarget target = {READ_VERSION, "", ""};
	Answer *version = reads_last(&target);
	bool may_stop = version == NULL ||
					json_integer_value(json_object_get(version->value, "number")) >= STOPS_SINCE;
	const json_t *missing;
	size_t i;

	answer_release(version);
	json_array_foreach (json_object_get(way->request->windows, "missing"), i, missing)
	{
		bool beyond;

		if (!is_copied(way, missing, &beyond))
			continue;
		found(way, "catalogue", beyond && may_stop ? PLAN_UNKNOWN : PLAN_BAD,
			  mem_printf("Barman lists segment %s and does not have it: %s",
						 json_text_of(missing, "name"),
						 beyond && may_stop ? "the copy fails unless Barman stops before it"
											: "the copy fails"),
			  LIST_REMEDY);
		return;
	}
}

/* By the rules of Barman's list; beyond: the target lies before it */
static bool
is_copied(const Way *way, const json_t *missing, bool *beyond)
{
	const RecoveryTarget *target = &way->request->restore->target;
	const char *name = json_text_of(missing, "name");
	const char *begin = json_text_of(way->request->backup, "begin_wal");
	uint64_t position = way->end - 1;
	int64_t time;
	ArchivedSegment segment;

	if (name == NULL || !archive_segment_of_name(&way->map.listing, name, &segment) ||
		segment.timeline > way->to->timeline || (begin != NULL && strcmp(name, begin) < 0))
		return false;
	*beyond = (target->immediate || (target->lsn != NULL && lsn_parse(target->lsn, &position))) &&
			  segment.number > position / way->size + 1;
	/* it stops behind the first segment that was written after the target time */
	return target->time == NULL || !timestamp_parse(target->time, &time) ||
		   json_number_value(json_object_get(missing, "before")) <= (double) time / 1000000;
}

static void
put_wal(json_t *plan, const Way *way, PlanWal *wal)
{
	const RecoveryTarget *target = &way->request->restore->target;
	ArchivedSegment segment;
	char first[SEGMENT_NAME_SIZE];
	char last[SEGMENT_NAME_SIZE];
	uint64_t end = way->missing * way->size;
	bool is_exact = target->immediate;

	if (way->missing <= way->first)
		return;
	if (target->immediate)
		end = way->end;
	else if (target->lsn != NULL && lsn_parse(target->lsn, &end))
		is_exact = true;
	wal->bytes = end > way->begin ? (int64_t) (end - way->begin) : 0;
	segment = (ArchivedSegment){timeline_map_owner(&way->map, way->to, way->first), way->first};
	archive_name_of_segment(&way->map.listing, &segment, first);
	segment.number = end > way->begin ? (end - 1) / way->size : way->first;
	segment.timeline = timeline_map_owner(&way->map, way->to, segment.number);
	archive_name_of_segment(&way->map.listing, &segment, last);
	json_object_set_new(plan, "wal",
						json_checked(json_pack("{s:s, s:s, s:I, s:I, s:b}", "first_wal", first,
											   "last_wal", last, "segments",
											   (json_int_t) (segment.number - way->first + 1), "bytes",
											   (json_int_t) wal->bytes, "at_most", !is_exact)));
}

/* Takes ownership of the finding. */
static void
found(Way *way, const char *item, PlanJudgement judgement, char *finding, const char *remedy)
{
	plan_item(way->items, item, judgement, finding, remedy);
	free(finding);
}
