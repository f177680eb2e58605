/*
 * test_drill.c
 *
 * A restored server is called good only if every question was answered, and
 * as it should be.  In the place of psql and pg_amcheck stand scripts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "drill.h"
#include "drill_session.h"
#include "instance_files.h"
#include "memory.h"
#include "options.h"
#include "timestamp.h"

/*
 * Writes down what it is asked, and answers by the function "answer" of a
 * file beside it.
 */
static const char fake_psql[] =
	"#!/bin/sh\n"
	"here=$(dirname \"$0\")\n"
	"answer() { :; }\n"
	". \"$here/answer.sh\"\n"
	"echo >> \"$here/sessions\"\n"
	"code=0\n"
	"while [ $# -gt 0 ]; do\n"
	"  case $1 in\n"
	"    --dbname) printf '%s\\n' \"$2\" >> \"$here/conninfo\"; shift 2 ;;\n"
	"    --command)\n"
	"      case $2 in\n"
	"        '\\echo '*) echo \"${2#* }\" ;;\n"
	"        '\\warn '*) echo \"${2#* }\" >&2 ;;\n"
	"        *) printf '%s\\0' \"$2\" >> \"$here/queries\"; code=0; answer \"$2\" || code=1 ;;\n"
	"      esac\n"
	"      shift 2 ;;\n"
	"    *) shift ;;\n"
	"  esac\n"
	"done\n"
	"exit $code\n";

/* What a good server says: two tables of two rows each */
static const char good_server[] =
	"answer() {\n"
	"  case $1 in\n"
	"    *pg_control_system*) echo '4711|15.20' ;;\n"
	"    *poc_fingerprint*) echo '2|abc' ;;\n"
	"  esac\n"
	"}\n";

static char *home;
static sem_t ended;
static json_t *arguments;
static json_t *told;			/* the result of the last drill */
static bool verdict;

static void
examine(Job *job, const json_t *unused)
{
	ServerConfig config = {.name = "drill_x", .directory = home, .port = 5};

	(void) unused;
	told = drill_result();
	verdict = drill_examine(job, &config, 15, arguments, told);
	job_done(job, json_checked(json_object()));
	sem_post(&ended);
}

static const JobKind job_examine = {.name = "drill", .body = examine};

static void
put(const char *name, const char *text, mode_t mode)
{
	char	   *path = mem_printf("%s/%s", home, name);

	assert_int_equal(instance_files_write(path, text), 0);
	assert_int_equal(chmod(path, mode), 0);
	free(path);
}

static char *
get(const char *name)
{
	char	   *path = mem_printf("%s/%s", home, name);
	char	   *text = instance_files_read(path);

	free(path);
	return text != NULL ? text : mem_strdup("");
}

/* Starts a drill of these tables and assertions against a server that answers so. */
static char *
begin(const char *answers, json_t *tables, json_t *asserts)
{
	static const char *const written[] = {"sessions", "conninfo", "queries"};
	Request		request = {0};
	Answer	   *answer;
	char	   *id;

	for (size_t i = 0; i < sizeof(written) / sizeof(written[0]); i++)
		put(written[i], "", 0600);
	put("answer.sh", answers, 0600);
	json_decref(arguments);
	arguments = json_pack("{s:s, s:s, s:s, s:s, s:o, s:o}", "database", "it's \"one\"", "superuser", "postgres",
						  "schema", "pub\"lic", "system_identifier", "4711",
						  "tables", tables != NULL ? tables : json_array(),
						  "asserts", asserts != NULL ? asserts : json_array());
	json_decref(told);
	told = NULL;
	answer = job_submit(&request, &job_examine, "pg", json_object());
	assert_int_equal(answer->status, 202);
	id = mem_strdup(json_string_value(json_object_get(json_object_get(answer->value, "job"), "id")));
	answer_release(answer);
	return id;
}

static bool
drill(const char *answers, json_t *tables, json_t *asserts)
{
	free(begin(answers, tables, asserts));
	while (sem_wait(&ended) != 0)
		;
	return verdict;
}

