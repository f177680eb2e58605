/*-------------------------------------------------------------------------
 *
 * arena.c
 *	  Memory for the values of one batch of rows.
 *
 * The next batch reuses the blocks: free() would return them to the kernel,
 * which then hands them out again page by page.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/compat.h"
#include "rows/value/arena.h"

/* Values are parts of blocks of this size ... */
#define ARENA_BLOCK (64 * 1024)
/* ... except large ones */
#define ARENA_LARGE (8 * 1024)

struct RowsArenaBlock
{
	RowsArenaBlock *next;
	char data[ARENA_BLOCK];
};

void
rows_init_arena(RowsArena *arena)
{
	memset(arena, 0, sizeof(RowsArena));
	arena->keeper = CurrentMemoryContext;
	arena->context = AllocSetContextCreate(CurrentMemoryContext, "poc_barman rows",
										   ALLOCSET_DEFAULT_SIZES);
}

/* Allocates what does not fit into the current block. */
void *
rows_alloc_slow(RowsArena *arena, Size size)
{
	RowsArenaBlock **link = arena->block != NULL ? &arena->block->next : &arena->first;

	if (size > ARENA_LARGE)
		return MemoryContextAlloc(arena->context, size);
	if (*link == NULL)
	{
		*link = MemoryContextAlloc(arena->keeper, sizeof(RowsArenaBlock));
		(*link)->next = NULL;
	}
	arena->block = *link;
	arena->used += ARENA_BLOCK;
	arena->next = arena->block->data + size;
	arena->end = arena->block->data + ARENA_BLOCK;
	return arena->block->data;
}

/* Memory that the values take, in bytes. */
Size
rows_arena_size(const RowsArena *arena)
{
	return arena->used + MemoryContextMemAllocated(arena->context, false);
}

void
rows_reset_arena(RowsArena *arena)
{
	MemoryContextReset(arena->context);
	arena->block = NULL;
	arena->next = arena->end = NULL;
	arena->used = 0;
}
