# A drill of what cannot be restored, or comes back otherwise, fails, says why and leaves nothing.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

use LiveBarman;
use PocTest;

my $live = LiveBarman->new('drill');
my ($home, $node) = @$live{qw(home node)};
my $bindir = $node->config_data('--bindir');
$bindir =~ s/\s+$//;

$live->write('bin/barman', <<"SH", 0755);
#!/bin/sh
case "\$(cat $home/barman.mode):\$*" in
full:*recover*) ulimit -f 200 ;;
esac
exec barman "\$@"
SH
$live->write('barman.mode', 'good');

sub start
{
	return $live->start(cron_interval => 5, options => [
		'--barman', "$home/bin/barman", '--instance-root', "$home/instances",
		'--instance-ports', '23450-23499', '--pg-bindir', $bindir ]);
}

# The failing steps of a drill to the mark, each "step: detail", and that nothing is left of it.
sub failures
{
	my ($name, $asserts) = @_;
	my $failures = $node->safe_psql('postgres',
		"SELECT coalesce(string_agg(step || ': ' || coalesce(detail, ''), E'\\n') FILTER (WHERE NOT ok), 'none') FROM poc_restore_drill('mark', asserts => '{$asserts}')");
	is($node->safe_psql('postgres', 'SELECT ok FROM poc_drills ORDER BY at DESC LIMIT 1'),
		$failures eq 'none' ? 't' : 'f', "$name: the receipt is kept");
	nothing_left($name);
	note($failures);
	return $failures;
}

sub nothing_left
{
	my ($name) = @_;
	ok(wait_until(sub { my @left = (servers(), glob("$home/instances/drill_*")); !@left }), "$name: nothing is left");
	return;
}

# The processes of restored servers, and of those who ask them
sub servers
{
	my @pids;

	for my $path (glob('/proc/[0-9]*/cmdline'))
	{
		open(my $file, '<', $path) or next;
		my $arguments = join('', <$file>) // '';
		push @pids, $path =~ m{/proc/(\d+)/} if $arguments =~ m{\Q$home\E/instances/drill_};
	}
	return grep { $_ != $$ } @pids;
}

# Begins a drill that would take a minute more; returns when that minute has begun.
sub begin_long_drill
{
	my ($settings) = @_;
	my %drill = (out => '', err => '');

	$drill{run} = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', $settings // 'SELECT',
			'-c', "SELECT step, ok, detail FROM poc_restore_drill('mark', asserts => '{SELECT pg_sleep(60) IS NOT NULL}')" ],
		'<', \undef, '>', \$drill{out}, '2>', \$drill{err}, IPC::Run::timeout(120));
	ok(wait_until(sub { grep { slurp_cmdline($_) =~ /pg_sleep/ } servers() }), 'a drill is under way');
	return \%drill;
}

sub slurp_cmdline
{
	open(my $file, '<', "/proc/$_[0]/cmdline") or return '';
	return join('', <$file>) // '';
}

$node->safe_psql('postgres', <<'SQL');
CREATE TABLE t (id int PRIMARY KEY, b text);
INSERT INTO t SELECT i, 'needle ' || i FROM generate_series(1, 1000) AS i;
CREATE TABLE u AS SELECT 1 AS n;
SQL
$node->safe_psql('postgres', $_) for 'VACUUM FREEZE t', 'CHECKPOINT';
start();
$node->safe_psql('postgres', 'SELECT count(*) FROM poc_wait_ready()');
is($node->safe_psql('postgres', 'SELECT status FROM poc_backup()'), 'DONE', 'a backup');
my $backup = $node->safe_psql('postgres', 'SELECT backup_id FROM poc_backups() LIMIT 1');
my $data = (glob("$home/barman/*/base/$backup/data"))[0] // (glob("$home/barman/base/$backup/data"))[0];
my $file = "$data/" . $node->safe_psql('postgres', "SELECT pg_relation_filepath('t')");
my $middle = $node->safe_psql('postgres', 'SELECT pg_walfile_name(pg_current_wal_insert_lsn() + 1024 * 1024)');
$node->safe_psql('postgres', "SELECT poc_generate_wal('3 MB')");
is($node->safe_psql('postgres', "SELECT tables, rows FROM poc_mark('mark')"), '2|1001', 'a mark');
$node->safe_psql('postgres', "UPDATE t SET b = '' WHERE id = 1");

is(failures('sound'), 'none', 'a sound backup passes, whatever was changed after the mark');

