# Whatever happens while a backup is asked for, over a real Barman: either it is
# followed to its end, or none runs.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

use CuttingProxy;
use LiveBarman;
use PocTest;

my $live = LiveBarman->new('orphans');
my $node = $live->{node};
my $proxy = CuttingProxy->new(listen => "$live->{home}/proxy", connect => "$live->{home}/sidecar");

sub sql { return $node->safe_psql('postgres', "SET client_min_messages = error; $_[0]"); }

sub start_backup
{
	my ($output, $query) = @_;
	@$output = ('', '');
	return IPC::Run::start(
		[ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-v', 'VERBOSITY=verbose', '-c', $query // 'SELECT status FROM poc_backup()' ],
		'<', \undef, '>', \$output->[0], '2>', \$output->[1], IPC::Run::timeout(180));
}

# Does anything still run, for the sidecar, for Barman, or for PostgreSQL?
sub nothing_runs
{
	return wait_until(sub {
		sql("SELECT count(*) FROM poc_jobs() WHERE state IN ('queued', 'running')") eq '0'
		  && !$live->copiers
		  && sql('SELECT count(*) FROM pg_stat_progress_basebackup') eq '0';
	});
}

sub backups { return sql('SELECT count(*) FROM poc_backups()'); }

$live->start;
sql('SELECT poc_wait_ready()');
use_url($node, "unix:$live->{home}/proxy");
my @output;

# the connection is cut
for my $moment (qw(request answer half))
{
	my $before = backups();

	$proxy->cut($moment);
	my $run = start_backup(\@output);
	eval { $run->finish; };
	ok($proxy->has_cut($moment), "cut at the $moment");
	like($output[1], qr/broke; trying again/, "cut at the $moment: told");
	is($output[0], "DONE\n", "cut at the $moment: the backup is followed to its end") or diag($output[1]);
	is(backups(), $before + 1, "cut at the $moment: and is the only one");
}

# the sidecar crashes before its answer is there
$live->configure("bandwidth_limit = 4000\n");
$live->stop;
$live->start;
$proxy->cut('hold');
my $run = start_backup(\@output);
ok(wait_until(sub { $live->copiers }), 'crash: Barman copies');
$live->stop('KILL');
$live->start;
$run->signal('INT');
eval { $run->finish; };
like($output[1], qr/ERROR:  57014/, 'crash, then Ctrl-C: the error is its own');
ok(nothing_runs(), 'crash, then Ctrl-C: nothing runs');

# Ctrl-C at every moment
for my $delay (0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
{
	for my $wait ('true', 'false')
	{
		my $query = $wait eq 'true' ? 'SELECT status FROM poc_backup()'
		  : 'SELECT status FROM poc_backup(wait => false), pg_sleep(5)';

		$run = start_backup(\@output, $query);
		wait_until(sub { sql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%FROM poc_backup(%' AND state = 'active' AND pid <> pg_backend_pid()") });
		sleep($delay);
		$run->signal('INT');
		eval { $run->finish; };
		if ($wait eq 'true')
		{
			like($output[1], qr/ERROR:  57014/, "Ctrl-C after $delay s: the error is its own");
			unlike($output[1], qr/could not cancel/, "Ctrl-C after $delay s: cancelled");
		}
		# a job that is not waited for is known from the answer on
		sql("SELECT poc_cancel_job(job_id) FROM poc_jobs() WHERE state IN ('queued', 'running')") if $wait eq 'false';
		ok(nothing_runs(), "Ctrl-C after $delay s, wait => $wait: nothing runs");
	}
}

# and at once the next one
$run = start_backup(\@output);
wait_until(sub { $live->copiers });
$run->signal('INT');
eval { $run->finish; };
$live->configure;
is(sql('SELECT status FROM poc_backup()'), 'DONE', 'right after Ctrl-C the next backup is taken');
ok(nothing_runs(), 'and that is all');

done_testing();
