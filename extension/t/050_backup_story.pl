# Backups over a real Barman, while they run: how far they are, how they are
# cancelled, and what two sessions get that want the same.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes ();

use LiveBarman;
use PocTest;

# dirty pages stay for the checkpoint, which then takes its time
my $live = LiveBarman->new('backups', conf => "shared_buffers = 16MB\nbgwriter_lru_maxpages = 0\n");
my $node = $live->{node};

sub sql { return $node->safe_psql('postgres', "SET client_min_messages = error; $_[0]"); }

sub summarise
{
	my ($value) = @_;
	sql("ALTER SYSTEM SET summarize_wal = $value");
	$node->reload;
	return wait_until(sub { sql('SHOW summarize_wal') eq $value });
}

# Runs a query in a psql of its own; $code once Barman copies.  Returns what it
# printed.
sub while_copying
{
	my ($query, $code) = @_;
	my ($stdout, $stderr) = ('', '');
	my $run = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-v', 'VERBOSITY=verbose', '-c', $query ],
		'<', \undef, '>', \$stdout, '2>', \$stderr, IPC::Run::timeout(180));

	while ($run->pumpable)
	{
		$run->pump_nb;
		if ($code && $stderr =~ /copying: \d+ %/)
		{
			$code->();
			undef $code;
		}
		Time::HiRes::sleep(0.02);
	}
	eval { $run->finish; };
	ok(!$code, 'it copies: ' . substr($query, 0, 40)) or diag($stderr);
	return ($stdout, $stderr);
}

$live->configure("bandwidth_limit = 6000\n");
$live->start;
sql('SELECT poc_wait_ready()');

# progress
my @jobs;
my $log_before = -s $node->logfile;
my ($stdout, $stderr) = while_copying(
	"SET log_min_messages = notice; SELECT status FROM poc_backup()",
	sub { @jobs = split(/\|/, sql("SELECT state, phase, progress > 0 AND progress <= 1 FROM poc_jobs() WHERE kind = 'backup' LIMIT 1")); });
is($stdout, "DONE\n", 'a slow backup is DONE');
is_deeply(\@jobs, [ 'running', 'copying', 't' ], 'progress: in poc_jobs()');
# when the server said so, which a slow reader does not change
my @told = slurp_file($node->logfile, $log_before) =~ /^\S+ ([\d:.]+) .*NOTICE:  copying: (.*)/mg;
my (@times, @lines);
while (my ($time, $line) = splice(@told, 0, 2))
{
	my ($hours, $minutes, $seconds) = split(/:/, $time);
	push(@times, ($hours * 60 + $minutes) * 60 + $seconds);
	push(@lines, $line);
}
cmp_ok(scalar(grep { /^\d+ % \(\d+ \wB of \d+ \wB(, full)?\)$/ } @lines), '>=', 2, 'progress: notices') or diag(@lines);
my @pauses = map { $_ < 0 ? $_ + 86400 : $_ } map { $times[$_] - $times[ $_ - 1 ] } 1 .. $#times;
is(scalar(grep { $_ < 0.8 } @pauses), 0, 'progress: once a second at most') or diag("@pauses");
is(sql("SELECT phase IS NULL, progress FROM poc_jobs() WHERE kind = 'backup' LIMIT 1"), 't|1', 'a job that is done has no phase, and progress 1');

# before anything is copied: a checkpoint that takes its time
sql('SELECT poc_generate_rows(50000)');
my $job = sql('SELECT job_id FROM poc_backup(immediate_checkpoint => false, wait => false)');
ok(wait_until(sub { sql("SELECT phase FROM pg_stat_progress_basebackup") eq 'waiting for checkpoint to finish' }), 'a backup waits for its checkpoint');
ok(wait_until(sub { sql("SELECT phase FROM poc_jobs() WHERE job_id = '$job'") eq 'copying' }), '... of which poc_jobs() tells');
is(sql("SELECT state, phase, progress IS NULL FROM poc_jobs() WHERE job_id = '$job'"), 'running|copying|t', 'progress: none while nothing is copied');
sql("SELECT poc_cancel_job('$job')");
is(sql("SELECT state FROM poc_wait_job('$job', timeout => '60 s')"), 'cancelled', 'and is cancelled');

