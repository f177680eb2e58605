/*
 * test_barman_json_value.c
 *
 * Single values: times, sizes, positions, ids, and what only looks like one.
 */
#include "barman_json_fixture.h"

typedef json_t *(*Converter)(const json_t *value);

/* Both are JSON texts; NULL in is a missing value. */
static void
assert_converts(Converter convert, const char *in, const char *expected)
{
	json_t *value = in ? json_loads(in, JSON_DECODE_ANY, NULL) : NULL;
	json_t *result = convert(value);
	json_t *wanted = json_loads(expected, JSON_DECODE_ANY, NULL);

	if (!json_equal(result, wanted))
	{
		char *got = json_dumps(result, JSON_ENCODE_ANY);

		fail_msg("%s became %s, expected %s", in, got, expected);
	}
	json_decref(value);
	json_decref(result);
	json_decref(wanted);
}

static void
assert_time(const char *iso, const char *epoch, const char *expected)
{
	json_t *iso_value = iso ? json_string(iso) : NULL;
	json_t *epoch_value = epoch ? json_loads(epoch, JSON_DECODE_ANY, NULL) : NULL;
	json_t *result = barman_value_time(iso_value, epoch_value);
	const char *text = json_string_value(result);

	if (expected ? text == NULL || strcmp(text, expected) != 0 : !json_is_null(result))
		fail_msg("%s / %s became %s, expected %s", iso, epoch, text, expected);
	json_decref(iso_value);
	json_decref(epoch_value);
	json_decref(result);
}

static void
times_with_a_zone_are_utc(void **state)
{
	(void) state;
	assert_time("2026-11-22 06:10:22.423819+00:00", NULL, "2026-11-22T06:10:22.423819Z");
	assert_time("2026-11-22T06:10:22.423819+00:00", NULL, "2026-11-22T06:10:22.423819Z");
	assert_time("2026-11-22 06:10:22+00:00", NULL, "2026-11-22T06:10:22Z");
	assert_time("2026-11-22T06:10:22Z", NULL, "2026-11-22T06:10:22Z");
	assert_time("2026-11-22 06:10:22.5+02", NULL, "2026-11-22T04:10:22.500000Z");
	assert_time("2026-03-01 00:30:00+0100", NULL, "2026-02-28T23:30:00Z");
	assert_time("2024-02-28 23:30:00-05:30", NULL, "2024-02-29T05:00:00Z");
	assert_time("1999-12-31 19:00:00-05:00", NULL, "2000-01-01T00:00:00Z");
	assert_time("2026-11-22 06:10:22+05:53:28", NULL, "2026-11-22T00:16:54Z");
	assert_time("1970-01-01T00:00:00Z", NULL, "1970-01-01T00:00:00Z");
	assert_time("9999-12-31T23:59:59Z", NULL, "9999-12-31T23:59:59Z");
}

static void
times_without_a_zone_are_unknown(void **state)
{
	static const char *const bad[] = {
		"2026-11-22 06:10:22",
		"Sun Nov 22 06:10:26 2026",
		"2026-11-22",
		"",
		"None",
		"now",
		"2026-11-22 06:10:22+",
		"2026-11-22 06:10:22+1",
		"2026-11-22 06:10:22+24:00",
		"2026-11-22 06:10:22.+00:00",
		"2026-11-22 06:10:22Z ",
		"2026-13-01 00:00:00Z",
		"2026-11-31 00:00:00Z",
		"2026-02-29 00:00:00Z",
		"2026-00-10 00:00:00Z",
		"2026-11-22 24:00:00Z",
		"2026-11-22 06:60:22Z",
		"2026-11-22 06:10:60Z",
		"9999-12-31T23:59:59-01:00",
		"0001-01-01T00:00:00Z",
		"1970-01-01T00:00:00+01:00",
	};

	(void) state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_time(bad[i], NULL, NULL);
	assert_time(NULL, NULL, NULL);
}

