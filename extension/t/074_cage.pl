# A hostile primary: whatever a superuser of it has planted, the restored server gets no further than its directory.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use IO::Socket::INET;
use IO::Socket::UNIX;
use JSON::PP ();
use POSIX ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use DrillTest;
use PocTest;

my $tcp = IO::Socket::INET->new(Listen => 50, LocalAddr => '127.0.0.1', Blocking => 0);
my $abstract = IO::Socket::UNIX->new(Listen => 50, Local => "\0poc_cage_$$");
my @decoys;
END { kill('KILL', @decoys) if @decoys; }

sub compile
{
	my ($source, $to, @options) = @_;
	system_or_bail('cc', '-O1', '-fPIC', @options, '-o', $to, "$FindBin::RealBin/lib/$source");
	return;
}

# What the superuser of the primary plants before the backup
sub plant
{
	my ($live) = @_;
	my ($home, $node) = @$live{qw(home node)};
	my $include = $node->config_data('--includedir-server');
	$include =~ s/\s+$//;

	compile('hostile.c', $node->data_dir . '/hostile.so', '-shared', "-I$include", '-D_GNU_SOURCE');
	$node->safe_psql('postgres', <<'SQL');
SELECT lo_from_bytea(4711, 'pwned');
CREATE FUNCTION hostile(text, text) RETURNS void LANGUAGE c STRICT AS './hostile.so', 'hostile';

-- all that is tried, each by itself; what came of it is in the file "results" of the data directory
CREATE FUNCTION trap(target json) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
	command text;
	results text = '';
BEGIN
	FOREACH command IN ARRAY ARRAY[
		format('COPY (SELECT 1) TO %L', target ->> 'config'),
		format('COPY (SELECT 1) TO PROGRAM %L', 'cat > /dev/null; echo hook >> ' || (target ->> 'config')),
		format('COPY (SELECT 1) TO PROGRAM %L', 'rm -r ' || (target ->> 'backups') || '/* && cat > /dev/null'),
		format('COPY (SELECT 1) TO PROGRAM %L', 'cat ' || (target ->> 'token') || ' > stolen && cat > /dev/null'),
		format('COPY (SELECT 1) TO PROGRAM %L', 'ls ' || (target ->> 'home') || ' && cat > /dev/null'),
		format('COPY (SELECT 1) TO PROGRAM %L', 'kill -9 ' || (target ->> 'pid1') || ' && cat > /dev/null'),
		format('COPY (SELECT 1) TO PROGRAM %L', 'cat /proc/' || (target ->> 'pid2') || '/environ > stolen && cat > /dev/null'),
		format('SELECT pg_read_file(%L)', target ->> 'token'),
		format('SELECT pg_ls_dir(%L)', target ->> 'home'),
		format('SELECT pg_read_binary_file(%L)', '/proc/' || (target ->> 'pid2') || '/environ'),
		format('SELECT lo_export(4711, %L)', (target ->> 'home') || '/exported'),
		format('SELECT public.hostile(%L, %L)', 'write', target ->> 'config'),
		format('SELECT public.hostile(%L, %L)', 'create', (target ->> 'home') || '/created'),
		format('SELECT public.hostile(%L, %L)', 'write', '/proc/' || (target ->> 'pid2') || '/mem'),
		format('SELECT public.hostile(%L, %L)', 'open to all', target ->> 'token'),
		format('SELECT public.hostile(%L, %L)', 'link', target ->> 'token'),
		format('SELECT public.hostile(%L, %L)', 'truncate', target ->> 'config'),
		format('SELECT public.hostile(%L, %L)', 'remove', target ->> 'token'),
		format('SELECT public.hostile(%L, %L)', 'limit', target ->> 'pid2'),
		format('SELECT public.hostile(%L, %L)', 'kill', target ->> 'pid2'),
		format('SELECT public.hostile(%L, %L)', 'segment', '67108864'),
		format('SELECT public.hostile(%L, %L)', 'tcp', target ->> 'tcp'),
		format('SELECT public.hostile(%L, %L)', 'socket', target ->> 'sidecar'),
		format('SELECT public.hostile(%L, %L)', 'socket', target ->> 'primary'),
		format('SELECT public.hostile(%L, %L)', 'abstract', target ->> 'abstract')]
	LOOP
		BEGIN
			EXECUTE command;
			results = results || 'done: ' || command || E'\n';
		EXCEPTION WHEN OTHERS THEN
			results = results || 'refused: ' || command || ' (' || SQLERRM || E')\n';
		END;
	END LOOP;
	EXECUTE format('COPY (SELECT %L) TO %L', results, current_setting('data_directory') || '/results');
	RETURN true;
END $$;
SQL
	return;
}

