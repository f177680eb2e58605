# The ways in which most servers are backed up: WAL by archive_command, alone or beside streaming, copies by
# pg_basebackup or by rsync, in one Barman.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use BackupWays;
use LiveBarman;
use PocTest;

my $live = ways_stack('archived');
my ($home, $node) = @$live{qw(home node)};
my %by_archive = (archiver => 'on', streaming_archiver => 'off', slot_name => undef, create_slot => undef);
my $directory = $node->data_dir;

add_server($live, 'archived', %by_archive);
add_server($live, 'beside', archiver => 'on');
add_server($live, 'rsync', %by_archive, backup_method => 'rsync', ssh_command => "$home/bin/ssh host", reuse_backup => 'link', backup_options => 'concurrent_backup');
add_server($live, 'local-rsync', %by_archive, backup_method => 'local-rsync', reuse_backup => 'link', backup_options => 'concurrent_backup');
archive_by($live, $node, "barman-wal-archive -c $home/barman/barman.conf -U " . getpwuid($<) . ' host archived %p',
	"cp %p $home/barman/beside/incoming/%f",
	"rsync -a -e $home/bin/ssh %p host:$home/barman/rsync/incoming/%f",
	"cp %p $home/barman/local-rsync/incoming/%f");
restart_sidecar($live);

play_way($live, $_) for qw(archived beside rsync local-rsync);
done_testing();
