# An instance is refreshed: it gets another backup and target in place of what it had, and keeps name and port. What
# is refused leaves it running; what fails later removes it. Barman 3.16 copies what differs on Linux 6.12, an older one
# of either all.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use BackupWays;
use LiveBarman;
use PocTest;

my $live = LiveBarman->new('refresh');
my ($home, $node) = @$live{qw(home node)};
my $bindir = $node->config_data('--bindir');
$bindir =~ s/\s+$//;
my $has_delta = barman_version() >= version_number('3.16');
my $whole = qr/the instance is emptied, and the backup copied whole: /;
my $instances = "$home/instances";
my $copy = "$instances/copy";
my $tablespace = PostgreSQL::Test::Utils::tempdir();
my ($as_backed_up, @error);
make_error_of($node);

# Barman, which can be told to hang
$live->write('bin/barman', <<"SH", 0755);
#!/bin/sh
case "\$(cat $home/barman.mode):\$*" in
frozen:*recover*) echo \$\$ > $home/frozen; exec sleep 600 ;;
leaves:*recover*) barman "\$@"; done=\$?; touch $copy/data/base/1/70000; exit \$done ;;
esac
exec barman "\$@"
SH
misbehave('good');

sub misbehave
{
	my ($mode) = @_;
	$live->write('barman.mode', $mode);
	unlink("$home/frozen");
	return;
}

sub start
{
	return $live->start(cron_interval => 5,
		options => [ '--barman', "$home/bin/barman", '--instance-root', $instances, '--pg-bindir', $bindir, @_ ]);
}

