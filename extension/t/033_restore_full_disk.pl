# A restore meets the end of a small file system, and leaves nothing on it.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use LiveBarman;
use PocTest;

my $live = LiveBarman->new('full_disk');
my ($home, $node) = @$live{qw(home node)};
my $bindir = $node->config_data('--bindir');
$bindir =~ s/\s+$//;
make_error_of($node);
my ($root, $small, $ballast, $inside) = ("$home/instances");
END
{
	unlink($ballast) if defined $ballast;
	kill('KILL', $inside) if $inside;
}

sub value { return $node->safe_psql('postgres', $_[0]); }

# Starts the sidecar with so many bytes for its instances: on a tmpfs of its own
# in a namespace of its own; or, where there can be none, on the small /dev/shm
# of a container.
sub start_on
{
	my ($bytes) = @_;
	my @options = ('--pg-bindir', $bindir, '--instance-root');
	$bytes = int($bytes);
	my ($uid, $gid) = ($<, $( + 0);

	mkdir($root);
	if (system("unshare -rm mount -t tmpfs tmpfs $root 2>> $home/unshare.log") == 0)
	{
		my $mount = "mount -t tmpfs -o mode=700,size=$bytes tmpfs $root && { sleep infinity & } && echo \$! > $home/inside && exec unshare -U --map-user=$uid --map-group=$gid \"\$@\"";
		$live->start(cron_interval => 300, below => [ 'unshare', '-rm', 'sh', '-c', $mount, 'sh' ], options => [ @options, $root ]);
		# seen from outside through a process beside the sidecar, which is closed to its user's others
		kill('KILL', $inside) if $inside;
		($inside) = slurp_file("$home/inside") =~ /(\d+)/;
		$small = "/proc/$inside/root$root";
		return;
	}
	my $size = take_shm();
	die 'no small file system can be had: neither by unshare nor is /dev/shm one' if $size > 1024**3;
	$small = "/dev/shm/poc-$$";
	$ballast = "/dev/shm/ballast-$$";
	system_or_bail('fallocate', '-l', $size - $bytes, $ballast);
	$live->start(cron_interval => 300, options => [ @options, $small ]);
	return;
}

sub used { my ($used) = split(' ', `du -sb $small`); return $used; }

$live->start(cron_interval => 300);
value('SELECT count(*) FROM poc_wait_ready()');
value('SELECT poc_seed()');
value('SELECT poc_generate_rows(20000, seed => 1)');
my $size = value('SELECT size FROM poc_backup()');
value("SELECT poc_generate_wal('12 MB')");
value('SELECT poc_switch_wal()');
$live->stop;

# too little for the backup: refused before anything is done
start_on($size / 2);
my $before = value('SELECT pg_walfile_name(pg_current_wal_lsn())');
my @error = error_of($node, "SELECT poc_restore('small')");
is("$error[0] $error[1]", '55000 there is not enough room for the backup', 'no room for the backup');
like($error[2], qr/^The backup has \d+ bytes, and \d+ are free/, 'no room for the backup: DETAIL');
is(value('SELECT pg_walfile_name(pg_current_wal_lsn())'), $before, 'no room for the backup: no segment was closed for it');
$live->stop;
unlink($ballast) if defined $ballast;

# enough for the backup, and not for its WAL
start_on($size + 4 * 1024 * 1024);
my $empty = used();
@error = error_of($node, "SELECT poc_restore('small')");
is($error[0], '58000', 'no room for its WAL: SQLSTATE');
like("@error[2, 3]", qr/No space left on device/, 'no room for its WAL: DETAIL');
is(value("SELECT state FROM poc_instances() WHERE instance = 'small'"), 'failed', 'no room for its WAL: the error is left');
is(used(), $empty, 'no room for its WAL: nothing else is left');
$live->stop;
unlink($ballast) if defined $ballast;

# enough for both
start_on($size + 48 * 1024 * 1024);
$empty = used();
is(value("SELECT state FROM poc_restore('small')"), 'running', 'what fits is restored');
value("SELECT poc_drop_instance('small')");
is(used(), $empty, 'and is gone when dropped');
$live->stop;
rmdir($small) if defined $ballast;
done_testing();
