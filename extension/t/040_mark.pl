# A mark waits for those who write, keeps them waiting, and is what a restore to it brings back.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use PocTest;

my $node = PostgreSQL::Test::Cluster->new('primary');
$node->init(allows_streaming => 1, has_archiving => 1);
$node->append_conf('postgresql.conf', "max_prepared_transactions = 2\nmax_parallel_workers_per_gather = 2\n");
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION poc_barman;
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE t (id int PRIMARY KEY, b text, m mood, r regclass, j jsonb, n numeric, a int[]);
INSERT INTO t SELECT i, repeat('row ' || i, i / 100), 'ok', 'pg_class', jsonb_build_object('i', i), i / 7.0, ARRAY[i]
	FROM generate_series(1, 20000) AS i;
CREATE TABLE p (id int) PARTITION BY RANGE (id);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (100);
INSERT INTO p SELECT generate_series(1, 99);
CREATE TABLE scribble (id int);
SQL
$node->backup('base');

sub mark { my ($name) = @_; return "SELECT tables, rows FROM poc_mark('$name', '{t, p}')"; }

# Which session waits for a lock, if any does.
sub waits
{
	my ($query) = @_;
	return wait_until(sub {
		$node->safe_psql('postgres',
			"SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%$query%'") > 0;
	});
}

# ---- locks ----
my $writer = $node->background_psql('postgres', on_error_stop => 0);
my $marker = $node->background_psql('postgres');
# that no sidecar keeps it is said
$marker->query_safe('SET client_min_messages = warning');
$writer->query_safe("BEGIN; INSERT INTO p VALUES (50);");
my ($rc, $stdout, $stderr) = $node->psql('postgres',
	'SET lock_timeout = 200; ' . mark('impatient'), extra_params => [ '-v', 'VERBOSITY=verbose' ]);
like($stderr, qr/55P03/, 'lock_timeout counts while a writer has not committed');
like($stderr, qr/canceling statement due to lock timeout/, 'and says so');

$marker->query_until(qr/started/, "\\echo started\nBEGIN;\n" . mark('patient') . ";\n");
ok(waits('patient'), 'without it, the mark waits for the writer');
$writer->query_safe('COMMIT;');
is($marker->query_safe('SELECT 1;'), "2|20100\n1", 'and has its row');

($rc, $stdout, $stderr) = $node->psql('postgres', "SET lock_timeout = 200; UPDATE t SET b = '' WHERE id = 1");
like($stderr, qr/lock timeout/, 'nobody writes to a table before the mark is committed');
is($node->safe_psql('postgres', 'INSERT INTO scribble VALUES (1); SELECT count(*) FROM t'), '20000',
	'reading it, and writing elsewhere, goes on');

# ---- names ----
$writer->query_until(qr/started/, "\\echo started\n" . mark('patient') . ";\n");
ok(waits('patient'), 'a second mark of the same name waits for the first');
$node->safe_psql('postgres', mark('other'));
pass('one of another name does not');
$marker->query_safe('COMMIT;');
$writer->query('SELECT 1;');
like($writer->{stderr}, qr/mark "patient" exists already/, 'and is refused when that is committed');

$node->safe_psql('postgres', "BEGIN; INSERT INTO t VALUES (-1); PREPARE TRANSACTION 'prepared'");
($rc, $stdout, $stderr) = $node->psql('postgres', 'SET lock_timeout = 200; ' . mark('prepared'));
like($stderr, qr/lock timeout/, 'a prepared transaction is waited for as well');
$node->safe_psql('postgres', "ROLLBACK PREPARED 'prepared'");
$writer->quit;
$marker->quit;

