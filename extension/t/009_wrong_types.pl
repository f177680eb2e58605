# A member of the wrong type in any of the sidecar's answers is its error, and
# is named; what is new there is ignored, and what is missing is null.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use FakeSidecar;
use PocTest;

# what is asked, the address, the answer with a hole for a member, and members that are wrong
my $job = '{"job":{"id":"j","kind":"backup","state":"done",%s},"log":[]}';
my @cases = (
	[ 'poc_servers()', '/v1/servers', '{"servers":[{"state":"active"},{"server":"s",%s}]}', '"description":5', '"state":["a"]' ],
	[ "poc_backups('s')", '/v1/servers/s/backups', '{"backups":[{"backup_id":"b",%s}]}',
		'"size":"large"', '"size":1.5', '"size":1e30', '"wal_size":true', '"begin_time":"yesterday noon"', '"begin_time":12', '"status":{}' ],
	[ "poc_show_backup('b', 's')", '/v1/servers/s/backups/b', '{"backup":{"backup_id":"b",%s}}',
		'"timeline":"one"', '"timeline":3000000000', '"copy_seconds":"0.5"', '"copy_seconds":1e300', '"throughput":[]', '"begin_lsn":"here"',
		'"timelines":"1"', '"timelines":["1",2]', '"children":{}', '"resources_saved_percentage":"many"', '"end_time":"2026-13-01T00:00:00Z"' ],
	[ "poc_check('s')", '/v1/servers/s/check', '{"checks":[{"check_name":"c",%s}]}', '"ok":"t"', '"ok":1', '"hint":false' ],
	[ "poc_status('s')", '/v1/servers/s/status', '{"status":[{"key":"k",%s}]}', '"value":1' ],
	[ "poc_replication_status('s')", '/v1/servers/s/replication', '{"clients":[{"name":"n",%s}]}',
		'"client_addr":"nowhere"', '"pid":"p"', '"sent_lsn":"x"', '"flush_lag":"0/1"', '"started_at":0' ],
	[ "poc_files('base', 's')", '/v1/servers/s/files/base', '{"files":[{"name":"f",%s}]}', '"bytes":"1"', '"is_directory":"no"', '"modified":"x"' ],
	[ 'poc_jobs()', '/v1/jobs', '{"jobs":[{"id":"j",%s}]}', '"progress":"half"', '"elapsed_seconds":"1"', '"created":"x"', '"kind":1' ],
	[ "poc_wait_job('j')", '/v1/jobs/j', $job, '"progress":"half"', '"elapsed_seconds":null,"ended":5' ],
	[ "poc_job_log('l')", '/v1/jobs/l', '{"log":[{"text":"t",%s}]}', '"n":"1"', '"n":1e40', '"at":"x"' ],
	[ 'poc_sidecar()', '/healthz', '{"status":"ok",%s}', '"version":1', '"uptime_seconds":"1"' ],
	[ 'poc_instances()', '/v1/instances', '{"instances":[{"instance":"i",%s}]}', '"port":"5432"', '"restore_seconds":"1"', '"recovered_lsn":1' ],
	[ "poc_backup('good')", '/v1/jobs/good', $job, '"elapsed_seconds":"1"', '"result":{"backup":{"size":"1"}}' ],
	[ "poc_switch_wal('good')", '/v1/jobs/good', $job, '"result":{"archived":"yes"}' ],
);
my $dir = PostgreSQL::Test::Utils::tempdir_short();
my $node = poc_cluster('types', 'http://127.0.0.1:1');

# The error that each command of a list runs into, all in one session
sub errors_of
{
	my ($url, @commands) = @_;
	use_url($node, $url);
	return split(/\n/, $node->safe_psql('postgres', "SET client_min_messages = error;\n"
		. join('', map { "SELECT error_of(\$c\$SELECT * FROM $_\$c\$);\n" } @commands)));
}

my $turns = 0;
for my $case (@cases) { my $wrong = @$case - 3; $turns = $wrong if $wrong > $turns; }
for my $turn (0 .. $turns - 1)
{
	my @now = grep { @$_ > 3 + $turn } @cases;

	# some share an address: one sidecar for each of those
	while (@now)
	{
		my (%answers, @asked, @later);
		for my $case (@now)
		{
			my ($call, $path, $answer) = @$case;
			if (exists $answers{$path}) { push @later, $case; next; }
			$answers{$path} = sprintf($answer, $case->[ 3 + $turn ]);
			push @asked, $case;
		}
		my $fake = FakeSidecar->new(dir => $dir, answers => \%answers);
		my @errors = errors_of($fake->url, map { $_->[0] } @asked);
		for my $case (@asked)
		{
			my ($state, undef, $detail, $hint) = split(/\|/, shift(@errors), 4);
			my $wrong = $case->[ 3 + $turn ];
			my ($member) = $wrong =~ /.*"(\w+)":/;
			is($state, '08P01', "$case->[0], $wrong: SQLSTATE");
			like($detail // '', qr/member "$member"/, "$case->[0], $wrong: DETAIL names the member");
			like($hint // '', qr/version/, "$case->[0], $wrong: HINT");
		}
		@now = @later;
	}
}

# what is no wrong type
my %answers = map { $_->[1] => sprintf($_->[2], '"new":{"in":[2]}') } grep { $_->[0] !~ /good/ } @cases;
my $fake = FakeSidecar->new(dir => $dir, answers => \%answers);
is(join(',', errors_of($fake->url, map { $_->[0] } grep { $_->[0] !~ /good/ } @cases)),
	join(',', map { 'no error' } grep { $_->[0] !~ /good/ } @cases), 'missing members and new ones are no error');
is($node->safe_psql('postgres', "SELECT backup_id, size IS NULL FROM poc_backups('s')"), 'b|t', 'missing is null');

# what is no list of objects, and no job
%answers = ('/v1/servers' => '{"servers":["s"]}', '/v1/servers/s/backups' => '{"backups":[[]]}', '/v1/jobs/j' => '{"job":{"id":"j","state":1}}');
$fake = FakeSidecar->new(dir => $dir, answers => \%answers);
my @errors = errors_of($fake->url, 'poc_servers()', "poc_backups('s')", "poc_wait_job('j')");
like($errors[0], qr/^08P01\|.*no object/, 'a list of names');
like($errors[1], qr/^08P01\|.*no object/, 'a list of lists');
like($errors[2], qr/^08P01\|.*"state"/, 'a job whose state is a number');

# the trouble of one server is not that of the others
%answers = ('/v1/servers' => '{"servers":[{"server":"odd"},{"server":"even"}]}', '/v1/servers/odd/backups' => '{"backups":[{"backup_id":"b","size":1e30}]}',
	'/v1/servers/even/backups' => '{"backups":[{"backup_id":"c","size":1}]}');
$fake = FakeSidecar->new(dir => $dir, answers => \%answers);
use_url($node, $fake->url);
my (undef, $listed, $told) = $node->psql('postgres', 'SELECT backup_id FROM poc_backups()');
is($listed, 'c', 'the backups of all servers but one');
like($told, qr/WARNING:  the backups of server odd are not listed: .*\nDETAIL:  .*"size"/, 'of which a warning tells');

$node->stop;
done_testing();
