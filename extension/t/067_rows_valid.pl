# After each load of the regression files, every constraint holds for every row, whether it was checked or not: foreign
# keys, CHECKs, NOT NULL, domains and partition bounds are asked again, and what is unique or excludes is indexed anew.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = PostgreSQL::Test::Utils::tempdir();
my $node = PostgreSQL::Test::Cluster->new('valid');

$node->init;
$node->start;

# Runs a file in a database of its own; returns what it printed.
sub output_of
{
	my ($name, $text) = @_;
	my $out;

	$node->safe_psql('postgres', "CREATE DATABASE $name");
	$node->safe_psql($name, slurp_file("$FindBin::RealBin/lib/violations.sql"));
	append_to_file("$dir/$name.sql", $text);
	IPC::Run::run([ 'psql', '-XAtq', '-d', $node->connstr($name), '-f', "$dir/$name.sql" ], '<', \undef, '>', \$out, '2>', "$dir/$name.err");
	$node->safe_psql('postgres', "DROP DATABASE $name");
	return $out;
}

# The file, with a look at all tables after each statement that may have made rows.
sub watched
{
	my ($text) = @_;
	my ($statement, $quoted, $result) = ('', 0, '');

	foreach my $line (split(/^/, $text))
	{
		$statement .= $line;
		$quoted ^= 1 for $line =~ /\$\$/g;
		next if $quoted || $line !~ /;\s*(--.*)?$/ || $line =~ /\\;\s*$/;
		$result .= $statement;
		$result .= "SELECT * FROM valid.violations();\nSELECT 'LOOKED';\n" if $statement =~ /\bpoc_(generate_rows|fill|populate)\(/i;
		$statement = '';
	}
	return $result . $statement;
}

# It finds what it is there to find.
my $found = output_of('wrong', <<'SQL');
CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE heir () INHERITS (parent);
CREATE TABLE child (id int NOT NULL, of int CONSTRAINT refers REFERENCES parent, n int, UNIQUE (id), EXCLUDE USING btree (of WITH =));
INSERT INTO heir VALUES (1);
INSERT INTO child VALUES (1, NULL, 5);
SELECT * FROM valid.violations();
SET session_replication_role = replica;
INSERT INTO child VALUES (2, 1, 5);
UPDATE pg_attribute SET attnotnull = false WHERE attrelid = 'child'::regclass;
UPDATE pg_index SET indisready = false, indislive = false WHERE indrelid = 'child'::regclass;
INSERT INTO child VALUES (NULL, NULL, 5), (3, NULL, 6), (3, NULL, 6), (4, 7, 6), (5, 7, 6);
UPDATE pg_attribute SET attnotnull = true WHERE attrelid = 'child'::regclass AND attname = 'id';
UPDATE pg_index SET indisready = true, indislive = true WHERE indrelid = 'child'::regclass;
SELECT * FROM valid.violations();
SQL
like($found, qr/^VIOLATION: refers of child: 3 rows$/m, 'rows of children that inherit are no parents');
like($found, qr/^VIOLATION: id is NOT NULL of child: 1 rows$/m, 'a null');
like($found, qr/^VIOLATION: an index of child: could not create unique index "child_id_key"$/m, 'a value that is there twice');
$found = output_of('domains', <<'SQL');
CREATE DOMAIN small AS int;
CREATE TABLE child (n small, m int);
INSERT INTO child VALUES (11, -1);
ALTER DOMAIN small ADD CONSTRAINT few CHECK (VALUE < 10) NOT VALID;
ALTER TABLE child ADD CONSTRAINT positive CHECK (m > 0) NOT VALID;
SELECT * FROM valid.violations();
SQL
like($found, qr/^VIOLATION: domain of n of child: value for domain small violates check constraint "few"$/m, 'a value that its domain does not take');
like($found, qr/^VIOLATION: positive of child: 1 rows$/m, 'and one that a CHECK rejects');

foreach my $file (sort glob("$FindBin::RealBin/../../sql/rows_*.sql"))
{
	my ($name) = $file =~ /(\w+)\.sql$/;
	my $text = watched(slurp_file($file));
	my $looks = () = $text =~ /^SELECT 'LOOKED';$/mg;
	my $out = output_of($name, $text);
	my @violations = $out =~ /^VIOLATION: .*/mg;
	my $looked = () = $out =~ /^LOOKED$/mg;

	is(join("\n", @violations), '', "$name: all rows obey");
	cmp_ok($looked, '>=', $looks / 2, "$name: they were looked at after its loads");
}

done_testing();
