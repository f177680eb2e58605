/*
 * json_backup.c
 *
 * Parses backups: the rows of list-backups, the wide object of show-backup.
 *
 * Sizes mean the same in every version: what the backup occupies on Barman's
 * disk. (3.4.0 calls that incremental_size, and its disk_usage is the size
 * without the savings of hard links; later versions call it backup_size.)
 */
#include "barman/json_inside.h"

#include <string.h>

#include "base/names.h"

static json_t *one_item(const json_t *item, const char *server, bool *bad);
static json_t *wide_backup(const json_t *data, const char *server);
static bool put_identity(json_t *wide, const json_t *data, const char *server);
static bool put_copy(json_t *wide, const json_t *base);
static bool put_sizes(json_t *wide, const json_t *data, const json_t *base);
static bool put_later_wal(json_t *wide, const json_t *wal);
static bool put_catalogue(json_t *wide, const json_t *catalogue);
static json_t *type_of(const json_t *type, const json_t *method);
static json_t *texts_of(const json_t *list);
static json_t *backup_ids_of(const json_t *list);
static json_t *tablespaces_of(const json_t *list);

json_t *
barman_parse_backups(const BarmanOutput *output, const char *server, BarmanFailure *failure)
{
	json_t *document = barman_good_document(output, "list-backups", server, failure);
	const json_t *list;
	json_t *backups;
	bool bad;
	bool ok;

	if (document == NULL)
		return NULL;
	list = barman_server_data(document, server);
	backups = json_array();
	bad = !json_is_array(list);
	ok = backups != NULL;
	for (size_t i = 0; ok && !bad && i < json_array_size(list); i++)
	{
		json_t *item = one_item(json_array_get(list, i), server, &bad);

		if (!bad)
			ok = barman_append(backups, item);
	}
	json_decref(document);
	if (bad || !ok)
	{
		json_decref(backups);
		if (!bad)
			return barman_fail_memory(failure);
		return barman_fail(failure, BARMAN_BAD_OUTPUT, NULL, NULL,
						   "barman list-backups printed an entry without a backup id");
	}
	return backups;
}

json_t *
barman_parse_backup(const BarmanOutput *output, const char *server, BarmanFailure *failure)
{
	json_t *document = barman_good_document(output, "show-backup", server, failure);
	const json_t *data;
	const char *id;
	json_t *wide;

	if (document == NULL)
		return NULL;
	data = barman_server_data(document, server);
	id = json_string_value(json_object_get(data, "backup_id"));
	if (id == NULL || !barman_is_backup_id(id))
	{
		json_decref(document);
		return barman_fail(failure, BARMAN_BAD_OUTPUT, NULL, NULL,
						   "barman show-backup printed no backup id");
	}
	wide = wide_backup(data, server);
	json_decref(document);
	return wide ? wide : barman_fail_memory(failure);
}

/*
 * A minimal list has bare ids.  Keys that only diagnose reports stay null, see
 * barman_merge_diagnose().
 */
static json_t *
one_item(const json_t *item, const char *server, bool *bad)
{
	const json_t *id_value = json_is_string(item) ? item : json_object_get(item, "backup_id");
	const char *id = json_string_value(id_value);
	json_t *row;

	if (id == NULL || !barman_is_backup_id(id))
	{
		*bad = true;
		return NULL;
	}
	row = json_object();
	if (row == NULL || !barman_put(row, "server", json_string(server)) ||
		!barman_put(row, "backup_id", json_string(id)) ||
		!barman_put(row, "name", barman_value_text(barman_get(item, "backup_name"))) ||
		!barman_put(row, "type", type_of(barman_get(item, "backup_type"), NULL)) ||
		!barman_put(row, "status", barman_value_word(barman_get(item, "status"))) ||
		!barman_put(row, "begin_time", json_null()) ||
		!barman_put(row, "end_time", barman_value_time(NULL, barman_get(item, "end_time_timestamp"))) ||
		!barman_put(row, "size", barman_value_bytes(barman_get(item, "size_bytes"))) ||
		!barman_put(row, "wal_size", barman_value_bytes(barman_get(item, "wal_size_bytes"))) ||
		!barman_put(row, "parent_id", json_null()) || !barman_put(row, "timeline", json_null()) ||
		!barman_put(row, "begin_lsn", json_null()) || !barman_put(row, "end_lsn", json_null()) ||
		!barman_put(row, "cluster_size", json_null()) ||
		!barman_put(row, "retention", barman_value_text(barman_get(item, "retention_status"))) ||
		!barman_put(row, "error", barman_value_text(barman_get(item, "error"))))
	{
		json_decref(row);
		return NULL;
	}
	return row;
}

