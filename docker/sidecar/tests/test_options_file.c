/*
 * test_options_file.c
 *
 * The configuration file: keys are options, the command line wins, and whatever
 * is wrong is refused with the number of its line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/settings.h"
#include "base/token.h"
#include "options.h"
#include "options_file.h"

#define PARSE(...) parse((char *[]){"barman-sidecar", __VA_ARGS__, NULL})

static const struct option known[] = {
	{"listen", required_argument, NULL, 'l'},
	{"host-name", required_argument, NULL, 'n'},
	{"token-file", required_argument, NULL, 't'},
	{"allow-delete", no_argument, NULL, 'D'},
	{"config", required_argument, NULL, 'f'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static char path[] = "/tmp/test_options_file.XXXXXX";

static void
write_bytes(const char *text, size_t length)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	assert_int_equal(fwrite(text, 1, length, out), length);
	assert_int_equal(fclose(out), 0);
}

static void
write_file(const char *text)
{
	write_bytes(text, strlen(text));
}

/* What is said of the file, malloc'd; NULL: nothing */
static char *
said(void)
{
	char *arguments[] = {"barman-sidecar", "--config", path, NULL};
	char **argv = arguments;
	int argc = 3;

	return options_file_read(known, &argc, &argv);
}

static void
is_refused(const char *text, const char *why)
{
	char *error;

	write_file(text);
	error = said();
	if (error == NULL || strstr(error, why) == NULL)
		fail_msg("\"%s\": expected \"%s\", got \"%s\"", text, why, error ? error : "nothing");
	free(error);
}

static OptionsVerdict
parse(char **argv)
{
	int argc = 0;

	while (argv[argc] != NULL)
		argc++;
	return options_parse(argc, argv);
}

static void
keys_are_options(void **state)
{
	(void) state;
	write_file("# a comment, and an empty line\n\n"
			   "state-dir = /tmp/x\n"
			   "\tbarman=/bin/true  \r\n"
			   "listen = unix:/run/a b=c#d\n"
			   "insecure-http = yes\n"
			   "allow-delete = no\n"
			   "max-waits = 7\n"
			   "host-name = one\n"
			   "host-name = two\n"
			   "cron-interval = 5");
	assert_int_equal(PARSE("--config", path), OPTIONS_RUN);
	assert_string_equal(settings.state_dir, "/tmp/x");
	assert_string_equal(settings.listen, "unix:/run/a b=c#d");
	assert_string_equal(settings.host_names[0], "one");
	assert_string_equal(settings.host_names[1], "two");
	assert_true(settings.insecure_http);
	assert_false(settings.allow_delete);
	assert_int_equal(settings.host_name_count, 2);
	assert_int_equal(settings.http.waits, 7);
	assert_int_equal(settings.cron_interval, 5);
}

static void
the_command_line_wins_wherever_it_names_the_file(void **state)
{
	(void) state;
	write_file("state-dir = /tmp/x\nbarman = /bin/true\ncron-interval = 5\nhost-name = one\n"
			   "token-file = destroy=/tmp/d\ntoken-file = /tmp/o\n");
	assert_int_equal(PARSE("--cron-interval=6", "--config", path, "--host-name=two"), OPTIONS_RUN);
	assert_int_equal(settings.cron_interval, 6);
	assert_int_equal(settings.host_name_count, 1);
	assert_string_equal(settings.host_names[0], "two");
	assert_int_equal(token_strongest(), SCOPE_DESTROY);

	/* no token of the file stays valid beside those of the command line */
	assert_int_equal(PARSE("--config", path, "--token-file", "read=/tmp/r"), OPTIONS_RUN);
	assert_int_equal(token_strongest(), SCOPE_READ);

	/* an abbreviation is the option that it means */
	assert_int_equal(PARSE("--config", path, "--token", "read=/tmp/r"), OPTIONS_RUN);
	assert_int_equal(token_strongest(), SCOPE_READ);

	/* what is wrong on the command line is not forgiven because of the file */
	assert_int_equal(PARSE("--config", path, "--nonsense"), OPTIONS_WRONG);
	assert_int_equal(PARSE("--config", path, "extra"), OPTIONS_WRONG);
	assert_int_equal(PARSE("--config", path, "--config", path), OPTIONS_WRONG);
	assert_int_equal(PARSE("--config", path, "--config"), OPTIONS_WRONG);
	assert_int_equal(PARSE("--config", path, "--help"), OPTIONS_DONE);
}

static void
a_file_without_options_is_one(void **state)
{
	(void) state;
	write_file("");
	assert_int_equal(PARSE("--state-dir=/tmp/x", "--barman=/bin/true", "--config", path),
					 OPTIONS_RUN);
	write_file("# nothing\n");
	assert_int_equal(PARSE("--state-dir=/tmp/x", "--barman=/bin/true", "--config", path),
					 OPTIONS_RUN);
	/* of an earlier file nothing is left */
	assert_null(settings.tls_cert);
	assert_int_equal(settings.host_name_count, 0);
}

