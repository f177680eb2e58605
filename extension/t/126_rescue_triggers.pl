# poc_rescue(fire_triggers => true): triggers of the table that takes the rows fire for them, with the caller's rights.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use LiveBarman;
use PocTest;

my $live = LiveBarman->new('rescue_triggers', conf => "poc_barman.timeout = '300s'\nautovacuum = off\n");
my ($home, $node) = @$live{qw(home node)};

sub sql { return $node->safe_psql('postgres', "SET client_min_messages = error; $_[0]"); }
make_error_of($node);
sub refused { my ($call, $settings) = @_; return error_of($node, "SELECT * FROM $call", $settings); }

# The steps of a rescue, or why it failed
sub rescue
{
	my ($call, $settings) = @_;
	my ($result, $out, $said) = $node->psql('postgres', ($settings // '') . qq{SELECT step || ': ' || detail FROM $call});
	return $result == 0 ? $out : $said;
}

my $bindir = $node->config_data('--bindir') =~ s/\s+$//r;
$live->start(cron_interval => 300, options => [ '--instance-root', "$home/instances", '--pg-bindir', $bindir ]);
sql(<<'SQL');
CREATE ROLE seller LOGIN;
CREATE ROLE keeper LOGIN IN ROLE seller;
CREATE SCHEMA shop;
CREATE SCHEMA audit;
GRANT ALL ON SCHEMA shop, audit TO seller;
CREATE TABLE shop.customers (id int PRIMARY KEY);
CREATE TABLE shop.orders (id int PRIMARY KEY, customer int, note text);
CREATE TABLE shop.parted (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
CREATE TABLE shop.parted_1 PARTITION OF shop.parted FOR VALUES FROM (0) TO (50);
CREATE TABLE shop.parted_2 PARTITION OF shop.parted DEFAULT;
-- what triggers write; found by the search_path of the session alone
CREATE TABLE audit.log (what text, who text);
ALTER TABLE shop.customers OWNER TO seller;
ALTER TABLE shop.orders OWNER TO seller;
ALTER TABLE audit.log OWNER TO seller;
CREATE FUNCTION shop.counts() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (TG_NAME || ' ' || (SELECT count(*) FROM came), current_user); RETURN NULL; END $$;
CREATE FUNCTION shop.notes() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (TG_NAME, current_user); RETURN NEW; END $$;
CREATE FUNCTION shop.changes() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.note := 'changed'; RETURN NEW; END $$;
CREATE FUNCTION shop.skips() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN CASE WHEN NEW.id <> 3 THEN NEW END; END $$;
ALTER FUNCTION shop.counts OWNER TO seller;
ALTER FUNCTION shop.changes OWNER TO seller;
INSERT INTO shop.customers SELECT generate_series(1, 50);
INSERT INTO shop.orders SELECT i, 1 + i % 50, 'note ' || i FROM generate_series(1, 100) i;
INSERT INTO shop.parted SELECT i, 'p' || i FROM generate_series(0, 99) i;
SQL
sql('SELECT count(*) FROM poc_wait_ready()');
sql('SELECT count(*) FROM poc_backup()');
sql(q{SELECT count(*) FROM poc_mark('full', ARRAY['shop.orders']::regclass[])});
sql(<<'SQL');
TRUNCATE shop.orders, shop.parted;
CREATE TRIGGER counts AFTER INSERT ON shop.orders REFERENCING NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION shop.counts();
CREATE CONSTRAINT TRIGGER waits AFTER INSERT ON shop.orders DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.id <= 2) EXECUTE FUNCTION shop.notes();
CREATE TRIGGER updates AFTER UPDATE ON shop.orders FOR EACH ROW EXECUTE FUNCTION shop.notes();
CREATE TRIGGER off BEFORE INSERT ON shop.orders FOR EACH ROW EXECUTE FUNCTION shop.changes();
CREATE TRIGGER replica BEFORE INSERT ON shop.orders FOR EACH ROW EXECUTE FUNCTION shop.changes();
ALTER TABLE shop.orders DISABLE TRIGGER off, ENABLE REPLICA TRIGGER replica;
ALTER TABLE shop.orders ADD CONSTRAINT whose FOREIGN KEY (customer) REFERENCES shop.customers DEFERRABLE INITIALLY DEFERRED;
-- of the same name: what is told to wait by it would have to do so as well
CREATE TABLE shop.others (id int CONSTRAINT whose CHECK (id > 0));
CREATE TRIGGER each BEFORE INSERT ON shop.parted FOR EACH ROW WHEN (NEW.id IN (1, 99)) EXECUTE FUNCTION shop.notes();
CREATE TRIGGER own BEFORE INSERT ON shop.parted_2 FOR EACH ROW WHEN (NEW.id = 99) EXECUTE FUNCTION shop.notes();
CREATE TRIGGER never BEFORE INSERT ON shop.parted_2 FOR EACH STATEMENT EXECUTE FUNCTION shop.notes();
SQL

# ---- not asked for
my $into = q{poc_rescue('shop.orders', mark => 'full', to_table => 'shop.orders'};
my $path = 'SET client_min_messages = error; SET search_path = audit, public; ';
my $steps = rescue("$into)", "BEGIN; $path");
like($steps, qr/^compare: 100 rows/m, 'without being asked') or diag($steps);
like($steps, qr/^left out: trigger counts of shop\.orders: it did not fire for the rows\n.*^left out: trigger waits of/ms, 'none fires, which is told');
unlike($steps, qr/^triggers: /m, 'and nothing is told of triggers that fired');
like($steps, qr/^foreign keys: checked: foreign key whose of shop\.orders$/m, 'foreign keys are checked, and told');
like($steps, qr/^constraints: checked at once until the transaction ends: shop\.whose, /m, 'that one stays checked at once is told, as another of its name cannot wait');
unlike($steps, qr/^constraints: .*waits/m, 'and one that waits again is not');

# ---- asked for: before, and then
my $two = q{trigger counts of shop.orders (function shop.counts() of role seller), trigger waits of shop.orders (function shop.notes() of role postgres)};
my $me = sql('SELECT current_user');
$two =~ s/role postgres/role $me/;
like(rescue("$into, fire_triggers => true, dry_run => true)", $path), qr/^triggers: 2 would fire, with the rights of role $me: \Q$two\E$/m, 'a dry run tells which would fire, and whose code that is');
is(sql('SELECT count(*) FROM audit.log'), 0, 'none has');
$steps = rescue("$into, fire_triggers => true)", $path);
like($steps, qr/^triggers: 2 fired, with the rights of role $me: \Q$two\E$/m, 'they fire') or diag($steps);
like($steps, qr/^compare: 100 rows, the same fingerprint/m, 'the rows are the same all the same');
unlike($steps, qr/^left out: trigger/m, 'none was left out');
is(sql(q{SELECT string_agg(what || ' by ' || who, ', ' ORDER BY what) FROM audit.log}), "counts 100 by $me, waits by $me, waits by $me",
	'as for a COPY of the caller: with his rights, under his search_path, those that wait before both ends are compared');
is(sql(q{SELECT string_agg(tgname || tgenabled::text, ',' ORDER BY tgname) FROM pg_trigger WHERE tgrelid = 'shop.orders'::regclass AND NOT tgisinternal}),
	'countsO,offD,replicaR,updatesO,waitsO', 'they are as they were');
like(sql(q{SELECT steps::text FROM _poc.rescues ORDER BY at DESC LIMIT 1}), qr/triggers \([0-9.]+ s\): 2 fired/, 'the receipt tells it');

# ---- a caller who is no superuser
sql('TRUNCATE shop.orders, audit.log; GRANT EXECUTE ON FUNCTION poc_rescue TO keeper');
$steps = rescue("$into, fire_triggers => true)", "$path SET ROLE keeper; ");
is(sql(q{SELECT string_agg(DISTINCT who, ', ') FROM audit.log}), 'keeper', 'code of the owner gets the rights of the caller') or diag($steps);
# since PostgreSQL 16 each membership says whether it is inherited
my $inherit = sub { sql(sql('SHOW server_version_num') < 160000 ? "ALTER ROLE keeper " . ($_[0] ? 'INHERIT' : 'NOINHERIT') : "GRANT seller TO keeper WITH INHERIT " . ($_[0] ? 'TRUE' : 'FALSE')) };
sql('TRUNCATE shop.orders');
$inherit->(0);
is((refused("$into, fire_triggers => true)", 'SET ROLE keeper'))[0], '42501', 'who may not INSERT as himself may not with triggers');
$inherit->(1);

# ---- a trigger that changes rows
sql('ALTER TABLE shop.orders ENABLE TRIGGER off');
my @error = refused("$into, fire_triggers => true)", $path);
is("$error[0] $error[1]", 'XX001 table shop.orders did not come home as it was', 'a value that a trigger changes is no silent success');
like($error[3], qr/^Triggers that fired may have changed, left out or added rows: trigger counts .*, trigger off of shop\.orders \(function shop\.changes\(\) of role seller\), .*Disable these, or rescue without fire_triggers/, 'the hint names them') or diag("@error");
is(sql('SELECT count(*) FROM shop.orders') + sql('SELECT count(*) FROM audit.log WHERE who <> $$keeper$$'), 0, 'nothing is kept, of what triggers did neither');
sql('DROP TRIGGER off ON shop.orders; CREATE TRIGGER skips BEFORE INSERT ON shop.orders FOR EACH ROW EXECUTE FUNCTION shop.skips()');
@error = refused("$into, fire_triggers => true)", $path);
is("$error[0]", 'XX001', 'nor is a row that one leaves out');
like($error[2], qr/^The restored server had 100 rows .*, here are 99 /, 'which is told');
like(rescue("$into)"), qr/^compare: 100 rows/m, 'without them it goes');
sql('TRUNCATE shop.orders; DROP TRIGGER skips ON shop.orders; DROP TRIGGER counts ON shop.orders');

# ---- a foreign key that is not satisfied, and one that is off
sql('DELETE FROM shop.customers WHERE id = 7');
is((refused("$into)"))[0], '23503', 'a foreign key is checked');
is((refused("$into, fire_triggers => true)", $path))[0], '23503', 'with triggers, too');
$steps = rescue("$into, fire_triggers => true)", "BEGIN; $path SET session_replication_role = replica; ALTER TABLE shop.orders DISABLE TRIGGER replica; ");
like($steps, qr/^triggers: none fired: shop\.orders has none that does for INSERT$/m, 'none fires where the session is a replica') or diag($steps);
like($steps, qr/^left out: foreign key whose of shop\.orders: it was not checked, as it is off$/m, 'a foreign key that is not checked is told');
unlike($steps, qr/^foreign keys: /m, 'and not as checked');

# ---- a trigger that the caller's snapshot does not show fires all the same
sql('INSERT INTO shop.customers VALUES (7); TRUNCATE shop.orders, audit.log; DROP TRIGGER waits ON shop.orders');
for my $fires ('false', 'true')
{
	my $old = $node->background_psql('postgres', on_error_stop => 0);
	$old->query_safe('SET search_path = audit, public; BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1');
	sql('DROP TRIGGER IF EXISTS late_false ON shop.orders');
	sql("CREATE TRIGGER late_$fires AFTER INSERT ON shop.orders FOR EACH STATEMENT EXECUTE FUNCTION shop.notes()");
	$steps = $old->query("SELECT step || ': ' || detail FROM $into, fire_triggers => $fires)");
	like($steps, $fires eq 'true' ? qr/^triggers: 1 fired, .*: trigger late_true of/m : qr/^left out: trigger late_false of shop\.orders: it did not fire/m, "one that is newer than the snapshot, fire_triggers => $fires: is told");
	is($old->query('SELECT count(*) FROM log'), $fires eq 'true' ? 1 : 0, 'and that is so');
	$old->query('ROLLBACK');
	$old->quit;
}

# ---- partitions; a table that is made
$steps = rescue(q{poc_rescue('shop.parted', mark => 'full', to_table => 'shop.parted', fire_triggers => true)}, $path);
my $notes = "(function shop.notes() of role $me)";
like($steps, qr/^triggers: 2 fired, with the rights of role $me: trigger each of shop\.parted \Q$notes\E, trigger own of shop\.parted_2 \Q$notes\E$/m, 'of partitions, each trigger once, by the table it was made for') or diag($steps);
is(sql(q{SELECT string_agg(what, ',' ORDER BY what) FROM audit.log WHERE who <> 'keeper'}), 'each,each,own', 'these have');
$steps = rescue(q{poc_rescue('shop.orders', mark => 'full', fire_triggers => true)});
like($steps, qr/^triggers: none fired: rescued\.orders is new, and triggers are left out of it$/m, 'a table that is made has none') or diag($steps);
is(sql('SELECT count(*) FROM poc_instances()'), 0, 'nothing is left on the host of Barman');

$live->stop;
done_testing();
