# Compressed backups need a staging directory to restore, and Barman calls them
# corrupt.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use LiveBarman;
use PocTest;

my $tablespace = PostgreSQL::Test::Utils::tempdir();
my $live = LiveBarman->new('compressed');
my ($home, $node) = @$live{qw(home node)};
my $bindir = $node->config_data('--bindir');
$bindir =~ s/\s+$//;
make_error_of($node);

sub value { return $node->safe_psql('postgres', $_[0]); }

sub ask { return $live->ask_instance(@_); }

$live->configure("backup_compression = gzip\ncompression = gzip\n");
$live->start(cron_interval => 300, options => ['--instance-root', "$home/instances", '--pg-bindir', $bindir]);
value("CREATE TABLESPACE elsewhere LOCATION '$tablespace'");
value('CREATE TABLE t TABLESPACE elsewhere AS SELECT n FROM generate_series(1, 10000) AS n');
value('SELECT count(*) FROM poc_wait_ready()');
is(value("SELECT status FROM poc_backup(name => 'packed')"), 'DONE', 'a compressed backup');
is(value("SELECT count(*) FROM poc_files('base') WHERE name ~ '[.]gz\$'") > 0 || glob("$home/barman/postgres1/base/*/data/*.gz") ? 1 : 0,
	1, 'it is compressed');
value('INSERT INTO t VALUES (10001)');
my $lsn = value('SELECT pg_current_wal_insert_lsn()');
value('INSERT INTO t VALUES (10002)');

is(value("SELECT state FROM poc_restore('all')"), 'running', 'restored');
is(ask('all', 'SELECT count(*), max(n) FROM t'), '10002|10002', 'with all there is, in its tablespace');
is(ask('all', "SELECT pg_tablespace_location(oid) LIKE '$home/instances/all/%' FROM pg_tablespace WHERE spcname = 'elsewhere'"), 't',
	'which lies with the instance');
ok(!-e "$home/instances/all/staging", 'nothing is left of the staging directory');
value("SELECT poc_drop_instance('all')");
is(value("SELECT state FROM poc_restore('point', 'packed', target_lsn => '$lsn')"), 'running', 'restored to a position');
is(ask('point', 'SELECT max(n) FROM t'), '10001', 'and not a row more');

my @error = error_of($node, "SELECT status FROM poc_verify_backup('packed')");
if ($node->pg_version >= 18)
{
	is($error[0], '', 'since PostgreSQL 18 it can be verified');
}
else
{
	is($error[0], '55000', 'it cannot be verified: SQLSTATE');
	like($error[2], qr/compressed/, 'it cannot be verified: DETAIL');
}
value("SELECT poc_drop_instance('point')");
done_testing();
