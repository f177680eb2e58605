# A real Prometheus scrapes a real sidecar with the rules of docker/monitoring: every query of the rules and of the
# board gives data there, what a runbook says can be typed, and alarms are raised.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use HTTP::Tiny;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use Documentation;
use DrillTest;
use PocTest;

my $monitoring = "$checkout/docker/monitoring";
my $live = drill_stack('monitoring', options => [ '--metrics-interval', 1, '--metrics-listen', '127.0.0.1:0' ]);
my ($home, $node) = @$live{qw(home node)};
my ($target) = slurp_file("$home/sidecar.log") =~ /open for metrics" address=(127\.0\.0\.1:\d+)/;
ok(defined $target, 'the sidecar opens a listener for metrics') or BAIL_OUT('it does not');

$node->safe_psql('postgres', "SELECT poc_mark('mark')");
$node->safe_psql('postgres', "SELECT count(*) FROM poc_restore_drill('mark')");
$node->safe_psql('postgres', 'SELECT count(*) FROM poc_switch_wal()');

# ---- the files ----
sub promtool
{
	my (@arguments) = @_;
	my ($out, $err) = ('', '');

	ok(IPC::Run::run([ 'promtool', @arguments ], '<', \undef, '>', \$out, '2>', \$err), "promtool @arguments[0, 1]") or diag("$out$err");
	return;
}
promtool('check', 'rules', "$monitoring/alarms.yml");
promtool('check', 'config', "$monitoring/prometheus.yml");
promtool('test', 'rules', "$monitoring/alarms_test.yml");

# ---- a Prometheus with them, which scrapes each second ----
my $address = '127.0.0.1:' . PostgreSQL::Test::Cluster::get_free_port();
(my $config = slurp_file("$monitoring/prometheus.yml")) =~ s/"barman:8481"/"$target"/ or die 'no target';
$config =~ s/_interval: \d+s/_interval: 1s/g;
$config =~ s/\[alarms\.yml\]/["$monitoring\/alarms.yml"]/ or die 'no rules';
$live->write('prometheus.yml', $config);
my ($said, $complained) = ('', '');
my $prometheus = IPC::Run::start(
	[ 'prometheus', "--config.file=$home/prometheus.yml", "--storage.tsdb.path=$home/tsdb", "--web.listen-address=$address" ],
	'<', \undef, '>', "$home/prometheus.log", '2>&1');
END { $prometheus->kill_kill(grace => 10) if $prometheus; }

my $http = HTTP::Tiny->new(timeout => 60);

# What its interface answers; undef while it does not
sub api
{
	my ($path, %parameters) = @_;
	my $answer = $http->get("http://$address/api/v1/$path" . (%parameters ? '?' . $http->www_form_urlencode(\%parameters) : ''));

	return if $answer->{status} == 599 || $answer->{status} == 503;
	my $value = decode_json($answer->{content});
	return $value->{status} eq 'success' ? $value->{data} : { error => $value->{error} };
}

# How many samples a query gives, once it gives any; or its error
sub samples
{
	my ($query) = @_;
	my $data;

	wait_until(sub { $data = api('query', query => $query); $data && ($data->{error} || @{ $data->{result} }) });
	return $data->{error} // scalar(@{ $data->{result} });
}
ok(wait_until(sub { api('query', query => '1') }), 'Prometheus answers') or diag(slurp_file("$home/prometheus.log"));
ok(wait_until(sub { my $data = api('query', query => 'up{job="barman-sidecar"} == 1'); $data && @{ $data->{result} } }), 'it scrapes the sidecar');

# ---- every query of the alarms: with "bool", each comparison has a sample whether or not it holds ----
my $groups;
wait_until(sub {
	$groups = (api('rules') // { groups => [] })->{groups};
	@$groups && !grep { $_->{health} eq 'unknown' } map { @{ $_->{rules} } } @$groups;
});
my @rules = map { @{ $_->{rules} } } @$groups;
cmp_ok(scalar(@rules), '>=', 16, 'there are alarms');
is(join(' ', map { "$_->{name}: " . ($_->{lastError} // '') } grep { $_->{health} ne 'ok' } @rules), '', 'and all can be evaluated');
for my $rule (@rules)
{
	(my $query = $rule->{query}) =~ s/ (==|>|<) / $1 bool / or die "no comparison in $rule->{query}";
	like(samples($query), qr/^[1-9]\d*$/, "$rule->{name} has data");
}

# ---- and of the board ----
my $board = decode_json(slurp_file("$monitoring/board.json"));
my @panels = grep { $_->{type} ne 'row' } @{ $board->{panels} };
cmp_ok(scalar(@panels), '>=', 20, 'there are panels');
for my $panel (@panels)
{
	for my $one (@{ $panel->{targets} })
	{
		(my $query = $one->{expr}) =~ s/\$server/.*/g;
		$query =~ s/\$__rate_interval/1m/g;
		like(samples($query), qr/^[1-9]\d*$/, "$panel->{title}: $one->{refId} has data");
	}
}
# the variable of the board
is_deeply(api('label/server/values', 'match[]' => 'barman_metrics_update'), ['postgres1'], 'the servers to choose from');

# ---- a runbook can be typed: each statement is one that the server can plan ----
for my $rule (@rules)
{
	my $runbook = $rule->{annotations}{runbook} // '';

	$runbook =~ s/\{\{ \$labels\.server \}\}/postgres1/g;
	my @statements = $runbook =~ /(SELECT [^;]*;)/g;
	cmp_ok(scalar(@statements), '>', 0, "$rule->{name} says what to type");
	for my $statement (@statements)
	{
		my ($code, undef, $error) = $node->psql('postgres', "EXPLAIN $statement");
		is($code, 0, "$rule->{name}: $statement") or diag($error);
	}
}

# ---- alarms are raised: pending at once, for each wants to be sure ----
sub raised
{
	my ($name) = @_;
	return wait_until(sub {
		my $data = api('alerts');
		$data && grep { $_->{labels}{alertname} eq $name } @{ $data->{alerts} };
	});
}
$node->safe_psql('postgres', "SELECT poc_generate_wal('4 MB'); SELECT poc_switch_wal()");
my $segment = $node->safe_psql('postgres', "SELECT name FROM poc_files('wals') WHERE name ~ '/[0-9A-F]{24}\$' ORDER BY name DESC OFFSET 2 LIMIT 1");
rename("$home/barman/postgres1/wals/$segment", "$home/segment") or die "$segment: $!";
ok(raised('BarmanArchiveGap'), 'a segment that is gone raises an alarm');
$live->configure("minimum_redundancy = 5\n");
ok(raised('BarmanCheckFails'), 'a check that fails, too');
$live->stop;
ok(raised('BarmanSidecarAway'), 'and a sidecar that is away');

done_testing();
