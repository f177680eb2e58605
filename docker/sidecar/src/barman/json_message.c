/*
 * json_message.c
 *
 * Converts the output of a barman run to lines for a job's log.
 */
#include "barman/json_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool append_list(json_t *messages, const json_t *list, const char *level);
static bool append_lines(json_t *messages, const char *text, size_t length, const char *level);
static bool append_message(json_t *messages, const char *text, size_t length, const char *level,
						   size_t times);

json_t *
barman_parse_messages(const BarmanOutput *output)
{
	json_t *document = barman_redacted_document(output);
	json_t *messages = json_array();
	const char *plain_level = output->exit_code == 0 ? "info" : "error";
	const char *broken = "barman printed JSON that is cut off or malformed";
	bool ok = messages != NULL;

	if (document != NULL)
	{
		ok = ok && append_list(messages, json_object_get(document, "_INFO"), "info") &&
			 append_list(messages, json_object_get(document, "_WARNING"), "warning") &&
			 append_list(messages, json_object_get(document, "_ERROR"), "error") &&
			 append_list(messages, json_object_get(document, "_EXCEPTION"), "error");
	}
	else if (barman_is_broken_json(output))
		ok = ok && append_lines(messages, broken, strlen(broken), "error");
	else
		ok = ok && append_lines(messages, output->out, output->out_length, plain_level);

	/* If Barman succeeded, its standard error has only warnings. */
	ok = ok && append_lines(messages, output->err, output->err_length,
							output->exit_code == 0 ? "warning" : "error");
	json_decref(document);
	if (!ok)
	{
		json_decref(messages);
		return NULL;
	}
	return messages;
}

/*
 * Barman may repeat a message ten times per second ("Another archive-wal
 * process is already running"): log it once, with a count.
 */
static bool
append_list(json_t *messages, const json_t *list, const char *level)
{
	size_t size = json_array_size(list);

	for (size_t i = 0; i < size;)
	{
		const json_t *message = json_array_get(list, i);
		size_t times = 1;

		while (i + times < size && json_equal(message, json_array_get(list, i + times)))
			times++;
		i += times;
		if (json_is_string(message) && !append_message(messages, json_string_value(message),
													   json_string_length(message), level, times))
			return false;
	}
	return true;
}

static bool
append_lines(json_t *messages, const char *text, size_t length, const char *level)
{
	char *clean;
	char *redacted;
	bool ok = true;

	if (text == NULL || length == 0)
		return true;
	clean = barman_text_utf8(text, length);
	redacted = clean ? barman_redact_text(clean, strlen(clean)) : NULL;
	free(clean);
	if (redacted == NULL)
		return false;
	for (const char *line = redacted; ok && *line;)
	{
		size_t size = strcspn(line, "\n");

		ok = append_message(messages, line, size, level, 1);
		line += size;
		line += *line == '\n';
	}
	free(redacted);
	return ok;
}

static bool
append_message(json_t *messages, const char *text, size_t length, const char *level, size_t times)
{
	BarmanText line = {0};
	json_t *message;
	char count[40];
	bool ok;

	while (length > 0 && strchr(" \t\r\n", text[length - 1]) != NULL)
		length--;
	if (length == 0)
		return true;
	barman_text_append(&line, text, length);
	if (times > 1)
	{
		snprintf(count, sizeof(count), " (%zu times)", times);
		barman_text_append_string(&line, count);
	}

	message = json_object();
	ok = message != NULL && !line.failed && barman_put(message, "level", json_string(level)) &&
		 barman_put(message, "text", json_string(line.data)) &&
		 json_array_append(messages, message) == 0;
	json_decref(message);
	free(line.data);
	return ok;
}
