/*
 * test_state_directory.c
 *
 * What an operator meets: leftovers where the sidecar keeps its state, two
 * sidecars over one thing, --check-config, and what systemd is told.
 */
#include <sys/un.h>

#include "sidecar_fixture.h"

/* Runs the program to its end, its words in "out"; the exit status, or -1 after ten seconds */
static int
run_to_end(const char *const *extra)
{
	const char *argv[16] = {program, "--listen=127.0.0.1:0", "--cron-interval=0"};
	char barman_option[160];
	int n = 3;
	int status = -1;
	int64_t began = monotonic_ms();
	pid_t pid;

	snprintf(barman_option, sizeof(barman_option), "--barman=%s", barman);
	argv[n++] = barman_option;
	for (int i = 0; extra[i] != NULL; i++)
		argv[n++] = extra[i];
	argv[n] = NULL;
	unlink(path_of("out"));
	pid = fork();
	if (pid == 0)
	{
		int out = open(path_of("out"), O_WRONLY | O_CREAT | O_APPEND, 0600);

		dup2(out, STDOUT_FILENO);
		dup2(out, STDERR_FILENO);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setenv("FAKE_BARMAN", home, 1);
		execv(program, (char **) (uintptr_t) argv);
		_exit(127);
	}
	do
	{
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	} while (look_again(began));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return -1;
}

/* A link in the place of an instance would lead Barman elsewhere. */
static void
nobody_else_writes_where_instances_are(void **state)
{
	char root[160];
	char state_dir[160];
	const char *ours[] = {root, "--pg-bindir=/usr/bin", NULL};
	const char *foreign[] = {state_dir, "--instance-root=/tmp", "--pg-bindir=/usr/bin", NULL};
	struct stat facts;

	(void) state;
	shell("mkdir %s/instances && chmod 777 %s/instances", home, home);
	snprintf(root, sizeof(root), "--instance-root=%s", path_of("instances"));
	start_with(ours);
	assert_int_equal(stat(path_of("instances"), &facts), 0);
	assert_int_equal(facts.st_mode & 0777, 0755);
	crash();
	/* that of another user is not made safe */
	snprintf(state_dir, sizeof(state_dir), "--state-dir=%s", path_of("state"));
	assert_int_not_equal(run_to_end(foreign), 0);
	assert_non_null(strstr(read_text("out"), "others may write to the directory of the instances"));
}

static void
leftovers_neither_hang_the_start_nor_are_believed(void **state)
{
	char *job;
	Response response;

	(void) state;
	shell("mkdir -m 700 %s/state %s/state/instances", home, home);
	shell("mkfifo %s/state/20261122T000000Z-000001.json %s/state/drills.json %s/state/instances/fifo.json",
		  home, home, home);
	shell("mkdir %s/state/20261122T000000Z-000002.json", home);
	shell("ln -s /etc/passwd %s/state/20261122T000000Z-000003.json", home);
	shell("truncate -s 1G %s/state/20261122T000000Z-000004.json", home);
	shell("mkfifo %s/state/20261122T000000Z-000005.json.tmp && echo half > %s/state/20261122T000000Z-000006.tmp",
		  home, home);
	write_file("state/20261122T000000Z-000007.json",
			   "{\"id\": \"20261122T000000Z-000007\", \"kind\": \"cron\", \"state\": \"done\", \"created\": \"2026-11-22T00:00:00.000000Z\"}");
	shell("mkfifo %s/state/20261122T000000Z-000007.log", home);
	start();
	response = get("/v1/jobs");
	assert_int_equal(json_array_size(json_object_get(response.value, "jobs")), 1);
	release(&response);
	/* its log is a FIFO: nothing to tell, and nobody waits */
	response = get("/v1/jobs/20261122T000000Z-000007");
	assert_int_equal(response.status, 200);
	release(&response);
	shell("test ! -e %s/state/20261122T000000Z-000006.tmp && test -e %s/state/20261122T000000Z-000001.json.bad",
		  home, home);
	job = submit("/v1/cron", "{}");
	json_decref(follow(job));
	free(job);
}

