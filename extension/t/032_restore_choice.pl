# Which backup a restore takes, and along which timeline; and what is refused
# before anything is done for it.
#
# The server fails over to its standby, and what the old one had written last is
# left behind on timeline 1.  WAL, and so the histories, are compressed in the
# archive.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use LiveBarman;
use PocTest;

my $live = LiveBarman->new('choice');
my $compression = "compression = gzip\n";
$live->configure($compression);
my ($home, $node) = @$live{qw(home node)};
my $bindir = $node->config_data('--bindir');
$bindir =~ s/\s+$//;
make_error_of($node);

# every call of Barman's, for its count
$live->write('bin/barman', <<"SH", 0755);
#!/bin/sh
echo "\$@" >> $home/calls
exec barman "\$@"
SH
my @options = ('--barman', "$home/bin/barman", '--instance-root', "$home/instances",
	'--pg-bindir', $bindir);

sub value { return $node->safe_psql('postgres', $_[0]); }

# A row, and where and when it was there
sub row
{
	my ($n) = @_;
	value("INSERT INTO t VALUES ($n)");
	my @where = split(/\|/, value("SELECT pg_current_wal_insert_lsn(), clock_timestamp() FROM pg_create_restore_point('after $n')"));
	# a restore point is not flushed by itself, and a standby would not get it
	value("SELECT pg_logical_emit_message(true, 'test', '')");
	return @where;
}

# The backup a restore takes, the timeline it followed, and the rows that are there
sub restored
{
	my ($arguments) = @_;
	my $instance = value("SELECT instance FROM poc_restore('one', $arguments)");
	my $what = value("SELECT backup_id || ' ' || timeline FROM poc_instances() WHERE instance = 'one'");
	my $rows = $live->ask_instance('one', "SELECT string_agg(n::text, ' ' ORDER BY n) FROM t");
	value("SELECT poc_drop_instance('one')");
	return "$what: $rows";
}

# What a refusal says, and that it has cost no segment
sub refused
{
	my ($arguments, $name) = @_;
	my $before = within_segment($node);
	my @error = error_of($node, "SELECT poc_restore('one', $arguments)");
	is(value('SELECT pg_walfile_name(pg_current_wal_lsn())'), $before, "$name: no segment was closed for it");
	is(value("SELECT count(*) FROM poc_instances() WHERE instance = 'one'"), '0', "$name: there is no instance");
	return @error;
}

