/*
 * test_barman_json.c
 *
 * Statements about single values: what must come out of which output, in full.
 */
#include "barman_json_fixture.h"
#include "base/names.h"

static json_t *
parse_fixture(const char *path, const char *parser_name)
{
	Fixture fixture;
	BarmanFailure failure = {0};
	const Parser *parser = find_parser(parser_name);
	json_t *value;

	load_fixture(&fixture, path);
	value = parser->parse(&fixture.output, fixture.server, &failure);
	if (value == NULL)
		fail_msg("%s: %s", path, failure.message);
	free_fixture(&fixture);
	return value;
}

/* Steals value. */
static void
assert_json(json_t *value, const char *expected)
{
	json_t *wanted = json_loads(expected, JSON_DECODE_ANY, NULL);

	assert_non_null(wanted);
	if (!json_equal(value, wanted))
	{
		char *got = json_dumps(value, JSON_ENCODE_ANY);

		fail_msg("is       %s\nexpected %s", got, expected);
	}
	json_decref(wanted);
	json_decref(value);
}

/* Fails unless the output gives a failure with that code and these words. */
static void
assert_failure(const char *parser_name, BarmanOutput output, const char *code, const char *message,
			   const char *detail)
{
	BarmanFailure failure = {0};
	json_t *value = find_parser(parser_name)->parse(&output, "pg", &failure);

	assert_null(value);
	assert_string_equal(failure.code, code);
	if (message)
		assert_string_equal(failure.message, message);
	if (detail)
	{
		assert_non_null(failure.detail);
		assert_string_equal(failure.detail, detail);
	}
	barman_failure_clear(&failure);
	assert_null(failure.message);
}

static json_t *
parse_text(const char *parser_name, const char *text)
{
	BarmanOutput output = printed(0, text);
	BarmanFailure failure = {0};
	json_t *value = find_parser(parser_name)->parse(&output, "pg", &failure);

	if (value == NULL)
		fail_msg("%s: %s", text, failure.message);
	return value;
}

/* 3.4.0: disk_usage, float throughput, no type, no method, no system id */
static void
show_backup_of_the_oldest_version(void **state)
{
	(void) state;
	assert_json(parse_fixture("3.4.0/17show_latest.json", "backup"),
				"{\"server\":\"pg\",\"backup_id\":\"20261122T060946\",\"name\":null,"
				"\"type\":null,\"status\":\"DONE\",\"system_id\":null,"
				"\"postgresql_version\":150018,\"data_directory\":\"/var/lib/postgresql/data\","
				"\"data_checksums\":null,\"summarize_wal\":null,\"method\":null,"
				"\"compression\":null,\"encryption\":null,"
				"\"size\":32153267,\"size_with_wals\":48930483,\"cluster_size\":null,"
				"\"timeline\":1,\"begin_time\":\"2026-11-22T06:09:46.665806Z\","
				"\"end_time\":\"2026-11-22T06:09:47.115034Z\","
				"\"begin_lsn\":\"0/8000028\",\"end_lsn\":\"0/9000000\","
				"\"begin_wal\":\"000000010000000000000008\",\"end_wal\":\"000000010000000000000008\","
				"\"begin_offset\":40,\"end_offset\":0,\"copy_seconds\":0.437112,"
				"\"analysis_seconds\":0.0,\"throughput\":73558417,\"workers\":1,"
				"\"wal_count\":null,\"wal_size\":16777216,\"wal_compression_ratio\":null,"
				"\"resources_saved\":null,\"resources_saved_percentage\":null,"
				"\"wals_after_count\":0,\"wals_after_size\":0,\"wal_rate_per_second\":0.0,"
				"\"last_wal\":\"000000010000000000000008\",\"timelines\":[],"
				"\"retention\":\"not enforced\",\"previous_backup\":\"20261122T060943\","
				"\"next_backup\":null,\"parent_id\":null,\"root_id\":null,\"children\":[],"
				"\"chain_size\":null,\"tablespaces\":[],\"error\":null}");
}

