/*
 * json_diagnose.c
 *
 * Parses Barman's diagnose: the document, and the facts of backups only in it.
 *
 * With -f json the document is a JSON text within a string of _INFO and holds
 * passwords; on the console it is printed directly, without them.
 */
#include "barman/json_inside.h"

#include <string.h>

static json_t *inner_document(const json_t *document);
static bool is_diagnosis(const json_t *document);
static bool merge_one(json_t *backup, const json_t *facts);
static json_t *type_from(const json_t *facts);
static json_t *copy_seconds_from(const json_t *facts);
static json_t *tablespaces_from(const json_t *facts);
static bool fill(json_t *backup, const char *key, json_t *value);
static bool fill_time(json_t *backup, const char *key, const json_t *facts);

/*
 * Maps the facts of diagnose to our keys.  If fact is NULL, value gets all
 * facts; if value is NULL, the fact is a time of the same name.
 */
static const struct
{
	const char *key;
	const char *fact;
	json_t *(*value)(const json_t *fact);
} merged[] = {{"begin_time", NULL, NULL},
			  {"end_time", NULL, NULL},
			  {"name", "backup_name", barman_value_text},
			  {"type", NULL, type_from},
			  {"status", "status", barman_value_word},
			  {"parent_id", "parent_backup_id", barman_value_backup_id},
			  {"error", "error", barman_value_text},
			  {"system_id", "systemid", barman_value_word},
			  {"postgresql_version", "version", barman_value_bytes},
			  {"data_directory", "pgdata", barman_value_path},
			  {"data_checksums", "data_checksums", barman_value_word},
			  {"summarize_wal", "summarize_wal", barman_value_word},
			  {"method", "mode", barman_value_word},
			  {"compression", "compression", barman_value_word},
			  {"encryption", "encryption", barman_value_word},
			  {"cluster_size", "cluster_size", barman_value_bytes},
			  {"timeline", "timeline", barman_value_bytes},
			  {"begin_lsn", "begin_xlog", barman_value_lsn},
			  {"end_lsn", "end_xlog", barman_value_lsn},
			  {"begin_wal", "begin_wal", barman_value_segment},
			  {"end_wal", "end_wal", barman_value_segment},
			  {"begin_offset", "begin_offset", barman_value_bytes},
			  {"end_offset", "end_offset", barman_value_bytes},
			  {"copy_seconds", NULL, copy_seconds_from}};

/*
 * Remove the secrets after parsing the inner text: removing them from the text
 * itself might remove a quote too many.
 */
json_t *
barman_parse_diagnose(const BarmanOutput *output, BarmanFailure *failure)
{
	json_t *document = barman_document(output);
	json_t *diagnosis = is_diagnosis(document) ? json_incref(document) : inner_document(document);

	if (document != NULL)
		barman_redact(document);
	if (diagnosis != NULL)
		barman_redact(diagnosis);
	if (diagnosis == NULL || output->exit_code != 0 || barman_document_has_errors(document))
	{
		json_decref(diagnosis);
		diagnosis = barman_fail_run(output, document, "diagnose", NULL, failure);
	}
	json_decref(document);
	return diagnosis;
}

bool
barman_merge_diagnose(json_t *backups, const char *server, const json_t *diagnose)
{
	const json_t *entry = json_object_get(json_object_get(diagnose, "servers"), server);
	const json_t *catalogue = json_object_get(entry, "backups");
	bool ok = true;

	if (!json_is_object(catalogue))
		return false;
	for (size_t i = 0; i < json_array_size(backups); i++)
	{
		json_t *backup = json_array_get(backups, i);
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
		json_t *inner;

		if (!json_is_string(message))
			continue;
		inner = json_loadb(json_string_value(message), json_string_length(message),
						   JSON_DISABLE_EOF_CHECK, NULL);
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

json_t *
barman_diagnose_backup(const json_t *diagnose, const char *server, const char *id)
{
	const json_t *entry = json_object_get(json_object_get(diagnose, "servers"), server);
	const json_t *facts = json_object_get(json_object_get(entry, "backups"), id);
	json_t *backup;
	bool ok;

	if (!json_is_object(facts))
		return NULL;
	backup = json_object();
	ok = barman_put(backup, "server", json_string(server)) &&
		 barman_put(backup, "backup_id", json_string(id));
	for (size_t i = 0; ok && i < sizeof(merged) / sizeof(merged[0]); i++)
		ok = barman_put(backup, merged[i].key, json_null());
	ok = ok && merge_one(backup, facts) &&
		 barman_put(backup, "tablespaces", tablespaces_from(facts)) &&
		 barman_put(backup, "segment_size",
					barman_value_bytes(barman_get(facts, "xlog_segment_size")));
	if (!ok)
	{
		json_decref(backup);
		return NULL;
	}
	return backup;
}

/* False when out of memory. */
static bool
merge_one(json_t *backup, const json_t *facts)
{
	bool ok = true;

	for (size_t i = 0; ok && i < sizeof(merged) / sizeof(merged[0]); i++)
	{
		if (merged[i].value == NULL)
			ok = fill_time(backup, merged[i].key, facts);
		else
			ok = fill(backup, merged[i].key,
					  merged[i].fact == NULL ? merged[i].value(facts)
											 : merged[i].value(barman_get(facts, merged[i].fact)));
	}
	return ok;
}

static json_t *
copy_seconds_from(const json_t *facts)
{
	return barman_value_real(barman_get(json_object_get(facts, "copy_stats"), "copy_time"));
}

/* null, or [ [name, oid, location] ] */
static json_t *
tablespaces_from(const json_t *facts)
{
	const json_t *list = json_object_get(facts, "tablespaces");
	json_t *tablespaces = json_array();

	for (size_t i = 0; tablespaces != NULL && i < json_array_size(list); i++)
	{
		const json_t *entry = json_array_get(list, i);
		json_t *tablespace = json_object();

		if (!barman_append(tablespaces, tablespace) ||
			!barman_put(tablespace, "name", barman_value_text(json_array_get(entry, 0))) ||
			!barman_put(tablespace, "oid", barman_value_bytes(json_array_get(entry, 1))) ||
			!barman_put(tablespace, "location", barman_value_path(json_array_get(entry, 2))))
		{
			json_decref(tablespaces);
			return NULL;
		}
	}
	return tablespaces;
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

/* Sets the key if it is present and null; steals value. */
static bool
fill(json_t *backup, const char *key, json_t *value)
{
	if (value != NULL && json_is_null(json_object_get(backup, key)))
		return barman_put(backup, key, value);
	json_decref(value);
	return value != NULL;
}

/* Also adds the microseconds to a time known to the second. */
static bool
fill_time(json_t *backup, const char *key, const json_t *facts)
{
	const json_t *known = json_object_get(backup, key);
	const char *known_text = json_string_value(known);
	json_t *time = barman_value_time(barman_get(facts, key), NULL);
	const char *text = json_string_value(time);

	if (text != NULL && known_text != NULL && strlen(known_text) == 20 && strlen(text) > 20 &&
		strncmp(known_text, text, 19) == 0)
		return barman_put(backup, key, time);
	return fill(backup, key, time);
}
