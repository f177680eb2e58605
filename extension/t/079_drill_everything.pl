# A mark of all of a database: sequences and large objects are in it, and what
# is not is said, at the mark and in the receipt.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use DrillTest;
use PocTest;
use RowsTest;

my $live = drill_stack('all', sql => <<'SQL');
CREATE SEQUENCE given;
CREATE SEQUENCE down INCREMENT -3;
CREATE SEQUENCE "not yet";
CREATE UNLOGGED SEQUENCE forgotten_numbers;
CREATE UNLOGGED TABLE forgotten AS SELECT 1 AS n;
CREATE TABLE parts (n int) PARTITION BY LIST (n);
CREATE UNLOGGED TABLE parts_1 PARTITION OF parts FOR VALUES IN (1);
CREATE MATERIALIZED VIEW empty AS SELECT 1 AS n WITH NO DATA;
CREATE TABLE forgotten_child () INHERITS (forgotten);
INSERT INTO forgotten_child VALUES (2);
CREATE TABLE jobs AS SELECT 1 AS n;
DO $$ BEGIN
	CREATE EXTENSION plpgsql;
EXCEPTION WHEN duplicate_object THEN NULL;
END $$;
ALTER EXTENSION plpgsql ADD TABLE jobs;
UPDATE pg_extension SET extconfig = ARRAY['jobs'::regclass::oid], extcondition = '{""}' WHERE extname = 'plpgsql';
SELECT nextval('given') FROM generate_series(1, 40);
SELECT nextval('down') FROM generate_series(1, 40);
SELECT lo_from_bytea(77001, 'a large object'), lo_from_bytea(77002, decode(repeat('00ff', 5000), 'hex'));
SELECT lo_from_bytea(77004, 'soon gone');
CREATE TABLE secret AS SELECT 'of nobody else' AS words;
CREATE ROLE owner LOGIN;
CREATE SCHEMA bait AUTHORIZATION owner;
SET ROLE owner;
CREATE FUNCTION bait.words() RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
DECLARE
	words text;
BEGIN
	IF current_user LIKE 'poc\_drill\_%' THEN
		SELECT s.words INTO words FROM public.secret AS s;
		PERFORM set_config('datestyle', 'German', false);
		RAISE EXCEPTION 'read: %', words;
	END IF;
	RETURN 1;
END $$;
CREATE TABLE bait.t AS SELECT 1 AS n;
CREATE INDEX ON bait.t ((bait.words()));
RESET ROLE;
CREATE ROLE reader LOGIN;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader;
GRANT pg_read_all_data TO reader;
REVOKE SELECT ON pg_largeobject FROM reader;
SQL
my $node = $live->{node};

sub value { return $node->safe_psql('postgres', "SET client_min_messages = error; $_[0]"); }

my ($code, $tables, $notice) = $node->psql('postgres', "SELECT tables FROM poc_mark('mark')");
like($notice, qr/NOTICE:  5 objects are not in the mark\nDETAIL:  .*unlogged table public\.forgotten: a backup holds none of its rows/s, 'what is left out is said in one notice');
like($notice, qr/\Q$_\E/, "left out: $_")
  for ('table public.jobs: it belongs to extension plpgsql', 'unlogged table public.parts_1', 'unlogged sequence public.forgotten_numbers', 'materialized view public.empty: it is not populated');
is(value(q{SELECT string_agg(relation || ' ' || coalesce(value::text, 'none') || ' ' || ascending, ',' ORDER BY relation) FROM _poc.mark_sequences}),
	'public."not yet" none true,public.down -118 false,public.given 40 true', 'the values of sequences');
is(value("SELECT rows > 2 FROM _poc.mark_tables WHERE relation = 'pg_catalog.pg_largeobject'"), 't', 'large objects are one of its tables');
is(value("SELECT rows FROM _poc.mark_tables WHERE relation = 'public.forgotten_child'"), '1', 'a child of an unlogged table is one of its tables');
my ($error_code, undef, $error) = $node->psql('postgres', "SELECT poc_mark('named', '{forgotten}')");
like($error, qr/ERROR:  public\.forgotten cannot be marked\nDETAIL:  forgotten is not permanent, so that no backup has its rows\./, 'a named unlogged table is refused');