static void
show_backup_of_an_incremental_with_a_tablespace(void **state)
{
	(void) state;
	assert_json(parse_fixture("3.20-pg18/h22-show-backup-tablespace.json", "backup"),
				"{\"server\":\"postgres1\",\"backup_id\":\"20261122T075354\",\"name\":\"ts-inc\","
				"\"type\":\"incremental\",\"status\":\"DONE\",\"system_id\":\"7710884708655677559\","
				"\"postgresql_version\":180006,\"data_directory\":\"/srv/pg/data\","
				"\"data_checksums\":\"on\",\"summarize_wal\":\"on\",\"method\":\"postgres\","
				"\"compression\":null,\"encryption\":null,"
				"\"size\":3108580,\"size_with_wals\":36663012,\"cluster_size\":47026449,"
				"\"timeline\":1,\"begin_time\":\"2026-11-22T07:53:54.882906Z\","
				"\"end_time\":\"2026-11-22T07:53:55.600584Z\","
				"\"begin_lsn\":\"2/1E000028\",\"end_lsn\":\"2/20000000\","
				"\"begin_wal\":\"00000001000000020000001E\",\"end_wal\":\"00000001000000020000001F\","
				"\"begin_offset\":40,\"end_offset\":0,\"copy_seconds\":0.69809,"
				"\"analysis_seconds\":null,\"throughput\":4452978,\"workers\":1,"
				"\"wal_count\":2,\"wal_size\":33554432,\"wal_compression_ratio\":null,"
				"\"resources_saved\":43917869,\"resources_saved_percentage\":93.39,"
				"\"wals_after_count\":2,\"wals_after_size\":33554432,"
				"\"wal_rate_per_second\":1.105092429842157,"
				"\"last_wal\":\"000000010000000200000021\",\"timelines\":[],"
				"\"retention\":\"not enforced\",\"previous_backup\":\"20261122T075353\","
				"\"next_backup\":null,\"parent_id\":\"20261122T075353\","
				"\"root_id\":\"20261122T075353\",\"children\":[],\"chain_size\":2,"
				"\"tablespaces\":[{\"name\":\"ts1\",\"oid\":16438,\"location\":\"/srv/ts1\"}],"
				"\"error\":null}");
}

/* rsync with hard links on 3.4.0: size is what the backup takes on disk */
static void
old_and_new_sizes_mean_the_same(void **state)
{
	json_t *old = parse_text("backup",
							 "{\"pg\":{\"backup_id\":\"20260101T000000\",\"status\":\"DONE\","
							 "\"base_backup_information\":{\"disk_usage_bytes\":1000,"
							 "\"disk_usage_with_wals_bytes\":1100,\"incremental_size_bytes\":250,"
							 "\"incremental_size_ratio\":\"-75.00%\"}}}");
	json_t *new = parse_text("backup",
							 "{\"pg\":{\"backup_id\":\"20260101T000000\",\"status\":\"DONE\","
							 "\"base_backup_information\":{\"backup_size_bytes\":250,"
							 "\"backup_size_with_wals_bytes\":350,\"wal_size_bytes\":100,"
							 "\"resources_saved_bytes\":750,\"resources_saved_percentage\":\"75.00%\"}}}");

	(void) state;
	assert_int_equal(json_integer_value(json_object_get(old, "size")), 250);
	assert_int_equal(json_integer_value(json_object_get(old, "size_with_wals")), 350);
	assert_int_equal(json_integer_value(json_object_get(old, "resources_saved")), 750);
	assert_true(json_equal(old, new));
	json_decref(old);
	json_decref(new);
}

static void
failed_backup_keeps_its_error(void **state)
{
	json_t *backup = parse_fixture("3.13.3-pg17/71-show-backup-failed.json", "backup");

	(void) state;
	validate_backup(backup);
	assert_string_equal(json_string_value(json_object_get(backup, "error")),
						"failure copying files (KeyboardInterrupt)");
	assert_string_equal(json_string_value(json_object_get(backup, "status")), "FAILED");
	assert_true(json_is_null(json_object_get(backup, "size")));
	json_decref(backup);
}

static void
type_follows_from_the_method(void **state)
{
	static const char *const cases[][3] = {
		{"\"backup_method\":\"postgres\"", "", "\"full\""},
		{"\"backup_method\":\"rsync-concurrent\"", "", "\"rsync\""},
		{"\"backup_method\":\"snapshot\"", "", "\"snapshot\""},
		{"\"backup_method\":\"postgres\"", "\"backup_type\":\"incremental\",", "\"incremental\""},
		{"\"backup_method\":\"carrier pigeon\"", "", "null"},
		{"\"backup_method\":null", "", "null"},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		char text[400];
		json_t *backup;

		snprintf(text, sizeof(text),
				 "{\"pg\":{\"backup_id\":\"20260101T000000\",%s"
				 "\"base_backup_information\":{%s}}}",
				 cases[i][1], cases[i][0]);
		backup = parse_text("backup", text);
		assert_json(json_incref(json_object_get(backup, "type")), cases[i][2]);
		json_decref(backup);
	}
}

