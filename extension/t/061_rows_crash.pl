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
# A crash while the btree is written, at its beginning, in its middle and near its end; fillfactor 10 makes the writing
# long.  The watcher kills the backend from within the server, because a client would come too late.  It does not look at
# the table, which would wait for the lock of the index.
my $entries = 300000;
my $watch = <<'SQL';
SET statement_timeout = '30s';
DO $$
DECLARE
	began boolean := false;
	running boolean;
	writer int;
BEGIN
	LOOP
		PERFORM pg_stat_clear_snapshot();
		SELECT pid INTO writer FROM pg_stat_progress_create_index
		WHERE phase = 'building index: loading tuples in tree' AND tuples_done >= %d;
		EXIT WHEN FOUND;
		running := EXISTS (SELECT FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT poc_generate_rows%%');
		EXIT WHEN began AND NOT running;
		began := running;
	END LOOP;
	IF writer IS NOT NULL THEN
		EXECUTE format('COPY (SELECT) TO PROGRAM %%L', 'kill -9 ' || writer);
	END IF;
END
$$
SQL
$node->safe_psql('postgres', 'CREATE TABLE tall (id bigserial, PRIMARY KEY (id) WITH (fillfactor = 10))');
for my $percent (1, 50, 90)
{
	my ($left, $tries) = ('', 0);

	# a call that was not met has committed its rows
	while ($left ne '0' && $tries < 10)
	{
		$tries++;
		$node->safe_psql('postgres', 'TRUNCATE tall');
		my $watcher = in_background($node, sprintf($watch, $entries * $percent / 100));
		wait_for($node, "SELECT count(*) = 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%kill%' AND pid <> pg_backend_pid()");
		$run = in_background($node, "SELECT poc_generate_rows($entries, 'tall')");
		finish($run);
		finish($watcher);
		$node->poll_query_until('postgres', 'SELECT true');
		$left = $node->safe_psql('postgres', 'SELECT count(*) FROM tall');
	}
	is($left, '0', "a backend is killed when it has written $percent % of a btree, at try $tries");
	is($node->safe_psql('postgres', "SELECT bt_index_parent_check('tall_pkey', true, true)"), '', 'the key is the empty one of before');
	is($node->safe_psql('postgres', "SELECT poc_generate_rows(20000, 'tall')"), '20000', 'the table can be filled');
	is($node->safe_psql('postgres', "SELECT bt_index_parent_check('tall_pkey', true, true)"), '', 'and its key is sound');
}

# and when it has been written but its transaction has not committed, before and after a checkpoint
for my $checkpoint ('', 'CHECKPOINT')
{
	$node->safe_psql('postgres', 'TRUNCATE tall');
	my $session = holding($node, "SELECT poc_generate_rows(20000, 'tall')");

	$node->safe_psql('postgres', $checkpoint) if $checkpoint;
	$node->stop('immediate');
	eval { $session->quit };
	$node->start;
	is($node->safe_psql('postgres', 'SELECT count(*) FROM tall'), '0', "of what had not committed no row is there" . ($checkpoint && ' after a checkpoint'));
	is($node->safe_psql('postgres', "SELECT bt_index_parent_check('tall_pkey', true, true)"), '', 'the key is the empty one of before');
	is($node->safe_psql('postgres', "SELECT poc_generate_rows(20000, 'tall')"), '20000', 'the table can be filled');
}

ok(check_indexes($node), 'heaps and indexes are sound');
ok(check_btrees($node), 'and each level of their trees agrees with the next');

done_testing();
