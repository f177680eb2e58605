/*
 * test_drill.c
 *
 * A restored server is called good only if every question was answered, and
 * as it should be.  In the place of psql and pg_amcheck stand scripts, for
 * which there is no cage: they run and write what psql must not.
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
#include <arpa/inet.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "api/parse_drill_request.h"
#include "base/directory.h"
#include "base/files.h"
#include "base/memory.h"
#include "base/settings.h"
#include "base/timestamp.h"
#include "proof/drill_steps.h"
#include "proof/examine_server.h"
#include "proof/psql_session.h"
#include "restore/cage.h"
#include "restore/instance_files.h"

/*
 * Writes down its arguments and what it is asked, and answers by the function "answer" of a
 * file beside it.
 */
static const char fake_psql[] = "#!/bin/sh\n"
								"here=$(dirname \"$0\")\n"
								"printf '%s\\0' \"$@\" >> \"$here/arguments\"\n"
								"answer() { :; }\n"
								"kind() { echo r; }\n"
								". \"$here/answer.sh\"\n"
								"echo >> \"$here/sessions\"\n"
								"while [ $# -gt 0 ]; do\n"
								"  case $1 in --dbname) printf '%s\\n' \"$2\" >> \"$here/conninfo\" ;; esac\n"
								"  shift\n"
								"done\n"
								"query=\n"
								"skips=0\n"
								"while IFS= read -r line; do\n"
								"  case $line in\n"
								/* whether the catalog is plain */
								"    '\\if '*) query=; skips=${plain:-0}; continue ;;\n"
								"    '\\else') skips=$((1 - skips)); continue ;;\n"
								"    '\\endif') skips=0; continue ;;\n"
								"  esac\n"
								"  [ $skips = 0 ] || continue\n"
								"  case $line in\n"
								"    '\\echo '*) printf '%s\\n' \"${line#* }\" ;;\n"
								"    '\\warn '*) printf '%s\\n' \"${line#* }\" >&2 ;;\n"
								"    ';') query=${query#?}; printf '%s\\0' \"$query\" >> \"$here/queries\"\n"
								"      case $query in\n"
								"        *c.relkind*) kind \"$query\" ;;\n"
								"        *string_agg*) echo 6f6e65,74656d706c61746530 ;;\n"
								"        *) answer \"$query\" ;;\n"
								"      esac\n"
								"      query= ;;\n"
								"    *) query=\"$query\n$line\" ;;\n"
								"  esac\n"
								"done\n";

/* What a good server says: two tables of two rows each */
static const char good_server[] = "answer() {\n"
								  "  case $1 in\n"
								  "    *pg_control_system*) echo '4711|on|15.20' ;;\n"
								  "    *.fingerprint*) echo '2|abc' ;;\n"
								  "  esac\n"
								  "}\n";

/* These names in quotes, as bytes */
#define HEX_OF_GONE	   "22676f6e6522"
#define HEX_OF_VIEW	   "227669657722"
#define HEX_OF_ROWS	   "22726f777322"
#define HEX_OF_CONTENT "22636f6e74656e7422"
#define HEX_OF_BROKEN  "2262726f6b656e22"
#define HEX_OF_B	   "226222"

static char *home;
static sem_t ended;
static json_t *told; /* the result of the last drill */
static bool verdict;
static int newest_abi;

static void
examine(Job *job, const void *request)
{
	ServerConfig config = {.name = "drill_x", .directory = home, .port = 5};

	told = drill_result();
	verdict = drill_examine(job, &config, 15, request, told);
	job_done(job, json_checked(json_object()));
	sem_post(&ended);
}

static const JobKind job_examine = {.name = "drill", .body = examine};

static void
put(const char *name, const char *text, mode_t mode)
{
	char *path = mem_printf("%s/%s", home, name);

	assert_int_equal(files_write(path, text), 0);
	assert_int_equal(chmod(path, mode), 0);
	free(path);
}

static char *
get(const char *name)
{
	char *path = mem_printf("%s/%s", home, name);
	char *text = files_read(path);

	free(path);
	return text != NULL ? text : mem_strdup("");
}

