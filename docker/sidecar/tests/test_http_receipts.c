/*
 * test_http_receipts.c
 *
 * Copies of receipts, as those meet them who post and read them; across
 * restarts, cut writes and files that somebody else has changed.
 */
#include "proof/receipt_log.h"
#include "sidecar_fixture.h"

#define RECEIPTS "/v1/servers/pg/receipts"
#define CHAIN	 "7553172360219537718/5/16402"
#define NO_HASH	 "0000000000000000000000000000000000000000000000000000000000000000"

/* Reads of one page: what they take is many ticks of the clock */
#define PAGES 50

/* The body of a receipt whose hash is right; then its members may be replaced */
static json_t *
receipt_of(int number, const char *text)
{
	Receipt receipt = {"pg", CHAIN, number, "drill", NO_HASH, NULL, text};
	char hash[RECEIPT_HASH_LENGTH + 1];

	receipt_hash(&receipt, hash);
	return json_pack("{s:s, s:i, s:s, s:s, s:s, s:s}", "chain", CHAIN, "n", number, "kind", "drill",
					 "previous", NO_HASH, "hash", hash, "text", text);
}

static Response
post_json(json_t *body)
{
	char *text = json_dumps(body, JSON_COMPACT);
	Response response = post(RECEIPTS, text);

	free(text);
	json_decref(body);
	return response;
}

static void
keep_copy(int number, const char *text)
{
	Response response = post_json(receipt_of(number, text));

	if (response.status != 200)
		fail_msg("%d: %ld %s", number, response.status, response.body);
	release(&response);
}

static int
kept(void)
{
	Response response = get(RECEIPTS "/0");
	int count = (int) json_array_size(json_object_get(response.value, "receipts"));

	assert_int_equal(response.status, 200);
	assert_true(json_is_false(json_object_get(response.value, "more")));
	release(&response);
	return count;
}

static void
a_copy_is_kept_once_and_never_replaced(void **state)
{
	Response response;
	json_t *first;

	(void) state;
	start();
	assert_int_equal(kept(), 0);
	keep_copy(1, "{\"server\": \"pg\", \"ok\": true}");
	keep_copy(2, "{\"server\": \"pg\", \"ok\": false}");
	keep_copy(1, "{\"server\": \"pg\", \"ok\": true}");
	assert_int_equal(kept(), 2);
	response = post_json(receipt_of(1, "{\"server\": \"pg\", \"ok\": false}"));
	assert_int_equal(response.status, 409);
	release(&response);

	crash();
	start();
	assert_int_equal(kept(), 2);
	response = get(RECEIPTS "/1");
	first = json_array_get(json_object_get(response.value, "receipts"), 0);
	assert_string_equal(text_in(first, "text"), "{\"server\": \"pg\", \"ok\": false}");
	assert_int_equal(json_integer_value(json_object_get(first, "place")), 2);
	assert_true(text_in(first, "received")[0] != '\0');
	release(&response);
	response = post_json(receipt_of(1, "{\"server\": \"pg\", \"ok\": false}"));
	assert_int_equal(response.status, 409);
	release(&response);
}

/* Its transaction may have been lost as it committed: another has the number then. */
static void
the_newest_may_have_two_copies(void **state)
{
	Response response;

	(void) state;
	start();
	keep_copy(1, "{\"server\": \"pg\", \"ok\": true}");
	keep_copy(1, "{\"server\": \"pg\", \"ok\": false}");
	keep_copy(1, "{\"server\": \"pg\", \"ok\": true}");
	assert_int_equal(kept(), 2);
	crash();
	start();
	assert_int_equal(kept(), 2);
	keep_copy(1, "{\"server\": \"pg\", \"ok\": false}");
	assert_int_equal(kept(), 2);
	keep_copy(2, "{\"server\": \"pg\", \"ok\": true}");
	response = post_json(receipt_of(1, "{\"server\": \"pg\", \"ok\": null}"));
	assert_int_equal(response.status, 409);
	release(&response);
	assert_int_equal(kept(), 3);
}

/* The text of a receipt with so many backslashes, of which JSON makes four each */
static char *
long_text(size_t backslashes)
{
	char *filler = mem_alloc(2 * backslashes + 1);
	char *text;

	memset(filler, '\\', 2 * backslashes);
	filler[2 * backslashes] = '\0';
	text = mem_printf("{\"server\": \"pg\", \"reason\": \"%s\"}", filler);
	free(filler);
	return text;
}