# an object that is being removed: the mark waits, for it is gone at the mark
my $holder = holding($node, 'SELECT pg_advisory_xact_lock(79)');
my $removal = in_background($node, 'BEGIN; SELECT lo_unlink(77004); SELECT pg_advisory_xact_lock(79); COMMIT');
wait_until(sub { value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted") == 1 });
my $mark = in_background($node, "SELECT poc_mark('without')");
ok(wait_until(sub { value("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%poc\\_mark(''without%' AND wait_event = 'transactionid'") == 1 }), 'a mark waits for a removal');
commit($holder, 'the removal ends');
finish($_) for $removal, $mark;
is(failures($live, 'without', "'without'"), 'none', 'and is of what is there then');

# what comes later is not brought back
value(q{SELECT nextval('given') FROM generate_series(1, 100); SELECT lo_put(77001, 0, 'A'); SELECT lo_unlink(77002); SELECT lo_create(77003)});
# more WAL than a backup should leave to recovery
value("SELECT * FROM poc_generate_wal('20 MB')");
value("SELECT poc_mark('far', '{secret}')");
my (undef, undef, $told) = $node->psql('postgres', "SELECT poc_restore_drill('far')");
like($told, qr/NOTICE:  2\d{7} bytes of WAL since the backup began were replayed.*VACUUM \(FREEZE\)/, 'much WAL to replay is told, with what helps');

my $steps = steps($live, q{'mark', asserts => ARRAY['SELECT convert_from(lo_get(77001), ''UTF8'') = ''a large object''', 'SELECT length(lo_get(77002)) = 10000']});
unlike($steps, qr/^\w+\|f\|/m, 'a drill passes') or diag($steps);
like($steps, qr/^compare\|t\|3 sequence\(s\) at their values of the mark, or beyond$/m, 'sequences are compared');
like($steps, qr/^compare\|t\|not in the mark, and so not compared: .*forgotten.*empty/m, 'what is not in the mark stands in the receipt');
like($steps, qr/^assert\|t\|SELECT length/m, 'assertions read large objects');
unlike(value('SELECT string_agg(steps::text, chr(10)) FROM _poc.drills'), qr/of nobody else/, 'and no owner of a table reads those of others by it');

value(q{UPDATE _poc.mark_sequences SET value = value + 1000 WHERE relation = 'public.given'; UPDATE _poc.mark_sequences SET value = value - 1000 WHERE relation = 'public.down'});
value(q{INSERT INTO _poc.mark_sequences VALUES ('mark', 'public.t', 1, true); UPDATE _poc.mark_tables SET hash = reverse(hash) WHERE relation = 'pg_catalog.pg_largeobject'});
my $failures = failures($live, 'wrong values');
like($failures, qr/^compare: sequence public\.given: 1040 would be given again: it is at \d+$/m, 'a sequence that is behind');
like($failures, qr/^compare: sequence public\.down: -1118 would be given again/m, 'one that counts down');
like($failures, qr/^compare: sequence public\.t: there is no such sequence$/m, 'one that is none');
like($failures, qr/^compare: pg_catalog\.pg_largeobject: \d+ rows as expected, but their content differs$/m, 'large objects that differ');

# a role that may not read large objects
$node->safe_psql('postgres', 'DROP SCHEMA bait CASCADE; REVOKE pg_read_all_data FROM reader; GRANT EXECUTE ON FUNCTION poc_mark TO reader; GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader; GRANT SELECT ON SEQUENCE given TO reader');
($code, $tables, $notice) = $node->psql('postgres', "SET ROLE reader; SELECT tables FROM poc_mark('of_a_reader')");
like($notice, qr/2 large objects: to read them all needs SELECT on pg_largeobject/, 'large objects that may not be read are said');
like($notice, qr/sequence public\.down: permission denied/, 'so are sequences');

# names that are of no encoding, in a database of none
value(q{CREATE DATABASE bytes ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'});
$node->safe_psql('bytes', <<'SQL');
CREATE EXTENSION poc_barman;
DO $$
DECLARE name text := convert_from('\x74e922', 'SQL_ASCII');
BEGIN
	EXECUTE format('CREATE SCHEMA %I CREATE TABLE %1$I (x text)', name);
	EXECUTE format('CREATE SEQUENCE %I.%I', name, name || 's');
	EXECUTE format('SELECT nextval(%L)', format('%I.%I', name, name || 's'));
	EXECUTE format('INSERT INTO %I.%1$I VALUES (%L)', name, E'\351\377');
END $$;
SELECT poc_mark('bytes');
SQL
my $bytes = $node->safe_psql('bytes', "SELECT step, ok, detail FROM poc_restore_drill('bytes')");
unlike($bytes, qr/^\w+\|f\|/m, 'a drill of names that are of no encoding') or diag($bytes);
like($bytes, qr/^compare\|t\|1 sequence\(s\)/m, 'their sequences are compared');
like($bytes, qr/^compare\|t\|1 table\(s\), 1 rows/m, 'and their tables');
$node->safe_psql('bytes', q{UPDATE _poc.mark_tables SET hash = reverse(hash)});
like($node->safe_psql('bytes', "SELECT detail FROM poc_restore_drill('bytes') WHERE NOT ok"), qr/t\\351"".*: 1 rows as expected, but their content differs/, 'one that differs is described');

# databases beside the one that is asked: names of another encoding, a locale that this host does not have
my ($name_code, undef, $name_error) = $node->psql('bytes', "DO \$\$ BEGIN PERFORM set_config('x.name', quote_ident(convert_from('\\x6ef6ff', 'SQL_ASCII')), false); END \$\$; SELECT format('CREATE DATABASE %s TEMPLATE template0', current_setting('x.name')) \\gexec");
is($name_code, 0, 'a database whose name is of no encoding') or diag($name_error);
value('CREATE DATABASE elsewhere');
value(q{UPDATE pg_database SET datcollate = 'tlh_QS', datctype = 'tlh_QS' WHERE datname = 'elsewhere'});
value("SELECT poc_mark('beside', '{t}')");
is(value('SELECT status FROM poc_backup()'), 'DONE', 'a backup of them');
my ($drill_code, $drill_steps, $drill_said) = $node->psql('postgres', "SELECT step, ok, detail FROM poc_restore_drill('beside')");
unlike($drill_steps, qr/^\w+\|f\|/m, 'a drill passes beside them') or diag($drill_steps);
like($drill_said, qr/WARNING:  locale "tlh_QS" is missing on Barman's host/, 'the locale that is missing is told before');
like($drill_said, qr/WARNING:  database elsewhere of the copy lets nobody in, and is left as it is: .*FATAL/, 'and that the database was not entered');
is(value("SELECT state FROM poc_restore('beside', target_name => 'beside')"), 'running', 'a restore beside them');

done_testing();
