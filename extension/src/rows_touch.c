/*-------------------------------------------------------------------------
 *
 * rows_touch.c
 *	  Shared buffers that will be written soon, mapped into this process.
 *
 * A process is interrupted for its page table when it first writes to 4 kB of
 * shared memory, if there are no huge pages: a fifth of the time of a load.
 * At a read the kernel maps all that is around.  Buffers are handed out in
 * their order, upwards or, after a TRUNCATE, downwards: so the neighbours of
 * the current one are read.  Must never depend on what is in them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/bufmgr.h"

#include "compat.h"
#include "rows.h"

/* Linux maps so much around what is read (fault_around_bytes). */
#define BUFFERS_AT_ONCE		(65536 / BLCKSZ)

/* How far from the current buffer: more than are used before we are asked again. */
#define BUFFERS_AROUND		256

static void touch(int from, int to);

/*
 * A buffer is in use; the range, empty at first, is that of the buffers near it
 * which have been read.
 */
void
rows_touch_around(Buffer buffer, RowsTouched *range)
{
	int			from = Max(buffer - BUFFERS_AROUND, 1);
	int			to = Min(buffer + BUFFERS_AROUND, NBuffers + 1);

	if (!BufferIsValid(buffer) || BufferIsLocal(buffer))
		return;
	if (buffer < range->from || buffer > range->to)
		range->from = range->to = buffer;
	if (to - range->to > BUFFERS_AROUND / 2)
	{
		touch(range->to, to);
		range->to = to;
	}
	if (range->from - from > BUFFERS_AROUND / 2)
	{
		touch(from, range->from);
		range->from = from;
	}
}

static void
touch(int from, int to)
{
	for (int i = from; i < to; i += BUFFERS_AT_ONCE)
		(void) *(volatile char *) (BufferBlocks + (Size) (i - 1) * BLCKSZ);
}
