# The real sidecar, over a real Barman: killed, stopped and started again while
# somebody waits for its job.  Backups are of the stack's postgres1; the server
# that asks is one of our own, which can be pointed anywhere and restarted.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use PocTest;
use RealSidecar;

my $missing = RealSidecar::missing();
plan skip_all => $missing if defined $missing;

my $dir = PostgreSQL::Test::Utils::tempdir();
my $sidecar = RealSidecar->new(dir => $dir, token => 'correct-horse-battery-staple');
my $node = poc_cluster('sidecar', $sidecar->url);
my @error;

@error = error_of($node, 'SELECT * FROM poc_servers()');
is($error[0], '42501', 'without a token: SQLSTATE');
is($node->safe_psql('postgres', "SELECT split_part(error_of('SELECT * FROM poc_sidecar()'), '|', 1)"),
	'no error', 'without a token the sidecar tells that it is there');

sub use_token
{
	my ($token) = @_;
	open(my $file, '>', "$dir/ours") or die "$dir/ours: $!";
	print $file "$token\n";
	close($file);
}
use_token('wrong');
$node->append_conf('postgresql.conf', "poc_barman.token_file = '$dir/ours'");
$node->restart;
@error = error_of($node, 'SELECT * FROM poc_servers()');
is($error[0], '42501', 'wrong token: SQLSTATE');
like($error[3], qr/token/, 'wrong token: HINT');
use_token('correct-horse-battery-staple');
is($node->safe_psql('postgres', 'SELECT server, state FROM poc_servers()'), 'postgres1|active', 'right token');
like($node->safe_psql('postgres', 'SELECT version, barman_version FROM poc_sidecar()'), qr/^1\.0\|3\.\d+/, 'versions');

# Runs a backup in a psql of its own until it copies, then $code, then to its end.
sub during_backup
{
	my ($code) = @_;
	my ($stdout, $stderr) = ('', '');
	my $run = IPC::Run::start(
		[ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-v', 'VERBOSITY=verbose',
			'-c', "SELECT * FROM poc_backup('postgres1', immediate_checkpoint => false)" ],
		'<', \undef, '>', \$stdout, '2>', \$stderr, IPC::Run::timeout(180));

	my $job;
	ok(wait_until(sub {
			$run->pump_nb;
			$job = $node->safe_psql('postgres', "SELECT job_id FROM poc_jobs() WHERE kind = 'backup' AND state = 'running'");
			return $job;
		}), 'a backup is under way');
	$code->($job, sub { $run->pump_nb; return $stderr; });
	eval { $run->finish; };
	return ($job, $stderr);
}

# killed: the job is lost, and whoever waited for it learns that
my ($job, $stderr) = during_backup(sub {
	my (undef, $told) = @_;
	$sidecar->stop('KILL');
	wait_until(sub { $told->() =~ /trying again/ });
	$sidecar->start;
});
like($stderr, qr/trying again/, 'killed: told');
like($stderr, qr/ERROR:  58000/, 'killed: SQLSTATE');
is($node->safe_psql('postgres', "SELECT state FROM poc_jobs() WHERE job_id = '$job'"), 'lost', 'killed: the job is lost');

# stopped: the job is cancelled
($job, $stderr) = during_backup(sub {
	$sidecar->stop('TERM');
	$sidecar->start;
});
like($stderr, qr/ERROR:  (57000|58000|08006)/, 'stopped: SQLSTATE');
like($node->safe_psql('postgres', "SELECT state FROM poc_jobs() WHERE job_id = '$job'"),
	qr/^(cancelled|lost)$/, 'stopped: the job has ended');

# cancelled: the sidecar is told
($job, $stderr) = during_backup(sub {
	$node->safe_psql('postgres', "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE '%poc_backup%' AND pid <> pg_backend_pid()");
});
like($stderr, qr/ERROR:  57014/, 'cancelled: SQLSTATE');
is($node->safe_psql('postgres', "SELECT state FROM poc_wait_job('$job', timeout => '60 s')"), 'cancelled', 'cancelled: so is the job');

# PostgreSQL is restarted: whoever waited is cut off, and the job with it
($job, $stderr) = during_backup(sub { $node->restart; });
like($stderr, qr/57P01/, 'restarted: SQLSTATE');
is($node->safe_psql('postgres', "SELECT state FROM poc_wait_job('$job', timeout => '60 s')"), 'cancelled', 'restarted: the job is cancelled');

# but not a job that nobody waits for
$job = $node->safe_psql('postgres', "SELECT job_id FROM poc_backup('postgres1', wait => false)");
$node->restart;
unlike($node->safe_psql('postgres', "SELECT state FROM poc_jobs() WHERE job_id = '$job'"), qr/cancelled|lost/, 'restarted: a job of its own goes on');
$node->safe_psql('postgres', "SELECT error_of(\$\$SELECT * FROM poc_cancel_job('$job')\$\$)");
$node->safe_psql('postgres', "SELECT * FROM poc_wait_job('$job', timeout => '60 s')");

# away for good
$sidecar->stop;
@error = error_of($node, 'SELECT * FROM poc_backups()');
is($error[0], '08001', 'gone: SQLSTATE');
like($error[3], qr/barman-sidecar runs/, 'gone: HINT');
$sidecar->start;
is($node->safe_psql('postgres', "SELECT split_part(error_of('SELECT * FROM poc_backups()'), '|', 1)"), 'no error', 'back again');

$node->stop;
done_testing();