# What came of it, by the file in a data directory; each "done: ..." or "refused: ..."
sub results
{
	my ($directory) = @_;
	my $text = slurp_file("$directory/results");

	unlink("$directory/results");
	$text =~ s/\\n/\n/g;
	$text =~ s/\\\\/\\/g;
	return grep { length } split(/\n/, $text);
}

sub all_refused
{
	my ($name, @results) = @_;

	cmp_ok(scalar(@results), '>', 20, "$name: all was tried");
	is(join("\n", grep { !/^refused: / } @results), '', "$name: all was refused");
	is(join("\n", grep { /does not exist|syntax|Invalid argument|No such|Broken pipe/ } @results), '', "$name: for no other reason");
	note(join("\n", @results));
	return;
}

sub target
{
	my ($live, %target) = @_;
	my ($home, $node) = @$live{qw(home node)};

	return JSON::PP->new->canonical->encode({
		sidecar => "$home/sidecar", primary => $node->host . '/.s.PGSQL.' . $node->port,
		tcp => $tcp->sockport, abstract => "poc_cage_$$", %target });
}

# Barman's configuration and backups, and what opens the sidecar: names, modes, contents
sub what_matters
{
	my ($live) = @_;
	my $home = $live->{home};
	# since 3.13.2 the records are in a directory of their own
	my $places = 'token barman/barman.conf barman/barman.d barman/postgres1/base ' . (-d "$home/barman/postgres1/meta" ? 'barman/postgres1/meta' : '');
	return $live->run("cd $home && find $places -printf '%p %m %U %G %s\\n' | sort; find $places -type f -exec sha256sum {} + | sort");
}

my $live = drill_stack('cage', sql => \&plant);
my ($home, $node) = @$live{qw(home node)};
make_error_of($node);
my $receiver = ($live->receivers)[0];
my $real = target($live, home => "$home/barman", config => "$home/barman/barman.d/postgres1.conf", token => "$home/token",
	backups => "$home/barman/postgres1/base", pid1 => $receiver, pid2 => $live->{pid});
my $before = what_matters($live);
like($before, qr/backup\.info/, 'there are backups to be destroyed');

# ---- the attempts are good: in the primary itself, which nothing cages, they succeed ----
mkdir("$home/decoy");
mkdir("$home/decoy/base");
$live->write('decoy/base/backup.info', '');
$live->write('decoy/token', "secret\n", 0600);
$live->write('decoy/config', "x\n");
for (1, 2)
{
	push @decoys, fork() // die "fork: $!";
	exec('sleep', 'infinity') or POSIX::_exit(1) if !$decoys[-1];
}
ok(wait_until(sub { !grep { slurp_file("/proc/$_/cmdline") !~ /sleep/ } @decoys }), 'two processes to be killed');
$node->safe_psql('postgres', "SELECT trap('" . target($live, home => "$home/decoy", config => "$home/decoy/config", token => "$home/decoy/token",
	backups => "$home/decoy/base", pid1 => $decoys[0], pid2 => $decoys[1]) . "')");
is(join("\n", grep { !/^done: / && !m{/proc/\d+/mem} } results($node->data_dir)), '', 'in the primary each attempt succeeds');

