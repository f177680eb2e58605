# A drill is no proof by its suspect: what a primary has planted neither computes the proof nor tells secrets by it.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use DrillTest;
use PocTest;

# Nowhere in a test's questions is it written in one piece, so whoever finds it has found a secret.
my $marker = 'POC' . 'MARKER';
my $pattern = "''%%POC'' || ''MARKER%%''";

my $live = drill_stack('hostile', conf => "max_logical_replication_workers = 0\n", sql => <<"SQL");
CREATE EXTENSION dblink;
CREATE EXTENSION postgres_fdw;
CREATE ROLE nobody LOGIN;
CREATE ROLE nobody_else LOGIN;
UPDATE pg_authid SET rolpassword = 'md5$marker' WHERE rolname LIKE 'nobody%';
CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '$marker');
CREATE USER MAPPING FOR PUBLIC SERVER far OPTIONS (user 'x', password '$marker');
CREATE FOREIGN TABLE distant (a int OPTIONS (column_name '$marker')) SERVER far OPTIONS (table_name '$marker');
CREATE FOREIGN DATA WRAPPER odd OPTIONS (key '$marker');
SET client_min_messages = error;
CREATE SUBSCRIPTION s CONNECTION 'host=127.0.0.1 password=$marker dbname=postgres' PUBLICATION p WITH (connect = false);
ALTER DATABASE postgres SET poc.password = '$marker';
ALTER ROLE nobody SET poc.password = '$marker';
ANALYZE pg_authid;
ANALYZE pg_subscription;
ANALYZE pg_foreign_server;
ANALYZE pg_user_mapping;
CREATE TABLE secrets AS SELECT '$marker' AS b;
CREATE FUNCTION shout() RETURNS boolean LANGUAGE plpgsql AS \$\$
DECLARE words text := (SELECT b FROM public.secrets);
BEGIN
	RAISE WARNING '%', words;
	RAISE EXCEPTION '%', words USING DETAIL = words, HINT = words, TABLE = words;
END \$\$;
SELECT lo_from_bytea(4711, 'large');
SQL
my $node = $live->{node};
$node->safe_psql('postgres', "SELECT count(*) FROM poc_mark('mark', '{t, u}')");
is($node->safe_psql('postgres', "SELECT count(*) > 0 FROM pg_statistic AS s WHERE s.starelid = 'pg_authid'::regclass AND s::text LIKE '%$marker%'"),
	't', 'statistics hold passwords too');

# ---- secrets ----
# Every table of the catalog, whole.
my $catalog = $node->safe_psql('postgres', <<"SQL");
SELECT string_agg(format('SELECT count(*) = 0 FROM pg_catalog.%I AS t WHERE t::text LIKE $pattern', c.relname), E'\\n')
FROM pg_class AS c WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r'
SQL
my @readers = split(/\n/, $catalog);
my @good = (@readers, "SELECT convert_from(lo_get(4711), 'UTF8') = 'large'",
	'SELECT bool_and(rolpassword IS NULL) FROM pg_catalog.pg_authid',
	"SELECT count(*) = 0 FROM pg_catalog.pg_settings WHERE name = 'poc.password'");
my %bad = (
	'SELECT rolpassword::int = 1 FROM pg_catalog.pg_authid WHERE rolname = $$nobody$$' => 'it is null',
	'SELECT b::int = 1 FROM public.secrets' => 'SQLSTATE 22P02',
	'SELECT (b || $$x$$)::pg_catalog.regclass IS NULL FROM public.secrets' => 'SQLSTATE 42P01',
	'SELECT b FROM public.secrets' => 'SQLSTATE 22P02',
	'SELECT public.shout()' => 'SQLSTATE P0001',
	'SELECT pg_catalog.pg_read_file($$global/pg_filenode.map$$) IS NOT NULL' => 'SQLSTATE 42501',
	'SELECT pg_catalog.pg_read_binary_file($$global/1260$$) IS NOT NULL' => 'SQLSTATE 42501',
	'SELECT pg_catalog.lo_import($$/etc/passwd$$) > 0' => 'SQLSTATE 42501',
	'COPY pg_catalog.pg_authid TO STDOUT' => 'SQLSTATE 0A000',
	'COPY pg_catalog.pg_authid TO PROGRAM $$cat$$' => 'SQLSTATE 42501',
	'SELECT public.dblink_connect($$host=127.0.0.1 port=1 user=x password=y$$) = $$OK$$' => 'SQLSTATE 08001',
	'SELECT count(*) = 0 FROM public.distant' => 'SQLSTATE',
	'SELECT count(*) > 0 FROM t' => 'SQLSTATE 42P01 (undefined_table): assertions run with search_path = pg_catalog, so qualify names, as in public.orders');

