# Tables that somebody else has made to run code, or to lie about their rows:
# a mark of all tables runs none of it, and a type that changes under the hash
# of its rows breaks nothing.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use PocTest;

my $node = poc_cluster('hostile_tables', 'http://127.0.0.1:1');
$node->append_conf('postgresql.conf', 'wal_level = replica');
$node->restart;
$node->safe_psql('postgres', 'CREATE ROLE mallory LOGIN; GRANT CREATE ON DATABASE postgres TO mallory; CREATE SEQUENCE ran; GRANT ALL ON SEQUENCE ran TO PUBLIC');

# everything of a table that the planner or the executor of a query may call
$node->safe_psql('postgres', <<'SQL', extra_params => [ '-U', 'mallory' ]);
CREATE SCHEMA a;
CREATE FUNCTION a.run(what text) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
	IF current_user <> 'mallory' THEN
		-- that no rollback undoes
		PERFORM setval('public.ran', 1000);
		RAISE WARNING 'ran: %', what;
	END IF;
	RETURN 1;
END $$;
CREATE FUNCTION a.constant(what text) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM a.run(what); RETURN 1; END $$;
CREATE FUNCTION a.of_row(i int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM a.run('expression'); RETURN i; END $$;
CREATE TABLE a.t (i int);
INSERT INTO a.t SELECT generate_series(1, 100);
CREATE INDEX ON a.t ((a.constant('index')));
CREATE INDEX ON a.t (i) WHERE a.constant('predicate') = 1;
CREATE STATISTICS a.s ON (a.of_row(i)), i FROM a.t;
CREATE TABLE a.parts (i int, CHECK (a.constant('constraint') = 1)) PARTITION BY RANGE ((a.of_row(i)));
CREATE TABLE a.parts_1 PARTITION OF a.parts FOR VALUES FROM (0) TO (1000);
INSERT INTO a.parts SELECT generate_series(1, 100);
CREATE TABLE a.parent (i int);
CREATE TABLE a.child (more text) INHERITS (a.parent);
ALTER TABLE a.child ADD COLUMN of_both int;
ALTER TABLE a.parent ADD COLUMN of_both int;
INSERT INTO a.child VALUES (1, 'more', 2);
CREATE TABLE a.secured (i int);
ALTER TABLE a.secured ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON a.secured USING (a.run('policy') = 1);
INSERT INTO a.secured VALUES (1);
CREATE TABLE a.computed (i int, j int GENERATED ALWAYS AS (a.of_row(i)) STORED);
INSERT INTO a.computed VALUES (1);
ALTER TABLE a.t ADD CONSTRAINT c CHECK (a.constant('check') = 1) NOT VALID;
SQL

is($node->safe_psql('postgres', "SET client_min_messages = error; SELECT tables FROM poc_mark('all')"), '5', 'a mark of all tables');
is($node->safe_psql('postgres', 'SELECT last_value FROM ran'), '1', 'runs no code of their owners');
unlike(slurp_file($node->logfile), qr/WARNING:  ran: /, 'none at all');
my @tables = qw(a.t a.parent a.parts_1 a.computed a.secured);
is($node->safe_psql('postgres', join(' UNION ALL ', map { "SELECT '$_', hash FROM poc_fingerprint('$_')" } @tables) . ' ORDER BY 1', extra_params => [ '-U', 'mallory' ]),
	$node->safe_psql('postgres', "SELECT relation, hash FROM _poc.mark_tables WHERE mark = 'all' ORDER BY 1"), 'and its fingerprints are those of a query');
$node->psql('postgres', "SELECT * FROM poc_fingerprint('a.t')");
is($node->safe_psql('postgres', 'SELECT last_value FROM ran'), '1000', 'which would have run it, as any SELECT from the table by a superuser');

# types whose casts run code when their values become JSON or text
$node->safe_psql('postgres', 'SELECT setval($$ran$$, 1)');
$node->safe_psql('postgres', <<'SQL', extra_params => [ '-U', 'mallory' ]);
CREATE TYPE a.kind AS ENUM ('one', 'two');
CREATE DOMAIN a.kinder AS a.kind;
CREATE TYPE a.pair AS (k a.kind, i int);
CREATE FUNCTION a.as_json(k a.kind) RETURNS json LANGUAGE plpgsql AS $$ BEGIN PERFORM a.run('json'); RETURN '1'; END $$;
CREATE FUNCTION a.as_text(k a.kind) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM a.run('text'); RETURN 'x'; END $$;
CREATE FUNCTION a.as_json(p a.pair) RETURNS json LANGUAGE plpgsql AS $$ BEGIN PERFORM a.run('json of a row'); RETURN '1'; END $$;
CREATE CAST (a.kind AS json) WITH FUNCTION a.as_json(a.kind);
CREATE CAST (a.kind AS text) WITH FUNCTION a.as_text(a.kind) AS IMPLICIT;
CREATE CAST (a.pair AS json) WITH FUNCTION a.as_json(a.pair);
CREATE TABLE a.here (id int, k a.kind, "More %s" a.kind[], d a.kinder, p a.pair, PRIMARY KEY (id, k));
CREATE TABLE a.there (LIKE a.here INCLUDING ALL);
INSERT INTO a.here VALUES (1, 'one', '{one}', 'one', '(one,1)'), (2, 'one', NULL, NULL, NULL), (4, 'one', '{two}', 'two', '(two,2)');
INSERT INTO a.there VALUES (1, 'one', '{two}', 'two', '(two,2)'), (2, 'one', NULL, NULL, NULL), (3, 'two', '{one}', 'one', '(one,1)');
CREATE TABLE a.keyless AS SELECT * FROM a.here;
CREATE TABLE a.keyless_was AS SELECT * FROM a.there;
SQL
for my $call ("poc_diff('a.here', 'a.there')", "poc_diff('a.keyless', 'a.keyless_was')", "poc_merge('a.here', 'a.there', '{missing,changed}')",
	"poc_preview_rows('a.here', 3)", "poc_preview_rows('a.keyless', 3)")
{
	my ($code, $out, $error) = $node->psql('postgres', "SELECT * FROM $call");
	is($code, 0, "$call by a superuser") or diag($error);
	is($node->safe_psql('postgres', 'SELECT last_value FROM ran'), '1', 'runs no cast of the owner of a type');
}
is($node->safe_psql('postgres', q{SELECT kind, key, columns FROM poc_diff('a.here', 'a.there')}), join("\n",
	'changed|{"k": "one", "id": 1}|{"More %s",d,p}', 'missing|{"k": "two", "id": 3}|', 'extra|{"k": "one", "id": 4}|'), 'and finds what differs');
is($node->safe_psql('postgres', q{SELECT here FROM poc_diff('a.here', 'a.there') WHERE kind = 'changed'}),
	'{"d": "one", "k": "one", "p": "(one,1)", "id": 1, "More %s": "{one}"}', 'which it shows as their types print it');
$node->safe_psql('postgres', q{CREATE TYPE own AS (a int); CREATE TABLE mine (id int PRIMARY KEY, o own, a int[]); INSERT INTO mine VALUES (1, '(1)', '{1}');
	CREATE TABLE was (LIKE mine INCLUDING ALL)});
is($node->safe_psql('postgres', q{SELECT here FROM poc_diff('mine', 'was')}), '{"a": [1], "o": {"a": 1}, "id": 1}', 'what is nobody else\'s is shown as JSON');

# a row type that changes between two rows
for my $type ('uuid', 'name', 'bigint', 'interval', 'text[]', 'bool')
{
	my ($code, undef, $error) = $node->psql('postgres', <<"SQL", extra_params => [ '-U', 'mallory' ]);
CREATE TYPE pg_temp.c AS (a text);
CREATE FUNCTION pg_temp.f(i int) RETURNS text LANGUAGE plpgsql AS \$\$
BEGIN
	IF i % 3 = 2 THEN
		ALTER TYPE pg_temp.c ALTER ATTRIBUTE a TYPE $type;
	ELSIF i % 3 = 0 THEN
		ALTER TYPE pg_temp.c ALTER ATTRIBUTE a TYPE text;
	END IF;
	RETURN CASE WHEN i % 3 = 2 THEN '()' ELSE '(' || repeat('x', 1000) || ')' END;
END \$\$;
SELECT _poc.fingerprint_sum(pg_temp.f(i)::pg_temp.c) FROM generate_series(1, 300) AS i;
DO \$\$ BEGIN EXECUTE 'CREATE TYPE pg_temp.d AS (a text)'; END \$\$;
CREATE FUNCTION pg_temp.g(i int) RETURNS text LANGUAGE plpgsql AS \$\$
BEGIN
	IF i = 2 THEN
		ALTER TYPE pg_temp.d ALTER ATTRIBUTE a TYPE uuid;
		RETURN '(00000040-0000-0000-0000-000000000000)';
	END IF;
	RETURN '(x)';
END \$\$;
SELECT _poc.fingerprint_sum(pg_temp.g(i)::pg_temp.d) FROM generate_series(1, 2) AS i;
SQL
	is($code, 0, "a type that becomes $type and text again: rows are hashed") or diag($error);
	is($node->safe_psql('postgres', 'SELECT pg_is_in_recovery()'), 'f', "a type that becomes $type: the server lives");
}
unlike(slurp_file($node->logfile), qr/terminated by signal|PANIC/, 'no backend has died');

done_testing();
