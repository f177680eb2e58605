# The classical Barman: no streaming of WAL, archive_command sends it.  The doctor has nothing against that, and
# what Barman has not archived of it when the server is lost is restored.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use DoctorTest;
use LiveBarman;
use PocTest;

my $live = LiveBarman->new('classical', conf => "poc_barman.timeout = '300s'\narchive_mode = on\n");
my ($home, $node) = @$live{qw(home node)};
my $bindir = $node->config_data('--bindir');
$bindir =~ s/\s+$//;

sub value { return $node->safe_psql('postgres', "SET client_min_messages = error; $_[0]"); }

my $config = slurp_file("$home/barman/barman.d/postgres1.conf");
$config =~ s/^(streaming_archiver|slot_name|create_slot)\b.*\n//mg;
$live->write('barman/barman.d/postgres1.conf', "${config}archiver = on\nstreaming_archiver = off\narchiver_batch_size = 1\n");
mkdir("$home/barman/postgres1");
mkdir("$home/barman/postgres1/incoming");
value("ALTER SYSTEM SET archive_command = 'cp %p $home/barman/postgres1/incoming/%f'");
$node->reload;
$live->start(cron_interval => 300, options => [ '--instance-root', "$home/instances", '--pg-bindir', $bindir ]);
value('CREATE TABLE t (n int)');
value('SELECT count(*) FROM poc_wait_ready()');
is(value('SELECT status FROM poc_backup()'), 'DONE', 'a backup');

value('SELECT poc_cron()');
my $rows = examine($node);
is_well($rows, 'retention', qr/PostgreSQL keeps each segment until archive_command has taken it/, 'no slot is missed');
my @ill = grep { !$_->[1] && $_->[0] =~ /^(settings|retention|access|slot|receiver)$/ } @$rows;
is(scalar(@ill), 0, 'nothing is said against it') or diag(map { join(' | ', @$_) . "\n" } @ill);

# more than Barman archives at once
my $last;
for my $n (1 .. 4)
{
	value("INSERT INTO t VALUES ($n)");
	$last = value('SELECT pg_walfile_name(pg_current_wal_lsn())');
	value('SELECT pg_switch_wal()');
}
ok(wait_until(sub { value("SELECT last_archived_wal >= '$last' FROM pg_stat_archiver") eq 't' }), 'all has been sent');
$node->stop('immediate');

my $spare = $live->spare('spare');
my ($restored, $row, $said) = $live->restored($spare, "server => 'postgres1'", 'state, unreached_bytes', 'SELECT count(*) FROM t');
is($row, 'running|0', 'the server is lost: a restore') or diag($said);
is($restored, '4', 'has all that was sent, archived or not');

$live->stop;
$spare->stop;
done_testing();
