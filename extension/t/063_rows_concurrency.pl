# poc_generate_rows() beside other sessions: two that fill one table, writers, deletes of parents, DDL.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use RowsTest;

my $node = PostgreSQL::Test::Cluster->new('concurrency');
$node->init;
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION poc_barman;
CREATE EXTENSION amcheck;
CREATE TABLE keyed (k int PRIMARY KEY, email varchar(80) UNIQUE);
CREATE TABLE serial (id serial PRIMARY KEY, words text);
CREATE TABLE parent (id serial PRIMARY KEY, words text);
CREATE TABLE child (id serial PRIMARY KEY, parent int NOT NULL REFERENCES parent);
SELECT poc_generate_rows(50, 'parent');
SQL

# Runs SQL in a session that has to wait for another one.
sub waiting
{
	my ($sql) = @_;
	my $run = in_background($node, $sql);

	ok(wait_for($node, "SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"), "it waits: $sql");
	return $run;
}

# Two, and four, that count in one table count on from each other.
my @runs = map { in_background($node, "SELECT poc_generate_rows(10000, 'keyed', 1)") } 1 .. 4;
is((finish($_))[0], 0, 'a session fills the table') for @runs;
is($node->safe_psql('postgres', 'SELECT count(*), max(k), count(DISTINCT email) FROM keyed'), '40000|40000|40000', 'each key once');

# Workers of several poc_fill() do so too, also through a view, which only the executor writes to.
$node->safe_psql('postgres', 'CREATE VIEW keys AS SELECT * FROM keyed');
@runs = map { in_background($node, "CALL poc_fill('$_', 20000, workers => 2)") } qw(keyed keys keyed);
is((finish($_))[0], 0, 'poc_fill() fills the table') for @runs;
is($node->safe_psql('postgres', 'SELECT count(*), max(k), count(DISTINCT email) FROM keyed'), '100000|100000|100000', 'each key once, again');