/* The log has more of it than the request. */
static void
the_longest_is_there_after_a_restart(void **state)
{
	static const size_t body_max = (size_t) 2 * 1024 * 1024;
	size_t backslashes = body_max / 4;
	char *text = long_text(backslashes);
	json_t *receipt = receipt_of(1, text);
	char *body = json_dumps(receipt, JSON_COMPACT);

	(void) state;
	start();
	backslashes -= (strlen(body) - body_max) / 4 + 1;
	free(body);
	free(text);
	json_decref(receipt);
	text = long_text(backslashes);
	keep_copy(1, text);
	free(text);
	crash();
	start();
	assert_int_equal(kept(), 1);
}

static void
a_token_of_another_server_takes_no_number_away(void **state)
{
	static const char text[] = "{\"server\": \"other\"}";
	Receipt receipt = {"other", CHAIN, 1, "drill", NO_HASH, NULL, text};
	char hash[RECEIPT_HASH_LENGTH + 1];
	Response response;
	json_t *body;
	char *posted;
	char option[256];
	const char *extra[] = {option, NULL};

	(void) state;
	write_file("others", "the-others-operator");
	chmod(path_of("others"), 0600);
	snprintf(option, sizeof(option), "--token-file=operate:other=%s", path_of("others"));
	start_with(extra);
	receipt_hash(&receipt, hash);
	body = receipt_of(1, text);
	json_object_set_new(body, "hash", json_string(hash));
	posted = json_dumps(body, JSON_COMPACT);
	response = request_as("the-others-operator", "POST", "/v1/servers/other/receipts", posted);
	assert_int_equal(response.status, 200);
	release(&response);
	response = request_as("the-others-operator", "POST", RECEIPTS, posted);
	assert_int_equal(response.status, 404);
	release(&response);
	response = request_as("the-others-operator", "GET", RECEIPTS "/0", NULL);
	assert_int_equal(response.status, 404);
	release(&response);
	keep_copy(1, "{\"server\": \"pg\"}");
	assert_int_equal(kept(), 1);
	/* nor does a place tell how many others have */
	response = get(RECEIPTS "/0");
	assert_int_equal(json_integer_value(
						 json_object_get(json_array_get(json_object_get(response.value, "receipts"), 0),
										 "place")),
					 1);
	release(&response);
	response = get(RECEIPTS "/1");
	assert_int_equal(json_array_size(json_object_get(response.value, "receipts")), 0);
	release(&response);
	free(posted);
	json_decref(body);
}

/* Lines of another server, of a megabyte each, as somebody may have had them kept */
static void
fill_log_of_other(int lines)
{
	char *filler = mem_alloc(1024 * 1024);
	FILE *log = fopen(path_of("state/receipts.jsonl"), "a");

	assert_non_null(log);
	memset(filler, 'x', 1024 * 1024 - 1);
	filler[1024 * 1024 - 1] = '\0';
	for (int n = 2; n < lines + 2; n++)
		fprintf(log,
				"{\"server\": \"other\", \"chain\": \"" CHAIN "\", \"n\": %d, \"hash\": \"" NO_HASH
				"\", \"text\": \"%s\"}\n",
				n, filler);
	assert_int_equal(fclose(log), 0);
	free(filler);
}

static void
another_server_takes_no_room_away(void **state)
{
	Receipt receipt = {"other", CHAIN, 1, "drill", NO_HASH, NULL, "{\"server\": \"other\"}"};
	char hash[RECEIPT_HASH_LENGTH + 1];
	json_t *body = receipt_of(1, receipt.text);
	char *text;

	(void) state;
	start();
	keep_copy(1, "{\"server\": \"pg\", \"ok\": true}");
	crash();
	fill_log_of_other(128);
	start();
	/* nor does a chain of the same name there say that others follow here */
	keep_copy(1, "{\"server\": \"pg\", \"ok\": false}");
	keep_copy(2, "{\"server\": \"pg\"}");
	assert_int_equal(kept(), 3);
	receipt_hash(&receipt, hash);
	json_object_set_new(body, "hash", json_string(hash));
	text = json_dumps(body, JSON_COMPACT);
	expect_error("POST", "/v1/servers/other/receipts", text, 429, "too_many_requests");
	free(text);
	json_decref(body);
}

