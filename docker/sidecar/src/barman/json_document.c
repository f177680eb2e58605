/*
 * json_document.c
 *
 * Extracts the JSON document of one run of barman, and removes secrets.
 *
 * Only the first document counts: some commands append a second one, or text.
 */
#include "barman/json_inside.h"

#include <string.h>

static bool has_messages(const json_t *document, const char *key);

/* The first document of the output; NULL if it starts with anything else. */
json_t *
barman_document(const BarmanOutput *output)
{
	json_t *document;

	if (output->out == NULL || output->out_length == 0)
		return NULL;
	document = json_loadb(output->out, output->out_length, JSON_DISABLE_EOF_CHECK, NULL);
	if (!json_is_object(document))
	{
		json_decref(document);
		return NULL;
	}
	return document;
}

json_t *
barman_redacted_document(const BarmanOutput *output)
{
	json_t *document = barman_document(output);

	if (document != NULL)
		barman_redact(document);
	return document;
}

/*
 * Was output that does not parse meant to be JSON?  It must not be shown then,
 * because JSON's escapes could hide secrets.
 */
bool
barman_is_broken_json(const BarmanOutput *output)
{
	size_t i = 0;

	while (i < output->out_length && strchr(" \t\r\n", output->out[i]) != NULL)
		i++;
	return i < output->out_length && output->out[i] == '{';
}

bool
barman_document_has_errors(const json_t *document)
{
	return has_messages(document, "_ERROR") || has_messages(document, "_EXCEPTION");
}

bool
barman_is_message_key(const char *key)
{
	static const char *const keys[] = {
		"_INFO", "_WARNING", "_ERROR", "_EXCEPTION", "_DEBUG",
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
	{
		if (strcmp(key, keys[i]) == 0)
			return true;
	}
	return false;
}

/*
 * The document's value for the server.  Some versions append the server's state
 * to its name: "bdu1 (inactive)".
 */
const json_t *
barman_server_data(const json_t *document, const char *server)
{
	const json_t *data = json_object_get(document, server);
	size_t length = strlen(server);
	const char *key;
	json_t *value;

	if (data != NULL)
		return data;
	json_object_foreach ((json_t *) document, key, value)
	{
		if (strncmp(key, server, length) == 0 && barman_text_starts(key + length, " ("))
			return value;
	}
	return NULL;
}

static bool
has_messages(const json_t *document, const char *key)
{
	return json_array_size(json_object_get(document, key)) > 0;
}
