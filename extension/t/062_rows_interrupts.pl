# poc_generate_rows() and poc_fill() end at once when they are told to, and leave nothing behind.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

use RowsTest;

my $node = PostgreSQL::Test::Cluster->new('interrupts');
$node->init;
$node->append_conf('postgresql.conf', "autovacuum = off\n");
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION poc_barman;
CREATE TABLE plain (a int, b text);
CREATE TABLE keyed (k int PRIMARY KEY, b text);
CREATE TABLE slow (a int, b text DEFAULT clock_timestamp()::text, c bigint DEFAULT pg_backend_pid());
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER nothing BEFORE INSERT ON slow FOR EACH ROW EXECUTE FUNCTION nothing();
CREATE VIEW seen AS SELECT * FROM plain;
CREATE TABLE parts (id bigserial, at date) PARTITION BY RANGE (at);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
SELECT poc_generate_rows(10, 'keyed');
SELECT poc_seed();
SQL

# Each path obeys a timeout; a busy machine may take its time, but not the minutes of all the rows.
for my $table (qw(plain keyed slow seen parts))
{
	my $began = time;
	my ($rc, $out, $err) = $node->psql('postgres', "SET statement_timeout = '300ms'; SELECT poc_generate_rows(100000000, '$table')");
	my $taken = time - $began;

	like($err, qr/canceling statement due to statement timeout/, "$table: a timeout ends the call");
	cmp_ok($taken, '<', 10, sprintf('%s: after %.2f s', $table, $taken));
}

# The rebuilding of indexes, too, and being terminated.
my $run = in_background($node, 'SELECT poc_generate_rows(100000000)');
ok(wait_for($node, "SELECT count(*) = 1 FROM pg_stat_progress_copy WHERE relid::regclass::text = 'dummy' AND tuples_processed > 0"),
	'pg_stat_progress_copy tells the table');
$node->safe_psql('postgres', "SELECT pg_terminate_backend(pid) FROM pg_stat_progress_copy");
my ($rc, $out, $err) = finish($run);
like($err, qr/terminating connection due to administrator command/, 'a session can be terminated');

# The workers of poc_fill() end with their caller, however it ends.
$run = in_background($node, "CALL poc_fill('plain', 1000000000)");
ok(wait_for($node, "SELECT count(*) = 2 FROM pg_stat_activity WHERE backend_type LIKE 'poc_barman%' AND query = 'poc_fill()'"), 'two workers run');
$node->safe_psql('postgres', "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE 'CALL poc_fill%'");
($rc, $out, $err) = finish($run);
like($err, qr/WARNING:  poc_fill\(\) stopped: at least \d+ rows are committed/, 'a cancelled poc_fill() tells what is committed');
like($err, qr/canceling statement due to user request/, 'and why it stopped');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'poc_barman%'"), '0', 'no worker is left');

$run = in_background($node, "CALL poc_fill('plain', 1000000000)");
wait_for($node, "SELECT count(*) = 2 FROM pg_stat_activity WHERE backend_type LIKE 'poc_barman%' AND query = 'poc_fill()'");
$node->safe_psql('postgres', "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'CALL poc_fill%'");
finish($run);
ok(wait_for($node, "SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type LIKE 'poc_barman%'"), 'nor when the caller is terminated');

$run = in_background($node, "CALL poc_fill('plain', 1000000000)");
wait_for($node, "SELECT count(*) = 2 FROM pg_stat_activity WHERE backend_type LIKE 'poc_barman%' AND query = 'poc_fill()'");
$node->safe_psql('postgres', "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type LIKE 'poc_barman%' LIMIT 1");
($rc, $out, $err) = finish($run);
like($err, qr/ERROR:  terminating background worker/, 'the end of a worker reaches the caller');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'poc_barman%'"), '0', 'and ends the others');

