/*
 * test_token.c
 *
 * Who has the token may in, and nobody else, also while it is rotated.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "token.h"

static char path[] = "/tmp/sidecar-token-XXXXXX";

static void
write_token(const char *text)
{
	FILE	   *file = fopen(path, "w");

	fputs(text, file);
	fclose(file);
}

static void
without_a_file_everybody_may_in(void **state)
{
	(void) state;
	token_use_file(NULL);
	assert_false(token_configured());
	assert_int_equal(token_check(NULL), TOKEN_GOOD);
}

static void
only_the_token_itself_is_good(void **state)
{
	(void) state;
	write_token("  s3cret-token\n");
	token_use_file(path);
	assert_int_equal(token_check("Bearer s3cret-token"), TOKEN_GOOD);
	assert_int_equal(token_check("bearer s3cret-token "), TOKEN_GOOD);
	assert_int_equal(token_check(NULL), TOKEN_MISSING);
	assert_int_equal(token_check(""), TOKEN_WRONG);
	assert_int_equal(token_check("Bearer"), TOKEN_WRONG);
	assert_int_equal(token_check("Bearer "), TOKEN_WRONG);
	assert_int_equal(token_check("Bearer s3cret-toke"), TOKEN_WRONG);
	assert_int_equal(token_check("Bearer s3cret-token2"), TOKEN_WRONG);
	assert_int_equal(token_check("Bearer s3cret-tokens3cret-token"), TOKEN_WRONG);
	assert_int_equal(token_check("Basic s3cret-token"), TOKEN_WRONG);
	assert_int_equal(token_check("s3cret-token"), TOKEN_WRONG);
}

static void
a_new_token_counts_at_once(void **state)
{
	(void) state;
	write_token("first");
	token_use_file(path);
	assert_int_equal(token_check("Bearer first"), TOKEN_GOOD);
	write_token("second");
	assert_int_equal(token_check("Bearer first"), TOKEN_WRONG);
	assert_int_equal(token_check("Bearer second"), TOKEN_GOOD);
}

static void
an_empty_or_missing_file_lets_nobody_in(void **state)
{
	(void) state;
	write_token(" \n");
	token_use_file(path);
	assert_int_equal(token_check("Bearer "), TOKEN_UNREADABLE);
	token_use_file("/nonexistent/token");
	assert_int_equal(token_check("Bearer x"), TOKEN_UNREADABLE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_file_everybody_may_in),
		cmocka_unit_test(only_the_token_itself_is_good),
		cmocka_unit_test(a_new_token_counts_at_once),
		cmocka_unit_test(an_empty_or_missing_file_lets_nobody_in),
	};
	int			failed;
	int			fd = mkstemp(path);

	close(fd);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return failed;
}
