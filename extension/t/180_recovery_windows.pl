# What can be restored, as poc_recovery_windows() and poc_explain_restore() tell it, is what poc_restore() then does:
# each target that is said to be good is reached from the backup that was named, each that is said to be bad is refused.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use LiveBarman;
use PocTest;

my $live = LiveBarman->new('windows', conf => "poc_barman.timeout = '300s'\n");
$live->configure("retention_policy = REDUNDANCY 2\n");
my ($home, $node) = @$live{qw(home node)};
my $bindir = $node->config_data('--bindir');
$bindir =~ s/\s+$//;
my @options = ('--instance-root', "$home/instances");

sub value { return $node->safe_psql('postgres', "SET client_min_messages = error; $_[0]"); }

# A row, and where and when it was there
sub row
{
	my ($n) = @_;
	value("INSERT INTO t VALUES ($n)");
	my @where = split(/\|/, value("SELECT pg_current_wal_insert_lsn(), clock_timestamp()"));
	value("SELECT pg_switch_wal()");
	return @where;
}

# t, f or '' (not known), the backup, and the items that are not ok, as a server is told
sub explained
{
	my ($asks, $arguments) = @_;
	return split(/\|/, $asks->safe_psql('postgres', <<"SQL"), 3);
SET client_min_messages = error;
WITH x AS (SELECT * FROM poc_explain_restore($arguments))
SELECT (SELECT ok FROM x WHERE item = 'restore'), (SELECT backup_id FROM x WHERE item = 'restore'),
	(SELECT coalesce(string_agg(item, ' '), '') FROM x WHERE NOT ok AND item <> 'restore')
SQL
}

