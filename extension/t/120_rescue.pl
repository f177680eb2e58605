# poc_rescue(): one table comes home from just before it was lost, proven equal, or nothing changes.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use LiveBarman;
use PocTest;

my $live = LiveBarman->new('rescue', conf => "poc_barman.timeout = '300s'\nmax_prepared_transactions = 5\nautovacuum = off\n");
my ($home, $node) = @$live{qw(home node)};

sub sql { return $node->safe_psql('postgres', "SET client_min_messages = error; $_[0]"); }
sub change { $node->safe_psql('postgres', $_[0]); return; }

make_error_of($node);

# (sqlstate, message, detail, hint) of a rescue that fails
sub refused { my ($arguments, $settings) = @_; return error_of($node, "SELECT * FROM poc_rescue($arguments)", $settings); }

# The steps of a rescue, or why it failed
sub rescue
{
	my ($arguments) = @_;
	my ($result, $out, $said) = $node->psql('postgres', "SELECT step || ': ' || detail FROM poc_rescue($arguments)");
	return $result == 0 ? $out : $said;
}

# All rows of a table as text, in order
sub rows { my ($table) = @_; return sql("SELECT md5(string_agg(t::text, E'\\n' ORDER BY t::text)) || ' ' || count(*) FROM $table AS t"); }

# What is left of rescues on Barman's host: instances, and files of theirs
sub left
{
	my @files = glob("$home/instances/*");
	return sql('SELECT count(*) FROM poc_instances()') . ' instances, ' . @files . ' directories';
}

