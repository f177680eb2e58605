# How progress is told: to psql line by line, to pgcli in one notice whose detail has the lines in their order, since
# pgcli prints notices after the result, the newest first, and "None" where one has no detail; and a job in one row.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use LiveBarman;
use PocTest;

my $live = LiveBarman->new('progress');
my ($home, $node) = @$live{qw(home node)};

# What a client of that name is told by a statement
sub told
{
	my ($client, $statement, $settings) = @_;
	my ($out, $err) = ('', '');

	IPC::Run::run([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres') . " application_name='$client'", map { ('-c', $_) } ($settings // ()), $statement ],
		'<', \undef, '>', \$out, '2>', \$err) or return "FAILED: $err";
	return $err;
}

# How many messages there are, and how many of them have a detail
sub count { my ($text) = @_; return join(' ', scalar(() = $text =~ /^(?:NOTICE|INFO|WARNING):/mg), scalar(() = $text =~ /^DETAIL:/mg)); }

$live->start(cron_interval => 300);
$node->safe_psql('postgres', 'SET client_min_messages = error; SELECT status FROM poc_backup()');

my $log = told('psql', 'SELECT status FROM poc_verify_backup()');
cmp_ok((split(' ', count($log)))[0], '>', 1, 'psql is told line by line');
is((split(' ', count($log)))[1], '0', 'without details');
like($log, qr/NOTICE:  .*\nNOTICE:  done \(after/s, 'as they come, the end last');

my $brief = told('pgcli', 'SELECT status FROM poc_verify_backup()');
is(count($brief), '1 1', 'pgcli is told in one notice with a detail');
like($brief, qr/^NOTICE:  verify of postgres1: done\nDETAIL:  .*\ndone \(after [\d.]+ s\)$/s, 'which has the lines in their order');

# the lines are the same, but for their times
my $lines = sub { my ($text) = @_; $text =~ s/^(?:NOTICE:  verify of postgres1: done\nDETAIL:  |NOTICE:  )//mg; $text =~ s/[\d.]+ s\b/N s/g; return $text; };
is($lines->($brief), $lines->($log), 'and all of them');

# a backup, whose copy this server sends, and the functions around it
my $backup = told('pgcli 3.5', 'SELECT status FROM poc_backup()');
is(count($backup), '1 1', 'a backup is one notice, too');
like($backup, qr/^(?:NOTICE|WARNING):  backup of postgres1: done\nDETAIL:  .*\bhas begun\b.*\ndone \(after/s, 'which says what it was of');
like(told('psql', 'SELECT status FROM poc_backup()'), qr/NOTICE:  backup \S+ has begun\n/, 'psql is told as ever');

# the setting chooses, whatever the client
is(count(told('psql', 'SELECT status FROM poc_verify_backup()', "SET poc_barman.progress = 'brief'")), '1 1', 'brief for psql');
is(count(told('pgcli', 'SELECT status FROM poc_verify_backup()', "SET poc_barman.progress = 'log'")), count($log), 'log for pgcli');
is(told('psql', 'SELECT status FROM poc_verify_backup()', "SET poc_barman.progress = 'none'"), '', 'none is none');
like(told('psql', "SET poc_barman.progress = 'loud'", "LOAD 'poc_barman'"), qr/FAILED: ERROR:  invalid value for parameter "poc_barman.progress": "loud"/,
	'and there are no others');
is(count(told('psql', 'SELECT status FROM poc_verify_backup()', "SET client_min_messages = warning")), '0 0', 'client_min_messages counts as ever');

# procedures that tell of their steps
$node->safe_psql('postgres', 'CREATE SCHEMA shop; CREATE TABLE shop.customers (id serial PRIMARY KEY, name text); CREATE TABLE shop.orders (id serial PRIMARY KEY, customer int NOT NULL REFERENCES shop.customers)');
like(told('psql', "CALL poc_populate('shop', 10)"), qr/^INFO:  .*customers.*\n(?:DETAIL|HINT|INFO):.*orders/s, 'a table after the other for psql');
my $populate = told('pgcli', "CALL poc_populate('shop', 10)");
is(count($populate), '1 1', 'one message for pgcli');
like($populate, qr/^INFO:  poc_populate\(\): 2 tables\nDETAIL:  .*customers.*\n.*orders/s, 'with the tables in their order');
is(count(told('pgcli', "CALL poc_fill('shop.customers', 1000)")), '1 1', 'and so for poc_fill()');

# a warning of a job stays one, with the log around it
$live->mode('fail');
my $failed = told('pgcli', 'SELECT status FROM poc_backup()');
like($failed, qr/^FAILED: (?:NOTICE|WARNING):  backup of postgres1: failed\nDETAIL:  .*ERROR:/s, 'a job that fails tells its log before the error');
unlike($failed, qr/^(?:NOTICE|WARNING):  [^\n]*\n(?!DETAIL:)/m, 'and nothing comes without a detail');
$live->mode('good');

# a job in one row, as \watch repeats it
my $id = $node->safe_psql('postgres', "SET client_min_messages = error; SELECT job_id FROM poc_backup(wait => false)");
ok(wait_until(sub { $node->safe_psql('postgres', "SELECT phase FROM poc_watch('$id')") ne '' || $node->safe_psql('postgres', "SELECT state FROM poc_watch('$id')") eq 'done' }), 'a job that runs has a phase');
is($node->safe_psql('postgres', "SET client_min_messages = error; SELECT state FROM poc_wait_job('$id')"), 'done', 'it ends');
is($node->safe_psql('postgres', "SELECT job_id = '$id', kind, state, phase IS NULL, progress, line LIKE 'done (after%', elapsed > '0' FROM poc_watch()"),
	't|backup|done|t|1|t|t', 'without a job_id the newest is meant');
is($node->safe_psql('postgres', "SELECT line = (SELECT l.line FROM poc_job_log('$id') AS l ORDER BY l.n DESC LIMIT 1) FROM poc_watch('$id')"), 't',
	'its line is the last of the log');
my ($out, $err) = ('', '');
IPC::Run::run([ 'psql', '-XAtq', '-d', $node->connstr('postgres') ], '<', \"SELECT state FROM poc_watch('$id') \\g (format=unaligned)\n", '>', \$out, '2>', \$err);
is($out, "done\n", 'in one row');
like($err, qr/^\s*\z/, 'without a notice');
like((error_is("SELECT * FROM poc_watch('nobody')"))[0], qr/there is no job "nobody"/, 'and an unknown job is said');

sub error_is
{
	my (undef, undef, $error) = $node->psql('postgres', $_[0]);
	return $error;
}

$live->stop;
done_testing();
