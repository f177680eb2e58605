# The btree that a load writes reaches a standby; it is sound with data checksums and without, with little WAL and with
# all of it, in unlogged and temporary tables and in tablespaces; a standby may crash while it replays it.
# 061_rows_crash.pl has the crashes of the server that writes it.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

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

# ---- a standby that crashes in the middle of replaying a btree ----

# the load is a fifth of this WAL at most, the pages of the index all that follow it
$standby->stop;
$primary->safe_psql('postgres', 'CREATE TABLE half (id bigserial, PRIMARY KEY (id) WITH (fillfactor = 10))');
my $before = $primary->lsn('insert');
fill($primary, 'half', "SELECT poc_generate_rows($rows, 'half')");
my $middle = $primary->safe_psql('postgres', "SELECT '$before'::pg_lsn + ((pg_current_wal_insert_lsn() - '$before'::pg_lsn) * 0.6)");
my $heap = $primary->safe_psql('postgres', "SELECT pg_relation_size('half') * 2 < pg_relation_size('half_pkey')");
is($heap, 't', 'most of it is the index');

$standby->append_conf('postgresql.conf', "allow_in_place_tablespaces = on\nrecovery_target_lsn = '$middle'\nrecovery_target_action = 'pause'\n");
$standby->start;
$standby->poll_query_until('postgres', "SELECT pg_get_wal_replay_pause_state() = 'paused'");
is($standby->safe_psql('postgres', "SELECT count(*) FROM pg_locks WHERE relation = 'half_pkey'::regclass AND mode = 'AccessExclusiveLock'"),
	'1', 'the standby is in the middle of it');
$standby->stop('immediate');
$standby->adjust_conf('postgresql.conf', 'recovery_target_lsn', undef);
$standby->start;
standby_sound($rows, 'after a crash in the middle of its replay', 'half');

done_testing();
