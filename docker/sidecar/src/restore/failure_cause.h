/*
 * failure_cause.h
 *
 * Why a restore fails.
 */
#ifndef RESTORE_FAILURE_CAUSE_H
#define RESTORE_FAILURE_CAUSE_H

#include "restore/running_restore.h"

/* Records the cause; returns false, for the caller to pass on. */
extern bool restore_fail(Restore *restore, const char *code, const char *detail, const char *hint,
						 const char *format, ...) __attribute__((format(printf, 5, 6)));
extern bool restore_fail_with(Restore *restore, const json_t *error);

#endif /* RESTORE_FAILURE_CAUSE_H */