sub list
{
	return 'ARRAY[' . join(', ', map { "\$a\$$_\$a\$" } @_) . ']';
}

my $steps = steps($live, "'mark', asserts => " . list(@good));
is(scalar(() = $steps =~ /^assert\|t\|/mg), scalar(@good), 'no table of the catalog holds a secret, and large objects can be read');
is(join("\n", $steps =~ /^(.*\|f\|.*)$/mg), '', 'and all of it passes');

$steps = steps($live, "'mark', asserts => " . list(sort keys %bad));
like($steps, qr/^assert\|f\|\Q$_: $bad{$_}\E/m, "only how it ended: $_") for sort keys %bad;
my $receipts = $node->safe_psql('postgres', 'SELECT steps FROM _poc.drills; SELECT * FROM poc_drills; SELECT l FROM poc_jobs() AS j, poc_job_log(j.job_id) AS l; SELECT j FROM poc_jobs() AS j');
unlike($receipts, qr/$marker/, 'no receipt, job or its log has a secret');
unlike($live->run("cat $live->{home}/sidecar.log; cat $live->{home}/jobs/*"), qr/$marker/, 'nor has the log of the sidecar or a record of it');

# ---- limits ----
my $count = $node->safe_psql('postgres', 'SELECT count(*) FROM poc_drills');
my (undef, undef, $error) = $node->psql('postgres', "SELECT * FROM poc_restore_drill('mark', asserts => array_fill('SELECT true'::text, '{101}'))");
like($error, qr/101 assertions.*DETAIL:\s+At most 100/s, 'too many assertions are refused, with the numbers');
(undef, undef, $error) = $node->psql('postgres', "SELECT * FROM poc_restore_drill('mark', asserts => ARRAY[repeat('x', 40000), repeat('x', 40000)])");
like($error, qr/80000 bytes.*DETAIL:\s+At most 100, of at most 65536 bytes together/s, 'as are too large ones');
is($node->safe_psql('postgres', 'SELECT count(*) FROM poc_drills'), $count, 'and are no drill');

# ---- the proof ----
# Everything that could run before or instead of us says that it did.
my $login = $node->pg_version >= 17 ? <<'SQL' : '';
CREATE EVENT TRIGGER at_login ON login EXECUTE FUNCTION refuse();
ALTER EVENT TRIGGER at_login ENABLE ALWAYS;
SQL
$node->safe_psql('postgres', <<"SQL");
CREATE OR REPLACE FUNCTION poc_fingerprint(target regclass, OUT rows bigint, OUT hash text) LANGUAGE plpgsql AS \$\$
BEGIN rows := 1000; hash := 'as you like it'; END \$\$;
CREATE EXTENSION amcheck;
CREATE OR REPLACE FUNCTION bt_index_check(index regclass, heapallindexed boolean) RETURNS void LANGUAGE plpgsql AS \$\$
BEGIN RAISE EXCEPTION 'the amcheck of the database runs'; END \$\$;
CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS \$\$
BEGIN IF current_setting('cluster_name') LIKE 'drill%' THEN RAISE EXCEPTION 'a trigger of the database runs'; END IF; END \$\$;
CREATE EVENT TRIGGER refuse ON ddl_command_start EXECUTE FUNCTION refuse();
ALTER EVENT TRIGGER refuse ENABLE ALWAYS;
$login
CREATE FUNCTION never(oid, regclass) RETURNS boolean LANGUAGE sql AS 'SELECT false';
CREATE OPERATOR = (LEFTARG = oid, RIGHTARG = regclass, FUNCTION = never);
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
SQL
is($node->safe_psql('postgres', "SELECT rows FROM poc_mark('lie', '{t}')"), '1000', 'a primary that computes marks as it likes');
is(failures($live, 'a lie', "'lie'"), 'compare: public.t: 1000 rows as expected, but their content differs', 'is found out');

