/*
 * failure.h
 *
 * Why a request to Barman has no result.
 */
#ifndef BASE_FAILURE_H
#define BASE_FAILURE_H

/*
 * Why a request to Barman has no result.
 *
 * code is one of the constants below and static; the other strings are malloc'd
 * (detail and hint may be NULL) and freed by barman_failure_clear().  Start
 * from a zeroed struct.  No string holds a password.
 */
typedef struct BarmanFailure
{
	const char *code;
	char *message;
	char *detail;
	char *hint;
} BarmanFailure;

#define BARMAN_FAILED		  "barman_failed"
#define BARMAN_BAD_OUTPUT	  "bad_output"
#define BARMAN_UNKNOWN_SERVER "unknown_server"
#define BARMAN_UNKNOWN_BACKUP "unknown_backup"
#define BARMAN_BACKUP_RUNNING "backup_running"
#define BARMAN_BAD_ARGUMENT	  "bad_argument"
#define BARMAN_BAD_BACKUP_ID  "bad_backup_id" /* several backups share the name */
#define BARMAN_WRONG_STATE	  "wrong_state"	  /* inactive server */
#define BARMAN_UNSUPPORTED	  "unsupported_by_barman"
#define BARMAN_INTERNAL		  "internal" /* out of memory */

extern void barman_failure_clear(BarmanFailure *failure);

#endif /* BASE_FAILURE_H */
