/*
 * failure_cause.h
 *
 * Why a restore fails.
 */
#ifndef RESTORE_FAILURE_CAUSE_H
#define RESTORE_FAILURE_CAUSE_H

#include "restore/running_restore.h"

/* Bytes shown of the log of a server that did not recover */
#define RESTORE_LOG_SHOWN 8000

/* Records the cause; returns false, for the caller to pass on. */
extern bool restore_fail(Restore *restore, const char *code, const char *detail, const char *hint,
						 const char *format, ...) __attribute__((format(printf, 5, 6)));
extern bool restore_fail_with(Restore *restore, const json_t *error);

/* Why a server ended during its recovery, by its log; records that cause and returns false. */
extern bool restore_explain_log(Restore *restore);

/* Logs the end of a server's log, line by line. */
extern void restore_log_end(Job *job, const char *log);

#endif /* RESTORE_FAILURE_CAUSE_H */