# ---- what has become something else ----
$node->safe_psql('postgres', <<'SQL');
DELETE FROM poc_marks WHERE name = 'lie';
SELECT poc_mark('view', '{u}');
SQL
$node->safe_psql('postgres', $_) for
	'ALTER TABLE u RENAME TO hidden', 'CREATE VIEW u AS SELECT 1 AS n, shout()',
	"UPDATE poc_marks SET lsn = pg_current_wal_insert_lsn() WHERE name = 'view'", 'SELECT count(*) FROM poc_switch_wal()';
is(failures($live, 'a view', "'view'"), 'compare: public.u: there is no such table', 'a view is not asked');

# ---- a server that answers for itself, and names that end what they stand in ----
# An exact match in pg_catalog comes before one of "any" arguments; a client that follows the server's
# standard_conforming_strings reads what comes next in another way.
my $pwned = "$live->{home}/pwned";
$node->safe_psql('postgres', <<"SQL");
CREATE FUNCTION pg_catalog.format(text, name, name) RETURNS text LANGUAGE plpgsql AS \$\$
BEGIN
	IF current_setting('cluster_name') NOT LIKE 'drill%' THEN RETURN quote_ident(\$2) || '.' || quote_ident(\$3); END IF;
	PERFORM set_config('standard_conforming_strings', 'off', false);
	RETURN 'SELECT 1, ''as you like it''';
END \$\$;
CREATE FUNCTION change_sides(oid, regclass) RETURNS boolean LANGUAGE plpgsql AS \$\$
BEGIN
	IF current_setting('cluster_name') LIKE 'drill%' THEN PERFORM set_config('standard_conforming_strings', 'off', false); END IF;
	RETURN \$1 = \$2::oid;
END \$\$;
CREATE OPERATOR pg_catalog.= (LEFTARG = oid, RIGHTARG = regclass, FUNCTION = change_sides);
GRANT EXECUTE ON FUNCTION change_sides(oid, regclass), pg_catalog.format(text, name, name) TO PUBLIC;
SELECT poc_mark('names', '{t}');
UPDATE _poc.mark_tables SET rows = 1, hash = 'as you like it' WHERE mark = 'names';
INSERT INTO _poc.mark_tables SELECT 'names', relation, 0, 1, 'as you like it' FROM (VALUES
	(E'"u\\\\'' \\\\! touch $pwned\\n"'),
	(E'u\\\\'' \\\\o | touch $pwned\\n'),
	(E'u."\\n\\\\.\\n\\\\! touch $pwned\\n"'),
	(E'public."\\u0081" \\\\! touch $pwned\\n'),
	('\$q\$; COPY (SELECT) TO PROGRAM ''touch $pwned''; --')) AS t(relation);
SQL
my $names = failures($live, 'names', "'names', asserts => ARRAY['SELECT true', E'SELECT \\'x\\\\'' = ''\\n\\\\! touch $pwned\\n']");
like($names, qr/^compare: public\.t: 1 rows expected, 1000 found$/m, 'what a planted function answers is not believed');
is(scalar(() = $names =~ /^compare: /mg), 6, 'no name of a table is taken for another');
ok(!-e $pwned, 'and nothing of them runs on the host');

# ---- code in the catalog itself ----
$node->safe_psql('postgres', <<'SQL');
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE FUNCTION code(anyelement) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN true; END';
SQL
for my $code ([ 'trigger', 'CREATE TRIGGER keep BEFORE UPDATE ON pg_user_mapping FOR EACH ROW EXECUTE FUNCTION keep(); ALTER TABLE pg_user_mapping ENABLE ALWAYS TRIGGER keep',
		'DROP TRIGGER keep ON pg_user_mapping' ],
	[ 'constraint', 'ALTER TABLE pg_user_mapping ADD CONSTRAINT code CHECK (code(umuser))', 'ALTER TABLE pg_user_mapping DROP CONSTRAINT code' ],
	[ 'index', 'CREATE INDEX code ON pg_user_mapping (code(umuser))', 'DROP INDEX code' ])
{
	$node->safe_psql('postgres', "SET allow_system_table_mods = on; $code->[1]");
	like(failures($live, "$code->[0] of the catalog", 'asserts => NULL'), qr/^connect: .*the system catalog have triggers, rules/, "nothing is asked where the catalog itself runs code: $code->[0]");
	$node->safe_psql('postgres', "SET allow_system_table_mods = on; $code->[2]");
}

done_testing();