static void
servers_tell_their_state(void **state)
{
	(void) state;
	assert_json(parse_text("servers", "{\"_INFO\":[\"x\"],\"a\":{\"description\":\"Main\"},"
									  "\"b\":{\"description\":\"Old (inactive)\"},"
									  "\"c\":{\"description\":\" (WARNING: disabled)\"},"
									  "\"d\":{\"description\":\"Far (Passive)\"},"
									  "\"e\":{\"description\":\"Far (WARNING: disabled) (Passive)\"},"
									  "\"f\":{\"description\":\"\"},\"g\":{}}"),
				"[{\"server\":\"a\",\"description\":\"Main\",\"state\":\"active\"},"
				"{\"server\":\"b\",\"description\":\"Old\",\"state\":\"inactive\"},"
				"{\"server\":\"c\",\"description\":null,\"state\":\"disabled\"},"
				"{\"server\":\"d\",\"description\":\"Far\",\"state\":\"passive\"},"
				"{\"server\":\"e\",\"description\":\"Far\",\"state\":\"disabled\"},"
				"{\"server\":\"f\",\"description\":null,\"state\":\"active\"},"
				"{\"server\":\"g\",\"description\":null,\"state\":\"active\"}]");
	assert_json(parse_text("servers", "{}"), "[]");
}

static void
diagnose_fills_what_the_list_lacks(void **state)
{
	json_t *backups = parse_fixture("3.4.0/27list.json", "backups");
	json_t *diagnosis = parse_fixture("3.4.0/61diagnose.json", "diagnose");
	json_t *unknown = json_deep_copy(backups);

	(void) state;
	assert_false(barman_merge_diagnose(unknown, "other", diagnosis));
	assert_false(barman_merge_diagnose(unknown, "pg", NULL));
	assert_true(json_equal(unknown, backups));

	assert_true(barman_merge_diagnose(backups, "pg", diagnosis));
	validate_backups(backups);
	assert_json(json_incref(json_array_get(backups, 1)),
				"{\"server\":\"pg\",\"backup_id\":\"20261122T060943\",\"name\":null,"
				"\"type\":\"full\",\"status\":\"DONE\",\"begin_time\":\"2026-11-22T06:09:43.620752Z\","
				"\"end_time\":\"2026-11-22T06:09:44.435473Z\",\"size\":48930482,"
				"\"wal_size\":33554432,\"parent_id\":null,\"timeline\":1,"
				"\"begin_lsn\":\"0/6000028\",\"end_lsn\":\"0/7000000\",\"cluster_size\":null,"
				"\"retention\":\"-\",\"error\":null}");
	json_decref(backups);
	json_decref(unknown);
	json_decref(diagnosis);
}

static void
diagnose_knows_parents_and_errors(void **state)
{
	json_t *backups = parse_text("backups",
								 "{\"pg\":[{\"backup_id\":\"20260102T000000\","
								 "\"backup_type\":\"incremental\",\"status\":\"FAILED\"},"
								 "{\"backup_id\":\"20260103T000000\",\"status\":\"DONE\"}]}");
	json_t *diagnosis = parse_text("diagnose",
								   "{\"global\":{},\"servers\":{\"pg\":{\"backups\":{"
								   "\"20260102T000000\":{\"mode\":\"postgres\",\"status\":\"FAILED\","
								   "\"parent_backup_id\":\"20260101T000000\",\"error\":\"out of luck\","
								   "\"begin_time\":\"2026-01-02T01:00:00.5+01:00\",\"end_time\":null}}}}}");

	(void) state;
	assert_true(barman_merge_diagnose(backups, "pg", diagnosis));
	assert_json(backups,
				"[{\"server\":\"pg\",\"backup_id\":\"20260102T000000\",\"name\":null,"
				"\"type\":\"incremental\",\"status\":\"FAILED\",\"begin_time\":\"2026-01-02T00:00:00.500000Z\","
				"\"end_time\":null,\"size\":null,\"wal_size\":null,\"parent_id\":\"20260101T000000\","
				"\"timeline\":null,\"begin_lsn\":null,\"end_lsn\":null,\"cluster_size\":null,"
				"\"retention\":null,\"error\":\"out of luck\"},"
				"{\"server\":\"pg\",\"backup_id\":\"20260103T000000\",\"name\":null,"
				"\"type\":null,\"status\":\"DONE\",\"begin_time\":null,\"end_time\":null,\"size\":null,"
				"\"wal_size\":null,\"parent_id\":null,"
				"\"timeline\":null,\"begin_lsn\":null,\"end_lsn\":null,\"cluster_size\":null,"
				"\"retention\":null,\"error\":null}]");
	json_decref(diagnosis);
}