# A hundred cancelled runs in one session leak nothing.
my $leaks = $node->safe_psql('postgres', <<'SQL');
CREATE TABLE numbers (n int, bytes bigint);
CREATE PROCEDURE many(times int) LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1 .. times LOOP
		BEGIN
			PERFORM poc_generate_rows(2000, (ARRAY['plain', 'keyed', 'slow', 'seen', 'parts'])[1 + i % 5]::regclass,
				options => CASE WHEN i % 2 = 0 THEN '{}' ELSE '{"path": "single"}' END::jsonb);
			RAISE EXCEPTION 'away with it';
		EXCEPTION WHEN raise_exception THEN
			NULL;
		END;
		BEGIN
			PERFORM poc_generate_rows(10, 'keyed', options => '{"columns": {"k": {"constant": 1}}}');
		EXCEPTION WHEN program_limit_exceeded THEN
			NULL;
		END;
	END LOOP;
END $$;
CALL many(20);
INSERT INTO numbers SELECT 1, sum(total_bytes) FROM pg_backend_memory_contexts;
CALL many(100);
INSERT INTO numbers SELECT 2, sum(total_bytes) FROM pg_backend_memory_contexts;
SELECT b.bytes - a.bytes FROM numbers a, numbers b WHERE a.n = 1 AND b.n = 2;
SQL
cmp_ok($leaks, '<', 1024 * 1024, "memory stays flat over failing calls ($leaks bytes)");
my $timeouts = join "\n", map { "SELECT poc_generate_rows(100000000, 'plain');" } 1 .. 100;
my $session = "SET statement_timeout = '20ms';\n$timeouts\n"
  . "RESET statement_timeout;\nSELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND relation = 'plain'::regclass;\n";
($rc, $out, $err) = $node->psql('postgres', $session, on_error_stop => 0);
is(scalar(() = $err =~ /statement timeout/g), 100, 'a hundred calls are cancelled');
like($out, qr/0\s*$/, 'no lock is left');
is($node->safe_psql('postgres', 'SELECT count(*) FROM pg_stat_progress_copy'), '0', 'nor a line in the progress view');
unlike(slurp_file($node->logfile), qr/leak|PANIC|was terminated by signal/, 'nor a complaint in the log');


# Rows are tried within subtransactions, and none of them outlives a cancel: neither where PL/pgSQL catches it ...
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE cancels (a int, b int,
	CHECK (a / nullif(b, 0) IS NOT NULL), CHECK (a % 1009 = b % 1013 + 1), CHECK (pg_cancel_backend(pg_backend_pid()) AND a / nullif(b, 0) >= 0));
CREATE TABLE caught (n int);
SQL
for my $call ("PERFORM poc_generate_rows(10, 'cancels')", "PERFORM * FROM poc_preview_rows('cancels')")
{
	($rc, $out, $err) = $node->psql('postgres', <<"SQL", on_error_stop => 0);
DO \$\$
BEGIN
	TRUNCATE caught;
	BEGIN
		$call;
		INSERT INTO caught VALUES (0);
	EXCEPTION WHEN query_canceled THEN
		INSERT INTO caught VALUES (1);
	END;
END \$\$;
SELECT 'goes on';
SQL
	like($out, qr/goes on/, "$call: the session goes on") or diag($err);
	is($node->safe_psql('postgres', 'SELECT n FROM caught'), '1', "$call: what was done behind the EXCEPTION is committed");
}

# ... nor where nobody does.
my $tried = join "\n", map { "SET statement_timeout = '${_}ms'; SELECT poc_generate_rows(100000000, 'searched'); RESET statement_timeout; SELECT 'goes on';" } 11 .. 60;
$node->safe_psql('postgres', 'CREATE TABLE searched (a int, b int, CHECK (a % 1009 = b % 1013 + 1 AND a / nullif(b, 0) IS NOT NULL))');
($rc, $out, $err) = $node->psql('postgres', $tried, on_error_stop => 0);
is(scalar(() = $out =~ /goes on/g), 50, 'fifty timeouts leave the session in no transaction');
unlike($err, qr/transaction is aborted/, 'and none that is aborted');

done_testing();