sub value { return $node->safe_psql('postgres', "SET client_min_messages = error; $_[0]"); }
sub on_copy { return $live->ask_instance('copy', @_); }
sub state_of { return value("SELECT state FROM poc_instances() WHERE instance = 'copy'"); }
sub backup { return value("SELECT backup_id FROM poc_backup()"); }
sub rows_of { return join(' ', map { $_[0]->("SELECT count(*), coalesce(sum(hashtext(t::text)), 0) FROM $_ AS t") } qw(a b)); }
sub last_log { return value("SELECT string_agg(l.line, E'\\n') FROM (SELECT job_id FROM poc_jobs() WHERE kind = 'restore' LIMIT 1) AS j, poc_job_log(j.job_id) AS l"); }
sub refresh { return value("SELECT state, port FROM poc_restore('copy', refresh => true" . ($_[0] // '') . ')'); }

sub wait_frozen { return wait_until(sub { -s "$home/frozen" }); }

# What was refused has changed nothing
sub is_as_it_was
{
	my ($rows, $row, $name) = @_;
	is(value("SELECT i FROM poc_instances() AS i WHERE instance = 'copy'"), $row, "$name: its row is what it was");
	is(rows_of(\&on_copy), $rows, "$name: so are its tables");
	is(on_copy('SELECT n FROM scribbled'), 'mine', "$name: and what was written into it");
	return;
}

sub is_gone
{
	my ($name) = @_;
	ok(wait_until(sub { state_of() eq '' }), "$name: no instance is left");
	ok(!-e $copy, "$name: nor a file");
	return;
}

# Writes into the copy what must not survive: rows, a relation, settings, files of nobody's
sub scribble
{
	on_copy(q{INSERT INTO a SELECT i, 'of the copy' FROM generate_series(1, 500) AS i}, q{UPDATE b SET v = 'changed'},
		q{CREATE TABLE scribbled AS SELECT 'mine'::text AS n}, q{CREATE TABLE elsewhere_too TABLESPACE elsewhere AS SELECT 1 AS i},
		q{ALTER SYSTEM SET work_mem = '7MB'}, 'CHECKPOINT', 'SELECT pg_switch_wal()');
	my ($file, $beside) = split(/\|/, on_copy(q{SELECT pg_relation_filepath('scribbled'), pg_relation_filepath('elsewhere_too')}));
	mkdir("$copy/data/base/of_nobody");
	$live->write(substr("$copy/$_", length("$home/")), 'x') for qw(data/base/of_nobody/file data/stranger data/standby.signal notes);
	return map { "$copy/$_" } "data/$file", 'data/base/of_nobody', 'data/stranger', 'data/standby.signal', 'notes';
}

value("CREATE TABLESPACE elsewhere LOCATION '$tablespace'");
value("CREATE TABLE a AS SELECT i, 'row ' || i AS v FROM generate_series(1, 2000) AS i");
value("CREATE TABLE b TABLESPACE elsewhere AS SELECT i, 'row ' || i AS v FROM generate_series(1, 2000) AS i");
add_server($live, 'copied', backup_method => 'local-rsync', reuse_backup => 'link', backup_options => 'concurrent_backup');
start();
value("SELECT count(*) FROM poc_wait_ready('$_')") for qw(postgres1 copied);
my $first = backup();

# ---- what is not there is made by a restore without refresh
@error = error_of($node, "SELECT poc_restore('copy', refresh => true)");
is($error[0], '42704', 'nothing to refresh: SQLSTATE');
like($error[1], qr/there is no instance "copy"/, 'nothing to refresh: message');
like($error[3], qr/without refresh makes it/, 'nothing to refresh: HINT');
my ($state, $port) = split(/\|/, value("SELECT state, port FROM poc_restore('copy')"));
is($state, 'running', 'restored');

# a process that may have outlived its server must find nothing that Barman copies over
my $holds_signals = value("SELECT isolation ~ 'held are files, signals' FROM poc_instances() WHERE instance = 'copy'") eq 't';
$as_backed_up =
	!$has_delta ? qr/${whole}Barman copies what differs from 3\.16 on/
	: $holds_signals ? qr/what differs from the backup is copied/
	: qr/${whole}a process of the former server may have outlived it/;
$has_delta &&= $holds_signals;
my $rows_before = rows_of(\&value);
is(rows_of(\&on_copy), $rows_before, 'with its rows');

# ---- refreshed to a later backup
my @leftovers = scribble();
value("UPDATE a SET v = v || '!' WHERE i % 3 = 0");
value('DELETE FROM b WHERE i % 5 = 0');
value('CREATE TABLE c AS SELECT 1 AS i');
my $second = backup();
value("INSERT INTO a VALUES (0, 'after the backup')");
is(refresh(), "running|$port", 'refreshed, on the same port');
like(last_log(), $as_backed_up, 'and its log tells how');
is(rows_of(\&on_copy), rows_of(\&value), 'it has the rows of the primary');
is(on_copy('SELECT i FROM c'), '1', 'and its new table');
is(value("SELECT backup_id FROM poc_instances() WHERE instance = 'copy'"), $second, 'of the new backup');
is(on_copy("SELECT to_regclass('scribbled') IS NULL, to_regclass('elsewhere_too') IS NULL, current_setting('work_mem')"), 't|t|4MB', 'of what was written into it nothing is there');
is(scalar(grep { -e } @leftovers), 0, 'no file of its former life is left');

# ---- to an earlier backup and target
scribble();
is(refresh(", backup_id => '$first', immediate => true"), "running|$port", 'refreshed to what was before');
is(rows_of(\&on_copy), $rows_before, 'it has the rows of then');
is(on_copy("SELECT to_regclass('c') IS NULL, to_regclass('scribbled') IS NULL"), 't|t', 'and no table of later');
like(last_log(), $as_backed_up, 'copied in the same way');

# ---- what is refused leaves it as it was
scribble();
unlink("$copy/data/standby.signal"); # the server runs on
my $row = value("SELECT i FROM poc_instances() AS i WHERE instance = 'copy'");
my $rows = rows_of(\&on_copy);
my %refused = (
	'no such backup' => [ ", backup_id => '20000101T000000'", '42704' ],
	'of another server' => [ ", server => 'copied'", '55006' ],
	'no such time' => [ ", target_time => '2000-01-01'", '55000' ],
	'a target beyond' => [ ", target_lsn => 'FFFF/0'", '55000' ],
	'two targets' => [ ", target_name => 'x', immediate => true", '22023' ],
);
for my $name (sort keys %refused)
{
	@error = error_of($node, "SELECT poc_restore('copy', refresh => true$refused{$name}[0])");
	is($error[0], $refused{$name}[1], "$name: SQLSTATE") or diag("@error");
	is_as_it_was($rows, $row, $name);
}
@error = error_of($node, "SELECT poc_restore('copy')");
is($error[0], '55006', 'without refresh: SQLSTATE');
is_as_it_was($rows, $row, 'without refresh');
$live->stop;
start('--reserve-free', '99%');
@error = error_of($node, "SELECT poc_restore('copy', refresh => true)");
is($error[0], '55000', 'no room: SQLSTATE');
like($error[2], qr/what it replaces has \d+/, 'no room: DETAIL');
is_as_it_was($rows, $row, 'no room');
$live->stop;
start();

# cancelled while it waits for WAL, when the server still runs
my @receivers = $live->receivers;
kill('STOP', @receivers);
value("SELECT poc_restore('copy', refresh => true, wait => false)");
my $job = value("SELECT job_id FROM poc_jobs() WHERE kind = 'restore' LIMIT 1");
ok(wait_until(sub { value("SELECT phase FROM poc_jobs() WHERE job_id = '$job'") eq 'archiving' }), 'it waits for WAL');
@error = error_of($node, "SELECT poc_restore('copy', refresh => true)");
is($error[0], '55006', 'busy: SQLSTATE');
like($error[1], qr/busy/, 'busy: message');
value("SELECT poc_cancel_job('$job')");
kill('CONT', @receivers);
ok(wait_until(sub { value("SELECT state FROM poc_jobs() WHERE job_id = '$job'") eq 'cancelled' }), 'cancelled before its server was ended');
is_as_it_was($rows, $row, 'cancelled early');

# ---- of whatever state
is(refresh(', start => false'), "stopped|$port", 'refreshed, and not started');
ok(!-e "$copy/data/postmaster.pid", 'no server runs');
my $unchanged = "$copy/data/base/1/PG_VERSION";
my $before = join(' ', (stat($unchanged))[ 1, 10 ]);
is(refresh(), "running|$port", 'one that is stopped');
is(join(' ', (stat($unchanged))[ 1, 10 ]), $before, 'what is the same is left alone') if $has_delta;
is(rows_of(\&on_copy), rows_of(\&value), 'one that is stopped: its rows');
my ($pid) = split(/\n/, slurp_file("$copy/data/postmaster.pid"));
kill('KILL', $pid);
ok(wait_until(sub { state_of() eq 'failed' }), 'one that has died');
is(refresh(), "running|$port", 'is refreshed');
is(value("SELECT error IS NULL FROM poc_instances() WHERE instance = 'copy'"), 't', 'and has no error any more');

# ---- links that lead elsewhere are not followed, whoever made them
my $theirs = PostgreSQL::Test::Utils::tempdir();
for my $how (qw(symbolic hard))
{
	my ($file) = glob("$copy/data/base/*/2619");
	append_to_file("$theirs/$how", 'theirs');
	unlink($file);
	$how eq 'hard' ? link("$theirs/$how", $file) : symlink("$theirs/$how", $file);
	is(refresh(), "running|$port", "a $how link in it");
	like(last_log(), $has_delta ? qr/$whole.*base/ : $whole, "a $how link: all is copied");
	is(slurp_file("$theirs/$how"), 'theirs', "a $how link: not written through");
}

# ---- what fails in the middle removes it
if ($has_delta)
{
	misbehave('leaves');
	@error = error_of($node, "SELECT poc_restore('copy', refresh => true)");
	is($error[0], '58000', 'a file that stays: SQLSTATE');
	like($error[2], qr{data/base/1/70000}, 'a file that stays: DETAIL');
	is_gone('a file that stays');
	misbehave('good');
	value("SELECT poc_restore('copy', immediate => true)");
}
@error = error_of($node, "SELECT poc_restore('copy', refresh => true, target_name => 'nobody made it')");
is($error[0], '55000', 'no such point: SQLSTATE');
like(last_log(), qr/instance "copy" is removed: the server that it had was ended/, 'no such point: its log tells');
is_gone('no such point');
for my $end (qw(cancel KILL))
{
	misbehave('good');
	value("SELECT poc_restore('copy', immediate => true)");
	misbehave('frozen');
	value("SELECT poc_restore('copy', refresh => true, immediate => true, wait => false)");
	ok(wait_frozen(), "$end: it copies");
	is(state_of(), 'restoring', "$end: the instance is restoring");
	$job = value("SELECT job_id FROM poc_jobs() WHERE kind = 'restore' LIMIT 1");
	if ($end eq 'cancel')
	{
		value("SELECT poc_cancel_job('$job')");
	}
	else
	{
		$live->stop($end);
		start();
	}
	ok(wait_until(sub { value("SELECT state FROM poc_jobs() WHERE job_id = '$job'") eq ($end eq 'cancel' ? 'cancelled' : 'lost') }), "$end: its job");
	is_gone($end);
}

# ---- backups by rsync, whose files have the times of the primary's: a time that is set back hides nothing
misbehave('good');
my $copied = value("SELECT backup_id FROM poc_backup('copied')");
my $then = rows_of(\&value);
$port = value("SELECT port FROM poc_restore('copy', server => 'copied')");
my ($file) = on_copy("SELECT pg_relation_filepath('a')");
$pid = (split(/\n/, slurp_file("$copy/data/postmaster.pid")))[0];
kill('INT', $pid);
ok(wait_until(sub { state_of() eq 'stopped' }), 'a copy of a backup by rsync, stopped');
open(my $data, '+<', "$copy/data/$file") or die "$copy/data/$file: $!";
seek($data, 8000, 0);
print $data 'forged';
close($data);
utime((stat("$home/barman/copied/base/$copied/data/$file"))[ 8, 9 ], "$copy/data/$file");
is(refresh(", server => 'copied', immediate => true"), "running|$port", 'it is refreshed');
like(last_log(), $as_backed_up, 'by rsync: its log tells how');
is(rows_of(\&on_copy), $then, 'by rsync: the rows of the backup');
scribble();
value('DELETE FROM a WHERE i % 7 = 0');
$copied = value("SELECT backup_id FROM poc_backup('copied')");
is(refresh(", server => 'copied'"), "running|$port", 'and once more, to another backup');
is(rows_of(\&on_copy), rows_of(\&value), 'by rsync: the rows of the primary');
is(on_copy("SELECT to_regclass('scribbled') IS NULL"), 't', 'by rsync: nothing of what was written into it');

done_testing();
