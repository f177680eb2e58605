# Restores that go wrong leave nothing; those that go well are watched to their end.
#
# Between the sidecar and Barman, and between it and PostgreSQL's server, stand
# scripts that can be told to misbehave.

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

my $tablespace = PostgreSQL::Test::Utils::tempdir();
my $live = LiveBarman->new('restore', conf => <<'CONF');
max_prepared_transactions = 5
CONF
my ($home, $node) = @$live{qw(home node)};
my @error;
make_error_of($node);

# Programs of its own, of which postgres may freeze.  A restored server is in a cage: it reads and executes nothing
# beside these, and writes nothing that tells its id.
my ($pgbin) = own_tree("$home/pg");
rename("$pgbin/postgres", "$pgbin/postgres.real") or die "$pgbin/postgres: $!";
system('cp', '/bin/sleep', "$pgbin/frozen") == 0 or die 'cannot copy sleep';
$live->write(substr("$pgbin/postgres", length("$home/")), <<"SH", 0755);
#!/bin/sh
[ "\$(cat $pgbin/mode)" = frozen ] && [ "\$1" != --version ] && exec $pgbin/frozen 600
exec $pgbin/postgres.real "\$@"
SH
$live->write('bin/barman', <<"SH", 0755);
#!/bin/sh
case "\$(cat $home/barman.mode):\$*" in
frozen:*recover*) echo \$\$ > $home/frozen; exec sleep 600 ;;
full:*recover*) ulimit -f 200 ;;
invalid:*recover*) barman "\$@" | sed 's/"_WARNING": \\[/&"The backup we have restored IS NOT VALID. Required WAL files are missing.", /'; exit ;;
empty:*recover*) for last; do :; done; echo '{}'; mkdir -p "\$last"; exit ;;
esac
exec barman "\$@"
SH
misbehave();

my @options = ('--barman', "$home/bin/barman", '--instance-root', "$home/instances",
	'--pg-bindir', $pgbin, '--restore-timeout', '20', '--allow-delete');