static void
two_sidecars_share_neither_state_nor_instances(void **state)
{
	char root[160];
	char first[160];
	char second[160];
	char token[160];
	const char *extra[] = {root, "--pg-bindir=/bin", NULL};
	const char *same_state[] = {first, token, NULL};
	const char *same_root[] = {second, token, root, "--pg-bindir=/bin", NULL};

	(void) state;
	snprintf(root, sizeof(root), "--instance-root=%s/instances", home);
	snprintf(first, sizeof(first), "--state-dir=%s/state", home);
	snprintf(second, sizeof(second), "--state-dir=%s/second", home);
	snprintf(token, sizeof(token), "--token-file=%s/token", home);
	start_with(extra);
	assert_int_equal(run_to_end(same_state), 1);
	assert_non_null(strstr(read_text("out"), "another sidecar uses this state directory"));
	assert_int_equal(run_to_end(same_root), 1);
	assert_non_null(strstr(read_text("out"), "another sidecar uses this directory of the instances"));
	/* also after a crash nothing has to be cleared by hand */
	crash();
	start_with(extra);
}

/* However it has nested its directories, the sidecar starts and removes them. */
static void
what_a_crash_left_is_removed_however_deep(void **state)
{
	char root[160];
	const char *extra[] = {root, "--pg-bindir=/bin", NULL};
	Response response;
	int64_t until = monotonic_ms() + PATIENCE_MS;
	bool removed = false;

	(void) state;
	snprintf(root, sizeof(root), "--instance-root=%s/instances", home);
	shell("mkdir -p -m 700 %s/state/instances %s/instances/deep && cd %s/instances/deep && "
		  "i=0; while [ $i -lt 150 ]; do n=$n/d/d/d/d/d/d/d/d/d/d; i=$((i + 1)); done; "
		  "for i in 1 2 3; do mkdir -p ./$n; cd -P ./$n; done",
		  home, home, home);
	write_file("state/instances/deep.json",
			   "{\"instance\": \"deep\", \"server\": \"pg\", \"state\": \"restoring\", \"has_files\": true, \"created\": \"2026-11-22T00:00:00.000000Z\"}");
	start_with(extra);
	while (!removed && monotonic_ms() < until)
	{
		response = get("/v1/instances");
		assert_int_equal(response.status, 200);
		removed = strstr(response.body, "\"deep\"") == NULL;
		release(&response);
	}
	assert_true(removed);
	assert_int_not_equal(access(path_of("instances/deep"), F_OK), 0);
}

static void
one_server_takes_half_of_the_instances(void **state)
{
	char root[160];
	const char *half[] = {root, "--pg-bindir=/bin", "--confinement=best-effort",
						  "--max-instances=5", NULL};
	const char *more[] = {root,
						  "--pg-bindir=/bin",
						  "--confinement=best-effort",
						  "--max-instances=5",
						  "--max-instances-per-server=3",
						  NULL};
	Response response;

	(void) state;
	snprintf(root, sizeof(root), "--instance-root=%s/instances", home);
	shell("mkdir -p -m 700 %s/state/instances %s/instances/a %s/instances/b", home, home, home);
	write_file("state/instances/a.json",
			   "{\"instance\": \"a\", \"server\": \"pg\", \"state\": \"stopped\", \"has_files\": true}");
	write_file("state/instances/b.json",
			   "{\"instance\": \"b\", \"server\": \"pg\", \"state\": \"stopped\", \"has_files\": true}");
	start_with(half);
	response = post("/v1/servers/pg/restores/check", "{\"instance\": \"c\"}");
	assert_int_equal(response.status, 429);
	assert_non_null(strstr(response.body,
						   "at most 2 of one server (--max-instances-per-server), and 5 in all"));
	release(&response);
	/* whose turn it is otherwise: there is no backup */
	expect_error("POST", "/v1/servers/other/restores/check", "{\"instance\": \"c\"}", 404,
				 "unknown_backup");
	terminate();
	start_with(more);
	expect_error("POST", "/v1/servers/pg/restores/check", "{\"instance\": \"c\"}", 404,
				 "unknown_backup");
	terminate();

	/* of the only server there may be all */
	write_file("list-servers.sh", "printf '{\"pg\": {\"description\": \"Main\"}}'\n");
	start_with(half);
	expect_error("POST", "/v1/servers/pg/restores/check", "{\"instance\": \"c\"}", 404,
				 "unknown_backup");
}