/* Starts a drill of these tables and assertions against a server that answers so. */
static char *
begin(const char *answers, json_t *tables, json_t *asserts)
{
	static const char *const written[] = {"sessions", "conninfo", "queries", "arguments"};
	JobCaller caller = {0};
	Answer *answer = NULL;
	json_t *arguments;
	DrillRequest *request;
	char *id;

	for (size_t i = 0; i < sizeof(written) / sizeof(written[0]); i++)
		put(written[i], "", 0600);
	put("answer.sh", answers, 0600);
	arguments = json_pack("{s:s, s:s, s:s, s:s, s:o, s:o}", "instance", "drill_x", "database",
						  "it's \"one\"", "superuser", "postgres", "system_identifier", "4711",
						  "tables", tables != NULL ? tables : json_array(), "asserts",
						  asserts != NULL ? asserts : json_array());
	request = drill_request_read(arguments, &answer);
	assert_non_null(request);
	json_decref(arguments);
	json_decref(told);
	told = NULL;
	answer = job_submit(&caller, &job_examine, "pg", (JobRequest){request, drill_request_free, NULL});
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
	char *text = mem_strdup("");
	json_t *step;
	size_t i;

	json_array_foreach (json_object_get(told, "steps"), i, step)
	{
		const char *detail = json_string_value(json_object_get(step, "detail"));
		char *more;

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
	char *text = steps(name, ok);

	assert_string_equal(text, details);
	free(text);
}

static json_t *
table(const char *relation)
{
	return json_pack("{s:s, s:i, s:i, s:s}", "relation", relation, "bytes", 8192, "rows", 2, "hash",
					 "abc");
}

static void
test_good(void **state)
{
	(void) state;
	assert_true(drill(good_server, json_pack("[o, o]", table("public.a"), table("public.b")),
					  json_pack("[s]", "SELECT true")));
	expect("identity", true, "system identifier 4711, PostgreSQL 15.20, data checksums on\n");
	expect("compare", true, "2 table(s), 4 rows as at the mark\n");
	expect("assert", true, "SELECT true\n");
	expect("amcheck", true, "no corruption in tables and indexes\n");
	assert_int_equal(json_integer_value(json_object_get(told, "tables")), 2);
	assert_int_equal(json_integer_value(json_object_get(told, "rows")), 4);
}

static void
test_differences(void **state)
{
	json_t *tables = json_pack("[o, o, o, o, o, o]", table("same"), table("rows"), table("content"),
							   table("gone"), table("view"), table("broken"));
	char *script;

	(void) state;
	script = mem_printf("kind() {\n"
						"  case $1 in\n"
						"    *%s*) ;;\n"
						"    *%s*) echo v ;;\n"
						"    *) echo r ;;\n"
						"  esac\n"
						"}\n"
						"answer() {\n"
						"  case $1 in\n"
						"    *pg_control_system*) echo '4711|on|15.20' ;;\n"
						"    *%s*) echo '3|abc' ;;\n"
						"    *%s*) echo '2|abd' ;;\n"
						"    *%s*) echo 'WARNING:  page verification failed' >&2\n"
						"      echo 'ERROR:  invalid page in block 1' >&2\n"
						"      echo 'LINE 1: x' >&2; echo 'HINT:  y' >&2; echo 'CONTEXT:  z' >&2; echo '  z' >&2 ;;\n"
						"    *.fingerprint*) echo '2|abc' ;;\n"
						"  esac\n"
						"}\n",
						HEX_OF_GONE, HEX_OF_VIEW, HEX_OF_ROWS, HEX_OF_CONTENT, HEX_OF_BROKEN);
	assert_false(drill(script, tables, NULL));
	free(script);
	expect("compare", false,
		   "rows: 2 rows expected, 3 found\n"
		   "content: 2 rows as expected, but their content differs\n"
		   "gone: there is no such table\n"
		   "view: there is no such table\n"
		   "broken: invalid page in block 1\nHINT:  y\n");
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
					   "    *pg_control_system*) echo '4711|on|15.20' ;;\n"
					   "    *.fingerprint*" HEX_OF_B
					   "*) echo 'server closed the connection unexpectedly' >&2; exit 2 ;;\n"
					   "    *.fingerprint*) echo '2|abc' ;;\n"
					   "  esac\n"
					   "}\n",
					   json_pack("[o, o, o]", table("a"), table("b"), table("c")), NULL));
	expect("compare", true, "1 table(s), 2 rows as at the mark\n");
	assert_int_equal(json_integer_value(json_object_get(told, "tables")), 1);
	{
		char *text = steps("compare", false);

		assert_non_null(strstr(text, "b: server closed the connection unexpectedly\n"));
		assert_non_null(strstr(text, "c: "));
		free(text);
	}
}

