/*
 * test_barman_json_restore.c
 *
 * What real outputs of recover, verify-backup, keep and delete come out as.
 */
#include "barman_json_fixture.h"

typedef json_t *(*Parse)(const BarmanOutput *output, const char *server, BarmanFailure *failure);

/* One fixture: status of the value, or the code of the failure. */
typedef struct Case
{
	const char *fixture;
	Parse parse;
	const char *status; /* NULL: an empty object */
	const char *code;	/* NULL: a value */
	const char *detail; /* a part of it, or NULL */
} Case;

static void test_cases(void **state);
static void test_deleted(void **state);
static void test_damage(void **state);
static json_t *parse(const char *name, Parse parser, BarmanFailure *failure);

static const Case cases[] = {
	/* restored; warnings of settings are not failures */
	{"3.4.0/50rec_plain.json", barman_parse_restore, NULL, NULL, NULL},
	{"3.4.0/51rec_time.json", barman_parse_restore, NULL, NULL, NULL},
	{"3.4.0/59rec_name.json", barman_parse_restore, NULL, NULL, NULL},
	{"3.13.3-pg17/c01-restore-full-plain.json", barman_parse_restore, NULL, NULL, NULL},
	{"3.13.3-pg17/c11-restore-inc-name.json", barman_parse_restore, NULL, NULL, NULL},
	{"3.20-pg18/c01-restore-full-plain.json", barman_parse_restore, NULL, NULL, NULL},

	/* exit code 0, and worth nothing */
	{"3.13.3-pg17/25-restore-full-waiting.json", barman_parse_restore, NULL, BARMAN_WRONG_STATE,
	 "NOT VALID"},
	{"3.13.3-pg17/29-restore-incremental-waiting.json", barman_parse_restore, NULL,
	 BARMAN_WRONG_STATE, "NOT VALID"},

	/* refused */
	{"3.4.0/54rec_tooearly.json", barman_parse_restore, NULL, BARMAN_WRONG_STATE,
	 "before the backup end time"},
	{"3.4.0/79recover_failed.json", barman_parse_restore, NULL, BARMAN_WRONG_STATE, "not DONE"},
	{"3.13.3-pg17/c41-restore-too-early.json", barman_parse_restore, NULL, BARMAN_WRONG_STATE, NULL},
	{"3.13.3-pg17/c45-restore-bad-lsn.json", barman_parse_restore, NULL, BARMAN_FAILED, "Invalid LSN"},
	{"3.13.3-pg17/c50-restore-nowritable.json", barman_parse_restore, NULL, BARMAN_FAILED, "mkdir"},
	{"3.20-pg18/k04-restore-incremental-encrypted.json", barman_parse_restore, NULL, NULL, NULL},
	{"3.20-pg18/k14-restore-combine-clone.json", barman_parse_restore, NULL, BARMAN_WRONG_STATE,
	 "cloning"},
	{"3.20-pg18/k15-restore-no-passphrase.json", barman_parse_restore, NULL, BARMAN_WRONG_STATE,
	 "is not configured correctly"},
	{"3.20-pg18/k16-restore-bad-passphrase.json", barman_parse_restore, NULL, BARMAN_WRONG_STATE,
	 "Bad passphrase"},
	{"3.13.3-pg17/a2b-unknown-backup-restore.json", barman_parse_restore, NULL,
	 BARMAN_UNKNOWN_BACKUP, NULL},

	{"3.4.0/22verify.json", barman_parse_verify, "valid", NULL, NULL},
	{"3.13.3-pg17/87-verify-backup-full.json", barman_parse_verify, "valid", NULL, NULL},
	{"3.13.3-pg17/88-verify-backup-incremental.json", barman_parse_verify, "valid", NULL, NULL},
	{"3.13.3-pg17/h11-verify-backup-gzip.json", barman_parse_verify, NULL, BARMAN_UNSUPPORTED,
	 "compressed"},
	{"3.20-pg18/k01-verify-backup-encrypted.json", barman_parse_verify, NULL, BARMAN_UNSUPPORTED,
	 "encrypted"},
	{"3.13.3-pg17/76-verify-failed.json", barman_parse_verify, NULL, BARMAN_WRONG_STATE, NULL},
	{"3.4.0/80verify_failed.json", barman_parse_verify, NULL, BARMAN_WRONG_STATE, NULL},
	{"3.13.3-pg17/a2d-unknown-backup-verify.json", barman_parse_verify, NULL, BARMAN_UNKNOWN_BACKUP,
	 NULL},

	{"3.4.0/25keep.json", barman_parse_keep, NULL, NULL, NULL},
	{"3.13.3-pg17/91-keep-full.json", barman_parse_keep, NULL, NULL, NULL},
	{"3.13.3-pg17/78-keep-failed.json", barman_parse_keep, NULL, BARMAN_WRONG_STATE, "status FAILED"},
	{"3.13.3-pg17/97-keep-incremental.json", barman_parse_keep, NULL, BARMAN_WRONG_STATE,
	 "incremental"},
	{"3.4.0/24keepst.json", barman_parse_keep_status, "none", NULL, NULL},
	{"3.4.0/26keepst.json", barman_parse_keep_status, "full", NULL, NULL},
	{"3.13.3-pg17/96b-keep-status-standalone.json", barman_parse_keep_status, "standalone", NULL,
	 NULL},

	{"3.4.0/28deletekept.json", barman_parse_delete, NULL, BARMAN_WRONG_STATE, "current keep request"},
	{"3.13.3-pg17/94-delete-kept.json", barman_parse_delete, NULL, BARMAN_WRONG_STATE,
	 "current keep request"},
	{"3.13.3-pg17/h04-delete-below-redundancy.json", barman_parse_delete, NULL, BARMAN_WRONG_STATE,
	 "minimum redundancy"},
	{"3.13.3-pg17/67-delete-started.json", barman_parse_delete, NULL, BARMAN_BACKUP_RUNNING, NULL},
	{"3.13.3-pg17/a2c-unknown-backup-delete.json", barman_parse_delete, NULL, BARMAN_UNKNOWN_BACKUP,
	 NULL},
};

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_deleted),
		cmocka_unit_test(test_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

static void
test_cases(void **state)
{
	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		const Case *one = &cases[i];
		BarmanFailure failure = {0};
		json_t *value = parse(one->fixture, one->parse, &failure);

		if (one->code == NULL)
		{
			if (value == NULL)
				fail_msg("%s: %s: %s", one->fixture, failure.message, failure.detail);
			if (one->status != NULL)
				assert_string_equal(json_string_value(json_object_get(value, "status")), one->status);
		}
		else
		{
			if (value != NULL || strcmp(failure.code, one->code) != 0)
				fail_msg("%s: not %s but %s", one->fixture, one->code,
						 value != NULL ? "a value" : failure.code);
			assert_non_null(failure.message);
			if (one->detail != NULL &&
				(failure.detail == NULL || strstr(failure.detail, one->detail) == NULL))
				fail_msg("%s: detail \"%s\"", one->fixture, failure.detail);
			if (failure.detail != NULL && strstr(failure.detail, "BackupInfo(") != NULL)
				fail_msg("%s: Python in \"%s\"", one->fixture, failure.detail);
		}
		json_decref(value);
		barman_failure_clear(&failure);
	}
}

