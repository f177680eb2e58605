# A restore reserves the room that it needs, meets the end of a small file system, and leaves nothing on it.

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

# Barman, which can be told to hold on, or to find its disk full in the middle
$live->write('bin/barman', <<"SH", 0755);
#!/bin/sh
case "\$(cat $home/barman.mode):\$*" in
full:*recover*) . $home/fill ;;
after:*recover*)
	barman "\$@" || exit
	$home/leave_little
	exit ;;
hold:*recover*) touch $home/held; while [ -e $home/held ]; do sleep 0.1; done ;;
esac
exec barman "\$@"
SH
$live->write('barman.mode', 'good');

sub value { return $node->safe_psql('postgres', $_[0]); }

# Starts the sidecar with so many bytes for its instances: on a tmpfs of its own
# in a namespace of its own; or, where there can be none, on the small /dev/shm
# of a container; or with so much kept free of a large disk.
sub start_on
{
	my ($bytes) = @_;
	my @options = ('--barman', "$home/bin/barman", '--pg-bindir', $bindir, '--instance-root');
	$bytes = int($bytes);
	my ($uid, $gid) = ($<, $( + 0);

	unlink($ballast) if defined $ballast;
	undef $ballast;
	kill('KILL', $inside) if $inside;
	mkdir($root);
	$live->write('fill', 'ulimit -f 100');
	if (system("unshare -rm mount -t tmpfs tmpfs $root 2>> $home/unshare.log") == 0)
	{
		my $mount = "mount -t tmpfs -o mode=700,size=$bytes tmpfs $root && { sleep infinity & } && echo \$! > $home/inside && exec unshare -U --map-user=$uid --map-group=$gid \"\$@\"";
		$live->start(cron_interval => 300, below => [ 'unshare', '-rm', 'sh', '-c', $mount, 'sh' ], options => [ @options, $root ]);
		# seen from outside through a process beside the sidecar, which is closed to its user's others
		($inside) = slurp_file("$home/inside") =~ /(\d+)/;
		$small = "/proc/$inside/root$root";
		$live->write('fill', "cat /dev/zero 2> /dev/null > $root/ballast");
		return;
	}
	my $size = take_shm();
	if ($size > $bytes && $size < 1024**3)
	{
		$small = "/dev/shm/poc-$$";
		$ballast = "/dev/shm/ballast-$$";
		system_or_bail('fallocate', '-l', $size - $bytes, $ballast);
		$live->start(cron_interval => 300, options => [ @options, $small ]);
		$live->write('fill', "cat /dev/zero 2> /dev/null > $small/ballast");
		return;
	}
	($size) = (split(' ', `df -B1 --output=avail $root | tail -1`))[0];
	$small = $root;
	$live->start(cron_interval => 300, options => [ @options, $small, '--reserve-free', $size - $bytes ]);
	return;
}

sub used { my ($used) = split(' ', `du -sb $small`); return $used; }

# What a restore was promised and has not written yet, as the metrics tell
sub reserved { return $live->get('/metrics') =~ /^barman_sidecar_restore_reserved_bytes (\d+)$/m ? $1 : -1; }

# No file of the sidecar may grow any more: its records, its logs; or they may again.
sub state_is_full { system_or_bail('prlimit', "--pid=$live->{pid}", '--fsize=0:'); return; }
sub state_has_room { system_or_bail('prlimit', "--pid=$live->{pid}", '--fsize=unlimited:'); return; }

$live->start(cron_interval => 300);
value('SELECT count(*) FROM poc_wait_ready()');
value('SELECT poc_seed()');
value('SELECT poc_generate_rows(20000, seed => 1)');
my $size = value('SELECT size FROM poc_backup()');
value("SELECT poc_generate_wal('1 MB')");
value('SELECT poc_switch_wal()');
$live->stop;

# too little for the backup: refused before anything is done
start_on($size / 2);
my $before = within_segment($node);
my @error = error_of($node, "SELECT poc_restore('small')");
is("$error[0] $error[1]", '55000 there is not enough room for the backup', 'no room for the backup');
like($error[2], qr/^The backup has \d+ bytes, and \d+ are free/, 'no room for the backup: DETAIL');
is(value('SELECT pg_walfile_name(pg_current_wal_lsn())'), $before, 'no room for the backup: no segment was closed for it');
$live->stop;

# enough for the backup, and not for its WAL: so is that
start_on($size + 4 * 1024 * 1024);
my $empty = used();
@error = error_of($node, "SELECT poc_restore('small')");
is("$error[0] $error[1]", '55000 there is not enough room for the backup', 'no room for its WAL');
like($error[2], qr/With its WAL and room to work the restore needs \d+; 0 of the free ones are reserved .* and \d+ are kept free for Barman/,
	'no room for its WAL: DETAIL');
is(used(), $empty, 'no room for its WAL: nothing is left');
$live->stop;

# enough for both, and less than the 64 MB of a small /dev/shm
start_on($size + 34 * 1024 * 1024);
$empty = used();
is(value("SELECT state FROM poc_restore('small')"), 'running', 'what fits is restored');
is(reserved(), 0, 'and what it was promised is given back');
like($live->get('/metrics'), qr/^barman_sidecar_instance_free_bytes [1-9]\d+$/m, 'a metric tells what is free');

# where nothing can be written any more it can be dropped all the same
state_is_full();
is(value("SELECT state FROM poc_drop_instance('small')"), 'dropped', 'it is dropped where no job can be recorded');
is(used(), $empty, 'and is gone');
@error = error_of($node, 'SELECT poc_cron()');
is("$error[0] $error[1]", '58000 could not record the job', 'another job needs its record');
state_has_room();

# somebody else takes the room in the middle
$live->write('barman.mode', 'full');
@error = error_of($node, "SELECT poc_restore('small')");
is($error[0], '58000', 'the disk is full in the middle: SQLSTATE');
like("@error[2, 3]", qr/No space left on device|File too large/, 'the disk is full in the middle: DETAIL');
is(value("SELECT state FROM poc_instances() WHERE instance = 'small'"), '', 'the disk is full in the middle: no instance is left');
unlink("$small/ballast");
is(used(), $empty, 'the disk is full in the middle: nothing else is left');
is(reserved(), 0, 'the disk is full in the middle: nothing is reserved');

# ... or when Barman has copied everything, and the restored server starts; a large disk cannot be filled here
if ($small ne $root)
{
	$live->write('leave_little', "#!/bin/sh\ncat /dev/zero 2> /dev/null > \"" . ($ballast ? $small : $root) . "/ballast\"\ntruncate -s -300K \"" . ($ballast ? $small : $root) . "/ballast\"\n", 0755);
	$live->write('barman.mode', 'after');
	@error = error_of($node, "SELECT poc_restore('small')");
	is("$error[0] $error[1]", '55000 the disk became full during recovery', 'the disk is full when the server starts');
	like($error[2], qr/No space left on device/, 'the disk is full when the server starts: DETAIL');
	like($error[3], qr/^Free space where the instances are kept/, 'the disk is full when the server starts: HINT');
	unlink("$small/ballast");
	is(used(), $empty, 'the disk is full when the server starts: nothing is left');
}

# two that each would fit: the second is refused while the first runs
$live->write('barman.mode', 'hold');
value("SELECT state FROM poc_restore('first', wait => false)");
ok(wait_until(sub { -e "$home/held" }), 'a restore runs');
cmp_ok(reserved(), '>', $size, 'it is promised what it needs');
@error = error_of($node, "SELECT poc_restore('second')");
is("$error[0] $error[1]", '55000 there is not enough room for the backup', 'a second does not fit beside it');
like($error[2], qr/; [1-9]\d+ of the free ones are reserved for restores that run/, 'a second does not fit beside it: DETAIL');
like($error[3], qr/^Wait until the restores that run have ended/, 'a second does not fit beside it: HINT');

# and it can be cancelled where nothing can be written
state_is_full();
my $job = value("SELECT job_id FROM poc_jobs() WHERE kind = 'restore' AND state = 'running'");
value("SELECT poc_cancel_job('$job')");
ok(wait_until(sub { value("SELECT state FROM poc_jobs() WHERE job_id = '$job'") eq 'cancelled' }), 'it is cancelled where nothing can be written');
unlink("$home/held");
is(used(), $empty, 'nothing is left of it');
is(reserved(), 0, 'and what it was promised is given back');
state_has_room();
$live->stop;
rmdir($small) if defined $ballast;

# a sidecar that dies keeps no promise
$small = "$home/other";
$live->start(cron_interval => 300, options => [ '--barman', "$home/bin/barman", '--pg-bindir', $bindir, '--instance-root', $small ]);
value("SELECT state FROM poc_restore('first', wait => false)");
ok(wait_until(sub { -e "$home/held" }), 'a restore runs');
$live->stop('KILL');
unlink("$home/held");
$live->start(cron_interval => 300, options => [ '--barman', "$home/bin/barman", '--pg-bindir', $bindir, '--instance-root', $small ]);
is(reserved(), 0, 'after a crash nothing is reserved');
is(join(' ', glob("$small/*")), '', 'and nothing is left');
$live->stop;
done_testing();