/* The keys are in a natural reading order. */
static json_t *
wide_backup(const json_t *data, const char *server)
{
	const json_t *base = json_object_get(data, "base_backup_information");
	json_t *wide = json_object();

	if (wide == NULL || !put_identity(wide, data, server) || !put_sizes(wide, data, base) ||
		!put_copy(wide, base) || !put_later_wal(wide, json_object_get(data, "wal_information")) ||
		!put_catalogue(wide, json_object_get(data, "catalog_information")) ||
		!barman_put(wide, "tablespaces", tablespaces_of(json_object_get(data, "tablespaces"))) ||
		!barman_put(wide, "error", barman_value_text(barman_get(data, "error"))))
	{
		json_decref(wide);
		return NULL;
	}
	return wide;
}

static bool
put_identity(json_t *wide, const json_t *data, const char *server)
{
	const json_t *base = json_object_get(data, "base_backup_information");
	const json_t *instance = json_object_get(data, "server_information");
	const json_t *method = barman_get(base, "backup_method");

	return barman_put(wide, "server", json_string(server)) &&
		   barman_put(wide, "backup_id", barman_value_backup_id(barman_get(data, "backup_id"))) &&
		   barman_put(wide, "name", barman_value_text(barman_get(data, "backup_name"))) &&
		   barman_put(wide, "type", type_of(barman_get(data, "backup_type"), method)) &&
		   barman_put(wide, "status", barman_value_word(barman_get(data, "status"))) &&
		   barman_put(wide, "system_id", barman_value_word(barman_get(data, "system_id"))) &&
		   barman_put(wide, "postgresql_version",
					  barman_value_bytes(barman_get(data, "postgresql_version"))) &&
		   barman_put(wide, "data_directory",
					  barman_value_path(barman_get(data, "pgdata_directory"))) &&
		   barman_put(wide, "data_checksums",
					  barman_value_word(barman_get(instance, "data_checksums"))) &&
		   barman_put(wide, "summarize_wal",
					  barman_value_word(barman_get(instance, "summarize_wal"))) &&
		   barman_put(wide, "method", barman_value_word(method)) &&
		   barman_put(wide, "compression", barman_value_word(barman_get(base, "compression"))) &&
		   barman_put(wide, "encryption", barman_value_word(barman_get(base, "encryption")));
}

static bool
put_sizes(json_t *wide, const json_t *data, const json_t *base)
{
	json_int_t before_saving;
	json_int_t old_with_wals;
	json_int_t on_disk;
	json_int_t wal_size;
	json_int_t saved;
	bool old = barman_read_bytes(barman_get(base, "disk_usage_bytes"), &before_saving) &&
			   barman_read_bytes(barman_get(base, "disk_usage_with_wals_bytes"), &old_with_wals) &&
			   old_with_wals >= before_saving;

	if (old)
	{
		/* Barman before 3.11 */
		wal_size = old_with_wals - before_saving;
		if (!barman_read_bytes(barman_get(base, "incremental_size_bytes"), &on_disk) ||
			on_disk > before_saving)
			on_disk = before_saving;
		saved = before_saving - on_disk;
		if (!barman_put(wide, "size", json_integer(on_disk)) ||
			!barman_put(wide, "size_with_wals", json_integer(on_disk + wal_size)) ||
			!barman_put(wide, "wal_size", json_integer(wal_size)) ||
			!barman_put(wide, "resources_saved", saved > 0 ? json_integer(saved) : json_null()) ||
			!barman_put(wide, "resources_saved_percentage",
						saved > 0 ? barman_value_percent(barman_get(base, "incremental_size_ratio"))
								  : json_null()))
			return false;
	}
	else if (!barman_put(wide, "size",
						 barman_value_bytes(
							 barman_get_either(base, "backup_size_bytes", "disk_usage_bytes"))) ||
			 !barman_put(wide, "size_with_wals",
						 barman_value_bytes(barman_get(base, "backup_size_with_wals_bytes"))) ||
			 !barman_put(wide, "wal_size", barman_value_bytes(barman_get(base, "wal_size_bytes"))) ||
			 !barman_put(wide, "resources_saved",
						 barman_value_bytes(barman_get(base, "resources_saved_bytes"))) ||
			 !barman_put(wide, "resources_saved_percentage",
						 barman_value_percent(barman_get(base, "resources_saved_percentage"))))
		return false;

	return barman_put(wide, "cluster_size",
					  barman_value_bytes(barman_get(data, "cluster_size_bytes"))) &&
		   barman_put(wide, "wal_count", barman_value_bytes(barman_get(base, "wal_num"))) &&
		   barman_put(wide, "wal_compression_ratio",
					  barman_value_word(barman_get(base, "wal_compression_ratio")));
}