/* The details of the steps of this name, in their order, each with a newline */
static char *
steps(const char *name, bool ok)
{
	char	   *text = mem_strdup("");
	json_t	   *step;
	size_t		i;

	json_array_foreach(json_object_get(told, "steps"), i, step)
	{
		const char *detail = json_string_value(json_object_get(step, "detail"));
		char	   *more;

		if (strcmp(json_string_value(json_object_get(step, "step")), name) != 0 ||
			json_is_true(json_object_get(step, "ok")) != ok)
			continue;
		more = mem_printf("%s%s\n", text, detail != NULL ? detail : "");
		free(text);
		text = more;
	}
	return text;
}

static void
expect(const char *name, bool ok, const char *details)
{
	char	   *text = steps(name, ok);

	assert_string_equal(text, details);
	free(text);
}

static json_t *
table(const char *relation)
{
	return json_pack("{s:s, s:i, s:i, s:s}", "relation", relation, "bytes", 8192, "rows", 2, "hash", "abc");
}

static void
test_good(void **state)
{
	(void) state;
	assert_true(drill(good_server, json_pack("[o, o]", table("public.a"), table("public.b")),
					  json_pack("[s]", "SELECT true")));
	expect("identity", true, "system identifier 4711, PostgreSQL 15.20\n");
	expect("compare", true, "2 table(s), 4 rows as at the mark\n");
	expect("assert", true, "SELECT true\n");
	expect("amcheck", true, "no corruption in tables and indexes\n");
	assert_int_equal(json_integer_value(json_object_get(told, "tables")), 2);
	assert_int_equal(json_integer_value(json_object_get(told, "rows")), 4);
}

static void
test_differences(void **state)
{
	json_t	   *tables = json_pack("[o, o, o, o, o]", table("same"), table("rows"), table("content"),
								   table("gone"), table("broken"));

	(void) state;
	assert_false(drill("answer() {\n"
					   "  case $1 in\n"
					   "    *pg_control_system*) echo '4711|15.20' ;;\n"
					   "    *\"'rows'\"*) echo '3|abc' ;;\n"
					   "    *\"'content'\"*) echo '2|abd' ;;\n"
					   "    *\"'gone'\"*) echo '|' ;;\n"
					   "    *\"'broken'\"*) echo 'WARNING:  page verification failed' >&2\n"
					   "      echo 'ERROR:  invalid page in block 1' >&2; echo 'CONTEXT:  x' >&2; false ;;\n"
					   "    *poc_fingerprint*) echo '2|abc' ;;\n"
					   "  esac\n"
					   "}\n", tables, NULL));
	expect("compare", false, "rows: 2 rows expected, 3 found\n"
		   "content: 2 rows as expected, but their content differs\n"
		   "gone: there is no such table\n"
		   "broken: invalid page in block 1\n");
	expect("compare", true, "1 table(s), 2 rows as at the mark\n");
	/* each tells something: one that fails does not end it */
	expect("amcheck", true, "no corruption in tables and indexes\n");
}

/* The server dies: what was not asked did not pass. */
static void
test_lost_connection(void **state)
{
	(void) state;
	assert_false(drill("answer() {\n"
					   "  case $1 in\n"
					   "    *pg_control_system*) echo '4711|15.20' ;;\n"
					   "    *\"'b'\"*) echo 'server closed the connection unexpectedly' >&2; exit 2 ;;\n"
					   "    *poc_fingerprint*) echo '2|abc' ;;\n"
					   "  esac\n"
					   "}\n", json_pack("[o, o, o]", table("a"), table("b"), table("c")), NULL));
	expect("compare", true, "1 table(s), 2 rows as at the mark\n");
	assert_int_equal(json_integer_value(json_object_get(told, "tables")), 1);
	{
		char	   *text = steps("compare", false);

		assert_non_null(strstr(text, "b: server closed the connection unexpectedly\n"));
		assert_non_null(strstr(text, "c: "));
		free(text);
	}
}

