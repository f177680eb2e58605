/*
 * test_plugin.c
 *
 * barman-sidecar --check against a running sidecar: exit codes, the line, and
 * performance data, as plugins for Nagios and Icinga have them.
 */
#include "sidecar_fixture.h"

#define OK		 0
#define WARNING	 1
#define CRITICAL 2
#define UNKNOWN	 3

static char output[16384];

static void
answer_command(const char *command, const char *script)
{
	char *name = mem_printf("%s.sh", command);

	write_file(name, script);
	free(name);
}

static void
make_backups(const char *newest)
{
	char *script = mem_printf("printf '{\"%%s\": [{\"backup_id\": \"20261122T060000\", \"backup_type\": \"full\", \"status\": \"%s\", "
							  "\"end_time_timestamp\": \"1795300000\", \"size_bytes\": 1000, \"wal_size_bytes\": 300},"
							  "{\"backup_id\": \"20261120T060000\", \"backup_type\": \"full\", \"status\": \"DONE\", "
							  "\"end_time_timestamp\": \"1795200000\", \"size_bytes\": 2000, \"wal_size_bytes\": 400}]}' \"$2\"\n",
							  newest);

	answer_command("list-backups", script);
	free(script);
	answer_command("diagnose",
				   "printf '{\"global\": {}, \"models\": {}, \"servers\": {'\n"
				   "for s in pg other; do\n"
				   "printf '%s\"%s\": {\"config\": {}, \"status\": {}, \"backups\": {' \"${c-}\" \"$s\"; c=,\n"
				   "printf '\"20261122T060000\": {\"begin_time\": \"2026-11-22T06:00:00+00:00\"}, '\n"
				   "printf '\"20261120T060000\": {\"begin_time\": \"2026-11-20T06:00:00+00:00\"}}}'\n"
				   "done\n"
				   "printf '}}\\n'\n");
}

/* Runs the plugin with these arguments of the shell; its exit code */
static int
check(const char *arguments)
{
	char *command = mem_printf("%s --check %s", program, arguments);
	FILE *pipe = popen(command, "r");
	size_t length;
	int status;

	assert_non_null(pipe);
	length = fread(output, 1, sizeof(output) - 1, pipe);
	output[length] = '\0';
	status = pclose(pipe);
	free(command);
	assert_true(WIFEXITED(status));
	/* one line at least, of the form that is cut at the first bar */
	assert_true(strncmp(output, "BARMAN ", 7) == 0);
	assert_int_equal(output[length - 1], '\n');
	return WEXITSTATUS(status);
}

static int
check_here(const char *arguments)
{
	char *all = mem_printf("--url=http://127.0.0.1:%d --token-file=%s/token --timeout=60 --disk-free=0,0 %s",
						   port, home, arguments);
	int code = check(all);

	free(all);
	return code;
}

static void
expect(int code, int expected, const char *words)
{
	if (code != expected || strstr(output, words) == NULL)
		fail_msg("exit code %d, not %d with \"%s\": %s", code, expected, words, output);
}

static void
all_is_well(void **state)
{
	(void) state;
	make_backups("DONE");
	start();
	expect(check_here("--server=pg"), OK, "BARMAN OK - pg: 1 checks pass, backup ");
	expect(check_here("--server=pg"), OK, " | 'pg_failed_checks'=0;;0;0;1 'pg_backup_age'=");
	expect(check_here("--server=pg"), OK, "'pg_backup_size'=1000B;;;0 'pg_backups'=2;;;0");
	expect(check_here("--server=pg"), OK, "'pg_wals_free'=");
	/* one line for one server */
	assert_ptr_equal(strchr(output, '\n'), output + strlen(output) - 1);
}

static void
all_servers_have_a_line(void **state)
{
	(void) state;
	make_backups("DONE");
	start();
	expect(check_here(""), OK, "BARMAN OK - pg: ");
	expect(check_here(""), OK, "\nother: 1 checks pass");
}

static void
a_check_that_fails_is_critical_and_comes_first(void **state)
{
	(void) state;
	make_backups("DONE");
	answer_command("check",
				   "[ $2 = pg ] && s=OK || s=FAILED\n"
				   "printf '{\"%s\": {\"wal level\": {\"status\": \"%s\", \"hint\": \"is | minimal\"}}}' $2 $s\n");
	start();
	/* a bar would begin the performance data */
	expect(check_here(""), CRITICAL,
		   "BARMAN CRITICAL - other: check wal level fails (is   minimal) | ");
	expect(check_here(""), CRITICAL, "\npg: 1 checks pass");
	expect(check_here("--server=pg"), OK, "pg: 1 checks pass");
	expect(check_here("--server=other"), CRITICAL, "'other_failed_checks'=1;;0;0;1");
}

static void
a_failed_backup_is_a_warning(void **state)
{
	(void) state;
	make_backups("FAILED");
	start();
	expect(check_here("--server=pg"), WARNING,
		   "BARMAN WARNING - pg: the latest backup, 20261122T060000, failed | ");
	expect(check_here("--server=pg"), WARNING, "'pg_backups'=1;;;0");
}

static void
a_server_without_a_backup_is_a_warning(void **state)
{
	(void) state;
	start();
	expect(check_here("--server=pg"), WARNING, "there is no good backup");
}

