/*
 * test_process_limit.c
 *
 * A restored server may not have all processes that its control group lets the
 * sidecar have.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/directory.h"
#include "base/memory.h"
#include "restore/process_limit.h"

static char root[64];

static int
make_root(void **state)
{
	(void) state;
	strcpy(root, "/tmp/poc_limit_XXXXXX");
	return mkdtemp(root) == NULL;
}

static int
remove_root(void **state)
{
	(void) state;
	return directory_remove(root);
}

static void
put(const char *path, const char *text)
{
	char *command = mem_printf("mkdir -p $(dirname %s%s) && printf '%s' > %s%s", root, path, text,
							   root, path);

	assert_int_equal(system(command), 0);
	free(command);
}

static void
put_groups(const char *text)
{
	char *path = mem_printf("/proc/%d/cgroup", (int) getpid());

	put(path, text);
	free(path);
}

static void
nothing_limits_them(void **state)
{
	(void) state;
	assert_int_equal(process_limit(root), PROCESSES_MAX);
	put_groups("0::/\n");
	assert_int_equal(process_limit(root), PROCESSES_MAX);
	put("/sys/fs/cgroup/pids.max", "max\n");
	assert_int_equal(process_limit(root), PROCESSES_MAX);
	put("/sys/fs/cgroup/pids.max", "1000000\n");
	assert_int_equal(process_limit(root), PROCESSES_MAX);
}

static void
some_are_left(void **state)
{
	(void) state;
	put_groups("0::/system.slice/barman-sidecar.service\n");
	put("/sys/fs/cgroup/system.slice/barman-sidecar.service/pids.max", "4915\n");
	assert_int_equal(process_limit(root), 4915 - 1024);
	/* of a small limit the half */
	put("/sys/fs/cgroup/system.slice/barman-sidecar.service/pids.max", "600\n");
	assert_int_equal(process_limit(root), 300);
}

static void
the_groups_above_count(void **state)
{
	(void) state;
	put_groups("0::/a/b/c\n");
	put("/sys/fs/cgroup/a/b/c/pids.max", "max\n");
	put("/sys/fs/cgroup/a/pids.max", "800\n");
	assert_int_equal(process_limit(root), 400);
	/* a container sees its own as the root, whatever it is called outside */
	put_groups("0::/../../elsewhere\n");
	put("/sys/fs/cgroup/pids.max", "200\n");
	assert_int_equal(process_limit(root), 100);
}

static void
so_do_those_of_version_1(void **state)
{
	(void) state;
	put_groups("9:name=systemd:/x\n8:cpu,cpuacct:/y\n7:pids:/docker/1\n");
	put("/sys/fs/cgroup/pids/docker/1/pids.max", "700\n");
	assert_int_equal(process_limit(root), 350);
	put_groups("7:cpu,pids:/gone\n");
	put("/sys/fs/cgroup/pids/pids.max", "90\n");
	assert_int_equal(process_limit(root), 45);
}

static void
nonsense_is_no_limit(void **state)
{
	static const char *const texts[] = {"", "\n", "0", "0:", "0::", ":::", "x::/a", "7:pids"};

	(void) state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
	{
		put_groups(texts[i]);
		assert_int_equal(process_limit(root), PROCESSES_MAX);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_limits_them, make_root, remove_root),
		cmocka_unit_test_setup_teardown(some_are_left, make_root, remove_root),
		cmocka_unit_test_setup_teardown(the_groups_above_count, make_root, remove_root),
		cmocka_unit_test_setup_teardown(so_do_those_of_version_1, make_root, remove_root),
		cmocka_unit_test_setup_teardown(nonsense_is_no_limit, make_root, remove_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
