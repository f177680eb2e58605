/*
 * changes_state.c
 *
 * Ends a collection that met a record which PostgreSQL does not write, or too
 * many of them.
 */
#include "wal/changes_state.h"

#include <inttypes.h>
#include <stdio.h>

bool
changes_fail(Changes *changes, uint64_t lsn, const char *detail)
{
	snprintf(changes->error, sizeof(changes->error), "the record at %" PRIX64 "/%08" PRIX64 ": %s",
			 lsn >> 32, lsn & 0xFFFFFFFF, detail);
	return false;
}
