# A failover that the receiver follows: what the old timeline had last is archived as a part of a segment.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use LiveBarman;
use PocTest;

my $live = LiveBarman->new('old', conf => "poc_barman.timeout = '300s'\n");
my ($home, $node) = @$live{qw(home node)};
my $bindir = $node->config_data('--bindir');
$bindir =~ s/\s+$//;

sub value { return $node->safe_psql('postgres', "SET client_min_messages = error; $_[0]"); }

# The rows that a restore brings back, what it did not reach, and what it says
sub restored { return $live->restored($_[0], $_[1], 'unreached_bytes', 'SELECT count(*) FROM t'); }

my @options = ('--instance-root', "$home/instances", '--pg-bindir', $bindir);
$live->start(cron_interval => 300, options => \@options);
value('CREATE TABLE t (n int)');
value('SELECT count(*) FROM poc_wait_ready()');
my $backup = value('SELECT backup_id FROM poc_backup()');
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('new');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
value('INSERT INTO t SELECT generate_series(1, 1000)');
value("SELECT pg_logical_emit_message(true, 'test', '')");
my $end = value('SELECT pg_current_wal_flush_lsn()');
$node->wait_for_catchup($standby);
ok(wait_until(sub { value("SELECT bool_or(write_lsn >= '$end') FROM pg_stat_replication WHERE application_name ~ 'barman'") eq 't' }), 'Barman has received it');

# the old one dies, and Barman's receiver goes on with the new one
$node->stop('immediate');
$live->stop_receiver;
$live->stop;
$standby->promote;
$live->{node} = $node = $standby;
$live->configure;
value("SELECT pg_create_physical_replication_slot('barman', true)");
$live->run('barman cron');
$live->start(cron_interval => 300, options => \@options);
ok(wait_until(sub { value("SELECT count(*) FROM pg_stat_replication WHERE application_name ~ 'barman'") > 0 }), 'Barman receives from the new primary');

# the history alone has been received, and the caller says no timeline
my $spare = $live->spare('spare');
value('INSERT INTO t SELECT generate_series(1001, 1500)');
$end = value('SELECT pg_current_wal_flush_lsn()');
ok(wait_until(sub { value("SELECT bool_or(write_lsn >= '$end') FROM pg_stat_replication WHERE application_name ~ 'barman'") eq 't' }), 'Barman has received of the new timeline');
my ($rows, $missing, $said) = restored($spare, "'$backup', server => 'postgres1'");
is($rows, '1500', 'all there is: on the timeline whose history was only received') or diag($said);

is(value('SELECT archived FROM poc_switch_wal()'), 't', 'the new timeline is archived');
ok(wait_until(sub { $live->run('barman archive-wal postgres1'); glob("$home/barman/postgres1/wals/00000001*/*.partial") }), 'and the part that the old one had last')
  or diag(join(' ', glob("$home/barman/postgres1/wals/*/* $home/barman/postgres1/streaming/*")));
($rows, $missing, $said) = restored($node, "'$backup', target_timeline => 1");
is($rows, '1000', 'the old timeline to its end') or diag($said);
like($said, qr/received but not archived as whole segments is restored as well/, 'and it is said that it was a part');
# a record that was on its way when the old one died is no record
cmp_ok($missing, '<', 8192, 'nothing of it was left out');

$live->stop;
$node->stop;
$spare->stop;
done_testing();
