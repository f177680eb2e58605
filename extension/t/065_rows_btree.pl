# The btree that a load writes survives a crash in each of its phases and reaches a standby; it is sound with data
# checksums and without, with little WAL and with all of it, in unlogged and temporary tables and in tablespaces.

use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time sleep);

use RowsTest;

my $rows = 12000;

# A server with the extension; by default it logs all that a standby needs.
sub new_node
{
	my ($name, $checksums, @settings) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	my @extra = $checksums ? ('--data-checksums') : $node->pg_version >= 18 ? ('--no-data-checksums') : ();

	$node->init(allows_streaming => 1, extra => \@extra);
	$node->append_conf('postgresql.conf', join("\n", 'autovacuum = off', 'restart_after_crash = on', @settings, ''));
	$node->start;
	is($node->safe_psql('postgres', 'SHOW data_checksums'), $checksums ? 'on' : 'off', "$name: data checksums");
	$node->safe_psql('postgres', 'CREATE EXTENSION poc_barman; CREATE EXTENSION amcheck');
	return $node;
}

my @kinds = qw(plain elsewhere tall unlogged);

# Fills a table; the key must come from here, not from REINDEX.
sub fill
{
	my ($node, $table, $sql) = @_;
	my ($rc, $out, $err) = $node->psql('postgres', "SET client_min_messages = debug1; $sql");

	is($rc, 0, "$table: is filled") or diag($err);
	like($err, qr/building index "${table}_pkey" on table "$table" from the rows/, "$table: its key is written from the rows");
	unlike($err, qr/from the rows.*building index "${table}_pkey" on table "$table" serially/s, "$table: and by nobody else after it");
	return;
}

sub sound
{
	my ($node, $table, $expected, $when) = @_;
	is($node->safe_psql('postgres', "SET enable_seqscan = off; SELECT count(*), count(DISTINCT id) FROM $table WHERE id > 0"),
		"$expected|$expected", "$table: all rows are found by the key $when");
	is($node->safe_psql('postgres', "SELECT bt_index_parent_check('${table}_pkey', true, true)"), '', "$table: the key is sound $when");
	return;
}

# ---- kinds of tables, with checksums or without, with little WAL or all of it ----

my @nodes = (
	# the standby comes back when the primary has, and finds all since
	[ 'replica', 1, 'wal_keep_size = 4GB' ],
	[ 'minimal', 0, 'wal_level = minimal', 'max_wal_senders = 0', 'wal_skip_threshold = 0' ],
	[ 'logged', 1, 'wal_level = minimal', 'max_wal_senders = 0', 'wal_skip_threshold = 1GB' ]);
my ($primary, $standby);
for my $how (@nodes)
{
	my ($name, $checksums, @settings) = @$how;
	my $node = new_node($name, $checksums, @settings);

	if ($name eq 'replica')
	{
		$primary = $node;
		$primary->backup('base');
		$standby = PostgreSQL::Test::Cluster->new('standby');
		$standby->init_from_backup($primary, 'base', has_streaming => 1);
		$standby->start;
	}
	system_or_bail('psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', 'SET allow_in_place_tablespaces = on',
		'-c', "CREATE TABLESPACE elsewhere LOCATION ''");
	$node->safe_psql('postgres', <<'SQL');
CREATE TABLE plain (id serial PRIMARY KEY, words char(20));
CREATE TABLE elsewhere (id serial PRIMARY KEY USING INDEX TABLESPACE elsewhere, words char(20)) TABLESPACE elsewhere;
CREATE TABLE tall (id bigserial, words char(20), PRIMARY KEY (id) WITH (fillfactor = 10));
CREATE UNLOGGED TABLE unlogged (id serial PRIMARY KEY, words char(20));
SQL
	fill($node, $_, "SELECT poc_generate_rows($rows, '$_')") for @kinds;
	fill($node, 'fresh', "BEGIN; CREATE TABLE fresh (id serial PRIMARY KEY); SELECT poc_generate_rows($rows, 'fresh', options => '{\"indexes\": \"after\"}'); COMMIT");
	fill($node, 'temporary', "CREATE TEMP TABLE temporary (id serial PRIMARY KEY); SELECT poc_generate_rows($rows, 'temporary'); SELECT bt_index_parent_check('temporary_pkey', true, true)");
	sound($node, $_, $rows, 'before a crash') for @kinds, 'fresh';
	is($node->safe_psql('postgres', "SELECT count(*) FROM pg_class WHERE relname = 'elsewhere_pkey' AND reltablespace > 0"), '1', 'it stays in its tablespace');

	$node->stop('immediate');
	$node->start;
	sound($node, $_, $_ eq 'unlogged' ? 0 : $rows, 'after a crash') for @kinds, 'fresh';
	fill($node, 'unlogged', "SELECT poc_generate_rows($rows, 'unlogged')");
	sound($node, 'unlogged', $rows, 'when it is filled again');

	$node->stop;
	command_ok([ 'pg_checksums', '--check', '-D', $node->data_dir ], "$name: each page has its checksum") if $checksums;
	$node->start;
	sound($node, $_, $rows, 'after a restart') for @kinds, 'fresh';
	$node->stop if $node != $primary;
}

