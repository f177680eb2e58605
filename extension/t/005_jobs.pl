# A job is followed to its end, helped with WAL, and cancelled with its query.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use FakeSidecar;
use PocTest;

my $dir = PostgreSQL::Test::Utils::tempdir_short();
my $fake = FakeSidecar->new(dir => $dir);
my $node = poc_cluster('jobs', $fake->url);
my ($stdout, $stderr);

sub cancels { return scalar(grep { m{^POST /v1/(?:jobs|keys)/\w+/cancel$} } $fake->requests); }

# Runs a query that will wait in a psql of its own, until $code has been run.
sub while_waiting
{
	my ($query, $code) = @_;
	my %output;
	my @command = ('psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', $query);
	my $run = IPC::Run::start(\@command, '<', \undef, '>', \$output{stdout}, '2>', \$output{stderr},
		IPC::Run::timeout(180));
	my $pid = '';

	# it follows the job when it has asked for it the second time
	my $polls = grep { m{^GET /v1/jobs/} } $fake->requests;
	wait_until(sub { (grep { m{^GET /v1/jobs/} } $fake->requests) >= $polls + 2 });
	$pid = $node->safe_psql('postgres',
		"SELECT pid FROM pg_stat_activity WHERE query LIKE '%poc_%' AND pid <> pg_backend_pid() AND state = 'active'");
	$code->($pid, sub { $run->pump_nb; return $output{stderr}; });
	eval { $run->finish; };
	return $output{stderr};
}

# the end of a job
is($node->safe_psql('postgres', "SELECT backup_id, type, status, size, elapsed FROM poc_backup('good')"),
	'20261122T061022|full|DONE|42|00:00:01.5', 'a job that is done is a row');
$node->psql('postgres', "SELECT * FROM poc_backup('good')", stderr => \$stderr);
like($stderr, qr/NOTICE:  Starting backup/, 'its log comes as notices');
like($stderr, qr/WARNING:  It rains/, 'its warnings come as warnings');
is($node->safe_psql('postgres', "SELECT job_id, status FROM poc_backup('endless', wait => false)"),
	'endless|running', 'wait => false returns at once');
is(cancels(), 0, 'and cancels nothing');

my @error = error_of($node, "SELECT * FROM poc_backup('failed')");
is($error[0], '58000', 'failed: SQLSTATE');
is($error[1], 'the backup failed', 'failed: message');
is($error[2], 'pg_basebackup: no space', 'failed: DETAIL is in Barman\'s own words');
like($error[3], qr/poc_job_log\('failed'\)/, 'failed: HINT names the log');
@error = error_of($node, "SELECT * FROM poc_backup('lost')");
is($error[0], '58000', 'lost: SQLSTATE');
@error = error_of($node, "SELECT * FROM poc_backup('cancelled')");
is($error[0], '57000', 'cancelled by others: SQLSTATE');
is(cancels(), 0, 'what has ended is not cancelled');
is($node->safe_psql('postgres', "SELECT state, error FROM poc_wait_job('failed')"),
	'failed|the backup failed: pg_basebackup: no space', 'poc_wait_job() returns a failed job as a row');

$node->psql('postgres', "SELECT * FROM poc_wait_job('good')", stderr => \$stderr);
unlike($stderr, qr/NOTICE/, 'and does not repeat the log of one that has ended before');

# a segment that is not archived in time
$node->psql('postgres', "SELECT archived FROM poc_switch_wal('late')", stdout => \$stdout, stderr => \$stderr);
is($stdout, 'f', 'not archived in time: a row');
like($stderr, qr/WARNING:  WAL file 0{7}1\w+ was not archived in time/, 'not archived in time: a warning');
like($stderr, qr/HINT:/, 'not archived in time: HINT');

# a server that does not get ready, and one that is good enough
@error = error_of($node, "SELECT * FROM poc_wait_ready('unready', timeout => '1.5 s')");
is($error[0], '55000', 'not ready: SQLSTATE');
like($error[2], qr/wal_archive: please make sure/, 'not ready: DETAIL lists the checks that fail');
like($error[3], qr/00:00:01.5/, 'not ready: HINT');
$node->psql('postgres', "SELECT * FROM poc_wait_ready('unready', timeout => '0 s')", stderr => \$stderr);
like($stderr, qr/replication_slot: no hint/, 'not ready: DETAIL lists them all');
$node->psql('postgres', "SELECT count(*) FROM poc_wait_ready('complaining')", stdout => \$stdout, stderr => \$stderr);
is($stdout, '2', 'ready in spite of failed backups');
like($stderr, qr/WARNING:  server complaining is ready.*failed_backups/, 'which are told');

# time limits
@error = error_of($node, "SELECT * FROM poc_backup('endless', timeout => '1s')");
is($error[0], '08006', 'timeout: SQLSTATE');
like($error[2], qr/cancelled/, 'timeout: DETAIL');
like($error[3], qr/poc_wait_job/, 'timeout: HINT');
is(cancels(), 1, 'timeout: the job is cancelled');
is($node->safe_psql('postgres', "SELECT state FROM poc_wait_job('endless', timeout => '1s')"),
	'running', 'poc_wait_job() returns the job as it is in time');
