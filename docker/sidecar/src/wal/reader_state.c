/*
 * reader_state.c
 *
 * Ends a reader.
 */
#include "wal/reader_state.h"

#include <stdarg.h>
#include <stdio.h>

bool
reader_ends(RecordReader *reader, WalEndReason reason, uint64_t lsn, const char *format, ...)
{
	va_list args;

	reader->end.reason = reason;
	reader->end.lsn = lsn;
	va_start(args, format);
	vsnprintf(reader->end.detail, sizeof(reader->end.detail), format, args);
	va_end(args);
	return false;
}
