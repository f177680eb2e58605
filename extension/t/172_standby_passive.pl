# A backup that is taken of a standby, and one that a second Barman has from the first.

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

my $live = ways_stack('primary', flat => 1, conf => "wal_keep_size = 64MB\n");
my ($home, $node) = @$live{qw(home node)};
my $primary = sprintf('host=%s port=%d user=barman dbname=postgres connect_timeout=3', $node->host, $node->port);

archive_by($live, $node, 'true');
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
add_server($live, 'standby', node => $standby, primary_conninfo => $primary);
restart_sidecar($live, '--cron-interval', 5);
play_way($live, 'standby', before_incremental => \&check_refusal_and_begin_anew);

# the first Barman's own server, and its copy at another Barman
my $ask = sub { return $node->safe_psql('postgres', "SET client_min_messages = error; $_[0]") };
$ask->($_) for 'SELECT count(*) FROM poc_wait_ready()', 'SELECT * FROM poc_backup()';
my $far = far_barman();
my $sync = sub {
	use_url($node, "unix:$home/sidecar");
	$ask->("SELECT archived FROM poc_switch_wal('postgres1')");
	use_url($node, "unix:$far->{home}/sidecar");
};
$sync->();
ok(wait_until(sub { $ask->('SELECT count(*) FROM poc_cron()'); $ask->(q{SELECT status FROM poc_backups('postgres1')}) eq 'DONE' }),
	'the second Barman has the backup of the first');
play_way($far, 'passive', server => 'postgres1', bring_wal => $sync);
# what is closed now the first Barman archives in its own time
my (undef, undef, $said) = $node->psql('postgres', "SELECT state FROM poc_restore('one', server => 'postgres1')");
unlike($said, qr/ERROR|was not archived within/, 'a restore there brings the newest WAL from the first Barman') or diag($said);
$far->stop;
done_testing();

# A backup of a standby begins with its last restartpoint, which may be from before the full backup ended: that is said,
# and what is said helps.
sub check_refusal_and_begin_anew
{
	return if !promised($node, 'standby', 'incremental');
	my (undef, undef, undef, $hint) = error_of($node, q{SELECT * FROM poc_backup('standby', incremental => 'latest')});
	like($hint, qr/CHECKPOINT on the primary, then on the standby/, 'an increment of a standby that rests');
	$node->safe_psql('postgres', 'CHECKPOINT');
	$node->wait_for_catchup($standby, 'replay');
	$standby->safe_psql('postgres', 'CHECKPOINT');
	return;
}

# Another Barman, which copies what the first one has
sub far_barman
{
	my $there = PostgreSQL::Test::Utils::tempdir_short();
	my $far = bless { %$live{qw(node sidecar owner)}, home => $there, listen => "unix:$there/sidecar" }, 'LiveBarman';

	mkdir("$there/$_") for qw(barman jobs);
	symlink("$home/bin", "$there/bin") or die "$there/bin: $!";
	$far->write('token', "secret\n", 0600);
	$far->write('token_that_destroys', "more-secret\n", 0600);
	$far->configure("primary_ssh_command = $home/bin/ssh host\n");
	restart_sidecar($far);
	return $far;
}
