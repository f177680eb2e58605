# In a version of PostgreSQL whose nbtree is not known, no page is written by hand: PostgreSQL builds every index.

use strict;
use warnings;

use Cwd qw(realpath);
use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use StopsAlone;

# the extension once more, as such a version would compile it; what does not know of btrees is taken as it is
my $build = tempdir('poc_XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $root = realpath("$FindBin::RealBin/../..");
system_or_bail('cp', '-r', '-p', "$root/Makefile", "$root/extension", $build);
system_or_bail('sh', '-c', "find '$build' -name '*.o' -exec grep -lE 'rows_(write_btree|collect_entries)' {} + | xargs rm -f; rm -f '$build'/*.so");
system_or_bail('make', '-s', '-C', $build, 'with_llvm=no', 'COPT=-DPOC_UNKNOWN_MAJOR', 'poc_barman.so',
	$ENV{PG_CONFIG} ? "PG_CONFIG=$ENV{PG_CONFIG}" : ());

my $node = PostgreSQL::Test::Cluster->new('unknown');
$node->init;
$node->start;
$node->safe_psql('postgres', <<"SQL");
CREATE EXTENSION poc_barman;
CREATE EXTENSION amcheck;
UPDATE pg_proc SET probin = '$build/poc_barman.so' WHERE probin = '\$libdir/poc_barman';
CREATE TABLE keyed (id serial PRIMARY KEY, words char(20));
SQL

for my $indexes (qw(auto after reindex))
{
	my ($rc, $out, $err) = $node->psql('postgres', <<"SQL");
SET client_min_messages = debug1;
TRUNCATE keyed RESTART IDENTITY;
SELECT poc_generate_rows(5000, 'keyed', options => '{"indexes": "$indexes"}');
SELECT count(*) FROM keyed;
SELECT bt_index_parent_check('keyed_pkey', true, true);
SQL
	is($rc, 0, "$indexes: rows are made") or diag($err);
	is($out, "5000\n5000\n", "$indexes: all of them, and their key is sound");
	# once by TRUNCATE
	is(scalar(() = $err =~ /building index "keyed_pkey" on table "keyed" serially/g), 2, "$indexes: PostgreSQL builds the key");
	unlike($err, qr/from the rows that were loaded/, "$indexes: nobody else does");
}

done_testing();
