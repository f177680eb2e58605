# Tables of one rescue that need each other come in order; those that inherit come with their parents, or alone.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use LiveBarman;
use PocTest;

my $live = LiveBarman->new('rescue_order', conf => "poc_barman.timeout = '300s'\nautovacuum = off\n");
my ($home, $node) = @$live{qw(home node)};

sub sql { return $node->safe_psql('postgres', "SET client_min_messages = error; $_[0]"); }
make_error_of($node);
sub refused { my ($call, $settings) = @_; return error_of($node, "SELECT * FROM $call", $settings); }

# The steps of a rescue, or why it failed
sub rescue
{
	my ($call) = @_;
	my ($result, $out, $said) = $node->psql('postgres', "SELECT step || ': ' || detail FROM $call");
	return $result == 0 ? $out : $said;
}
# Columns that a table inherits come first when it is made anew.
sub rows { my ($table) = @_; $table = "(SELECT id, name, age, school, weight FROM $table)" if $table =~ /baby$/; return sql("SELECT md5(string_agg(t::text, E'\\n' ORDER BY t::text)) || ' ' || count(*) FROM $table AS t"); }
sub tables_of { my ($schema) = @_; return sql("SELECT coalesce(string_agg(relname, ',' ORDER BY relname), '') FROM pg_class WHERE relnamespace = to_regnamespace('$schema') AND relkind IN ('r', 'p')"); }
sub parents { my ($schema) = @_; return sql("SELECT coalesce(string_agg(inhrelid::regclass || ' of ' || inhparent::regclass, ', ' ORDER BY inhrelid::regclass::text, inhseqno), 'none') FROM pg_inherits WHERE inhrelid IN (SELECT oid FROM pg_class WHERE relnamespace = '$schema'::regnamespace AND NOT relispartition)"); }