# Both say the same: what is good is restored from that backup, what is bad fails; and these rows are there.
sub agree
{
	my ($name, $asks, $arguments, $verdict, $bad, $rows) = @_;
	my ($ok, $backup, $items) = explained($asks, $arguments);
	my ($status, undef, $error) = $asks->psql('postgres', "SET client_min_messages = error; SELECT state FROM poc_restore('one', $arguments)");

	is("$ok $items", "$verdict $bad", "$name: explained as " . ({ t => 'good', f => 'bad' }->{$verdict} // 'not known'));
	if (defined $rows)
	{
		is($error // '', '', "$name: restored");
		is(value("SELECT backup_id FROM poc_instances() WHERE instance = 'one'"), $backup, "$name: from the backup that was named");
		is($live->ask_instance('one', "SELECT string_agg(n::text, ' ' ORDER BY n) FROM t"), $rows, "$name: with its rows");
		value("SELECT poc_drop_instance('one')");
	}
	else
	{
		isnt($status, 0, "$name: refused");
		is(value('SELECT count(*) FROM poc_instances()'), '0', "$name: nothing is left");
	}
	return;
}

# The windows: these columns of each
sub windows { return value("SELECT $_[0] FROM poc_recovery_windows()"); }

$live->start(cron_interval => 300, options => [ @options, '--pg-bindir', $bindir ]);
value('CREATE TABLE t (n int)');
value('SELECT count(*) FROM poc_wait_ready()');
is(windows('count(*)'), '0', 'without a backup there is no window');

my (%backup, %lsn, %time);
($lsn{0}, $time{0}) = row(0);
$backup{a} = value('SELECT backup_id FROM poc_backup()');
($lsn{1}, $time{1}) = row(1);
($lsn{2}, $time{2}) = row(2);
($lsn{3}, $time{3}) = row(3);
$backup{b} = value('SELECT backup_id FROM poc_backup()');
($lsn{4}, $time{4}) = row(4);
value('SELECT poc_switch_wal()');
my %end = map { $_ => value("SELECT end_lsn FROM poc_show_backup('$backup{$_}')") } qw(a b);

# one window, from the end of the first backup to the last transaction
is(windows('timeline, from_lsn, from_time_source, until_lsn_source, until_time_source, array_to_string(backups, \' \')'),
	"1|$end{a}|backup|record|commit|$backup{a} $backup{b}", 'one window has both backups');
is(windows("from_time = (SELECT end_time FROM poc_show_backup('$backup{a}'))"), 't', 'it begins with the first');
is(windows("until_lsn >= '$lsn{4}' AND until_time >= '$time{4}'::timestamptz - interval '10 s' AND until_time <= clock_timestamp()"),
	't', 'it ends with the last transaction');
is(windows("received_lsn >= until_lsn"), 't', 'and Barman has received more');
is(windows('next_deleted, next_deleted_when, then_from_lsn, gap_first_wal'),
	"$backup{a}|after 1 more full backup|$end{b}|", 'what retention takes next shortens it');

# as an operator would ask, of the server itself
agree('everything', $node, "'latest'", 't', '', '0 1 2 3 4');
agree('consistent', $node, 'immediate => true', 't', '', '0 1 2 3');
agree('a position', $node, "target_lsn => '$lsn{1}'", 't', '', '0 1');
agree('a time', $node, "target_time => '$time{2}'", 't', '', '0 1 2');
agree('a position that is not archived', $node, "target_lsn => pg_current_wal_insert_lsn()", 't', '', '0 1 2 3 4');
value("SELECT count(*) FROM poc_mark('the_mark', '{t}')");
agree('a mark', $node, "target_name => 'the_mark'", 't', '', '0 1 2 3 4');
agree('a position before the backups', $node, "target_lsn => '$lsn{0}'", 'f', 'backup');
agree('a time before the backups', $node, "target_time => '$time{0}'", 'f', 'backup');
agree('a position that the named backup has passed', $node, "'$backup{b}', target_lsn => '$lsn{1}'", 'f', 'backup');
agree('a position that is not written', $node, "target_lsn => pg_current_wal_insert_lsn() + 1000000000", 'f', 'wal');
agree('a transaction that has not ended', $node, "target_xid => (pg_current_xact_id()::text::bigint + 1000)::text::xid8", 'f', 'wal');
agree('a timeline that is not known', $node, 'target_timeline => 7', 'f', 'backup');
is(join(' ', (explained($node, "target_name => 'nowhere'"))[0, 1]), " $backup{b}", 'whether a name is in WAL is not known');

# by the restores before it is told how long it takes
is(value("SELECT count(*) FROM poc_explain_restore() WHERE item IN ('copy', 'recovery') AND elapsed > '0' AND ok"), '2',
	'how long it takes is told by the restores before');
is(value("SELECT bool_and(segments > 0 AND bytes > 0) FROM poc_explain_restore(target_lsn => '$lsn{4}') WHERE item = 'wal'"), 't',
	'and what is replayed');

# another server closes no segment of this one
my $spare = $live->spare('spare', conf => "poc_barman.server = 'postgres1'\n");
value('SELECT poc_switch_wal()');
my $beyond = value("SELECT pg_current_wal_insert_lsn() + 200000000");
agree('from elsewhere, a position', $spare, "target_lsn => '$lsn{4}'", 't', '', '0 1 2 3 4');
agree('from elsewhere, a position beyond what is archived and received', $spare, "target_lsn => '$beyond'", 'f', 'wal');

# a gap: two windows, and what lies in between is out of reach
my ($missing, $after) = split(/\|/, value("SELECT pg_walfile_name('$lsn{2}'), pg_walfile_name('$lsn{2}'::pg_lsn + 1048576)"));
$live->run("rm $home/barman/postgres1/wals/" . substr($missing, 0, 16) . "/$missing");
ok(wait_until(sub { windows('count(*)') eq '2' }), 'a missing segment makes two windows');
is(windows("string_agg(concat_ws(',', gap_first_wal, gap_last_wal, gap_segments, array_to_string(backups, ' ')), '; ' ORDER BY from_lsn)"),
	"$missing,$missing,1,$backup{a}; $backup{b}", 'and it is named');
is(windows("bool_or(until_lsn < '$lsn{2}') AND bool_and(from_lsn > '$lsn{0}')"), 't', 'the first ends before it');
is(windows("string_agg(coalesce(next_deleted, 'nothing') || ' ' || coalesce(then_from_lsn::text, 'gone'), '; ' ORDER BY from_lsn)"),
	"$backup{a} gone; nothing gone", 'retention takes the whole first one next');
# Barman copies by its list, and fails at what is not there any more, wherever the target lies
agree('before a gap that Barman does not know of', $node, "target_lsn => '$lsn{1}'", 'f', 'catalogue');
$live->run("barman -q rebuild-xlogdb postgres1");
agree('before the gap', $node, "target_lsn => '$lsn{1}'", 't', '', '0 1');
agree('behind the gap, from the backup before it', $node, "'$backup{a}', target_lsn => '$lsn{3}'", 'f', 'wal');
agree('a time behind the gap, from the backup before it', $node, "'$backup{a}', target_time => '$time{3}'", 'f', 'wal');
agree('behind the gap, from the backup behind it', $node, "target_lsn => '$lsn{4}'", 't', '', '0 1 2 3 4');

# the host's fault: no such PostgreSQL, no room
$live->stop;
mkdir("$home/nothing");
$live->start(cron_interval => 300, options => [ @options, '--pg-bindir', "$home/nothing" ]);
agree('without a PostgreSQL of that version', $node, "'latest'", 'f', 'postgresql');
$live->stop;
$live->start(cron_interval => 300, options => [ @options, '--pg-bindir', $bindir, '--reserve-free', '1000000GB' ]);
agree('without room', $node, "'latest'", 'f', 'disk');
is(value("SELECT bytes > 0 AND finding LIKE '%are free below%' FROM poc_explain_restore() WHERE item = 'disk'"), 't', 'which it tells in bytes');
$live->stop;

# a history of sizes, and the restart that reads it
my $now = time;
my $gigabyte = 1024 ** 3;
$live->write('jobs/sizes.json', '{"postgres1": [' . join(', ', map {
	my $ago = 4 - $_;
	sprintf('[%d, %d, %d, %d, %d, -1, -1]', $now - $ago * 86400, (10 + $_) * $gigabyte, (5 + $_) * $gigabyte, (100 - 2 * $_) * $gigabyte, 1000 * $gigabyte)
} 0 .. 4) . ']}', 0600);
$live->start(cron_interval => 300, options => [ @options, '--pg-bindir', $bindir ]);
is(value("SELECT areas, free / $gigabyte, growth_per_day / $gigabyte, wal_per_day / $gigabyte, used_per_day / $gigabyte, samples FROM poc_forecast()"),
	'{base,wals}|92|2|1|2|5', 'what is kept is still there after a restart');
is(value("SELECT full_at BETWEEN now() + interval '45 days' AND now() + interval '47 days' AND reason IS NULL FROM poc_forecast()"), 't',
	'and 92 GB that shrink by 2 a day are gone in 46');
$live->stop;

# the sidecar samples by itself; a history that is too short says so
unlink("$home/jobs/sizes.json");
$live->start(cron_interval => 300, options => [ @options, '--pg-bindir', $bindir, '--history-interval', 1 ]);
is(value('SELECT samples, full_at FROM poc_forecast()'), '0|', 'without a history there is no forecast');
like(value('SELECT reason FROM poc_forecast()'), qr/there is no history yet/, 'and it says why');
ok(wait_until(sub { value('SELECT samples > 0 FROM poc_forecast()') eq 't' }), 'the sidecar samples by itself');
is(value('SELECT full_at, growth_per_day FROM poc_forecast()'), '|', 'of too short a time nothing is told');
like(value('SELECT reason FROM poc_forecast()'), qr/there is too little history of this disk: \d+ samples? over 0 minutes/, 'and why');
is(value("SELECT backup_bytes = (SELECT sum(size) FROM poc_backups()) AND wal_bytes > 0 AND free > 0 AND size > free FROM poc_forecast()"), 't',
	'the sizes are those of the backups and the archive');
$live->stop;

done_testing();