# ---- the backup ----
my $good = slurp_file($file);
(my $bad = $good) =~ s/needle 500/needle 501/ or die "no needle in $file";
overwrite($file, $bad);
like(failures('flipped bit'), qr/^compare: public\.t: (1000 rows as expected, but their content differs|invalid page)/,
	'one bit of a data file');
unlink($file);
like(failures('missing file'), qr/^compare: public\.t: could not open file/, 'a data file that is gone');
overwrite($file, $good);

my $control = slurp_file("$data/global/pg_control");
unlink("$data/global/pg_control");
like(failures('no control file'), qr/^(restore|recovery): .*pg_control/s, 'the control file that is gone');
overwrite("$data/global/pg_control", $control);

$live->write('barman.mode', 'full');
like(failures('full disk'), qr/^restore: /, 'a disk that is full');
$live->write('barman.mode', 'good');

# ---- WAL ----
my ($segment) = split(/\n/, $live->run("find $home/barman -name $middle -path '*wals*'"));
rename($segment, "$home/segment") or die "$middle: $!";
like(failures('missing WAL'), qr/^(restore|recovery): .*(\Q$middle\E|target)/s, 'a WAL segment that is gone');
rename("$home/segment", $segment);

# ---- the middle of it ----
my $drill = begin_long_drill();
my ($pidfile) = glob("$home/instances/drill_*/data/postmaster.pid");
kill('KILL', (split(/\n/, slurp_file($pidfile)))[0]);
$drill->{run}->finish;
like($drill->{out}, qr/^assert\|f\|.*(closed the connection|terminat)/m, 'a restored server that is killed');
nothing_left('killed server');

$drill = begin_long_drill("SET statement_timeout = '20 s'");
$drill->{run}->finish;
like($drill->{err}, qr/statement timeout/, 'a query that is cancelled');
nothing_left('cancelled');

my $receipts = $node->safe_psql('postgres', 'SELECT count(*) FROM poc_drills');
$drill = begin_long_drill();
$live->stop('KILL');
start();
$drill->{run}->finish;
like($drill->{out}, qr/^sidecar\|f\|/m, 'a sidecar that is killed');
is($node->safe_psql('postgres', 'SELECT count(*) FROM poc_drills'), $receipts + 1, 'and that is on record');
nothing_left('killed sidecar');

is(failures('afterwards'), 'none', 'and then a drill passes again');

# ---- metrics ----
my $metrics = $live->run("curl -s -H 'Authorization: Bearer secret' --unix-socket $home/sidecar http://localhost/metrics");
like($metrics, qr/^barman_sidecar_last_drill_ok\{server="postgres1"\} 1\./m, 'the sidecar tells how the last drill ended');
like($metrics, qr/^barman_sidecar_\Q$_\E\{server="postgres1"\} \d/m, "and $_")
  for qw(seconds_since_last_proven_restore last_drill_rto_seconds last_drill_rpo_seconds);
my ($rpo) = $metrics =~ /^barman_sidecar_last_drill_rpo_seconds\{server="postgres1"\} (\S+)/m;
cmp_ok(abs($rpo - $node->safe_psql('postgres', "SELECT extract(epoch FROM rpo) FROM poc_drills ORDER BY at DESC LIMIT 1")), '<', 30,
	'and the same age of the newest data as the receipt');
$live->stop;
start();
like($live->run("curl -s -H 'Authorization: Bearer secret' --unix-socket $home/sidecar http://localhost/metrics"),
	qr/^barman_sidecar_last_drill_ok\{server="postgres1"\} 1\./m, 'it still knows after a restart');

# ---- pg_dump ----
$node->safe_psql('postgres', 'CREATE DATABASE copy');
$node->command_ok([ 'pg_dump', '-f', "$home/dump.sql", $node->connstr('postgres') ], 'pg_dump');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', "$home/dump.sql", $node->connstr('copy') ], 'the dump is restored');
is($node->safe_psql('copy', 'TABLE poc_drills'), $node->safe_psql('postgres', 'TABLE poc_drills'), 'pg_dump keeps the receipts');
my ($code, undef, $error) = $node->psql('copy', "SET poc_barman.server = 'postgres1'; SELECT * FROM poc_restore_drill('no_mark')");
like($error, qr/there is no mark "no_mark"/, 'a drill to no mark');

sub overwrite
{
	my ($path, $bytes) = @_;
	open(my $handle, '>:raw', $path) or die "$path: $!";
	print $handle $bytes;
	close($handle);
	return;
}

done_testing();