static void
a_socket_is_taken_over_from_a_crash_but_from_nobody_else(void **state)
{
	char listen_option[160];
	char first[160];
	char second[160];
	const char *other[] = {second, listen_option, NULL};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd;

	(void) state;
	snprintf(listen_option, sizeof(listen_option), "--listen=unix:%s/socket", home);
	snprintf(first, sizeof(first), "--state-dir=%s/state", home);
	snprintf(second, sizeof(second), "--state-dir=%s/second", home);

	/* what a sidecar leaves that was killed */
	strcpy(address.sun_path, path_of("socket"));
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *) &address, sizeof(address)), 0);
	close(fd);
	{
		const char *argv[] =
			{program, first, listen_option, "--cron-interval=0", "--log-level=info", NULL, NULL};
		char barman_option[160];
		struct stat facts;
		int64_t began = monotonic_ms();

		snprintf(barman_option, sizeof(barman_option), "--barman=%s", barman);
		argv[5] = barman_option;
		sidecar = fork();
		if (sidecar == 0)
		{
			int log = open(path_of("log"), O_WRONLY | O_CREAT | O_APPEND, 0600);

			dup2(log, STDOUT_FILENO);
			dup2(log, STDERR_FILENO);
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			setenv("FAKE_BARMAN", home, 1);
			execv(program, (char **) (uintptr_t) argv);
			_exit(127);
		}
		while (strstr(read_text("log"), "msg=\"listening\"") == NULL)
			assert_true(look_again(began));
		assert_int_equal(stat(path_of("socket"), &facts), 0);
		assert_int_equal(facts.st_mode & 0777, 0660);
		/* without a token it says what that means */
		assert_non_null(strstr(read_text("log"), "there is no --token-file"));
	}
	assert_int_equal(run_to_end(other), 1);
	assert_non_null(strstr(read_text("out"), "another process listens there"));
}

static void
check_config_says_what_is_wrong_and_makes_nothing(void **state)
{
	char state_dir[160];
	char token[160];
	char missing[160];
	const char *good[] = {"--check-config", state_dir, token, NULL};
	const char *bad[] = {"--check-config", state_dir, missing, NULL};
	const char *useless[] = {"--check-config", state_dir, token, "--allow-delete", NULL};

	(void) state;
	snprintf(state_dir, sizeof(state_dir), "--state-dir=%s/state", home);
	snprintf(token, sizeof(token), "--token-file=%s/token", home);
	snprintf(missing, sizeof(missing), "--token-file=%s/missing", home);
	assert_int_equal(run_to_end(good), 0);
	assert_non_null(strstr(read_text("out"), "All is good."));
	assert_int_equal(calls_of("list-servers"), 1);
	assert_int_not_equal(access(path_of("state"), F_OK), 0);

	assert_int_equal(run_to_end(bad), 1);
	assert_non_null(strstr(read_text("out"), "WRONG  token files"));
	chmod(path_of("token"), 0644);
	assert_int_equal(run_to_end(good), 1);
	assert_non_null(strstr(read_text("out"), "open to others"));
	chmod(path_of("token"), 0600);
	assert_int_equal(run_to_end(useless), 1);
	write_file("state", "a file");
	assert_int_equal(run_to_end(good), 1);
	assert_non_null(strstr(read_text("out"), "it is no directory"));
	unlink(path_of("state"));
	write_file("list-servers.sh", "echo 'password=s3cr3t is wrong' >&2; exit 3\n");
	assert_int_equal(run_to_end(good), 1);
	assert_non_null(strstr(read_text("out"), "exit code 3"));
	assert_null(strstr(read_text("out"), "s3cr3t"));
}

static void
systemd_is_told_when_the_sidecar_is_ready_and_when_it_stops(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval limit = {.tv_sec = 30};
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	char text[64];
	ssize_t length;

	(void) state;
	strcpy(address.sun_path, path_of("notify"));
	assert_int_equal(bind(fd, (struct sockaddr *) &address, sizeof(address)), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setenv("NOTIFY_SOCKET", address.sun_path, 1);
	start();
	unsetenv("NOTIFY_SOCKET");
	length = recv(fd, text, sizeof(text) - 1, 0);
	assert_true(length > 0);
	text[length] = '\0';
	assert_string_equal(text, "READY=1");
	terminate();
	length = recv(fd, text, sizeof(text) - 1, 0);
	assert_true(length > 0);
	text[length] = '\0';
	assert_string_equal(text, "STOPPING=1");
	close(fd);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		HTTP_TEST(nobody_else_writes_where_instances_are),
		HTTP_TEST(leftovers_neither_hang_the_start_nor_are_believed),
		HTTP_TEST(what_a_crash_left_is_removed_however_deep),
		HTTP_TEST(one_server_takes_half_of_the_instances),
		HTTP_TEST(two_sidecars_share_neither_state_nor_instances),
		HTTP_TEST(a_socket_is_taken_over_from_a_crash_but_from_nobody_else),
		HTTP_TEST(check_config_says_what_is_wrong_and_makes_nothing),
		HTTP_TEST(systemd_is_told_when_the_sidecar_is_ready_and_when_it_stops),
	};

	return RUN_HTTP_TESTS(argc, argv, tests);
}
