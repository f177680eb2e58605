/*
 * log.c
 *
 * Writes logfmt lines to standard error, each with one write(2) so that threads
 * do not mix.  Callers must not pass a token or a connection string.
 */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/control_character.h"
#include "base/timestamp.h"

/* Longer lines are truncated: people read the log. */
#define LOG_LINE_MAX 4096

typedef struct LogBuffer
{
	char text[LOG_LINE_MAX];
	size_t length;
} LogBuffer;

static LogLevel threshold = LOGLEVEL_INFO;

static const char *const level_names[] = {
	[LOGLEVEL_DEBUG] = "debug",
	[LOGLEVEL_INFO] = "info",
	[LOGLEVEL_WARNING] = "warning",
	[LOGLEVEL_ERROR] = "error",
};

static bool is_plain(const char *value);
static void append(LogBuffer *buffer, const char *text);
static void append_quoted(LogBuffer *buffer, const char *value);

bool
log_level_parse(const char *name, LogLevel *level)
{
	for (int i = LOGLEVEL_DEBUG; i <= LOGLEVEL_ERROR; i++)
	{
		if (strcmp(name, level_names[i]) == 0)
		{
			*level = (LogLevel) i;
			return true;
		}
	}
	return false;
}

void
log_set_level(LogLevel level)
{
	threshold = level;
}

void
log_line(LogLevel level, const char *message, ...)
{
	LogBuffer buffer;
	char now[TIMESTAMP_LENGTH];
	va_list args;
	const char *key;
	ssize_t written;

	if (level < threshold)
		return;
	buffer.length = 0;
	timestamp_format(timestamp_now(), now);
	append(&buffer, "ts=");
	append(&buffer, now);
	append(&buffer, " level=");
	append(&buffer, level_names[level]);
	append(&buffer, " msg=");
	append_quoted(&buffer, message);
	va_start(args, message);
	while ((key = va_arg(args, const char *)) != NULL)
	{
		const char *value = va_arg(args, const char *);

		if (value == NULL)
			continue;
		append(&buffer, " ");
		append(&buffer, key);
		append(&buffer, "=");
		if (value[0] != '\0' && is_plain(value))
			append(&buffer, value);
		else
			append_quoted(&buffer, value);
	}
	va_end(args);
	buffer.text[buffer.length++] = '\n';
	written = write(STDERR_FILENO, buffer.text, buffer.length);
	(void) written; /* there is nowhere to report a failure */
}

/* Needs no quotes: no blanks, no signs of our own, and nothing that a terminal obeys. */
static bool
is_plain(const char *value)
{
	for (const char *p = value; *p != '\0'; p++)
	{
		if (*p == ' ' || *p == '=' || *p == '"' || *p == '\\' || control_character_length(p) > 0)
			return false;
	}
	return true;
}

static void
append(LogBuffer *buffer, const char *text)
{
	size_t room = sizeof(buffer->text) - 1 - buffer->length;
	size_t length = strlen(text);

	if (length > room)
		length = room;
	memcpy(buffer->text + buffer->length, text, length);
	buffer->length += length;
}

static void
append_quoted(LogBuffer *buffer, const char *value)
{
	append(buffer, "\"");
	for (const char *p = value; *p != '\0'; p++)
	{
		size_t length = control_character_length(p);
		char piece[16] = {*p, '\0'};

		if (*p == '"' || *p == '\\')
			snprintf(piece, sizeof(piece), "\\%c", *p);
		else if (*p == '\n')
			strcpy(piece, "\\n");
		else if (*p == '\t')
			strcpy(piece, "\\t");
		else if (length > 0)
		{
			for (size_t i = 0; i < length; i++)
				snprintf(piece + 4 * i, sizeof(piece) - 4 * i, "\\x%02x", (unsigned char) p[i]);
			p += length - 1;
		}
		append(buffer, piece);
	}
	append(buffer, "\"");
}
