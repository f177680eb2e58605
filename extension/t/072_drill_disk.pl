# A drill whose disk is full says so and gives back what it took: here the disk is a file system of memory.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use File::Temp qw(tempdir);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use DrillTest;
use PocTest;

# The sidecar gets one that only it sees, as a user who may make mounts of his own; where no user may,
# as in most containers, /dev/shm is a small one.
my $live = drill_stack('disk');
my ($home, $node) = @$live{qw(home node)};
my ($uid, $gid) = ($<, (split ' ', $()[0]);
my $mounts = system("unshare --user --map-root-user --mount true 2> /dev/null") == 0;
$live->stop;
if ($mounts)
{
	mkdir("$home/small");
	$live->write('bin/sidecar', <<"SH", 0755);
#!/bin/sh
exec unshare --user --map-root-user --mount sh -c 'mount -t tmpfs -o size=150m tmpfs $home/small &&
	{ sleep infinity & } && echo \$! > $home/inside &&
	exec unshare --user --map-user=$uid --map-group=$gid $live->{sidecar} "\$@"' sh "\$@"
SH
	$live->{sidecar} = "$home/bin/sidecar";
	$live->{instances} = "$home/small";
}
else
{
	# what is filled there is memory
	die '/dev/shm is larger than 1 GB, and no mount can be made here: there is no small file system to fill' if take_shm() > 1024**3;
	$live->{instances} = tempdir('poc_XXXXXX', DIR => '/dev/shm', CLEANUP => 1);
}
start_drills($live);
# seen from outside through a process beside the sidecar, which is closed to its user's others
my ($inside) = $mounts ? slurp_file("$home/inside") =~ /(\d+)/ : ();
END { kill('KILL', $inside) if $inside; }
$live->{disk} = $mounts ? "/proc/$inside/root$home/small" : $live->{instances};

# Takes all room of the disk but so many bytes.
sub leave
{
	my ($bytes) = @_;
	my ($free) = $live->run("stat -f -c '%f %S' $live->{disk}") =~ /^(\d+ \d+)$/m or die 'stat';
	my ($blocks, $size) = split(' ', $free);
	my $ballast = $blocks * $size - $bytes;

	die "the disk is too small: $free" if $ballast < 0;
	$live->run("head -c $ballast /dev/zero > $live->{disk}/ballast");
	return;
}

$node->safe_psql('postgres', "SELECT poc_generate_wal('3 MB')");
$node->safe_psql('postgres', "SELECT tables FROM poc_mark('mark')");
is(failures($live, 'room enough'), 'none', 'with room enough it passes');

leave(1024 * 1024);
like(failures($live, 'no room'), qr/^backup: there is not enough room for the backup: The backup has \d+ bytes, and \d+ are free/,
	'without room for the backup nothing is begun');
unlink("$live->{disk}/ballast");

# a copy of 1.5 MB fits, and it is Barman that meets the end
$live->write('bin/barman', <<"SH", 0755);
#!/bin/sh
case "\$*" in
*recover*) head -c \$((\$(stat -f -c '%f * %S' $live->{instances}) - 1536 * 1024)) /dev/zero > $live->{instances}/ballast ;;
esac
exec barman "\$@"
SH
like(failures($live, 'full'), qr/^(?:restore|recovery): .*[Nn]o space left on device/s, 'a disk that is full in the middle');
$live->write('bin/barman', "#!/bin/sh\nexec barman \"\$@\"\n", 0755);
unlink("$live->{disk}/ballast");

is(failures($live, 'room again'), 'none', 'and with room again it passes');
is(join(' ', glob("$live->{disk}/*")), '', 'the disk is empty');

done_testing();