static void
diagnose_completes_a_wide_backup_too(void **state)
{
	json_t *wide = parse_fixture("3.4.0/17show_latest.json", "backup");
	json_t *diagnosis = parse_fixture("3.4.0/61diagnose.json", "diagnose");
	json_t *list = json_pack("[O]", wide);

	(void) state;
	assert_true(barman_merge_diagnose(list, "pg", diagnosis));
	validate_backup(wide);
	assert_string_equal(json_string_value(json_object_get(wide, "type")), "full");
	assert_string_equal(json_string_value(json_object_get(wide, "method")), "postgres");
	assert_string_equal(json_string_value(json_object_get(wide, "system_id")), "7710873587336078004");
	json_decref(list);
	json_decref(wide);
	json_decref(diagnosis);
}

static void
console_and_json_diagnosis_agree(void **state)
{
	json_t *json = parse_fixture("3.17.0/61diagnose.json", "diagnose");
	json_t *console = parse_fixture("3.17.0/62diagnose_console.txt", "diagnose");

	(void) state;
	assert_true(json_equal(json_object_get(json_object_get(json_object_get(json, "servers"), "pg"),
										   "backups"),
						   json_object_get(json_object_get(json_object_get(console, "servers"), "pg"),
										   "backups")));
	json_decref(json);
	json_decref(console);
}

static void
a_record_is_read_as_diagnose_tells_it(void **state)
{
	json_t *facts = barman_parse_backup_info(
		"begin_time=2026-11-28 20:53:18.955822+00:00\nbegin_wal=000000010000000000000010\n"
		"begin_offset=40\nerror=could not connect: password=secret\nparent_backup_id=None\nsystemid=7713327811758689435\n"
		"copy_stats={'copy_time': 5.5, 'total_time': 6}\nno value\n=no key\nstatus=DONE");

	(void) state;
	assert_string_equal(json_string_value(json_object_get(facts, "begin_wal")),
						"000000010000000000000010");
	assert_string_equal(json_string_value(json_object_get(facts, "systemid")), "7713327811758689435");
	assert_int_equal(json_integer_value(json_object_get(facts, "begin_offset")), 40);
	assert_true(json_is_null(json_object_get(facts, "parent_backup_id")));
	assert_true(
		json_real_value(json_object_get(json_object_get(facts, "copy_stats"), "copy_time")) > 5);
	assert_null(strstr(json_string_value(json_object_get(facts, "error")), "secret"));
	assert_int_equal(json_object_size(facts), 8);
	json_decref(facts);
	assert_null(barman_parse_backup_info(""));
	assert_null(barman_parse_backup_info("status=None"));
	assert_null(barman_parse_backup_info("DONE\n"));
}

static void
tablespaces_of_a_record_are_read_or_left_as_they_are(void **state)
{
	static const char *const cases[][2] = {
		{"None", "null"},
		{"[]", "[]"},
		{"[('ts1', 16438, '/srv/ts1')]", "[[\"ts1\", 16438, \"/srv/ts1\"]]"},
		{"[('a', 1, '/a'), (\"it's\", 4294967295, '/b c')]",
		 "[[\"a\", 1, \"/a\"], [\"it's\", 4294967295, \"/b c\"]]"},
		{"[('(x), ', 5, '/]')]", "[[\"(x), \", 5, \"/]\"]]"},
		/* escapes, and what is no such list */
		{"[('a\\n', 1, '/a')]", NULL},
		{"[('a', 1, '/a'),]", NULL},
		{"[('a', 1, '/a')", NULL},
		{"[('a', 1, '/a')]x", NULL},
		{"[('a', -1, '/a')]", NULL},
		{"[('a', '1', '/a')]", NULL},
		{"[('a', 1)]", NULL},
		{"[('a, 1, /a", NULL},
		{"[('", NULL},
		{"[(", NULL},
		{"(", NULL},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		char *text = NULL;
		json_t *facts;
		json_t *expected = cases[i][1] != NULL ? json_loads(cases[i][1], JSON_DECODE_ANY, NULL)
											   : json_string(cases[i][0]);

		assert_true(asprintf(&text, "status=DONE\ntablespaces=%s\nversion=150020", cases[i][0]) > 0);
		facts = barman_parse_backup_info(text);
		if (!json_equal(json_object_get(facts, "tablespaces"), expected))
			fail_msg("%s", cases[i][0]);
		json_decref(facts);
		json_decref(expected);
		free(text);
	}
}