static void
what_is_wrong_is_refused_with_its_line(void **state)
{
	(void) state;
	is_refused("listen = x\nlisten-on = y\n", ", line 2: unknown key \"listen-on\"");
	is_refused("\n\n--listen = x\n", ", line 3: unknown key \"--listen\"");
	is_refused("list = x\n", ", line 1: unknown key \"list\"");
	is_refused("LISTEN = x\n", ", line 1: unknown key \"LISTEN\"");
	is_refused("= x\n", ", line 1: unknown key \"\"");
	is_refused("[sidecar]\n", ", line 1: \"[sidecar]\" is neither");
	is_refused("listen x\n", ", line 1: \"listen x\" is neither");
	is_refused("listen =\n", ", line 1: \"listen\" has no value");
	is_refused("listen = \"x\"\n", ", line 1: the value of \"listen\" has quotes");
	is_refused("listen = 'x'\n", ", line 1: the value of \"listen\" has quotes");
	is_refused("listen = x # y\n", ", line 1: a comment must have a line of its own");
	is_refused("listen = a#b\t#y\n", ", line 1: a comment must have a line of its own");
	is_refused("listen = # y\n", ", line 1: a comment must have a line of its own");
	is_refused("listen = x\nhost-name = y\nlisten = x\n",
			   ", line 3: \"listen\" stands twice, before in /tmp/");
	is_refused("allow-delete = on\n", ", line 1: \"allow-delete\" is \"on\": it must be yes or no");
	is_refused("config = /etc/x\n", ", line 1: \"config\" belongs on the command line");
	is_refused("help = yes\n", ", line 1: \"help\" belongs on the command line");
	is_refused("check-config = yes\n", ", line 1: \"check-config\" belongs on the command line");

	/* a value that options.c refuses */
	write_file("state-dir = /tmp/x\nbarman = /bin/true\nmax-reads = 0\n");
	assert_int_equal(PARSE("--config", path), OPTIONS_WRONG);
	assert_int_equal(PARSE("--config", path, "--max-reads=1"), OPTIONS_RUN);
}

static void
a_file_that_others_could_write_is_refused(void **state)
{
	char *error;
	static char large[70000];

	(void) state;
	write_file("listen = x\n");
	assert_null(said());
	chmod(path, 0664);
	error = said();
	assert_non_null(strstr(error, "others may write to it (mode 0664)"));
	free(error);
	chmod(path, 0644);
	assert_null(said());

	write_bytes("listen = x\0y\n", 13);
	error = said();
	assert_non_null(strstr(error, "a byte that no text has"));
	free(error);
	memset(large, '\n', sizeof(large));
	write_bytes(large, sizeof(large));
	error = said();
	assert_non_null(strstr(error, "larger than 65536 bytes"));
	free(error);

	unlink(path);
	error = said();
	assert_non_null(strstr(error, "cannot be opened: No such file or directory"));
	free(error);
	assert_int_equal(mkfifo(path, 0600), 0);
	error = said();
	assert_non_null(strstr(error, "it is no regular file"));
	free(error);
	unlink(path);
	write_file("listen = x\n");
}

/* Where the mistake stands, as its reader sees it */
static void
an_error_of_a_value_names_its_line(void **state)
{
	char *arguments[] = {"barman-sidecar", "--allow-delete", "--config", path, NULL};
	char **argv = arguments;
	int argc = 4;

	(void) state;
	write_file("allow-delete = yes\n\nlisten = x\nhost-name = y\n");
	assert_null(options_file_read(known, &argc, &argv));
	assert_int_equal(argc, 6);
	assert_string_equal(argv[1], "--listen=x");
	assert_non_null(strstr(options_file_place(1), ", line 3"));
	assert_non_null(strstr(options_file_place(2), ", line 4"));
	assert_null(options_file_place(0));
	assert_null(options_file_place(3));
	assert_string_equal(argv[3], "--allow-delete");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_options),
		cmocka_unit_test(the_command_line_wins_wherever_it_names_the_file),
		cmocka_unit_test(a_file_without_options_is_one),
		cmocka_unit_test(what_is_wrong_is_refused_with_its_line),
		cmocka_unit_test(a_file_that_others_could_write_is_refused),
		cmocka_unit_test(an_error_of_a_value_names_its_line),
	};

	int failed;
	int fd;
	bool root = geteuid() == 0;

	if (root && seteuid(65534) != 0)
		return 1;
	fd = mkstemp(path);
	if (fd < 0)
		return 1;
	close(fd);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	/* LeakSanitizer looks at the process from another, which must be allowed */
	if (root && seteuid(0) == 0)
		prctl(PR_SET_DUMPABLE, 1);
	return failed;
}
