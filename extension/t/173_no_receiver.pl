# WAL by archive_command alone, in large segments: an archive_command that fails is named, and a server that was built
# otherwise is refused.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use BackupWays;
use DoctorTest;
use LiveBarman;
use PocTest;

my $live = ways_stack('large', segment_mb => 64,
	conf => "min_wal_size = 128MB\nmax_wal_size = 512MB\nmax_slot_wal_keep_size = 1GB\npoc_barman.server = '64-MB-segments'\n");
my ($home, $node) = @$live{qw(home node)};
my $incoming = "$home/barman/64-MB-segments/incoming";

add_server($live, '64-MB-segments', archiver => 'on', streaming_archiver => 'off', slot_name => undef, create_slot => undef);

sub fails { archive_by($live, $node, 'false'); return; }
sub succeeds { archive_by($live, $node, "cp %p $incoming/%f"); return; }

sub archiver_is
{
	my ($failing) = @_;

	# who has waited a minute for the next try need not do so here
	return wait_until(sub {
		$node->safe_psql('postgres', 'SELECT pg_switch_wal()') if !$failing;
		$node->safe_psql('postgres', "SELECT coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false) FROM pg_stat_archiver") eq ($failing ? 't' : 'f');
	});
}

# ---- before the first backup
fails();
restart_sidecar($live);
$node->safe_psql('postgres', 'SELECT pg_switch_wal()');
archiver_is(1);
my $named = qr/archive_command fails with segment [0-9A-F]{24}, \d+ times so far/;
my ($state, $message, $detail, $hint) = error_of($node, "SELECT * FROM poc_wait_ready(timeout => '2 s')");
is("$state $message", '55000 server 64-MB-segments is not ready for backups', 'not ready');
like($detail, $named, 'not ready, because archive_command fails');
my (undef, undef, $said) = $node->psql('postgres', "SELECT archived FROM poc_switch_wal(timeout => '1 s')");
like($said, qr/WARNING:  WAL file \w+ was not archived in time.*On this server $named/s, 'a switch says so');
is_ill(examine($node), 'archive', $named =~ s/segment //r, qr/pg_stat_archiver/, 'and the doctor');

# ---- all that there is
succeeds();
archiver_is(0);
play_way($live, '64-MB-segments');

# ---- with a backup that waits
fails();
$node->safe_psql('postgres', 'SELECT pg_switch_wal()');
archiver_is(1);
(undef, undef, $said) = $node->psql('postgres', "SELECT status FROM poc_backup(timeout => '8 s')");
like($said, qr/WARNING:  $named.*HINT:  This server's log has what the command said/s, 'a backup says so before it begins');
like($said, qr/ERROR:/, 'and fails in the end');
succeeds();
archiver_is(0);
is($node->safe_psql('postgres', 'SET client_min_messages = error; SELECT status FROM poc_backup()'), 'DONE', 'once it succeeds, a backup is taken');

# ---- built with pages of another size
my ($backup) = sort { $b cmp $a } glob("$home/barman/64-MB-segments/base/*/data/global/pg_control");
build_otherwise($backup);
($state, $message, $detail, $hint) = error_of($node, q{SELECT * FROM poc_restore('one')});
is("$state $message", "55000 the backup is of a PostgreSQL that was built otherwise than the one on Barman's host", 'another BLCKSZ: refused');
like($detail, qr/BLCKSZ 32768/, 'another BLCKSZ: which');
like($hint, qr/--pg-bindir.*--with-blocksize/, 'another BLCKSZ: what to do');
done_testing();

# Makes a control file say that its server has pages of 32 kB
sub build_otherwise
{
	my ($path) = @_;
	my $control = slurp_binary($path);
	# where its checksum is: that of all before it
	my ($length) = grep { $_ % 4 == 0 && crc32c(substr($control, 0, $_)) == unpack('L<', substr($control, $_, 4)) } 200 .. 400;
	# blcksz, relseg_size
	my $at = index($control, pack('L<2', 8192, 131072));

	die 'this is no control file as we know it' if !$length || $at < 0;
	substr($control, $at, 4) = pack('L<', 32768);
	substr($control, $length, 4) = pack('L<', crc32c(substr($control, 0, $length)));
	chmod(0600, $path);
	open(my $file, '>:raw', $path) or die "$path: $!";
	print $file $control;
	return close($file);
}

sub slurp_binary
{
	my ($path) = @_;

	open(my $file, '<:raw', $path) or die "$path: $!";
	local $/;
	return scalar(<$file>);
}

sub crc32c
{
	my ($bytes) = @_;
	my $crc = 0xFFFFFFFF;

	for my $byte (unpack('C*', $bytes))
	{
		$crc ^= $byte;
		$crc = ($crc >> 1) ^ (0x82F63B78 & -($crc & 1)) for 1 .. 8;
	}
	return $crc ^ 0xFFFFFFFF;
}