static void
lags_are_bytes_behind_the_server(void **state)
{
	json_t *replication = parse_text("replication",
									 "{\"pg\":{\"server_lsn\":\"1/100\",\"streaming_clients\":["
									 "{\"sent_lsn\":\"1/100\",\"sent_lsn_diff_bytes\":0,"
									 "\"write_lsn\":\"1/80\",\"write_lsn_diff_bytes\":-128,"
									 "\"flush_lsn\":\"0/FFFFFF00\","
									 "\"replay_lsn\":\"1/200\",\"replay_lsn_diff_bytes\":256},"
									 "{\"client_addr\":\"socket\",\"port\":-1}]}}");
	json_t *client = json_array_get(json_object_get(replication, "clients"), 0);

	(void) state;
	validate_replication(replication);
	assert_int_equal(json_integer_value(json_object_get(client, "sent_lag")), 0);
	assert_int_equal(json_integer_value(json_object_get(client, "write_lag")), 128);
	/* no difference given: from the positions, across 4 GB */
	assert_int_equal(json_integer_value(json_object_get(client, "flush_lag")), 0x200);
	/* ahead of a server asked a moment before */
	assert_int_equal(json_integer_value(json_object_get(client, "replay_lag")), 0);
	client = json_array_get(json_object_get(replication, "clients"), 1);
	assert_true(json_is_null(json_object_get(client, "client_addr")));
	assert_true(json_is_null(json_object_get(client, "client_port")));
	assert_true(json_is_null(json_object_get(client, "sent_lag")));
	json_decref(replication);
}

static void
switch_wal_in_prose(void **state)
{
	static const char closed[] = "\"The WAL file 0000000100000000000000A3 has been closed on server 'pg'\"";
	static const char
		wait[] = "\"Waiting for the WAL file 0000000100000000000000A3 from server 'pg' (max: 20 seconds)\"";
	static const char
		busy[] = "\"Another archive-wal process is already running on server pg. Skipping to the next server\"";
	static const char late[] = "\"The WAL file 0000000100000000000000A3 has not been received in 20 seconds\"";
	static const char idle[] = "\"No switch required for server 'pg'\"";
	static const char
		wait_any[] = "\"Waiting for a WAL file from server 'pg' to be archived (max: 20 seconds)\"";
	static const char late_any[] = "\"A WAL file has not been received in 20 seconds\"";
	static const char process[] = "\"Processing xlog segments from streaming for pg (batch size: 1)\"";
	static const char stored[] = "\"\\t0000000100000000000000A3\"";
	static const char stored_before[] = "\"\\t0000000100000000000000A2\"";
	const struct
	{
		int exit_code;
		const char *info[5];
		const char *error;
		const char *result;
	} cases[] = {
		{0,
		 {closed},
		 NULL,
		 "{\"wal_file\":\"0000000100000000000000A3\",\"switched\":true,\"archived\":false}"},
		{0,
		 {closed, wait, process, stored_before, stored},
		 NULL,
		 "{\"wal_file\":\"0000000100000000000000A3\",\"switched\":true,\"archived\":true}"},
		/* another process stored it: only the end of the wait tells */
		{0,
		 {closed, wait, busy, busy},
		 NULL,
		 "{\"wal_file\":\"0000000100000000000000A3\",\"switched\":true,\"archived\":true}"},
		{1,
		 {closed, wait, process, stored_before},
		 late,
		 "{\"wal_file\":\"0000000100000000000000A3\",\"switched\":true,\"archived\":false}"},
		{0, {idle}, NULL, "{\"wal_file\":null,\"switched\":false,\"archived\":false}"},
		{0,
		 {idle, wait_any, process, stored},
		 NULL,
		 "{\"wal_file\":\"0000000100000000000000A3\",\"switched\":false,\"archived\":true}"},
		{0, {idle, wait_any, late_any}, NULL, "{\"wal_file\":null,\"switched\":false,\"archived\":false}"},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		char text[1000] = "{\"_INFO\":[";
		BarmanFailure failure = {0};
		BarmanOutput output;
		json_t *result;

		for (size_t j = 0; j < 5 && cases[i].info[j]; j++)
		{
			strcat(text, j ? "," : "");
			strcat(text, cases[i].info[j]);
		}
		strcat(text, "]");
		if (cases[i].error)
			sprintf(text + strlen(text), ",\"_ERROR\":[%s]", cases[i].error);
		strcat(text, "}");
		output = printed(cases[i].exit_code, text);
		result = barman_parse_switch_wal(&output, "pg", &failure);
		if (result == NULL)
			fail_msg("%s: %s", text, failure.message);
		assert_json(result, cases[i].result);
	}
	/* closed, but then something else went wrong */
	assert_failure("switch_wal",
				   printed(1, "{\"_INFO\":[\"The WAL file 0000000100000000000000A3 has been closed"
							  " on server 'pg'\"],\"_EXCEPTION\":[\"disk full\"]}"),
				   "barman_failed", "barman switch-wal failed with exit code 1", "disk full");
	assert_failure("switch_wal", printed(0, "{}"), "bad_output", NULL, NULL);
}

