# Answers of the sidecar with characters that the encoding of the database
# lacks, or that control a terminal: every list comes, shows them as <U+4E2D>,
# and what is acted upon is never another object.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use FakeSidecar;
use PocTest;

# Bytes, as they come: e with an accent, a Chinese character, a face; the last two escaped; one that is its own notation;
# escapes of terminals, a line that is overwritten, text that runs the other way
my $word = "\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80\\u4e2d\\ud83d\\ude00<U+4E2D>\\\\u4e2d\\u001b]0;\\u0007\x7f\\u009b31m\xc2\x9b\\r\\b\xe2\x80\xae\\u202e\xe2\x81\xa6\\u2069\xe2\x80\x8f\\u200e\xd8\x9c";
my $server = "\xe4\xb8\xad";
my $hash = '0' x 64;
my $cluster = '7553172360219537718';
my $receipt = qq({\\"server\\":\\"s\\",\\"at\\":\\"2026-11-22T06:10:22Z\\",\\"mark\\":\\"\\\\u4e2d$server\\\\u001b\xc2\x9b\xe2\x80\xae\\"});
my $job = qq({"id":"j","kind":"$word","server":"$word","state":"failed","log_lines":1,"error":{"code":"barman_failed","message":"m $word","detail":"d $word","hint":"h $word"}});
my $mark = qq("name":"m","lsn":"0/1000000","timeline":1,"system_identifier":"CLUSTER","at":"2026-11-22T06:10:22Z");

sub answers
{
	my ($system_identifier) = @_;
	my $backups = qq({"backups":[{"server":"$server","backup_id":"20261122T061022","name":"$word"}]});
	my %all = (
		'/v1/servers' => qq({"servers":[{"server":"$server","description":"$word"},{"server":"s"}]}),
		"/v1/servers/%E4%B8%AD/backups" => $backups,
		'/v1/servers/s/backups' => $backups,
		'/v1/servers/s/backups/b' => qq({"backup":{"backup_id":"b","error":"$word"}}),
		'/v1/servers/s/check' => qq({"checks":[{"check_name":"$word","ok":true,"hint":"$word"}]}),
		'/v1/servers/s/status' => qq({"status":[{"key":"$word","value":"$word"}]}),
		'/v1/servers/s/replication' => qq({"clients":[{"name":"$word"}]}),
		# of a million escapes
		'/v1/servers/long/status' => '{"status":[{"key":"k","value":"' . '\\u4e2d' x 1000000 . '"}]}',
		'/v1/servers/s/files/base' => qq({"files":[{"name":"$word"}]}),
		'/v1/servers/s/marks' => qq({"marks":[{$mark,"database":"$word","key":"other"},{$mark,"database":"DATABASE","key":"k"}]}),
		'/v1/servers/t/marks' => qq({"marks":[{$mark,"database":"a\\u001b","key":"k"}]}),
		'/v1/servers/t/marks/k' => qq({"mark":{$mark,"database":"a\\u001b","tables":[]}}),
		'/v1/servers/t/archive' => qq({"archive":{"system_identifier":"CLUSTER"}}),
		'/v1/servers/s/marks/k' => qq({"mark":{$mark,"database":"DATABASE","tables":[{"relation":"public.$server","rows":1}]}}),
		'/v1/servers/s/archive' => qq({"archive":{"system_identifier":"CLUSTER"}}),
		'/v1/servers/s/receipts/0' => qq({"receipts":[{"n":1,"chain":"1/2/3","kind":"drill","text":"$receipt","previous":"$hash","hash":"$hash"},{"n":2,"chain":"1/2/3","kind":"drill\\u001b","text":"$receipt","previous":"$hash","hash":"$hash"}],"more":false}),
		'/v1/instances' => qq({"instances":[{"instance":"i","server":"$word"}]}),
		'/v1/jobs' => qq({"jobs":[$job]}),
		'/v1/jobs/j' => qq({"job":$job,"log":[{"n":1,"level":"info","text":"$word"}]}),
		'/v1/cron' => qq({"job":$job}),
		'/v1/diagnose' => qq({"diagnose":{"$word":"$word"}}),
	);
	s/CLUSTER/$system_identifier/g, s/DATABASE/latin1/g for values %all;
	return \%all;
}

my $node = poc_cluster('encodings', 'http://127.0.0.1:1');
my $system_identifier = $node->safe_psql('postgres', 'SELECT system_identifier FROM pg_control_system()');
my $fake = FakeSidecar->new(dir => PostgreSQL::Test::Utils::tempdir_short(), answers => answers($system_identifier));
use_url($node, $fake->url);

my $controls = '<U+001B>]0;<U+0007><U+007F><U+009B>31m<U+009B><U+000D><U+0008><U+202E><U+202E><U+2066><U+2069><U+200F><U+200E><U+061C>';
my %shown = (
	UTF8 => "\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80\xe4\xb8\xad\xf0\x9f\x98\x80<U+4E2D>\\u4e2d$controls",
	SQL_ASCII => "\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80\xe4\xb8\xad\xf0\x9f\x98\x80<U+4E2D>\\u4e2d$controls",
	LATIN1 => "\xe9<U+4E2D><U+1F600><U+4E2D><U+1F600><U+4E2D>\\u4e2d$controls",
	EUC_JP => "\x8f\xab\xb1\xc3\xe6<U+1F600>\xc3\xe6<U+1F600><U+4E2D>\\u4e2d$controls");
