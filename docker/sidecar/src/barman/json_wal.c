/*
 * json_wal.c
 *
 * Parses the outcome of switch-wal, which Barman prints in prose only.
 */
#include "barman/json_inside.h"

#include <string.h>

/* The combined messages of one switch-wal */
typedef struct Switch
{
	char closed[25];	/* the segment that was closed, or empty */
	char stored[25];	/* the last segment that was archived, or empty */
	bool stored_closed; /* the closed one was among those archived */
	bool not_required;
	bool waited;
	bool not_received;
} Switch;

static void read_messages(Switch *wal_switch, const json_t *messages);
static bool segment_after(const char *message, const char *prefix, char *segment);

json_t *
barman_parse_switch_wal(const BarmanOutput *output, const char *server, BarmanFailure *failure)
{
	json_t *document = barman_redacted_document(output);
	Switch wal_switch = {0};
	json_t *result;
	const char *wal_file;
	bool archived;

	read_messages(&wal_switch, json_object_get(document, "_INFO"));
	read_messages(&wal_switch, json_object_get(document, "_ERROR"));
	if ((wal_switch.closed[0] == '\0' && !wal_switch.not_required) ||
		json_array_size(json_object_get(document, "_EXCEPTION")) > 0 ||
		(!wal_switch.not_received && (output->exit_code != 0 || barman_document_has_errors(document))))
	{
		barman_fail_run(output, document, "switch-wal", server, failure);
		json_decref(document);
		return NULL;
	}
	json_decref(document);

	/*
	 * Barman names the segments that it archived itself; if another process
	 * archived them, only the end of the wait shows it.
	 */
	archived = wal_switch.stored_closed || (wal_switch.waited && !wal_switch.not_received);
	wal_file = wal_switch.closed[0]				  ? wal_switch.closed
			   : archived && wal_switch.stored[0] ? wal_switch.stored
												  : NULL;

	result = json_object();
	if (result == NULL ||
		!barman_put(result, "wal_file", wal_file ? json_string(wal_file) : json_null()) ||
		!barman_put(result, "switched", json_boolean(wal_switch.closed[0] != '\0')) ||
		!barman_put(result, "archived", json_boolean(archived)))
	{
		json_decref(result);
		return barman_fail_memory(failure);
	}
	return result;
}

static void
read_messages(Switch *wal_switch, const json_t *messages)
{
	for (size_t i = 0; i < json_array_size(messages); i++)
	{
		const char *message = json_string_value(json_array_get(messages, i));

		if (message == NULL)
			continue;
		if (segment_after(message, "\t", wal_switch->stored))
		{
			if (strcmp(wal_switch->stored, wal_switch->closed) == 0)
				wal_switch->stored_closed = true;
		}
		else if (strstr(message, " has been closed on server ") != NULL)
			segment_after(message, "The WAL file ", wal_switch->closed);
		else if (barman_text_starts(message, "No switch required for server "))
			wal_switch->not_required = true;
		else if (strstr(message, " has not been received in ") != NULL)
			wal_switch->not_received = true;
		else if (barman_text_starts(message, "Waiting for "))
			wal_switch->waited = true;
	}
}

static bool
segment_after(const char *message, const char *prefix, char *segment)
{
	const char *name = message + strlen(prefix);

	if (!barman_text_starts(message, prefix) || strlen(name) < 24 || !barman_is_segment(name, 24) ||
		(name[24] != '\0' && name[24] != ' '))
		return false;
	memcpy(segment, name, 24);
	segment[24] = '\0';
	return true;
}