static void
what_is_no_receipt_is_refused(void **state)
{
	static const char good[] = "{\"server\": \"pg\"}";
	static const struct
	{
		const char *member;
		const char *value;
	} wrong[] = {
		{"chain", "7553172360219537718/5"},
		{"chain", "7553172360219537718/5/"},
		{"chain", "7553172360219537718//5"},
		{"chain", "../../../5"},
		{"chain", "1/2/3/4"},
		{"chain", "1/2/3/"},
		{"chain", "99999999999999999999/99999999999/99999999999"},
		{"chain", ""},
		{"kind", "backup"},
		{"previous", "0"},
		{"hash", NO_HASH},
		{"hash", "0000000000000000000000000000000000000000000000000000000000000 0\n"},
		{"text", "{\"server\": \"other\"}"},
		{"text", "{\"server\": \"pg\""},
		{"text", "\"pg\""},
		{"text", "{\"server\": \"pg\", \"at\": \"x\"}"},
		{"text", "{\"server\": \"pg\", \"at\": \"2026-02-30T00:00:00+00:00\"}"},
		{"text", "{\"server\": \"pg\", \"at\": \"2026-11-22T06:10:22++5:+5\"}"},
		{"text", "{\"server\": \"pg\", \"at\": \"2026-11-22T06:10:22+ 5: 5\"}"},
		{"text", "{\"server\": \"pg\", \"at\": \"0000-11-22T06:10:22+00:00\"}"},
		{"text", "{\"server\": \"pg\", \"began\": 7}"},
		{"text", "{\"server\": \"pg\", \"restore_elapsed\": \"nonsense\"}"},
		{"text", "{\"server\": \"pg\", \"restore_elapsed\": 7}"},
		{"text", "{\"server\": \"pg\", \"restore_elapsed\": \"PT\"}"},
		{"text", "{\"server\": \"pg\", \"restore_elapsed\": \"P\"}"},
		{"text", "{\"server\": \"pg\", \"restore_elapsed\": \"P1H\"}"},
		{"text", "{\"server\": \"pg\", \"restore_elapsed\": \"PT1S1S\"}"},
		{"text", "{\"server\": \"pg\", \"recovery_elapsed\": \"PT1S \"}"},
		{"text", "{\"server\": \"pg\", \"recovery_elapsed\": \"P178000000Y\"}"},
		{"text", "{\"server\": \"pg\", \"ok\": \"yes\"}"},
		{"text", "{\"server\": \"pg\", \"rows\": \"many\"}"},
		{"text", "{\"server\": \"pg\", \"target_lsn\": \"x\"}"},
		{"text", "{\"server\": \"pg\", \"steps\": {}}"},
		{"text", "{\"server\": \"pg\", \"steps\": [{\"ok\": 7}]}"},
		{"text", "{\"server\": \"pg\", \"steps\": [{\"words\": \"x\"}]}"},
		{"text", "{\"server\": \"pg\", \"steps\": [{\"detail\": 7}]}"},
		{"text", "{\"server\": \"pg\", \"steps\": [{\"seconds\": \"7\"}]}"},
		{"text", "{\"server\": \"pg\", \"steps\": [[]]}"},
		/* numbers that PostgreSQL refuses, wherever they stand */
		{"text", "{\"server\": \"pg\", \"steps\": [{\"seconds\": 1e-20000}]}"},
		{"text", "{\"server\": \"pg\", \"steps\": [{\"seconds\": 1E200}]}"},
		{"text", "{\"server\": \"pg\", \"rows\": 99999999999999999999}"},
		{"text", "{\"server\": \"pg\", \"rows\": 1.5}"},
		{"text", "{\"server\": \"pg\", \"timeline\": \"1\"}"},
		{"text", "{\"server\": \"pg\", \"recovered_time\": \"infinity\"}"},
		{"text", "{\"server\": \"pg\", \"received_lsn\": \"0\"}"},
		{"text", "{\"server\": \"pg\", \"unknown\": null}"},
		{"text", "{\"server\": \"pg\", \"server\": \"other\"}"},
	};
	char *long_text = mem_alloc(RECEIPT_TEXT_MAX + 64);
	Response response;

	(void) state;
	start();
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
	{
		json_t *body = strcmp(wrong[i].member, "text") == 0 ? receipt_of(1, wrong[i].value)
															: receipt_of(1, good);

		json_object_set_new(body, wrong[i].member, json_string(wrong[i].value));
		response = post_json(body);
		if (response.status != 400)
			fail_msg("%s = %s: %ld %s", wrong[i].member, wrong[i].value, response.status,
					 response.body);
		release(&response);
	}
	for (int number = -1; number <= 0; number++)
	{
		response = post_json(receipt_of(number, good));
		assert_int_equal(response.status, 400);
		release(&response);
	}
	memset(long_text, ' ', RECEIPT_TEXT_MAX + 1);
	memcpy(long_text, good, sizeof(good) - 1);
	response = post_json(receipt_of(1, long_text));
	assert_int_equal(response.status, 400);
	release(&response);
	free(long_text);
	expect_error("POST", "/v1/servers/nobody/receipts", "{}", 404, "unknown_server");
	expect_error("GET", "/v1/servers/nobody/receipts/0", NULL, 404, "unknown_server");
	expect_error("GET", RECEIPTS "/-1", NULL, 400, "bad_argument");
	expect_error("GET", RECEIPTS "/%2b0", NULL, 400, "bad_argument");
	expect_error("GET", RECEIPTS "/99999999999999999999", NULL, 400, "bad_argument");
	assert_int_equal(kept(), 0);
}