static void
what_cannot_be_known_is_unknown(void **state)
{
	char *arguments;

	(void) state;
	make_backups("DONE");
	start();
	expect(check_here("--server=nothere"), UNKNOWN, "Barman has no such server");
	expect(check_here("--server='a b/../c'"), UNKNOWN, "BARMAN UNKNOWN - ");
	expect(check_here("--token-file=/nonsense"), UNKNOWN, "cannot be read");
	expect(check_here("--url=http://127.0.0.1:1"), UNKNOWN, "the sidecar cannot be reached");
	expect(check_here("--url=ftp://127.0.0.1/"), UNKNOWN, "--url must be");
	expect(check_here("--url=http://user@127.0.0.1/"), UNKNOWN, "--url must be");
	expect(check_here("--timeout=0"), UNKNOWN, "--timeout must be");
	expect(check_here("--nonsense"), UNKNOWN, "with --check there are");
	expect(check_here("nonsense"), UNKNOWN, "unexpected argument");
	arguments = mem_printf("--url=http://127.0.0.1:%d", port);
	expect(check(arguments), UNKNOWN, "a token is needed");
	free(arguments);
	write_file("other-token", "wrong\n");
	arguments = mem_printf("--token-file=%s/other-token", home);
	expect(check_here(arguments), UNKNOWN, "the token is wrong");
	free(arguments);
	answer_command("check", "echo 'ERROR: it broke' >&2; exit 2\n");
	expect(check_here("--server=other"), UNKNOWN, "BARMAN UNKNOWN - other: ");
}

/* Whatever hangs: the plugin ends before the monitoring loses patience. */
static void
a_deadline_holds(void **state)
{
	int64_t began = monotonic_ms();
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	char *arguments;

	(void) state;
	/* it accepts, and never answers */
	assert_int_equal(bind(fd, (struct sockaddr *) &address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 5), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *) &address, &length), 0);
	arguments = mem_printf("--url=http://127.0.0.1:%d --timeout=1", ntohs(address.sin_port));
	expect(check(arguments), UNKNOWN, "no answer in time");
	free(arguments);
	close(fd);
	/* a token file that never has a line */
	shell("mkfifo %s/pipe", home);
	arguments = mem_printf("--token-file=%s/pipe --timeout=1", home);
	expect(check(arguments), UNKNOWN, "no answer in time");
	free(arguments);
	assert_true(monotonic_ms() - began < PATIENCE_MS);
}

static void
a_hanging_barman_is_unknown(void **state)
{
	(void) state;
	make_backups("DONE");
	answer_command("check", "exec sleep 300\n");
	start();
	expect(check_here("--server=pg --timeout=1"), UNKNOWN,
		   "no answer in time to /v1/servers/pg/check");
}

static void
a_disk_that_fills_is_told(void **state)
{
	(void) state;
	make_backups("DONE");
	start();
	expect(check_here("--server=pg --disk-free=100.1,0"), WARNING, "pg: the disk of base has ");
	expect(check_here("--server=pg --disk-free=100.1,100.1"), CRITICAL, "pg: the disk of base has ");
	expect(check_here("--disk-free=10"), UNKNOWN, "--disk-free must be");
	expect(check_here("--disk-free=10,5x"), UNKNOWN, "--disk-free must be");
	expect(check_here("--disk-free=nan,nan"), UNKNOWN, "--disk-free must be");
	expect(check_here("--disk-free=10,-5"), UNKNOWN, "--disk-free must be");
}

static void
inactive_servers_are_told(void **state)
{
	(void) state;
	make_backups("DONE");
	answer_command("list-servers",
				   "printf '{\"pg\": {\"description\": \"Main\"}, \"other\": {\"description\": \"Other (inactive)\"}}'\n");
	start();
	expect(check_here(""), OK, "\nother: inactive\n");
	expect(check_here("--server=other"), WARNING, "BARMAN WARNING - other: inactive\n");
	assert_int_equal(calls_of("check other"), 0);
}

static void
a_token_for_one_server_sees_that_one(void **state)
{
	char *option = mem_printf("--token-file=read:other=%s/few", home);
	const char *extra[] = {option, NULL};
	char *arguments;

	(void) state;
	make_backups("DONE");
	write_file("few", "few-servers\n");
	chmod(path_of("few"), 0600);
	start_with(extra);
	arguments = mem_printf("--token-file=%s/few", home);
	expect(check_here(arguments), OK, "BARMAN OK - other: ");
	assert_null(strstr(output, "pg:"));
	free(arguments);
	arguments = mem_printf("--token-file=%s/few --server=pg", home);
	expect(check_here(arguments), UNKNOWN, "Barman has no such server");
	free(arguments);
	free(option);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		HTTP_TEST(all_is_well),
		HTTP_TEST(all_servers_have_a_line),
		HTTP_TEST(a_check_that_fails_is_critical_and_comes_first),
		HTTP_TEST(a_failed_backup_is_a_warning),
		HTTP_TEST(a_server_without_a_backup_is_a_warning),
		HTTP_TEST(what_cannot_be_known_is_unknown),
		HTTP_TEST(a_deadline_holds),
		HTTP_TEST(a_hanging_barman_is_unknown),
		HTTP_TEST(a_disk_that_fills_is_told),
		HTTP_TEST(inactive_servers_are_told),
		HTTP_TEST(a_token_for_one_server_sees_that_one),
	};

	return RUN_HTTP_TESTS(argc, argv, tests);
}
