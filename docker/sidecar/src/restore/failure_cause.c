/*
 * failure_cause.c
 *
 * Why a restore fails: the last cause counts.  Only records it; the end of the
 * restore reports it.
 */
#include "restore/failure_cause.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/memory.h"

bool
restore_fail(Restore *restore, const char *code, const char *detail, const char *hint,
			 const char *format, ...)
{
	va_list args;
	char *message;

	va_start(args, format);
	message = mem_vprintf(format, args);
	va_end(args);
	json_decref(restore->error);
	restore->error = error_json(code, message, detail, hint);
	free(message);
	return false;
}

bool
restore_fail_with(Restore *restore, const json_t *error)
{
	return restore_fail(restore, json_text_of(error, "code"), json_text_of(error, "detail"),
						json_text_of(error, "hint"), "%s", json_text_of(error, "message"));
}
