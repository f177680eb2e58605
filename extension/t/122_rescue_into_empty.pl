# poc_rescue(to_table => a table that is there, and empty): the rows come home to it, and it stays as it is.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use LiveBarman;
use PocTest;

my $live = LiveBarman->new('rescue_into', conf => "poc_barman.timeout = '300s'\nautovacuum = off\n");
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
sub rows { my ($table, $columns) = @_; return sql("SELECT md5(string_agg(t::text, E'\\n' ORDER BY t::text)) || ' ' || count(*) FROM (SELECT @{[ $columns // '*' ]} FROM $table) AS t"); }

my $bindir = $node->config_data('--bindir') =~ s/\s+$//r;
$live->start(cron_interval => 300, options => [ '--instance-root', "$home/instances", '--pg-bindir', $bindir ]);
sql(<<'SQL');
CREATE ROLE seller LOGIN;
CREATE ROLE other LOGIN;
CREATE SCHEMA shop;
GRANT ALL ON SCHEMA shop TO seller, other;
CREATE TABLE shop.customers (id int PRIMARY KEY);
CREATE TABLE shop.orders (id bigserial PRIMARY KEY, customer int, note varchar(20), twice int GENERATED ALWAYS AS (customer * 2) STORED);
ALTER TABLE shop.customers OWNER TO seller;
ALTER TABLE shop.orders OWNER TO seller;
CREATE TABLE shop.fired (what text);
GRANT ALL ON shop.fired TO PUBLIC;
CREATE FUNCTION shop.fires() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO shop.fired VALUES (TG_NAME); NEW.note := 'fired'; RETURN NEW; END $$;
CREATE TABLE shop.parted (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
CREATE TABLE shop.parted_1 PARTITION OF shop.parted FOR VALUES FROM (0) TO (100);
INSERT INTO shop.customers SELECT generate_series(1, 50);
INSERT INTO shop.orders (customer, note) SELECT 1 + i % 50, 'note ' || i FROM generate_series(1, 1000) i;
INSERT INTO shop.parted SELECT i, 'p' || i FROM generate_series(0, 99) i;
CREATE TABLE shop.no_columns ();
INSERT INTO shop.no_columns DEFAULT VALUES;
CREATE VIEW shop.seen AS SELECT 1 AS one;
SQL
sql('SELECT count(*) FROM poc_wait_ready()');
sql('SELECT count(*) FROM poc_backup()');
sql(q{SELECT count(*) FROM poc_mark('full', ARRAY['shop.orders']::regclass[])});
my ($orders, $parts) = (rows('shop.orders'), rows('shop.parted'));

# ---- emptied, and rescued into itself
sql('TRUNCATE shop.orders RESTART IDENTITY');
sql(<<'SQL');
CREATE TRIGGER fires BEFORE INSERT ON shop.orders FOR EACH ROW EXECUTE FUNCTION shop.fires();
CREATE TRIGGER always BEFORE INSERT ON shop.orders FOR EACH ROW EXECUTE FUNCTION shop.fires();
CREATE TRIGGER sleeps BEFORE INSERT ON shop.orders FOR EACH ROW EXECUTE FUNCTION shop.fires();
ALTER TABLE shop.orders ENABLE ALWAYS TRIGGER always, DISABLE TRIGGER sleeps;
ALTER TABLE shop.orders ADD FOREIGN KEY (customer) REFERENCES shop.customers DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX ON shop.orders (note);
SQL
my $oid = sql(q{SELECT 'shop.orders'::regclass::oid});
my $steps = rescue(q{poc_rescue('shop.orders', to_table => 'shop.orders', dry_run => true)});
like($steps, qr/^find: truncate of shop\.orders/, 'it may be its own home') or diag($steps);
$steps = rescue(q{poc_rescue('shop.orders', to_table => 'shop.orders')});
like($steps, qr/^home: shop\.orders is there and empty, owned by seller: it stays as it is.*^compare: 1000 rows, the same fingerprint/ms, 'the rows come into it') or diag($steps);
is(rows('shop.orders'), $orders, 'each row');
is(sql(q{SELECT 'shop.orders'::regclass::oid}), $oid, 'the table is the same');
is(sql('SELECT count(*) FROM shop.fired'), 0, 'its triggers did not fire');
like($steps, qr/^left out: trigger fires of shop\.orders: it did not fire for the rows$/m, 'that is said');
unlike($steps, qr/trigger sleeps/, 'of those that would have fired');
is(sql(q{SELECT string_agg(tgname || tgenabled::text, ',' ORDER BY tgname) FROM pg_trigger WHERE tgrelid = 'shop.orders'::regclass AND NOT tgisinternal}), 'alwaysA,firesO,sleepsD', 'they are as they were');
is(sql(q{SELECT nextval('shop.orders_id_seq') BETWEEN 1001 AND 1033}), 't', 'its sequence goes on behind its rows');
is(sql(q{SELECT home, rows FROM poc_rescues ORDER BY at DESC LIMIT 1}), 'shop.orders|1000', 'the receipt');
sql(q{SELECT setval('shop.orders_id_seq', 5000)});
sql('DELETE FROM shop.orders');
like(rescue(q{poc_rescue('shop.orders', mark => 'full', to_table => 'shop.orders')}), qr/^compare: 1000 rows/m, 'deleted, and from a mark');
is(sql(q{SELECT nextval('shop.orders_id_seq')}), '5001', 'a sequence never goes back');

# ---- another table, its columns in another order
sql('CREATE TABLE shop.reordered (twice int GENERATED ALWAYS AS (customer * 2) STORED, gone int, note varchar(20), customer int, id bigint NOT NULL); ALTER TABLE shop.reordered DROP gone, OWNER TO seller');
$steps = rescue(q{poc_rescue('shop.orders', mark => 'full', to_table => 'shop.reordered')});
like($steps, qr/^compare: 1000 rows/m, 'columns in another order') or diag($steps);
is(rows('shop.reordered', 'id, customer, note, twice'), $orders, 'go by their names');
sql('CREATE TABLE shop.whole (v text, id int) PARTITION BY RANGE (id); CREATE TABLE shop.whole_1 PARTITION OF shop.whole FOR VALUES FROM (0) TO (50); CREATE TABLE shop.whole_2 PARTITION OF shop.whole DEFAULT');
like(rescue(q{poc_rescue('shop.parted', mark => 'full', to_table => 'shop.whole')}), qr/^compare: 100 rows/m, 'a partitioned table into one of other partitions');
is(rows('shop.whole', 'id, v'), $parts, 'each row of it');
sql('CREATE TABLE shop.nothing ()');
like(rescue(q{poc_rescue('shop.no_columns', mark => 'full', to_table => 'shop.nothing')}), qr/^compare: 1 rows/m, 'no columns at all');

# ---- refused, and nothing changes
my $case_error = sub { my @error = refused(@_); return "$error[0] $error[2]"; };
like($case_error->(q{poc_rescue('shop.orders', mark => 'full', to_table => 'shop.reordered')}), qr/^42P07 It has rows, and a rescued table never comes over data/, 'a table with rows');
like($case_error->(q{poc_rescue('shop.orders', mark => 'full', to_table => 'shop.reordered', dry_run => true)}), qr/^42P07 It has rows/, 'which dry_run sees');
like($case_error->(q{poc_rescue('shop.orders', mark => 'full', to_table => 'shop.seen')}), qr/^42P07 It is no table/, 'a view');
like($case_error->(q{poc_rescue('shop.orders', mark => 'full', to_table => 'pg_catalog.pg_seclabel')}), qr/^42P07 It is no table/, q{one of the system's});
sql('CREATE TABLE shop.misfit (id bigint, customer bigint, note varchar(30), twice int, more text)');
like($case_error->(q{poc_rescue('shop.orders', mark => 'full', to_table => 'shop.misfit')}),
	qr/^42P07 It is empty, but not of the shape of shop\.orders: column customer was integer and is bigint, column more is new, column note was character varying\(20\) and is character varying\(30\), column twice was, and is not, generated\.$/, 'one of another shape');
is(sql('SELECT count(*) FROM shop.misfit'), 0, 'has no row then');
sql('CREATE TABLE shop.strict (LIKE shop.orders INCLUDING GENERATED, CHECK (id < 900))');
is((refused(q{poc_rescue('shop.orders', mark => 'full', to_table => 'shop.strict')}))[0], '23514', 'a constraint that the rows do not satisfy');
is(sql('SELECT count(*) FROM shop.strict'), 0, 'nothing comes then');
sql('TRUNCATE shop.orders; DELETE FROM shop.customers WHERE id = 7');
is((refused(q{poc_rescue('shop.orders', mark => 'full', to_table => 'shop.orders')}))[0], '23503', 'a foreign key');
is(sql(q{SELECT count(*), (SELECT string_agg(tgenabled::text, '' ORDER BY tgname) FROM pg_trigger WHERE tgrelid = 'shop.orders'::regclass AND NOT tgisinternal) FROM shop.orders}), '0|AOD', 'then all is as it was');
sql('INSERT INTO shop.customers VALUES (7)');
# a snapshot that is older than the rows
my @error = error_of($node, q{SELECT * FROM poc_rescue('shop.orders', mark => 'full', to_table => 'shop.late')},
	q{BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1});
$node->safe_psql('postgres', 'CREATE TABLE shop.late (LIKE shop.orders INCLUDING GENERATED)');
my $old = $node->background_psql('postgres', on_error_stop => 0);
$old->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1');
sql(q{INSERT INTO shop.late (id, customer) VALUES (1, 1)});
my $said = $old->query(q{SELECT error FROM (SELECT count(*)::text AS error FROM poc_rescue('shop.orders', mark => 'full', to_table => 'shop.late')) AS r});
$old->quit;
is(sql('SELECT count(*) FROM shop.late'), 1, 'rows that an old snapshot does not show are rows');

# ---- rights
sql('GRANT EXECUTE ON FUNCTION poc_rescue TO other, seller; GRANT ALL ON shop.orders TO other; CREATE TABLE shop.mine (LIKE shop.orders INCLUDING GENERATED); ALTER TABLE shop.mine OWNER TO other');
like($case_error->(q{poc_rescue('shop.orders', mark => 'full', to_table => 'shop.orders')}, 'SET ROLE other'), qr/^42501 It is there, and its owner is role seller/, 'who may INSERT, but is not its owner');
like($case_error->(q{poc_rescue('shop.orders', mark => 'full', to_table => 'shop.mine')}, 'SET ROLE other'), qr/^55000 permission denied/, 'who could not read it then');
is(sql(q{SET ROLE seller; SELECT count(*) FROM poc_rescue('shop.orders', mark => 'full', to_table => 'shop.orders') WHERE step = 'compare'}), 1, 'its owner may');
is(rows('shop.orders'), $orders, 'and has each row');
sql(<<'SQL');
CREATE FUNCTION shop.grabs(int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
	BEGIN EXECUTE 'ALTER ROLE seller SUPERUSER'; EXCEPTION WHEN OTHERS THEN NULL; END;
	RETURN true;
END $$;
CREATE TABLE shop.trap (LIKE shop.orders INCLUDING GENERATED, CHECK (shop.grabs(customer)));
ALTER TABLE shop.trap OWNER TO seller;
SQL
like(rescue(q{poc_rescue('shop.orders', mark => 'full', to_table => 'shop.trap')}), qr/^compare: 1000 rows/m, 'a superuser rescues into the table of another');
is(sql(q{SELECT rolsuper FROM pg_roles WHERE rolname = 'seller'}), 'f', 'whose code has no more rights than that');

# ---- a list, and a whole schema: some are there and empty
sql('TRUNCATE shop.orders, shop.customers; DROP TABLE shop.parted');
$steps = rescue(q{poc_rescue_tables('{shop.orders,shop.customers,shop.parted}', mark => 'full', to_schema => 'shop')});
like($steps, qr/^compare: shop\.orders: 1000 rows/m, 'those that are there get rows, the other is made') or diag($steps);
is(join(' ', map { rows("shop.$_") } qw(orders parted)), "$orders $parts", 'all of them');
is(sql('SELECT count(*) FROM poc_instances()'), 0, 'nothing is left on the host of Barman');

$live->stop;
done_testing();