static void
backup_waits_only_if_barman_says_so_last(void **state)
{
	BarmanOutput output;
	BarmanFailure failure = {0};
	json_t *run;

	(void) state;
	/* 3.4.0 printed WAITING_FOR_WALS and a moment later it was DONE */
	assert_json(parse_fixture("3.4.0/11backup_nowait.json", "backup_run"),
				"{\"backup_id\":\"20261122T060943\",\"status\":\"WAITING_FOR_WALS\",\"waiting\":false,\"error\":null,\"hint\":null}");
	assert_json(parse_fixture("3.13.3-pg17/54-backup-wait-stuck.json", "backup_run"),
				"{\"backup_id\":\"20261122T070314\",\"status\":\"WAITING_FOR_WALS\",\"waiting\":true,\"error\":null,\"hint\":null}");
	output = printed(1,
					 "{\"_ERROR\":[\"Backup failed copying files.\\nHINT:  This can happen for incremental backups "
					 "on a standby if there was little activity since the previous backup.\"],"
					 "\"backup_id\":\"20260101T000000\",\"error\":\"copying\",\"status\":\"FAILED\"}");
	run = barman_parse_backup_run(&output, "pg", &failure);
	assert_non_null(
		strstr(json_string_value(json_object_get(run, "hint")), "CHECKPOINT on the primary"));
	json_decref(run);
	output = printed(0, "{\"backup_id\":\"20260101T000000\",\"server_name\":\"other\"}");
	assert_null(barman_parse_backup_run(&output, "pg", &failure));
	assert_string_equal(failure.code, "bad_output");
	barman_failure_clear(&failure);
}

static void
repeated_messages_are_counted(void **state)
{
	json_t *messages = parse_fixture("3.13.3-pg17/f2-switch-wal-archive-during-cron.json",
									 "messages");

	(void) state;
	assert_string_equal(json_string_value(json_object_get(json_array_get(messages, 2), "text")),
						"Another archive-wal process is already running on server postgres1. "
						"Skipping to the next server (428 times)");
	json_decref(messages);

	assert_json(parse_text("messages",
						   "{\"_DEBUG\":[\"d\"],\"_ERROR\":[\"e\"],\"_EXCEPTION\":[\"x\\n\"],"
						   "\"_INFO\":[\"i\",\"i\",\"\",\"\\t0001\",7],\"_WARNING\":[\"w\"],\"pg\":{}}"),
				"[{\"level\":\"info\",\"text\":\"i (2 times)\"},{\"level\":\"info\",\"text\":\"\\t0001\"},"
				"{\"level\":\"warning\",\"text\":\"w\"},{\"level\":\"error\",\"text\":\"e\"},"
				"{\"level\":\"error\",\"text\":\"x\"}]");
	assert_json(parse_text("messages", "plain\n\ntext\xFF\n"),
				"[{\"level\":\"info\",\"text\":\"plain\"},{\"level\":\"info\",\"text\":\"text\xEF\xBF\xBD\"}]");
	assert_json(parse_text("messages", ""), "[]");
}