/* Thousands of tables are few sessions, and few words about them. */
static void
test_many(void **state)
{
	json_t *tables = json_array();
	char *text;
	int lines = 0;

	(void) state;
	for (int i = 0; i < 1000; i++)
	{
		char name[32];

		snprintf(name, sizeof(name), "t%d", i);
		json_array_append_new(tables, table(name));
	}
	assert_true(drill(good_server, json_incref(tables), NULL));
	expect("compare", true, "1000 table(s), 2000 rows as at the mark\n");
	text = get("sessions");
	assert_true(strlen(text) >= 3 && strlen(text) <= 30);
	free(text);

	assert_false(
		drill("answer() { case $1 in *pg_control_system*) echo '4711|on|15.20' ;; *) echo '1|x' ;; esac; }\n",
			  tables, NULL));
	text = steps("compare", false);
	for (const char *line = text; (line = strchr(line, '\n')) != NULL; line++)
		lines++;
	assert_int_equal(lines, 101);
	assert_non_null(strstr(text, "\n900 more tables differ\n"));
	assert_memory_equal(text, "t0: 2 rows expected, 1 found\nt1: ", 33);
	free(text);
}

/* The questions of the last drill, a line or more each; malloc'd */
static char *
questions(void)
{
	char *path = mem_printf("%s/queries", home);
	FILE *file = fopen(path, "r");
	char *text = mem_alloc(100000);
	size_t length = fread(text, 1, 99999, file);

	fclose(file);
	free(path);
	for (size_t i = 0; i < length; i++)
	{
		if (text[i] == '\0')
			text[i] = '\n';
	}
	return text;
}

/*
 * Names and texts come from outside, and psql reads literals as the server
 * tells it to: of them nothing but digits is in what psql reads.
 */
static void
test_nothing_but_digits(void **state)
{
	static const char *const no_names[] = {"",
										   ".",
										   "a.",
										   ".a",
										   "a.b.c",
										   "a b",
										   "\"a",
										   "a\"b\"",
										   "\"a\"b",
										   "\"\"",
										   "x\\'\\! touch x\n"};
	json_t *tables = json_pack("[o, o, o, o]", table("\"a'; \\! touch x\"\n.\"b\"\"\\\\\""),
							   table("\"\\.\n\\! touch\""), table(" Public . T "),
							   table("\"h\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\x98\""));
	json_t *none = json_array();
	char *text;

	(void) state;
	assert_true(
		drill(good_server, tables, json_pack("[s, s]", "SELECT 'x\\'; \\! touch x\n", "true'")));
	expect("compare", true, "4 table(s), 8 rows as at the mark\n");
	text = questions();
	assert_null(strstr(text, "touch"));
	for (const char *at = text; (at = strchr(at, '\\')) != NULL; at++)
		assert_memory_equal(at, "\\set VERBOSITY sqlstate\n", 24);
	assert_non_null(
		strstr(text, "to_regclass(pg_catalog.convert_from(pg_catalog.decode('2261273b205c2120746f7563682078222e226222225c5c22'::pg_catalog.text, "
					 "'hex'::pg_catalog.text), 'UTF8'::pg_catalog.name))::pg_catalog.oid\n"));
	assert_non_null(strstr(text, "decode('227075626c6963222e227422'::"));
	assert_non_null(
		strstr(text,
			   ".fingerprint(pg_catalog.to_regclass(pg_catalog.convert_from(pg_catalog.decode('2268c3a9e282acf09f909822'::"));
	assert_non_null(strstr(text, "EXECUTE pg_catalog.convert_from(pg_catalog.decode('7472756527'::"));
	assert_non_null(
		strstr(text,
			   "GRANT CONNECT ON DATABASE U&\"!+000069!+000074!+000027!+000073!+000020!+000022!+00006f!+00006e!+000065!+000022\" UESCAPE '!' TO poc_drill_"));
	free(text);
	text = get("conninfo");
	assert_non_null(strstr(text, " dbname='it\\'s \"one\"' "));
	free(text);

	/* what is no name is not asked at all */
	for (size_t i = 0; i < sizeof(no_names) / sizeof(no_names[0]); i++)
		json_array_append_new(none, table(no_names[i]));
	assert_false(drill(good_server, none, NULL));
	text = questions();
	assert_null(strstr(text, "to_regclass"));
	free(text);
	text = steps("compare", false);
	assert_non_null(strstr(text, "a b: this is no name of a table\n"));
	free(text);
}