sub misbehave
{
	my (%modes) = @_;
	$live->write('barman.mode', $modes{barman} // 'good');
	$live->write(substr("$pgbin/mode", length("$home/")), $modes{server} // 'good');
	unlink("$home/frozen");
	return;
}

sub start { return $live->start(cron_interval => 5, options => \@options); }

sub ask { return $live->ask_instance(@_); }

sub state_of { return $node->safe_psql('postgres', "SELECT state FROM poc_instances() WHERE instance = '$_[0]'"); }

# The id in the file that a frozen program leaves, or in an instance's postmaster.pid
sub pid_in
{
	my ($path) = @_;
	wait_until(sub { -s $path }) or die "no $path";
	return (split(/\n/, slurp_file($path)))[0];
}

# Of the frozen server, or undef
sub frozen_server
{
	for my $file (glob('/proc/[0-9]*/cmdline'))
	{
		open(my $line, '<', $file) or next;
		return (split(m{/}, $file))[2] if (<$line> // '') =~ /^\Q$pgbin\E\/frozen\0/;
	}
	return;
}

sub is_running
{
	my ($pid) = @_;
	open(my $file, '<', "/proc/$pid/stat") or return 0;
	return <$file> !~ /\) [ZX] /;
}

# Of a restore that failed its job has the error, and there is nothing else.
sub nothing_left
{
	my ($instance, $name) = @_;
	is(state_of($instance), '', "$name: no instance is left");
	is($node->safe_psql('postgres', "SELECT state IN ('failed', 'cancelled', 'lost') FROM poc_jobs() WHERE kind = 'restore' LIMIT 1"), 't', "$name: its job tells");
	ok(!-e "$home/instances/$instance", "$name: no file is left");
	return;
}

# what a restored server must not stumble over, and must not use
$node->safe_psql('postgres', "CREATE TABLESPACE elsewhere LOCATION '$tablespace'");
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE t TABLESPACE elsewhere AS SELECT 1 AS n;
BEGIN;
INSERT INTO t VALUES (2);
PREPARE TRANSACTION 'prepared';
SQL
$node->safe_psql('postgres', "ALTER SYSTEM SET shared_preload_libraries = 'no_such_library'");
$node->safe_psql('postgres', "ALTER SYSTEM SET archive_command = 'echo %f >> $home/poisoned'");
start();
$node->safe_psql('postgres', "SELECT count(*) FROM poc_wait_ready()");
is($node->safe_psql('postgres', 'SELECT status FROM poc_backup()'), 'DONE', 'a backup');
my $backup = $node->safe_psql('postgres', 'SELECT backup_id FROM poc_backups() LIMIT 1');

is($node->safe_psql('postgres', "SELECT state FROM poc_restore('good')"), 'running', 'restored');
is(ask('good', 'SELECT sum(n) FROM t'), '1', 'a tablespace is remapped');
is(ask('good', "COMMIT PREPARED 'prepared'", 'SELECT sum(n) FROM t'), '3', 'a prepared transaction is there');
is(ask('good', 'SHOW shared_preload_libraries'), '', 'no setting of ALTER SYSTEM is used');
unlike(slurp_file("$home/instances/good/data/postgresql.auto.conf"), qr/sudo|get-wal/, 'no WAL is fetched with sudo');
is(ask('good', 'SELECT pg_switch_wal() IS NOT NULL'), 't', 'it closes a segment of its own');
ok(!-e "$home/poisoned", 'and archives it nowhere');
is($node->safe_psql('postgres', 'SELECT sum(n) FROM t'), '1', 'production is untouched');

# Barman exits with 0, and what it left is worth nothing
misbehave(barman => 'invalid');
@error = error_of($node, "SELECT poc_restore('bad')");
is($error[0], '55000', 'NOT VALID: SQLSTATE');
like($error[2], qr/NOT VALID/, 'NOT VALID: DETAIL');
nothing_left('bad', 'NOT VALID');
misbehave(barman => 'empty');
@error = error_of($node, "SELECT poc_restore('bad')");
is($error[0], '58000', 'empty directory: SQLSTATE');
like($error[2], qr/PG_VERSION/, 'empty directory: DETAIL');
nothing_left('bad', 'empty directory');

# the file system takes no more
misbehave(barman => 'full');
@error = error_of($node, "SELECT poc_restore('bad')");
is($error[0], '58000', 'full: SQLSTATE');
isnt($error[2], '', 'full: DETAIL');
nothing_left('bad', 'full');

# deadlines
misbehave(barman => 'frozen');
my $seconds = elapsed(sub { @error = error_of($node, "SELECT poc_restore('bad', immediate => true)"); });
is($error[0], '08006', 'hung Barman: SQLSTATE');
cmp_ok($seconds, '<', 90, 'hung Barman: in time');
ok(!is_running(pid_in("$home/frozen")), 'hung Barman: ended');
nothing_left('bad', 'hung Barman');
misbehave(server => 'frozen');
@error = error_of($node, "SELECT poc_restore('bad', immediate => true)");
is($error[0], '08006', 'frozen server: SQLSTATE');
like($error[1], qr/no progress/, 'frozen server: message');
ok(!frozen_server(), 'frozen server: ended');
nothing_left('bad', 'frozen server');

# of its log the error has what matters, and who asks for it the end
misbehave();
$node->psql('postgres', "SELECT poc_restore('bad', target_name => 'nobody made it')", stderr => \my $stderr);
like($stderr, qr/ERROR:  recovery ended before the target was reached\nDETAIL:  recovery ended before configured recovery target was reached/,
	'no such target: the reason');
unlike($stderr, qr/^(?:NOTICE|INFO):.*\b(?:LOG|FATAL): /m, 'no such target: nothing else of the log');
is($node->safe_psql('postgres', "SELECT DISTINCT l.level FROM (SELECT * FROM poc_jobs() WHERE kind = 'restore' LIMIT 1) AS j, poc_job_log(j.job_id) AS l WHERE l.line ~ 'FATAL:  recovery ended'"),
	'debug', 'no such target: poc_job_log() has its end');
nothing_left('bad', 'no such target');

# the sidecar is killed, or stopped, under a restore
for my $phase (qw(restoring recovering))
{
	for my $signal (qw(KILL TERM))
	{
		misbehave($phase eq 'restoring' ? 'barman' : 'server' => 'frozen');
		my $state = $node->safe_psql('postgres', "SELECT state FROM poc_restore('bad', immediate => true, wait => false)");
		my $pid;
		ok(wait_until(sub { defined($pid = $phase eq 'restoring' ? pid_in("$home/frozen") : frozen_server()) }),
			"$signal while $phase: it is frozen");
		ok(wait_until(sub { state_of('bad') eq $phase }), "$signal while $phase");
		$live->stop($signal);
		start();
		like($node->safe_psql('postgres', "SELECT state FROM poc_jobs() WHERE kind = 'restore' LIMIT 1"),
			$signal eq 'KILL' ? qr/^lost$/ : qr/^cancelled$/, "$signal while $phase: the job");
		ok(!is_running($pid), "$signal while $phase: its process is ended");
		nothing_left('bad', "$signal while $phase");
	}
}
misbehave();

# a server that runs outlives the sidecar, and is found again
is(state_of('good'), 'running', 'it runs still');
is(ask('good', 'SELECT sum(n) FROM t'), '3', 'and answers');
my $pid = pid_in("$home/instances/good/data/postmaster.pid");
kill('INT', $pid);
ok(wait_until(sub { state_of('good') eq 'stopped' }), 'shut down: stopped');
is($node->safe_psql('postgres', "SELECT state FROM poc_drop_instance('good')"), 'dropped', 'stopped: dropped');
is($node->safe_psql('postgres', "SELECT state FROM poc_restore('good', immediate => true)"), 'running', 'its name is free');
$pid = pid_in("$home/instances/good/data/postmaster.pid");
kill('KILL', $pid);
ok(wait_until(sub { state_of('good') eq 'failed' }), 'killed: failed');
is($node->safe_psql('postgres', "SELECT state FROM poc_drop_instance('good')"), 'dropped', 'failed: dropped');

# dropped although it does not react
is($node->safe_psql('postgres', "SELECT state FROM poc_restore('good', immediate => true)"), 'running', 'once more');
$pid = pid_in("$home/instances/good/data/postmaster.pid");
my @children = split(' ', slurp_file("/proc/$pid/task/$pid/children"));
kill('STOP', $pid, @children);
is($node->safe_psql('postgres', "SELECT state FROM poc_drop_instance('good')"), 'dropped', 'stopped by a signal: dropped');
ok(!(grep { is_running($_) } $pid, @children), 'none of its processes is left');
ok(!-e "$home/instances/good", 'nor a file');

# a directory of somebody else's is left alone
mkdir("$home/instances/theirs");
@error = error_of($node, "SELECT poc_restore('theirs')");
is($error[0], '55006', 'a directory that is there: SQLSTATE');
ok(-d "$home/instances/theirs", 'a directory that is there: left alone');

# a backup that waits for WAL is completed before it is restored
my @receivers = $live->receivers;
kill('STOP', @receivers);
$live->run('barman backup --immediate-checkpoint postgres1');
is($node->safe_psql('postgres', 'SELECT status FROM poc_backups() LIMIT 1'), 'WAITING_FOR_WALS', 'a backup that waits');
my $waiting = $node->safe_psql('postgres', 'SELECT backup_id FROM poc_backups() LIMIT 1');
$node->safe_psql('postgres', "SELECT poc_restore('good', '$waiting', wait => false)");
my $job = $node->safe_psql('postgres', "SELECT job_id FROM poc_jobs() WHERE kind = 'restore' LIMIT 1");
ok(wait_until(sub { $node->safe_psql('postgres', "SELECT string_agg(line, ' ') FROM poc_job_log('$job')") =~ /waits for the WAL/ }),
	'the restore waits with it');
kill('CONT', @receivers);
is($node->safe_psql('postgres', "SELECT state FROM poc_wait_job('$job', '2 min')"), 'done', 'restored when its WAL was there');
is($node->safe_psql('postgres', "SELECT status FROM poc_backups() WHERE backup_id = '$waiting'"), 'DONE', 'it is DONE now');
$node->safe_psql('postgres', "SELECT poc_drop_instance('good')");

# deleting, which is allowed here, with the token of a control database
@error = error_of($node, "SELECT poc_delete_backup('$backup')");
is($error[0], '42501', 'without that token: SQLSTATE');
like($error[3], qr/control database/, 'without that token: HINT');
@error = error_of($node, "SELECT poc_keep_backup('$backup', 'release')");
is($error[0], '42501', 'without that token nothing is released either');
$node->append_conf('postgresql.conf', "poc_barman.destroy_token_file = '$home/token'");
$node->reload;
ok(wait_until(sub { (error_of($node, "SELECT poc_delete_backup('$backup')"))[1] =~ /scope "destroy"/ }),
	'with a token that may only operate: refused by the sidecar');
$node->append_conf('postgresql.conf', "poc_barman.destroy_token_file = '$home/token_that_destroys'");
$node->reload;
ok(wait_until(sub { $node->safe_psql('postgres', "LOAD 'poc_barman'; SHOW poc_barman.destroy_token_file") =~ /destroys/ }),
	'with the right one');
@error = error_of($node, "SELECT poc_keep_backup('$backup')");
is($error[0], '', 'kept');
@error = error_of($node, "SELECT poc_delete_backup('$backup')");
is($error[0], '55000', 'kept: not deleted');
unlike($error[2], qr/BackupInfo/, 'kept: DETAIL for people');
like($error[3], qr/release/i, 'kept: HINT');
@error = error_of($node, "SELECT poc_keep_backup('$backup', 'release')");
misbehave(barman => 'frozen');
$node->safe_psql('postgres', "SELECT poc_restore('bad', '$backup', immediate => true, wait => false)");
pid_in("$home/frozen");
@error = error_of($node, "SELECT poc_delete_backup('$backup')");
is($error[0], '55006', 'being restored: not deleted');
$node->safe_psql('postgres', "SELECT j.* FROM poc_jobs() AS k, poc_cancel_job(k.job_id) AS j WHERE k.kind = 'restore' AND k.state = 'running'");
ok(wait_until(sub { state_of('bad') eq '' }), 'that restore is cancelled');
misbehave();
is($node->safe_psql('postgres', "SELECT status, detail FROM poc_delete_backup('$backup')"), "deleted|$backup", 'deleted');
is($node->safe_psql('postgres', "SELECT count(*) FROM poc_backups() WHERE backup_id = '$backup'"), '0', 'and gone');

$node->safe_psql('postgres', "ROLLBACK PREPARED 'prepared'");
done_testing();
