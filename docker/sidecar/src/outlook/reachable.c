/*
 * reachable.c
 *
 * Finds the windows: from where the first backup of a run of segments is
 * consistent, or from where a timeline left one that a backup leads along, to
 * the end of the run.  A backup whose own WAL is not complete opens none.
 */
#include "outlook/reachable.h"

#include <stdlib.h>
#include <string.h>

#include "barman/backup_chain.h"
#include "barman/lsn.h"
#include "base/memory.h"

typedef struct Backup
{
	const char *id;
	const char *end_time;
	uint32_t timeline;
	uint64_t end;
	uint64_t first_wal; /* the segments that make it consistent */
	uint64_t last_wal;
	bool is_standalone;
	bool is_known; /* its chain is, too */
} Backup;

/* A window in the making */
typedef struct Search
{
	Reachable *reachable;
	const TimelineMap *map;
	Backup *backups; /* the oldest first */
	size_t count;
} Search;

static void read_backups(Search *search, const char *server, const json_t *list,
						 const json_t *without);
static bool read_backup(const TimelineMap *map, const json_t *one, Backup *backup);
static bool is_in(const json_t *ids, const char *id);
static void add_run(Search *search, const MappedTimeline *timeline, size_t run);
static bool is_reached(const Search *search, const MappedTimeline *timeline, uint64_t fork);
static void find_end(const TimelineMap *map, const MappedTimeline *timeline, size_t run,
					 Window *window);
static void add_broken(Search *search, const Backup *backup);
static bool is_whole(const TimelineMap *map, const Backup *backup);
static Window *append(Reachable *reachable, const Window *window);

void
reachable_find(Reachable *reachable, const TimelineMap *map, const char *server,
			   const json_t *backups, const json_t *without)
{
	Search search = {.reachable = reachable, .map = map};

	*reachable = (Reachable){.map = map};
	read_backups(&search, server, backups, without);
	for (size_t i = 0; i < map->count; i++)
	{
		for (size_t run = 0; run < map->timelines[i].run_count; run++)
			add_run(&search, &map->timelines[i], run);
	}
	for (size_t i = 0; i < search.count; i++)
	{
		if (!search.backups[i].is_known || !is_whole(map, &search.backups[i]))
			add_broken(&search, &search.backups[i]);
	}
	free(search.backups);
}

void
reachable_free(Reachable *reachable)
{
	for (size_t i = 0; i < reachable->count; i++)
		json_decref(reachable->windows[i].backups);
	free(reachable->windows);
	*reachable = (Reachable){0};
}

const Window *
reachable_same(const Reachable *reachable, const Window *window)
{
	for (size_t i = 0; i < reachable->count; i++)
	{
		const Window *one = &reachable->windows[i];

		if (one->is_open && one->timeline == window->timeline && one->first == window->first)
			return one;
	}
	return NULL;
}

static void
read_backups(Search *search, const char *server, const json_t *list, const json_t *without)
{
	search->backups = mem_alloc((json_array_size(list) + 1) * sizeof(Backup));
	for (size_t i = json_array_size(list); i-- > 0;)
	{
		const json_t *one = json_array_get(list, i);
		Backup *backup = &search->backups[search->count];
		char *unknown;
		json_t *chain;

		if (!json_text_is(one, "status", "DONE") ||
			is_in(without, json_text_of(one, "backup_id")) || !read_backup(search->map, one, backup))
			continue;
		chain = backup_chain(server, one, &unknown);
		backup->is_known = chain != NULL;
		json_decref(chain);
		free(unknown);
		search->count++;
	}
}

/* False if too little is recorded of it. */
static bool
read_backup(const TimelineMap *map, const json_t *one, Backup *backup)
{
	const char *begin = json_text_of(one, "begin_lsn");
	const char *end = json_text_of(one, "end_lsn");
	const char *retention = json_text_of(one, "retention");
	json_int_t timeline = json_integer_value(json_object_get(one, "timeline"));
	uint64_t begin_lsn;
	uint64_t size = map->listing.segment_size;

	*backup = (Backup){.id = json_text_of(one, "backup_id"),
					   .end_time = json_text_of(one, "end_time"),
					   .timeline = (uint32_t) timeline};
	if (backup->id == NULL || begin == NULL || end == NULL || timeline <= 0 ||
		timeline > UINT32_MAX || !lsn_parse(begin, &begin_lsn) || !lsn_parse(end, &backup->end) ||
		begin_lsn > backup->end || backup->end == 0)
		return false;
	backup->first_wal = begin_lsn / size;
	backup->last_wal = (backup->end - 1) / size;
	backup->is_standalone = retention != NULL && strcasestr(retention, "standalone") != NULL;
	return true;
}

static bool
is_in(const json_t *ids, const char *id)
{
	const json_t *one;
	size_t i;

	json_array_foreach (ids, i, one)
	{
		if (id != NULL && strcmp(json_string_value(one), id) == 0)
			return true;
	}
	return false;
}