/* With a full backup go those that are based on it. */
static void
test_deleted(void **state)
{
	BarmanFailure failure = {0};
	json_t *value = parse("3.13.3-pg17/99-delete-full-with-children.json", barman_parse_delete,
						  &failure);
	json_t *deleted = json_object_get(value, "deleted");

	(void) state;
	assert_int_equal(json_array_size(deleted), 2);
	assert_string_equal(json_string_value(json_array_get(deleted, 1)), "20261122T070304");
	json_decref(value);
}

/* Whatever is cut off or put in its place: a value or a failure, no crash. */
static void
test_damage(void **state)
{
	static const Parse ours[] = {
		barman_parse_restore,	  barman_parse_verify, barman_parse_keep,
		barman_parse_keep_status, barman_parse_delete,
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		Fixture fixture;

		load_fixture(&fixture, cases[i].fixture);
		for (size_t length = 0; length <= fixture.output.out_length; length += 37)
		{
			for (size_t p = 0; p < sizeof(ours) / sizeof(ours[0]); p++)
			{
				BarmanOutput output = fixture.output;
				BarmanFailure failure = {0};
				json_t *value;

				output.out_length = length;
				output.exit_code = (int) (length % 2);
				value = ours[p](&output, fixture.server, &failure);
				if (value == NULL)
					assert_non_null(failure.code);
				json_decref(value);
				barman_failure_clear(&failure);
			}
		}
		free_fixture(&fixture);
	}
}

static json_t *
parse(const char *name, Parse parser, BarmanFailure *failure)
{
	Fixture fixture;
	json_t *value;

	load_fixture(&fixture, name);
	value = parser(&fixture.output, fixture.server, failure);
	free_fixture(&fixture);
	return value;
}