my %server_shown = (UTF8 => $server, SQL_ASCII => $server, LATIN1 => '<U+4E2D>', EUC_JP => "\xc3\xe6");
my %lists = (
	'poc_servers()' => 'description', 'poc_backups()' => 'name', "poc_backups('s')" => 'name', "poc_show_backup('b', 's')" => 'error',
	"poc_check('s')" => 'hint', "poc_status('s')" => 'value', "poc_replication_status('s')" => 'name', "poc_files('base', 's')" => 'name',
	"poc_kept_marks('s')" => 'database', 'poc_instances()' => 'server', 'poc_jobs()' => 'error', "poc_job_log('j')" => 'line', "poc_wait_job('j')" => 'error',
	'poc_diagnose() AS d' => 'd::text');

for my $encoding (sort keys %shown)
{
	my $database = lc($encoding);
	$node->safe_psql('postgres', "CREATE DATABASE $database ENCODING '$encoding' LOCALE 'C' TEMPLATE template0");
	# no conversion for the client; bytes in hexadecimal leave none to psql either
	$node->safe_psql($database, 'CREATE EXTENSION poc_barman');
	make_error_of($node, $database);

	for my $call (sort keys %lists)
	{
		my ($exit, $out, $err) = $node->psql($database,
			"SELECT encode(convert_to(coalesce(string_agg(x.value, ' '), ''), '$encoding'), 'hex') FROM (SELECT $lists{$call} AS value FROM $call) AS x");
		is($exit, 0, "$encoding, $call: the list comes") or diag($err);
		my $text = pack('H*', $out);
		ok(index($text, $shown{$encoding}) >= 0 || index($text, $shown{$encoding} =~ s/\\/\\\\/r) >= 0, "$encoding, $call: with what can be shown")
		  or diag($text);
	}
	is($node->safe_psql($database, "SELECT encode(convert_to(receipt ->> 'mark', '$encoding'), 'hex') FROM poc_receipts('s')"),
		unpack('H*', $server_shown{$encoding} x 2 . '<U+001B><U+009B><U+202E>'), "$encoding: receipts, and escapes within them");
	like($node->safe_psql($database, "SELECT poc_export_receipts('json', server => 's', copies => true)"), qr/"mark"/, "$encoding: receipts are exported");

	# an error, too
	my ($exit, $out, $err) = $node->psql($database, "SELECT * FROM poc_cron()");
	like($err, qr/ERROR:  m .*DETAIL:  d .*HINT:  h /s, "$encoding: the words of a failure");
	unlike($err, qr/[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\x8e\x8f\xaa-\xae]|\xe2\x81[\xa6-\xa9]|\xd8\x9c/, "$encoding: and no terminal obeys them");

	# a name that is shown means that server again, and no other
	my ($named) = $node->safe_psql($database, "SELECT count(*) FROM poc_servers() AS s, LATERAL poc_backups(s.server) WHERE s.server <> 's'");
	is($named, 1, "$encoding: a name that was shown is one that can be given");
}

# Each is read by itself: were the rest of the answer walked for each, that would take minutes.
for my $encoding (sort keys %shown)
{
	my ($exit, $out, $err) = $node->psql(lc($encoding), "SET statement_timeout = '20s'; SELECT length(value) FROM poc_status('long')");
	is($err, '', "$encoding: a long answer comes in time");
	is($out, { UTF8 => 1000000, SQL_ASCII => 3000000, LATIN1 => 8000000, EUC_JP => 1000000 }->{$encoding}, "$encoding: all of it");
}

is(scalar(grep { !m{^\w+ /v1/servers(/[st]|/long|/%E4%B8%AD)?(/|$)} && m{/v1/servers/} } $fake->requests), 0, 'nobody asked for another server');

# what is not the notation of a character that there is not
for my $name ('<U+41>', '<U+0041>', '<U+04E2D>', '<U+4e2d>', '<U+D83D>', '<U+110000>', '<U+4E2D', '<U+ 4E2>', '<U+>')
{
	my ($before) = scalar($fake->requests);
	$node->psql('latin1', "SELECT * FROM poc_backups('$name')");
	my ($last) = grep { m{^GET } } reverse($fake->requests);
	is($last, 'GET /v1/servers/' . ($name =~ s/([^A-Za-z0-9])/sprintf('%%%02X', ord($1))/ger) . '/backups', "$name is sent as it is");
}

# a mark is acted upon: a table called "<U+4E2D>" is another
like($node->safe_psql('latin1', q{SELECT error_of($$SELECT * FROM poc_restore_drill('m', server => 's')$$)}),
	qr{^22P05\|.*/marks/k has a character that this database cannot have\|.*LATIN1 lacks the character <U\+4E2D>}, 'a mark with such a table is refused');
$node->safe_psql('postgres', 'CREATE DATABASE "a<U+001B>"');
$node->safe_psql('a<U+001B>', 'CREATE EXTENSION poc_barman');
make_error_of($node, 'a<U+001B>');
like($node->safe_psql('a<U+001B>', q{SELECT error_of($$SELECT * FROM poc_restore_drill('m', server => 't')$$)}),
	qr{^55000\|mark "m" is of database "a<U\+001B>"}, 'so is one of a database that is only shown by this name');
is(scalar(grep { m{^POST } && !m{/cron$} } $fake->requests), 0, 'and nothing is asked for');

done_testing();
