# What the owner of a database, who is no superuser, may do with the extension in it, and what he may not make others do.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use IO::Socket::INET;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use FakeSidecar;
use PocTest;

my $fake = FakeSidecar->new(dir => PostgreSQL::Test::Utils::tempdir_short());
my $node = PostgreSQL::Test::Cluster->new('owner');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', "poc_barman.url = '" . $fake->url . "'\npoc_barman.timeout = '5s'\nmax_prepared_transactions = 2\n");
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE ROLE owner LOGIN;
CREATE ROLE operator LOGIN;
CREATE ROLE reader LOGIN IN ROLE pg_monitor;
CREATE DATABASE victim OWNER owner;
SQL
$node->safe_psql('victim', 'CREATE EXTENSION poc_barman; GRANT EXECUTE ON ALL ROUTINES IN SCHEMA public TO operator');

# ---- the owner dumps his database, with the marks ----
$node->safe_psql('victim', 'CREATE TABLE t AS SELECT generate_series(1, 10) AS i; GRANT SELECT ON t TO owner');
is($node->safe_psql('victim', "SELECT rows FROM poc_mark('kept', '{t}')"), '10', 'a mark');
my $dump = PostgreSQL::Test::Utils::tempdir() . '/dump';
$node->command_ok([ 'pg_dump', '-U', 'owner', '-Fc', '-f', $dump, $node->connstr('victim') ], 'the owner dumps the database');
$node->safe_psql('postgres', 'CREATE DATABASE copy');
$node->command_ok([ 'pg_restore', '-d', $node->connstr('copy'), $dump ], 'a superuser restores the dump');
my $marks = 'SELECT m, t FROM _poc.marks AS m JOIN _poc.mark_tables AS t ON t.mark = m.name';
is($node->safe_psql('copy', $marks), $node->safe_psql('victim', $marks), 'and has the marks again');
for my $statement ('DELETE FROM _poc.marks', "UPDATE _poc.mark_tables SET rows = 1", 'TRUNCATE _poc.drills', 'ALTER TABLE _poc.marks DISABLE TRIGGER ALL',
	'CREATE TRIGGER x AFTER INSERT ON _poc.marks EXECUTE FUNCTION suppress_redundant_updates_trigger()')
{
	my ($rc, $out, $err) = $node->psql('victim', $statement, extra_params => [ '-U', 'owner', '-v', 'VERBOSITY=sqlstate' ]);
	like($err, qr/42501/, "the owner of the database may not: $statement");
}
my ($rc, $out, $err) = $node->psql('victim', 'SELECT * FROM _poc.marks', extra_params => [ '-U', 'operator' ]);
like($err, qr/permission denied/, 'nobody else reads them');

# ---- a table that nobody named is not run for somebody else ----
$node->safe_psql('victim', <<'SQL', extra_params => [ '-U', 'owner' ]);
CREATE TABLE public.dummy (id serial PRIMARY KEY, text varchar);
CREATE SEQUENCE ran;
GRANT ALL ON SEQUENCE ran, dummy_id_seq TO PUBLIC;
GRANT ALL ON dummy TO PUBLIC;
CREATE FUNCTION trap() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM nextval('public.ran'); RETURN NEW; END $$;
CREATE TRIGGER row BEFORE INSERT ON dummy FOR EACH ROW EXECUTE FUNCTION trap();
CREATE TRIGGER all_rows BEFORE TRUNCATE ON dummy EXECUTE FUNCTION trap();
SQL
for my $user ($node->safe_psql('postgres', 'SELECT current_user'), 'operator')
{
	for my $statement ('SELECT poc_generate_rows(1)', 'SELECT poc_generate_rows(n => 1, target => NULL)', 'CALL poc_fill(rows => 1)', 'SELECT poc_seed()',
		'SELECT poc_seed(reset => true)', 'SELECT * FROM poc_explain_rows()', 'SELECT * FROM poc_preview_rows()', 'CALL poc_play()')
	{
		my ($rc, $out, $err) = $node->psql('victim', $statement, extra_params => [ '-U', $user, '-v', 'VERBOSITY=verbose' ]);
		# an operator lacks what poc_play() needs besides
		like($err, qr/ERROR:  42501: (public\.dummy belongs to another role|permission denied for view poc_drills)/, "$user is refused: $statement");
	}
}
is($node->safe_psql('victim', 'SELECT is_called FROM ran'), 'f', 'nothing of the owner ran');
is($node->safe_psql('victim', "SELECT poc_generate_rows(1, 'public.dummy')"), '1', 'a table that is named is filled');
is($node->safe_psql('victim', 'SELECT last_value FROM ran'), '1', 'and runs its triggers, as INSERT does');
is($node->safe_psql('victim', 'SELECT poc_generate_rows(1)', extra_params => [ '-U', 'owner' ]), '1', 'its owner need not name it');

