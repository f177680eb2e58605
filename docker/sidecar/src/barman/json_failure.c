/*
 * json_failure.c
 *
 * Evaluates a run of barman: returns its document, or why there is no result: a
 * code, our message, Barman's own words.
 */
#include "barman/json_inside.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Truncate Barman's messages here; pg_verifybackup can list a thousand files. */
#define MAX_DETAIL 8192

/* The meaning of Barman's messages; the first match counts. */
static const struct
{
	const char *words;
	const char *code;
	const char *hint;
} meanings[] = {
	{"Unknown server '", BARMAN_UNKNOWN_SERVER,
	 "Ask for the list of servers to see the names that Barman knows."},
	{"Unknown backup '", BARMAN_UNKNOWN_BACKUP,
	 "Ask for the list of backups to see the ids and names that Barman knows."},
	{"Multiple backups found matching name", BARMAN_BAD_BACKUP_ID,
	 "Several backups share this name: use the id of the one you mean."},
	{"Another backup process is running", BARMAN_BACKUP_RUNNING,
	 "Wait until the running backup ends, or cancel it."},
	{"Inactive server: ", BARMAN_WRONG_STATE,
	 "Set active = true in the server's Barman configuration."},
	{"invalid choice: '", BARMAN_UNSUPPORTED, "This Barman is too old for that command."},
	{"unrecognized arguments: ", BARMAN_UNSUPPORTED, "This Barman is too old for that option."},
	{": error: argument --", BARMAN_BAD_ARGUMENT, NULL},
	{"'summarize_wal' option has to be enabled", BARMAN_WRONG_STATE,
	 "Set summarize_wal = on in PostgreSQL and take a full backup first."},
	{"WAL summaries were not enabled when that backup was taken", BARMAN_WRONG_STATE,
	 "Take a full backup first, now that summarize_wal is on."},
	{"Postgres version 17 or greater is required", BARMAN_UNSUPPORTED,
	 "It needs Barman 3.11 and PostgreSQL 17."},
	{"Incremental backups cannot be taken with", BARMAN_WRONG_STATE,
	 "Remove backup_compression from Barman's configuration and take a full backup first."},
	{"Compressed backups are not eligible as parents", BARMAN_WRONG_STATE,
	 "Remove backup_compression from Barman's configuration and take a full backup first."},
	{"Impossible to start the backup", BARMAN_FAILED,
	 "Run a check of the server: it names what is missing. From SQL, poc_wait_ready() brings a new server to where it can be backed up."},
	{"Unable to connect to server ", BARMAN_FAILED,
	 "Barman cannot reach PostgreSQL: see whether it runs, and check the server's conninfo and password."},
	{"Unable to perform pg_switch_wal", BARMAN_FAILED,
	 "Barman cannot reach PostgreSQL or may not switch WAL: run a check of the server."},
	{"missing required privileges", BARMAN_FAILED,
	 "Grant Barman's role what its documentation lists under pre-requisites."},
	{"please run barman as '", BARMAN_FAILED, "The sidecar has to run as Barman's own user."},
	{NULL, BARMAN_FAILED, NULL},
};

static char *own_words(const BarmanOutput *output, const json_t *document);
static void append_messages(BarmanText *words, const json_t *document, const char *key);
static char *last_words(const char *text, size_t length);
static char *copy_of(const char *text);

/*
 * The document of a successful run, or NULL with *failure filled: no document,
 * an exit code, error messages, or nothing about the server.  Pass server NULL
 * if the result is not under a server's name.
 */
json_t *
barman_good_document(const BarmanOutput *output, const char *command, const char *server,
					 BarmanFailure *failure)
{
	json_t *document = barman_redacted_document(output);

	if (document == NULL || output->exit_code != 0 || barman_document_has_errors(document) ||
		(server != NULL && barman_server_data(document, server) == NULL))
	{
		barman_fail_run(output, document, command, server, failure);
		json_decref(document);
		return NULL;
	}
	return document;
}

/* Fills *failure; detail must be free of secrets.  Returns NULL. */
json_t *
barman_fail(BarmanFailure *failure, const char *code, const char *detail, const char *hint,
			const char *format, ...)
{
	char message[512];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);

	barman_failure_clear(failure);
	failure->code = code;
	/* snprintf() may have cut the server's name within a character */
	failure->message = barman_text_utf8(message, strlen(message));
	failure->detail = copy_of(detail);
	failure->hint = copy_of(hint);
	return NULL;
}

json_t *
barman_fail_memory(BarmanFailure *failure)
{
	barman_failure_clear(failure);
	failure->code = BARMAN_INTERNAL;
	failure->message = copy_of("out of memory");
	return NULL;
}

/*
 * Report the failure of a run without a result.  document is its JSON without
 * secrets, or NULL.
 */