/* Thousands of tables are few sessions, and few words about them. */
static void
test_many(void **state)
{
	json_t	   *tables = json_array();
	char	   *text;
	int			lines = 0;

	(void) state;
	for (int i = 0; i < 1000; i++)
	{
		char		name[32];

		snprintf(name, sizeof(name), "t%d", i);
		json_array_append_new(tables, table(name));
	}
	assert_true(drill(good_server, json_incref(tables), NULL));
	expect("compare", true, "1000 table(s), 2000 rows as at the mark\n");
	text = get("sessions");
	assert_true(strlen(text) >= 3 && strlen(text) <= 20);
	free(text);

	assert_false(drill("answer() { case $1 in *pg_control_system*) echo '4711|15.20' ;; *) echo '1|x' ;; esac; }\n",
					   tables, NULL));
	text = steps("compare", false);
	for (const char *line = text; (line = strchr(line, '\n')) != NULL; line++)
		lines++;
	assert_int_equal(lines, 101);
	assert_non_null(strstr(text, "\n900 more tables differ\n"));
	assert_memory_equal(text, "t0: 2 rows expected, 1 found\nt1: ", 33);
	free(text);
}

/* Names, texts and the like come from outside. */
static void
test_quoting(void **state)
{
	char	   *queries;
	char	   *path = mem_printf("%s/queries", home);
	FILE	   *file;
	char		line[1000] = "";
	char	   *conninfo;

	(void) state;
	assert_true(drill(good_server, json_pack("[o]", table("\"a'; \\! touch x\"\n.\"b\\\\\"")), NULL));
	file = fopen(path, "r");
	queries = mem_alloc(10000);
	for (size_t length; (length = fread(line, 1, sizeof(line), file)) > 0;)
	{
		for (size_t i = 0; i < length; i++)
			queries[strlen(queries)] = line[i] != '\0' ? line[i] : '\1';
	}
	fclose(file);
	assert_non_null(strstr(queries, "\1SELECT f.rows, f.hash FROM \"pub\"\"lic\".poc_fingerprint("
						   "pg_catalog.to_regclass('\"a''; \\! touch x\"\n.\"b\\\\\"')) AS f\1"));
	assert_non_null(strstr(queries, "GRANT CONNECT ON DATABASE \"it's \"\"one\"\"\" TO poc_drill_"));
	free(queries);
	free(path);
	conninfo = get("conninfo");
	assert_non_null(strstr(conninfo, " dbname='it\\'s \"one\"' "));
	free(conninfo);
}

static void
test_assertions(void **state)
{
	(void) state;
	assert_false(drill("answer() {\n"
					   "  case $1 in\n"
					   "    *pg_control_system*) echo '4711|15.20' ;;\n"
					   "    *'SELECT false'*) echo 'ERROR:  it is false' >&2; false ;;\n"
					   "  esac\n"
					   "}\n", NULL, json_pack("[s, s]", "SELECT false", "SELECT true")));
	expect("assert", false, "SELECT false: it is false\n");
	expect("assert", true, "SELECT true\n");
}

static void
test_another_cluster(void **state)
{
	(void) state;
	assert_false(drill("answer() { case $1 in *pg_control_system*) echo '4712|15.20' ;; *) echo '2|abc' ;; esac; }\n",
					   json_pack("[o]", table("a")), NULL));
	expect("identity", false, "the system identifier is 4712, and should be 4711: this is a backup of another cluster\n");
	expect("compare", true, "");
	expect("compare", false, "");
}

static void
test_no_connection(void **state)
{
	(void) state;
	assert_false(drill("echo 'psql: error: connection to server failed' >&2; exit 2\n", json_pack("[o]", table("a")), NULL));
	expect("connect", false, "psql: error: connection to server failed\n");
	assert_int_equal(json_array_size(json_object_get(told, "steps")), 1);
}

