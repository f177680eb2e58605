/*
 * test_options.c
 *
 * The command line refuses what is unsafe or cannot work.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/settings.h"
#include "options.h"
#include "options_table.h"

#define PARSE(...) parse((char *[]){"barman-sidecar", __VA_ARGS__, NULL})

static OptionsVerdict
parse(char **argv)
{
	int argc = 0;

	while (argv[argc] != NULL)
		argc++;
	return options_parse(argc, argv);
}

static void
loopback_is_told_from_the_world(void **state)
{
	(void) state;
	assert_true(options_listen_is_local("127.0.0.1:8480"));
	assert_true(options_listen_is_local("127.1.2.3:0"));
	assert_true(options_listen_is_local("[::1]:8480"));
	assert_true(options_listen_is_local("unix:/run/sidecar"));
	assert_false(options_listen_is_local("0.0.0.0:8480"));
	assert_false(options_listen_is_local("[::]:8480"));
	assert_false(options_listen_is_local("10.0.0.1:8480"));
	assert_false(options_listen_is_local("127.0.0.1.example.com:8480"));
	assert_false(options_listen_is_local(":8480"));
	assert_false(options_listen_is_local("8480"));
	assert_false(options_listen_is_local(""));
}

static void
the_world_needs_a_token(void **state)
{
	(void) state;
	assert_int_equal(PARSE("--state-dir=/tmp/x", "--listen=0.0.0.0:1", "--barman=/bin/true"),
					 OPTIONS_WRONG);
}

static void
the_world_needs_tls_or_a_word_of_the_risk(void **state)
{
	(void) state;
	assert_int_equal(PARSE("--state-dir=/tmp/x", "--listen=0.0.0.0:1", "--barman=/bin/true",
						   "--token-file=/tmp/t"),
					 OPTIONS_WRONG);
	assert_int_equal(PARSE("--state-dir=/tmp/x", "--listen=0.0.0.0:1", "--barman=/bin/true",
						   "--token-file=/tmp/t", "--insecure-http"),
					 OPTIONS_RUN);
	assert_int_equal(PARSE("--state-dir=/tmp/x", "--listen=0.0.0.0:1", "--barman=/bin/true",
						   "--token-file=/tmp/t", "--tls-cert=/tmp/c", "--tls-key=/tmp/k"),
					 OPTIONS_RUN);
	assert_int_equal(PARSE("--state-dir=/tmp/x", "--listen=127.0.0.1:1", "--barman=/bin/true"),
					 OPTIONS_RUN);
}

static void
each_number_has_a_default_and_bounds(void **state)
{
	(void) state;
	assert_int_equal(PARSE("--state-dir=/tmp/x", "--barman=/bin/true"), OPTIONS_RUN);
	for (const Option *option = options_table; option->name != NULL; option++)
	{
		char edge[64];

		if (option->kind != OPTION_NUMBER)
			continue;
		assert_true(option->standard == 0 ||
					(option->standard >= option->low && option->standard <= option->high));
		assert_int_equal(*option->number, option->standard);
		snprintf(edge, sizeof(edge), "--%s=%d", option->name, option->high + 1);
		assert_int_equal(PARSE("--state-dir=/tmp/x", "--barman=/bin/true", edge), OPTIONS_WRONG);
		snprintf(edge, sizeof(edge), "--%s=%d", option->name, option->low - 1);
		assert_int_equal(PARSE("--state-dir=/tmp/x", "--barman=/bin/true", edge), OPTIONS_WRONG);
		snprintf(edge, sizeof(edge), "--%s=%d", option->name, option->low);
		assert_int_equal(PARSE("--state-dir=/tmp/x", "--barman=/bin/true", edge), OPTIONS_RUN);
		assert_int_equal(*option->number, option->low);
		snprintf(edge, sizeof(edge), "--%s=%d", option->name, option->high);
		/* all connections cannot be kept for this machine */
		assert_int_equal(PARSE("--state-dir=/tmp/x", "--barman=/bin/true", edge),
						 option->number == &settings.http.reserved_connections ? OPTIONS_WRONG
																			   : OPTIONS_RUN);
		assert_int_equal(*option->number, option->high);
		assert_int_equal(PARSE("--state-dir=/tmp/x", "--barman=/bin/true"), OPTIONS_RUN);
	}
}

static void
defaults_are_as_documented(void **state)
{
	(void) state;
	assert_int_equal(PARSE("--state-dir", "/tmp/x", "--barman", "true"), OPTIONS_RUN);
	assert_string_equal(settings.listen, "127.0.0.1:8480");
	assert_int_equal(settings.cron_interval, 60);
	assert_int_equal(settings.read_timeout, 45);
	assert_int_equal(settings.max_reads, 4);
	assert_int_equal(settings.log_level, LOGLEVEL_INFO);
	assert_false(settings.drill_network);
	assert_false(settings.instance_network);
	assert_true(settings.confinement_required);
	assert_int_equal(settings.reserve_percent, 5);
	assert_int_equal(settings.reserve_bytes, INT64_C(10) << 30);
	assert_int_equal(settings.barman[0], '/');
}