/* ---- a server, which does not matter, and the psql of this host ---- */

/* If it is not heard, psql runs nothing, and the test fails by that. */
static void
say(int fd, char type, const void *body, uint32_t length)
{
	uint32_t size = htonl(length + 4);
	char message[100];

	message[0] = type;
	memcpy(message + 1, &size, 4);
	memcpy(message + 5, body, length);
	send(fd, message, 5 + length, MSG_NOSIGNAL);
}

/* Lets the next one in, and answers nothing to whatever it asks. */
static void *
serve(void *listening)
{
	char bytes[10000];
	uint32_t size;
	int fd = accept(*(int *) listening, NULL, NULL);

	if (recv(fd, &size, 4, MSG_WAITALL) != 4 || ntohl(size) > sizeof(bytes) ||
		recv(fd, bytes, ntohl(size) - 4, MSG_WAITALL) < 4)
		return NULL;
	say(fd, 'R', "\0\0\0", 4);
	say(fd, 'S', "standard_conforming_strings\0off", 32);
	say(fd, 'Z', "I", 1);
	while (recv(fd, bytes, 1, MSG_WAITALL) == 1 && recv(fd, &size, 4, MSG_WAITALL) == 4 &&
		   ntohl(size) <= sizeof(bytes) &&
		   (ntohl(size) == 4 || recv(fd, bytes + 1, ntohl(size) - 4, MSG_WAITALL) > 0))
	{
		if (bytes[0] == 'Q')
		{
			say(fd, 'I', "", 0);
			say(fd, 'Z', "I", 1);
		}
	}
	close(fd);
	return NULL;
}

static void
ask_badly(Job *job, const void *unused)
{
	ServerConfig config = {.name = "drill_x", .directory = home, .port = 5};
	DrillServer server = drill_server(job, &config, 15, "d", "s");
	DrillAnswer answer = {NULL, NULL};
	char *query = mem_printf("\\! echo x > %1$s/shell\n\\o | cat > %1$s/pipe\nSELECT 1;\n\\o %1$s/file\nSELECT 1;\n\\o\n\\echo `echo x > %1$s/backquoted`",
							 home);

	(void) unused;
	drill_ask(&server, "s", 60000, &query, 1, &answer);
	drill_answer_free(&answer);
	free(query);
	job_done(job, json_checked(json_object()));
	sem_post(&ended);
}

static const JobKind job_ask_badly = {.name = "drill", .body = ask_badly};

static int
count_written(void)
{
	static const char *const written[] = {"shell", "pipe", "file", "backquoted"};
	int n = 0;

	for (size_t i = 0; i < sizeof(written) / sizeof(written[0]); i++)
	{
		char *path = mem_printf("%s/%s", home, written[i]);

		n += unlink(path) == 0;
		free(path);
	}
	return n;
}

/* If a command reached psql after all, it would find nothing to run and nowhere to write. */
static void
test_psql_in_its_cage(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char bindir[1000] = "";
	FILE *asked = popen("${PG_CONFIG:-pg_config} --bindir 2> /dev/null", "r");
	char *path;
	int listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void) state;
	assert_true(fgets(bindir, sizeof(bindir), asked) == NULL || strlen(bindir) > 1);
	pclose(asked);
	bindir[strcspn(bindir, "\n")] = '\0';
	path = mem_printf("%s/psql", bindir);
	cage_newest_abi = newest_abi;
	if (access(path, X_OK) != 0 || cage_offered().abi == 0)
		skip();
	free(path);
	path = mem_printf("%s/" INSTANCE_SOCKET, home);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/.s.PGSQL.5", path);
	free(path);
	assert_int_equal(bind(listening, (struct sockaddr *) &address, sizeof(address)), 0);
	assert_int_equal(listen(listening, 5), 0);

	settings.pg_bindir = bindir;
	for (int caged = 0; caged < 2; caged++)
	{
		JobCaller caller = {0};
		pthread_t thread;

		cage_newest_abi = caged ? newest_abi : 0;
		settings.confinement_required = caged;
		assert_int_equal(pthread_create(&thread, NULL, serve, &listening), 0);
		answer_release(job_submit(&caller, &job_ask_badly, "pg", (JobRequest){0}));
		while (sem_wait(&ended) != 0)
			;
		pthread_join(thread, NULL);
		assert_int_equal(count_written(), caged ? 0 : 4);
	}
	settings.confinement_required = false;
	settings.pg_bindir = home;
	cage_newest_abi = 0;
	close(listening);
}