# What the standby has replayed.
sub standby_sound
{
	my ($expected, $when, @tables) = @_;
	$primary->wait_for_catchup($standby);
	for my $table (@tables)
	{
		is($standby->safe_psql('postgres', "SELECT count(*) FROM $table"), $expected, "$table: the standby has its rows $when");
		is($standby->safe_psql('postgres', "SELECT bt_index_check('${table}_pkey', true)"), '', "$table: the key is sound on the standby $when");
	}
	return;
}
standby_sound($rows, 'after it all', qw(plain elsewhere tall fresh));

# ---- a crash in each phase ----

my $many = 200000;
my $load = "SELECT poc_generate_rows($many, 'victim', options => '{\"indexes\": \"after\"}')";
$primary->safe_psql('postgres', "CREATE TABLE victim (id bigserial, words char(20), PRIMARY KEY (id) WITH (fillfactor = 10))");
my $database = $primary->data_dir . '/base/' . $primary->safe_psql('postgres', "SELECT oid FROM pg_database WHERE datname = 'postgres'");
# its size when it is whole, for what "half of it" is
$primary->safe_psql('postgres', "SELECT poc_generate_rows($many, 'victim')");
my $whole = $primary->safe_psql('postgres', "SELECT pg_relation_size('victim_pkey')");
standby_sound($many, 'at first', 'victim');

# The files of the database's tables and indexes.
sub files
{
	opendir(my $dir, $database) or die "$database: $!";
	my %files = map { $_ => 1 } grep { /^\d+$/ } readdir($dir);
	closedir($dir);
	return \%files;
}

# A session whose process is known before it begins with what it is told.
sub start_victim
{
	my ($sql) = @_;
	my $run = { in => "SELECT pg_backend_pid();\n", out => '', err => '' };

	$run->{harness} = IPC::Run::start(
		[ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $primary->connstr('postgres'), '-f', '-' ],
		'<', \$run->{in}, '>', \$run->{out}, '2>', \$run->{err}, IPC::Run::timeout(600));
	$run->{harness}->pump until $run->{out} =~ /^(\d+)\n/;
	$run->{pid} = $1;
	$run->{before} = files();
	$run->{in} .= "$sql;\n";
	$run->{harness}->pump while length $run->{in};
	return $run;
}

# Waits until its key is whole and it sleeps.
sub sleeps
{
	my ($run) = @_;
	return $primary->poll_query_until('postgres', "SELECT wait_event = 'PgSleep' FROM pg_stat_activity WHERE pid = $run->{pid}");
}

