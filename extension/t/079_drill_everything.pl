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

my $live = drill_stack('all', sql => <<'SQL');
CREATE SEQUENCE given;
CREATE SEQUENCE down INCREMENT -3;
CREATE SEQUENCE "not yet";
CREATE UNLOGGED SEQUENCE forgotten_numbers;
CREATE UNLOGGED TABLE forgotten AS SELECT 1 AS n;
CREATE TABLE parts (n int) PARTITION BY LIST (n);
CREATE UNLOGGED TABLE parts_1 PARTITION OF parts FOR VALUES IN (1);
CREATE MATERIALIZED VIEW empty AS SELECT 1 AS n WITH NO DATA;
SELECT nextval('given') FROM generate_series(1, 40);
SELECT nextval('down') FROM generate_series(1, 40);
SELECT lo_from_bytea(77001, 'a large object'), lo_from_bytea(77002, decode(repeat('00ff', 5000), 'hex'));
CREATE ROLE reader LOGIN;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader;
GRANT pg_read_all_data TO reader;
REVOKE SELECT ON pg_largeobject FROM reader;
SQL
my $node = $live->{node};

sub value { return $node->safe_psql('postgres', "SET client_min_messages = error; $_[0]"); }

my ($code, $tables, $notice) = $node->psql('postgres', "SELECT tables FROM poc_mark('mark')");
like($notice, qr/NOTICE:  4 objects are not in the mark\nDETAIL:  .*unlogged table public\.forgotten: a backup holds none of its rows/s, 'what is left out is said in one notice');
like($notice, qr/\Q$_\E/, "left out: $_")
  for ('unlogged table public.parts_1', 'unlogged sequence public.forgotten_numbers', 'materialized view public.empty: it is not populated');
is(value(q{SELECT string_agg(relation || ' ' || coalesce(value::text, 'none') || ' ' || ascending, ',' ORDER BY relation) FROM _poc.mark_sequences}),
	'public."not yet" none true,public.down -118 false,public.given 40 true', 'the values of sequences');
is(value("SELECT rows > 2 FROM _poc.mark_tables WHERE relation = 'pg_catalog.pg_largeobject'"), 't', 'large objects are one of its tables');
my ($error_code, undef, $error) = $node->psql('postgres', "SELECT poc_mark('named', '{forgotten}')");
like($error, qr/ERROR:  public\.forgotten cannot be marked\nDETAIL:  forgotten is not permanent, so that no backup has its rows\./, 'a named unlogged table is refused');

# what comes later is not brought back
value(q{SELECT nextval('given') FROM generate_series(1, 100); SELECT lo_put(77001, 0, 'A'); SELECT lo_unlink(77002); SELECT lo_create(77003)});
my $steps = steps($live, q{'mark', asserts => ARRAY['SELECT convert_from(lo_get(77001), ''UTF8'') = ''a large object''', 'SELECT length(lo_get(77002)) = 10000']});
unlike($steps, qr/^\w+\|f\|/m, 'a drill passes') or diag($steps);
like($steps, qr/^compare\|t\|3 sequence\(s\) at their values of the mark, or beyond$/m, 'sequences are compared');
like($steps, qr/^compare\|t\|not in the mark, and so not compared: .*forgotten.*empty/m, 'what is not in the mark stands in the receipt');
like($steps, qr/^assert\|t\|SELECT length/m, 'assertions read large objects');

value(q{UPDATE _poc.mark_sequences SET value = value + 1000 WHERE relation = 'public.given'; UPDATE _poc.mark_sequences SET value = value - 1000 WHERE relation = 'public.down'});
value(q{INSERT INTO _poc.mark_sequences VALUES ('mark', 'public.t', 1, true); UPDATE _poc.mark_tables SET hash = reverse(hash) WHERE relation = 'pg_catalog.pg_largeobject'});
my $failures = failures($live, 'wrong values');
like($failures, qr/^compare: sequence public\.given: 1040 would be given again: it is at \d+$/m, 'a sequence that is behind');
like($failures, qr/^compare: sequence public\.down: -1118 would be given again/m, 'one that counts down');
like($failures, qr/^compare: sequence public\.t: there is no such sequence$/m, 'one that is none');
like($failures, qr/^compare: pg_catalog\.pg_largeobject: \d+ rows as expected, but their content differs$/m, 'large objects that differ');

# a role that may not read large objects
$node->safe_psql('postgres', 'REVOKE pg_read_all_data FROM reader; GRANT EXECUTE ON FUNCTION poc_mark TO reader; GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader; GRANT SELECT ON SEQUENCE given TO reader');
($code, $tables, $notice) = $node->psql('postgres', "SET ROLE reader; SELECT tables FROM poc_mark('of_a_reader')");
like($notice, qr/2 large objects: to read them all needs SELECT on pg_largeobject/, 'large objects that may not be read are said');
like($notice, qr/sequence public\.down: permission denied/, 'so are sequences');

done_testing();
