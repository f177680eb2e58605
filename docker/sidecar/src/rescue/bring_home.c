/*
 * bring_home.c
 *
 * Restores a backup to just before a change, hands tables of it over, tells
 * their fingerprints, and removes what was restored, however that goes.  Or
 * tells what relations are called there, and no more.
 */
#include "rescue/bring_home.h"

#include <stdlib.h>
#include <string.h>

#include "base/directory.h"
#include "base/memory.h"
#include "base/timestamp.h"
#include "proof/prepare_copy.h"
#include "proof/psql_session.h"
#include "proof/superuser.h"
#include "rescue/handover.h"
#include "rescue/home_names.h"
#include "rescue/prepare_table.h"
#include "rescue/send_rows.h"
#include "rescue/table_definition.h"
#include "rescue/tell_names.h"
#include "rescue/wanted_tables.h"
#include "restore/archived_wal.h"
#include "restore/backup_to_instance.h"
#include "restore/copy_backup.h"
#include "restore/failure_cause.h"
#include "restore/hold_backup.h"
#include "restore/host_fits.h"
#include "restore/received_wal.h"
#include "restore/recover.h"
#include "restore/running_restore.h"
#include "restore/segment_name.h"

/* The client makes a table before it asks for its rows, and may wait for a lock. */
#define HANDOVER_MS (INT64_C(10) * 60 * 1000)

static void rescue_body(Job *job, const void *request);
static bool is_isolated(Restore *restore);
static bool bring_home(Restore *restore, const RescueRequest *asked, json_t *result);
static bool tell_names(Restore *restore, const DrillServer *server, const RescueRequest *asked,
					   json_t *result);
static json_t *define(const DrillServer *server, const WantedTables *tables, char **error);
static bool hand_over(Restore *restore, const DrillServer *server, const WantedTables *tables,
					  json_t *definitions, json_t *result);
static bool send_rows(Restore *restore, const DrillServer *server, const WantedTable *table,
					  Handover *handover);
static bool add_fingerprint(Restore *restore, const DrillServer *server, const json_t *table,
							json_t *sent);
static bool fail_in_copy(Restore *restore, const char *what, char *error, const char *hint);
static void end(Restore *restore, const Recovery *recovery, bool good, json_t *result);

const JobKind job_rescue = {.name = "rescue", .body = rescue_body};

static void
rescue_body(Job *job, const void *request)
{
	const RescueRequest *asked = request;
	Restore restore = restore_begin(job, &asked->restore);
	Recovery recovery = {0};
	json_t *result = json_checked(json_object());
	bool good;

	/* of a copy that is thrown away: nothing may connect, and nothing is synced */
	restore.is_drill = true;
	/* complete the backup first: a hold can stop the maintenance that does so */
	good = restore_find_backup(&restore) && restore_host_serves(&restore) &&
		   restore_complete_backup(&restore) && restore_hold(&restore) &&
		   restore_bring_wal(&restore) && restore_timeline_is_reached(&restore) &&
		   restore_target_is_archived(&restore) && restore_copy(&restore) &&
		   restore_take_tail(&restore) && restore_prepare(&restore) &&
		   restore_recover(&restore, &recovery) && restore_is_on_its_timeline(&restore, &recovery) &&
		   is_isolated(&restore) && bring_home(&restore, asked, result);
	end(&restore, &recovery, good, result);
	restore_let_go(&restore);
	json_decref(restore.backup);
	json_decref(restore.error);
	free(restore.isolation);
	json_decref(restore.tail);
	free(recovery.lsn);
	free(recovery.time);
}

/* What a hostile server could reach it must not, before it is asked anything. */
static bool
is_isolated(Restore *restore)
{
	char *words;

	if (restore_is_isolated(restore))
		return true;
	words = cage_words(&restore->held, "drill-network");
	restore_fail(restore, BARMAN_UNSUPPORTED, words, NULL, "the restored server is not isolated");
	free(words);
	return false;
}

static bool
bring_home(Restore *restore, const RescueRequest *asked, json_t *result)
{
	Job *job = restore->job;
	ServerConfig config = instance_config(restore->instance);
	DrillServer server = drill_server(job, &config,
									  (int) json_integer_value(
										  json_object_get(restore->backup, "postgresql_version")) /
										  10000,
									  asked->database, asked->superuser);
	const char *hint = NULL;
	WantedTables tables;
	json_t *definitions;
	char *error;
	bool good;

	job_phase(job, "preparing");
	server.superuser = drill_superuser(&server, &asked->superusers);
	error = drill_prepare(&server, false);
	if (error != NULL)
		return fail_in_copy(restore, "the restored server could not be prepared", error, NULL);
	if (asked->table_count == 0)
		return tell_names(restore, &server, asked, result);
	tables = wanted_tables_find(&server, asked, &error, &hint);
	if (error != NULL)
	{
		wanted_tables_clear(&tables);
		return fail_in_copy(restore, "the table cannot be rescued", error, hint);
	}
	definitions = define(&server, &tables, &error);
	if (error == NULL && (error = drill_bring_fingerprint(&server)) != NULL)
	{
		json_decref(definitions);
		definitions = NULL;
	}
	good = definitions != NULL
			   ? hand_over(restore, &server, &tables, definitions, result)
			   : fail_in_copy(restore, "the restored table could not be prepared", error, NULL);
	json_object_set(result, "left_out", tables.left_out);
	wanted_tables_clear(&tables);
	return good;
}

static bool
tell_names(Restore *restore, const DrillServer *server, const RescueRequest *asked, json_t *result)
{
	char *error = NULL;
	json_t *names = rescue_names(server, &asked->names, &error);

	if (names == NULL)
		return fail_in_copy(restore, "the restored server could not be asked for names", error, NULL);
	json_object_set_new(result, "names", names);
	return !job_cancelled(restore->job);
}

