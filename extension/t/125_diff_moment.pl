# poc_diff() and poc_merge() against a moment: what the table was is restored, compared, and removed.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use LiveBarman;
use PocTest;

my $live = LiveBarman->new('diff_moment', conf => "poc_barman.timeout = '300s'\nautovacuum = off\n");
my ($home, $node) = @$live{qw(home node)};

sub sql { return $node->safe_psql('postgres', "SET client_min_messages = error; $_[0]"); }
make_error_of($node);
sub nothing_left
{
	my ($name) = @_;
	is(sql(q{SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'poc%compared%'}), '0', "$name: nothing is left of what was compared with");
	# of one that was cancelled what was restored is removed afterwards
	ok(wait_until(sub { sql('SELECT count(*) FROM poc_instances()') == 0 }), "$name: nor on the host of Barman");
	return;
}

my $bindir = $node->config_data('--bindir') =~ s/\s+$//r;
$live->start(cron_interval => 300, options => [ '--instance-root', "$home/instances", '--pg-bindir', $bindir ]);
sql(<<'SQL');
CREATE ROLE seller LOGIN;
CREATE ROLE other LOGIN;
CREATE SCHEMA shop;
GRANT ALL ON SCHEMA shop TO seller;
GRANT USAGE ON SCHEMA shop TO other;
CREATE TABLE shop.orders (id int PRIMARY KEY, amount int);
ALTER TABLE shop.orders OWNER TO seller;
GRANT SELECT ON shop.orders TO other;
CREATE TABLE shop.parted (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
CREATE TABLE shop.parted_1 PARTITION OF shop.parted DEFAULT;
INSERT INTO shop.orders SELECT i, i FROM generate_series(1, 500) i;
INSERT INTO shop.parted SELECT i, 'v' FROM generate_series(1, 500) i;
SQL
sql('SELECT count(*) FROM poc_wait_ready()');
sql('SELECT count(*) FROM poc_backup()');
sql(q{SELECT count(*) FROM poc_mark('good', '{shop.orders}')});
my $then = sql('SELECT clock_timestamp()');
sql('SELECT poc_note_relations()');
sql('UPDATE shop.orders SET amount = 0 WHERE id <= 3');
my $update = sql(q{SELECT commit_lsn FROM poc_find_changes('shop.orders', kinds => '{update}') LIMIT 1});
sql('DELETE FROM shop.orders WHERE id > 300; INSERT INTO shop.orders VALUES (1000, 1)');

# ---- each moment that poc_rescue() takes
is(sql(q{SELECT kind, count(*) FROM poc_diff('shop.orders') GROUP BY kind ORDER BY kind}), "extra|1\nmissing|200", 'without a moment: just before the mass delete');
nothing_left('no moment');
is(sql(qq{SELECT kind, count(*) FROM poc_diff('shop.orders', before => '$update') GROUP BY kind ORDER BY kind}), "changed|3\nextra|1\nmissing|200", 'before a commit');
is(sql(q{SELECT kind, key, there, here, columns FROM poc_diff('shop.orders', mark => 'good', max_rows => 1)}), 'changed|{"id": 1}|{"id": 1, "amount": 1}|{"id": 1, "amount": 0}|{amount}', 'a mark');
is(sql(qq{SELECT count(*) FROM poc_diff('shop.orders', as_of => '$then', max_rows => NULL, server => 'postgres1')}), 204, 'a time');
is(sql(q{SELECT count(*) FROM poc_diff('shop.parted', mark => 'good')}), 0, 'equal, and partitioned');
nothing_left('each');

# ---- merge
is(sql(q{SELECT done, count(*) FROM poc_merge('shop.orders', mark => 'good', kinds => '{missing,changed}') GROUP BY done ORDER BY done}), "would be inserted|200\nwould be updated|3", 'merge: what would be done');
is(sql(q{SELECT count(*) FROM shop.orders}), 301, 'merge: is not done');
is(sql(q{SELECT done, count(*) FROM poc_merge('shop.orders', mark => 'good', kinds => '{missing,changed}', dry_run => false) GROUP BY done ORDER BY done}), "inserted|200\nupdated|3", 'merge: it is done');
is(sql(q{SELECT count(*), count(*) FILTER (WHERE amount = id) FROM shop.orders}), '501|500', 'merge: the rows are back');
nothing_left('merge');

# ---- refused, and rights
my @error = error_of($node, q{SELECT * FROM poc_diff('shop.orders', 'shop.parted', mark => 'good')});
is("$error[0] $error[1]", '22023 either a table is compared with, or a moment', 'a table and a moment');
@error = error_of($node, q{SELECT * FROM poc_merge('shop.orders', 'shop.parted', before => '0/1')});
is($error[0], '22023', 'merge: a table and a moment');
@error = error_of($node, q{SELECT * FROM poc_diff(NULL, mark => 'good')});
is($error[0], '22023', 'no table');
@error = error_of($node, q{SELECT * FROM poc_diff('shop.orders', mark => 'never')});
is($error[0], '42704', 'no such mark');
nothing_left('refused');
sql('GRANT EXECUTE ON FUNCTION error_of(text) TO PUBLIC');
@error = error_of($node, q{SELECT * FROM poc_diff('shop.orders', mark => 'good')}, 'SET ROLE other');
is($error[0], '42501', 'who may not create a schema');
sql('GRANT CREATE ON DATABASE postgres TO other, seller');
@error = error_of($node, q{SELECT * FROM poc_diff('shop.orders', mark => 'good')}, 'SET ROLE other');
is("$error[0] $error[1]", '42501 permission denied for function poc_rescue', 'who may not rescue');
sql('GRANT EXECUTE ON FUNCTION poc_rescue TO other, seller');
@error = error_of($node, q{SELECT * FROM poc_diff('shop.orders', mark => 'good')}, 'SET ROLE other');
is("$error[0] $error[1]", '42501 permission denied to make a table of role seller', 'who is not its owner');
is(sql(q{SET ROLE seller; SELECT kind, count(*) FROM poc_diff('shop.orders', mark => 'good') GROUP BY kind}), 'extra|1', 'its owner may');
sql('CREATE SCHEMA AUTHORIZATION other; CREATE TABLE other.t (id int)');
@error = error_of($node, q{SELECT _poc.drop_compared('other.t')}, 'SET ROLE other');
is(sql(q{SELECT to_regclass('other.t') IS NOT NULL}), 't', 'nothing else can be dropped by the way');
nothing_left('all');

$live->stop;
done_testing();