static void
wrong_values_are_refused(void **state)
{
	(void) state;
	assert_int_equal(PARSE("--barman=/bin/true"), OPTIONS_WRONG);
	assert_int_equal(PARSE("--state-dir=/tmp/x", "--barman=/bin/true", "extra"), OPTIONS_WRONG);
	assert_int_equal(PARSE("--state-dir=/tmp/x", "--barman=/nonexistent"), OPTIONS_WRONG);
	assert_int_equal(PARSE("--state-dir=/tmp/x", "--barman=no-such-program"), OPTIONS_WRONG);
	assert_int_equal(PARSE("--state-dir=/tmp/x", "--barman=/bin/true", "--cron-interval=-1"),
					 OPTIONS_WRONG);
	assert_int_equal(PARSE("--state-dir=/tmp/x", "--barman=/bin/true", "--cron-interval=1x"),
					 OPTIONS_WRONG);
	assert_int_equal(PARSE("--state-dir=/tmp/x", "--barman=/bin/true", "--max-reads=0"),
					 OPTIONS_WRONG);
	assert_int_equal(PARSE("--state-dir=/tmp/x", "--barman=/bin/true", "--read-timeout=99999"),
					 OPTIONS_WRONG);
	assert_int_equal(PARSE("--state-dir=/tmp/x", "--barman=/bin/true", "--log-level=loud"),
					 OPTIONS_WRONG);
	assert_int_equal(PARSE("--state-dir=/tmp/x", "--barman=/bin/true", "--tls-cert=/tmp/c"),
					 OPTIONS_WRONG);
	assert_int_equal(PARSE("--state-dir=/tmp/x", "--barman=/bin/true", "--drill-network=some"),
					 OPTIONS_WRONG);
	assert_int_equal(PARSE("--state-dir=/tmp/x", "--barman=/bin/true", "--instance-network=some"),
					 OPTIONS_WRONG);
	assert_int_equal(PARSE("--state-dir=/tmp/x", "--barman=/bin/true", "--confinement=off"),
					 OPTIONS_WRONG);
	assert_int_equal(PARSE("--state-dir=/tmp/x", "--barman=/bin/true", "--reserve-free=100%"),
					 OPTIONS_WRONG);
	assert_int_equal(PARSE("--state-dir=/tmp/x", "--barman=/bin/true", "--reserve-free=-1"),
					 OPTIONS_WRONG);
	assert_int_equal(PARSE("--state-dir=/tmp/x", "--barman=/bin/true", "--reserve-free=1PB"),
					 OPTIONS_WRONG);
	assert_int_equal(PARSE("--state-dir=/tmp/x", "--barman=/bin/true", "--reserve-free=9999999999TB"),
					 OPTIONS_WRONG);
	assert_int_equal(PARSE("--state-dir=/tmp/x", "--barman=/bin/true", "--max-assertions=-1"),
					 OPTIONS_WRONG);
	assert_int_equal(PARSE("--state-dir=/tmp/x", "--barman=/bin/true", "--max-assertion-bytes=64k"),
					 OPTIONS_WRONG);
	assert_int_equal(PARSE("--state-dir=/tmp/x", "--barman=/bin/true", "--instance-preload=../x"),
					 OPTIONS_WRONG);
	assert_int_equal(PARSE("--state-dir=/tmp/x", "--barman=/bin/true", "--instance-preload=a,"),
					 OPTIONS_WRONG);
	assert_int_equal(PARSE("--state-dir=/tmp/x", "--barman=/bin/true", "--instance-preload="),
					 OPTIONS_WRONG);
	assert_int_equal(PARSE("--nonsense"), OPTIONS_WRONG);
}

static void
what_stays_free_is_a_size_or_a_share(void **state)
{
	(void) state;
	assert_int_equal(PARSE("--state-dir=/tmp/x", "--barman=/bin/true", "--reserve-free=20GB"),
					 OPTIONS_RUN);
	assert_int_equal(settings.reserve_percent, 0);
	assert_int_equal(settings.reserve_bytes, INT64_C(20) << 30);
	assert_int_equal(PARSE("--state-dir=/tmp/x", "--barman=/bin/true", "--reserve-free=10%"),
					 OPTIONS_RUN);
	assert_int_equal(settings.reserve_percent, 10);
	assert_true(settings.reserve_bytes > INT64_C(1) << 60);
	assert_int_equal(PARSE("--state-dir=/tmp/x", "--barman=/bin/true", "--reserve-free=0"),
					 OPTIONS_RUN);
	assert_int_equal(settings.reserve_percent, 0);
	assert_int_equal(settings.reserve_bytes, 0);
}

static void
root_is_refused(void **state)
{
	(void) state;
	if (seteuid(0) != 0)
		return; /* only root can show it */
	assert_int_equal(PARSE("--state-dir=/tmp/x", "--barman=/bin/true"), OPTIONS_WRONG);
	assert_int_equal(seteuid(65534), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loopback_is_told_from_the_world),
		cmocka_unit_test(the_world_needs_a_token),
		cmocka_unit_test(the_world_needs_tls_or_a_word_of_the_risk),
		cmocka_unit_test(each_number_has_a_default_and_bounds),
		cmocka_unit_test(defaults_are_as_documented),
		cmocka_unit_test(wrong_values_are_refused),
		cmocka_unit_test(what_stays_free_is_a_size_or_a_share),
		cmocka_unit_test(root_is_refused),
	};

	int failed;
	bool root = geteuid() == 0;

	if (root && seteuid(65534) != 0)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	/* LeakSanitizer looks at the process from another, which must be allowed */
	if (root && seteuid(0) == 0)
		prctl(PR_SET_DUMPABLE, 1);
	return failed;
}