/* All get their names before any is described: two may be in each other's way. */
static json_t *
define(const DrillServer *server, const WantedTables *tables, char **error)
{
	json_t *definitions = json_checked(json_array());
	json_t *names = json_checked(json_object());

	for (size_t i = 0; *error == NULL && i < tables->count; i++)
		*error = rescue_take_names(tables->all[i].found, &tables->all[i].wanted, names);
	json_decref(names);
	if (tables->count > 0)
		rescue_end_prepared(server, tables->all[0].found);
	for (size_t i = 0; *error == NULL && i < tables->count; i++)
		*error = rescue_table_part(server, tables->all[i].found);
	for (size_t i = 0; *error == NULL && i < tables->count; i++)
		*error = rescue_table_rename(server, tables->all[i].found, &tables->all[i].wanted);
	for (size_t i = 0; *error == NULL && i < tables->count; i++)
	{
		json_t *one = rescue_definition(server, tables->all[i].found, &tables->all[i].wanted, error);

		if (one != NULL)
			json_array_append_new(definitions, one);
		job_progress(server->job, (double) (i + 1) / (double) tables->count);
	}
	if (*error == NULL)
		return definitions;
	json_decref(definitions);
	return NULL;
}

/* Takes the definitions. */
static bool
hand_over(Restore *restore, const DrillServer *server, const WantedTables *tables,
		  json_t *definitions, json_t *result)
{
	Handover *handover = handover_open(restore->job, definitions);
	json_t *sent = json_checked(json_array());
	bool good = true;

	json_object_set_new(result, "tables", sent);
	job_phase(restore->job, "ready");
	for (size_t i = 0; good && i < tables->count; i++)
		good = send_rows(restore, server, &tables->all[i], handover);
	handover_close(handover);
	/* last: meanwhile nobody waits for the next rows */
	for (size_t i = 0; good && i < tables->count; i++)
		good = !job_cancelled(restore->job) &&
			   add_fingerprint(restore, server, tables->all[i].found, sent);
	return good;
}

static bool
send_rows(Restore *restore, const DrillServer *server, const WantedTable *table, Handover *handover)
{
	ByteStream *stream = handover_await(handover, HANDOVER_MS);
	char *error;

	if (stream == NULL)
		return !job_cancelled(restore->job) &&
			   restore_fail(restore, BARMAN_WRONG_STATE, NULL, "Ask again.",
							"nobody has asked for the rows within %lld seconds",
							(long long) (HANDOVER_MS / 1000));
	job_phase(restore->job, "sending");
	error = rescue_rows_send(server, table->found, &table->wanted, stream);
	byte_stream_writer_release(stream);
	if (error != NULL)
		return fail_in_copy(restore, "the rows could not be sent", error, NULL);
	return !job_cancelled(restore->job);
}

static bool
add_fingerprint(Restore *restore, const DrillServer *server, const json_t *table, json_t *sent)
{
	char *query = mem_printf("SELECT f.rows, f.hash FROM %s.fingerprint(%lld::pg_catalog.oid) AS f",
							 server->schema,
							 (long long) json_integer_value(json_object_get(table, "oid")));
	DrillAnswer answer = {NULL, NULL};
	json_t *told;
	char *error = NULL;
	char *bar;

	job_phase(restore->job, "comparing");
	drill_ask(server, server->reader, DRILL_STATEMENT_MS, &query, 1, &answer);
	free(query);
	bar = answer.output != NULL ? strchr(answer.output, '|') : NULL;
	if (bar != NULL)
	{
		told = json_checked(json_object());
		json_object_set_new(told, "rows", json_integer(strtoll(answer.output, NULL, 10)));
		json_object_set_new(told, "hash", json_text(bar + 1));
		json_array_append_new(sent, told);
	}
	else
		error = mem_strdup(answer.error != NULL ? answer.error : "the server does not tell");
	drill_answer_free(&answer);
	return error == NULL ||
		   fail_in_copy(restore, "the fingerprint of the restored table could not be had", error,
						NULL);
}

/* Takes the error.  Returns false. */
static bool
fail_in_copy(Restore *restore, const char *what, char *error, const char *hint)
{
	if (!job_cancelled(restore->job))
		restore_fail(restore, BARMAN_WRONG_STATE, error, hint, "%s", what);
	free(error);
	return false;
}

static void
end(Restore *restore, const Recovery *recovery, bool good, json_t *result)
{
	Job *job = restore->job;
	int64_t bytes = directory_size(restore->directory).bytes;
	char *directory = mem_strdup(restore->directory);

	job_phase(job, "removing");
	if (!instance_dropped(restore->instance))
		job_log(job, JOB_WARNING,
				"what was restored could not be removed: drop the instance; it is %s", directory);
	free(directory);
	json_object_set_new(result, "backup_id", json_text(json_text_of(restore->backup, "backup_id")));
	json_object_set_new(result, "timeline", json_integer(recovery->parent));
	json_object_set_new(result, "recovered_lsn", json_text(recovery->lsn));
	json_object_set_new(result, "recovered_time", json_text(recovery->time));
	json_object_set_new(result, "restore_seconds", json_real((double) restore->restore_ms / 1000));
	json_object_set_new(result, "recovery_seconds", json_real((double) restore->recovery_ms / 1000));
	json_object_set_new(result, "bytes", json_integer(bytes));
	if (good && !job_cancelled(job))
	{
		job_done(job, result);
		return;
	}
	json_decref(result);
	if (!job_cancelled(job) && restore->error != NULL)
		job_fail(job, json_text_of(restore->error, "code"), json_text_of(restore->error, "message"),
				 json_text_of(restore->error, "detail"), json_text_of(restore->error, "hint"));
}