# two sessions ask for the same
my ($running, @error);
($stdout, $stderr) = while_copying("SELECT job_id FROM poc_backup()", sub {
	$running = sql("SELECT job_id FROM poc_jobs() WHERE kind = 'backup' AND state = 'running'");
	(undef, undef, my $second) = $node->psql('postgres', "\\set VERBOSITY verbose\nSELECT * FROM poc_backup()");
	@error = $second =~ /ERROR:  (\w+): .*?DETAIL:  (.*?)\n/s;
});
is($stdout, "$running\n", 'two sessions: one runs');
is($error[0], '55006', 'two sessions: SQLSTATE of the other');
like($error[1], qr/\Q$running\E/, 'two sessions: DETAIL names the running job');

# Ctrl-C
($stdout, $stderr) = while_copying('SELECT * FROM poc_backup()', sub {
	$running = sql("SELECT job_id FROM poc_jobs() WHERE kind = 'backup' AND state = 'running'");
	sql("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE '%poc_backup%' AND pid <> pg_backend_pid()");
});
like($stderr, qr/ERROR:  57014/, 'cancel: the error is its own');
is(sql("SELECT state FROM poc_wait_job('$running', timeout => '30 s')"), 'cancelled', 'cancel: so is the job');
is(sql('SELECT status FROM poc_backups() LIMIT 1'), 'FAILED', 'cancel: Barman knows that the backup failed');
is(scalar($live->copiers), 0, 'cancel: no pg_basebackup is left');
is(sql("SELECT phase IS NULL FROM poc_jobs() WHERE job_id = '$running'"), 't', 'cancel: the job has no phase any more');
is(sql('SELECT count(*) FROM pg_stat_progress_basebackup'), '0', 'cancel: nor does the server send anything');

# incrementals
my $failed = sql("SELECT backup_id FROM poc_backups() WHERE status = 'FAILED' LIMIT 1");
my $can = $node->pg_version >= 17
  && sql("SELECT (string_to_array(barman_version, '.')::int[])[1:2] >= '{3,11}' FROM poc_sidecar()") eq 't';
my $take = sub {
	my ($parent) = @_;
	my (undef, undef, $text) = $node->psql('postgres', "\\set VERBOSITY verbose\nSELECT * FROM poc_backup(incremental => '$parent')");
	return $text =~ /ERROR:  (\w+): (.*?)\n(?:DETAIL:  (.*?)\n)?(?:HINT:  (.*?)\n)?/ ? ($1, $2, $3 // '', $4 // '') : ('', '', '', '');
};
$live->configure;
summarise('off') if $can;
sql('SELECT poc_backup()');
@error = $take->('latest');
if (!$can)
{
	is($error[0], '55000', 'this Barman or PostgreSQL takes no incrementals: SQLSTATE');
	like($error[3], qr/3\.11/, 'it tells what it needs');
}
else
{
	is($error[0], '55000', 'WAL is not summarised: SQLSTATE');
	like($error[3], qr/summarize_wal = on/, 'WAL is not summarised: HINT');
	summarise('on');
	@error = $take->('latest');
	is($error[0], '55000', 'the parent was taken before WAL was summarised: SQLSTATE');
	like($error[3], qr/full backup/, 'the parent was taken before WAL was summarised: HINT');
	@error = $take->($failed);
	is($error[0], '55000', 'the parent has failed: SQLSTATE');
	like($error[1], qr/FAILED/, 'the parent has failed: told');

	my $full = sql('SELECT backup_id FROM poc_backup()');
	my $first = sql("SELECT backup_id FROM poc_backup(incremental => 'latest')");
	my $second = sql("SELECT backup_id FROM poc_backup(incremental => '$first')");
	sql("SELECT poc_backup(incremental => 'latest-full')");
	is(sql("SELECT string_agg(concat_ws(' ', type, status, parent_id), ',' ORDER BY backup_id) FROM poc_backups() WHERE backup_id >= '$full'"),
		"full DONE,incremental DONE $full,incremental DONE $first,incremental DONE $full",
		'a chain: by latest, by id, by latest-full');
	is(sql("SELECT root_id || chain_size FROM poc_show_backup('$second')"), "${full}3", 'a chain knows its root and length');
}

done_testing();