# ---- a table is not touched before it is known that its caller may write to it ----
$node->safe_psql('victim', <<'SQL');
CREATE TABLE hidden (number bigint PRIMARY KEY, words text);
CREATE TABLE partly (number bigint, words text UNIQUE);
GRANT INSERT (number) ON partly TO operator;
GRANT SELECT ON partly TO operator;
GRANT CREATE ON SCHEMA public TO operator;
SET ROLE operator;
CREATE VIEW looking_glass AS SELECT * FROM hidden;
SQL
# whoever asks for a lock that conflicts waits in vain
my %locks = (
	'ACCESS EXCLUSIVE' => [ 'hidden', "SELECT poc_generate_rows(1, 'looking_glass')", "SELECT poc_preview_rows('looking_glass')", "SELECT poc_explain_rows('looking_glass')",
		"CALL poc_fill('looking_glass', 1)", "SELECT poc_generate_rows(1, 'hidden')",
		"SELECT poc_preview_rows('hidden')", "CALL poc_fill('hidden', 1)" ],
	# beside an INSERT, but not beside somebody who counts
	'SHARE UPDATE EXCLUSIVE' => [ 'partly', "SELECT poc_generate_rows(1, 'partly')", "CALL poc_fill('partly', 1)" ]);
for my $mode (sort keys %locks)
{
	my ($table, @statements) = @{ $locks{$mode} };
	$node->safe_psql('victim', "BEGIN; LOCK TABLE $table IN $mode MODE; PREPARE TRANSACTION 'held'");
	for my $statement (@statements)
	{
		my ($rc, $out, $err) = $node->psql('victim', "SET lock_timeout = '1s'; $statement", extra_params => [ '-U', 'operator', '-v', 'VERBOSITY=sqlstate' ]);
		like($err, qr/42501/, "refused without waiting for a lock: $statement");
	}
	$node->safe_psql('victim', "ROLLBACK PREPARED 'held'");
}
$node->safe_psql('victim', 'GRANT INSERT, SELECT ON hidden TO operator');
for my $function (qw(poc_explain_rows poc_preview_rows))
{
	is($node->safe_psql('victim', "BEGIN; CREATE TEMP TABLE seen AS SELECT * FROM $function('looking_glass');
		SELECT string_agg(DISTINCT mode, ' ') FROM pg_locks WHERE pid = pg_backend_pid() AND relation = 'hidden'::regclass; ROLLBACK",
		extra_params => [ '-U', 'operator' ]), 'AccessShareLock', "$function() takes no stronger lock");
}

# ---- who only looks writes nothing, and makes no table ----
$node->safe_psql('victim', 'DROP TABLE public.dummy CASCADE');
for my $function (qw(poc_explain_rows poc_preview_rows))
{
	my ($rc, $out, $err) = $node->psql('victim', "SELECT * FROM $function()");
	like($err, qr/there is no public\.dummy.*SELECT poc_seed\(\)/s, "$function() makes no table, and says who does");
	$node->safe_psql('victim', "BEGIN READ ONLY; SELECT * FROM $function('t'); COMMIT");
	pass("$function() runs in a read-only transaction");
}
is($node->safe_psql('victim', "SELECT to_regclass('public.dummy') IS NULL"), 't', 'none was made');

