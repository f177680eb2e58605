# A caller that is not the server meant: a control database, which Barman does
# not back up.  It is told so, and nothing of its own is taken for the server's.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use DoctorTest;
use DrillTest;
use LiveBarman;
use PocTest;

my $live = drill_stack('served');
my ($served, $home) = @$live{qw(node home)};
my $control = $live->spare('control', init => [ allows_streaming => 1, extra => ['--wal-segsize=1'] ], conf => "poc_barman.server = 'postgres1'\n");
$control->safe_psql('postgres', 'CREATE TABLE mine AS SELECT 1 AS n');
make_error_of($control);

# What a statement returns and says; and that no segment was closed here.
sub from_control
{
	my ($query, $name) = @_;
	my $before = within_segment($control, 'fresh');
	my ($code, $out, $error) = $control->psql('postgres', $query);

	is($code, 0, "$name: succeeds") or diag($error);
	like($error, qr/NOTICE:  Barman's server "postgres1" is another PostgreSQL than this one: .*DETAIL:  Its system identifier is \d+, this one's \d+\./s, "$name: it is said");
	is($control->safe_psql('postgres', 'SELECT pg_walfile_name(pg_current_wal_insert_lsn())'), $before, "$name: no segment is closed here");
	return $out;
}

$served->safe_psql('postgres', 'INSERT INTO u VALUES (2)');
my $wal = $served->safe_psql('postgres', 'SELECT pg_walfile_name(pg_current_wal_insert_lsn())');
is(from_control('SELECT archived, lsn IS NULL, wal_file FROM poc_switch_wal()', 'poc_switch_wal'), "t|t|$wal", 'its segment is closed and archived');
is(from_control('SELECT bool_and(ok) FROM poc_wait_ready()', 'poc_wait_ready'), 't', 'it is ready');
is(from_control("SELECT string_agg(step || ' ' || ok, ',') FILTER (WHERE step IN ('wal', 'identity', 'assert')) FROM poc_restore_drill(asserts => '{SELECT count(*) = 2 FROM public.u}')", 'poc_restore_drill'),
	'wal true,identity true,assert true', 'a drill of what is archived of it');
is($control->safe_psql('postgres', 'SELECT ok, system_identifier = (SELECT system_identifier FROM pg_control_system()) FROM poc_drills'), 't|f', 'its receipt is of the other server');

$control->safe_psql('postgres', "SELECT poc_mark('here', '{mine}')");
my @error = error_of($control, "SELECT * FROM poc_restore_drill('here')");
is("$error[0] $error[1]", '55000 mark "here" is of another cluster', 'a mark of this server is refused');

my $rows = examine($control);
is_ill($rows, 'server', qr/another PostgreSQL, whose settings, slot, roles and WAL are not examined here/, qr/poc_servers\(\)/, 'the doctor');
is(scalar(grep { $_->[0] =~ /^(settings|slot|access|archive)$/ } @$rows), 0, 'gives no advice for this one');
is_well($rows, 'Barman', qr/checks passed/, 'but of Barman');
is_well($rows, 'drill', qr/passed was 0 days ago/, 'and of its drills');
# roles and databases there are others
$served->safe_psql('postgres', 'CREATE DATABASE shop; CREATE ROLE first LOGIN');
$served->safe_psql('shop', 'CREATE TABLE orders AS SELECT 7 AS n');
$served->safe_psql('postgres', 'SELECT poc_switch_wal()');
my $owner = $control->safe_psql('postgres', 'SELECT rolname FROM pg_roles WHERE oid = 10');
$control->safe_psql('postgres', "CREATE ROLE other LOGIN SUPERUSER; SET ROLE other; CREATE ROLE third LOGIN SUPERUSER");
$control->safe_psql('postgres', 'ALTER ROLE "' . $owner . '" RENAME TO first', extra_params => [ '-U', 'third' ]);
$control->safe_psql('postgres', 'ALTER ROLE third RENAME TO "' . $owner . '"', extra_params => [ '-U', 'other' ]);
is(from_control("SELECT string_agg(step || ' ' || ok, ',') FILTER (WHERE step IN ('connect', 'assert')) FROM poc_restore_drill_database('shop', asserts => '{SELECT n = 7 FROM public.orders}')",
	'a database there'), 'assert true', 'a database that is not here, by a role that is another here');
@error = error_of($control, "SELECT poc_restore('copy', target_lsn => 'FF/0')");
like($error[1], qr/^position FF\/0+ lies beyond what is archived/, 'a position that its archive does not reach');
like($error[2], qr/positions up to [0-9A-F]+\/[0-9A-F]+ can be had/, 'and to where it does');
is(from_control("SELECT state FROM poc_restore('copy')", 'poc_restore'), 'running', 'a restore of what is archived of it');
$control->safe_psql('postgres', "SELECT poc_drop_instance('copy')");

# a backup that runs there is not seen here, and nobody is told to delete it
my $holder = IPC::Run::start([ 'pg_basebackup', '-D', PostgreSQL::Test::Utils::tempdir() . '/slow', '-d', $served->connstr('postgres'), '--max-rate=32', '-Xnone', '-c', 'fast' ]);
my ($known) = glob("$home/barman/postgres1/base/[0-9]*/backup.info $home/barman/postgres1/meta/[0-9]*backup.info");
mkdir("$home/barman/postgres1/base/20250101T000000");
my $record = slurp_file($known) =~ s/^status=DONE/status=STARTED/mr =~ s/^(begin_time)=.*/$1=2025-01-01 00:00:00+00:00/mr;
my ($where) = $known =~ m{/meta/} ? "barman/postgres1/meta/20250101T000000-backup.info" : "barman/postgres1/base/20250101T000000/backup.info";
$live->write($where, $record);
$control->safe_psql('postgres', 'SELECT poc_cron()');
unlike(join("\n", map { join('|', @$_) } @{ examine($control) }), qr/STARTED, but/, 'a backup that runs elsewhere is not called abandoned');
unlink("$home/$where");
rmdir("$home/barman/postgres1/base/20250101T000000");
$holder->kill_kill;

# When it is down it is still another one, whoever has been started since.
$served->stop('immediate');
$live->stop;
start_drills($live);
my $before = within_segment($control, 'fresh');
my ($code, $out, $said) = $control->psql('postgres', "SELECT * FROM poc_switch_wal(timeout => '2 s')");
like($said, qr/"postgres1" is another PostgreSQL than this one/, 'down: a switch is not one of this server');
is($control->safe_psql('postgres', 'SELECT pg_walfile_name(pg_current_wal_insert_lsn())'), $before, 'down: no segment is closed here');
is(from_control("SELECT string_agg(step || ' ' || ok, ',') FILTER (WHERE step IN ('wal', 'identity')) FROM poc_restore_drill()", 'down: poc_restore_drill'),
	'wal true,identity true', 'down: a drill');
$rows = examine($control);
is_ill($rows, 'server', qr/another PostgreSQL, whose settings, slot, roles and WAL are not examined here/, qr/poc_servers\(\)/, 'down: the doctor');
is(scalar(grep { $_->[0] =~ /^(settings|slot|access|archive)$/ } @$rows), 0, 'down: gives no advice for this one');

done_testing();
