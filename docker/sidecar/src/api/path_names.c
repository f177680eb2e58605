/*
 * path_names.c
 *
 * The server and the backup that a path names.  Checks every name here: only
 * names that Barman knows reach its command line.
 */
#include "api/path_names.h"

#include <stdlib.h>
#include <string.h>

#include "api/waiting.h"
#include "barman/backup_memory.h"
#include "barman/read_cache.h"
#include "barman/read_directories.h"
#include "base/failure.h"
#include "base/memory.h"
#include "base/names.h"

static bool server_is_usable(Request *request, bool acts, Answer **refusal);
static Answer *refuse_state(const char *server, const char *state, bool acts);
static bool is_full(const json_t *backup);

bool
route_server_exists(Request *request, Answer **refusal)
{
	return server_is_usable(request, false, refusal);
}

/* A passive server cannot be backed up: it copies backups from another Barman. */
bool
route_server_acts(Request *request, Answer **refusal)
{
	return server_is_usable(request, true, refusal);
}

static bool
server_is_usable(Request *request, bool acts, Answer **refusal)
{
	const char *server = request->segments[SEGMENT_SERVER];
	Answer *servers;
	json_t *one;
	size_t i;
	bool found = false;

	*refusal = NULL;
	if (!barman_valid_server_name(server))
	{
		*refusal = answer_errorf("bad_server_name", "\"%.128s\" cannot be a server", server);
		return false;
	}
	servers = route_read(request, READ_SERVERS, "", "");
	if (servers == NULL || servers->status != 200)
	{
		*refusal = servers;
		return false;
	}
	json_array_foreach (json_object_get(servers->value, "servers"), i, one)
	{
		if (!json_text_is(one, "server", server))
			continue;
		found = true;
		*refusal = refuse_state(server, json_text_of(one, "state"), acts);
	}
	if (!found)
		*refusal = answer_errorf(BARMAN_UNKNOWN_SERVER, "Barman has no server \"%s\"", server);
	/* Learn where its files are, for the cache; do not wait for it. */
	if (*refusal == NULL)
		read_directories_ahead(server, json_object_get(servers->value, "servers"));
	answer_release(servers);
	return *refusal == NULL;
}

/* Barman does nothing for such servers, and its messages explain little. */
static Answer *
refuse_state(const char *server, const char *state, bool acts)
{
	char *message;
	Answer *answer = NULL;

	if (state == NULL || strcmp(state, "active") == 0)
		return NULL;
	message = mem_printf("server \"%s\" is %s", server, state);

	if (strcmp(state, "inactive") == 0)
		answer = answer_error(BARMAN_WRONG_STATE, message,
							  "Barman's configuration says so (active = false), and Barman does nothing for it.",
							  "Set active = true in Barman's configuration of the server.");
	else if (strcmp(state, "disabled") == 0)
		answer = answer_error(BARMAN_WRONG_STATE, message,
							  "Barman has found a fault in its configuration, and does nothing for it.",
							  "On Barman's host, \"barman check\" of the server names the fault.");
	else if (strcmp(state, "passive") == 0 && acts)
		answer = answer_error(BARMAN_WRONG_STATE, message,
							  "It holds copies of what another Barman has taken; that one speaks with PostgreSQL.",
							  "Do this on the Barman that primary_ssh_command of the server leads to. What was copied can be listed, verified and restored here.");
	free(message);
	return answer;
}

bool
route_find_backup(Request *request, const char *name, json_t **backup, Answer **list, Answer **refusal)
{
	json_t *backups;
	json_t *one;
	size_t i;
	int found = 0;

	backups = backup_memory_list(request->segments[SEGMENT_SERVER]);
	*list = backups != NULL
				? answer_json(200, json_checked(json_pack("{s:o}", "backups", backups)))
				: route_read(request, READ_BACKUPS, request->segments[SEGMENT_SERVER], "");
	if (*list == NULL || (*list)->status != 200)
	{
		*refusal = *list;
		return false;
	}
	json_array_foreach (json_object_get((*list)->value, "backups"), i, one)
	{
		bool matches;

		if (strcmp(name, "latest") == 0 || strcmp(name, "last") == 0)
			matches = found == 0 && json_text_is(one, "status", "DONE");
		else if (strcmp(name, "latest-full") == 0 || strcmp(name, "last-full") == 0)
			matches = found == 0 && json_text_is(one, "status", "DONE") && is_full(one);
		else if (strcmp(name, "oldest") == 0 || strcmp(name, "first") == 0)
			matches = json_text_is(one, "status", "DONE");
		else
			matches = json_text_is(one, "backup_id", name) || json_text_is(one, "name", name);
		if (matches)
		{
			*backup = one;
			found++;
		}
	}
	if (found == 1 || (found > 1 && route_is_shortcut(name)))
		return true;
	answer_release(*list);
	if (found > 1)
		*refusal = answer_error("conflict", "several backups bear this name", NULL,
								"Use the backup's id.");
	else
		*refusal = answer_errorf(BARMAN_UNKNOWN_BACKUP, "server \"%s\" has no backup \"%s\"",
								 request->segments[SEGMENT_SERVER], name);
	return false;
}

/* Is name one of Barman's shortcuts? */
bool
route_is_shortcut(const char *name)
{
	static const char *const words[] = {
		"latest", "last", "oldest", "first", "latest-full", "last-full", "last-failed", "auto",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
	{
		if (strcmp(name, words[i]) == 0)
			return true;
	}
	return false;
}

/* Before Barman 3.11 all backups are full. */
static bool
is_full(const json_t *backup)
{
	return !json_text_is(backup, "type", "incremental") && !json_text_is(backup, "type", "snapshot");
}