my $bindir = $node->config_data('--bindir') =~ s/\s+$//r;
$live->start(cron_interval => 300, options => [ '--instance-root', "$home/instances", '--pg-bindir', $bindir ]);
sql(<<'SQL');
CREATE ROLE seller LOGIN;
CREATE SCHEMA need;
CREATE TABLE need.z_numbers (id serial PRIMARY KEY, name text);
CREATE TABLE need.a_uses (id int DEFAULT nextval('need.z_numbers_id_seq') PRIMARY KEY, z need.z_numbers, many need.z_numbers[]);
CREATE TABLE need.b_uses (id int, u need.a_uses);
INSERT INTO need.z_numbers (name) SELECT 'n' || i FROM generate_series(1, 100) i;
INSERT INTO need.a_uses (z) SELECT z FROM need.z_numbers AS z;
UPDATE need.a_uses SET many = ARRAY[z, z];
INSERT INTO need.b_uses SELECT id, a FROM need.a_uses AS a;
CREATE SCHEMA circle;
CREATE TABLE circle.x (id serial PRIMARY KEY);
CREATE TABLE circle.y (id int, x circle.x);
ALTER TABLE circle.x ALTER id SET DEFAULT 1, ADD other int;
CREATE SEQUENCE circle.y_seq OWNED BY circle.y.id;
ALTER TABLE circle.x ALTER other SET DEFAULT nextval('circle.y_seq');
CREATE SCHEMA family;
CREATE TABLE family.person (id int PRIMARY KEY, name text NOT NULL, CHECK (id > 0));
CREATE TABLE family.aged (age int DEFAULT 7);
CREATE TABLE family.child (school text, PRIMARY KEY (id)) INHERITS (family.person, family.aged);
CREATE TABLE family.baby (name text NOT NULL, id int NOT NULL, weight numeric);
ALTER TABLE family.baby ADD CONSTRAINT person_id_check CHECK (id > 0), ADD COLUMN age int, ADD COLUMN school text;
ALTER TABLE family.baby INHERIT family.child;
CREATE SCHEMA elsewhere;
CREATE TABLE elsewhere.uncle (hat boolean) INHERITS (family.person);
INSERT INTO family.person SELECT i, 'p' || i FROM generate_series(1, 100) i;
INSERT INTO family.child SELECT i, 'c' || i, 9, 's' FROM generate_series(101, 300) i;
INSERT INTO family.baby SELECT 'b' || i, i, i / 2.0 FROM generate_series(301, 350) i;
INSERT INTO elsewhere.uncle SELECT i, 'u' || i, true FROM generate_series(401, 410) i;
CREATE SCHEMA broken;
CREATE TABLE broken.whole (id int);
CREATE UNLOGGED TABLE broken.part () INHERITS (broken.whole);
CREATE TABLE broken.fine () INHERITS (broken.whole);
CREATE SCHEMA fails;
CREATE TABLE fails.one (id int);
CREATE FUNCTION fails.check(int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
	IF to_regclass('rescued.two') IS NOT NULL THEN RAISE EXCEPTION 'not today'; END IF;
	RETURN true;
END $$;
CREATE TABLE fails.two (id int CHECK (fails.check(id)));
INSERT INTO fails.one SELECT generate_series(1, 10);
INSERT INTO fails.two SELECT generate_series(1, 10);
SQL
sql('SELECT count(*) FROM poc_wait_ready()');
sql('SELECT count(*) FROM poc_backup()');
sql(q{SELECT count(*) FROM poc_mark('then', ARRAY['need.a_uses']::regclass[])});
my %before = map { ($_ => rows($_)) } qw(need.z_numbers need.a_uses need.b_uses family.person family.aged family.child family.baby elsewhere.uncle);

# ---- sequences and row types of each other
sql('DROP SCHEMA need CASCADE');
my $steps = rescue(q{poc_rescue('need.*', to_table => NULL)});
is(tables_of('rescued'), 'a_uses,b_uses,z_numbers', 'a table comes behind what it needs') or diag($steps);
is(rows("rescued.$_"), $before{"need.$_"}, "$_: each row") for qw(z_numbers a_uses b_uses);
is(sql(q{SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = 'rescued.a_uses'::regclass}), q{nextval('rescued.z_numbers_id_seq'::regclass)}, 'it uses the sequence that came with it');
is((refused(q{poc_rescue('need.b_uses', mark => 'then', to_table => 'alone.b')}))[2], 'Missing: type need.a_uses.', 'alone it lacks what it needs');
like((refused(q{poc_rescue('circle.*', mark => 'then')}))[2], qr/^none of tables circle\.\w and circle\.\w can be made before the other/, 'two of which each needs the other');

# ---- a parent with its children
$steps = rescue(q{poc_rescue('family.person', mark => 'then', to_table => 'tree.person')});
is(tables_of('tree'), 'baby,child,person,uncle', 'a parent comes with all that inherit from it') or diag($steps);
is(parents('tree'), 'tree.baby of tree.child, tree.child of tree.person, tree.uncle of tree.person', 'as they do');
is(rows('tree.person'), $before{'family.person'}, 'with the rows of all');
is(rows("tree.$_->[0]"), $before{"$_->[1].$_->[0]"}, "$_->[0]: each row") for [ 'child', 'family' ], [ 'baby', 'family' ], [ 'uncle', 'elsewhere' ];
like($steps, qr/^left out: family\.child: that it inherited from family\.aged$/m, 'the other parent did not come');
is(sql(q{SELECT string_agg(conname, ',' ORDER BY conname) FROM pg_constraint WHERE conrelid = 'tree.child'::regclass AND contype IN ('c', 'p')}), 'child_pkey,person_id_check', 'constraints: its own, and those that it inherits');
is(sql(q{SELECT string_agg(attname || attislocal::text || attinhcount, ' ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'tree.child'::regclass AND attnum > 0}), 'idfalse1 namefalse1 agetrue0 schooltrue0', 'columns that are inherited, and its own');

# ---- one child alone
$steps = rescue(q{poc_rescue('family.child', mark => 'then', to_table => 'single.child')});
is(tables_of('single'), 'baby,child', 'a child comes with its own children') or diag($steps);
is(parents('single'), 'single.baby of single.child', 'and has no parent');
is(rows('single.child'), $before{'family.child'}, 'with all columns, and all rows');
like($steps, qr/^left out: (?:\S+: )?that it inherited from family\.$_$/m, "left out: $_") for qw(person aged);
is(sql(q{SELECT count(*) FROM pg_attribute WHERE attrelid = 'single.child'::regclass AND attnum > 0 AND attislocal}), 4, 'its columns are its own');

# ---- a schema: all in it, wherever they inherit from
sql('DROP TABLE family.person, family.aged CASCADE');
$steps = rescue(q{poc_rescue_tables('{family.*}', mark => 'then', to_schema => 'family')});
is(tables_of('family'), 'aged,baby,child,person,uncle', 'all tables of a schema, and a child from elsewhere') or diag($steps);
is(parents('family'), 'family.baby of family.child, family.child of family.person, family.child of family.aged, family.uncle of family.person', 'both parents are there');
is(rows("family.$_"), $before{"family.$_"}, "$_: each row") for qw(person aged child baby);

# ---- emptied, and filled again with its children
sql('TRUNCATE family.person, family.aged');
is(sql('SELECT count(*) FROM family.child'), 0, 'empty');
$steps = rescue(q{poc_rescue('family.person', before => pg_current_wal_insert_lsn(), to_table => 'family.person', dry_run => true)});
my $point = sql(q{SELECT commit_lsn FROM poc_find_changes('family.person', kinds => '{truncate}') LIMIT 1});
$steps = rescue(qq{poc_rescue('family.person', before => '$point', to_table => 'family.person')});
is(rows('family.person'), $before{'family.person'}, 'a parent that is there takes rows, and so do its children') or diag($steps);
is(parents('family'), 'family.baby of family.child, family.child of family.person, family.child of family.aged, family.uncle of family.person', 'nothing else has changed');

# ---- refused
like((refused(q{poc_rescue('family.person', mark => 'then', to_table => 'family.people')}))[2], qr/others inherit cannot stand beside itself/, 'beside itself its children have no names');
like((refused(q{poc_rescue('broken.whole', mark => 'then')}))[2], qr/^broken\.part inherits from it, and cannot be rescued: it is an unlogged table/, 'a parent of which not all can come');
$steps = rescue(q{poc_rescue('broken.*', mark => 'then')});
like($steps, qr/^left out: table broken\.whole: broken\.part inherits from it/m, 'of a schema it is left out') or diag($steps);
like($steps, qr/^left out: (?:\S+: )?that it inherited from broken\.whole/m, 'and who inherits from it comes alone');
my ($result, $out, $said) = $node->psql('postgres', q{SELECT * FROM poc_rescue('fails.*', mark => 'then')});
like($said, qr/ERROR:  not today.*rescue of table fails\.two/s, 'an error of the code of a table tells whose it is');
is(sql(q{SELECT to_regclass('rescued.one') IS NULL}), 't', 'and none comes');
# taken names
sql('CREATE SCHEMA full_house; CREATE TABLE full_house.one AS SELECT 1 AS id; CREATE VIEW full_house.two AS SELECT 1 AS id');
($result, $out, $said) = $node->psql('postgres', q{SELECT * FROM poc_rescue_tables('{fails.*}', mark => 'then', to_schema => 'full_house', dry_run => true)});
like($said, qr/WARNING:  names that the tables had are taken at home: full_house\.one, full_house\.two/, 'dry_run tells of names that are taken');
is((refused(q{poc_rescue_tables('{fails.*}', mark => 'then', to_schema => 'full_house')}))[0], '42P07', 'and they are never written over');
ok(wait_until(sub { sql('SELECT count(*) FROM poc_instances()') == 0 }), 'nothing is left on the host of Barman');

$live->stop;
done_testing();
