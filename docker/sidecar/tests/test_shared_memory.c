/*
 * test_shared_memory.c
 *
 * What a restored server has left in shared memory is removed, and nothing else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/directory.h"
#include "base/memory.h"
#include "restore/instance_files.h"
#include "restore/shared_memory.h"

static char instance[] = "/tmp/poc_shared_XXXXXX";
static SharedKeys keys;

static int
make_instance(void **state)
{
	(void) state;
	return mkdtemp(instance) == NULL || directory_make(instance, INSTANCE_DATA) != 0 ||
		   shared_memory_keys(instance, &keys) != 0;
}

static int
remove_instance(void **state)
{
	(void) state;
	return directory_remove(instance);
}

static void
make_segment(unsigned int n)
{
	assert_true(shmget((key_t) (keys.first + n), 64, IPC_CREAT | IPC_EXCL | 0600) >= 0);
}

/* By a process that then ends */
static void
leave_segment(unsigned int n)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(shmget((key_t) (keys.first + n), 64, IPC_CREAT | IPC_EXCL | 0600) < 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static int
segment(unsigned int n)
{
	return shmget((key_t) (keys.first + n), 0, 0);
}

static void
the_keys_are_those_of_the_data(void **state)
{
	char *data = mem_printf("%s/" INSTANCE_DATA, instance);
	struct stat status;
	SharedKeys none = {0};

	(void) state;
	assert_int_equal(stat(data, &status), 0);
	assert_int_equal(keys.first, (unsigned int) status.st_ino);
	assert_int_not_equal(shared_memory_keys("/no/such/instance", &none), 0);
	free(data);
}

static void
what_is_left_is_removed(void **state)
{
	(void) state;
	leave_segment(0);
	leave_segment(SHARED_KEYS - 1);
	shared_memory_remove(&keys);
	assert_int_equal(segment(0), -1);
	assert_int_equal(segment(SHARED_KEYS - 1), -1);
}

/* One that has another key, is attached, or whose creator lives and may be about to attach it */
static void
nothing_else_is_removed(void **state)
{
	static const unsigned int all[] = {SHARED_KEYS, 1, 2};
	void *attached;

	(void) state;
	leave_segment(SHARED_KEYS);
	leave_segment(1);
	attached = shmat(segment(1), NULL, 0);
	assert_true(attached != (void *) -1);
	make_segment(2);
	shared_memory_remove(&keys);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
	{
		int id = segment(all[i]);

		if (id < 0)
			fail_msg("%u was removed", all[i]);
		assert_int_equal(shmctl(id, IPC_RMID, NULL), 0);
	}
	assert_int_equal(shmdt(attached), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_keys_are_those_of_the_data),
		cmocka_unit_test(what_is_left_is_removed),
		cmocka_unit_test(nothing_else_is_removed),
	};

	return cmocka_run_group_tests(tests, make_instance, remove_instance);
}
