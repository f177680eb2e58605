/*
 * json_server.c
 *
 * Parses Barman's servers: their list, and the directories of each.
 */
#include "barman/json_inside.h"

#include <string.h>

static json_t *one_server(const char *name, const json_t *entry);
static json_t *system_id_of(const json_t *data);
static json_t *locks_of(const json_t *data);
static bool cut_suffix(const char *text, size_t *length, const char *suffix);

json_t *
barman_parse_servers(const BarmanOutput *output, BarmanFailure *failure)
{
	json_t *document = barman_good_document(output, "list-servers", NULL, failure);
	json_t *servers;
	const char *name;
	json_t *entry;
	bool ok;

	if (document == NULL)
		return NULL;
	servers = json_array();
	ok = servers != NULL;
	json_object_foreach (document, name, entry)
	{
		if (ok && name[0] != '\0' && !barman_is_message_key(name))
			ok = barman_append(servers, one_server(name, entry));
	}
	json_decref(document);
	if (!ok)
	{
		json_decref(servers);
		return barman_fail_memory(failure);
	}
	return servers;
}

json_t *
barman_parse_directories(const BarmanOutput *output, const char *server, BarmanFailure *failure)
{
	json_t *document = barman_good_document(output, "show-servers", server, failure);
	const json_t *data;
	json_t *directories;

	if (document == NULL)
		return NULL;
	data = barman_server_data(document, server);
	if (!json_is_object(data))
	{
		json_decref(document);
		return barman_fail(failure, BARMAN_BAD_OUTPUT, NULL, NULL,
						   "barman show-servers printed no settings of server \"%s\"", server);
	}
	directories = json_object();
	if (directories == NULL ||
		!barman_put(directories, "base",
					barman_value_path(barman_get(data, "basebackups_directory"))) ||
		!barman_put(directories, "wals", barman_value_path(barman_get(data, "wals_directory"))) ||
		!barman_put(directories, "streaming",
					barman_value_path(barman_get(data, "streaming_wals_directory"))) ||
		!barman_put(directories, "incoming",
					barman_value_path(barman_get(data, "incoming_wals_directory"))) ||
		!barman_put(directories, "errors", barman_value_path(barman_get(data, "errors_directory"))) ||
		!barman_put(directories, "locks", locks_of(data)) ||
		!barman_put(directories, "receives",
					json_boolean(json_is_true(barman_get(data, "streaming_archiver")))) ||
		!barman_put(directories, "passive",
					json_boolean(json_is_true(barman_get(data, "passive_node")))) ||
		/* null: Barman could not connect to it */
		!barman_put(directories, "in_recovery",
					json_is_boolean(barman_get(data, "is_in_recovery"))
						? json_boolean(json_is_true(barman_get(data, "is_in_recovery")))
						: json_null()) ||
		!barman_put(directories, "system_id", system_id_of(data)) ||
		!barman_put(directories, "has_passphrase",
					json_boolean(json_is_string(barman_get(data, "encryption_passphrase_command")))) ||
		!barman_put(directories, "retention_policy",
					barman_value_text(barman_get(data, "retention_policy"))) ||
		!barman_put(directories, "minimum_redundancy",
					barman_value_bytes(barman_get(data, "minimum_redundancy"))))
	{
		json_decref(directories);
		directories = barman_fail_memory(failure);
	}
	json_decref(document);
	return directories;
}

static json_t *
system_id_of(const json_t *data)
{
	const json_t *asked = barman_get(data, "postgres_systemid");

	return barman_value_word(json_is_string(asked) ? asked : barman_get(data, "streaming_systemid"));
}

/* Barman 3.14 and later do not report it; its default is the parent of the server's directory. */
static json_t *
locks_of(const json_t *data)
{
	json_t *told = barman_value_path(barman_get(data, "barman_lock_directory"));
	const char *backups = json_string_value(barman_get(data, "backup_directory"));
	const char *end = backups != NULL ? strrchr(backups, '/') : NULL;

	if (json_is_string(told) || end == NULL || end == backups || backups[0] != '/')
		return told;
	json_decref(told);
	return json_stringn(backups, (size_t) (end - backups));
}

/* Only the suffix that Barman appends to the description shows the state. */
static json_t *
one_server(const char *name, const json_t *entry)
{
	const json_t *value = json_is_string(entry) ? entry : json_object_get(entry, "description");
	const char *description = json_is_string(value) ? json_string_value(value) : "";
	size_t length = strlen(description);
	bool passive = cut_suffix(description, &length, " (Passive)");
	bool disabled = cut_suffix(description, &length, " (WARNING: disabled)");
	bool inactive = cut_suffix(description, &length, " (inactive)");
	json_t *bare = json_stringn(description, length);
	json_t *server = json_object();

	if (server == NULL || bare == NULL || !barman_put(server, "server", json_string(name)) ||
		!barman_put(server, "description", barman_value_text(bare)) ||
		!barman_put(server, "state",
					json_string(inactive   ? "inactive"
								: disabled ? "disabled"
								: passive  ? "passive"
										   : "active")))
	{
		json_decref(bare);
		json_decref(server);
		return NULL;
	}
	json_decref(bare);
	return server;
}

static bool
cut_suffix(const char *text, size_t *length, const char *suffix)
{
	size_t size = strlen(suffix);

	if (*length < size || memcmp(text + *length - size, suffix, size) != 0)
		return false;
	*length -= size;
	return true;
}
