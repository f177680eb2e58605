# A drill of what cannot be restored, or comes back otherwise, fails, says why and leaves nothing.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use DrillTest;
use PocTest;

my $live = drill_stack('drill');
my ($home, $node) = @$live{qw(home node)};
my $backup = $node->safe_psql('postgres', 'SELECT backup_id FROM poc_backups() LIMIT 1');
my $data = (glob("$home/barman/*/base/$backup/data"))[0] // (glob("$home/barman/base/$backup/data"))[0];
my $file = "$data/" . $node->safe_psql('postgres', "SELECT pg_relation_filepath('t')");
my $middle = $node->safe_psql('postgres', 'SELECT pg_walfile_name(pg_current_wal_insert_lsn() + 1024 * 1024)');
$node->safe_psql('postgres', "SELECT poc_generate_wal('3 MB')");
is($node->safe_psql('postgres', "SELECT tables, rows FROM poc_mark('mark')"), '2|1001', 'a mark');
$node->safe_psql('postgres', "UPDATE t SET b = '' WHERE id = 1");

is(failures($live, 'sound'), 'none', 'a sound backup passes, whatever was changed after the mark');

# ---- the backup ----
my $good = slurp_file($file);
(my $bad = $good) =~ s/needle 500/needle 501/ or die "no needle in $file";
overwrite($file, $bad);
like(failures($live, 'flipped bit'), qr/^compare: public\.t: (1000 rows as expected, but their content differs|invalid page)/,
	'one bit of a data file');
unlink($file);
like(failures($live, 'missing file'), qr/^compare: public\.t: could not open file/, 'a data file that is gone');
overwrite($file, $good);

my $control = slurp_file("$data/global/pg_control");
unlink("$data/global/pg_control");
like(failures($live, 'no control file'), qr/^(restore|recovery): .*pg_control/s, 'the control file that is gone');
overwrite("$data/global/pg_control", $control);

$live->write('barman.mode', 'full');
like(failures($live, 'short write'), qr/^restore: /, 'Barman that cannot write all of it');
$live->write('barman.mode', 'good');

# ---- WAL ----
my ($segment) = split(/\n/, $live->run("find $home/barman -name $middle -path '*wals*'"));
rename($segment, "$home/segment") or die "$middle: $!";
like(failures($live, 'missing WAL'), qr/^(restore|recovery): .*(\Q$middle\E|target)/s, 'a WAL segment that is gone');
rename("$home/segment", $segment);

# ---- the mark ----
# What a mark says of a position is compared with what is there: here a row was changed meanwhile.
my $position = $node->safe_psql('postgres', "SELECT lsn FROM poc_marks WHERE name = 'mark'");
$node->safe_psql('postgres', "UPDATE poc_marks SET lsn = pg_current_wal_insert_lsn() WHERE name = 'mark'");
$node->safe_psql('postgres', "SELECT poc_switch_wal()");
is(failures($live, 'changed row'), 'compare: public.t: 1000 rows as expected, but their content differs', 'a row that was changed since');
my %wrong = (
	"lsn = '0/100000'" => qr/^backup: position 0\/0*100000 lies before the end of the backup/,
	"lsn = 'FF/0', timeline = 1" => qr/^wal: position FF\/0+ lies beyond what is archived/,
	"lsn = '$position', timeline = 9" => qr/^backup: .*timeline 9/s);
foreach my $change (sort keys %wrong)
{
	$node->safe_psql('postgres', "UPDATE poc_marks SET $change WHERE name = 'mark'");
	like(failures($live, $change), $wrong{$change}, "a wrong mark: $change");
}
$node->safe_psql('postgres', "UPDATE poc_marks SET lsn = '$position', timeline = 1 WHERE name = 'mark'");

# ---- the middle of it ----
sub begin_long_drill
{
	my $drill = begin_drill($live, "'mark', asserts => '{SELECT pg_sleep(120) IS NOT NULL}'");

	# the assertion itself is in nobody's arguments
	ok(wait_until(\&asserts), 'a drill is under way');
	ok(!(grep { slurp_cmdline($_) =~ /pg_sleep/ } servers($live)), 'and nobody on the host sees what it asks');
	return $drill;
}

# Whether a session of a restored server asks what its caller asserts
sub asserts
{
	my ($instance) = map { m{([^/]+)$} } glob("$home/instances/drill_*") or return 0;

	return scalar grep { slurp_cmdline($_) =~ /^postgres: \Q$instance\E: poc_drill_\w+ postgres \[local\] DO/ }
	  map { m{(\d+)$} } glob('/proc/[0-9]*');
}

sub slurp_cmdline
{
	open(my $handle, '<', "/proc/$_[0]/cmdline") or return '';
	return join('', <$handle>) // '';
}

my $drill = begin_long_drill();
my ($pidfile) = glob("$home/instances/drill_*/data/postmaster.pid");
kill('KILL', (split(/\n/, slurp_file($pidfile)))[0]);
$drill->{run}->finish;
like($drill->{out}, qr/^assert\|f\|.*(closed the connection|terminat)/m, 'a restored server that is killed');
nothing_left($live, 'killed server');

