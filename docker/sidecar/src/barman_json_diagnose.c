/*
 * barman_json_diagnose.c
 *
 * Barman's diagnosis: the document, and what only it knows of backups.
 *
 * With -f json it is a JSON text within a string of _INFO, on the console the
 * document itself; the former holds passwords.
 */
#include "barman_json_internal.h"

#include <string.h>

static json_t *inner_document(const json_t *document);
static bool is_diagnosis(const json_t *document);
static bool merge_one(json_t *backup, const json_t *facts);
static json_t *type_from(const json_t *facts);
static bool fill(json_t *backup, const char *key, json_t *value);
static bool fill_time(json_t *backup, const char *key, const json_t *facts);

/*
 * The secrets are removed after the inner text was parsed: removing them from
 * the text itself might take a quote too many.
 */
json_t *
barman_parse_diagnose(const BarmanOutput *output, BarmanFailure *failure)
{
	json_t	   *document = barman_document(output);
	json_t	   *diagnosis = is_diagnosis(document) ? json_incref(document)
		: inner_document(document);

	if (document != NULL)
		barman_redact(document);
	if (diagnosis != NULL)
		barman_redact(diagnosis);
	if (diagnosis == NULL || output->exit_code != 0 ||
		barman_document_has_errors(document))
	{
		json_decref(diagnosis);
		diagnosis = barman_fail_run(output, document, "diagnose", NULL, failure);
	}
	json_decref(document);
	return diagnosis;
}

bool
barman_merge_diagnose(json_t *backups, const char *server,
					  const json_t *diagnose)
{
	const json_t *entry = json_object_get(json_object_get(diagnose, "servers"), server);
	const json_t *catalogue = json_object_get(entry, "backups");
	bool		ok = true;

	if (!json_is_object(catalogue))
		return false;
	for (size_t i = 0; i < json_array_size(backups); i++)
	{
		json_t	   *backup = json_array_get(backups, i);
		const char *id = json_string_value(json_object_get(backup, "backup_id"));
		const json_t *facts = id ? json_object_get(catalogue, id) : NULL;

		if (json_is_object(facts))
			ok = merge_one(backup, facts) && ok;
	}
	return ok;
}

static json_t *
inner_document(const json_t *document)
{
	const json_t *messages = json_object_get(document, "_INFO");

	for (size_t i = 0; i < json_array_size(messages); i++)
	{
		const json_t *message = json_array_get(messages, i);
		json_t	   *inner;

		if (!json_is_string(message))
			continue;
		inner = json_loadb(json_string_value(message),
						   json_string_length(message), JSON_DISABLE_EOF_CHECK, NULL);
		if (is_diagnosis(inner))
			return inner;
		json_decref(inner);
	}
	return NULL;
}

static bool
is_diagnosis(const json_t *document)
{
	return json_is_object(json_object_get(document, "global")) &&
		json_is_object(json_object_get(document, "servers"));
}

/* False when out of memory. */
static bool
merge_one(json_t *backup, const json_t *facts)
{
	const json_t *statistics = json_object_get(facts, "copy_stats");

	return fill_time(backup, "begin_time", facts) &&
		fill_time(backup, "end_time", facts) &&
		fill(backup, "name", barman_value_text(barman_get(facts, "backup_name"))) &&
		fill(backup, "type", type_from(facts)) &&
		fill(backup, "status", barman_value_word(barman_get(facts, "status"))) &&
		fill(backup, "parent_id",
			 barman_value_backup_id(barman_get(facts, "parent_backup_id"))) &&
		fill(backup, "error", barman_value_text(barman_get(facts, "error"))) &&
		fill(backup, "system_id", barman_value_word(barman_get(facts, "systemid"))) &&
		fill(backup, "postgresql_version",
			 barman_value_bytes(barman_get(facts, "version"))) &&
		fill(backup, "data_directory", barman_value_path(barman_get(facts, "pgdata"))) &&
		fill(backup, "data_checksums",
			 barman_value_word(barman_get(facts, "data_checksums"))) &&
		fill(backup, "summarize_wal",
			 barman_value_word(barman_get(facts, "summarize_wal"))) &&
		fill(backup, "method", barman_value_word(barman_get(facts, "mode"))) &&
		fill(backup, "compression", barman_value_word(barman_get(facts, "compression"))) &&
		fill(backup, "encryption", barman_value_word(barman_get(facts, "encryption"))) &&
		fill(backup, "cluster_size",
			 barman_value_bytes(barman_get(facts, "cluster_size"))) &&
		fill(backup, "timeline", barman_value_bytes(barman_get(facts, "timeline"))) &&
		fill(backup, "begin_lsn", barman_value_lsn(barman_get(facts, "begin_xlog"))) &&
		fill(backup, "end_lsn", barman_value_lsn(barman_get(facts, "end_xlog"))) &&
		fill(backup, "begin_wal", barman_value_segment(barman_get(facts, "begin_wal"))) &&
		fill(backup, "end_wal", barman_value_segment(barman_get(facts, "end_wal"))) &&
		fill(backup, "begin_offset", barman_value_bytes(barman_get(facts, "begin_offset"))) &&
		fill(backup, "end_offset", barman_value_bytes(barman_get(facts, "end_offset"))) &&
		fill(backup, "copy_seconds",
			 barman_value_real(barman_get(statistics, "copy_time")));
}

static json_t *
type_from(const json_t *facts)
{
	const char *mode = json_string_value(json_object_get(facts, "mode"));

	if (mode == NULL)
		return json_null();
	if (strcmp(mode, "postgres") == 0)
		return json_string(barman_get(facts, "parent_backup_id") ? "incremental" : "full");
	if (barman_text_starts(mode, "rsync"))
		return json_string("rsync");
	if (barman_text_starts(mode, "snapshot"))
		return json_string("snapshot");
	return json_null();
}

/* Sets the key if the object has it and knows nothing; steals value. */
static bool
fill(json_t *backup, const char *key, json_t *value)
{
	if (value != NULL && json_is_null(json_object_get(backup, key)))
		return barman_put(backup, key, value);
	json_decref(value);
	return value != NULL;
}

/* Also sharpens a time that is known to the second. */
static bool
fill_time(json_t *backup, const char *key, const json_t *facts)
{
	const json_t *known = json_object_get(backup, key);
	const char *known_text = json_string_value(known);
	json_t	   *time = barman_value_time(barman_get(facts, key), NULL);
	const char *text = json_string_value(time);

	if (text != NULL && known_text != NULL && strlen(known_text) == 20 &&
		strlen(text) > 20 && strncmp(known_text, text, 19) == 0)
		return barman_put(backup, key, time);
	return fill(backup, key, time);
}