# Stops it when the file of its key, which is new, has more bytes than that: once there is a file, it goes on in short
# steps.  False if the load has ended before, or a minute has gone.
sub stop_at
{
	my ($run, $bytes) = @_;
	my $deadline = time + 60;

	while (time < $deadline)
	{
		my ($new) = grep { !exists $run->{before}{$_} } keys %{ files() };

		if (defined $new)
		{
			kill('STOP', $run->{pid});
			return 1 if (-s "$database/$new" // 0) > $bytes;
			kill('CONT', $run->{pid});
		}
		$run->{harness}->pump_nb;
		return 0 if $run->{out} =~ /^\d+\n\d+\n/;
		sleep 0.001;
	}
	return 0;
}

# All is as before the call, or as after it; the table takes the rows then.
sub recovered
{
	my ($run, $expected, $when) = @_;

	finish($run);
	ok($primary->poll_query_until('postgres', 'SELECT true'), "the server is back after a crash $when");
	sound($primary, 'victim', $expected, "after a crash $when");
	standby_sound($expected, "after a crash $when", 'victim');
	$primary->safe_psql('postgres', 'TRUNCATE victim RESTART IDENTITY; CHECKPOINT');
	return;
}

# while the file of the key grows: in time, at one of a few attempts
for my $phase ([ 'when its first pages are written', 0 ], [ 'half way', $whole / 2 ], [ 'near its end', $whole * 0.8 ])
{
	my ($when, $bytes) = @$phase;
	my ($run, $killed);

	for my $attempt (1 .. 5)
	{
		$primary->safe_psql('postgres', 'TRUNCATE victim RESTART IDENTITY; CHECKPOINT');
		$run = start_victim("BEGIN; $load; ROLLBACK");
		$killed = stop_at($run, $bytes) && kill('KILL', $run->{pid});
		last if $killed;
		finish($run);
	}
	ok($killed, "a session is killed $when");
	recovered($run, 0, $when);
}

# while the rows are loaded
my $run = start_victim("SELECT poc_generate_rows(100000000, 'victim')");
ok($primary->poll_query_until('postgres', "SELECT coalesce(max(tuples_processed), 0) > 20000 FROM pg_stat_progress_copy"), 'rows are loaded');
kill('KILL', $run->{pid});
recovered($run, 0, 'during the load');

# when the key is whole and nothing is committed
$run = start_victim("BEGIN; $load; SELECT pg_sleep(1000)");
ok(sleeps($run), 'the key is whole');
kill('KILL', $run->{pid});
recovered($run, 0, 'before the commit');

# the same after a checkpoint, from which the recovery starts
$run = start_victim("BEGIN; $load; SELECT pg_sleep(1000)");
ok(sleeps($run), 'the key is whole again');
$primary->safe_psql('postgres', 'CHECKPOINT');
kill('KILL', $run->{pid});
recovered($run, 0, 'between a checkpoint and the commit');

# when it is committed; with a checkpoint in the middle of the key, and without
for my $checkpoint (0, 1)
{
	my $when = $checkpoint ? 'after the commit, with a checkpoint half way' : 'after the commit';

	$run = start_victim("$load; SELECT pg_sleep(1000)");
	if ($checkpoint && stop_at($run, $whole / 2))
	{
		# it may hold what the checkpoint needs: then that ends later
		$primary->psql('postgres', 'CHECKPOINT', timeout => 20, timed_out => \my $timed_out);
		kill('CONT', $run->{pid});
	}
	ok(sleeps($run), 'it is committed');
	kill('KILL', $run->{pid});
	recovered($run, $many, $when);
}

# the standby takes over
fill($primary, 'victim', "SELECT poc_generate_rows($many, 'victim')");
$primary->wait_for_catchup($standby);
$primary->stop('immediate');
$standby->promote;
sound($standby, 'victim', $many, 'on the promoted standby');
sound($standby, $_, $rows, 'on the promoted standby') for qw(plain elsewhere tall fresh);
$standby->safe_psql('postgres', 'TRUNCATE victim RESTART IDENTITY');
fill($standby, 'victim', "SELECT poc_generate_rows($rows, 'victim')");
sound($standby, 'victim', $rows, 'when the promoted standby has written it');

done_testing();
