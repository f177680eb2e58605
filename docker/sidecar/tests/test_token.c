/*
 * test_token.c
 *
 * Who has a token may do what it is for, and nobody else anything, also while it
 * is rotated.
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

#include "base/token.h"

static char directory[] = "/tmp/sidecar-token-XXXXXX";

static char *
path_of(const char *name)
{
	static char paths[4][128];
	static int next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", directory, name);
	return path;
}

static void
write_bytes(const char *name, const char *text, size_t length)
{
	FILE *file = fopen(path_of(name), "w");

	assert_non_null(file);
	fwrite(text, 1, length, file);
	fclose(file);
}

static void
write_token(const char *text)
{
	write_bytes("token", text, strlen(text));
}

/* "operate=" and the like before the path of that file in our directory */
static void
add(const char *scope, const char *name)
{
	char option[256];

	snprintf(option, sizeof(option), "%s%s", scope, path_of(name));
	assert_null(token_add_file(option));
}

static void
use(const char *name)
{
	token_forget_files();
	add("", name);
}

static TokenVerdict
check(const char *authorization)
{
	const TokenGrant *grant;
	TokenVerdict verdict = token_check(authorization, &grant);

	assert_true((verdict == TOKEN_GOOD) == (grant != NULL));
	return verdict;
}

static TokenScope
scope_of(const char *authorization)
{
	const TokenGrant *grant;

	token_check(authorization, &grant);
	return grant != NULL ? grant->scope : SCOPE_UNSET;
}

static int
set_up(void **state)
{
	(void) state;
	token_forget_files();
	write_token("first");
	chmod(path_of("token"), 0600);
	return 0;
}

static void
without_a_file_everybody_may_operate_and_destroy_nothing(void **state)
{
	(void) state;
	assert_false(token_configured());
	assert_int_equal(check(NULL), TOKEN_GOOD);
	assert_int_equal(scope_of(NULL), SCOPE_OPERATE);
	assert_int_equal(token_strongest(), SCOPE_OPERATE);
}

static void
only_the_token_itself_is_good(void **state)
{
	(void) state;
	write_token("  s3cret-token\n");
	use("token");
	assert_int_equal(check("Bearer s3cret-token"), TOKEN_GOOD);
	assert_int_equal(check("bearer s3cret-token "), TOKEN_GOOD);
	assert_int_equal(check(NULL), TOKEN_MISSING);
	assert_int_equal(check(""), TOKEN_WRONG);
	assert_int_equal(check("Bearer"), TOKEN_WRONG);
	assert_int_equal(check("Bearer "), TOKEN_WRONG);
	assert_int_equal(check("Bearer s3cret-toke"), TOKEN_WRONG);
	assert_int_equal(check("Bearer s3cret-token2"), TOKEN_WRONG);
	assert_int_equal(check("Bearer s3cret-tokens3cret-token"), TOKEN_WRONG);
	assert_int_equal(check("Basic s3cret-token"), TOKEN_WRONG);
	assert_int_equal(check("s3cret-token"), TOKEN_WRONG);
}

static void
a_new_token_counts_at_once(void **state)
{
	(void) state;
	use("token");
	assert_int_equal(check("Bearer first"), TOKEN_GOOD);
	write_token("second");
	assert_int_equal(check("Bearer first"), TOKEN_WRONG);
	assert_int_equal(check("Bearer second"), TOKEN_GOOD);

	/* replaced whole, as one should */
	write_bytes("new", "third\n", 6);
	chmod(path_of("new"), 0600);
	assert_int_equal(rename(path_of("new"), path_of("token")), 0);
	assert_int_equal(check("Bearer second"), TOKEN_WRONG);
	assert_int_equal(check("Bearer third"), TOKEN_GOOD);
}

static void
an_empty_or_missing_file_lets_nobody_in(void **state)
{
	(void) state;
	write_token(" \n");
	use("token");
	assert_int_equal(check("Bearer "), TOKEN_UNREADABLE);
	assert_false(token_read_files());
	use("missing");
	assert_int_equal(check("Bearer x"), TOKEN_UNREADABLE);
	assert_false(token_read_files());
}

static void
a_file_open_to_others_is_refused_at_the_start_and_later(void **state)
{
	static const mode_t modes[] = {0640, 0604, 0620, 0602, 0644, 0610};

	(void) state;
	use("token");
	assert_true(token_read_files());
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
	{
		chmod(path_of("token"), modes[i]);
		assert_int_equal(check("Bearer first"), TOKEN_UNREADABLE);
		assert_false(token_read_files());
		chmod(path_of("token"), 0600);
		assert_int_equal(check("Bearer first"), TOKEN_GOOD);
	}
}

static void
what_is_no_file_of_ours_neither_hangs_nor_counts(void **state)
{
	(void) state;
	assert_int_equal(mkfifo(path_of("fifo"), 0600), 0);
	assert_int_equal(mkdir(path_of("directory"), 0700), 0);
	assert_int_equal(symlink(path_of("token"), path_of("link")), 0);
	use("fifo");
	assert_int_equal(check("Bearer first"), TOKEN_UNREADABLE);
	use("directory");
	assert_int_equal(check("Bearer first"), TOKEN_UNREADABLE);
	use("link");
	assert_int_equal(check("Bearer first"), TOKEN_UNREADABLE);
	token_forget_files();
	assert_null(token_add_file("/dev/zero"));
	assert_int_equal(check("Bearer first"), TOKEN_UNREADABLE);
	unlink(path_of("fifo"));
	unlink(path_of("link"));
	rmdir(path_of("directory"));
}