static void
test_amcheck(void **state)
{
	(void) state;
	put("pg_amcheck", "#!/bin/sh\necho 'btree index \"postgres.public.i\":'; echo 'ERROR: out of order'; exit 2\n", 0700);
	assert_false(drill(good_server, json_pack("[o]", table("a")), NULL));
	expect("compare", true, "1 table(s), 2 rows as at the mark\n");
	expect("amcheck", false, "btree index \"postgres.public.i\":\nERROR: out of order\n");

	put("pg_amcheck", "#!/bin/sh\necho 'pg_amcheck: error: connection lost' >&2; exit 1\n", 0700);
	assert_false(drill(good_server, NULL, NULL));
	expect("amcheck", false, "pg_amcheck: error: connection lost\n");

	put("pg_amcheck", "#!/bin/sh\nkill -9 $$\n", 0700);
	assert_false(drill(good_server, NULL, NULL));
	expect("amcheck", false, "pg_amcheck did not end well. \n");

	/* where it is not installed, it is not missed */
	put("pg_amcheck", "#!/bin/sh\necho 'ERROR:  extension \"amcheck\" is not available' >&2; exit 1\n", 0700);
	assert_true(drill(good_server, NULL, NULL));
	expect("amcheck", true, "");
	put("pg_amcheck", "", 0600);
	assert_true(drill(good_server, NULL, NULL));
	put("pg_amcheck", "#!/bin/sh\n", 0700);
}

static void
test_cancelled(void **state)
{
	struct timespec a_moment = {0, 300000000};
	static const TokenGrant all = {SCOPE_OPERATE, NULL};
	Request		request = {.grant = &all};
	int64_t		began;
	char	   *id = begin("answer() { case $1 in *pg_control_system*) echo '4711|15.20' ;; *poc_fingerprint*) sleep 60 ;; esac; }\n",
						   json_pack("[o, o]", table("a"), table("b")), json_pack("[s]", "SELECT true"));

	(void) state;
	nanosleep(&a_moment, NULL);
	began = monotonic_ms();
	answer_release(job_cancel(&request, id));
	while (sem_wait(&ended) != 0)
		;
	assert_true(monotonic_ms() - began <= 20000);
	assert_false(verdict);
	expect("compare", true, "");
	expect("assert", true, "");
	expect("amcheck", true, "");
	free(id);
}

static void
test_arguments(void **state)
{
	json_t	   *good = json_pack("{s:s, s:s, s:s, s:[o], s:[s]}", "database", "d", "superuser", "s", "schema", "p",
								 "tables", table("t"), "asserts", "SELECT true");
	json_t	   *bad;

	(void) state;
	assert_null(drill_arguments_are_bad(good));
	bad = json_deep_copy(good);
	json_object_set_new(bad, "schema", json_null());
	assert_non_null(strstr(drill_arguments_are_bad(bad), "\"schema\""));
	json_decref(bad);
	bad = json_deep_copy(good);
	json_object_set_new(json_array_get(json_object_get(bad, "tables"), 0), "rows", json_string("2"));
	assert_non_null(strstr(drill_arguments_are_bad(bad), "\"tables\""));
	json_decref(bad);
	bad = json_deep_copy(good);
	json_array_append_new(json_object_get(bad, "asserts"), json_null());
	assert_non_null(strstr(drill_arguments_are_bad(bad), "\"asserts\""));
	json_decref(bad);
	json_decref(good);
}

static int
start_group(void **state)
{
	char		template[] = "/tmp/test_drill_XXXXXX";
	char	   *jobs;

	(void) state;
	home = mem_strdup(mkdtemp(template));
	options.pg_bindir = home;
	put("psql", fake_psql, 0700);
	put("pg_amcheck", "#!/bin/sh\n", 0700);
	sem_init(&ended, 0, 0);
	jobs = mem_printf("%s/jobs", home);
	if (!jobs_start(jobs))
		return 1;
	free(jobs);
	return 0;
}

static int
stop_group(void **state)
{
	(void) state;
	jobs_stop();
	jobs_forget();
	json_decref(arguments);
	json_decref(told);
	instance_files_remove(home);
	free(home);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_differences),
		cmocka_unit_test(test_lost_connection),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_quoting),
		cmocka_unit_test(test_assertions),
		cmocka_unit_test(test_another_cluster),
		cmocka_unit_test(test_no_connection),
		cmocka_unit_test(test_amcheck),
		cmocka_unit_test(test_cancelled),
		cmocka_unit_test(test_arguments),
	};

	return cmocka_run_group_tests(tests, start_group, stop_group);
}
