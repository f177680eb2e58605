# A job whose answer does not come is asked for again, or cancelled by its key.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use FakeSidecar;
use PocTest;

my $fake = FakeSidecar->new(dir => PostgreSQL::Test::Utils::tempdir_short());
my $node = poc_cluster('lost', $fake->url);
my $seen = 0;

# What has been asked since the last look: the keys of the jobs, and those cancelled
sub asked
{
	my @all = $fake->requests;
	my @new = @all[ $seen .. $#all ];
	$seen = @all;
	return ([ map { /^KEY (\S+)/ } @new ], [ map { m{^POST /v1/keys/(\S+)/cancel$} } @new ]);
}

sub run_sql
{
	my ($query) = @_;
	my ($stdout, $stderr);
	$node->psql('postgres', "\\set VERBOSITY verbose\n$query", stdout => \$stdout, stderr => \$stderr);
	return ($stdout, $stderr);
}

sub is_asked_again
{
	my ($name, $query, $expected) = @_;
	my ($stdout, $stderr) = run_sql($query);
	my ($keys, $cancelled) = asked();

	is($stdout, $expected, "$name: the job is found again");
	like($stderr, qr/NOTICE: .*the connection to the Barman sidecar broke; trying again/, "$name: told");
	is(scalar(@$keys), 2, "$name: sent twice");
	is($keys->[0], $keys->[1], "$name: with the same key");
	is_deeply($cancelled, [], "$name: not cancelled");
	return $keys->[0];
}

my $first = is_asked_again('broken before the answer', "SELECT job_id, status FROM poc_backup('unheard')", 'good|DONE');
my $second = is_asked_again('broken within the answer', "SELECT job_id, status FROM poc_backup('cut')", 'good|DONE');
isnt($first, $second, 'each job has a key of its own');
like($first, qr/^[0-9a-f]{32}$/, 'of 128 bits');
is_asked_again('broken, not waited for', "SELECT job_id FROM poc_backup('unheard', wait => false)", 'good');
is_asked_again('DELETE, broken before the answer', "SELECT count(*) FROM poc_drop_instance('unheard')", '1');

# Nobody knows the job, so it is cancelled by the key that it was sent with.
sub is_cancelled
{
	my ($name, $query, $error, $code) = @_;
	my ($stdout, $stderr);

	if ($code)
	{
		my $run = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-v', 'VERBOSITY=verbose', '-c', $query ],
			'<', \undef, '>', \$stdout, '2>', \$stderr, IPC::Run::timeout(180));
		wait_until(sub { my @all = $fake->requests; grep { /^KEY/ } @all[ $seen .. $#all ] });
		$code->($run);
		eval { $run->finish; };
	}
	else
	{
		(undef, $stderr) = run_sql($query);
	}
	like($stderr, $error, "$name: the error is its own");
	unlike($stderr, qr/WARNING/, "$name: no warning");
	wait_until(sub { grep { m{^POST /v1/keys/} } ($fake->requests)[ $seen .. ($fake->requests) - 1 ] });
	my ($keys, $cancelled) = asked();
	is(scalar(@$keys), 1, "$name: sent once");
	is_deeply($cancelled, $keys, "$name: the job is cancelled by its key");
	return;
}

my $terminate = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%poc_%' AND pid <> pg_backend_pid() AND state = 'active'";
for my $call ("poc_backup('never')", "poc_backup('never', wait => false)", "poc_drop_instance('never')")
{
	is_cancelled("Ctrl-C before the answer, $call", "SELECT * FROM $call", qr/ERROR:  57014/, sub { $_[0]->signal('INT') });
}
is_cancelled('terminated before the answer', "SELECT * FROM poc_backup('never')", qr/57P01/,
	sub { $node->safe_psql('postgres', $terminate) });
is_cancelled('statement_timeout before the answer', "SET statement_timeout = '500ms'; SELECT * FROM poc_backup('never')", qr/ERROR:  57014/);
is_cancelled('no answer in time', "SET poc_barman.timeout = '500ms'; SELECT * FROM poc_backup('never')", qr/ERROR:  08006/);
is_cancelled('an answer that makes no sense', "SELECT * FROM poc_backup('garbled')", qr/ERROR:  08P01/);

# asked for again and again, and then cancelled
(undef, my $stderr) = run_sql("SET statement_timeout = '6s'; SELECT * FROM poc_backup('close_at_once')");
like($stderr, qr/ERROR:  57014/, 'no answer ever: the error is its own');
my ($keys, $cancelled) = asked();
cmp_ok(scalar(@$keys), '>=', 3, 'no answer ever: sent again and again');
is_deeply([ map { $keys->[0] } @$keys ], $keys, 'no answer ever: with the same key');
is_deeply($cancelled, [ $keys->[0] ], 'no answer ever: cancelled by it');

# what was refused or never sent has not started
(undef, $stderr) = run_sql("SELECT * FROM poc_backup('error_409')");
like($stderr, qr/ERROR:  55006/, 'refused: the error is its own');
is_deeply([ asked() ]->[1], [], 'refused: nothing to cancel');

(undef, $stderr) = run_sql("SET statement_timeout = '2s'; SELECT * FROM poc_backup('deaf')");
like($stderr, qr/WARNING: .*could not cancel job deaf.*HINT: .*poc_cancel_job\('deaf'\)/s, 'the cancellation is not confirmed: told');

my $port = $fake->{port};
$fake->stop;
my $time = elapsed(sub { (undef, $stderr) = run_sql("SELECT * FROM poc_backup('unheard')"); });
like($stderr, qr/ERROR:  08001/, 'no sidecar: the error is its own');
unlike($stderr, qr/WARNING|trying again/, 'no sidecar: nothing to cancel, nor to ask for again');
cmp_ok($time, '<', 20, 'no sidecar: told at once');

$node->stop;
done_testing();
