# Drills beside other work: thousands of tables, two at once, a backup that is being taken, a primary that was promoted.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use DrillTest;
use PocTest;

# each has a lock; PostgreSQL 19 has no more of them than it was told
my $locks = `pg_config --version` =~ / (\d+)/ && $1 >= 19 ? 256 : 64;
my $live = drill_stack('beside', conf => "max_locks_per_transaction = $locks\n", sql => <<'SQL');
CREATE SCHEMA "many ""of"" them";
SET search_path = "many ""of"" them";
CREATE PROCEDURE make(from_n int, to_n int) LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN from_n .. to_n LOOP
		EXECUTE format('CREATE TABLE %I (id int PRIMARY KEY)', format(E't''%s\n\\é', i));
		EXECUTE format('INSERT INTO %I VALUES (%s)', format(E't''%s\n\\é', i), i);
		IF i % 200 = 0 THEN COMMIT; END IF;
	END LOOP;
END $$;
CALL make(1, 3000);
CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY HASH (id);
DO $$ BEGIN FOR i IN 0 .. 99 LOOP
	EXECUTE format('CREATE TABLE part_%s PARTITION OF parts FOR VALUES WITH (MODULUS 100, REMAINDER %s)', i, i);
END LOOP; END $$;
INSERT INTO parts SELECT generate_series(1, 1000);
SQL
my $node = $live->{node};

# ---- thousands of tables ----
is($node->safe_psql('postgres', "SELECT tables, rows FROM poc_mark('many')"), '3102|5001', 'a mark of thousands of tables');
is(failures($live, 'many', "'many'"), 'none', 'is proved');
is($node->safe_psql('postgres', 'SELECT tables, rows FROM poc_drills ORDER BY at DESC LIMIT 1'), '3102|5001', 'to the last of them');
$node->safe_psql('postgres', "UPDATE _poc.mark_tables SET rows = rows + 1 WHERE mark = 'many'");
my $failures = failures($live, 'all differ', "'many'");
is(scalar(() = $failures =~ /^compare: (?!\d)/mg) + 0, 100, 'of those that differ a hundred are named');
like($failures, qr/^compare: 3002 more tables differ$/m, 'and the others counted');
$node->safe_psql('postgres', 'DELETE FROM poc_marks');

# ---- two at once, and a backup ----
$node->safe_psql('postgres', "SELECT tables FROM poc_mark('mark', '{t, u}')");
my @drills = map { begin_drill($live, "'mark'") } 1, 2;
is($node->safe_psql('postgres', 'SELECT status FROM poc_backup()'), 'DONE', 'a backup is taken');
$_->{run}->finish for @drills;
unlike($_->{out}, qr/^\w+\|f\|/m, 'while a drill passes') for @drills;
like($_->{out}, qr/^compare\|t\|2 table\(s\), 1001 rows/m, 'with all its rows') for @drills;
nothing_left($live, 'two at once');

# ---- a new timeline ----
$node->stop;
open(my $signal, '>', $node->data_dir . '/standby.signal') or die "standby.signal: $!";
close($signal);
$node->start;
$node->promote;
$node->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()');
$node->safe_psql('postgres', "UPDATE t SET b = 'after' WHERE id = 1");
ok(wait_until(sub { $node->safe_psql('postgres', 'SELECT count(*) FROM pg_stat_replication') > 0 }), 'Barman receives of the new timeline');
is(failures($live, 'old mark'), 'none', 'a mark of before the switch is proved');
$node->safe_psql('postgres', "SELECT tables FROM poc_mark('new', '{t, u}')");
is($node->safe_psql('postgres', "SELECT timeline FROM poc_marks WHERE name = 'new'"), '2', 'a mark on the new timeline');
is(failures($live, 'new mark', "'new'"), 'none', 'is proved from a backup of the old one');
is(failures($live, 'no mark', "asserts => '{SELECT b = ''after'' FROM public.t WHERE id = 1}'"), 'none', 'as is all there is');

# a position of one timeline is none of another
$node->safe_psql('postgres', "UPDATE poc_marks SET timeline = 1 WHERE name = 'new'");
like(failures($live, 'wrong timeline', "'new'"), qr/^(?:wal: position|recovery: recovery ended before the target)/, 'a mark of the wrong timeline');

done_testing();
