# Recovery gets what the primary's WAL needs, whatever it was set to.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use DrillTest;
use PocTest;

my %raised = (max_connections => 300, max_worker_processes => 30, max_wal_senders => 20, max_replication_slots => 40,
	max_prepared_transactions => 30, max_locks_per_transaction => 512, track_commit_timestamp => 'on', wal_level => 'logical');
my $live = drill_stack('needs', conf => join('', map { "$_ = $raised{$_}\n" } sort keys %raised));
my $node = $live->{node};
my $version = $node->pg_version;
if ($version >= 18)
{
	$node->append_conf('postgresql.conf', "max_active_replication_origins = 40\n");
	$node->restart;
	# Barman's receiver is started again
	$node->safe_psql('postgres', "SET client_min_messages = error; SELECT count(*) FROM poc_wait_ready(timeout => '3 min')");
}

# ---- origins, prepared transactions and their locks ----
$node->safe_psql('postgres', <<'SQL');
SELECT count(pg_replication_origin_create('o' || i)) FROM generate_series(1, 15) AS i;
SELECT count(pg_replication_origin_advance('o' || i, '0/100')) FROM generate_series(1, 15) AS i;
CHECKPOINT;
SQL
$node->safe_psql('postgres', "BEGIN; INSERT INTO u VALUES ($_); PREPARE TRANSACTION 'p$_'") for 100 .. 119;
$node->safe_psql('postgres', join('', 'BEGIN;', (map { "CREATE TABLE many_$_ ();" } 1 .. 3000), "PREPARE TRANSACTION 'many'"));
is($node->safe_psql('postgres', 'SELECT status FROM poc_backup()'), 'DONE', 'a backup');
$node->safe_psql('postgres', "SELECT poc_mark('mark', '{t}')");
is(failures($live, 'raised'), 'none', 'origins, prepared transactions and many locks');

# ---- lowered in between ----
$node->safe_psql('postgres', "ROLLBACK PREPARED 'many'");
$node->safe_psql('postgres', "ROLLBACK PREPARED 'p$_'") for 100 .. 119;
$node->safe_psql('postgres', "SELECT count(pg_replication_origin_drop('o' || i)) FROM generate_series(6, 15) AS i");
$node->append_conf('postgresql.conf', "max_connections = 50\nmax_worker_processes = 8\nmax_wal_senders = 10\nmax_replication_slots = 10\n"
	. "max_prepared_transactions = 0\nmax_locks_per_transaction = 64\ntrack_commit_timestamp = off\nwal_level = replica\n");
$node->restart;
is(failures($live, 'lowered'), 'none', 'to a mark from before they were lowered');

done_testing();