# However many are asked for, and by however many: half of the slots for background workers stays free.
$node->safe_psql('postgres', "CREATE TABLE slots (t text); CREATE VIEW workers AS SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'poc_barman fill'");
my ($code, $nothing, $told) = $node->psql('postgres', "CALL poc_fill('slots', 20000, workers => 64)");
like($told, qr/NOTICE:  poc_fill\(\) runs with 3 of 64 workers\nDETAIL:  Half of max_worker_processes, which is 8, stays free for others, and 1 were in use\./, 'who asks for all is told how many there are');
is($node->safe_psql('postgres', 'SELECT count(*) FROM slots'), '20000', 'and these make all the rows');
$node->safe_psql('postgres', "CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS \$\$BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NULL; END\$\$;
	CREATE TRIGGER hold BEFORE INSERT ON slots EXECUTE FUNCTION hold()");
my $holder = holding($node, 'SELECT pg_advisory_xact_lock(1)');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"), '1', 'a lock holds up all who fill');
@runs = map { in_background($node, "CALL poc_fill('slots', 20000, workers => 2)") } 1 .. 4;
ok(wait_for($node, "SELECT count(*) = 2 FROM pg_stat_activity WHERE query ~ '^CALL poc_fill'"), 'two of four are left');
is($node->safe_psql('postgres', 'SELECT * FROM workers'), '3', 'with the workers that there are');
commit($holder, 'it lets them go');
is(join(' ', sort { $a <=> $b } map { (finish($_))[0] == 0 ? 0 : 1 } @runs), '0 0 1 1', 'and they end well');
is($node->safe_psql('postgres', 'SELECT count(*) FROM slots'), '60000', 'having made their rows');

# A sequence is shared, also with sessions that draw one value at a time.
@runs = map { in_background($node, "SELECT poc_generate_rows(10000, 'serial')") } 1 .. 3;
push @runs, in_background($node, "DO \$\$ BEGIN FOR i IN 1 .. 3000 LOOP INSERT INTO serial (words) VALUES ('x'); COMMIT; END LOOP; END \$\$");
is((finish($_))[0], 0, 'a session draws from the sequence') for @runs;
is($node->safe_psql('postgres', 'SELECT count(*), count(DISTINCT id) FROM serial'), '33000|33000', 'each number once');

# Writers are not held up by one that counts.
my $one = holding($node, "SELECT poc_generate_rows(2000, 'keyed')");
my ($rc, $out, $err) = $node->psql('postgres', "SET statement_timeout = '2s'; INSERT INTO keyed VALUES (-1, 'somebody'); DELETE FROM keyed WHERE k = 1");
is($rc, 0, 'others insert and delete');
($rc, $out, $err) = $node->psql('postgres', "SET lock_timeout = '200ms'; ALTER TABLE keyed ADD COLUMN c int");
like($err, qr/lock timeout/, 'DDL waits');
commit($one, 'and the first commits');
$node->safe_psql('postgres', 'ALTER TABLE keyed ADD COLUMN c int');
is($node->safe_psql('postgres', "SELECT poc_generate_rows(10, 'keyed')"), '10', 'after the DDL the new column is filled too');

# Parents that are referred to cannot go away before the commit.
$one = holding($node, "SELECT poc_generate_rows(2000, 'child')");
my $other = waiting('DELETE FROM parent WHERE id <= 25');
commit($one, 'one refers to parents');
($rc, $out, $err) = finish($other);
like($err, qr/violates foreign key constraint/, 'a delete waits, and then finds the children');
is($node->safe_psql('postgres', 'SELECT count(*) >= 2000 FROM child'), 't', 'and they are there');

# Parents that another session deletes: it waits for that session, and refers to what remains.
$node->safe_psql('postgres', 'TRUNCATE child');
$one = holding($node, 'DELETE FROM parent WHERE id <= 25');
$other = waiting("SELECT poc_generate_rows(2000, 'child')");
commit($one, 'the first commits');
is((finish($other))[1], "2000\n", 'the other goes on');
is($node->safe_psql('postgres', 'SELECT min(parent) > 25 FROM child'), 't', 'no child refers to what is gone');

# Parents that another session renames: it waits, and finds them under their new name.
$one = holding($node, 'ALTER TABLE parent RENAME TO elder');
$other = waiting("SELECT poc_generate_rows(100, 'child')");
commit($one, 'the first commits its name');
is((finish($other))[1], "100\n", 'the other refers to the rows under it');
$node->safe_psql('postgres', 'ALTER TABLE elder RENAME TO parent');

# Building indexes after the load is not for a table that somebody uses.
$node->safe_psql('postgres', 'TRUNCATE serial');
$one = holding($node, 'SELECT count(*) FROM serial');
is($node->safe_psql('postgres', "SET statement_timeout = '1500ms'; SELECT poc_generate_rows(5000, 'serial')"), '5000', 'the other does not wait for it');
commit($one, 'one reads the empty table');

# Two transactions that fill two tables in opposite order end, as with INSERT, for who counts waits for nobody's commit.
# The first waits at the gate for the second, so that a wait of the second for the first is a deadlock.
$node->safe_psql('postgres', 'CREATE TABLE one (id int PRIMARY KEY, t text UNIQUE); CREATE TABLE two (id int PRIMARY KEY, t text); CREATE TABLE gate (id int PRIMARY KEY)');
my $second = in_background($node, <<'SQL');
BEGIN;
INSERT INTO gate VALUES (1);
SELECT poc_generate_rows(100, 'two');
DO $$
BEGIN
	FOR i IN 1 .. 600 LOOP
		EXIT WHEN EXISTS (SELECT FROM pg_catalog.pg_locks WHERE locktype = 'transactionid' AND NOT granted);
		PERFORM pg_sleep(0.1);
	END LOOP;
END
$$;
SELECT poc_generate_rows(100, 'one');
COMMIT;
SQL
ok(wait_for($node, "SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'relation' AND relation = 'gate'::regclass AND mode = 'RowExclusiveLock'"), 'one is through the gate');
my $first = in_background($node, "BEGIN; SELECT poc_generate_rows(100, 'one'); INSERT INTO gate VALUES (1) ON CONFLICT DO NOTHING; SELECT poc_generate_rows(100, 'two'); COMMIT");
is((finish($_))[0], 0, 'it fills both tables') for $second, $first;
is($node->safe_psql('postgres', "SELECT (SELECT concat(count(*), ' ', max(id)) FROM one), (SELECT concat(count(*), ' ', max(id)) FROM two)"), '200 200|200 200', 'and each counts on from the rows of the other, committed or not');

# A table that is dropped under way
$one = holding($node, 'DROP TABLE child');
$other = waiting("SELECT poc_generate_rows(10, 'child')");
commit($one, 'one drops the table');
($rc, $out, $err) = finish($other);
like($err, qr/does not exist/, 'the other is told so');
ok(check_indexes($node), 'heaps and indexes are sound');
ok(check_btrees($node), 'and each level of their trees agrees with the next');

done_testing();
