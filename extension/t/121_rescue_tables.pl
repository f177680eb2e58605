# poc_rescue_tables(), poc_rescue('schema.*'): several tables come home from one restore, or none does.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use LiveBarman;
use PocTest;

my $live = LiveBarman->new('rescue_tables', conf => "poc_barman.timeout = '300s'\nautovacuum = off\n");
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
sub rows { my ($table) = @_; return sql("SELECT md5(string_agg(t::text, E'\\n' ORDER BY t::text)) || ' ' || count(*) FROM $table AS t"); }
sub tables_of { my ($schema) = @_; return sql("SELECT coalesce(string_agg(relname, ',' ORDER BY relname), '') FROM pg_class WHERE relnamespace = to_regnamespace('$schema') AND relkind IN ('r', 'p')"); }
sub left { my @files = glob("$home/instances/*"); return sql('SELECT count(*) FROM poc_instances()') . ' instances, ' . @files . ' directories'; }

my $bindir = $node->config_data('--bindir') =~ s/\s+$//r;
$live->start(cron_interval => 300, options => [ '--instance-root', "$home/instances", '--pg-bindir', $bindir ]);
sql(<<'SQL');
CREATE ROLE seller LOGIN;
CREATE ROLE buyer LOGIN;
CREATE SCHEMA sales;
GRANT ALL ON SCHEMA sales TO seller;
CREATE TABLE sales.customers (id int PRIMARY KEY, name text);
ALTER TABLE sales.customers OWNER TO seller;
CREATE TABLE sales.orders (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer int REFERENCES sales.customers);
ALTER TABLE sales.orders OWNER TO seller;
CREATE TABLE sales.parted (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
CREATE TABLE sales.parted_1 PARTITION OF sales.parted FOR VALUES FROM (0) TO (100);
CREATE INDEX ON sales.parted (v);
CREATE TABLE sales."Od""d" (a int);
CREATE UNLOGGED TABLE sales.quick (a int);
CREATE VIEW sales.seen AS SELECT 1 AS one;
CREATE FUNCTION sales.f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE SEQUENCE sales.alone;
INSERT INTO sales.customers SELECT i, 'c' || i FROM generate_series(1, 300) i;
INSERT INTO sales.orders (customer) SELECT 1 + i % 300 FROM generate_series(1, 1000) i;
INSERT INTO sales.parted SELECT i, 'p' || i FROM generate_series(0, 99) i;
INSERT INTO sales."Od""d" VALUES (1), (2);
CREATE SCHEMA other;
CREATE TABLE other.orders (a int);
INSERT INTO other.orders SELECT generate_series(1, 200);
CREATE TYPE other.mood AS ENUM ('sad');
CREATE TABLE other.moody (m other.mood);
SQL
sql('SELECT count(*) FROM poc_wait_ready()');
# the backup remembers the names: nobody else does here
sql('SELECT count(*) FROM poc_backup()');
cmp_ok(sql('SELECT count(*) FROM _poc.relation_notes'), '>', 5, 'a backup remembers the names of tables');
my @all = ('customers', 'orders', 'parted', '"Od""d"');
my %before = map { ($_ => rows("sales.$_")) } @all;

# ---- a schema that was dropped
sql('DROP SCHEMA sales CASCADE');
my $steps = rescue(q{poc_rescue('sales.*', dry_run => true)});
like($steps, qr/^find: drop of sales\.\S+ by transaction \d+, .*\nplan: backup \w+, to just before [0-9A-F\/]+$/, 'what would be done');
$steps = rescue(q{poc_rescue('sales.*')});
is(tables_of('rescued'), 'Od"d,customers,orders,parted,parted_1', 'all of its tables are home') or diag($steps);
is(rows("rescued.$_"), $before{$_}, "$_: each row") for @all;
is(sql(q{SELECT relowner::regrole FROM pg_class WHERE oid = 'rescued.orders'::regclass}), 'seller', 'each has its owner');
is(sql(q{SELECT bool_and(indisvalid) AND count(*) = 6 FROM pg_index WHERE indrelid::regclass::text LIKE 'rescued.%'}), 't', 'and its indexes');
is(sql(q{SELECT nextval(pg_get_serial_sequence('rescued.orders', 'id')) BETWEEN 1001 AND 1033}), 't', 'and its sequences');
like($steps, qr/^compare: sales\.orders: 1000 rows, the same fingerprint/m, 'each is compared');
is(() = $steps =~ /^compare: /mg, 4, 'all are');
for my $left ('table sales\.quick: it is an unlogged table',
	'view sales\.seen', 'function sales\.f', 'sequence sales\.alone', 'sales\.orders: foreign key orders_customer_fkey: FOREIGN KEY \(customer\) REFERENCES sales\.customers\(id\)')
{
	like($steps, qr/^left out: $left$/m, "left out: $left");
}
is(sql(q{SELECT count(*), count(DISTINCT hash), bool_and(undone LIKE 'drop of sales.%') FROM poc_rescues}), '4|4|t', 'a receipt for each');
is(sql(q{SELECT has_schema_privilege('seller', 'rescued', 'CREATE')}), 'f', 'what was lent for the time is taken back');
is(left(), '0 instances, 0 directories', 'nothing is left on the host of Barman');

# ---- to their old place: all, or none
my $point = sql(q{SELECT commit_lsn FROM poc_find_changes(kinds => '{drop}') WHERE relation LIKE 'sales.%' LIMIT 1});
sql(q{CREATE SCHEMA sales; CREATE TABLE sales.orders (mine int)});
like(join(' ', refused(qq{poc_rescue_tables('{sales.*}', before => '$point', to_schema => 'sales')})), qr/^42P07 relation "sales.orders" already exists It is empty, but not of the shape of sales\.orders: .*column mine is new/, 'never over a table');
is(tables_of('sales'), 'orders', 'then none comes');
sql('DROP TABLE sales.orders');
$steps = rescue(qq{poc_rescue_tables('{sales.*}', before => '$point', to_schema => 'sales')});
is(tables_of('sales'), 'Od"d,customers,orders,parted,parted_1', 'to the schema that was theirs') or diag($steps);
is(rows("sales.$_"), $before{$_}, "$_ there: each row") for @all;

# ---- some of several schemas, one moment
my $others = rows('other.orders');
sql('SELECT poc_note_relations()');
sql(q{BEGIN; DELETE FROM sales.customers; TRUNCATE other.orders; COMMIT});
$steps = rescue(q{poc_rescue_tables('{sales.customers,other.orders}', to_schema => 'back_then')});
like($steps, qr/^find: truncate of other\.orders by/, 'the newest change of any of them') or diag($steps);
is(tables_of('back_then'), 'customers,orders', 'these two are home');
is(rows('back_then.orders'), $others, 'as they were just before it');
is(sql('SELECT count(*) FROM back_then.customers'), 300, 'the same moment for all: one transaction') ;

# ---- refused, before anything is done
my @error;
for my $case (
	[ q{poc_rescue_tables('{}')}, '22004', 'a table must be named', 'none' ],
	[ q{poc_rescue_tables(NULL)}, '22004', 'a table must be named', 'null' ],
	[ q{poc_rescue_tables('{sales.orders,NULL}')}, '22004', 'a table must be named', 'one is null' ],
	[ q{poc_rescue_tables('{sales.orders,other.orders}')}, '22023', 'two of the tables would have one name at home', 'two of a name' ],
	[ q{poc_rescue('sales.*', to_table => 'sales.x')}, '22023', q{invalid name of a schema's tables: sales.*}, 'a name for all' ],
	[ q{poc_rescue('a.b.*')}, '22023', q{invalid name of a schema's tables: a.b.*}, 'three parts' ],
	[ q{poc_rescue('nowhere.*')}, 'P0002', 'no change of the tables nowhere.* was found that took rows away', 'no such schema' ],
	[ qq{poc_rescue('nowhere.*', before => '$point')}, '55000', 'the table cannot be rescued', 'no such schema then' ],
	[ qq{poc_rescue_tables('{other.moody,sales.nothing}', before => '$point')}, '55000', 'the table cannot be rescued', 'one that never was' ])
{
	my ($call, $state, $message, $name) = @$case;
	@error = refused($call);
	is("$error[0] $error[1]", "$state $message", $name);
}
# what one of them needs is asked for before any is made
sql('DROP TYPE other.mood CASCADE');
is(join(' ', (refused(qq{poc_rescue_tables('{sales.orders,other.moody}', before => '$point', to_schema => 'fresh')}))[0, 2]),
	'42704 Missing: for other.moody: type other.mood.', 'a type is missing');
is(sql(q{SELECT to_regnamespace('fresh') IS NULL}), 't', 'then not even the schema is made');

# ---- in one another's way
like((refused(qq{poc_rescue_tables('{other.moody,sales.nothing}', before => '$point')}))[2], qr/^sales\.nothing: there was no such table/, 'it is said which one never was');
sql(<<'SQL');
CREATE SCHEMA a;
CREATE SCHEMA b;
CREATE SCHEMA c;
CREATE TABLE a.t1 (id serial PRIMARY KEY);
ALTER SEQUENCE a.t1_id_seq RENAME TO seq;
CREATE TABLE b.t2 (id serial PRIMARY KEY);
ALTER SEQUENCE b.t2_id_seq RENAME TO seq;
CREATE TABLE c.o1 (id int PRIMARY KEY);
CREATE TABLE c.o2 (id int PRIMARY KEY);
CREATE TABLE c.whole (id int) PARTITION BY RANGE (id);
CREATE TABLE b.part PARTITION OF c.whole FOR VALUES FROM (0) TO (10);
INSERT INTO c.whole SELECT generate_series(0, 9);
INSERT INTO c.o1 SELECT generate_series(1, 200);
INSERT INTO c.o2 SELECT generate_series(1, 200);
SQL
sql(q{SELECT count(*) FROM poc_mark('ways', ARRAY['c.o1']::regclass[])});
@error = refused(q{poc_rescue_tables('{a.*,b.t2}', mark => 'ways', to_schema => 'together')});
like("@error[0, 2]", qr/^55000 tables b\.t2 and a\.t1 would both have the relation together\.seq/, 'two sequences of one name cannot live in one schema');
@error = refused(q{poc_rescue_tables('{c.whole,b.part}', mark => 'ways')});
like("@error[0, 2]", qr/^55000 .*are a partition and its parent/, 'a partition comes with its parent');
$steps = rescue(q{poc_rescue_tables('{b.*}', mark => 'ways', to_schema => 'alone')});
is(tables_of('alone'), 'part,t2', 'a partition of a table elsewhere is one of the tables of its schema') or diag($steps);
is(sql('SELECT count(*) FROM alone.part'), 10, 'with its rows');
$steps = rescue(q{poc_rescue_tables('{c.o1,c.*,c.o1}', mark => 'ways', to_schema => 'once')});
is(tables_of('once'), 'o1,o2,part,whole', 'who is named twice comes once') or diag($steps);
# again, from a backup that has what came home
sql('SELECT count(*) FROM poc_backup()');
sql(q{SELECT count(*) FROM poc_mark('again', ARRAY['c.o1']::regclass[])});
sql('DROP TABLE once.o1, once.o2');
$steps = rescue(q{poc_rescue_tables('{c.o1,c.o2}', mark => 'again', to_schema => 'once')});
is(tables_of('once'), 'o1,o2,part,whole', 'what had come home before is out of the way') or diag($steps);

# ---- several changes: the moment of the newest, and what that means is said
sql('SELECT poc_note_relations()');
sql('DROP TABLE c.o1');
sql('DROP TABLE c.o2');
sql('CREATE TABLE busy AS SELECT generate_series(1, 2100) AS i');
sql('DO $$ BEGIN FOR n IN 1 .. 2100 LOOP DELETE FROM busy WHERE i = n; COMMIT; END LOOP; END $$');
my ($status, $out, $said) = $node->psql('postgres', q{SELECT detail FROM poc_rescue('c.*', dry_run => true)});
like($out, qr/^drop of c\.o2 by/, 'the newest drop is found behind many small changes') or diag($said);
like($said, qr/WARNING:  what some of the tables had lost before that moment does not come.*drop of c\.o1 at/s, 'and the drop before it is told');

# ---- the loan of a schema is of each owner alone
sql(<<'SQL');
CREATE ROLE ra;
CREATE ROLE rb;
GRANT ra TO rb;
CREATE SCHEMA h;
GRANT ALL ON SCHEMA h TO ra, rb;
CREATE FUNCTION h.plant(int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
	IF to_regnamespace('tgt') IS NOT NULL AND current_user = 'rb' THEN
		EXECUTE 'CREATE FUNCTION tgt.planted() RETURNS int LANGUAGE sql AS ''SELECT 1''';
	END IF;
	RETURN true;
END $$;
CREATE TABLE h.a_first (i int);
ALTER TABLE h.a_first OWNER TO ra;
CREATE TABLE h.b_second (i int CHECK (h.plant(i)));
ALTER TABLE h.b_second OWNER TO rb;
INSERT INTO h.b_second VALUES (1);
CREATE FUNCTION h.spread(int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
	IF to_regnamespace('tgt') IS NOT NULL AND current_user = 'rb' THEN
		EXECUTE 'CREATE TABLE IF NOT EXISTS tgt.extra (i int)';
	END IF;
	RETURN true;
END $$;
CREATE TABLE h.c_third (i int CHECK (h.spread(i)));
ALTER TABLE h.c_third OWNER TO rb;
INSERT INTO h.c_third VALUES (1);
SQL
sql(q{SELECT count(*) FROM poc_mark('loans', ARRAY['h.a_first']::regclass[])});
for my $call (q{poc_rescue_tables('{h.a_first,h.b_second}', mark => 'loans', to_schema => 'tgt')}, q{poc_rescue('h.c_third', mark => 'loans', to_table => 'tgt.c')})
{
	sql('DROP SCHEMA IF EXISTS tgt CASCADE; CREATE SCHEMA tgt');
	@error = refused($call);
	like("@error[0, 1]", qr/^42501 code of the owner of table h\.\w+ has made other objects in schema tgt/, "nothing else is made in what was lent: $call");
}

# ---- rights: each table by its own
sql(q{GRANT EXECUTE ON FUNCTION poc_rescue_tables TO buyer, seller; GRANT CREATE ON DATABASE postgres TO buyer, seller});
is((refused(qq{poc_rescue_tables('{sales.orders,sales.parted}', before => '$point', to_schema => 'bought')}, 'SET ROLE buyer'))[0], '55000', 'who could not read one gets none');
is(sql(q{SELECT to_regnamespace('bought') IS NULL}), 't', 'nor a schema');
@error = refused(qq{poc_rescue_tables('{sales.*}', before => '$point', to_schema => 'sold')}, 'SET ROLE seller');
is($error[0], '', 'of a schema he gets those that he could read') or diag("@error");
is(tables_of('sold'), 'customers,orders', 'and no others');
is(left(), '0 instances, 0 directories', 'nothing is left on the host of Barman after all of that');

$live->stop;
done_testing();