sub calls
{
	my ($code) = @_;
	$live->write('calls', '');
	$code->();
	return join(' ', grep { !/^-q|archive-wal|cron/ } map { s/^-c \S+ (-f json )?//r =~ s/ .*//rs } split(/\n/, slurp_file("$home/calls")));
}

$live->start(cron_interval => 300, options => \@options);
value('CREATE TABLE t (n int)');
value('SELECT count(*) FROM poc_wait_ready()');

# a target is reached from a backup that ended before it
my (%backup, %lsn, %time);
($lsn{0}, $time{0}) = row(0);
$backup{a} = value("SELECT backup_id FROM poc_backup(name => 'monday')");
($lsn{1}, $time{1}) = row(1);
$backup{b} = value('SELECT backup_id FROM poc_backup()');
($lsn{2}, $time{2}) = row(2);
$backup{c} = value('SELECT backup_id FROM poc_backup()');
($lsn{3}, $time{3}) = row(3);

is(restored("target_lsn => '$lsn{3}'"), "$backup{c} 2: 0 1 2 3", 'a position after the last backup: the last');
is(restored("target_lsn => '$lsn{2}'"), "$backup{b} 2: 0 1 2", 'a position before it: the one before');
is(restored("target_lsn => '$lsn{1}'"), "$backup{a} 2: 0 1", 'a position before that: the first');
is(restored("target_time => '$time{1}'"), "$backup{a} 2: 0 1", 'the same with a time');
is(restored("'monday', target_name => 'after 2'"), "$backup{a} 2: 0 1 2", 'a backup by its name, a restore point');
is(restored("'monday', target_xid => '" . value("SELECT xmin FROM t WHERE n = 1") . "'"), "$backup{a} 2: 0 1", 'a transaction');
like(restored("'monday', immediate => true"), qr/^$backup{a} 2: 0\b/, 'as soon as it is consistent');

is(calls(sub { restored("target_lsn => '$lsn{2}'") }), 'recover', 'of a backup that is known Barman is asked nothing');

is(restored("'monday', target_name => 'barman_$backup{a}'"), "$backup{a} 2: 0", "Barman's own restore point");

# who holds the lock has not archived it yet
my $archiver = IPC::Run::start([ 'flock', "$home/barman/.postgres1-archive-wal.lock", 'sleep', '4' ]);
value('INSERT INTO t VALUES (10)');
is(restored('start => true'), "$backup{c} 2: 0 1 2 3 10", 'while another archives: nothing is missing');
$archiver->finish;
value('DELETE FROM t WHERE n = 10');

# refused, and nothing was done for it
my @error = refused("target_lsn => '$lsn{0}'", 'before the first backup');
is("$error[0] $error[1]", "55000 position $lsn{0} lies before the end of the backup", 'before the first backup: refused');
@error = refused("'$backup{c}', target_lsn => '$lsn{2}'", 'before the backup that was named');
like($error[2], qr/^Backup $backup{c} is consistent from/, 'before the backup that was named: refused');
@error = refused("target_time => '$time{0}'", 'a time before the first backup');
is($error[0], '55000', 'a time before the first backup: refused');
@error = refused("target_lsn => 'FF/0'", 'a position nobody has written');
like("$error[0] $error[1]", qr/^55000 position FF\/0+ lies beyond what is written$/, 'a position nobody has written: refused');
@error = refused("target_xid => '4000000000'", 'a transaction that nobody has begun');
is($error[0], '55000', 'a transaction that nobody has begun: refused');
@error = refused("'nonesuch'", 'no such backup');
is($error[0], '42704', 'no such backup: refused');
@error = refused("'monday', target_timeline => 7", 'no such timeline');
is("$error[0] $error[1]", '55000 Barman does not know timeline 7 yet', 'no such timeline: refused');
value("SELECT poc_restore('taken', immediate => true)");
my $before = within_segment($node);
@error = error_of($node, "SELECT poc_restore('taken')");
is($error[0], '55006', 'a name that is taken: refused');
is(value('SELECT pg_walfile_name(pg_current_wal_lsn())'), $before, 'a name that is taken: no segment was closed for it');
value("SELECT poc_drop_instance('taken')");

# Failover: the standby has row 4, and is promoted without rows 5 and 6.
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
($lsn{4}, $time{4}) = row(4);
value("SELECT poc_mark('marked', '{t}')");
my $marked = value("SELECT pg_walfile_name(lsn) FROM poc_marks WHERE name = 'marked'");
$node->wait_for_catchup($standby);
$standby->stop;
($lsn{5}, $time{5}) = row(5);
$backup{d} = value('SELECT backup_id FROM poc_backup()');
($lsn{6}, $time{6}) = row(6);
value('SELECT poc_switch_wal()');
is(value("SELECT archived FROM poc_switch_wal()"), 't', 'the old primary is archived to its end');
$live->stop_receiver;
$live->stop;
$node->stop;
$standby->start;
$standby->promote;
$live->{node} = $node = $standby;
$live->configure($compression);
$live->run('barman receive-wal --reset postgres1; barman cron');
$live->start(cron_interval => 300, options => \@options);

ok(wait_until(sub { value('SELECT count(*) FROM pg_stat_replication') > 0 }), 'Barman receives from the new primary');
is(restored("'$backup{c}'"), "$backup{c} 3: 0 1 2 3 4", 'failover: the first restore brings the history of the new timeline');
value('SELECT count(*) FROM poc_wait_ready()');
($lsn{7}, $time{7}) = row(7);
is(value("SELECT archived FROM poc_switch_wal()"), 't', 'the new primary is archived');
ok(-e "$home/barman/postgres1/wals/00000002.history", 'with the history of its timeline');

is(restored("target_lsn => '$lsn{7}'"), "$backup{c} 3: 0 1 2 3 4 7", 'failover: the last backup that leads to the new timeline');
is(restored('start => true'), "$backup{c} 3: 0 1 2 3 4 7", 'failover: without a target as well');
is(restored("target_name => 'after 4'"), "$backup{c} 3: 0 1 2 3 4", 'failover: a restore point from before it');
is(restored("target_timeline => 1"), "$backup{d} 3: 0 1 2 3 4 5 6", 'failover: what was left behind, on request');
is(restored("target_name => 'after 5', backup_id => '$backup{c}', target_timeline => 1"), "$backup{c} 3: 0 1 2 3 4 5",
	'failover: a restore point that was left behind');
my (undef, undef, $said) = $node->psql('postgres', "SELECT poc_restore('points', target_name => 'after 4')");
like($said, qr/at [0-9A-F]+\/[0-9A-F]+, of 1 in the WAL/, 'failover: a restore point that two timelines have is one');
value("SELECT poc_drop_instance('points')");
is(restored("target_name => 'marked'"), "$backup{c} 3: 0 1 2 3 4", 'failover: a mark just before it');

# the old primary died before it had archived the segment with the mark
my @lost = grep { m{/([0-9A-F]{24})$} && $1 ge $marked } glob("$home/barman/postgres1/wals/00000001*/*");
rename($_, "$_.lost") || die "$_: $!" for @lost;
$live->run('barman rebuild-xlogdb postgres1');
is(restored("target_name => 'marked'"), "$backup{c} 3: 0 1 2 3 4", 'failover: a mark whose segment is archived of the new timeline alone');
is(value("SELECT coalesce(string_agg(step, ',') FILTER (WHERE NOT ok), 'none') FROM poc_restore_drill('marked')"), 'none', 'failover: a drill to it');
rename("$_.lost", $_) || die "$_: $!" for @lost;
$live->run('barman rebuild-xlogdb postgres1');
@error = refused("'$backup{d}'", 'a backup that was left behind');
is("$error[0] $error[1]", "55000 backup $backup{d} does not lead to timeline 2", 'failover: a backup that was left behind is refused');
like($error[3], qr/target_timeline/, 'failover: and how to restore it after all is told');
is(restored("'$backup{d}', immediate => true"), "$backup{d} 3: 0 1 2 3 4 5", 'failover: to where it is consistent it leads');

$backup{e} = value('SELECT backup_id FROM poc_backup()');
($lsn{8}, $time{8}) = row(8);
is(restored("target_lsn => '$lsn{8}'"), "$backup{e} 3: 0 1 2 3 4 7 8", 'a backup of the new timeline');
is(restored("target_lsn => '$lsn{2}'"), "$backup{b} 3: 0 1 2", 'a target of the old one, from the backup before it');
is(restored("target_time => '$time{7}'"), "$backup{c} 3: 0 1 2 3 4 7", 'a time after the failover passes over what was left behind');
@error = refused("'$backup{e}', target_timeline => 1", 'a backup of the new timeline');
is("$error[0] $error[1]", "55000 backup $backup{e} does not lead to timeline 1", 'a backup of the new timeline leads not to the old one');

# names
@error = error_of($node, "SELECT poc_backup(name => 'monday')");
is("$error[0] $error[1]", '55006 another backup already bears the name "monday"', 'a name for a second backup');
like($error[3], qr/poc_backups\(\)/, 'a name for a second backup: what to do');
my $tablespace = PostgreSQL::Test::Utils::tempdir();
value("CREATE TABLESPACE \"a:b\" LOCATION '$tablespace'");
$backup{f} = value('SELECT backup_id FROM poc_backup()');
@error = refused("'$backup{f}'", 'a tablespace with a colon');
is("$error[0] $error[1]", "55000 backup $backup{f} cannot be restored elsewhere", 'a tablespace that Barman cannot be told of');
like("$error[2] $error[3]", qr/"a:b".*RENAME/, 'a tablespace that Barman cannot be told of: which, and what to do');

done_testing();
