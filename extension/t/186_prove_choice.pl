# What poc_prove() chooses, in which order, and what it leaves out and why; what poc_slo shows of the receipts; which
# marks poc_thin_marks() keeps.  The backups are what a sidecar says of them; nothing is restored.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use FakeSidecar;
use PocTest;

my $node = PostgreSQL::Test::Cluster->new('choice');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', "poc_barman.server = 'good'\ntimezone = 'UTC'\n");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION poc_barman');
my $cluster = $node->safe_psql('postgres', 'SELECT system_identifier FROM pg_control_system()');

sub sql { return $node->safe_psql('postgres', "SET client_min_messages = error; $_[0]"); }

# The sidecar has these backups, each [ id, hours ago, members... ]
my $fake;
sub backups
{
	my @list = map {
		my ($id, $hours, %more) = @$_;
		my $end = $node->safe_psql('postgres', "SELECT to_char((now() - '$hours h'::interval) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')");
		my %members = (status => '"DONE"', timeline => 1, cluster_size => 1000, parent_id => 'null', end_lsn => '"0/1000000"', %more);
		sprintf('{"server": "good", "backup_id": "%s", "begin_time": "%s", "end_time": "%s", "size": 10, %s}', $id, $end, $end,
			join(', ', map { "\"$_\": $members{$_}" } sort keys %members))
	} @_;
	$fake->stop if $fake;
	$fake = FakeSidecar->new(dir => PostgreSQL::Test::Utils::tempdir_short(), answers => {
			'/v1/servers/good/backups' => '{"backups": [' . join(', ', @list) . ']}',
			'/v1/servers/good/archive' => qq({"archive": {"oldest_wal": null, "newest_wal": null, "in_recovery": false, "system_identifier": "$cluster"}}) });
	use_url($node, $fake->url) or die 'no sidecar';
	return;
}