/* Of an assertion it is told whether it holds, and of an error the SQLSTATE. */
static void
test_assertions(void **state)
{
	char *text;

	(void) state;
	assert_false(drill("answer() {\n"
					   "  case $1 in\n"
					   "    *pg_control_system*) echo '4711|on|15.20' ;;\n"
					   "    *2066616c7365*) echo 'ERROR:  PB001' >&2 ;;\n"
					   "    *204e554c4c*) echo 'ERROR:  PB002' >&2 ;;\n"
					   "    *46524f4d2074*) echo 'ERROR:  42P01' >&2 ;;\n"
					   "    *206f6464*) echo 'ERROR:  XX001' >&2 ;;\n"
					   "  esac\n"
					   "}\n",
					   NULL,
					   json_pack("[s, s, s, s, s]", "SELECT false", "SELECT NULL", "FROM t",
								 "SELECT odd", "SELECT true")));
	expect("assert", false,
		   "SELECT false: it is false\nSELECT NULL: it is null\n"
		   "FROM t: SQLSTATE 42P01 (undefined_table): assertions run with search_path = pg_catalog, so qualify names, as in public.orders\n"
		   "SELECT odd: SQLSTATE XX001\n");
	expect("assert", true, "SELECT true\n");

	/* arguments are for everybody on the host to see */
	text = get("arguments");
	assert_null(strstr(text, "SELECT"));
	free(text);
}

/* Before anything else is asked, in every database */
static void
test_prepared(void **state)
{
	char *text;
	const char *first;
	const char *second;

	(void) state;
	assert_true(drill(good_server, json_pack("[o]", table("a")), json_pack("[s]", "SELECT true")));
	text = get("conninfo");
	assert_memory_equal(text, "host=", 5);
	first = strstr(text, " dbname='one' ");
	second = strstr(text, " dbname='template0' ");
	assert_non_null(first);
	assert_non_null(second);
	assert_true(first < strstr(text, " user='poc_drill_") &&
				second < strstr(text, " user='poc_drill_"));
	free(text);

	/* whose catalog runs code cannot be made harmless */
	text = mem_printf("plain=1\n%s", good_server);
	assert_false(drill(text, json_pack("[o]", table("a")), json_pack("[s]", "SELECT true")));
	free(text);
	text = steps("connect", false);
	assert_memory_equal(text,
						"tables of the system catalog have triggers, rules, constraints or indexes of their own\n",
						87);
	free(text);
	assert_int_equal(json_array_size(json_object_get(told, "steps")), 1);
}

/* Without a library of this host there is no proof. */
static void
test_no_library(void **state)
{
	char *text;

	(void) state;
	assert_false(
		drill("answer() {\n"
			  "  case $1 in\n"
			  "    *pg_control_system*) echo '4711|on|15.20' ;;\n"
			  "    *'CREATE FUNCTION'*) echo 'ERROR:  could not access file \"$libdir/poc_barman\": No such file or directory' >&2 ;;\n"
			  "    *.fingerprint*) echo '2|abc' ;;\n"
			  "  esac\n"
			  "}\n",
			  json_pack("[o]", table("a")), NULL));
	text = steps("compare", false);
	assert_memory_equal(text, "the library of poc_barman on this host cannot be used: ", 55);
	assert_non_null(
		strstr(text, "\nHINT:  Install poc_barman for PostgreSQL 15 on Barman's host too"));
	free(text);
	expect("compare", true, "");
	assert_int_equal(json_integer_value(json_object_get(told, "tables")), 0);
}

static void
test_another_cluster(void **state)
{
	(void) state;
	assert_false(
		drill("answer() { case $1 in *pg_control_system*) echo '4712|on|15.20' ;; *) echo '2|abc' ;; esac; }\n",
			  json_pack("[o]", table("a")), NULL));
	expect("identity", false,
		   "the system identifier is 4712, and should be 4711: this is a backup of another cluster\n");
	expect("compare", true, "");
	expect("compare", false, "");
}