json_t *
barman_fail_run(const BarmanOutput *output, const json_t *document, const char *command,
				const char *server, BarmanFailure *failure)
{
	char *words = own_words(output, document);
	size_t i = 0;

	if (words == NULL)
		return barman_fail_memory(failure);
	if (output->exit_code == 0 && !barman_document_has_errors(document))
	{
		if (document == NULL)
			barman_fail(failure, BARMAN_BAD_OUTPUT, words[0] ? words : NULL, NULL,
						"barman %s did not print a JSON document", command);
		else
			barman_fail(failure, BARMAN_BAD_OUTPUT, words[0] ? words : NULL, NULL,
						"barman %s printed nothing usable%s%s%s", command,
						server ? " about server \"" : "", server ? server : "", server ? "\"" : "");
		free(words);
		return NULL;
	}

	while (meanings[i].words != NULL && strstr(words, meanings[i].words) == NULL)
		i++;
	if (words[0] == '\0')
		barman_fail(failure, BARMAN_FAILED, NULL, NULL,
					"barman %s ended with exit code %d and said nothing", command, output->exit_code);
	else if (strcmp(meanings[i].code, BARMAN_UNKNOWN_SERVER) == 0)
		barman_fail(failure, meanings[i].code, words, meanings[i].hint,
					"barman knows no server \"%s\"", server ? server : "");
	else if (strcmp(meanings[i].code, BARMAN_UNKNOWN_BACKUP) == 0)
		barman_fail(failure, meanings[i].code, words, meanings[i].hint,
					"barman knows no such backup of server \"%s\"", server ? server : "");
	else if (strcmp(meanings[i].code, BARMAN_BACKUP_RUNNING) == 0)
		barman_fail(failure, meanings[i].code, words, meanings[i].hint,
					"a backup of server \"%s\" is running already", server ? server : "");
	else
		barman_fail(failure, meanings[i].code, words, meanings[i].hint,
					"barman %s failed with exit code %d", command, output->exit_code);
	free(words);
	return NULL;
}

/*
 * Barman's error messages; if there are none, its standard error; if that is
 * empty, its standard output unless that is JSON.  May be empty.
 */
static char *
own_words(const BarmanOutput *output, const json_t *document)
{
	BarmanText words = {0};
	char *text;

	append_messages(&words, document, "_ERROR");
	append_messages(&words, document, "_EXCEPTION");
	if (words.length == 0 && !words.failed)
	{
		if (output->err_length > 0)
			return last_words(output->err, output->err_length);
		if (document == NULL && output->out_length > 0)
			return barman_is_broken_json(output)
					   ? copy_of("The JSON that it printed is cut off or malformed.")
					   : last_words(output->out, output->out_length);
	}
	text = barman_text_finish(&words);
	if (text != NULL && strlen(text) > MAX_DETAIL)
	{
		size_t end = MAX_DETAIL;

		while ((text[end] & 0xC0) == 0x80)
			end--; /* not within a character */
		text[end] = '\0';
	}
	return text;
}

static void
append_messages(BarmanText *words, const json_t *document, const char *key)
{
	const json_t *messages = json_object_get(document, key);

	for (size_t i = 0; i < json_array_size(messages); i++)
	{
		const char *message = json_string_value(json_array_get(messages, i));

		if (message == NULL || message[0] == '\0')
			continue;
		if (words->length > 0)
			barman_text_append(words, "\n", 1);
		barman_text_append_string(words, message);
	}
}

/*
 * Plain text without secrets: only the last lines of argparse and Python count,
 * not the usage or the traceback before them.
 */
static char *
last_words(const char *text, size_t length)
{
	char *clean = barman_text_utf8(text, length);
	char *words;
	char *start;
	size_t end;

	if (clean == NULL)
		return NULL;
	words = barman_redact_text(clean, strlen(clean));
	free(clean);
	if (words == NULL)
		return NULL;

	end = strlen(words);
	while (end > 0 && strchr(" \t\n", words[end - 1]) != NULL)
		end--;
	words[end] = '\0';

	start = words;
	if (barman_text_starts(words, "usage: ") ||
		strstr(words, "Traceback (most recent call last)") != NULL)
	{
		start = strrchr(words, '\n');
		start = start ? start + 1 : words;
	}
	if (strlen(start) > MAX_DETAIL)
		start += strlen(start) - MAX_DETAIL;
	while ((*start & 0xC0) == 0x80)
		start++;
	memmove(words, start, strlen(start) + 1);
	return words;
}

static char *
copy_of(const char *text)
{
	size_t size = text ? strlen(text) + 1 : 0;
	char *copy = text ? malloc(size) : NULL;

	return copy ? memcpy(copy, text, size) : NULL;
}