static void
add_run(Search *search, const MappedTimeline *timeline, size_t run)
{
	uint64_t size = search->map->listing.segment_size;
	const SegmentRun *segments = &timeline->runs[run];
	Window window = {.timeline = timeline->timeline,
					 .first = segments->first,
					 .last = segments->last,
					 .backups = json_checked(json_array())};
	uint32_t parent;
	uint64_t fork;

	if (timeline_map_fork(timeline, &parent, &fork) &&
		timeline_map_run(timeline, fork / size) == segments && is_reached(search, timeline, fork))
	{
		window.is_open = true;
		window.parent = parent;
		window.from = fork;
	}
	for (size_t i = 0; i < search->count; i++)
	{
		const Backup *backup = &search->backups[i];

		if (backup->timeline != timeline->timeline || !backup->is_known ||
			backup->first_wal < segments->first || backup->last_wal > segments->last)
			continue;
		json_array_append_new(window.backups, json_text(backup->id));
		if (backup->is_standalone)
			window.detail = "a backup in it is kept standalone: WAL behind it is removed on purpose";
		if (window.is_open && window.from <= backup->end)
			continue;
		window.is_open = true;
		window.parent = 0;
		window.from = backup->end;
		window.start = backup->end_time;
	}
	find_end(search->map, timeline, run, &window);
	if (!window.has_gap)
		window.detail = NULL;
	if (window.is_open && window.from <= window.until)
		append(search->reachable, &window);
	else
		json_decref(window.backups);
}

/* Whether a backup of an earlier timeline leads to where this one begins */
static bool
is_reached(const Search *search, const MappedTimeline *timeline, uint64_t fork)
{
	for (size_t i = 0; i < search->count; i++)
	{
		const Backup *backup = &search->backups[i];

		if (backup->timeline != timeline->timeline && backup->is_known &&
			timeline_map_leads(timeline, backup->timeline, backup->end) &&
			timeline_map_first_missing(search->map, timeline, backup->first_wal) >
				fork / search->map->listing.segment_size)
			return true;
	}
	return false;
}

/* A run ends at the next one, where a later timeline goes on, or where the archive does. */
static void
find_end(const TimelineMap *map, const MappedTimeline *timeline, size_t run, Window *window)
{
	uint64_t size = map->listing.segment_size;
	bool is_last = run + 1 == timeline->run_count;
	uint64_t next = is_last ? 0 : timeline->runs[run + 1].first;

	window->until = (window->last + 1) * size;
	for (size_t i = 0; i < map->count; i++)
	{
		uint32_t parent;
		uint64_t fork;

		if (!timeline_map_fork(&map->timelines[i], &parent, &fork) ||
			parent != timeline->timeline || fork / size <= window->last)
			continue;
		/* the child's first segment repeats what this timeline had in it */
		if (fork / size == window->last + 1 &&
			timeline_map_run(&map->timelines[i], fork / size) != NULL)
		{
			window->forks = window->until < fork || window->forks;
			window->until = window->until < fork ? fork : window->until;
		}
		else if (is_last && next < fork / size)
			next = fork / size;
	}
	window->gap_timeline = timeline->timeline;
	window->gap_first = window->last + 1;
	window->gap_last = next - 1;
	window->has_gap = next > window->last + 1 && !(is_last && window->forks);
}

/* A backup that cannot be restored: its WAL, or one that it is based on, is missing. */
static void
add_broken(Search *search, const Backup *backup)
{
	const MappedTimeline *timeline = timeline_map_find(search->map, backup->timeline);
	Window window = {.timeline = backup->timeline,
					 .backups = json_checked(json_pack("[s]", backup->id)),
					 .gap_timeline = backup->timeline};

	if (!is_whole(search->map, backup))
	{
		uint64_t first = backup->first_wal;

		while (timeline != NULL && timeline_map_run(timeline, first) != NULL)
			first++;
		window.has_gap = true;
		window.gap_first = window.gap_last = first;
		while (window.gap_last < backup->last_wal &&
			   (timeline == NULL || timeline_map_run(timeline, window.gap_last + 1) == NULL))
			window.gap_last++;
		window.detail = "the backup cannot be restored: WAL that makes it consistent is missing";
	}
	else
		window.detail = "the backup cannot be restored: one that it is based on is missing";
	append(search->reachable, &window);
}

static bool
is_whole(const TimelineMap *map, const Backup *backup)
{
	const MappedTimeline *timeline = timeline_map_find(map, backup->timeline);
	const SegmentRun *run = timeline != NULL ? timeline_map_run(timeline, backup->first_wal) : NULL;

	return run != NULL && run->last >= backup->last_wal;
}

static Window *
append(Reachable *reachable, const Window *window)
{
	if ((reachable->count & (reachable->count - 1)) == 0)
		reachable->windows = mem_realloc(reachable->windows,
										 (reachable->count > 0 ? reachable->count * 2 : 1) *
											 sizeof(Window));
	reachable->windows[reachable->count] = *window;
	return &reachable->windows[reachable->count++];
}