static void
a_file_of_another_user_is_refused(void **state)
{
	(void) state;
	use("token");
	if (geteuid() == 0)
	{
		assert_int_equal(chown(path_of("token"), 65534, (gid_t) -1), 0);
		assert_int_equal(check("Bearer first"), TOKEN_UNREADABLE);
		assert_int_equal(chown(path_of("token"), 0, (gid_t) -1), 0);
	}
	assert_int_equal(check("Bearer first"), TOKEN_GOOD);
}

static void
a_token_is_one_line_of_printable_characters(void **state)
{
	char many[2000];

	(void) state;
	use("token");
	write_bytes("token", "fir\0st", 6);
	assert_int_equal(check("Bearer fir"), TOKEN_UNREADABLE);
	write_bytes("token", "first\0", 6);
	assert_int_equal(check("Bearer first"), TOKEN_UNREADABLE);
	write_token("two\nlines");
	assert_int_equal(check("Bearer two"), TOKEN_UNREADABLE);
	write_token("two words");
	assert_int_equal(check("Bearer two words"), TOKEN_UNREADABLE);
	memset(many, 'x', sizeof(many));
	write_bytes("token", many, sizeof(many));
	assert_int_equal(check("Bearer x"), TOKEN_UNREADABLE);
}

static void
each_token_has_its_scope_and_its_servers(void **state)
{
	const TokenGrant *grant;
	static const char *const names[] = {"read", "operate", "destroy", "one"};

	(void) state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		write_bytes(names[i], names[i], strlen(names[i]));
		chmod(path_of(names[i]), 0600);
	}
	add("read=", "read");
	add("", "operate");
	assert_int_equal(token_strongest(), SCOPE_OPERATE);
	add("destroy=", "destroy");
	add("read:pg,other=", "one");
	assert_true(token_read_files());
	assert_int_equal(token_strongest(), SCOPE_DESTROY);
	assert_int_equal(scope_of("Bearer read"), SCOPE_READ);
	assert_int_equal(scope_of("Bearer operate"), SCOPE_OPERATE);
	assert_int_equal(scope_of("Bearer destroy"), SCOPE_DESTROY);
	assert_int_equal(scope_of("Bearer none"), SCOPE_UNSET);

	token_check("Bearer read", &grant);
	assert_true(token_reaches(grant, "pg") && token_reaches(grant, "third") &&
				token_reaches(grant, NULL));
	token_check("Bearer one", &grant);
	assert_int_equal(grant->scope, SCOPE_READ);
	assert_true(token_reaches(grant, "pg") && token_reaches(grant, "other"));
	assert_false(token_reaches(grant, "third") || token_reaches(grant, "p") ||
				 token_reaches(grant, NULL));

	/* one that is bad takes nothing from the others */
	chmod(path_of("read"), 0644);
	assert_int_equal(scope_of("Bearer operate"), SCOPE_OPERATE);
	assert_int_equal(check("Bearer read"), TOKEN_UNREADABLE);
	assert_int_equal(check(NULL), TOKEN_MISSING);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(path_of(names[i]));
}

static void
the_same_token_in_two_files_is_refused_and_never_the_stronger(void **state)
{
	(void) state;
	write_bytes("other", "first\n", 6);
	chmod(path_of("other"), 0600);
	add("destroy=", "other");
	add("read=", "token");
	assert_false(token_read_files());
	assert_int_equal(scope_of("Bearer first"), SCOPE_READ);
	unlink(path_of("other"));
}

static void
a_specification_that_says_nothing_clear_is_refused(void **state)
{
	static const char *const bad[] =
		{"", "read=", "read:=/x", "read:pg", "read:pg,=/x", "read:a/b=/x", "destroy:../x=/x"};

	(void) state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		char *why = token_add_file(bad[i]);

		if (why == NULL)
			fail_msg("\"%s\" is taken", bad[i]);
		free(why);
		token_forget_files();
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(without_a_file_everybody_may_operate_and_destroy_nothing, set_up),
		cmocka_unit_test_setup(only_the_token_itself_is_good, set_up),
		cmocka_unit_test_setup(a_new_token_counts_at_once, set_up),
		cmocka_unit_test_setup(an_empty_or_missing_file_lets_nobody_in, set_up),
		cmocka_unit_test_setup(a_file_open_to_others_is_refused_at_the_start_and_later, set_up),
		cmocka_unit_test_setup(what_is_no_file_of_ours_neither_hangs_nor_counts, set_up),
		cmocka_unit_test_setup(a_file_of_another_user_is_refused, set_up),
		cmocka_unit_test_setup(a_token_is_one_line_of_printable_characters, set_up),
		cmocka_unit_test_setup(each_token_has_its_scope_and_its_servers, set_up),
		cmocka_unit_test_setup(the_same_token_in_two_files_is_refused_and_never_the_stronger, set_up),
		cmocka_unit_test_setup(a_specification_that_says_nothing_clear_is_refused, set_up),
	};
	int failed;

	if (mkdtemp(directory) == NULL)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	token_forget_files();
	unlink(path_of("token"));
	rmdir(directory);
	return failed;
}