static void
failures_say_what_and_why(void **state)
{
	BarmanOutput killed = {137, "", 0, "", 0};
	BarmanOutput traceback =
		{1, NULL, 0,
		 "Traceback (most recent call last):\n  File \"x\", line 1\nBrokenPipeError: [Errno 32] Broken pipe\n",
		 0};

	(void) state;
	traceback.err_length = strlen(traceback.err);
	assert_failure("status", printed(1, "{\"_ERROR\":[\"Unknown server 'pg'\"]}"), "unknown_server",
				   "barman knows no server \"pg\"", "Unknown server 'pg'");
	assert_failure("backup", printed(1, "{\"_ERROR\":[\"Unknown backup 'x' for server 'pg'\"]}"),
				   "unknown_backup", "barman knows no such backup of server \"pg\"", NULL);
	assert_failure("backup_run", printed(1, "{\"_ERROR\":[\"Another backup process is running\"]}"),
				   "backup_running", "a backup of server \"pg\" is running already",
				   "Another backup process is running");
	assert_failure("status",
				   printed(1, "{\"_EXCEPTION\":[\"a\"],\"_ERROR\":[\"b\",\"c\"],\"pg\":{}}"),
				   "barman_failed", "barman status failed with exit code 1", "b\nc\na");
	assert_failure("check", killed, "barman_failed",
				   "barman check ended with exit code 137 and said nothing", NULL);
	assert_failure("check", traceback, "barman_failed", NULL,
				   "BrokenPipeError: [Errno 32] Broken pipe");
	assert_failure("backups", printed(0, ""), "bad_output",
				   "barman list-backups did not print a JSON document", NULL);
	assert_failure("backups", printed(0, "{\"other\":[]}"), "bad_output",
				   "barman list-backups printed nothing usable about server \"pg\"", NULL);
	assert_failure("backups", printed(0, "{\"pg\":[{\"backup_id\":\"../x\"}]}"), "bad_output", NULL,
				   NULL);
	assert_failure("backups", printed(0, "{\"pg\":{}}"), "bad_output", NULL, NULL);
	assert_failure("status", printed(0, "{\"pg\":[]}"), "bad_output", NULL, NULL);
	assert_failure("replication", printed(0, "{\"pg\":{}}"), "bad_output", NULL, NULL);
	/* checks that broke off half way do not pass for all of them */
	assert_failure("check",
				   printed(1, "{\"pg\":{\"ssh\":{\"status\":\"OK\"}},\"_EXCEPTION\":[\"oops\"]}"),
				   "barman_failed", NULL, "oops");
}

static void
detail_is_bounded(void **state)
{
	char *text = malloc(100000);
	BarmanFailure failure = {0};
	BarmanOutput output;

	(void) state;
	strcpy(text, "{\"_ERROR\":[\"");
	for (int i = 0; i < 20000; i++)
		strcat(text + 10 + i * 2, "\xC3\xA9");
	strcat(text, "\"]}");
	output = printed(1, text);
	assert_null(barman_parse_status(&output, "pg", &failure));
	assert_true(strlen(failure.detail) <= 8192 && strlen(failure.detail) > 8000);
	validate_outcome(find_parser("status"), NULL, &failure);
	barman_failure_clear(&failure);
	free(text);
}

static void
only_the_first_document_counts(void **state)
{
	(void) state;
	assert_json(parse_text("backups", "{\"pg\":[]}{}"), "[]");
	assert_json(parse_text("backups", " \n{\"pg\":[]}\nBARMAN OK"), "[]");
	assert_json(parse_text("backups", "{\"pg\":[]}\xFF\xFE"), "[]");
	assert_failure("backups", printed(0, "{}{\"pg\":[]}"), "bad_output", NULL, NULL);
	assert_failure("backups", printed(0, "[]"), "bad_output", NULL, NULL);
	assert_failure("backups", printed(0, "warning: x\n{\"pg\":[]}"), "bad_output", NULL,
				   "warning: x\n{\"pg\":[]}");
}

/* barman#488: the state of a server appended to the key */
static void
server_key_may_have_a_suffix(void **state)
{
	(void) state;
	assert_json(parse_text("backups", "{\"pg (inactive)\":[]}"), "[]");
	assert_failure("backups", printed(0, "{\"pgx (inactive)\":[]}"), "bad_output", NULL, NULL);
}