static bool
put_copy(json_t *wide, const json_t *base)
{
	return barman_put(wide, "timeline", barman_value_bytes(barman_get(base, "timeline"))) &&
		   barman_put(wide, "begin_time",
					  barman_value_time(barman_get(base, "begin_time"),
										barman_get(base, "begin_time_timestamp"))) &&
		   barman_put(wide, "end_time",
					  barman_value_time(barman_get(base, "end_time"),
										barman_get(base, "end_time_timestamp"))) &&
		   barman_put(wide, "begin_lsn", barman_value_lsn(barman_get(base, "begin_lsn"))) &&
		   barman_put(wide, "end_lsn", barman_value_lsn(barman_get(base, "end_lsn"))) &&
		   barman_put(wide, "begin_wal", barman_value_segment(barman_get(base, "begin_wal"))) &&
		   barman_put(wide, "end_wal", barman_value_segment(barman_get(base, "end_wal"))) &&
		   barman_put(wide, "begin_offset", barman_value_bytes(barman_get(base, "begin_offset"))) &&
		   barman_put(wide, "end_offset", barman_value_bytes(barman_get(base, "end_offset"))) &&
		   barman_put(wide, "copy_seconds", barman_value_real(barman_get(base, "copy_time_seconds"))) &&
		   barman_put(wide, "analysis_seconds",
					  barman_value_real(barman_get(base, "analysis_time_seconds"))) &&
		   barman_put(wide, "throughput", barman_value_bytes(barman_get(base, "throughput_bytes"))) &&
		   barman_put(wide, "workers", barman_value_bytes(barman_get(base, "number_of_workers")));
}

/* The WAL from this backup to the next one */
static bool
put_later_wal(json_t *wide, const json_t *wal)
{
	return barman_put(wide, "wals_after_count", barman_value_bytes(barman_get(wal, "no_of_files"))) &&
		   barman_put(wide, "wals_after_size",
					  barman_value_bytes(barman_get(wal, "disk_usage_bytes"))) &&
		   barman_put(wide, "wal_rate_per_second",
					  barman_value_real(barman_get(wal, "wal_rate_per_second"))) &&
		   barman_put(wide, "last_wal", barman_value_segment(barman_get(wal, "last_available"))) &&
		   barman_put(wide, "timelines", texts_of(barman_get(wal, "timelines")));
}

/* previous_backup may be "- (this is the oldest base backup)" */
static bool
put_catalogue(json_t *wide, const json_t *catalogue)
{
	return barman_put(wide, "retention",
					  barman_value_text(barman_get(catalogue, "retention_policy"))) &&
		   barman_put(wide, "previous_backup",
					  barman_value_backup_id(barman_get(catalogue, "previous_backup"))) &&
		   barman_put(wide, "next_backup",
					  barman_value_backup_id(barman_get(catalogue, "next_backup"))) &&
		   barman_put(wide, "parent_id",
					  barman_value_backup_id(barman_get(catalogue, "parent_backup_id"))) &&
		   barman_put(wide, "root_id",
					  barman_value_backup_id(barman_get(catalogue, "root_backup_id"))) &&
		   barman_put(wide, "children", backup_ids_of(barman_get(catalogue, "children_backup_ids"))) &&
		   barman_put(wide, "chain_size", barman_value_bytes(barman_get(catalogue, "chain_size")));
}

/* 3.4.0 reports no type, but has no incremental backups either. */
static json_t *
type_of(const json_t *type, const json_t *method)
{
	const char *name = json_string_value(method);

	if (type != NULL || name == NULL)
		return barman_value_word(type);
	if (strcmp(name, "postgres") == 0)
		return json_string("full");
	if (barman_text_starts(name, "rsync"))
		return json_string("rsync");
	if (barman_text_starts(name, "snapshot"))
		return json_string("snapshot");
	return json_null();
}

static json_t *
texts_of(const json_t *list)
{
	json_t *texts = json_array();

	for (size_t i = 0; texts != NULL && i < json_array_size(list); i++)
	{
		json_t *text = barman_value_text(json_array_get(list, i));

		if (json_is_null(text))
			continue;
		if (!barman_append(texts, text))
		{
			json_decref(texts);
			return NULL;
		}
	}
	return texts;
}

static json_t *
backup_ids_of(const json_t *list)
{
	json_t *ids = json_array();

	for (size_t i = 0; ids != NULL && i < json_array_size(list); i++)
	{
		json_t *id = barman_value_backup_id(json_array_get(list, i));

		if (json_is_null(id))
			continue;
		if (!barman_append(ids, id))
		{
			json_decref(ids);
			return NULL;
		}
	}
	return ids;
}

bool
barman_backup_is_wide(const json_t *backup)
{
	return json_is_string(json_object_get(backup, "begin_wal"));
}

static json_t *
tablespaces_of(const json_t *list)
{
	json_t *tablespaces = json_array();

	for (size_t i = 0; tablespaces != NULL && i < json_array_size(list); i++)
	{
		const json_t *entry = json_array_get(list, i);
		json_t *tablespace;

		if (!json_is_object(entry))
			continue;
		tablespace = json_object();
		if (!barman_append(tablespaces, tablespace) ||
			!barman_put(tablespace, "name", barman_value_text(barman_get(entry, "name"))) ||
			!barman_put(tablespace, "oid", barman_value_bytes(barman_get(entry, "oid"))) ||
			!barman_put(tablespace, "location", barman_value_path(barman_get(entry, "location"))))
		{
			json_decref(tablespaces);
			return NULL;
		}
	}
	return tablespaces;
}
