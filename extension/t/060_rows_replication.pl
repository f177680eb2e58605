# What poc_generate_rows() writes reaches a physical standby and a logical subscriber, whole and sound.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use RowsTest;

my $tables = <<'SQL';
CREATE TABLE varied (id serial PRIMARY KEY, k uuid UNIQUE, words text, tags text[], doc jsonb, at timestamptz, n numeric(12,2), r int4range, big text);
CREATE INDEX ON varied USING gin (tags);
CREATE INDEX ON varied USING gist (r);
CREATE INDEX ON varied USING hash (words);
CREATE TABLE parts (id bigserial, at date, words text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
CREATE TABLE child (id serial PRIMARY KEY, parent int NOT NULL REFERENCES varied);
CREATE TABLE dummy (id serial PRIMARY KEY, text varchar);
CREATE TABLE narrow (id smallserial PRIMARY KEY);
CREATE TABLE tall (id bigserial, words text, PRIMARY KEY (id) WITH (fillfactor = 10));
SQL
my @tables = qw(varied parts child dummy narrow tall);

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 'logical');
$primary->append_conf('postgresql.conf', "autovacuum = off\nlogical_decoding_work_mem = 64kB\n");
$primary->start;
$primary->safe_psql('postgres', "CREATE EXTENSION poc_barman; CREATE EXTENSION amcheck; $tables");
$primary->backup('base');

my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;

my $subscriber = PostgreSQL::Test::Cluster->new('subscriber');
$subscriber->init;
$subscriber->start;
$subscriber->safe_psql('postgres', "CREATE EXTENSION poc_barman; $tables");
$primary->safe_psql('postgres', 'CREATE PUBLICATION p FOR ALL TABLES');
$subscriber->safe_psql('postgres',
	"CREATE SUBSCRIPTION s CONNECTION '" . $primary->connstr . " dbname=postgres' PUBLICATION p");
$subscriber->wait_for_subscription_sync if $subscriber->can('wait_for_subscription_sync');

# into empty tables, where the indexes are built after the load; then into filled ones, row by row
for my $round (1, 2)
{
	$primary->safe_psql('postgres', <<"SQL");
SELECT poc_generate_rows(5000, 'varied', $round, '{"columns": {"big": {"length": {"min": 1, "max": 6000}}}}');
SELECT poc_generate_rows(5000, 'parts', $round);
SELECT poc_generate_rows(5000, 'child', $round);
SELECT poc_generate_rows(20000, seed => $round);
SELECT poc_generate_rows(3000, 'narrow', $round);
SELECT poc_generate_rows(20000, 'tall', $round);
SQL
	$primary->wait_for_catchup($standby);
	ok(check_indexes($primary), "heaps and indexes of the primary are sound after round $round");
	ok(check_indexes($standby), "heaps and indexes of the standby are sound after round $round");
	ok(check_btrees($primary), "and each level of their trees agrees with the next after round $round");
}
$primary->safe_psql('postgres', "CALL poc_fill(rows => 5000)");

$primary->wait_for_catchup($standby);
$primary->wait_for_catchup('s');
for my $table (@tables)
{
	my $expected = fingerprint($primary, $table);

	is(fingerprint($standby, $table), $expected, "$table is the same on the standby");
	is(fingerprint($subscriber, $table), $expected, "$table is the same on the subscriber");
}
ok(check_indexes($primary), 'heaps and indexes of the primary are sound');
ok(check_indexes($standby), 'heaps and indexes of the standby are sound');

my ($rc, $out, $err) = $standby->psql('postgres', 'SELECT poc_generate_rows(1)');
like($err, qr/cannot execute .* during recovery|in a read-only transaction/, 'a standby is not written to');

$standby->promote;
is($standby->safe_psql('postgres', 'SELECT poc_generate_rows(1000)'), '1000', 'once promoted, it is');
ok(check_indexes($standby), 'and its heaps and indexes are sound');
ok(check_btrees($standby), 'and each level of their trees agrees with the next');

done_testing();
