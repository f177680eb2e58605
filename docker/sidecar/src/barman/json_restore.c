/*
 * json_restore.c
 *
 * Parses Barman's output of restoring, verifying, keeping and deleting a
 * backup.  "NOT VALID" is a failure here, although Barman exits with 0.
 */
#include "barman/json_inside.h"

#include <stdlib.h>
#include <string.h>

#include "barman/disk_full.h"

/* The meaning of Barman's messages in these commands; the first match counts. */
static const struct
{
	const char *words;
	const char *code;
	const char *hint;
} meanings[] = {
	{"is before the backup end time", BARMAN_WRONG_STATE,
	 "Choose an older backup, or a later target."},
	{"backup status is not DONE", BARMAN_WRONG_STATE, "Choose a backup whose status is DONE."},
	{"Only backups with status DONE can be kept", BARMAN_WRONG_STATE,
	 "Choose a backup whose status is DONE."},
	{"Only full backups are eligible", BARMAN_WRONG_STATE,
	 "Keep the full backup that it is based on."},
	{"current keep request", BARMAN_WRONG_STATE, "Release it first: keep => 'release'."},
	{"minimum redundancy", BARMAN_WRONG_STATE,
	 "Take another backup first, or lower minimum_redundancy in Barman's configuration."},
	{"Another process in running on server", BARMAN_BACKUP_RUNNING,
	 "Wait until the running backup ends, or cancel it."},
	{DISK_FULL_WORDS, BARMAN_FAILED, DISK_FULL_HINT},
	{"pg_verifybackup not found", BARMAN_UNSUPPORTED,
	 "Install PostgreSQL's client programs on Barman's host and set path_prefix in Barman's configuration."},
	{"error while cloning file", BARMAN_WRONG_STATE,
	 "This file system cannot clone from that of the backups: set combine_mode = copy in Barman's configuration, or put --instance-root where the backups are."},
	{"'encryption_passphrase_command' is not configured", BARMAN_WRONG_STATE,
	 "Set encryption_passphrase_command in Barman's configuration: it prints the passphrase of the key."},
	{"Bad passphrase provided", BARMAN_WRONG_STATE,
	 "What encryption_passphrase_command prints is not the passphrase of the key."},
	{"not supported for encrypted backups", BARMAN_UNSUPPORTED,
	 "Restore it to see whether it is good: poc_restore_drill() proves it."},
	{"could not open file", BARMAN_WRONG_STATE,
	 "The backup has no manifest: it is not whole, or was not made by pg_basebackup."},
};

static json_t *refine(json_t *document, const BarmanOutput *output, const char *command,
					  const char *server, BarmanFailure *failure);
static const char *find_message(const json_t *document, const char *key, const char *words);
static void cut_representation(BarmanFailure *failure, const char *reason);

json_t *
barman_parse_restore(const BarmanOutput *output, const char *server, BarmanFailure *failure)
{
	json_t *document = barman_redacted_document(output);
	const char *not_valid = find_message(document, "_WARNING", "NOT VALID");

	if (document == NULL || output->exit_code != 0 || barman_document_has_errors(document))
		return refine(document, output, "restore", server, failure);
	if (not_valid != NULL)
	{
		barman_fail(failure, BARMAN_WRONG_STATE, not_valid,
					"Wait until the backup is DONE: its last WAL has to be archived.",
					"barman restored a backup that is not valid");
		json_decref(document);
		return NULL;
	}
	json_decref(document);
	return json_object();
}

json_t *
barman_parse_verify(const BarmanOutput *output, const char *server, BarmanFailure *failure)
{
	json_t *document = barman_redacted_document(output);
	const char *failed = find_message(document, "_ERROR", "verify backup failure");
	const char *words = find_message(document, "_ERROR", "pg_verifybackup: ");
	bool good = document != NULL && output->exit_code == 0 && !barman_document_has_errors(document);
	json_t *value;

	/* the manifest lists no tar files of a compressed backup, only the files in them */
	if (words != NULL && strstr(words, ".tar") != NULL &&
		strstr(words, "is present on disk but not in the manifest") != NULL)
	{
		barman_fail(failure, BARMAN_UNSUPPORTED,
					"The backup is compressed, and pg_verifybackup before PostgreSQL 18 cannot read that.",
					"Restore it to see whether it is good.", "barman cannot verify this backup");
		json_decref(document);
		return NULL;
	}
	if (!good && (failed == NULL || words == NULL ||
				  strstr(words, "backup_manifest\": No such file") != NULL))
		return refine(document, output, "verify-backup", server, failure);

	value = json_object();
	if (value == NULL || !barman_put(value, "status", json_string(good ? "valid" : "corrupt")) ||
		!barman_put(value, "detail",
					good ? json_string(
							   "All files are there and have the checksums they had when the backup was taken.")
						 : json_string(words)))
	{
		json_decref(value);
		value = barman_fail_memory(failure);
	}
	json_decref(document);
	return value;
}