my $bindir = $node->config_data('--bindir') =~ s/\s+$//r;
my @sidecar = (cron_interval => 300, options => [ '--instance-root', "$home/instances", '--pg-bindir', $bindir ]);
$live->start(@sidecar);
sql(<<'SQL');
CREATE SCHEMA sales;
CREATE ROLE seller;
CREATE ROLE reader;
CREATE ROLE nobody LOGIN;
CREATE ROLE gone_role;
GRANT ALL ON SCHEMA sales TO seller;
CREATE TYPE sales.mood AS ENUM ('sad', 'happy');
CREATE DOMAIN sales.note AS text CHECK (VALUE <> '');
CREATE TABLE sales.customers (id int PRIMARY KEY);
INSERT INTO sales.customers SELECT i FROM generate_series(0, 9) i;
CREATE FUNCTION sales.twice(bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT 2 * $1';
CREATE FUNCTION sales.fired() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''a trigger fired''; END';
SET ROLE seller;
CREATE TABLE sales.orders (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	n serial,
	customer int,
	mood sales.mood,
	note sales.note,
	dropped int,
	twice bigint GENERATED ALWAYS AS (sales.twice(customer)) STORED,
	at timestamptz NOT NULL DEFAULT now(),
	many sales.mood[],
	CHECK (customer >= 0));
ALTER TABLE sales.orders DROP COLUMN dropped;
RESET ROLE;
ALTER TABLE sales.orders ADD FOREIGN KEY (customer) REFERENCES sales.customers;
CREATE INDEX "by note" ON sales.orders (note);
CREATE STATISTICS sales.st ON customer, mood FROM sales.orders;
ALTER TABLE sales.orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON sales.orders TO reader USING (customer = 1);
GRANT SELECT, UPDATE ON sales.orders TO reader WITH GRANT OPTION;
GRANT SELECT ON sales.orders TO gone_role;
COMMENT ON TABLE sales.orders IS 'what''s ordered';
COMMENT ON COLUMN sales.orders.note IS E'two\n\\lines';
INSERT INTO sales.orders (customer, mood, note, many) SELECT i % 10, 'happy', 'no ' || i, '{sad,happy}' FROM generate_series(1, 1000) i;
CREATE TRIGGER fired BEFORE INSERT ON sales.orders FOR EACH ROW EXECUTE FUNCTION sales.fired();
CREATE RULE seen AS ON UPDATE TO sales.orders WHERE false DO ALSO NOTHING;
CREATE TABLE sales.refers (id bigint REFERENCES sales.orders);
CREATE TABLE part (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (100);
CREATE TABLE part_2 PARTITION OF part FOR VALUES FROM (100) TO (200) PARTITION BY RANGE (id);
CREATE TABLE part_2a (v text, id int NOT NULL);
ALTER TABLE part_2 ATTACH PARTITION part_2a FOR VALUES FROM (100) TO (200);
INSERT INTO part SELECT i, 'p' || i FROM generate_series(0, 199) i;
CREATE TABLE "Od""d.na$me" ("select" int, "ä ö" text);
INSERT INTO "Od""d.na$me" VALUES (1, E'a\tb\\'), (2, NULL), (3, 'ü');
CREATE TABLE as_text (id int, acl aclitem);
INSERT INTO as_text SELECT i, makeaclitem(10, 10, 'SELECT', false) FROM generate_series(1, 5) i;
CREATE TABLE no_columns ();
INSERT INTO no_columns DEFAULT VALUES;
CREATE UNLOGGED TABLE quick (id int);
CREATE VIEW seen AS SELECT 1 AS one;
SQL
sql('SELECT count(*) FROM poc_wait_ready()');
sql('SELECT count(*) FROM poc_backup()');
# more than the backup has
sql(q{ALTER TABLE sales.orders DISABLE TRIGGER fired; INSERT INTO sales.orders (customer, mood, note, many) SELECT 5, 'sad', 'later', '{}' FROM generate_series(1, 500); ALTER TABLE sales.orders ENABLE TRIGGER fired});
sql('SELECT poc_note_relations()');
my $orders = rows('sales.orders');
my $hash = sql(q{SELECT hash FROM poc_fingerprint('sales.orders')});
my $parts = rows('part');
my $part_2a = rows('part_2a');
my $odd = rows('"Od""d.na$me"');
sql(q{SELECT count(*) FROM poc_mark('before_all', ARRAY['sales.orders']::regclass[])});

# ---- a table that was dropped
change('DROP TABLE sales.refers, sales.orders; DROP OWNED BY gone_role; DROP ROLE gone_role');
my ($xid_of_drop, $drop) = split(/\|/, sql(q{SELECT xid, commit_lsn FROM poc_find_changes('sales.orders', kinds => '{drop}')}));
my $steps = rescue(q{'sales.orders', dry_run => true});
like($steps, qr/^find: drop of sales\.orders by transaction $xid_of_drop, .*\nplan: backup \w+, to just before [0-9A-F]+\/[0-9A-F]+$/, 'what would be done');
is(sql(q{SELECT to_regclass('rescued.orders') IS NULL}), 't', 'and is not');
$steps = rescue(q{'sales.orders'});
like($steps, qr/^compare: 1500 rows, the same fingerprint/m, 'dropped: it is home, and equal') or diag($steps);
is(rows('rescued.orders'), $orders, 'dropped: each row');
is(sql(q{SELECT hash FROM poc_fingerprint('rescued.orders')}), $hash, 'dropped: its fingerprint');
is(sql(q{SELECT relowner::regrole FROM pg_class WHERE oid = 'rescued.orders'::regclass}), 'seller', 'dropped: its owner');
is(sql(q{SELECT obj_description('rescued.orders'::regclass) || col_description('rescued.orders'::regclass, 5)}), "what's orderedtwo\n\\lines", 'dropped: its comments');
is(sql(q{SELECT string_agg(indexrelid::regclass::text, ',' ORDER BY indexrelid::regclass::text COLLATE "C") FROM pg_index WHERE indrelid = 'rescued.orders'::regclass AND indisvalid}),
	'rescued."by note",rescued.orders_pkey', 'dropped: its indexes');
is(sql(q{SELECT bool_and(nextval(pg_get_serial_sequence('rescued.orders', c)) BETWEEN 1501 AND 1533) FROM unnest('{id,n}'::text[]) AS c}), 't', 'dropped: the positions of its sequences');
is(sql(q{SELECT has_table_privilege('reader', 'rescued.orders', 'SELECT WITH GRANT OPTION')}), 't', 'dropped: its grants');
is(sql(q{SELECT relrowsecurity, (SELECT count(*) FROM pg_policy WHERE polrelid = c.oid) FROM pg_class AS c WHERE oid = 'rescued.orders'::regclass}), 't|1', 'dropped: its row security');
is(sql(q{SELECT stxnamespace::regnamespace || '.' || stxname FROM pg_statistic_ext WHERE stxrelid = 'rescued.orders'::regclass}), 'rescued.st', 'dropped: its statistics objects');
is(sql(q{SELECT count(*) FROM pg_trigger WHERE tgrelid = 'rescued.orders'::regclass}), 0, 'no triggers');
for my $left ('foreign key orders_customer_fkey: FOREIGN KEY \(customer\) REFERENCES sales\.customers\(id\)', 'trigger fired: CREATE TRIGGER fired BEFORE INSERT ON sales\.orders FOR EACH ROW EXECUTE FUNCTION sales\.fired\(\)',
	'rule seen: CREATE RULE seen AS\s+ON UPDATE TO sales\.orders',
	'foreign key of sales\.refers, which referred to it', 'SELECT for gone_role: there is no such role')
{
	like($steps, qr/^left out: $left$/m, "left out: $left");
}
is(sql(q{SELECT role, relation, home, rows, hash = '} . $hash . q{', server FROM poc_rescues}), $node->safe_psql('postgres', 'SELECT current_user') . '|sales.orders|rescued.orders|1500|t|postgres1', 'a receipt');
is(left(), '0 instances, 0 directories', 'nothing is left on the host of Barman');
my @error = refused(q{'sales.orders'});
is($error[0], '42P07', 'never over data: SQLSTATE');
like($error[3], qr/to_table/, 'never over data: HINT');

# ---- to a mark, to its old place
$steps = rescue(q{'sales.orders', mark => 'before_all', to_table => 'sales.orders'});
like($steps, qr/^compare: 1500 rows/m, 'to a mark, to its old place') or diag($steps);
is(rows('sales.orders'), $orders, 'to a mark: each row');

# ---- emptied, and wrongly updated, beside the table of today
sql('SELECT poc_note_relations()');
change('TRUNCATE sales.orders');
like(rescue(q{'sales.orders', to_table => 'orders_then'}), qr/^find: truncate of sales\.orders.*^compare: 1500 rows/ms, 'emptied: to another name in the same schema');
is(rows('sales.orders_then'), $orders, 'emptied: each row');
is(sql(q{SELECT string_agg(indexrelid::regclass::text, ',' ORDER BY indexrelid::regclass::text COLLATE "C") FROM pg_index WHERE indrelid = 'sales.orders_then'::regclass}),
	'sales."orders_then_by note",sales.orders_then_pkey', 'emptied: indexes of their own names');
change('DROP TABLE sales.orders_then; DROP SCHEMA rescued CASCADE');
my $before = sql(q{SELECT clock_timestamp()});
change('BEGIN; UPDATE "Od""d.na$me" SET "ä ö" = \'wrong\'; COMMIT');
my $update = sql(q{SELECT commit_lsn FROM poc_find_changes('"Od""d.na$me"', kinds => '{update}', min_rows => 3)});
like(rescue(qq{'"Od""d.na\$me"', before => '$update'}), qr/^compare: 3 rows/m, 'an odd name, before an update');
is(rows('rescued."Od""d.na$me"'), $odd, 'an odd name: each row');
like(rescue(qq{'"Od""d.na\$me"', as_of => '$before', to_table => 'rescued.second'}), qr/^compare: 3 rows/m, 'as of a time');
is(rows('rescued.second'), $odd, 'as of a time: each row');

# ---- in a subtransaction, in a prepared transaction, in another encoding of the client
change('BEGIN; SAVEPOINT a; DELETE FROM part WHERE id < 150; RELEASE a; COMMIT');
$steps = rescue(q{'part'});
like($steps, qr/^find: delete of public\.part \(150 rows\).*^compare: 200 rows/ms, 'partitioned, deleted from in a subtransaction') or diag($steps);
is(rows('rescued.part'), $parts, 'partitioned: each row');
is(sql(q{SELECT string_agg(relid::text, ',' ORDER BY relid::text COLLATE "C") FROM pg_partition_tree('rescued.part')}), 'rescued.part,rescued.part_1,rescued.part_2,rescued.part_2a', 'partitioned: its partitions');
change("BEGIN; DROP TABLE part_2a; PREPARE TRANSACTION 'later'");
change("COMMIT PREPARED 'later'");
$steps = rescue(q{'part_2a', to_table => 'rescued.alone'});
like($steps, qr/^left out: that it was a partition of public\.part_2$/m, 'one partition, dropped in a prepared transaction') or diag($steps);
is(sql(q{SELECT count(*) FROM rescued.alone}), '50', 'one partition: its rows');
change('DELETE FROM "Od""d.na$me"; INSERT INTO "Od""d.na$me" SELECT i, \'ü\' FROM generate_series(1, 200) i');
$odd = rows('"Od""d.na$me"');
change('DELETE FROM "Od""d.na$me"');
$node->safe_psql('postgres', q{SET client_encoding = 'LATIN1'; SELECT * FROM poc_rescue('"Od""d.na$me"', to_table => 'rescued.third')});
is(rows('rescued.third'), $odd, 'the encoding of the client does not matter');
my $now = sql('SELECT pg_current_wal_insert_lsn()');
change('CREATE TABLE later (id int)');
like(rescue(qq{'as_text', before => '$now'}), qr/^rows: 5 rows, \d+ bytes as text$/m, 'a type that has no binary form');
like(rescue(qq{'no_columns', before => '$now'}), qr/^compare: 1 rows/m, 'no columns at all');
# while it drops the table, a transaction that is prepared holds its lock
change("BEGIN; DROP TABLE as_text; PREPARE TRANSACTION 'never'");
$now = sql('SELECT pg_current_wal_insert_lsn()');
change('CREATE TABLE later_still (id int)');
like(rescue(qq{'as_text', before => '$now', to_table => 'rescued.prepared'}), qr/^compare: 5 rows/m, 'a prepared transaction of the copy does not stand in the way');
change("ROLLBACK PREPARED 'never'");

# ---- refused
for my $case (
	[ q{NULL}, '22004', 'no name' ],
	[ q{'a.b.c', before => '0/1'}, '22023', 'three parts' ],
	[ q{'sales.orders', before => '0/1', as_of => now()}, '22023', 'two moments' ],
	[ q{'sales.never_there'}, '42P01', 'a table that never was' ],
	[ qq{'sales.never_there', before => '$now'}, '55000', 'a table that never was, at a moment', qr/no such table/ ],
	[ qq{'quick', before => '$now'}, '55000', 'unlogged', qr/unlogged/ ],
	[ qq{'seen', before => '$now'}, '42P01', 'a view, without a schema' ],
	[ qq{'public.seen', before => '$now'}, '55000', 'a view', qr/no table/ ],
	[ q{'sales.customers'}, 'P0002', 'nothing was taken away' ],
	[ q{'sales.customers', before => '0/1'}, '55000', 'older than any backup' ],
	[ q{'sales.customers', as_of => 'infinity'}, '22023', 'no time' ],
	[ q{'sales.customers', as_of => now() + interval '1 day'}, '22023', 'the future' ],
	[ q{'sales.customers', mark => 'none'}, '42704', 'no mark' ],
	[ qq{'sales.customers', before => '$now', to_table => 'a.b.c'}, '22023', 'a place of three parts' ],
	[ qq{'sales.customers', before => '$now', server => 'none'}, '42704', 'no server' ])
{
	my ($arguments, $state, $name, $detail) = @$case;
	@error = refused($arguments);
	is($error[0], $state, "refused: $name") or diag("@error");
	like($error[2], $detail, "refused: $name: DETAIL") if defined $detail;
}
change('ALTER TYPE sales.mood RENAME TO temper; ALTER FUNCTION sales.twice RENAME TO double');
@error = refused(q{'sales.orders', to_table => 'rescued.lacking'});
is($error[0], '42704', 'something is missing: SQLSTATE');
like($error[2], qr/^Missing: function sales\.twice\(bigint\), type sales\.mood, type sales\.mood\[\]\.$/, 'something is missing: DETAIL names all');
change('ALTER TYPE sales.temper RENAME TO mood; ALTER FUNCTION sales.double RENAME TO twice');

# ---- rights: EXECUTE, all rows then, and a place now
sub as_role { my ($role, $command) = @_; return error_of($node, $command, "SET ROLE $role"); }
sql('GRANT EXECUTE ON FUNCTION error_of(text) TO PUBLIC');
@error = as_role('nobody', q{SELECT * FROM poc_rescue('sales.orders')});
is($error[0], '42501', 'EXECUTE is not for everybody');
sql('GRANT EXECUTE ON FUNCTION poc_rescue TO nobody, reader, seller; CREATE SCHEMA theirs; GRANT ALL ON SCHEMA theirs TO nobody, reader, seller');
@error = as_role('nobody', q{SELECT * FROM poc_rescue('sales.orders', to_table => 'elsewhere.orders')});
is($error[0], '42501', 'who may not make the schema');
@error = as_role('nobody', q{SELECT * FROM poc_rescue('sales.orders', to_table => 'sales.another')});
is($error[0], '42501', 'who may not make a table there');
@error = as_role('nobody', q{SELECT * FROM poc_rescue('sales.orders', to_table => 'theirs.orders')});
like("@error[0, 2]", qr/^55000 permission denied/, 'who could not read it then');
@error = as_role('reader', q{SELECT * FROM poc_rescue('sales.orders', to_table => 'theirs.orders')});
like("@error[0, 2]", qr/^55000 permission denied/, 'who could not read all rows then');
is(sql(q{SET ROLE seller; SELECT count(*) FROM poc_rescue('sales.orders', to_table => 'theirs.orders') WHERE step = 'compare'}), 1, 'its owner may');
is(sql(q{SELECT relowner::regrole FROM pg_class WHERE oid = 'theirs.orders'::regclass}), 'seller', 'and has it');
is(sql(q{SELECT role FROM poc_rescues ORDER BY at DESC LIMIT 1}), 'seller', 'and the receipt tells who');

sub is_super { return sql(q{SELECT coalesce(string_agg(rolname, ','), 'none') FROM pg_roles WHERE rolsuper AND rolname IN ('nobody', 'seller')}); }
sql('CREATE SCHEMA closed; CREATE TABLE closed.pay AS SELECT 1 AS n; GRANT SELECT ON closed.pay TO PUBLIC; SELECT poc_note_relations()');
change('TRUNCATE closed.pay');
@error = as_role('nobody', q{SELECT * FROM poc_rescue('closed.pay', to_table => 'theirs.pay')});
like("@error[0, 2]", qr/^55000 permission denied/, 'who may read the table, but not what is in its schema');
# what the extension asks with the rights of its owner is looked up nowhere else
sql(<<'SQL');
CREATE SCHEMA evil AUTHORIZATION nobody;
SET ROLE nobody;
CREATE FUNCTION evil.f(jsonb, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'ALTER ROLE nobody SUPERUSER'; RETURN pg_catalog.jsonb_object_field_text($1, $2); END $$;
CREATE FUNCTION evil.f(text, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'ALTER ROLE nobody SUPERUSER'; RETURN $1; END $$;
CREATE FUNCTION evil.f(oid, oid) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'ALTER ROLE nobody SUPERUSER'; RETURN true; END $$;
CREATE OPERATOR evil.->> (LEFTARG = jsonb, RIGHTARG = text, FUNCTION = evil.f);
CREATE OPERATOR evil.|| (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.f);
CREATE OPERATOR evil.= (LEFTARG = oid, RIGHTARG = oid, FUNCTION = evil.f);
CREATE OPERATOR evil.<> (LEFTARG = oid, RIGHTARG = oid, FUNCTION = evil.f);
SQL
$node->psql('postgres', qq{SET ROLE nobody; SET search_path = evil, pg_catalog, public; SELECT * FROM poc_rescue('public.part', before => '$now', to_table => 'theirs.part')});
$node->psql('postgres', qq{SET search_path = evil, pg_catalog, public; SELECT * FROM poc_rescue('public.part', before => '$now', to_table => 'theirs.part_too')});
is(is_super(), 'none', 'operators of the caller are not run with the rights of the owner of the extension');
sql('DROP SCHEMA evil CASCADE');

# ---- the owner's code gets his rights, not those of the superuser who rescues
sql(<<'SQL');
SET ROLE seller;
CREATE FUNCTION sales.grabs(bigint) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('search_path', 'sales', false);
	-- 19 has no other strings
	BEGIN PERFORM set_config('standard_conforming_strings', 'off', false); EXCEPTION WHEN OTHERS THEN NULL; END;
	BEGIN EXECUTE 'ALTER ROLE seller SUPERUSER'; EXCEPTION WHEN OTHERS THEN NULL; END;
	RETURN $1;
END $$;
CREATE FUNCTION sales.quiet(bigint) RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN (SELECT sales.grabs($1)); END $$;
CREATE TABLE sales.a_trap (id int PRIMARY KEY, g bigint GENERATED ALWAYS AS (sales.quiet(1) + id) STORED, CHECK (sales.quiet(id) > 0));
CREATE FUNCTION sales.counts(int) RETURNS bigint BEGIN ATOMIC SELECT count(*) + sales.quiet($1) FROM sales.a_trap; END;
ALTER TABLE sales.a_trap ADD CHECK (sales.counts(id) > 0);
CREATE INDEX commented ON sales.a_trap (sales.quiet(id));
COMMENT ON INDEX sales.commented IS E'\'; ALTER ROLE seller SUPERUSER; --';
CREATE DOMAIN sales.checked AS int CHECK (sales.quiet(VALUE) > 0);
CREATE TABLE sales.a_parted_trap (id sales.checked, n int) PARTITION BY RANGE ((sales.quiet(1) + n));
CREATE TABLE sales.a_parted_trap_1 PARTITION OF sales.a_parted_trap FOR VALUES FROM (0) TO (10000);
INSERT INTO sales.a_trap SELECT i FROM generate_series(1, 200) i;
INSERT INTO sales.a_parted_trap SELECT i, i FROM generate_series(1, 200) i;
SQL
sql('SELECT poc_note_relations()');
change('SET ROLE seller; DELETE FROM sales.a_trap; DELETE FROM sales.a_parted_trap');
is($node->safe_psql('postgres', q{SET client_min_messages = error; SELECT count(*) FROM poc_rescue('sales.a_trap') WHERE step = 'compare'; SELECT current_setting('standard_conforming_strings') || current_setting('search_path')}),
	qq{1\non"\$user", public}, 'what the code of the owner sets does not outlive it');
like(rescue(q{'sales.a_parted_trap'}), qr/^compare: 200 rows/m, 'a key of partitions, and a domain');
is(is_super(), 'none', 'code of a table is run with the rights of its owner, wherever it stands');
if ($node->pg_version->major < 19)
{
	sql(q{ALTER DATABASE postgres SET standard_conforming_strings = off});
	like(rescue(q{'sales.a_trap', to_table => 'rescued.a_trap_too'}), qr/^compare: 200 rows/m, 'where strings are not as in the standard');
	is(is_super(), 'none', 'the definition is read as it was written');
	sql('ALTER DATABASE postgres RESET standard_conforming_strings');
}

# ---- sequences, privileges, names
sql(<<'SQL');
CREATE ROLE own LOGIN;
CREATE SCHEMA own AUTHORIZATION own;
GRANT EXECUTE ON FUNCTION poc_rescue TO own;
GRANT ALL ON SCHEMA theirs TO own;
CREATE TABLE public.several (a bigserial, b bigint, c bigint, secret int);
CREATE SEQUENCE below MINVALUE -1000 START -5 OWNED BY several.b;
CREATE SEQUENCE unused OWNED BY several.c;
SELECT setval('several_a_seq', 3000000000), setval('below', -500), nextval('unused'), setval('unused', 700, false);
INSERT INTO several SELECT i, i, i, i FROM generate_series(1, 150) i;
GRANT SELECT (a, b) ON several TO reader;
GRANT USAGE ON SEQUENCE several_a_seq TO reader;
CREATE TABLE own.several AS SELECT 'own' AS whose;
ALTER TABLE own.several OWNER TO own;
GRANT SELECT ON several TO own;
ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO nobody;
ALTER DEFAULT PRIVILEGES GRANT ALL ON SEQUENCES TO nobody;
SELECT poc_note_relations();
SQL
change('TRUNCATE several');
change('TRUNCATE own.several');
$steps = rescue(q{'several'});
like($steps, qr/^find: truncate of public\.several .*^compare: 150 rows/ms, 'a name means the table that the search_path finds') or diag($steps);
is(sql(q{SELECT (SELECT last_value BETWEEN 3000000000 AND 3000000033 FROM rescued.several_a_seq), (SELECT last_value BETWEEN -500 AND -467 FROM rescued.below), (SELECT last_value || is_called::text FROM rescued.unused)}),
	't|t|700false', 'sequences far away, negative, and set but not used');
is(sql(q{SELECT has_table_privilege('nobody', 'rescued.several', 'SELECT'), has_sequence_privilege('nobody', 'rescued.several_a_seq', 'USAGE')}), 'f|f', 'no privileges that were none of its');
is(sql(q{SELECT has_column_privilege('reader', 'rescued.several', 'a', 'SELECT'), has_column_privilege('reader', 'rescued.several', 'secret', 'SELECT'), has_sequence_privilege('reader', 'rescued.several_a_seq', 'USAGE')}),
	't|f|t', 'privileges on columns and sequences');
is(sql(q{SET ROLE own; SELECT detail LIKE 'truncate of own.several%' FROM poc_rescue('several', to_table => 'theirs.several') WHERE step = 'find'}), 't', 'the search_path is that of the caller');
sql('ALTER DEFAULT PRIVILEGES REVOKE SELECT ON TABLES FROM nobody; ALTER DEFAULT PRIVILEGES REVOKE ALL ON SEQUENCES FROM nobody');

# ---- two at once, into a schema that neither finds
my @runs = map {
	my %said;
	[ IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', "SELECT * FROM poc_rescue('$_->[0]', to_table => 'fresh.$_->[1]')" ], '<', \undef, '>', \$said{out}, '2>', \$said{err}, IPC::Run::timeout(180)), \%said ]
} [ 'public.several', 'one' ], [ 'closed.pay', 'two' ];
$_->[0]->finish for @runs;
is(sql(q{SELECT string_agg(relname, ',' ORDER BY relname) FROM pg_class WHERE relnamespace = to_regnamespace('fresh') AND relkind = 'r'}), 'one,two', 'two at once') or diag(join("\n", map { $_->[1]{err} } @runs));

# ---- databases in other encodings
for my $encoding ('LATIN1', 'SQL_ASCII')
{
	$node->safe_psql('postgres', "CREATE DATABASE other ENCODING '$encoding' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'");
	$node->safe_psql('other', 'CREATE EXTENSION poc_barman');
	$node->safe_psql('other', "SET client_encoding = 'SQL_ASCII'; CREATE TABLE bytes (id int PRIMARY KEY, b text); INSERT INTO bytes VALUES (1, chr(65) || convert_from('\\xe9fc', '$encoding')); SELECT poc_note_relations(); TRUNCATE bytes");
	is($node->safe_psql('other', "SET client_min_messages = error; SELECT count(*) FROM poc_rescue('bytes') WHERE step = 'compare'; SELECT encode(convert_to(b, '$encoding'), 'hex') FROM rescued.bytes"),
		"1\n41e9fc", "a database in $encoding");
	$node->safe_psql('postgres', 'DROP DATABASE other');
}

# ---- the change that is meant
sql(<<'SQL');
CREATE TABLE events (id int) PARTITION BY RANGE (id);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (1000);
CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (1000) TO (2000);
INSERT INTO events SELECT i FROM generate_series(0, 1999) i;
CREATE TABLE swap AS SELECT 'old' AS v FROM generate_series(1, 300);
CREATE TABLE swap_new AS SELECT 'new' AS v FROM generate_series(1, 200);
SELECT poc_note_relations();
ALTER TABLE swap RENAME TO swap_old;
ALTER TABLE swap_new RENAME TO swap;
SELECT poc_note_relations();
SQL
change('DELETE FROM events WHERE id < 500');
change('DROP TABLE events_2');
change('DELETE FROM swap');
change('DROP TABLE swap_old');
like(rescue(q{'events'}), qr/^find: delete of public\.events \(500 rows\).*^compare: 2000 rows/ms, 'a partition that is dropped is not its table');
like(rescue(q{'swap'}), qr/^find: delete of public\.swap \(200 rows\).*^compare: 200 rows/ms, 'a table that had the name before is not meant');

# ---- the schema is lent for the table alone
sql(<<'SQL');
CREATE SCHEMA lent;
SET ROLE seller;
CREATE FUNCTION sales.plants(int) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN EXECUTE 'CREATE OR REPLACE FUNCTION lent.planted() RETURNS int LANGUAGE sql AS ''SELECT 1'''; RETURN true; EXCEPTION WHEN OTHERS THEN RETURN true; END $$;
CREATE TABLE sales.planter (id int CHECK (sales.plants(id)));
INSERT INTO sales.planter SELECT i FROM generate_series(1, 100) i;
CREATE TABLE sales.plain (id int);
INSERT INTO sales.plain SELECT i FROM generate_series(1, 100) i;
SQL
sql('SELECT poc_note_relations()');
change('TRUNCATE sales.planter, sales.plain');
@error = refused(q{'sales.planter', to_table => 'lent.planter'});
is($error[0], '42501', 'code of the owner that makes something else there: the rescue fails');
like(rescue(q{'sales.plain', to_table => 'lent.plain'}), qr/^compare: 100 rows/m, 'a table alone comes there');
is(sql(q{SELECT has_schema_privilege('seller', 'lent', 'CREATE'), has_schema_privilege('seller', 'lent', 'USAGE'), (SELECT count(*) FROM pg_proc WHERE pronamespace = 'lent'::regnamespace)}), 'f|f|0', 'and what was lent is taken back');

# ---- functions that have been replaced since
sql(<<'SQL');
CREATE TABLE public.became (who text);
GRANT INSERT ON public.became TO PUBLIC;
GRANT CREATE ON SCHEMA public TO seller;
SET ROLE seller;
CREATE FUNCTION public.trap(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN $1; END $$;
CREATE TABLE public.baited (id int CHECK (public.trap(id) IS NOT NULL), g int GENERATED ALWAYS AS (public.trap(id)) STORED);
INSERT INTO public.baited SELECT i FROM generate_series(1, 200) i;
SQL
sql('SELECT poc_note_relations()');
change('DELETE FROM baited');
sql(<<'SQL');
SET ROLE seller;
CREATE OR REPLACE FUNCTION public.trap(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN IF current_user <> 'seller' THEN INSERT INTO public.became VALUES (current_user); END IF; RETURN $1; END $$;
SQL
like(rescue(q{'baited'}), qr/^compare: 200 rows/m, 'a table with code of its owner');
is(sql('SELECT count(*) FROM became'), 0, 'which was run as nobody else');

# ---- whatever ends it, nothing is left
sub count_home { return sql(q{SELECT count(*) FROM pg_class WHERE relnamespace = to_regnamespace('broken')}); }
for my $phase ('restoring', 'recovering', 'ready', 'sending')
{
	for my $end ('cancel', 'terminate')
	{
		my %said;
		# a lock on what the definition needs holds it where the table is made
		my $holder = $node->background_psql('postgres');
		$holder->query_safe('BEGIN; LOCK TABLE pg_catalog.pg_policy IN ACCESS EXCLUSIVE MODE') if $phase eq 'ready';
		my $run = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', q{SELECT * FROM poc_rescue('sales.orders', to_table => 'broken.orders')} ],
			'<', \undef, '>', \$said{out}, '2>', \$said{err}, IPC::Run::timeout(180));
		wait_until(sub { $run->pump_nb; return ($said{err} // '') =~ /NOTICE:  $phase / || !$run->pumpable; });
		my $stop = $end eq 'cancel' ? 'pg_cancel_backend' : 'pg_terminate_backend';
		sql(qq{SELECT $stop(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT * FROM poc_rescue(%'});
		$run->finish;
		$holder->quit;
		wait_until(sub { left() eq '0 instances, 0 directories' });
		is(left(), '0 instances, 0 directories', "$end while $phase: nothing is left there");
		is(count_home(), 0, "$end while $phase: and nothing here") if $said{err} !~ /done \(after/;
		sql('DROP SCHEMA IF EXISTS broken CASCADE');
	}
}
my $said = '';
my $run = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', q{SELECT * FROM poc_rescue('sales.orders', to_table => 'broken.orders')} ],
	'<', \undef, '>', \my $out, '2>', \$said, IPC::Run::timeout(180));
wait_until(sub { $run->pump_nb; return $said =~ /NOTICE:  recovering /; });
$live->stop('KILL');
$live->start(@sidecar);
$run->finish;
like($said, qr/ERROR:  the sidecar ended while the job ran/, 'the sidecar was killed: the rescue fails');
is(left(), '0 instances, 0 directories', 'the sidecar was killed: nothing is left there');
is(count_home(), 0, 'the sidecar was killed: and nothing here');

# ---- from another server, when the primary is gone
my $spare = $live->spare('spare');
$spare->safe_psql('postgres', 'CREATE SCHEMA sales; CREATE TYPE sales.mood AS ENUM (\'sad\', \'happy\'); CREATE DOMAIN sales.note AS text CHECK (VALUE <> \'\')');
$spare->safe_psql('postgres', q{CREATE FUNCTION sales.twice(bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT 2 * $1'});
$node->stop('immediate');
make_error_of($spare);
@error = error_of($spare, qq{SELECT * FROM poc_rescue('sales.orders', before => '$drop', server => 'postgres1')});
is("$error[0] $error[2]", '42704 Missing: role reader.', 'a role of a policy is missing there');
$spare->safe_psql('postgres', 'CREATE ROLE reader');
@error = error_of($spare, qq{SELECT * FROM poc_rescue('sales.orders', before => '$drop', server => 'postgres1')});
is("$error[0] $error[3]", '42704 CREATE ROLE seller NOLOGIN', 'its owner is missing there');
$spare->safe_psql('postgres', 'CREATE ROLE seller; GRANT USAGE ON SCHEMA sales TO seller');
$spare->safe_psql('postgres', qq{SELECT * FROM poc_rescue('sales.orders', before => '$drop', server => 'postgres1')});
is($spare->safe_psql('postgres', q{SELECT hash FROM poc_fingerprint('rescued.orders')}), $hash, 'from another server, when the primary is gone');
$spare->stop;

$live->stop;
done_testing();
