/*
 * test_search.c
 *
 * What is picked from the changes that WAL tells of.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "rescue/search.h"

#define DATABASE 5

static const KnownRelation relations[] = {
	{.oid = 100, .filenode = 100, .root = 100},
	{.oid = 101, .filenode = 201, .root = 100}, /* a partition */
	{.oid = 102, .filenode = 102, .root = 102},
	{.oid = 103, .filenode = 103, .root = 102, .is_part = true}, /* its index */
};

static SearchWishes
all_wishes(void)
{
	return (SearchWishes){.kinds = CHANGE_DROP | CHANGE_TRUNCATE | CHANGE_REWRITE | CHANGE_DELETE |
								   CHANGE_UPDATE,
						  .since = INT64_MIN,
						  .until = INT64_MAX,
						  .min_rows = 1,
						  .database = DATABASE,
						  .most = 4};
}

static Search *
begin(SearchWishes wishes)
{
	return search_new(&wishes,
					  known_relations_new(relations, sizeof(relations) / sizeof(relations[0])));
}

static WalChange
change(uint64_t commit, unsigned int kinds, uint32_t filenode, int64_t updated, int64_t deleted)
{
	return (WalChange){.kinds = kinds,
					   .database = DATABASE,
					   .filenode = filenode,
					   .xid = (uint32_t) commit,
					   .begin_lsn = commit - 1,
					   .commit_lsn = commit,
					   .committed = (int64_t) commit * 1000,
					   .updated = updated,
					   .deleted = deleted,
					   .is_whole = true};
}

static void
give(Search *search, WalChange one)
{
	search_change(&one, search);
}

static void
partitions_count_with_their_table(void **state)
{
	Search *search = begin(all_wishes());

	(void) state;
	give(search, change(10, CHANGE_DELETE, 201, 0, 3));
	give(search, change(10, CHANGE_DELETE, 102, 0, 1));
	give(search, change(10, CHANGE_UPDATE, 100, 2, 0));
	give(search, change(10, CHANGE_DELETE, 103, 0, 9));
	search_end(search);
	assert_int_equal(search_count(search), 2);
	assert_int_equal(search_result(search, 0)->relation, 100);
	assert_int_equal(search_result(search, 0)->kind, CHANGE_DELETE);
	assert_int_equal(search_result(search, 0)->deleted, 3);
	assert_int_equal(search_result(search, 0)->updated, 2);
	assert_int_equal(search_result(search, 1)->relation, 102);
	search_free(search);
}

static void
files_are_learnt_from_truncations(void **state)
{
	Search *search = begin(all_wishes());
	WalChange truncation = change(10, CHANGE_TRUNCATE, 0, 0, 0);

	(void) state;
	truncation.relation = 102;
	truncation.new_filenode = 900;
	give(search, truncation);
	give(search, change(20, CHANGE_DELETE, 900, 0, 7));
	search_end(search);
	assert_int_equal(search_count(search), 2);
	assert_int_equal(search_result(search, 0)->kind, CHANGE_TRUNCATE);
	assert_int_equal(search_result(search, 0)->deleted, -1);
	assert_int_equal(search_result(search, 1)->relation, 102);
	assert_int_equal(search_result(search, 1)->deleted, 7);
	search_free(search);
}

static void
what_is_not_known_is_null_and_never_left_out(void **state)
{
	SearchWishes wishes = all_wishes();
	Search *search;
	WalChange cut = change(10, CHANGE_DELETE, 102, 0, 1);

	(void) state;
	wishes.min_rows = 1000;
	search = begin(wishes);
	cut.is_whole = false;
	give(search, cut);
	give(search, change(20, CHANGE_DELETE, 102, 0, 999));
	give(search, change(30, CHANGE_REWRITE, 102, 0, 0));
	search_end(search);
	assert_int_equal(search_count(search), 2);
	assert_int_equal(search_result(search, 0)->deleted, -1);
	assert_int_equal(search_result(search, 1)->kind, CHANGE_REWRITE);
	assert_int_equal(search_result(search, 1)->inserted, -1);
	search_free(search);
}

static void
the_newest_are_kept(void **state)
{
	Search *search = begin(all_wishes());

	(void) state;
	for (uint64_t i = 1; i <= 11; i++)
		give(search, change(i * 10, CHANGE_DELETE, 102, 0, (int64_t) i));
	search_end(search);
	assert_int_equal(search_count(search), 4);
	assert_int_equal(search_omitted(search), 7);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(search_result(search, i)->deleted, 8 + i);
	search_free(search);
}

static void
others_are_left_out(void **state)
{
	SearchWishes wishes = all_wishes();
	WalChange elsewhere = change(10, CHANGE_DELETE, 102, 0, 5);
	Search *search;

	(void) state;
	wishes.only_known = true;
	wishes.kinds = CHANGE_DELETE;
	wishes.since = 20000;
	wishes.until = 40000;
	search = begin(wishes);
	elsewhere.database = DATABASE + 1;
	give(search, elsewhere);
	give(search, change(19, CHANGE_DELETE, 102, 0, 1));
	give(search, change(20, CHANGE_DELETE, 102, 0, 2));
	give(search, change(25, CHANGE_UPDATE, 102, 1, 0));
	give(search, change(30, CHANGE_DELETE, 777, 0, 3));
	give(search, change(41, CHANGE_DELETE, 102, 0, 4));
	search_end(search);
	assert_int_equal(search_count(search), 1);
	assert_int_equal(search_result(search, 0)->deleted, 2);
	assert_int_equal(search_unknown(search), 1);
	assert_int_equal(search_earliest(search), 10000);
	assert_true(search_earliest(search) == INT64_MAX);
	elsewhere.kinds = 0;
	elsewhere.committed = 30000;
	give(search, elsewhere);
	assert_int_equal(search_unseen(search), 1);
	search_free(search);
}

static void
one_transaction_may_drop_a_hundred_thousand(void **state)
{
	SearchWishes wishes = all_wishes();
	Search *search;

	(void) state;
	wishes.most = 100000;
	search = begin(wishes);
	for (uint32_t i = 0; i < 100000; i++)
	{
		WalChange drop = change(10, CHANGE_DROP, 0, 0, 0);

		drop.relation = 1000000 - i;
		give(search, drop);
	}
	search_end(search);
	assert_int_equal(search_count(search), 100000);
	assert_int_equal(search_result(search, 0)->relation, 900001);
	search_free(search);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(partitions_count_with_their_table),
		cmocka_unit_test(files_are_learnt_from_truncations),
		cmocka_unit_test(what_is_not_known_is_null_and_never_left_out),
		cmocka_unit_test(the_newest_are_kept),
		cmocka_unit_test(others_are_left_out),
		cmocka_unit_test(one_transaction_may_drop_a_hundred_thousand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