static void
epoch_decides_and_text_sharpens(void **state)
{
	(void) state;
	assert_time(NULL, "\"1795327826\"", "2026-11-22T06:10:26Z");
	assert_time(NULL, "1795327826", "2026-11-22T06:10:26Z");
	assert_time(NULL, "1795327826.25", "2026-11-22T06:10:26.250000Z");
	assert_time("2026-11-22 06:10:26.283365+00:00", "\"1795327826\"", "2026-11-22T06:10:26.283365Z");
	assert_time("2026-11-22 07:10:26.283365+00:00", "\"1795327826\"", "2026-11-22T06:10:26Z");
	assert_time("Sun Nov 22 07:10:26 2026", "\"1795327826\"", "2026-11-22T06:10:26Z");
	assert_time(NULL, "0", "1970-01-01T00:00:00Z");
	assert_time(NULL, "253402300799", "9999-12-31T23:59:59Z");
	assert_time(NULL, "253402300800", NULL);
	assert_time(NULL, "-1", NULL);
	assert_time(NULL, "\"99999999999999999999\"", NULL);
	assert_time(NULL, "\"\"", NULL);
	assert_time(NULL, "1e300", NULL);
	assert_time(NULL, "true", NULL);
}

/* Every day of 300 years, against a calendar that counts one by one. */
static void
calendar_is_gregorian(void **state)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int64_t epoch = 0;

	(void) state;
	for (int year = 1970; year < 2270; year++)
	{
		bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

		for (int month = 1; month <= 12; month++)
		{
			int days = lengths[month - 1] + (month == 2 && leap);

			for (int day = 1; day <= days; day++, epoch += 86400)
			{
				char expected[40];
				json_t *value = json_integer(epoch);
				json_t *time = barman_value_time(NULL, value);
				json_t *again = barman_value_time(time, NULL);

				snprintf(expected, sizeof(expected), "%04d-%02d-%02dT00:00:00Z", year, month, day);
				assert_string_equal(json_string_value(time), expected);
				assert_string_equal(json_string_value(again), expected);
				json_decref(value);
				json_decref(time);
				json_decref(again);
			}
		}
	}
}

static void
sizes_are_whole_bytes(void **state)
{
	(void) state;
	assert_converts(barman_value_bytes, "32153267", "32153267");
	assert_converts(barman_value_bytes, "73558417.52228262", "73558417");
	assert_converts(barman_value_bytes, "\"43887889\"", "43887889");
	assert_converts(barman_value_bytes, "9223372036854775807", "9223372036854775807");
	assert_converts(barman_value_bytes, "0", "0");
	assert_converts(barman_value_bytes, "-1", "null");
	assert_converts(barman_value_bytes, "-0.5", "null");
	assert_converts(barman_value_bytes, "9223372036854775808.0", "null");
	assert_converts(barman_value_bytes, "1e308", "null");
	assert_converts(barman_value_bytes, "\"9223372036854775808\"", "null");
	assert_converts(barman_value_bytes, "\"46.7 MiB\"", "null");
	assert_converts(barman_value_bytes, "\"-5\"", "null");
	assert_converts(barman_value_bytes, "\"\"", "null");
	assert_converts(barman_value_bytes, "true", "null");
	assert_converts(barman_value_bytes, "[1]", "null");
	assert_converts(barman_value_bytes, NULL, "null");
}

static void
fractions(void **state)
{
	(void) state;
	assert_converts(barman_value_real, "0", "0.0");
	assert_converts(barman_value_real, "0.437112", "0.437112");
	assert_converts(barman_value_real, "-1.5", "null");
	assert_converts(barman_value_real, "\"less than one second\"", "null");
	assert_converts(barman_value_percent, "\"84.36%\"", "84.36");
	assert_converts(barman_value_percent, "\"-75.00%\"", "75.0");
	assert_converts(barman_value_percent, "\"-0.00%\"", "0.0");
	assert_converts(barman_value_percent, "\"84.36\"", "null");
	assert_converts(barman_value_percent, "\"nan%\"", "null");
	assert_converts(barman_value_percent, "\"%\"", "null");
	assert_converts(barman_value_percent, "\"1-2%\"", "null");
	assert_converts(barman_value_percent, "12", "12.0");
}

