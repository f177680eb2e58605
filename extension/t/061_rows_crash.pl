# A crash in the middle of poc_generate_rows() or poc_fill() leaves a valid cluster and no part of a transaction.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use RowsTest;

my $node = PostgreSQL::Test::Cluster->new('crash');
$node->init;
$node->append_conf('postgresql.conf', "checkpoint_timeout = 30s\nrestart_after_crash = on\n");
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION poc_barman;
CREATE EXTENSION amcheck;
SELECT poc_seed();
CREATE TABLE keyed (k int PRIMARY KEY, words text);
SELECT poc_generate_rows(2000, 'keyed');
SQL

# of one transaction nothing is left
my $run = in_background($node, "SELECT poc_generate_rows(100000000, 'keyed')");
ok(wait_for($node, "SELECT coalesce(max(tuples_processed), 0) > 20000 FROM pg_stat_progress_copy"), 'it reports its progress');
$node->stop('immediate');
finish($run);
$node->start;
is($node->safe_psql('postgres', 'SELECT count(*) FROM keyed'), '2000', 'no row of the interrupted call is there');
is($node->safe_psql('postgres', "SELECT poc_generate_rows(2000, 'keyed')"), '2000', 'the table can be filled');
is($node->safe_psql('postgres', 'SELECT count(*), max(k) FROM keyed'), '4000|4000', 'and counts on from there');

# the same while the indexes are not built yet
$run = in_background($node, 'SELECT poc_generate_rows(100000000)');
ok(wait_for($node, "SELECT coalesce(max(tuples_processed), 0) > 100000 FROM pg_stat_progress_copy"), 'it reports its progress again');
$node->stop('immediate');
finish($run);
$node->start;
is($node->safe_psql('postgres', 'SELECT count(*) FROM dummy'), '0', 'no row is there');
is($node->safe_psql('postgres', 'SELECT poc_generate_rows(300000)'), '300000', 'dummy can be filled');

# what is committed is made again from WAL, the index that was written with it included
$node->safe_psql('postgres', "CREATE TABLE whole (a int, b text); CALL poc_fill('whole', 300000)");
$node->stop('immediate');
$node->start;
is($node->safe_psql('postgres', 'SELECT count(*), count(DISTINCT id) FROM dummy'), '300000|300000', 'after a crash all rows of dummy are there');
is($node->safe_psql('postgres', "SELECT bt_index_parent_check('dummy_pkey', true, true)"), '', 'and all of its index');
is($node->safe_psql('postgres', 'SELECT count(*) FROM whole'), '300000', 'and all rows that poc_fill() told of');

# of poc_fill() whole batches are left
$node->safe_psql('postgres', 'CREATE TABLE plain (a int, b text)');
$run = in_background($node, "CALL poc_fill('plain', 100000000)");
ok(wait_for($node, "SELECT count(*) > 150000 FROM plain"), 'workers commit as they go');
$node->stop('immediate');
finish($run);
$node->start;
is($node->safe_psql('postgres', 'SELECT count(*) % 100000 FROM plain'), '0', 'only whole batches are there');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'poc_barman%'"), '0', 'no worker is left');
ok(check_indexes($node), 'heaps and indexes are sound');
ok(check_btrees($node), 'and each level of their trees agrees with the next');

done_testing();
