/*
 * read_entries.c
 *
 * The entries of the cache of reads, and which of them are dropped when there
 * are too many.  Never drops one that somebody waits for.
 */
#include "barman/read_entries.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/timestamp.h"

/* More entries are never needed at once; the oldest unused ones are dropped. */
#define MAX_ENTRIES 1024

static ReadEntry *entries;
static int entry_count;

static void evict(void);

ReadEntry *
read_entry_for(const ReadTarget *target)
{
	ReadEntry *entry = read_entry_find(target);

	if (entry != NULL)
		return entry;
	if (entry_count >= MAX_ENTRIES)
		evict();
	entry = mem_alloc(sizeof(ReadEntry));
	entry->kind = target->kind;
	entry->server = mem_strdup(target->server);
	entry->argument = mem_strdup(target->argument);
	entry->next = entries;
	entries = entry;
	entry_count++;
	return entry;
}

ReadEntry *
read_entry_find(const ReadTarget *target)
{
	for (ReadEntry *entry = entries; entry != NULL; entry = entry->next)
	{
		if (entry->kind == target->kind && strcmp(entry->server, target->server) == 0 &&
			strcmp(entry->argument, target->argument) == 0)
			return entry;
	}
	return NULL;
}

ReadEntry *
read_entries_all(void)
{
	return entries;
}

ReadEntry *
read_entries_take(void)
{
	ReadEntry *entry = entries;

	if (entry == NULL)
		return NULL;
	entries = entry->next;
	entry_count--;
	return entry;
}

void
read_entry_free(ReadEntry *entry)
{
	answer_release(entry->answer);
	free(entry->server);
	free(entry->argument);
	free(entry);
}

/* Drop the older half of the entries that nobody waits for. */
static void
evict(void)
{
	int64_t oldest = INT64_MAX;
	int64_t limit;

	for (ReadEntry *entry = entries; entry != NULL; entry = entry->next)
	{
		if (entry->used < oldest)
			oldest = entry->used;
	}
	limit = oldest + (monotonic_ms() - oldest) / 2;
	for (ReadEntry **link = &entries; *link != NULL;)
	{
		ReadEntry *entry = *link;

		if (entry->used <= limit && !entry->running && !entry->queued)
		{
			*link = entry->next;
			read_entry_free(entry);
			entry_count--;
		}
		else
			link = &entry->next;
	}
}
