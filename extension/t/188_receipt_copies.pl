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

$node->stop;
done_testing();
