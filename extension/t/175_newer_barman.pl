# What newer Barmans have, beside what SQL says: the gaps of an archive, backups that were exported and imported, and
# how those that are based on others are combined.  An older Barman is asked as well, and knows none of it.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use BackupWays;
use LiveBarman;
use PocTest;

my $live = LiveBarman->new('newer', conf => "poc_barman.timeout = '5min'\n");
my ($home, $node) = @$live{qw(home node)};
my $version = barman_version();

sub value { return $node->safe_psql('postgres', "SET client_min_messages = error; $_[0]"); }

make_error_of($node);
restart_sidecar($live);
value('SELECT count(*) FROM poc_wait_ready()');
value('CREATE TABLE t AS SELECT i FROM generate_series(1, 1000) AS i');
is(value('SELECT status FROM poc_backup()'), 'DONE', 'a backup');
my $backup = value('SELECT backup_id FROM poc_backups()');

# ---- the archive is whole, then it has a gap: as Barman 3.20 says, and as SQL says
my $first = value("SELECT pg_walfile_name(begin_lsn) FROM poc_show_backup('$backup')");
my @segments = map { value('SELECT wal_file FROM poc_switch_wal()') } 1 .. 4;
agree_about_gap($first, $segments[-1]);
for my $missing (@segments[ 1, 2 ])
{
	unlink("$home/barman/postgres1/wals/" . substr($missing, 0, 16) . "/$missing") or die "$missing: $!";
}
agree_about_gap($first, $segments[-1], @segments[ 1, 2 ]);
$live->run('barman -q rebuild-xlogdb postgres1');

# ---- a backup that was exported, deleted and imported is one like any other
value('SELECT count(*) FROM poc_backup()');
my $kept = value('SELECT backup_id FROM poc_backups() LIMIT 1');
if ($version >= version_number('3.19'))
{
	$live->run("barman export-backup postgres1 $kept $home");
	$live->run("barman delete postgres1 $kept");
	is(value("SELECT count(*) FROM poc_backups() WHERE backup_id = '$kept'"), '0', 'it is deleted');
	$live->run("barman import-backup postgres1 $home/backup-export-*.tar");
	is(value("SELECT status FROM poc_backups() WHERE backup_id = '$kept'"), 'DONE', 'and imported');
	is(value("SELECT status FROM poc_verify_backup('$kept')"), 'valid', 'verified');
}
else
{
	like($live->run("barman export-backup postgres1 $kept $home"), qr/invalid choice/, 'an older Barman exports nothing');
}
is((restored("backup_id => '$kept', immediate => true"))[0], '1000', 'restored');

# ---- incremental backups, combined as the configuration says
if ($node->pg_version >= 17 && $version >= version_number('3.16'))
{
	value('INSERT INTO t SELECT generate_series(1001, 1100)');
	is(value("SELECT type FROM poc_backup(incremental => 'latest')"), 'incremental', 'an incremental backup');
	for my $mode (qw(copy link copy-file-range clone))
	{
		$live->configure("combine_mode = $mode\nstaging_path = $home/nowhere\nstaging_location = remote\n");
		my ($rows, $said) = restored('immediate => true');
		# whether clones can be made depends on the file system
		next if $mode eq 'clone' && like("$rows $said", qr/^1100 |cannot clone.*combine_mode = copy/s, 'clones, or why not and what to do');
		is($rows, '1100', "combined by $mode") or diag($said);
	}
	# nothing that is restored may be the backup itself
	is($live->run("find $home/barman/postgres1/base -type f -links +1"), '', 'no file of a backup is shared');
}
elsif ($version < version_number('3.16'))
{
	like($live->run("barman recover --combine-mode copy postgres1 latest $home/nowhere"), qr/unrecognized arguments: --combine-mode/, 'an older Barman combines in its own way');
}
else
{
	like((error_of($node, q{SELECT * FROM poc_backup(incremental => 'latest')}))[0], qr/^(0A000|55000)$/, 'an older PostgreSQL has nothing to combine');
}
done_testing();

# The missing segments by Barman, and by the windows
sub agree_about_gap
{
	my ($from, $to, @missing) = @_;
	my $wanted = join(' ', @missing);
	my $gaps = q{SELECT coalesce(string_agg(concat_ws(' ', gap_first_wal, gap_last_wal), ' '), '') FROM poc_recovery_windows() WHERE gap_first_wal IS NOT NULL};

	wait_until(sub { value($gaps) eq $wanted });
	is(value($gaps), $wanted, 'the windows name ' . (@missing ? 'the gap' : 'no gap'));
	my $said = $live->run("barman -f json check-archived-wal-range postgres1 $from $to");
	return like($said, qr/invalid choice/, 'this Barman looks for no gaps') if $version < version_number('3.20');
	return is(join(' ', @{ decode_json($said)->{postgres1}{missing_wals} }), $wanted, 'and Barman the same');
}

# How many rows a restore has, and what was said
sub restored
{
	my ($arguments) = @_;
	my (undef, $state, $said) = $node->psql('postgres', "SELECT state FROM poc_restore('one', $arguments)");
	my $rows = $live->ask_instance('one', 'SELECT count(*) FROM t') // 'none';

	$node->psql('postgres', "SELECT poc_drop_instance('one')");
	return ($rows, $said);
}
