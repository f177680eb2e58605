# Copies of receipts as a sidecar hands them out that keeps or says what it should not: one receipt hides no other, and
# none that was written is lost for what becomes of its copy.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use FakeSidecar;
use PocTest;

# far below what the fakes would take, because the machine may be busy with other tests
my $soon = 30;

# An entry of the list: JSON of which the text is one that is given
sub entry
{
	my ($n, $text, %more) = @_;
	my %all = (chain => '1/2/3', kind => 'drill', previous => '0' x 64, hash => 'f' x 64, received => '2026-11-22T06:10:22Z', %more);

	$text =~ s/(["\\])/\\$1/g;
	return qq({"n":$n,"text":"$text",) . join(',', map { qq("$_":"$all{$_}") } sort keys %all) . qq(,"place":$n});
}

my $good = '{"server":"s","at":"2026-11-22T06:10:22Z","began":"2026-11-22T06:10:20Z","ok":true,"backup_id":"b","steps":[]}';
# what PostgreSQL reads as none of ours
my @odd = (
	'{"server":"s","ok":true,"n":1e-20000}',
	'{"server":"s","at":"2026-02-30T00:00:00Z"}',
	'{"server":"s","rows":1e300}',
	'{"server":"s","rows":"many"}',
	'{"server":"s","ok":false,"steps":{}}',
	'{"server":"s","ok":false,"steps":[{"ok":"maybe"}]}',
	'{"server":"s","target_lsn":"here"}',
	'{"server":"s","restore_elapsed":"P178956970Y","recovery_elapsed":"P178956970Y"}',
	'{"server":"s","mark":"\u0000"}',
	'{"server":"s","mark":"\ud800"}',
	'[]', '7', 'null', '', '{', '{"server":"s","a":' . '[' x 50000 . ']' x 50000 . '}');
my $n = 1;
my $list = join(',', entry(1, $good), (map { entry(++$n, $_) } @odd), entry(++$n, $good));
my $fake = FakeSidecar->new(dir => PostgreSQL::Test::Utils::tempdir_short(), answers => {
	'/v1/servers' => '{"servers":[{"server":"s"}]}',
	'/v1/servers/s/receipts/0' => qq({"receipts":[$list],"more":false})});
my $node = poc_cluster('copies', $fake->url);
my $all = @odd + 2;

is($node->safe_psql('postgres', q{SELECT count(*) || ' ' || count(*) FILTER (WHERE ok AND backup_id = 'b' AND server = 's') FROM poc_receipts()}), "$all 2", 'all are listed');
is($node->safe_psql('postgres', q{SELECT count(*) FROM poc_receipts() WHERE at IS NULL AND ok IS NULL AND receipt ->> 'unreadable' <> '' AND server = 's'}), scalar(@odd), 'each that cannot be read says so');
is($node->safe_psql('postgres', q{SELECT string_agg(n::text, ',') FROM (SELECT n FROM poc_receipts() LIMIT 2) AS r}), "$n,1", 'behind the others');
like($node->safe_psql('postgres', q{SELECT receipt FROM poc_receipts() WHERE n = 2}), qr{"unreadable": "value overflows numeric format"}, 'and why');
is($node->safe_psql('postgres', q{SELECT count(*) || ' ' || count(*) FILTER (WHERE value ->> 'verdict' LIKE 'cannot be read: %' AND NOT (value ->> 'ok')::boolean)
	FROM jsonb_array_elements(poc_export_receipts('json', copies => true, since => '2026-01-01')::jsonb -> 'receipts')}), $all . ' ' . @odd, 'all are exported as JSON');
like($node->safe_psql('postgres', q{SELECT poc_export_receipts('junit', copies => true)}), qr/<testsuite name="s" tests="$all" failures="0" errors="@{[scalar(@odd)]}" time="4.000"/, 'as JUnit XML');
like($node->safe_psql('postgres', q{SELECT poc_export_receipts('markdown', copies => true)}), qr/$all receipts, 2 passed, 0 failed, @{[scalar(@odd)]} could not run/, 'and as Markdown');
is($node->safe_psql('postgres', q{SELECT finding FROM poc_check_receipts() WHERE source LIKE '%s'}), "0 copies are the same here; $all more are of other databases", 'and checked');

# ---- what has not the form of a copy ----
my @formless = (entry(2, $good, chain => '1/2/\\u001b[31m'), entry(2, $good, kind => 'backup'), entry(2, $good, previous => 'p'), entry(2, $good, hash => 'F' x 64), entry(2, $good, received => 'x'),
	entry(2, $good) =~ s/"n":2/"n":1e30/r, entry(2, $good) =~ s/"text":"/"words":"/r, '{}');
my $formless = FakeSidecar->new(dir => PostgreSQL::Test::Utils::tempdir_short(), answers => {
	'/v1/servers/s/receipts/0' => '{"receipts":[' . join(',', entry(1, $good), @formless, entry(3, $good)) . '],"more":false}'});
use_url($node, $formless->url);
my (undef, $rows, $warned) = $node->psql('postgres', q{SELECT string_agg(n::text, ',' ORDER BY n) FROM poc_receipts('s')});
is($rows, '1,3', 'what is no copy is left out');
like($warned, qr/WARNING:  8 of the copies of receipts are left out\nDETAIL:  .*\nHINT:  /, 'which is told');

# one of this cluster, of a database that is not there: whose it is cannot be read
my $cluster = $node->safe_psql('postgres', 'SELECT system_identifier FROM pg_control_system()');
my $gone = FakeSidecar->new(dir => PostgreSQL::Test::Utils::tempdir_short(), answers => {
	'/v1/servers' => '{"servers":[{"server":"s"}]}',
	'/v1/servers/s/receipts/0' => '{"receipts":[' . join(',', entry(1, $odd[0], chain => "$cluster/1/3"), entry(1, '{"database":"postgres"}', chain => "$cluster/2/3")) . '],"more":false}'});
use_url($node, $gone->url);
like($node->safe_psql('postgres', q{SELECT finding FROM poc_check_receipts() WHERE source LIKE '%s'}), qr/^1 receipts that this database wrote before are gone: .*1 more are of other databases$/, 'the next is examined all the same');

# one of this database's own that somebody has changed
$node->safe_psql('postgres', q{INSERT INTO _poc.receipts VALUES (1, _poc.receipt_chain(), 'drill', '{"rows": 1e}', repeat('0', 64), repeat('f', 64))});
like($node->safe_psql('postgres', q{SELECT poc_export_receipts('markdown')}), qr/1 receipts, 0 passed, 0 failed, 1 could not run/, 'one here that cannot be read is exported, too');
like($node->safe_psql('postgres', q{SELECT finding FROM poc_check_receipts() WHERE source LIKE '%s'}), qr/^1 receipts that this database wrote before are gone/, 'and ends no check of the copies');

# ---- the result of a drill ----
$node->safe_psql('postgres', q{BEGIN; SET session_replication_role = replica; TRUNCATE _poc.receipts; COMMIT});
for my $odd ('{"ok":true}', '{"ok":true,"steps":null}', '{"ok":true,"steps":{}}', '{"ok":true,"steps":[1]}', '{"ok":true,"steps":[{"ok":"maybe"}]}', '{"ok":true,"steps":[],"rows":1e30}',
	'{"ok":true,"steps":[],"recovered_lsn":"here"}', '{"ok":true,"steps":[],"restore_seconds":1e300}', '{"ok":true,"steps":[],"reach":{"unreached_seconds":"long"}}', 'null', '[]')
{
	my $job = qq({"job":{"id":"j","kind":"drill","server":"s","state":"done","result":$odd},"log":[]});
	my $broken = FakeSidecar->new(dir => PostgreSQL::Test::Utils::tempdir_short(), answers => {
		'/v1/servers/s/drills' => $job, '/v1/jobs/j' => $job, '/v1/servers/s/receipts' => '{"receipt":{"hash":"h","kept":1000}}'});
	use_url($node, $broken->url);
	is($node->safe_psql('postgres', q{SELECT string_agg(step || ' ' || ok, ',') FROM poc_restore_drill(server => 's')}), 'sidecar false', "$odd: the drill has failed");
	like($node->safe_psql('postgres', q{SELECT verdict FROM poc_drills ORDER BY at DESC LIMIT 1}), qr/^failed: sidecar: /, "$odd: and there is its receipt");
}
like($node->safe_psql('postgres', q{SELECT finding FROM poc_check_receipts() LIMIT 1}), qr/^11 receipts, each follows the one before it$/, 'in the chain');

# ---- a sidecar that always says that there is more ----
my $endless = FakeSidecar->new(dir => PostgreSQL::Test::Utils::tempdir_short());
use_url($node, $endless->url);
for my $name ('more', 'stuck')
{
	my ($exit, $out, $told) = $node->psql('postgres', "SET statement_timeout = '60s'; SELECT count(*) FROM poc_receipts('$name')");
	is($out, $name eq 'more' ? 1000 : 2, "$name: copies of receipts, as far as they come");
	like($told, qr/WARNING:  the list of the copies of receipts is not complete\nDETAIL:  /, "$name: and it is told");
	($exit, $out, $told) = $node->psql('postgres', "SET statement_timeout = '60s'; SELECT count(*) FROM poc_job_log('$name')");
	is($out, $name eq 'more' ? 1000 : 2, "$name: lines of a log, as far as they come");
	like($told, qr/WARNING:  the log is not complete\nDETAIL:  /, "$name: and it is told");
}
my (undef, $state, $told) = $node->psql('postgres', q{SET statement_timeout = '60s'; SELECT job_id, status FROM poc_backup('more')});
like($told, qr/WARNING:  the log of job more is not shown to its end/, 'a job that has ended is followed to an end');
my $chatted = elapsed(sub { ($state) = $node->safe_psql('postgres', q{SET statement_timeout = '60s'; SELECT state FROM poc_wait_job('chatty', timeout => '1s')}); });
is($state, 'running', 'and one that runs no longer than its time');
cmp_ok($chatted, '<', 1 + $soon, 'in time');

# ---- as a transaction commits ----
# Statements that write a receipt of a server, whose name says what becomes of its copy
sub written
{
	my ($server) = @_;

	return (qq{INSERT INTO _poc.drills (at, began, ok, server, system_identifier, tables, rows, steps)
		SELECT clock_timestamp(), now(), true, '$server', system_identifier, 0, 0, '[]' FROM pg_control_system()},
		qq{SELECT FROM _poc.drills AS d, _poc.chain_receipt('drill', d.at, d.began, NULL) WHERE d.server = '$server' AND d.began = now()});
}
sub write_receipt
{
	my ($server, $before, $after) = @_;

	return $node->psql('postgres', join(";\n", 'SET client_min_messages = warning', $before, 'BEGIN', written($server), 'COMMIT', $after));
}
sub receipts_of { return $node->safe_psql('postgres', "SELECT count(*) FROM _poc.receipts WHERE text::jsonb ->> 'server' = '$_[0]'"); }

my ($exit, $out, $err) = write_receipt('slow', 'SELECT', 'SELECT');
# one before it has no copy, as the sidecar says
my $time = elapsed(sub { ($exit, $out, $err) = write_receipt('slow', q{SET poc_barman.timeout = '10min'}, 'SELECT 7'); });
cmp_ok($time, '<', 5 + $soon, 'a list without an end holds up no commit');
is(receipts_of('slow'), 2, 'nor takes it the receipt back');
like($err, qr/WARNING:  the sidecar has no copies of some receipts before receipt \d+\nDETAIL:  .*\nHINT:  They are sent with the next/, 'a warning tells');
is($out, '7', 'the session goes on');
$time = elapsed(sub { ($exit, $out, $err) = write_receipt('silent', q{SET poc_barman.timeout = '10min'}, 'SHOW poc_barman.timeout'); });
cmp_ok($time, '<', 5 + $soon, 'nor does one that says nothing');
is(receipts_of('silent'), 1, 'its receipt is there');
like($err, qr/WARNING:  the sidecar has no copy of receipt \d+\n/, 'without a copy');
is($out, '10min', 'who commits has the settings that it had');

# who cancels a commit leaves off the copy, and not the commit
for my $end ('cancel', 'terminate')
{
	my %output;
	my $count = receipts_of('silent');
	my @command = ('psql', '-XAtq', '-d', $node->connstr('postgres'), map { ('-c', $_) } 'BEGIN', written('silent'), 'COMMIT', 'SELECT 7');
	my $run = IPC::Run::start(\@command, '<', \undef, '>', \$output{stdout}, '2>', \$output{stderr}, IPC::Run::timeout(180));
	my $pid;
	wait_until(sub { $pid = $node->safe_psql('postgres', q{SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Extension' AND query = 'COMMIT'}); return $pid =~ /^\d+$/; });
	$time = elapsed(sub { $node->safe_psql('postgres', "SELECT pg_${end}_backend($pid)"); eval { $run->finish; }; });
	cmp_ok($time, '<', $soon, "$end: at once");
	is(receipts_of('silent'), $count + ($end eq 'cancel'), "$end: " . ($end eq 'cancel' ? 'the receipt is there' : 'nothing was committed'));
	like($output{stderr}, $end eq 'cancel' ? qr/WARNING:  the sidecar has no copies.*DETAIL:  canceling statement due to user request/s : qr/FATAL:  terminating connection/, "$end: told");
	is($output{stdout} =~ s/\s//gr, $end eq 'cancel' ? '7' : '', "$end: the session");
}

$node->stop;
done_testing();
