# The tail of the WAL: when the server is lost, what Barman has received last is
# in files that it has not archived.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use LiveBarman;
use PocTest;

my $live = LiveBarman->new('lost', conf => "poc_barman.timeout = '300s'\n");
$live->configure;
my ($home, $node) = @$live{qw(home node)};
my $bindir = $node->config_data('--bindir');
$bindir =~ s/\s+$//;

my $spare = $live->spare('spare');

sub value { return $node->safe_psql('postgres', "SET client_min_messages = error; $_[0]"); }

# What a restore asked for at the spare server returns and says, and the rows of t
sub restored { return $live->restored($spare, @_, 'SELECT count(*) FROM t'); }

$live->start(cron_interval => 300, options => [ '--instance-root', "$home/instances", '--pg-bindir', $bindir ]);
value('CREATE TABLE t (n int)');
value('SELECT count(*) FROM poc_wait_ready()');
value('SELECT backup_id FROM poc_backup()');

# alive, all is archived up to the call
value('INSERT INTO t VALUES (1)');
my $call = value('SELECT pg_current_wal_insert_lsn()');
my $row = value("SELECT received_lsn >= archived_lsn AND recovered_lsn BETWEEN '$call' AND received_lsn AND unreached_bytes = received_lsn - recovered_lsn FROM poc_restore('alive')");
is($row, 't', 'a restore tells how far Barman had come');
value("SELECT poc_drop_instance('alive')");
is(value("SELECT bool_and(ok) FROM poc_restore_drill()"), 't', 'a drill passes');
is(value('SELECT archived_lsn IS NOT NULL AND received_lsn >= archived_lsn AND unreached_bytes >= 0 FROM poc_drills'), 't', 'and its receipt tells how far Barman had come');

# a hole in the archive: PostgreSQL takes it for the end
my @files;
for my $n (2 .. 4)
{
	value("INSERT INTO t VALUES ($n)");
	push @files, value('SELECT wal_file FROM poc_switch_wal()');
}
my ($hole) = glob("$home/barman/postgres1/wals/*/$files[1]");
rename($hole, "$home/hole") or die "$files[1]: $!";
$live->run('barman rebuild-xlogdb postgres1');
is(value("SELECT string_agg(step || ': ' || detail, ',') FILTER (WHERE NOT ok) FROM poc_restore_drill()") =~ s/, which goes on.*//sr,
	"recovery: recovery ended within the archive: Segment $files[1] is missing from the archive", 'a drill does not pass over a hole in the archive');
my (undef, undef, $holes) = $node->psql('postgres', "SELECT poc_restore('holes')");
like($holes, qr/WARNING:  recovered to .*Segment $files[1] is missing from the archive/, 'and a restore warns of it');
value("SELECT poc_drop_instance('holes')");
rename("$home/hole", $hole) or die "$files[1]: $!";
$live->run('barman rebuild-xlogdb postgres1');
is(value("SELECT bool_and(ok) FROM poc_restore_drill()"), 't', 'without it a drill passes');
value('DELETE FROM t WHERE n > 1');

# whole segments that nobody has archived, and a part of one
value('SELECT wal_file FROM poc_switch_wal()');
value("INSERT INTO t SELECT generate_series(1, 100000)");
my $end = value('INSERT INTO t VALUES (0) RETURNING pg_current_wal_flush_lsn()');
$end = value('SELECT pg_current_wal_flush_lsn()');
ok(wait_until(sub { value("SELECT bool_or(flush_lsn >= '$end') FROM pg_stat_replication") eq 't' }), 'Barman has received it');
$node->stop('immediate');
ok(glob("$home/barman/postgres1/streaming/*.partial"), 'Barman holds a part of a segment');

my ($rows, $what, $said) = restored("server => 'postgres1'", "unreached_bytes, unreached, recovered_lsn >= '$end'");
is($rows, '100002', 'without a target: every row that Barman has received');
is($what, '0|00:00:00|t', 'nothing that was received is missing');
like($said, qr/WARNING:.*received but not archived as whole segments is restored as well/, 'and it is said');

# a position there
($rows, $what) = restored("server => 'postgres1', target_lsn => '$end'", "recovered_lsn >= '$end'");
is("$rows $what", '100002 t', 'a position in what is not archived');

# what stops before it says so
($rows, $what) = restored("server => 'postgres1', immediate => true", 'unreached_bytes > 1000000');
is($what, 't', 'what was not reached is told');

done_testing();