json_t *
barman_parse_keep(const BarmanOutput *output, const char *server, BarmanFailure *failure)
{
	json_t *document = barman_redacted_document(output);

	if (document == NULL || output->exit_code != 0 || barman_document_has_errors(document))
		return refine(document, output, "keep", server, failure);
	json_decref(document);
	return json_object();
}

json_t *
barman_parse_keep_status(const BarmanOutput *output, const char *server, BarmanFailure *failure)
{
	json_t *document = barman_good_document(output, "keep", server, failure);
	const char *word;
	json_t *value;

	if (document == NULL)
		return NULL;
	word = json_string_value(
		json_object_get(json_object_get(barman_server_data(document, server), "keep_status"),
						"message"));
	if (word == NULL)
		return refine(document, output, "keep", server, failure);
	value = json_object();
	if (value == NULL ||
		!barman_put(value, "status", json_string(strcmp(word, "nokeep") == 0 ? "none" : word)))
	{
		json_decref(value);
		value = barman_fail_memory(failure);
	}
	json_decref(document);
	return value;
}

json_t *
barman_parse_delete(const BarmanOutput *output, const char *server, BarmanFailure *failure)
{
	static const char deleted[] = "Deleted backup ";
	json_t *document = barman_redacted_document(output);
	const json_t *information = json_object_get(document, "_INFO");
	json_t *ids = json_array();
	json_t *value = json_object();

	if (document == NULL || output->exit_code != 0 || barman_document_has_errors(document))
	{
		json_decref(ids);
		json_decref(value);
		return refine(document, output, "delete", server, failure);
	}
	for (size_t i = 0; i < json_array_size(information); i++)
	{
		const char *text = json_string_value(json_array_get(information, i));

		if (text != NULL && barman_text_starts(text, deleted))
			json_array_append_new(ids, json_stringn(text + strlen(deleted),
													strcspn(text + strlen(deleted), " ")));
	}
	json_decref(document);
	if (!barman_put(value, "deleted", ids))
	{
		json_decref(value);
		return barman_fail_memory(failure);
	}
	return value;
}

/*
 * Report the failure of a run; its cause may be in a warning.  Takes ownership
 * of the document, returns NULL.
 */
static json_t *
refine(json_t *document, const BarmanOutput *output, const char *command, const char *server,
	   BarmanFailure *failure)
{
	barman_fail_run(output, document, command, server, failure);
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]) && document != NULL; i++)
	{
		const char *reason = find_message(document, "_WARNING", meanings[i].words);

		if (reason == NULL &&
			(failure->detail == NULL || strstr(failure->detail, meanings[i].words) == NULL))
			continue;
		failure->code = meanings[i].code;
		free(failure->hint);
		failure->hint = strdup(meanings[i].hint);
		cut_representation(failure, reason);
		json_decref(document);
		return NULL;
	}
	cut_representation(failure, NULL);
	json_decref(document);
	return NULL;
}

static const char *
find_message(const json_t *document, const char *key, const char *words)
{
	const json_t *messages = json_object_get(document, key);

	for (size_t i = 0; i < json_array_size(messages); i++)
	{
		const char *message = json_string_value(json_array_get(messages, i));

		if (message != NULL && strstr(message, words) != NULL)
			return message;
	}
	return NULL;
}

/*
 * An error of delete ends in the repr() of a Python object with two thousand
 * characters; the reason, if printed at all, is in a warning.
 */
static void
cut_representation(BarmanFailure *failure, const char *reason)
{
	char *object = failure->detail != NULL ? strstr(failure->detail, " (") : NULL;
	char *longer;
	size_t length;

	while (object != NULL && strstr(object, "BackupInfo(") == NULL)
		object = NULL;
	if (object != NULL)
		*object = '\0';
	if (reason == NULL)
		return;
	length = (failure->detail != NULL ? strlen(failure->detail) + 1 : 0) + strlen(reason) + 1;
	longer = malloc(length);
	if (longer == NULL)
		return;
	longer[0] = '\0';
	if (failure->detail != NULL)
	{
		strcat(longer, failure->detail);
		strcat(longer, "\n");
	}
	strcat(longer, reason);
	free(failure->detail);
	failure->detail = longer;
}