$drill = begin_long_drill();
$node->safe_psql('postgres',
	"SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE '%poc_restore_drill%' AND pid <> pg_backend_pid()");
$drill->{run}->finish;
like($drill->{err}, qr/canceling statement/, 'a query that is cancelled');
nothing_left($live, 'cancelled');

my $receipts = $node->safe_psql('postgres', 'SELECT count(*) FROM poc_drills');
$drill = begin_long_drill();
$live->stop('KILL');
start_drills($live);
$drill->{run}->finish;
like($drill->{out}, qr/^sidecar\|f\|/m, 'a sidecar that is killed');
is($node->safe_psql('postgres', 'SELECT count(*) FROM poc_drills'), $receipts + 1, 'and that is on record');
nothing_left($live, 'killed sidecar');

is(failures($live, 'afterwards'), 'none', 'and then a drill passes again');

# ---- metrics ----
my $metrics = $live->get('/metrics');
like($metrics, qr/^barman_sidecar_last_drill_ok\{server="postgres1"\} 1$/m, 'the sidecar tells how the last drill ended');
like($metrics, qr/^barman_sidecar_\Q$_\E\{server="postgres1"\} \d/m, "and $_")
  for qw(seconds_since_last_proven_restore last_drill_rto_seconds last_drill_rpo_seconds);
my ($rpo) = $metrics =~ /^barman_sidecar_last_drill_rpo_seconds\{server="postgres1"\} (\S+)/m;
cmp_ok(abs($rpo - $node->safe_psql('postgres', "SELECT extract(epoch FROM rpo) FROM poc_drills ORDER BY at DESC LIMIT 1")), '<', 30,
	'and the same age of the newest data as the receipt');
$live->stop;
start_drills($live);
like($live->get('/metrics'),
	qr/^barman_sidecar_last_drill_ok\{server="postgres1"\} 1$/m, 'it still knows after a restart');

# ---- pg_dump ----
$node->safe_psql('postgres', 'CREATE DATABASE copy');
$node->command_ok([ 'pg_dump', '-f', "$home/dump.sql", $node->connstr('postgres') ], 'pg_dump');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', "$home/dump.sql", $node->connstr('copy') ], 'the dump is restored');
is($node->safe_psql('copy', 'TABLE poc_drills'), $node->safe_psql('postgres', 'TABLE poc_drills'), 'pg_dump keeps the receipts');
my ($code, undef, $error) = $node->psql('copy', "SET poc_barman.server = 'postgres1'; SELECT * FROM poc_restore_drill('no_mark')");
like($error, qr/there is no mark "no_mark"/, 'a drill to no mark');

# ---- another database ----
$node->safe_psql('postgres', 'CREATE ROLE tester LOGIN; GRANT EXECUTE ON FUNCTION poc_restore_drill TO tester');
my $elsewhere = "SELECT bool_and(ok) FROM public.poc_restore_drill_database('copy', asserts => '{SELECT count(*) > 0 FROM public.t}')";
(undef, undef, $error) = $node->psql('postgres', $elsewhere, extra_params => [ '-U', 'tester' ]);
like($error, qr/permission denied for function poc_restore_drill_database/, 'who may drill here may not read other databases');
# whose rights count is not whose session it is
$node->safe_psql('postgres', <<"SQL");
CREATE SCHEMA tester AUTHORIZATION tester;
SET ROLE tester;
CREATE FUNCTION tester.drills() RETURNS boolean LANGUAGE sql VOLATILE SECURITY DEFINER AS \$\$$elsewhere\$\$;
CREATE FUNCTION tester.steady(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS \$\$
BEGIN
	IF current_setting('application_name') = 'maintenance' THEN PERFORM tester.drills(); END IF;
	RETURN i;
END\$\$;
CREATE TABLE tester.bait AS SELECT 1 AS i;
CREATE INDEX ON tester.bait (tester.steady(i));
SQL
for my $trap ([ 'a function of his', 'SELECT tester.drills()' ],
	[ 'ANALYZE of his index', "SET application_name = 'maintenance'; ANALYZE tester.bait" ],
	[ 'REINDEX of it', "SET application_name = 'maintenance'; REINDEX TABLE tester.bait" ],
	[ 'SET ROLE', "SET ROLE tester; $elsewhere" ])
{
	(undef, undef, $error) = $node->psql('postgres', $trap->[1]);
	like($error, qr/permission denied for function poc_restore_drill_database/, "nor by a superuser's session: $trap->[0]");
}
$node->safe_psql('postgres', 'GRANT EXECUTE ON FUNCTION poc_restore_drill_database TO tester');
is($node->safe_psql('postgres', $elsewhere, extra_params => [ '-U', 'tester' ]), 't', 'unless he is granted it');
is($node->safe_psql('postgres', 'SELECT database FROM poc_drills ORDER BY at DESC LIMIT 1'), 'copy', 'and the receipt names it');

done_testing();
