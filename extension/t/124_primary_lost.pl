# The primary is destroyed: from another server its backups are listed, searched, restored, drilled to a mark, and tables rescued.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use File::Path qw(rmtree);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use LiveBarman;
use PocTest;

my $live = LiveBarman->new('primary_lost', conf => "poc_barman.timeout = '300s'\nautovacuum = off\n");
my ($home, $node) = @$live{qw(home node)};

sub sql { return $node->safe_psql('postgres', "SET client_min_messages = error; $_[0]"); }

my $bindir = $node->config_data('--bindir') =~ s/\s+$//r;
my @sidecar = (cron_interval => 300, options => [ '--instance-root', "$home/instances", '--pg-bindir', $bindir ]);

# ---- a mark that is set while the sidecar is away is kept later
my ($result, $out, $said) = $node->psql('postgres', q{CREATE TABLE early (id int); SELECT name FROM poc_mark('early', '{early}')});
is($out, 'early', 'a mark needs no sidecar') or diag($said);
like($said, qr/NOTICE:  mark "early" is kept in this database alone/, 'and a notice tells that it is not kept elsewhere');
$live->start(@sidecar);
is(sql('SELECT poc_keep_marks()'), 1, 'it is sent later');
is(sql('SELECT poc_keep_marks()'), 0, 'once');
is(sql(q{SELECT name, tables, rows, database, lsn = (SELECT m.lsn FROM poc_marks AS m) FROM poc_kept_marks()}), 'early|1|0|postgres|t', 'as it is');

# ---- a story that ends badly
sql(<<'SQL');
CREATE SCHEMA shop;
CREATE TABLE shop.orders (id int PRIMARY KEY, note text);
CREATE TABLE shop.stock (id serial PRIMARY KEY, n int);
INSERT INTO shop.orders SELECT i, 'order ' || i FROM generate_series(1, 1000) i;
INSERT INTO shop.stock (n) SELECT generate_series(1, 300);
SQL
sql('SELECT count(*) FROM poc_wait_ready()');
sql('SELECT count(*) FROM poc_backup()');
my $orders = sql(q{SELECT hash FROM poc_fingerprint('shop.orders')});
($result, $out, $said) = $node->psql('postgres', q{SELECT name FROM poc_mark('full', '{shop.orders,shop.stock}')});
is($said, '', 'a mark is kept without a word');
sql(q{INSERT INTO shop.stock (n) SELECT 7 FROM generate_series(1, 50)});
# the same name again, once it was forgotten here
sql(q{DELETE FROM poc_marks WHERE name = 'early'});
sql(q{SELECT count(*) FROM poc_mark('early', '{early}')});
my ($lsn_of_early, $full) = map { sql("SELECT lsn FROM poc_marks WHERE name = '$_'") } qw(early full);
is(sql(q{SELECT count(*) FROM poc_kept_marks() WHERE name = 'early'}), 2, 'a mark that was forgotten here is not forgotten there');
sql('DROP TABLE shop.orders');
sql('SELECT count(*) FROM poc_switch_wal()');
my $cluster = sql('SELECT system_identifier FROM pg_control_system()');

$node->stop('immediate');
rmtree($node->data_dir);
ok(!-e $node->data_dir, 'the directory of the primary is gone');
# nor has the sidecar anything in memory
$live->stop;
$live->start(@sidecar);

# ---- from another server, which has the extension and reaches the sidecar
my $other = $live->spare('other', conf => "autovacuum = off\nwal_level = replica\n");
sub from_other { return $other->safe_psql('postgres', "SET client_min_messages = error; $_[0]"); }
sub steps_of { my ($call) = @_; my ($failed, $rows, $err) = $other->psql('postgres', "SELECT step || ': ' || ok || ': ' || coalesce(detail, '') FROM $call"); return $failed ? $err : $rows; }
make_error_of($other);