# ---- in a drill, behind an assertion ----
my $steps = steps($live, "asserts => ARRAY[\$a\$SELECT public.trap('$real')\$a\$], keep => true");
note($steps);
like($steps, qr/^isolation\|t\|the kernel refuses every outgoing connection of the restored server; held are files.*\(Landlock ABI \d+/m,
	'the receipt tells what holds');
my ($drill) = glob("$live->{instances}/drill_*");
all_refused('in a drill', results("$drill/data"));
is(what_matters($live), $before, 'Barman is as it was');
$node->safe_psql('postgres', "SELECT state FROM poc_drop_instance('" . ($drill =~ m{([^/]+)$})[0] . "')");

# ---- in an instance that was restored ----
is($node->safe_psql('postgres', "SELECT state FROM poc_restore('ours')"), 'running', 'an instance is restored');
like($node->safe_psql('postgres', "SELECT isolation FROM poc_instances() WHERE instance = 'ours'"),
	qr/^the kernel refuses every outgoing connection of the restored server; held are files/, 'poc_instances() tells what holds');
my $port = $node->safe_psql('postgres', "SELECT port FROM poc_instances() WHERE instance = 'ours'");
my ($out, $err) = ('', '');

sub ask
{
	my ($sql) = @_;
	IPC::Run::run([ 'psql', '-XAtq', '-h', "$live->{instances}/ours/socket", '-p', $port, '-d', 'postgres', '-c', $sql ],
		'<', \undef, '>', \$out, '2>', \$err, IPC::Run::timeout(180));
	return $out;
}
is(ask("SELECT trap('$real')"), "t\n", 'a superuser of it tries');
all_refused('in an instance', results("$live->{instances}/ours/data"));
is(what_matters($live), $before, 'Barman is as it was');

# and what a server does all day it does
my $parallel = $node->pg_version >= 16 ? 'debug_parallel_query' : 'force_parallel_mode';
is(ask("SET $parallel = on; SELECT count(*) FROM t"), "1000\n", 'a parallel query') or note($err);
is(ask("CREATE TABLE made AS SELECT i FROM generate_series(1, 1000) AS i; CREATE INDEX ON made (i); SELECT count(*) FROM made"), "1000\n", 'a table');
is(ask("SET timezone = 'Europe/Paris'; SELECT '2026-07-01 00:00+00'::timestamptz::text"), "2026-07-01 02:00:00+02\n", 'a time zone');
is(ask("COPY (SELECT 1) TO PROGRAM 'cat > copied'; SELECT pg_read_file('copied')"), "1\n\n", 'a program, in its directory') or note($err);

# a leftover of it leads the sidecar nowhere: the log of a server that died is shown, and this one is the token
ask("COPY (SELECT 1) TO PROGRAM 'ln -sf $home/token ../server.log && cat > /dev/null'");
my $pid = (split(/\n/, slurp_file("$live->{instances}/ours/data/postmaster.pid")))[0];
# PostgreSQL's key is the inode number of the data directory
my $key = unpack('l', pack('L', (stat("$live->{instances}/ours/data"))[1] & 0xffffffff));
ok(defined shmget($key, 0, 0), 'it has its shared memory');
kill('KILL', $pid);
ok(wait_until(sub { $node->safe_psql('postgres', "SELECT state FROM poc_instances() WHERE instance = 'ours'") eq 'failed' }), 'it is noticed that it died');
ok(!defined shmget($key, 0, 0), 'and it has left none');
unlike($live->get('/v1/instances'), qr/secret/, 'the token is not shown');
is($node->safe_psql('postgres', "SELECT state FROM poc_drop_instance('ours')"), 'dropped', 'it is dropped');
is(what_matters($live), $before, 'Barman is as it was');

# ---- without Landlock nothing is restored, unless that is wanted ----
compile('without_landlock.c', "$home/bin/without_landlock");
$live->stop;
start_drills_below($live, POSIX::EPERM);
my @error = error_of($node, "SELECT poc_restore('free')");
is("$error[0] $error[1]", '55000 nothing is restored here: a restored server could not be kept in its directory', 'a restore is refused');
like($error[2], qr/forbidden here/, 'a restore is refused: DETAIL');
like($error[3], qr/--confinement=best-effort/, 'a restore is refused: HINT');
@error = error_of($node, 'SELECT poc_restore_drill()');
is("$error[0] $error[1]", '55000 nothing is restored here: a restored server could not be kept in its directory', 'so is a drill');
like(slurp_file("$home/sidecar.log"), qr/nothing will be restored/, 'the log tells it at the start');
$live->stop;
start_drills_below($live, POSIX::ENOSYS, '--confinement', 'best-effort');
like(slurp_file("$home/sidecar.log"), qr/restored servers are not kept in their directories/, 'best effort warns at the start');
is($node->safe_psql('postgres', "SELECT state FROM poc_restore('free')"), 'running', 'best effort restores');
like($node->safe_psql('postgres', "SELECT isolation FROM poc_instances() WHERE instance = 'free'"),
	qr/refuses every outgoing connection.*not held are files, signals, abstract sockets and ports: this kernel has no Landlock/, 'and tells what does not hold');
is($node->safe_psql('postgres', "SELECT state FROM poc_drop_instance('free')"), 'dropped', 'it is dropped');

sub start_drills_below
{
	my ($sidecar, $errno, @options) = @_;
	return $sidecar->start(cron_interval => 300, below => [ "$home/bin/without_landlock", $errno ], options => [
		'--instance-root', $sidecar->{instances}, '--pg-bindir', $sidecar->{bindir}, @options ]);
}

$live->stop;
done_testing();
