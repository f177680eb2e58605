# Nothing keeps a backend waiting for the sidecar when it is told to stop.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time sleep usleep);

use FakeSidecar;
use PocTest;

my $fake = FakeSidecar->new(dir => PostgreSQL::Test::Utils::tempdir_short());
my $node = poc_cluster('interrupts', $fake->url);
my $admin = $node->connstr('postgres');

# Starts a query in a psql of its own that will wait, and returns its backend.
sub waiting_query
{
	my ($query, $output) = @_;
	my @command = ('psql', '-XAtq', '-d', $admin, '-c', $query);
	my $run = IPC::Run::start(\@command, '<', \undef, '>', \$output->{stdout}, '2>', \$output->{stderr},
		IPC::Run::timeout(180));
	my $pid;

	wait_until(sub {
		$pid = $node->safe_psql('postgres',
			"SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Extension' AND query LIKE '%poc%' AND pid <> pg_backend_pid()");
		return $pid =~ /^\d+$/;
	});
	return ($run, $pid);
}

sub finish { my ($run) = @_; eval { $run->finish; }; return; }

# far below the minute that all of these would take, because the machine may be busy with other tests
my $soon = 20;

for my $fault (qw(silent slow_headers slow_drip))
{
	my %output;
	my ($run, $pid) = waiting_query("SELECT * FROM poc_backups('$fault')", \%output);
	my $time = elapsed(sub {
		$node->safe_psql('postgres', "SELECT pg_cancel_backend($pid)");
		finish($run);
	});
	like($output{stderr}, qr/canceling statement due to user request/, "$fault: cancelled");
	cmp_ok($time, '<', $soon, "$fault: cancelled at once");
	note("$fault: cancelled in $time s");

	my @error;
	$time = elapsed(sub {
		my ($stdout, $stderr);
		$node->psql('postgres', "SET statement_timeout = '300ms'; SELECT * FROM poc_backups('$fault')",
			stdout => \$stdout, stderr => \$stderr);
		push @error, $stderr;
	});
	like($error[0], qr/canceling statement due to statement timeout/, "$fault: statement_timeout");
	cmp_ok($time, '<', 0.3 + $soon, "$fault: statement_timeout at once");

	%output = ();
	($run, $pid) = waiting_query("SELECT * FROM poc_backups('$fault')", \%output);
	$time = elapsed(sub {
		$node->safe_psql('postgres', "SELECT pg_terminate_backend($pid)");
		finish($run);
	});
	like($output{stderr}, qr/terminating connection due to administrator command/, "$fault: terminated");
	cmp_ok($time, '<', $soon, "$fault: terminated at once");
}

# our own time limit
my $time = elapsed(sub {
	my @error = error_of($node, "SELECT * FROM poc_backups('silent')", "SET poc_barman.timeout = '400ms'");
	is($error[0], '08006', 'timeout: SQLSTATE');
	like($error[3], qr/poc_barman.timeout/, 'timeout: HINT');
});
cmp_ok($time, '<', 0.4 + $soon, 'timeout at once');

# a connection that is never accepted: a full backlog, behind which all waits
{
	my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 1) or die;
	my @waiting;
	for (1 .. 4)
	{
		my $client = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $socket->sockport, Blocking => 0);
		push @waiting, $client;
	}
	use_url($node, 'http://127.0.0.1:' . $socket->sockport);
	$time = elapsed(sub {
		my @error = error_of($node, 'SELECT * FROM poc_servers()', "SET poc_barman.connect_timeout = '300ms'; SET poc_barman.timeout = '5s'");
		like($error[0], qr/^08001$/, 'connect_timeout: SQLSTATE');
		like($error[3], qr/connect_timeout/, 'connect_timeout: HINT');
	});
	cmp_ok($time, '<', 0.3 + $soon, 'connect_timeout at once');
	use_url($node, $fake->url);
}

# the postmaster dies, and that is the end of this test
{
	my %output;
	my ($run, $pid) = waiting_query("SELECT * FROM poc_backups('silent')", \%output);
	$time = elapsed(sub {
		$node->kill9;
		for (1 .. 100) { last if !kill(0, $pid) || slurp_stat($pid) =~ /^Z/; sleep 0.02; }
	});
	cmp_ok($time, '<', $soon, 'postmaster death ends the backend at once');
	note("postmaster death: $time s");
	finish($run);

}

done_testing();

sub slurp_stat
{
	my ($pid) = @_;
	open(my $file, '<', "/proc/$pid/stat") or return 'Z';
	my ($state) = <$file> =~ /\) (\S)/;
	return $state // 'Z';
}
