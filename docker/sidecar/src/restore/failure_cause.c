/*
 * failure_cause.c
 *
 * Why a restore fails: the last cause counts.  Only records it; the end of the
 * restore reports it.  What the log of a restored server says is a cause, such as
 * that the disk became full; what Barman says of its copy is read in
 * barman/json_restore.c.
 */
#include "restore/failure_cause.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "barman/disk_full.h"
#include "base/files.h"
#include "base/memory.h"
#include "base/settings.h"
#include "restore/instance_files.h"

/* What the log of a server says that cannot start, and what it means */
typedef struct KnownCause
{
	const char *text;
	const char *code;
	const char *message;
	const char *hint;
} KnownCause;

static const KnownCause *known_cause(const char *log);
static char *last_transaction(const char *log);
static char *last_words(const char *log);

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

static const KnownCause *
known_cause(const char *log)
{
	static const KnownCause causes[] = {
		{"Address already in use", "conflict", "another program has taken the port of the instance",
		 "Restore again: another port will be chosen."},
		{DISK_FULL_WORDS, BARMAN_WRONG_STATE, "the disk became full during recovery", DISK_FULL_HINT},
		{"database files are incompatible with server", BARMAN_UNSUPPORTED,
		 "the backup is of a PostgreSQL that was built otherwise than the one on Barman's host",
		 "Give the sidecar by --pg-bindir a PostgreSQL that was built as the primary's was, with its --with-blocksize, --with-wal-blocksize and --with-segsize."},
	};

	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
	{
		if (strstr(log, causes[i].text) != NULL)
			return &causes[i];
	}
	return NULL;
}

/* Explains why the server ended during recovery. */
bool
restore_explain_log(Restore *restore)
{
	char *log = mem_printf("%s/" INSTANCE_LOG, restore->directory);
	char *tail = files_tail(log, RESTORE_LOG_SHOWN);
	char *words = last_words(tail);
	const KnownCause *known;

	free(log);
	restore_log_end(restore->job, tail);
	if (strstr(tail, "recovery ended before configured recovery target was reached") != NULL)
	{
		char *last = last_transaction(tail);
		char *detail = last == NULL
						   ? mem_strdup(words)
						   : mem_printf("%s\nThe last transaction that can be had ended at %s.",
										words, last);

		restore_fail(restore, BARMAN_WRONG_STATE, detail,
					 restore->target.name != NULL
						 ? "Is the name right, and was the restore point made after the end of the backup? If it was made just now, its WAL may not be archived yet."
						 : "The archived WAL does not reach so far, or the backup is younger than the target.",
					 "recovery ended before the target was reached");
		free(detail);
		free(last);
	}
	else if ((known = known_cause(tail)) != NULL)
		restore_fail(restore, known->code, words, known->hint, "%s", known->message);
	else if (strstr(tail, "resource manager with ID") != NULL)
	{
		const char *preload = restore->request->primary.preload;
		char *hint = mem_printf("Start barman-sidecar with --instance-preload=LIBRARY, which must be installed on Barman's host.%s%s",
								preload != NULL && preload[0] != '\0' ? " The primary preloads: " : "",
								preload != NULL ? preload : "");

		restore_fail(restore, BARMAN_WRONG_STATE, words, hint,
					 "recovery needs a library that is not preloaded: the WAL has records of a resource manager of its own");
		free(hint);
	}
	else
		restore_fail(restore, BARMAN_INTERNAL, words[0] != '\0' ? words : "Its log tells no reason.",
					 "poc_job_log() has the end of the server's log.",
					 "the restored server did not start");
	free(words);
	free(tail);
	return false;
}

/* Logs the end of a server's log, line by line */
void
restore_log_end(Job *job, const char *log)
{
	for (const char *line = log; *line != '\0';)
	{
		size_t length = strcspn(line, "\n");

		if (length > 0)
			job_log(job, JOB_DEBUG, "%.*s", (int) length, line);
		line += length + (line[length] == '\n' ? 1 : 0);
	}
}

/* malloc'd: end time of the last replayed transaction; NULL if there was none */
static char *
last_transaction(const char *log)
{
	static const char before[] = "last completed transaction was at log time ";
	const char *found = NULL;

	for (const char *at = log; (at = strstr(at, before)) != NULL; at++)
		found = at + strlen(before);
	return found != NULL ? mem_strndup(found, strcspn(found, "\n")) : NULL;
}

/*
 * malloc'd: the last FATAL or PANIC of a log with its DETAIL, HINT and CONTEXT,
 * or ""
 */
static char *
last_words(const char *log)
{
	static const char *const levels[] = {"FATAL:  ", "PANIC:  "};
	static const char *const more[] = {"DETAIL:  ", "HINT:  ", "CONTEXT:  "};
	const char *found = NULL;
	const char *end;

	for (const char *line = log; line != NULL; line = strchr(line, '\n'))
	{
		size_t length;

		line += strspn(line, "\n");
		length = strcspn(line, "\n");
		for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		{
			const char *at = memmem(line, length, levels[i], strlen(levels[i]));

			if (at != NULL)
				found = at + strlen(levels[i]);
		}
	}
	if (found == NULL)
		return mem_strdup("");
	for (end = found + strcspn(found, "\n"); *end == '\n';)
	{
		size_t length = strcspn(end + 1, "\n");
		bool belongs = false;

		for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++)
			belongs = belongs || memmem(end + 1, length, more[i], strlen(more[i])) != NULL;
		if (!belongs)
			break;
		end += 1 + length;
	}
	return mem_strndup(found, (size_t) (end - found));
}