# A receipt: of this backup, so long ago, passed or not, with these columns
sub receipt
{
	my ($backup, $ago, $ok, %more) = @_;
	my %columns = (bytes => 1000, recovered_lsn => q{'0/1'}, %more);

	sql("INSERT INTO _poc.drills (at, began, ok, server, backup_id, system_identifier, tables, rows, steps, " . join(', ', sort keys %columns) . ")
		SELECT now() - '$ago'::interval, now() - '$ago'::interval - '1 min'::interval, $ok, 'good', '$backup', $cluster, 0, 0, '[]', " . join(', ', map { $columns{$_} } sort keys %columns));
	return;
}

sub planned { return sql(q{SELECT backup_id, target, reason, chosen FROM poc_prove_plan(} . ($_[0] // '') . ')'); }

# ---- nothing at all ----
backups();
is(planned(), '', 'without backups, nothing');
is(sql('CALL poc_prove(); SELECT count(*) FROM poc_proofs'), '0', 'is proven, and that is no error');

# ---- the order ----
my @backups = (
	[ '20260110T000000', 1, timeline => 2, parent_id => '"20260109T000000"', end_lsn => '"0/9000000"' ],
	[ '20260109T000000', 24, timeline => 2, end_lsn => '"0/8000000"' ],
	[ '20260108T000000', 48, parent_id => '"20260107T000000"', end_lsn => '"0/7000000"' ],
	[ '20260107T000000', 72, end_lsn => '"0/6000000"' ],
	[ '20260106T000000', 80, status => '"FAILED"', end_lsn => 'null' ],
	[ '20260105T000000', 96, end_lsn => '"0/5000000"' ],
	[ '20260104T000000', 120, end_lsn => '"0/4000000"' ],
	[ '20260103T000000', 2400, end_lsn => '"0/3000000"' ]);
backups(@backups);
is(planned("oldest => '10 days'"), <<'PLAN' =~ s/\n$//r, 'never proven');
20260110T000000|all there is|the newest, with all there is|t
20260104T000000|its end|the oldest, never proven|t
20260108T000000|its end|the newest of timeline 1, the newest of the chain of 20260107T000000, never proven|t
20260105T000000|its end|never proven|t
20260109T000000|its end|never proven|t
20260107T000000|its end|never proven|t
20260106T000000||none|f
20260103T000000||none|f
PLAN
is(sql(q{SELECT backup_id, detail FROM poc_prove_plan(oldest => '10 days') WHERE NOT chosen}), "20260106T000000|its status is FAILED\n20260103T000000|it ended more than 10 days ago", 'what is left out is told');
like(planned(), qr/^20260103T000000\|its end\|the oldest, never proven\|t$/m, 'without a limit, the oldest of all');

# ---- marks ----
sql(qq{INSERT INTO _poc.marks VALUES ('far', '0/4F00000', 1, $cluster, now(), '{}'), ('near', '0/4000001', 1, $cluster, now(), '{}'), ('before', '0/3FFFFFF', 1, $cluster, now(), '{}'),
	('of_another', '0/4000000', 1, 7, now(), '{}'), ('elsewhere', '0/8500000', 1, $cluster, now(), '{}'), ('last', '0/A000000', 2, $cluster, now(), '{}')});
my %target = map { my ($id, $target, $reason) = split(/\|/, $_); ("$id $reason" => $target) } split(/\n/, planned("oldest => '10 days'"));
is($target{'20260104T000000 the oldest, never proven'}, 'mark near', 'the first mark behind a backup');
is($target{'20260105T000000 never proven'}, 'its end', 'none behind the next backup');
is($target{'20260109T000000 never proven'}, 'its end', 'none of another timeline');
is($target{'20260110T000000 the newest, to a mark, never proven'}, 'mark last', 'the newest is restored to a mark');
is($target{'20260110T000000 the newest, with all there is'}, 'all there is', 'and with all there is');
sql('DELETE FROM _poc.marks');

# ---- what is proven is not due, until it is again ----
receipt($_->[0], '2 h', 'true') for @backups[0 .. 3, 5 .. 6];
unlike(planned("oldest => '10 days'"), qr/t$/m, 'all is proven');
like(sql(q{SELECT detail FROM poc_prove_plan(oldest => '10 days') WHERE n = 1}), qr/^proven 02:00:0\d ago$/, 'which is told');
like(planned("oldest => '10 days', again => '1 h'"), qr/^20260110T000000\|all there is\|the newest, with all there is\|t\n20260104T000000\|its end\|the oldest\|t\n20260108T000000\|.*\|f$/m, 'the newest and the oldest are due again first');
like(planned("oldest => '10 days', again => '10 min'"), qr/^20260108T000000\|its end\|the newest of timeline 1, .*\|t$/m, 'timelines and chains later');
like(planned("oldest => '10 days', again => '1 s'"), qr/^20260105T000000\|its end\|a chain of its own\|t\n20260109T000000\|\|none\|f\n20260107T000000\|\|none\|f$/m, 'the members of a chain are proven once');
# a schedule that is a little early
like(planned("oldest => '10 days', again => '2 h 5 min'"), qr/^20260110T000000\|.*\|t$/m, 'a tenth of the time is left for schedules');
sql(q{SELECT poc_set_slo('good', proof_every => '1 h')});
like(planned("oldest => '10 days'"), qr/^20260110T000000\|.*\|t$/m, 'proof_every says how often');
sql(q{SELECT poc_set_slo('good')});
receipt('20260105T000000', '1 h', 'false');
like(planned("oldest => '10 days'"), qr/^20260105T000000\|its end\|its last drill failed\|t$/m, 'one that failed is due at once');
receipt('20260110T000000', '1 h', 'true', target_lsn => q{'0/9000000'}, mark => q{'last'});
sql(q{UPDATE _poc.drills SET server = 'other' WHERE backup_id = '20260110T000000' AND mark IS NULL});
like(planned("oldest => '10 days'"), qr/^20260110T000000\|all there is\|the newest, with all there is\|t$/m, 'a mark does not tell how old the newest data is, nor does another server');

# ---- the budget ----
sql('TRUNCATE _poc.drills');
is(sql(q{SELECT string_agg(chosen::text, ' ' ORDER BY n), count(*) FILTER (WHERE detail = 'how long it takes is known after the first') FROM poc_prove_plan(budget => '1 s', oldest => '10 days')}), 'true true true true true true false false|5', 'without receipts, times are not known');
receipt('20260109T000000', "$_ days", 'false') for 1 .. 12;
is(sql(q{SELECT string_agg(chosen::text, ' ' ORDER BY n), min(estimate), max(estimate) FROM poc_prove_plan(budget => '3 min', oldest => '10 days')}), 'true true true false false false false false|00:01:00|00:01:00', 'with them, so many as fit');
is(sql(q{SELECT string_agg(DISTINCT detail, ', ') FROM poc_prove_plan(budget => '3 min', oldest => '10 days') WHERE estimate IS NOT NULL AND NOT chosen}), 'it would take about 00:01:00, and 00:00:00 of the budget is left', 'and the others say why not');
is(sql(q{SELECT count(*) FILTER (WHERE chosen) FROM poc_prove_plan(budget => '1 s', oldest => '10 days')}), '1', 'the first is begun in any case');
backups(map { [ @$_, cluster_size => 5000 ] } @backups);
is(sql(q{SELECT max(estimate) FROM poc_prove_plan(budget => '3 min', oldest => '10 days')}), '00:05:00', 'larger ones take longer');
backups(map { [ @$_, cluster_size => 'null' ] } @backups);
is(sql(q{SELECT max(estimate) FROM poc_prove_plan(oldest => '10 days')}), '00:01:00', 'of unknown size, as long as the others');
for my $wrong ([ "budget => '0'", 'budget' ], [ "oldest => '-1 s'", 'oldest' ], [ "again => '0'", 'again' ])
{
	my (undef, undef, $err) = $node->psql('postgres', "\\set VERBOSITY sqlstate\nSELECT * FROM poc_prove_plan($wrong->[0])");
	like($err, qr/22023/, "a bad $wrong->[1]");
}

# ---- who may ----
$node->safe_psql('postgres', 'CREATE ROLE watcher LOGIN IN ROLE pg_monitor; CREATE ROLE prover LOGIN; CREATE ROLE nobody LOGIN; GRANT EXECUTE ON PROCEDURE poc_prove TO prover');
is($node->safe_psql('postgres', 'SELECT count(*) > 0 FROM poc_prove_plan()', extra_params => [ '-U', 'watcher' ]), 't', 'who watches sees the plan');
for my $case ([ watcher => 'CALL poc_prove()' ], [ watcher => q{SELECT poc_set_slo('good')} ], [ watcher => q{SELECT poc_thin_marks('%')} ], [ watcher => 'SELECT poc_export_receipts()' ], [ watcher => 'SELECT poc_receipts()' ],
	[ nobody => 'SELECT * FROM poc_prove_plan()' ], [ nobody => 'TABLE poc_proofs' ], [ nobody => 'TABLE poc_slo' ], [ nobody => 'SELECT poc_check_receipts()' ], [ prover => 'TABLE _poc.proofs' ], [ prover => 'SELECT _poc.prove_next(now(), NULL)' ])
{
	my (undef, undef, $err) = $node->psql('postgres', $case->[1], extra_params => [ '-U', $case->[0] ]);
	like($err, qr/permission denied/, "$case->[0] may not: $case->[1]");
}
my (undef, undef, $told) = $node->psql('postgres', 'CALL poc_prove(dry_run => true)', extra_params => [ '-U', 'prover' ]);
like($told, qr/INFO:  would restore backup 20260110T000000 to all there is \(the newest, with all there is\): about 00:01:00/, 'one GRANT is enough');
is(sql('SELECT count(*) FROM poc_proofs'), '0', 'and a dry run leaves nothing');
# names that the caller plants are not looked up
$node->safe_psql('postgres', <<'SQL', extra_params => [ '-U', 'prover' ]);
CREATE TEMP TABLE planted (ran boolean);
CREATE FUNCTION pg_temp.text_ge(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'planted'; END $$;
CREATE OPERATOR pg_temp.= (FUNCTION = pg_temp.text_ge, LEFTARG = text, RIGHTARG = text);
SET search_path = pg_temp, pg_catalog;
CALL public.poc_prove(dry_run => true);
SQL
pass('a search_path of the caller changes nothing');

# ---- what is attained ----
backups(@backups[0 .. 1]);
# an operator cannot make the plan and the view fail for all
for my $interval ('0', '-1 day', '300000 years')
{
	my (undef, undef, $refused) = $node->psql('postgres', "SELECT poc_set_slo('good', proof_every => '$interval')");
	like($refused, qr/must be more than nothing, and no more than 1000 years/, "a proof every $interval");
}
sql(q{SELECT poc_set_slo('good', proof_every => '1000 years')});
is(sql(q{SELECT count(*) > 0 FROM poc_prove_plan('good')}) . sql(q{SELECT count(*) > 0 FROM poc_slo}), 'tt', 'the longest is reckoned with');
sql(q{TRUNCATE _poc.drills; SELECT poc_set_slo('good', rto => '2 min', rpo => '10 min', proof_every => '1 day')});
is(sql('SELECT rto_target, rto_met IS NULL, rpo_met IS NULL, overdue, next_proof_due <= now(), passed, unproven, oldest_unproven, note FROM poc_slo'),
	'00:02:00|t|t|t|t|0|2|20260109T000000|no drill passed in the period', 'nothing is attained before a drill');
my $n = 0;
for my $minutes (1, 1, 3, 2)
{
	receipt('20260110T000000', 10 - $n++ . ' h', 'true', restore_elapsed => "'$minutes min'", recovery_elapsed => q{'0'}, recovered_time => "now() - '" . (10 - $n + 1) . " h'::interval - '1 min'::interval - '$minutes min'::interval");
}
is(sql('SELECT rto_last, rto_median, rto_worst, rto_trend, rto_met, rpo_last, rpo_worst, rpo_met, passed, failed, overdue, unproven, oldest_unproven, note IS NULL FROM poc_slo'),
	'00:02:00|00:01:30|00:03:00|00:01:30|f|00:02:00|00:03:00|t|4|0|f|1|20260109T000000|t', 'the worst decides');
sql(q{SELECT poc_set_slo('good', rto => '3 min')});
is(sql('SELECT rto_met, rpo_met IS NULL, proof_every IS NULL, next_proof_due IS NULL FROM poc_slo'), 't|t|t|t', 'a target that is met');
is(sql(q{SELECT passed, rto_worst FROM poc_slo('good', '7 h 30 min')}), '1|00:02:00', 'a shorter period');
receipt('20260110T000000', '5 min', 'false');
is(sql('SELECT rto_met, failed, note FROM poc_slo'), 'f|1|the last drill failed', 'after a drill that failed nothing is met');
sql(q{UPDATE _poc.drills SET mark = 'm' WHERE ok});
is(sql('SELECT rpo_last IS NULL, note FROM poc_slo'), 't|no drill without a mark passed in the period, which alone measures the RPO; the last drill failed', 'a mark is older on purpose');
$fake->stop;
like(sql('SELECT unproven IS NULL, note FROM poc_slo'), qr/^t\|the backups could not be listed: /, 'without a sidecar the rest is still told');

# ---- marks ----
sql(qq{INSERT INTO _poc.marks SELECT format('nightly_%s', i), '0/1', 1, $cluster, '2026-01-01 12:00+00'::timestamptz - i * '12 h'::interval, '{}' FROM generate_series(1, 6) AS i;
	INSERT INTO _poc.marks SELECT format('hourly_%s', i), '0/1', 1, $cluster, date_trunc('day', now()) - '3 days'::interval + i * '1 h'::interval, '{}' FROM generate_series(1, 3) AS i;
	INSERT INTO _poc.marks SELECT format('hourly_%s', i), '0/1', 1, $cluster, now() - i * '1 min'::interval, '{}' FROM generate_series(4, 6) AS i;
	INSERT INTO _poc.marks VALUES ('hourly_of_another', '0/1', 1, 7, '2000-01-01', '{}'), ('before_upgrade', '0/1', 1, $cluster, '2000-01-01', '{}')});
is(sql(q{SELECT string_agg(name, ' ' ORDER BY name) FROM poc_thin_marks('hourly\_%', dry_run => true) WHERE NOT kept}), 'hourly_1 hourly_2', 'of a day the newest is kept');
is(sql('SELECT count(*) FROM poc_marks'), '14', 'a dry run forgets none');
is(sql(q{SELECT string_agg(name || ': ' || reason, '; ' ORDER BY name) FROM poc_thin_marks('nightly\_%') WHERE NOT kept OR reason = 'the newest'}),
	join('; ', 'nightly_1: the newest', map { "nightly_$_: older than 30 days" } 2 .. 6), 'the newest stays, however old');
sql(q{SELECT * FROM poc_thin_marks('hourly\_%')});
is(sql(q{SELECT string_agg(name, ' ' ORDER BY name) FROM poc_marks}), 'before_upgrade hourly_3 hourly_4 hourly_5 hourly_6 hourly_of_another nightly_1', 'others are left alone');

done_testing();