static void
test_no_connection(void **state)
{
	(void) state;
	assert_false(drill("echo 'psql: error: connection to server failed' >&2; exit 2\n",
					   json_pack("[o]", table("a")), NULL));
	expect("connect", false, "psql: error: connection to server failed\n");
	assert_int_equal(json_array_size(json_object_get(told, "steps")), 1);
}

static void
test_amcheck(void **state)
{
	(void) state;
	put("pg_amcheck",
		"#!/bin/sh\necho 'btree index \"postgres.public.i\":'; echo 'ERROR: out of order'; exit 2\n",
		0700);
	assert_false(drill(good_server, json_pack("[o]", table("a")), NULL));
	expect("compare", true, "1 table(s), 2 rows as at the mark\n");
	expect("amcheck", false, "btree index \"postgres.public.i\":\nERROR: out of order\n");

	/* where the libraries that order text are others, it is said */
	assert_false(drill("answer() {\n"
					   "  case $1 in\n"
					   "    *pg_control_system*) echo '4711|on|15.20' ;;\n"
					   "    *.fingerprint*) echo '2|abc' ;;\n"
					   "    *collversion*) echo '2.31 where they were built and 2.36 here' ;;\n"
					   "  esac\n"
					   "}\n",
					   json_pack("[o]", table("a")), NULL));
	expect("amcheck", false,
		   "btree index \"postgres.public.i\":\nERROR: out of order\n"
		   "Collations have other versions on this host, so that indexes of text may seem corrupt that are not: 2.31 where they were built and 2.36 here\n");

	put("pg_amcheck", "#!/bin/sh\necho 'pg_amcheck: error: connection lost' >&2; exit 1\n", 0700);
	assert_false(drill(good_server, NULL, NULL));
	expect("amcheck", false, "pg_amcheck: error: connection lost\n");

	put("pg_amcheck", "#!/bin/sh\nkill -9 $$\n", 0700);
	assert_false(drill(good_server, NULL, NULL));
	expect("amcheck", false, "pg_amcheck did not end well. \n");

	/* where it is not installed, it is not missed */
	put("pg_amcheck",
		"#!/bin/sh\necho 'ERROR:  extension \"amcheck\" is not available' >&2; exit 1\n", 0700);
	assert_true(drill(good_server, NULL, NULL));
	expect("amcheck", true, "");
	put("pg_amcheck", "", 0600);
	assert_true(drill(good_server, NULL, NULL));
	put("pg_amcheck", "#!/bin/sh\n", 0700);
}

static void
test_cancelled(void **state)
{
	static const TokenGrant all = {SCOPE_OPERATE, NULL};
	struct timespec a_moment = {0, 10000000};
	int64_t began;
	char *id = begin("answer() { case $1 in *pg_control_system*) echo '4711|on|15.20' ;; *.fingerprint*) echo x > \"$here/sleeps\"; sleep 300 ;; esac; }\n",
					 json_pack("[o, o]", table("a"), table("b")), json_pack("[s]", "SELECT true"));

	(void) state;
	for (bool compares = false; !compares;)
	{
		char *text = get("sleeps");

		compares = text[0] != '\0';
		free(text);
		nanosleep(&a_moment, NULL);
	}
	began = monotonic_ms();
	answer_release(job_cancel(&all, id));
	while (sem_wait(&ended) != 0)
		;
	assert_true(monotonic_ms() - began <= 60000);
	assert_false(verdict);
	expect("compare", true, "");
	expect("assert", true, "");
	expect("amcheck", true, "");
	free(id);
}

static int
start_group(void **state)
{
	char template[] = "/tmp/test_drill_XXXXXX";
	char *jobs;

	(void) state;
	home = mem_strdup(mkdtemp(template));
	settings.pg_bindir = home;
	settings.max_assertions = 100;
	settings.max_assertion_bytes = 10000;
	newest_abi = cage_newest_abi;
	cage_newest_abi = 0;
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
	json_decref(told);
	directory_remove(home);
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
		cmocka_unit_test(test_nothing_but_digits),
		cmocka_unit_test(test_psql_in_its_cage),
		cmocka_unit_test(test_assertions),
		cmocka_unit_test(test_prepared),
		cmocka_unit_test(test_no_library),
		cmocka_unit_test(test_another_cluster),
		cmocka_unit_test(test_no_connection),
		cmocka_unit_test(test_amcheck),
		cmocka_unit_test(test_cancelled),
	};

	return cmocka_run_group_tests(tests, start_group, stop_group);
}
