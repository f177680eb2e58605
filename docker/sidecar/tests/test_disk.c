/*
 * test_disk.c
 *
 * How full a file system is, asked of a path that exists and of one that does not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "barman/file_areas.h"
#include "base/disk.h"

static json_int_t number(const json_t *disk, const char *key);
static void test_existing_path(void **state);
static void test_missing_path_is_where_its_parent_is(void **state);
static void test_not_a_directory(void **state);
static void test_unknown_server(void **state);

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_existing_path),
		cmocka_unit_test(test_missing_path_is_where_its_parent_is),
		cmocka_unit_test(test_not_a_directory),
		cmocka_unit_test(test_unknown_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

static json_int_t
number(const json_t *disk, const char *key)
{
	assert_true(json_is_integer(json_object_get(disk, key)));
	return json_integer_value(json_object_get(disk, key));
}

static void
test_existing_path(void **state)
{
	json_t *disk = disk_of_path("/");

	(void) state;
	assert_non_null(disk);
	assert_true(number(disk, "total_bytes") > 0);
	assert_true(number(disk, "free_bytes") >= 0);
	assert_true(number(disk, "free_bytes") <= number(disk, "total_bytes"));
	json_decref(disk);
}

static void
test_missing_path_is_where_its_parent_is(void **state)
{
	json_t *parent = disk_of_path("/dev");
	json_t *disk = disk_of_path("/dev/not/there/yet");

	(void) state;
	assert_non_null(disk);
	assert_int_equal(number(disk, "total_bytes"), number(parent, "total_bytes"));
	json_decref(disk);
	json_decref(parent);
}

static void
test_not_a_directory(void **state)
{
	(void) state;
	assert_null(disk_of_path("/dev/null/below"));
}

static void
test_unknown_server(void **state)
{
	Answer *answer = area_list_disks("nobody");

	(void) state;
	assert_int_equal(answer->status, 200);
	assert_int_equal(json_array_size(json_object_get(answer->value, "disks")), 0);
	answer_release(answer);
}