/* What a number takes that PostgreSQL refuses for its digits */
static void
a_number_of_many_digits_is_refused(void **state)
{
	char *text = mem_printf("{\"server\": \"pg\", \"steps\": [{\"seconds\": 0.%020000d}]}", 1);
	Response response;

	(void) state;
	start();
	response = post_json(receipt_of(1, text));
	assert_int_equal(response.status, 400);
	release(&response);
	free(text);
	assert_int_equal(kept(), 0);
}

/* All columns of the receipts of a drill and a rescue */
static void
what_postgresql_writes_is_a_receipt(void **state)
{
	static const char *const texts[] = {
		"{\"at\": \"2026-11-22T06:10:22.423819+00:00\", \"ok\": true, \"mark\": \"1e-20000 \\\" 1e9\", "
		"\"rows\": 0, \"began\": \"2026-11-22T06:10:20+00:00\", \"bytes\": 9223372036854775807, "
		"\"steps\": [{\"ok\": true, \"step\": \"restore\", \"detail\": null, \"seconds\": 0.000012}], "
		"\"job_id\": null, \"reason\": null, \"server\": \"pg\", \"tables\": 0, \"database\": \"postgres\", "
		"\"timeline\": 1, \"backup_id\": \"20261122T061022\", \"unreached\": null, \"target_lsn\": \"0/16B3748\", "
		"\"archived_lsn\": null, \"received_lsn\": null, \"recovered_lsn\": \"0/16B3748\", \"barman_version\": null, "
		"\"recovered_time\": null, \"restore_elapsed\": null, \"unreached_bytes\": null, \"recovery_elapsed\": null, "
		"\"system_identifier\": 7553172360219537718, \"postgresql_version\": null, \"adopted\": true}",
		"{\"at\": \"2026-11-22T06:10:22+00:00\", \"hash\": \"0\", \"home\": \"public.t\", \"role\": \"r\", \"rows\": 1, "
		"\"began\": \"2026-11-22T06:10:20+00:00\", \"bytes\": 1, \"steps\": [\"e9 \\\\\"], \"job_id\": \"j\", "
		"\"server\": \"pg\", \"undone\": null, \"relation\": \"t\", \"timeline\": 1, \"backup_id\": null, "
		"\"target_lsn\": null, \"target_time\": \"2026-11-22T06:10:22.1+00:00\", \"recovered_lsn\": null, "
		"\"recovered_time\": null, \"system_identifier\": 1}",
	};
	static const char *const elapsed[] = {
		"PT0S", "PT1.083S", "PT-0.5S", "PT27H46M40S", "P1Y2M3DT4H5M6.789012S", "P-1Y", "P3D",
	};
	int number = 0;

	(void) state;
	start();
	for (size_t i = 0; i < sizeof(elapsed) / sizeof(elapsed[0]); i++)
	{
		char *text = mem_printf("{\"server\": \"pg\", \"at\": \"2026-11-22T06:10:22.5-03:30\", \"restore_elapsed\": \"%s\"}",
								elapsed[i]);

		keep_copy(++number, text);
		free(text);
	}
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		keep_copy(++number, texts[i]);
	assert_int_equal(kept(), number);
}

static void
a_cut_line_and_a_foreign_one_hide_no_other(void **state)
{
	(void) state;
	start();
	keep_copy(1, "{\"server\": \"pg\", \"ok\": true}");
	crash();
	shell("printf 'nonsense\\n{\"server\": \"pg\", \"chain\": \"x\"}\\n{\"server\": \"p' >> %s/state/receipts.jsonl",
		  home);
	start();
	assert_non_null(strstr(read_text("log"), "lines of the copies of receipts cannot be read"));
	assert_int_equal(kept(), 1);
	keep_copy(2, "{\"server\": \"pg\", \"ok\": true}");
	assert_int_equal(kept(), 2);
	crash();
	start();
	assert_int_equal(kept(), 2);
	/* what is no file is no log, and hangs nothing */
	crash();
	shell("rm %s/state/receipts.jsonl && mkfifo %s/state/receipts.jsonl", home, home);
	start();
	assert_non_null(strstr(read_text("log"), "no copies of receipts are kept"));
	assert_int_equal(kept(), 0);
	expect_error("POST", RECEIPTS, "{}", 400, "bad_argument");
}

