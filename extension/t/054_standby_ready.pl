# The first backup of a standby: "ready" means that it will succeed.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use LiveBarman;
use PocTest;

my $live = LiveBarman->new('primary', conf => "poc_barman.timeout = '300s'\n");
$live->configure;
my ($home, $node) = @$live{qw(home node)};

$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;

# WAL between the standby's last checkpoint and the first that Barman receives
$node->safe_psql('postgres', 'CREATE TABLE t (n int)');
for my $n (1 .. 5)
{
	$node->safe_psql('postgres', "INSERT INTO t VALUES ($n); SELECT pg_switch_wal()");
}
$node->wait_for_catchup($standby);

my $config = slurp_file("$home/barman/barman.d/postgres1.conf");
my ($host, $port) = ($standby->host, $standby->port);
$config =~ s/\[postgres1\]/[replica]/;
$config =~ s/host=\S+ port=\d+/host=$host port=$port/g;
$live->write('barman/barman.d/replica.conf', $config);
$live->start(cron_interval => 300);

sub value { return $node->safe_psql('postgres', "SET client_min_messages = error; $_[0]"); }

is(value("SELECT bool_and(ok) FROM poc_wait_ready('replica') WHERE check_name = 'wal_archive' OR check_name = 'postgresql'"), 't', 'a standby is ready');
is(value("SELECT status FROM poc_backup('replica')"), 'DONE', 'and its first backup succeeds');
is(value("SELECT count(*) FROM poc_backups('replica') WHERE status <> 'DONE'"), '0', 'none has failed');

done_testing();
