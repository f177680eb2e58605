# Incremental backups come back whole, one of one of a full as well, and several
# at the same time: Barman 3.11 to 3.14 leave out directories of each, and let
# concurrent restores destroy each other.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use LiveBarman;
use PocTest;

my ($major) = `pg_config --version` =~ /(\d+)/;
my ($barman) = (`barman --version` // '') =~ /^3\.(\d+)/;
plan skip_all => "PostgreSQL $major takes no incremental backups: it needs 17" if $major < 17;
plan skip_all => 'this Barman takes no incremental backups: it needs 3.11' if !defined $barman || $barman < 11;

my $live = LiveBarman->new('incremental', conf => "summarize_wal = on\n");
my ($home, $node) = @$live{qw(home node)};
make_error_of($node);
my $bindir = $node->config_data('--bindir');
$bindir =~ s/\s+$//;

sub ask
{
	my ($instance, $query) = @_;
	my $port = $node->safe_psql('postgres', "SELECT port FROM poc_instances() WHERE instance = '$instance'");
	my ($out, $err) = ('', '');
	IPC::Run::run([ "$bindir/psql", '-XAtq', '-h', "$home/instances/$instance/socket", '-p', $port, '-d', 'postgres', '-c', $query ],
		'<', \undef, '>', \$out, '2>', \$err);
	chomp($out);
	return $out . $err;
}

sub value { return $node->safe_psql('postgres', $_[0]); }

$live->start(cron_interval => 5, options => ['--instance-root', "$home/instances", '--pg-bindir', $bindir]);
value('SELECT count(*) FROM poc_wait_ready()');
value('SELECT poc_seed()');
value('SELECT poc_generate_rows(20000, seed => 1)');
my %backup = (full => value('SELECT backup_id FROM poc_backup()'));
value('SELECT poc_generate_rows(20000, seed => 2)');
value('UPDATE dummy SET text = text || id WHERE id % 7 = 0');
$backup{first} = value("SELECT backup_id FROM poc_backup(incremental => 'latest')");
value('DELETE FROM dummy WHERE id % 11 = 0');
value('VACUUM dummy');
$backup{second} = value("SELECT backup_id FROM poc_backup(incremental => 'latest')");
is(value("SELECT parent_id FROM poc_backups() WHERE backup_id = '$backup{second}'"), $backup{first}, 'an incremental of an incremental');
value('SELECT poc_generate_rows(100, seed => 3)');
my $marked = value("SELECT f FROM poc_fingerprint('dummy') AS f, pg_create_restore_point('marked')");
value('SELECT poc_generate_rows(100, seed => 4)');
my $now = value("SELECT f FROM poc_fingerprint('dummy') AS f");

for my $name (qw(full first second))
{
	is(value("SELECT state FROM poc_restore('all_$name', '$backup{$name}')"), 'running', "$name: restored");
	is(ask("all_$name", "SELECT f FROM poc_fingerprint('dummy') AS f"), $now, "$name: all there is");
	is(value("SELECT state FROM poc_restore('mark_$name', '$backup{$name}', target_name => 'marked')"), 'running', "$name: restored to a point");
	is(ask("mark_$name", "SELECT f FROM poc_fingerprint('dummy') AS f"), $marked, "$name: what was there then");
	value("SELECT poc_drop_instance(i) FROM unnest(ARRAY['all_$name', 'mark_$name']) AS i");
}
is(value("SELECT state FROM poc_restore('immediate', '$backup{second}', immediate => true)"), 'running', 'immediate: restored');
is(ask('immediate', 'SELECT count(*) > 0 FROM dummy'), 't', 'immediate: it answers');

# at the same time
value("SELECT poc_restore('at_once_' || n, '$backup{second}', target_name => 'marked', wait => false) FROM generate_series(1, 3) AS n");
is(value("SELECT string_agg(w.state, ' ') FROM (SELECT job_id FROM poc_jobs() WHERE kind = 'restore' LIMIT 3) AS j, poc_wait_job(j.job_id, '5 min') AS w"),
	'done done done', 'three at once');
is(ask("at_once_$_", "SELECT f FROM poc_fingerprint('dummy') AS f"), $marked, "$_ of three") for 1 .. 3;

# an incremental backup cannot be kept, and goes with the full one
my @error = error_of($node, "SELECT poc_keep_backup('$backup{first}')");
is($error[0], '55000', 'an incremental backup is not kept: SQLSTATE');
like($error[3], qr/full backup/, 'an incremental backup is not kept: HINT');
value("SELECT poc_drop_instance(instance) FROM poc_instances()");
done_testing();
