/*
 * json_backup_run.c
 *
 * Parses what `barman backup` reports about itself.  The catalogue may differ:
 * Barman prints the status before it looks for the last WAL.
 */
#include "barman/json_inside.h"

#include <string.h>

#include "base/names.h"

/* An increment of a standby that rests, as pg_basebackup refuses it */
#define AT_REST "little activity since the previous backup"
#define AT_REST_HINT \
	"On a standby a backup begins with its last restartpoint: CHECKPOINT on the primary, then on the standby, or take a full backup."

static const char *remedy_for(const json_t *document);
static bool says_waiting(const json_t *document);

json_t *
barman_parse_backup_run(const BarmanOutput *output, const char *server, BarmanFailure *failure)
{
	json_t *document = barman_redacted_document(output);
	const char *id = json_string_value(json_object_get(document, "backup_id"));
	const char *of_server = json_string_value(json_object_get(document, "server_name"));
	const char *remedy = remedy_for(document);
	json_t *run;

	/* A backup with an id has started, even if it failed later. */
	if (id == NULL || !barman_is_backup_id(id) ||
		(of_server != NULL && strcmp(of_server, server) != 0))
	{
		barman_fail_run(output, document, "backup", server, failure);
		json_decref(document);
		return NULL;
	}
	run = json_object();
	if (run == NULL || !barman_put(run, "backup_id", json_string(id)) ||
		!barman_put(run, "status", barman_value_word(barman_get(document, "status"))) ||
		!barman_put(run, "waiting", json_boolean(says_waiting(document))) ||
		!barman_put(run, "error", barman_value_text(barman_get(document, "error"))) ||
		!barman_put(run, "hint", remedy != NULL ? json_string(remedy) : json_null()))
	{
		json_decref(run);
		run = barman_fail_memory(failure);
	}
	json_decref(document);
	return run;
}

/* What helps against the failure of a copy that is known; or NULL */
static const char *
remedy_for(const json_t *document)
{
	const json_t *errors = json_object_get(document, "_ERROR");

	for (size_t i = 0; i < json_array_size(errors); i++)
	{
		const char *error = json_string_value(json_array_get(errors, i));

		if (error != NULL && strstr(error, AT_REST) != NULL)
			return AT_REST_HINT;
	}
	return NULL;
}

/*
 * The status does not suffice: it is WAITING_FOR_WALS even if the WAL arrives a
 * moment later.  Barman prints this warning at the very end.
 */
static bool
says_waiting(const json_t *document)
{
	const json_t *warnings = json_object_get(document, "_WARNING");

	for (size_t i = 0; i < json_array_size(warnings); i++)
	{
		const char *warning = json_string_value(json_array_get(warnings, i));

		if (warning != NULL &&
			strstr(warning, "this backup is classified as WAITING_FOR_WALS") != NULL)
			return true;
	}
	return false;
}