# ---- the address of the sidecar ----
my $port = $fake->{port};
my $silent = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1) or die "listen: $!";
# bound, so that no other test has it, and nobody listens
my $unheard = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Proto => 'tcp') or die "bind: $!";
my $closed = $unheard->sockport;
my $denied = FakeSidecar->new(dir => PostgreSQL::Test::Utils::tempdir_short(), token => 'another');
my %routes = (
	'nobody listens' => [ "http://127.0.0.1:$closed", 'poc_servers()' ],
	'nobody answers' => [ 'http://127.0.0.1:' . $silent->sockport, 'poc_servers()' ],
	'no such host' => [ 'http://nowhere.invalid:4711', 'poc_servers()' ],
	'no such socket' => [ 'unix:/nowhere/4711.sock', 'poc_servers()' ],
	'not TLS' => [ "https://127.0.0.1:$port", 'poc_servers()' ],
	'wrong token' => [ $denied->url, 'poc_servers()' ],
	(map { ("answer $_" => [ $fake->url, "poc_backups('$_')" ]) } qw(garbage not_json cut redirect html error_500 error_502 no_list close_at_once)));
for my $name (sort keys %routes)
{
	my ($url, $call) = @{ $routes{$name} };
	my ($address) = $url =~ m{((?:127[^/]*|nowhere[^/]*|/nowhere.*))};
	ok(use_url($node, $url), "$name: the address is set");
	for my $query ("SELECT * FROM $call", 'SELECT * FROM poc_sidecar()', 'SELECT * FROM poc_doctor()')
	{
		my ($rc, $out, $err) = $node->psql('victim', "SET poc_barman.timeout = '1s'; $query", extra_params => [ '-U', 'operator', '-v', 'VERBOSITY=verbose' ]);
		unlike("$out$err", qr/\Q$address\E|\b4711\b|nowhere/, "$name: who may not see the setting is not told the address by: $query");
	}
}
ok(use_url($node, "http://127.0.0.1:$closed"), 'nobody listens again');
for my $user ('reader', $node->safe_psql('postgres', 'SELECT current_user'))
{
	my ($rc, $out, $err) = $node->psql('victim', 'SELECT * FROM poc_servers()', extra_params => [ '-U', $user ]);
	like($err, qr/the address is http:\/\/127\.0\.0\.1:$closed/, "$user is told");
}

# ---- a backup of another server than this is told of, for the owner may have named it ----
my $archive = '{"archive":{"oldest_wal":"0000000100000000000000FE","newest_wal":"0000000100000000000000FF","in_recovery":%s,"system_identifier":%s}}';
my $cluster = $node->safe_psql('postgres', 'SELECT system_identifier FROM pg_control_system()');
my $job = '{"job":' . FakeSidecar::job('good', 'running') . '}';
sub elsewhere
{
	my ($recovers, $identifier) = @_;
	my $other = FakeSidecar->new(dir => PostgreSQL::Test::Utils::tempdir_short(), answers => {
		'/v1/servers/good/archive' => sprintf($archive, $recovers, $identifier),
		'/v1/servers/good/check' => '{"checks":[{"server":"good","check_name":"postgresql","ok":true,"hint":""}]}',
		'/v1/servers/good/backups' => $job, '/v1/jobs/good/cancel' => $job });
	ok(use_url($node, $other->url), 'another sidecar');
	return $other;
}
my $other = elsewhere('false', 4711);
$node->safe_psql('victim', "SELECT poc_last_rows(); ALTER DATABASE victim SET poc_barman.server = 'good'", extra_params => [ '-U', 'owner' ]);
($rc, $out, $err) = $node->psql('victim', 'SELECT job_id FROM poc_backup(wait => false)');
is($out, 'good', 'the backup is taken of the server that the owner has named');
like($err, qr/NOTICE:  Barman's server "good" is another PostgreSQL than this one: the backup is of that one/, 'and that is told');

# ---- who waits for a standby makes one checkpoint ----
my $standby = elsewhere('true', $cluster);
my $log_before = -s $node->logfile;
($rc, $out, $err) = $node->psql('victim', "SELECT count(*) FROM poc_wait_ready('good', timeout => '4 s')", extra_params => [ '-U', 'operator' ]);
like($err, qr/server good is not ready for backups.*a checkpoint that Barman has the WAL of/s, 'the WAL does not come');
my @checkpoints = PostgreSQL::Test::Utils::slurp_file($node->logfile, $log_before) =~ /checkpoint starting: .*\bforce\b/g;
is(scalar(@checkpoints), 1, 'and one checkpoint was made');

done_testing();
