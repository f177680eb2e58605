/*
 * test_http_marks.c
 *
 * Marks, as those meet them who post and list them: nothing that one says makes the
 * list of all unreadable.
 */
#include "raw_fixture.h"

#define MARKS "/v1/servers/pg/marks"

#define READERS 8

/* A mark of so many tables, whose names are that long: 20 MB */
#define TABLES		20000
#define NAME_LENGTH 1000

/* The body of a mark, of whose members one has another value */
static Response
post_mark_with(const char *member, const char *value)
{
	json_t *body = json_pack("{s:s, s:s, s:s, s:s, s:s}", "name", "m", "lsn", "0/16B3748",
							 "system_identifier", "7553172360219537718", "at",
							 "2026-11-22T06:10:22.423819Z", "database", "postgres");
	Response response;
	char *text;

	json_object_set_new(body, member, json_string(value));
	text = json_dumps(body, JSON_COMPACT);
	response = post(MARKS, text);
	free(text);
	json_decref(body);
	return response;
}

static int
listed(void)
{
	Response response = get(MARKS);
	int count = (int) json_array_size(json_object_get(response.value, "marks"));

	assert_int_equal(response.status, 200);
	release(&response);
	return count;
}

static void
what_is_no_mark_is_refused(void **state)
{
	static const char *const wrong[][2] = {
		{"name", ""},
		{"name", ".hidden"},
		{"name", "a@0"},
		{"name", "../m"},
		{"lsn", "0"},
		{"lsn", "0/123456789"},
		{"system_identifier", ""},
		{"system_identifier", "-"},
		{"system_identifier", "1-"},
		{"system_identifier", "--1"},
		{"system_identifier", "+1"},
		{"system_identifier", " 1"},
		{"system_identifier", "01"},
		{"system_identifier", "9223372036854775808"},
		{"system_identifier", "99999999999999999999"},
		{"at", "0000-11-22T06:10:22Z"},
		{"at", " +26-11-22T06:10:22Z"},
		{"at", "2026-11-22T06:10:22+00:00"},
	};
	char *name = mem_alloc(254);
	Response response;

	(void) state;
	start();
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
	{
		response = post_mark_with(wrong[i][0], wrong[i][1]);
		if (response.status != 400)
			fail_msg("%s = %s: %ld %s", wrong[i][0], wrong[i][1], response.status, response.body);
		release(&response);
	}
	/* a list of such would be too large for those who ask for it */
	memset(name, 'd', 253);
	name[253] = '\0';
	response = post_mark_with("database", name);
	assert_int_equal(response.status, 400);
	release(&response);
	free(name);
	assert_int_equal(listed(), 0);
}

static void
what_postgresql_writes_is_a_mark(void **state)
{
	static const char *const good[][2] = {
		{"system_identifier", "9223372036854775807"},
		{"system_identifier", "-9223372036854775808"},
		{"name", "of-the_31.12"},
		{"lsn", "FFFFFFFF/ffffffff"},
		{"database", ""},
	};
	int count = 0;

	(void) state;
	start();
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
	{
		Response response = post_mark_with(good[i][0], good[i][1]);

		if (response.status != 200)
			fail_msg("%s = %s: %ld %s", good[i][0], good[i][1], response.status, response.body);
		release(&response);
		assert_int_equal(listed(), ++count);
	}
}

/* Of the sidecar, in bytes */
static long
memory(void)
{
	char *path = mem_printf("/proc/%d/statm", (int) sidecar);
	FILE *file = fopen(path, "r");
	long pages = 0;

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%*d %ld", &pages), 1);
	fclose(file);
	free(path);
	return pages * sysconf(_SC_PAGESIZE);
}

static void
keep_large_mark(void)
{
	json_t *tables = json_array();
	json_t *body;
	Response response;
	char *text;

	for (int i = 0; i < TABLES; i++)
	{
		char *name = mem_printf("%0*d", NAME_LENGTH, i);

		json_array_append_new(tables, json_pack("{s:s}", "name", name));
		free(name);
	}
	body = json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "name", "m", "lsn", "0/1", "system_identifier",
					 "1", "at", "2026-11-22T06:10:22Z", "database", "postgres", "tables", tables);
	text = json_dumps(body, JSON_COMPACT);
	response = post(MARKS, text);
	assert_int_equal(response.status, 200);
	release(&response);
	free(text);
	json_decref(body);
}

/* Neither do they fill the memory, nor does anybody wait for them. */
static void
many_readers_of_a_large_mark_take_no_memory(void **state)
{
	static const char path[] = MARKS "/1_0000000000000001_m";
	int readers[READERS];
	Response response;
	long before;

	(void) state;
	start();
	keep_large_mark();
	crash();
	start();
	response = get(path);
	assert_int_equal(response.status, 200);
	assert_int_equal(json_array_size(
						 json_object_get(json_object_get(response.value, "mark"), "tables")),
					 TABLES);
	release(&response);
	assert_int_equal(listed(), 1);
	before = memory();
	for (int i = 0; i < READERS; i++)
	{
		char *request = mem_printf("GET %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " TOKEN
								   "\r\n\r\n",
								   path);

		readers[i] = open_raw(request);
		assert_int_equal(read_status(readers[i]), 200);
		free(request);
	}
	/* one answer has more than they may take together */
	assert_true(memory() - before < (long) TABLES * NAME_LENGTH);
	for (int i = 0; i < READERS; i++)
		close(readers[i]);
}

/* As on a disk that is slow: the file of a mark is one that blocks whoever reads it. */
static void
a_mark_that_is_written_keeps_no_reader_waiting(void **state)
{
	static const char body[] = "{\"name\":\"m\",\"lsn\":\"0/1\",\"system_identifier\":\"1\","
							   "\"at\":\"2026-11-22T06:10:22Z\",\"database\":\"postgres\"}";
	char *request = mem_printf("POST " MARKS
							   " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " TOKEN
							   "\r\nContent-Length: %zu\r\n\r\n%s",
							   strlen(body), body);
	Response response;
	int64_t until = monotonic_ms() + PATIENCE_MS;
	int writer;
	int file;

	(void) state;
	start();
	response = post_mark_with("name", "other");
	assert_int_equal(response.status, 200);
	release(&response);
	shell("mkfifo %s/state/marks/pg/1_0000000000000001_m.tables", home);
	writer = open_raw(request);
	/* there is no writer before there is a reader */
	for (file = -1; file < 0 && monotonic_ms() < until; usleep(1000))
		file = open(path_of("state/marks/pg/1_0000000000000001_m.tables"), O_WRONLY | O_NONBLOCK);
	assert_true(file >= 0);
	assert_int_equal(listed(), 1);
	response = get("/healthz");
	assert_int_equal(response.status, 200);
	release(&response);
	close(file);
	assert_int_equal(read_status(writer), 200);
	assert_int_equal(listed(), 2);
	close(writer);
	free(request);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		HTTP_TEST(what_is_no_mark_is_refused),
		HTTP_TEST(what_postgresql_writes_is_a_mark),
		HTTP_TEST(many_readers_of_a_large_mark_take_no_memory),
		HTTP_TEST(a_mark_that_is_written_keeps_no_reader_waiting),
	};

	return RUN_HTTP_TESTS(argc, argv, tests);
}
