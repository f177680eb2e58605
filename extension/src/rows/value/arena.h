/*-------------------------------------------------------------------------
 *
 * arena.h
 *	  Memory for the values of one batch of rows.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_VALUE_ARENA_H
#define POC_ROWS_VALUE_ARENA_H

#include "utils/palloc.h"

typedef struct RowsArenaBlock RowsArenaBlock;

/* Memory for the values of one batch: a bump allocator. */
typedef struct RowsArena
{
	MemoryContext context; /* large values, and what PostgreSQL allocates */
	char *next;
	char *end;
	RowsArenaBlock *block; /* that next and end point into */
	RowsArenaBlock *first;
	MemoryContext keeper; /* of the blocks */
	Size used;			  /* bytes of blocks */
} RowsArena;

extern void rows_init_arena(RowsArena *arena);
extern void rows_reset_arena(RowsArena *arena);
extern Size rows_arena_size(const RowsArena *arena);
extern void *rows_alloc_slow(RowsArena *arena, Size size);

static inline void *
rows_alloc(RowsArena *arena, Size size)
{
	char *result = arena->next;

	size = MAXALIGN(size);
	if (unlikely(size > (Size) (arena->end - result)))
		return rows_alloc_slow(arena, size);
	arena->next += size;
	return result;
}

#endif /* POC_ROWS_VALUE_ARENA_H */