is(from_other('SELECT server FROM poc_servers()'), 'postgres1', 'it lists the servers');
is(from_other('SELECT status FROM poc_backups()'), 'DONE', 'and their backups');
isnt(from_other('SELECT count(*) FROM poc_check() WHERE NOT ok'), 0, 'it checks: PostgreSQL is missing');
is(from_other(q{SELECT string_agg(name, ',' ORDER BY at) FROM poc_kept_marks()}), 'early,full,early', 'it lists the marks');
is(from_other(q{SELECT system_identifier, lsn FROM poc_kept_marks() WHERE name = 'full'}), "$cluster|$full", 'each with its cluster and position');
my ($drops, $commit) = split(/\|/, from_other(q{SELECT count(DISTINCT commit_lsn), max(commit_lsn) FROM poc_find_changes(kinds => '{drop}') WHERE commit_lsn > '} . $full . q{'}));
is($drops, 1, 'it finds the change');
is(from_other(qq{SELECT state FROM poc_restore('copy', target_lsn => '$commit', exclusive => true)}), 'running', 'it restores');
is($live->ask_instance('copy', 'SELECT count(*) FROM shop.orders'), 1000, 'to just before that');
from_other(q{SELECT poc_drop_instance('copy')});

my $steps = steps_of(q{poc_restore_drill('full', asserts => '{SELECT count(*) = 300 FROM shop.stock}')});
like($steps, qr/^compare: true: 2 table/m, 'a drill to a mark of the lost database') or diag($steps);
like($steps, qr/^assert: true:/m, 'at that moment');
is(from_other(q{SELECT ok, mark, tables, rows, system_identifier FROM poc_drills}), "t|full|2|1300|$cluster", 'its receipt is here');
my @error = error_of($other, q{SELECT * FROM poc_restore_drill('early')});
like("@error", qr/^42P08 the sidecar keeps 2 marks "early" of this database/, 'of two of one name none is guessed');
like("@error", qr/early\@\Q$lsn_of_early\E, set .*; early\@/, 'but told');
$steps = steps_of(qq{poc_restore_drill('early\@$lsn_of_early')});
like($steps, qr/^compare: true: 1 table/m, 'one is meant by its position') or diag($steps);
is(from_other(q{SELECT ok FROM poc_drills WHERE mark = 'early'}), 't', 'and proven');

$steps = steps_of(qq{poc_rescue('shop.orders', before => '$commit')});
like($steps, qr/^compare: true: 1000 rows, the same fingerprint/m, 'it rescues a table, from just before it was dropped') or diag($steps);
is(from_other(q{SELECT hash FROM poc_fingerprint('rescued.orders')}), $orders, 'as it was');
$steps = steps_of(q{poc_rescue_tables('{shop.*}', mark => 'full', to_schema => 'shop')});
is(from_other(q{SELECT (SELECT count(*) FROM shop.orders) || ' ' || (SELECT count(*) FROM shop.stock)}), '1000 300', 'and a schema, from a mark') or diag($steps);
is(from_other(q{SELECT string_agg(relation || ' ' || rows, ',' ORDER BY relation, rows) FROM poc_rescues}), 'shop.orders 1000,shop.orders 1000,shop.stock 300', 'with receipts here');

# ---- refused
@error = error_of($other, q{SELECT * FROM poc_restore_drill('never')});
is("$error[0] $error[1]", '42704 there is no mark "never"', 'a mark that nobody knows');
$other->safe_psql('postgres', 'CREATE DATABASE shop');
$other->safe_psql('shop', 'CREATE EXTENSION poc_barman');
($result, $out, $said) = $other->psql('shop', q{SELECT * FROM poc_restore_drill('full')});
like($said, qr/ERROR:  mark "full" is of database "postgres"/, 'a mark of another database');
# a mark of its own of that name is not the one that is meant
$other->safe_psql('postgres', q{CREATE TABLE own (id int)});
from_other(q{SELECT count(*) FROM poc_mark('full', '{own}')});
$steps = steps_of(q{poc_restore_drill('full')});
like($steps, qr/^compare: true: 2 table/m, 'of marks of one name, that of the cluster that Barman backs up') or diag($steps);
is(from_other('SELECT count(*) FROM poc_instances()'), 0, 'nothing is left on the host of Barman');

$live->stop;
done_testing();
