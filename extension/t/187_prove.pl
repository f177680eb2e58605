# poc_prove() with a real Barman: each proof is committed by itself, what is cancelled leaves nothing running and the
# next call goes on; what could not run has not passed; two at a time are refused; pg_cron runs what the documents say.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use Documentation;
use DrillTest;
use PocTest;

my $library = `pg_config --pkglibdir`;
chomp($library);
# Debian has it for each of its PostgreSQLs, not for those that it does not have yet
my $has_cron = -e "$library/pg_cron.so";
my $live = drill_stack('prove', conf => $has_cron ? "shared_preload_libraries = 'pg_cron'\ncron.database_name = 'postgres'\n" : '');
my ($home, $node) = @$live{qw(home node)};

sub sql { return $node->safe_psql('postgres', "SET client_min_messages = error; $_[0]"); }
sub outcomes { return sql(q{SELECT string_agg(outcome, ' ' ORDER BY n) FROM poc_proofs WHERE run = (SELECT max(run) FROM poc_proofs)}); }

# A Barman that can be told to restore when a line comes, or to kill who asks it
$live->write('bin/barman.new', <<"SH", 0755);
#!/bin/sh
case "\$(cat $home/barman.mode):\$*" in
hold:*recover* | hold:*restore*) touch $home/held; read -r line < $home/fifo ;;
kill:*recover* | kill:*restore*) kill -9 \$(cat $home/sidecar_pid); exit 1 ;;
esac
exec barman "\$@"
SH
# one that runs is not written to
rename("$home/bin/barman.new", "$home/bin/barman") or die "barman: $!";
POSIX::mkfifo("$home/fifo", 0600) or die "mkfifo: $!";
my $first = sql('SELECT backup_id FROM poc_backups()');
is(sql('SELECT status FROM poc_backup()'), 'DONE', 'a second backup');
is(sql(q{SELECT rows FROM poc_mark('mark', '{t}')}), '1000', 'a mark');
my $second = sql('SELECT backup_id FROM poc_backups() LIMIT 1');

# ---- a database that was made after the backups ----
$node->safe_psql('postgres', 'CREATE DATABASE young');
$node->safe_psql('young', 'CREATE EXTENSION poc_barman');
my ($status, undef, $words) = $node->psql('young', "SET client_min_messages = error; CALL poc_prove()");
is($status, 0, 'older backups are proven from there') or diag($words);
is($node->safe_psql('young', q{SELECT string_agg(DISTINCT detail, '; ') FROM poc_proofs WHERE outcome = 'passed' AND detail LIKE '%made after%'}),
	'database "young" was made after this backup: "postgres" is examined', 'by another database, and that is said');
is($node->safe_psql('young', q{SELECT count(*) FROM poc_proofs WHERE outcome = 'passed' AND target = 'all there is' AND coalesce(detail, '') NOT LIKE '%made after%'}), '1', 'and by itself where it is');

# ---- a cancel, two at a time, and the next call ----
my %run = (out => '', err => '');
$run{harness} = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', 'CALL poc_prove()' ], '<', \undef, '>', \$run{out}, '2>', \$run{err});
ok(wait_until(sub { sql('SELECT count(*) FROM poc_drills') == 1 }), 'a receipt is there while the others are still to come');
$live->write('barman.mode', 'hold');
# it may have begun the second before it was told
ok(wait_until(sub { -e "$home/held" }), 'a restore is under way');
my $locks = q{SELECT count(*) FROM pg_locks WHERE classid = '_poc.proofs'::regclass};
is(sql($locks), '1', 'it has a lock');
my $before = sql('SELECT count(*) FROM poc_drills');
my (undef, undef, $err) = $node->psql('postgres', 'CALL poc_prove()');
like($err, qr/ERROR:  the backups of server postgres1 are being proven already\nDETAIL:  Process \d+ does so, since .*\nHINT:  The view poc_proofs/, 'a second one is refused in words');
like(sql('SELECT backup_id FROM poc_prove_plan() LIMIT 1'), qr/^\d{8}T/, 'a plan is not');
sql(q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE 'CALL poc_prove%'});
$run{harness}->finish;
like($run{err}, qr/ERROR:  canceling statement due to user request/, 'it is cancelled');
nothing_left($live, 'cancelled');
ok(wait_until(sub { sql(q{SELECT count(*) FROM poc_jobs() WHERE state IN ('queued', 'running')}) == 0 }), 'no job goes on');
is(sql('SELECT count(*) FROM poc_drills'), $before, 'what was proven is kept');
is(sql($locks), '0', 'the lock is free');
$live->write('barman.mode', 'good');
my (undef, undef, $told) = $node->psql('postgres', 'CALL poc_prove()');
is(sql(q{SELECT count(*) FROM poc_drills WHERE ok}), '3', 'the next call does the rest, and no more');
is(sql(q{SELECT string_agg(concat_ws(' ', CASE backup_id WHEN '} . $first . q{' THEN 'first' WHEN '} . $second . q{' THEN 'second' END, mark, CASE WHEN mark IS NULL THEN target_lsn IS NOT NULL END, reason), ', ' ORDER BY at) FROM poc_drills}),
	'second f the newest, with all there is, second mark the newest, to a mark, never proven, first t the oldest, never proven' =~ s/a mark, never proven/a mark/r, 'each with its reason')
  if sql(q{SELECT count(*) FROM poc_drills WHERE reason = 'the newest, to a mark'});