is(cancels(), 1, 'and leaves it alone');
my $asked = $fake->requests;
my $waited = elapsed(sub { $node->safe_psql('postgres', "SELECT FROM poc_wait_job('endless', timeout => '300 ms')") });
cmp_ok($waited, '>=', 0.3, 'less than a second is waited for');
is(scalar(grep { m{^GET .*wait=[1-9]} } ($fake->requests)[$asked .. $fake->requests - 1]), 0, 'and no longer');
@error = error_of($node, "SELECT * FROM poc_backup('endless', timeout => '-1s')");
is($error[0], '22023', 'negative timeout: SQLSTATE');

# the ways for a query to end before its job
my $query = "SELECT * FROM poc_backup('endless')";
like(while_waiting($query, sub { $node->safe_psql('postgres', "SELECT pg_cancel_backend($_[0])") }),
	qr/canceling statement due to user request/, 'cancel: the error is its own');
is(cancels(), 2, 'cancel: the job is cancelled');
like(while_waiting($query, sub { $node->safe_psql('postgres', "SELECT pg_terminate_backend($_[0])") }),
	qr/terminating connection/, 'terminate: the error is its own');
ok(wait_until(sub { cancels() == 3 }), 'terminate: the job is cancelled');
$node->psql('postgres', "SET statement_timeout = '1s'; $query", stderr => \$stderr);
like($stderr, qr/statement timeout/, 'statement_timeout: the error is its own');
is(cancels(), 4, 'statement_timeout: the job is cancelled');
like(while_waiting("SELECT * FROM poc_wait_job('endless')",
		sub { $node->safe_psql('postgres', "SELECT pg_cancel_backend($_[0])") }),
	qr/canceling statement due to user request/, 'poc_wait_job() is cancelled');
is(cancels(), 4, 'but its job is not');

# a sidecar that takes the cancellation and says nothing
my $time = elapsed(sub {
	$node->psql('postgres', "SET statement_timeout = '1s'; SELECT * FROM poc_backup('deaf')", stderr => \$stderr);
});
like($stderr, qr/statement timeout/, 'deaf sidecar: the error is its own');
like($stderr, qr/WARNING:  could not cancel job deaf/, 'deaf sidecar: a warning');
cmp_ok($time, '<', 20, 'deaf sidecar: the query does not hang');

# WAL for a job that waits for it
my $before = $node->safe_psql('postgres', 'SELECT pg_walfile_name(pg_current_wal_lsn())');
error_of($node, "SELECT * FROM poc_backup('wal', timeout => '3s')");
my $after = $node->safe_psql('postgres', 'SELECT pg_walfile_name(pg_current_wal_lsn())');
cmp_ok($after, 'gt', $before, 'a backup that waits for WAL gets a switch');
is(hex(substr($after, 8)) - hex(substr($before, 8)), 1, 'and only one at first');
$before = $after;
$node->safe_psql('postgres', "SELECT state FROM poc_wait_job('wal', timeout => '1s')");
cmp_ok($node->safe_psql('postgres', 'SELECT pg_walfile_name(pg_current_wal_lsn())'),
	'gt', $before, 'poc_wait_job() helps as well');

# the sidecar is away for a moment
my $port = $fake->{port};
my $warning = while_waiting("SELECT * FROM poc_wait_job('endless', timeout => '5s')", sub {
	my (undef, $told) = @_;
	$fake->stop;
	wait_until(sub { $told->() =~ /trying again/ });
	$fake = FakeSidecar->new(dir => $dir, port => $port);
});
like($warning, qr/NOTICE:  .*; trying again/, 'away: told');
unlike($warning, qr/ERROR/, 'away: the job is followed on');

# ---- a log that comes in parts ----
my @parts = map { my $from = $_; '{"job":' . FakeSidecar::job('long', 'failed', error => '{"code":"barman_failed","message":"it failed"}') . ',"log":['
	. join(',', map { qq({"n":$_,"at":"2026-11-22T06:10:22Z","level":"info","text":"line $_"}) } $from, $from + 1) . ']' . ($from < 5 ? ',"more":true}' : '}') } 1, 3, 5;
my $long = FakeSidecar->new(dir => PostgreSQL::Test::Utils::tempdir_short(), answers => {
	(map { my $after = 2 * $_; ("/v1/jobs/long?after=$after" => $parts[$_], "/v1/jobs/long?after=$after&wait=0" => $parts[$_]) } 0 .. 2),
	'/v1/servers/good/backups' => $parts[0] =~ s/"failed"/"running"/r,
	'/v1/jobs' => '{"jobs":[' . FakeSidecar::job('long', 'failed') . '],"more":true}',
});
use_url($node, $long->url);
is($node->safe_psql('postgres', q{SELECT string_agg(line, ',' ORDER BY n) FROM poc_job_log('long')}), join(',', map { "line $_" } 1 .. 6), 'all of a log that comes in parts');
my (undef, undef, $told) = $node->psql('postgres', q{SELECT * FROM poc_backup('good')});
like($told, qr/line 1\n.*line 6\n.*it failed/s, 'and who follows the job sees all of it before the error');
(undef, undef, $told) = $node->psql('postgres', 'SELECT * FROM poc_jobs()');
like($told, qr/WARNING:  the list is not complete/, 'a list with more behind it says so');
$long->stop;

$node->stop;
done_testing();