# ---- workers ----
($rc, $stdout, $stderr) = $node->psql('postgres', <<"SQL");
LOAD 'auto_explain';
SET auto_explain.log_min_duration = 0;
SET auto_explain.log_analyze = on;
SET auto_explain.log_nested_statements = on;
SET client_min_messages = log;
SET min_parallel_table_scan_size = 0;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
@{[mark('parallel')]};
SQL
like($stderr, qr/Workers Launched: [12]\b/, 'parallel workers read the tables');
is($node->safe_psql('postgres', <<'SQL'), 't', 'and come to the same fingerprints');
SELECT bool_and(a.hash = b.hash) FROM _poc.mark_tables a JOIN _poc.mark_tables b USING (relation)
WHERE a.mark = 'parallel' AND b.mark = 'other'
SQL

# ---- a restore brings back exactly what was marked ----
# Others scribble all the while, right up to the mark and after it.
my @script = ('pgbench', '-n', '-c', '2', '-T', '4', '-f', "$FindBin::RealBin/lib/scribble.sql", $node->connstr('postgres'));
my $sum = $node->safe_psql('postgres', 'SELECT sum(n) FROM t');
my $bench = IPC::Run::start(\@script, '<', \undef, '>', \my $bench_out, '2>', \my $bench_err);
wait_until(sub { $node->safe_psql('postgres', 'SELECT sum(n) FROM t') ne $sum });
$node->safe_psql('postgres', mark('restored'));
$bench->finish;
my $changed = $node->safe_psql('postgres', <<'SQL');
SELECT (poc_fingerprint(relation::regclass)).hash <> hash FROM _poc.mark_tables WHERE mark = 'restored' AND relation = 'public.t'
SQL
is($changed, 't', 'the table has changed since the mark');
my $lsn = $node->safe_psql('postgres', "SELECT lsn FROM poc_marks WHERE name = 'restored'");
my $expected = $node->safe_psql('postgres',
	"SELECT relation, rows, hash FROM _poc.mark_tables WHERE mark = 'restored' ORDER BY relation");
$node->safe_psql('postgres', 'SELECT pg_switch_wal(); SELECT _poc.wal_tick()');

foreach my $target ("recovery_target_name = 'restored'", "recovery_target_lsn = '$lsn'")
{
	my ($kind) = $target =~ /target_(\w+)/;
	my $restored = PostgreSQL::Test::Cluster->new("restored_$kind");
	$restored->init_from_backup($node, 'base', has_restoring => 1, standby => 0);
	$restored->append_conf('postgresql.conf', "$target\nrecovery_target_action = promote\narchive_mode = off\n");
	$restored->start;
	$restored->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()');
	is($restored->safe_psql('postgres', <<'SQL'), $expected, "by $kind: rows and hashes are those of the mark");
SELECT 'public.p', * FROM poc_fingerprint('p') UNION ALL SELECT 'public.t', * FROM poc_fingerprint('t') ORDER BY 1
SQL
	is($restored->safe_psql('postgres', "SELECT count(*) FROM poc_marks WHERE name = 'restored'"), '0',
		"by $kind: the mark itself is of later");
	$restored->stop('immediate');
}

# ---- pg_dump ----
$node->safe_psql('postgres', 'CREATE DATABASE copy');
$node->command_ok([ 'pg_dump', '-f', $node->basedir . '/dump.sql', $node->connstr('postgres') ], 'pg_dump');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $node->basedir . '/dump.sql', $node->connstr('copy') ],
	'the dump is restored');
my $all = 'SELECT m, t FROM _poc.marks AS m JOIN _poc.mark_tables AS t ON t.mark = m.name ORDER BY m.name, t.relation';
is($node->safe_psql('copy', $all), $node->safe_psql('postgres', $all), 'pg_dump keeps the marks');
is($node->safe_psql('copy', "SELECT count(*) > 0 FROM poc_marks WHERE name = 'restored' AND tables = 2"), 't',
	'and their view shows them');

# ---- where no restore point can be made ----
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
my ($state) = $standby->psql('postgres', mark('standby'), stderr => \$stderr);
like($stderr, qr/recovery is in progress/, 'not on a standby');

done_testing();