is(sql(q{SELECT string_agg(DISTINCT outcome, ', ' ORDER BY outcome) FROM poc_proofs WHERE run = (SELECT min(run) FROM poc_proofs)}), 'not run, passed', 'the log of the first run tells what was not run');
unlike($told, qr/ERROR/, 'and it ends well') or diag($told);
is(sql(q{SELECT bool_and(ok) FROM poc_check_receipts()}), 't', 'all receipts are in the chain, and have copies');
$node->psql('postgres', 'CALL poc_prove()', stderr => \$told);
like($told, qr/NOTICE:  no backup of server postgres1 is due to be proven/, 'then nothing is due');

# ---- the budget ----
is(sql(q{CALL poc_prove(again => '1 ms', budget => '100 ms')}), '', 'a budget that is too short for any');
like(outcomes(), qr/^passed left out left out$/, 'begins the first alone');
like(sql(q{SELECT DISTINCT detail FROM poc_proofs WHERE outcome = 'left out' AND run = (SELECT max(run) FROM poc_proofs)}), qr/^it would take about .*, and 00:00:00 of the budget is left$/, 'and says why not the others');

# ---- what fails, and what cannot run ----
my ($data) = (glob("$home/barman/*/base/$first/data"), glob("$home/barman/base/$first/data"));
rename("$data/global/pg_control", "$home/pg_control") or die "pg_control: $!";
(undef, undef, $err) = $node->psql('postgres', "CALL poc_prove(again => '1 ms')");
like($err, qr/ERROR:  1 of 3 proofs did not pass\nDETAIL:  $first: failed: .*pg_control/s, 'a backup that cannot be restored fails the call');
is(outcomes(), 'passed passed failed', 'after the others have passed');
is(sql('SELECT ok FROM poc_drills ORDER BY at DESC LIMIT 1'), 'f', 'with a receipt');
rename("$home/pg_control", "$data/global/pg_control");
is(sql(q{SELECT string_agg(reason, ', ') FROM poc_prove_plan() WHERE chosen}), 'its last drill failed, the oldest', 'it is due again at once');
$live->stop;
(undef, undef, $err) = $node->psql('postgres', 'CALL poc_prove()');
like($err, qr/ERROR:  .*sidecar/, 'without a sidecar nothing is chosen');
start_drills($live);
$live->write('barman.mode', 'kill');
$live->write('sidecar_pid', $live->{pid});
(undef, undef, $err) = $node->psql('postgres', 'CALL poc_prove()');
like($err, qr/ERROR:  1 of 1 proofs did not pass\nDETAIL:  $first: not run: /, 'a sidecar that is killed: the proof could not run');
is(outcomes() =~ s/ left out//gr =~ s/left out //gr, 'not run', 'which is no pass');
$live->stop('KILL');
$live->write('barman.mode', 'good');
start_drills($live);
nothing_left($live, 'killed');

# ---- where it cannot be called ----
for my $case ([ 'BEGIN; CALL poc_prove(); COMMIT', '25001' ], [ q{DO $$ BEGIN CALL poc_prove(); EXCEPTION WHEN division_by_zero THEN END $$}, '25001' ], [ q{CALL poc_prove(budget => '0')}, '22023' ], [ q{CALL poc_prove('no_such')}, '42704' ])
{
	(undef, undef, $err) = $node->psql('postgres', "\\set VERBOSITY sqlstate\n$case->[0]");
	like($err, qr/ERROR:  $case->[1]/, "$case->[1]: $case->[0]");
}
is(sql($locks), '0', 'no lock is left');

# ---- pg_cron, with the statements of the documents ----
SKIP:
{
	skip 'pg_cron is not installed for this PostgreSQL', 1 unless $has_cron;
	my ($block) = grep { $_->{text} =~ /cron\.schedule/ } blocks('docs/proof.md');
	# at once, and as who runs this; not over TCP, on which nobody listens here
	(my $statements = $block->{text}) =~ s/'\d+ \d+ \* \* [\d*]'/'* * * * *'/g;
	my $jobs = () = $statements =~ /cron\.schedule\(/g;

	cmp_ok($jobs, '>=', 3, 'marks, proofs and what thins the marks are scheduled');
	$node->append_conf('postgresql.conf', "cron.host = '" . $node->host . "'\n");
	$node->restart;
	sql('UPDATE poc_marks SET name = name; ' . $statements . q{; UPDATE cron.job SET nodeport = current_setting('port')::integer});
	ok(wait_until(sub { sql(q{SELECT count(DISTINCT jobid) FROM cron.job_run_details WHERE status IN ('succeeded', 'failed')}) >= $jobs }), 'pg_cron runs them');
	is(sql(q{SELECT string_agg(DISTINCT return_message, '; ') FROM cron.job_run_details WHERE status = 'failed'}), '', 'without an error');
	ok(wait_until(sub { sql(q{SELECT count(*) FROM poc_proofs AS p, cron.job_run_details AS r WHERE r.command LIKE '%poc_prove%' AND p.run >= r.start_time AND p.outcome = 'passed'}) > 0 }), 'a backup is proven by it');
	is(sql(q{SELECT count(*) > 0 FROM poc_marks WHERE name LIKE 'nightly%'}), 't', 'and a mark is set');
	rename("$data/global/pg_control", "$home/pg_control") or die "pg_control: $!";
	sql(q{UPDATE cron.job SET command = $$CALL poc_prove(again => '1 ms')$$ WHERE command LIKE '%poc_prove%'});
	ok(wait_until(sub { sql(q{SELECT count(*) FROM cron.job_run_details WHERE status = 'failed' AND return_message LIKE '%proofs did not pass%'}) > 0 }), 'and sees that one failed');
	sql('SELECT cron.unschedule(jobid) FROM cron.job');
}

$node->stop;
done_testing();