static void
positions_and_segments(void **state)
{
	uint64_t lsn;

	(void) state;
	assert_converts(barman_value_lsn, "\"0/3000060\"", "\"0/3000060\"");
	assert_converts(barman_value_lsn, "\"FFFFFFFF/FFFFFFFF\"", "\"FFFFFFFF/FFFFFFFF\"");
	assert_converts(barman_value_lsn, "\"100000000/0\"", "null");
	assert_converts(barman_value_lsn, "\"0/\"", "null");
	assert_converts(barman_value_lsn, "\"/0\"", "null");
	assert_converts(barman_value_lsn, "\"0/0/0\"", "null");
	assert_converts(barman_value_lsn, "\"0/ 1\"", "null");
	assert_converts(barman_value_lsn, "\"x/1\"", "null");
	assert_converts(barman_value_lsn, "0", "null");
	assert_true(lsn_parse("2/1E000028", &lsn));
	assert_true(lsn == UINT64_C(0x21E000028));
	assert_converts(barman_value_segment, "\"00000001000000020000001E\"",
					"\"00000001000000020000001E\"");
	assert_converts(barman_value_segment, "\"00000001000000020000001e\"", "null");
	assert_converts(barman_value_segment, "\"00000001000000020000001E.partial\"", "null");
	assert_converts(barman_value_segment, "\"None\"", "null");
}

static void
sentences_are_no_ids(void **state)
{
	(void) state;
	assert_converts(barman_value_backup_id, "\"20261122T060943\"", "\"20261122T060943\"");
	assert_converts(barman_value_backup_id, "\"- (this is the latest base backup)\"", "null");
	assert_converts(barman_value_backup_id, "\"not available\"", "null");
	assert_converts(barman_value_backup_id, "\"20261122T06094\"", "null");
	assert_converts(barman_value_backup_id, "\"20261122 060943\"", "null");
	assert_converts(barman_value_backup_id, "\"latest\"", "null");
	assert_converts(barman_value_backup_id, "null", "null");
}

static void
nothing_in_words_is_null(void **state)
{
	(void) state;
	assert_converts(barman_value_text, "\"a text (with it)\"", "\"a text (with it)\"");
	assert_converts(barman_value_text, "\"satisfied (2/0)\"", "\"satisfied (2/0)\"");
	assert_converts(barman_value_text, "\"None\"", "null");
	assert_converts(barman_value_text, "\"\"", "null");
	assert_converts(barman_value_text, "\"RecoveryOptions()\"", "null");
	assert_converts(barman_value_text, "\"BackupOptions({'concurrent_backup'})\"", "null");
	assert_converts(barman_value_text, "\"Record(slot_name='barman', active=True)\"", "null");
	assert_converts(barman_value_text, "170011", "\"170011\"");
	assert_converts(barman_value_text, "true", "null");
	assert_converts(barman_value_text, "{}", "null");
	assert_converts(barman_value_word, "\"gzip\"", "\"gzip\"");
	assert_converts(barman_value_word, "\"two words\"", "null");
	assert_converts(barman_value_word, "\"a\\tb\"", "null");
	assert_converts(barman_value_path, "\"/var/lib/barman\"", "\"/var/lib/barman\"");
	assert_converts(barman_value_path, "\"var/lib\"", "null");
	assert_converts(barman_value_path, "\"None\"", "null");
}

static void
foreign_bytes_become_text(void **state)
{
	static const struct
	{
		const char *in;
		size_t length;
		const char *out;
	} cases[] = {
		{"plain", 5, "plain"},
		{"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x90\x98", 9, "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x90\x98"},
		{"a\xFF"
		 "b",
		 3,
		 "a\xEF\xBF\xBD"
		 "b"},
		{"a\0b", 3, "a b"},
		{"a\x1B[1m\r\n\tb", 9, "a [1m \n\tb"},
		{"a\xC2\x9B"
		 "31mb\xC2\xA0",
		 9, "a 31mb\xC2\xA0"},
		{"\xC3", 1, "\xEF\xBF\xBD"},
		{"\xC0\x80", 2, "\xEF\xBF\xBD\xEF\xBF\xBD"},
		{"\xED\xA0\x80", 3, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
		{"\xF4\x90\x80\x80", 4, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
		{"", 0, ""},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		char *text = barman_text_utf8(cases[i].in, cases[i].length);

		assert_string_equal(text, cases[i].out);
		free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_with_a_zone_are_utc),
		cmocka_unit_test(times_without_a_zone_are_unknown),
		cmocka_unit_test(epoch_decides_and_text_sharpens),
		cmocka_unit_test(calendar_is_gregorian),
		cmocka_unit_test(sizes_are_whole_bytes),
		cmocka_unit_test(fractions),
		cmocka_unit_test(positions_and_segments),
		cmocka_unit_test(sentences_are_no_ids),
		cmocka_unit_test(nothing_in_words_is_null),
		cmocka_unit_test(foreign_bytes_become_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
