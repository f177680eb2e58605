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
my $holder = in_background($node, "BEGIN; SELECT pg_advisory_xact_lock(1); SELECT pg_sleep(30); COMMIT");
ok(wait_for($node, "SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"), 'a lock holds up all who fill');
@runs = map { in_background($node, "CALL poc_fill('slots', 20000, workers => 2)") } 1 .. 4;
ok(wait_for($node, "SELECT count(*) = 2 FROM pg_stat_activity WHERE query ~ '^CALL poc_fill'"), 'two of four are left');
is($node->safe_psql('postgres', 'SELECT * FROM workers'), '3', 'with the workers that there are');
$node->safe_psql('postgres', "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
finish($holder);
is(join(' ', sort { $a <=> $b } map { (finish($_))[0] == 0 ? 0 : 1 } @runs), '0 0 1 1', 'and they end well');
is($node->safe_psql('postgres', 'SELECT count(*) FROM slots'), '60000', 'having made their rows');

# A sequence is shared, also with sessions that draw one value at a time.
@runs = map { in_background($node, "SELECT poc_generate_rows(10000, 'serial')") } 1 .. 3;
push @runs, in_background($node, "DO \$\$ BEGIN FOR i IN 1 .. 3000 LOOP INSERT INTO serial (words) VALUES ('x'); COMMIT; END LOOP; END \$\$");
is((finish($_))[0], 0, 'a session draws from the sequence') for @runs;
is($node->safe_psql('postgres', 'SELECT count(*), count(DISTINCT id) FROM serial'), '33000|33000', 'each number once');

# Writers are not held up by one that counts.
my $run = in_background($node, "BEGIN; SELECT poc_generate_rows(2000, 'keyed'); SELECT pg_sleep(3); COMMIT");
ok(wait_for($node, "SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"), 'one has counted, and waits');
my ($rc, $out, $err) = $node->psql('postgres', "SET statement_timeout = '2s'; INSERT INTO keyed VALUES (-1, 'somebody'); DELETE FROM keyed WHERE k = 1");
is($rc, 0, 'others insert and delete');
($rc, $out, $err) = $node->psql('postgres', "SET lock_timeout = '200ms'; ALTER TABLE keyed ADD COLUMN c int");
like($err, qr/lock timeout/, 'DDL waits');
is((finish($run))[0], 0, 'and the first commits');
$node->safe_psql('postgres', 'ALTER TABLE keyed ADD COLUMN c int');
is($node->safe_psql('postgres', "SELECT poc_generate_rows(10, 'keyed')"), '10', 'after the DDL the new column is filled too');

# Parents that are referred to cannot go away before the commit.
$run = in_background($node, "BEGIN; SELECT poc_generate_rows(2000, 'child'); SELECT pg_sleep(2); COMMIT");
ok(wait_for($node, "SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"), 'one refers to parents');
($rc, $out, $err) = $node->psql('postgres', 'DELETE FROM parent WHERE id <= 25');
like($err, qr/violates foreign key constraint/, 'a delete waits, and then finds the children');
is((finish($run))[0], 0, 'and they are there');

# Parents that another session deletes: it waits for that session, and refers to what remains.
$node->safe_psql('postgres', 'TRUNCATE child');
$run = in_background($node, 'BEGIN; DELETE FROM parent WHERE id <= 25; SELECT pg_sleep(2); COMMIT');
ok(wait_for($node, "SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"), 'one deletes parents');
is($node->safe_psql('postgres', "SELECT poc_generate_rows(2000, 'child')"), '2000', 'the other goes on');
is((finish($run))[0], 0, 'the first commits');
is($node->safe_psql('postgres', 'SELECT min(parent) > 25 FROM child'), 't', 'no child refers to what is gone');

# Building indexes after the load is not for a table that somebody uses.
$node->safe_psql('postgres', 'TRUNCATE serial');
$run = in_background($node, 'BEGIN; SELECT count(*) FROM serial; SELECT pg_sleep(2); COMMIT');
ok(wait_for($node, "SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"), 'one reads the empty table');
is($node->safe_psql('postgres', "SET statement_timeout = '1500ms'; SELECT poc_generate_rows(5000, 'serial')"), '5000', 'the other does not wait for it');
finish($run);

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
$run = in_background($node, 'BEGIN; DROP TABLE child; SELECT pg_sleep(1); COMMIT');
ok(wait_for($node, "SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"), 'one drops the table');
($rc, $out, $err) = $node->psql('postgres', "SELECT poc_generate_rows(10, 'child')");
like($err, qr/does not exist/, 'the other is told so');
finish($run);
ok(check_indexes($node), 'heaps and indexes are sound');
ok(check_btrees($node), 'and each level of their trees agrees with the next');

done_testing();