static void
versions_compare(void **state)
{
	(void) state;
	assert_json(parse_text("version",
						   "3.13.3 Barman by EnterpriseDB (www.enterprisedb.com)\n\nBarman by..."),
				"{\"text\":\"3.13.3\",\"number\":31303}");
	assert_json(parse_text("version", "3.4.0 Barman"), "{\"text\":\"3.4.0\",\"number\":30400}");
	assert_json(parse_text("version", "barman 3.20"), "{\"text\":\"3.20\",\"number\":32000}");
	assert_json(parse_text("version", "3.20.1.dev0"), "{\"text\":\"3.20.1\",\"number\":32001}");
	assert_failure("version", printed(0, "Barman"), "bad_output",
				   "barman --version printed no version", NULL);
	assert_failure("version", printed(0, "2026.11"), "bad_output", NULL, NULL);
	assert_failure("version", printed(0, ""), "bad_output", NULL, NULL);
	assert_failure("version", printed(127, ""), "barman_failed", NULL, NULL);
}

static void
arguments_are_harmless(void **state)
{
	static const char *const good_ids[] = {
		"20261122T060943",	"latest",	 "last",		"oldest",  "first",
		"latest-full",		"last-full", "last-failed", "nightly", "full-a",
		"before_upgrade.2", "_x",		 "L",			"F",
	};
	static const char *const bad_ids[] = {
		"",			"-",		  "f",	 "fail", "failed", "last-",	 "ast", "a",
		"../x",		"latest; rm", "x/y", "-x",	 ".x",	   "--help", "a b", "a\n",
		"\xC3\xA9", "$(x)",		  "a'b", "a\"b", "*",	   "@x",
	};
	static const char *const good_servers[] =
		{"pg",		  "postgres1", "main-db.eu", "A_1", "a", "a b", "s\xC3\xA9rv\xC3\xA8r \xC3\xBC",
		 "PG-Main.01"};
	static const char *const bad_servers[] = {"",	   "all",  "barman", "-x",	".",  "..",
											  "a/b",   "a;b",  "a\\b",	 " a",	"a ", "a\n",
											  "a\xC3", "\xFF", "$(x)",	 "a'b", "a:b"};
	char long_name[130];

	(void) state;
	for (size_t i = 0; i < sizeof(good_ids) / sizeof(good_ids[0]); i++)
		assert_true(barman_valid_backup_id(good_ids[i]));
	for (size_t i = 0; i < sizeof(bad_ids) / sizeof(bad_ids[0]); i++)
		assert_false(barman_valid_backup_id(bad_ids[i]));
	for (size_t i = 0; i < sizeof(good_servers) / sizeof(good_servers[0]); i++)
		assert_true(barman_valid_server_name(good_servers[i]));
	for (size_t i = 0; i < sizeof(bad_servers) / sizeof(bad_servers[0]); i++)
		assert_false(barman_valid_server_name(bad_servers[i]));
	assert_false(barman_valid_backup_id(NULL));
	assert_false(barman_valid_server_name(NULL));
	memset(long_name, 'x', 129);
	long_name[129] = '\0';
	assert_false(barman_valid_backup_id(long_name));
	assert_true(barman_valid_backup_id(long_name + 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(show_backup_of_the_oldest_version),
		cmocka_unit_test(show_backup_of_an_incremental_with_a_tablespace),
		cmocka_unit_test(old_and_new_sizes_mean_the_same),
		cmocka_unit_test(failed_backup_keeps_its_error),
		cmocka_unit_test(type_follows_from_the_method),
		cmocka_unit_test(servers_tell_their_state),
		cmocka_unit_test(diagnose_fills_what_the_list_lacks),
		cmocka_unit_test(diagnose_knows_parents_and_errors),
		cmocka_unit_test(diagnose_completes_a_wide_backup_too),
		cmocka_unit_test(console_and_json_diagnosis_agree),
		cmocka_unit_test(a_record_is_read_as_diagnose_tells_it),
		cmocka_unit_test(tablespaces_of_a_record_are_read_or_left_as_they_are),
		cmocka_unit_test(lags_are_bytes_behind_the_server),
		cmocka_unit_test(switch_wal_in_prose),
		cmocka_unit_test(backup_waits_only_if_barman_says_so_last),
		cmocka_unit_test(repeated_messages_are_counted),
		cmocka_unit_test(failures_say_what_and_why),
		cmocka_unit_test(detail_is_bounded),
		cmocka_unit_test(only_the_first_document_counts),
		cmocka_unit_test(server_key_may_have_a_suffix),
		cmocka_unit_test(versions_compare),
		cmocka_unit_test(arguments_are_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