static void
many_come_in_parts(void **state)
{
	static const char form[] = "{\"server\": \"pg\", \"reason\": \"%0*d\"}";
	int64_t place = 0;
	int seen = 0;
	bool more = true;
	int answers = 0;

	(void) state;
	start();
	for (int i = 1; i <= 7; i++)
	{
		char *text = mem_printf(form, 700000, i);

		keep_copy(i, text);
		free(text);
	}
	while (more)
	{
		char *path = mem_printf(RECEIPTS "/%lld", (long long) place);
		Response response = get(path);
		json_t *list = json_object_get(response.value, "receipts");
		json_t *one;
		size_t i;

		assert_int_equal(response.status, 200);
		assert_true(response.length < 4 * 1024 * 1024);
		json_array_foreach (list, i, one)
		{
			assert_int_equal(json_integer_value(json_object_get(one, "n")), ++seen);
			place = json_integer_value(json_object_get(one, "place"));
		}
		more = json_is_true(json_object_get(response.value, "more"));
		release(&response);
		free(path);
		answers++;
	}
	assert_int_equal(seen, 7);
	assert_true(answers > 1);
}

/* The thread that serves all connections does not parse what it hands out, which takes this process longer. */
static void
a_page_takes_little_of_others_time(void **state)
{
	char *text = long_text(200000);
	Response response = {0};
	json_t *list = NULL;
	long served;
	long parsed;

	(void) state;
	start();
	for (int i = 1; i <= 2; i++)
		keep_copy(i, text);
	free(text);
	served = processor_time(sidecar);
	for (int i = 0; i < PAGES; i++)
	{
		release(&response);
		response = get(RECEIPTS "/0");
	}
	served = processor_time(sidecar) - served;

	parsed = processor_time(getpid());
	for (int i = 0; i < PAGES; i++)
	{
		json_decref(list);
		list = json_loads(response.body, 0, NULL);
		assert_int_equal(json_array_size(json_object_get(list, "receipts")), 2);
	}
	parsed = processor_time(getpid()) - parsed;
	json_decref(list);
	release(&response);
	if (served >= parsed)
		fail_msg("%d pages took the sidecar %ld ticks, and parsing them %ld", PAGES, served, parsed);
}

/* What somebody has made of the file since is left out, and told in the log. */
static void
a_line_that_was_changed_later_hides_no_other(void **state)
{
	Response response;
	char *text;
	FILE *log;

	(void) state;
	start();
	for (int i = 1; i <= 3; i++)
		keep_copy(i, "{\"server\": \"pg\", \"rows\": 7}");
	text = read_text("state/receipts.jsonl");
	log = fopen(path_of("state/receipts.jsonl"), "r+");
	assert_non_null(log);
	assert_int_equal(fseek(log, strchr(strchr(text, '\n') + 1, '\n') - text - 1, SEEK_SET), 0);
	assert_int_equal(fputc(']', log), ']');
	assert_int_equal(fclose(log), 0);
	response = get(RECEIPTS "/0");
	assert_int_equal(json_array_size(json_object_get(response.value, "receipts")), 2);
	assert_int_equal(json_integer_value(
						 json_object_get(json_array_get(json_object_get(response.value, "receipts"), 1),
										 "place")),
					 3);
	release(&response);
	assert_non_null(strstr(read_text("log"), "a copy of a receipt cannot be read"));
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		HTTP_TEST(a_copy_is_kept_once_and_never_replaced),
		HTTP_TEST(the_newest_may_have_two_copies),
		HTTP_TEST(the_longest_is_there_after_a_restart),
		HTTP_TEST(a_token_of_another_server_takes_no_number_away),
		HTTP_TEST(another_server_takes_no_room_away),
		HTTP_TEST(what_is_no_receipt_is_refused),
		HTTP_TEST(a_number_of_many_digits_is_refused),
		HTTP_TEST(what_postgresql_writes_is_a_receipt),
		HTTP_TEST(a_cut_line_and_a_foreign_one_hide_no_other),
		HTTP_TEST(many_come_in_parts),
		HTTP_TEST(a_page_takes_little_of_others_time),
		HTTP_TEST(a_line_that_was_changed_later_hides_no_other),
	};

	return RUN_HTTP_TESTS(argc, argv, tests);
}
