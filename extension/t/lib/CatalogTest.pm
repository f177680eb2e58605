# CatalogTest.pm: everything that a database holds, as text, and what differs between two of them.
#
# pg_dump describes it, in the mode in which pg_upgrade uses it: only there it tells of the members of an extension,
# each with its definition, owner, comment and privileges (those that the extension gave it as well).

package CatalogTest;

use strict;
use warnings;

use Exporter 'import';
use IPC::Run;
use Test::More;

our @EXPORT = qw(catalog_of catalog_differences same_catalog);

# A hash: what an entry of pg_dump is of, and its text.
sub catalog_of
{
	my ($node, $database) = @_;
	my ($dump, $errors);

	IPC::Run::run([ $node->installed_command('pg_dump'), '--schema-only', '--binary-upgrade', '-d', $node->connstr($database) ],
		'>', \$dump, '2>', \$errors) or die "pg_dump: $errors";

	# what is another in each database, for identical definitions: OIDs, and the age of tables
	$dump =~ s/^-- For binary upgrade, .*\n//mg;
	$dump =~ s/^SELECT pg_catalog\.binary_upgrade_set_next_.*\n//mg;
	$dump =~ s/^UPDATE pg_catalog\.pg_class\nSET relfrozenxid = .*\nWHERE .*\n//mg;
	# of the program itself
	$dump =~ s/^\\(un)?restrict .*\n//mg;
	$dump =~ s/^--\n-- PostgreSQL database dump complete\n--\n//m;

	my (undef, @entries) = split(/^--\n-- Name: (.*)\n--\n/m, $dump);
	my %catalog;
	while (my ($name, $text) = splice(@entries, 0, 2))
	{
		$text =~ s/^\n+|\n+$//g;
		$catalog{$name} .= "$text\n";
	}
	# the tables whose rows are dumped are OIDs there
	$catalog{$_} =~ s/^SELECT pg_catalog\.binary_upgrade_create_empty_extension\(.*?\);\n//ms
	  for grep { / Type: EXTENSION;/ } keys %catalog;
	$catalog{"extension $_->[0]"} = join("\n", @$_) . "\n" for rows($node, $database, <<'SQL');
SELECT extname, extversion, extnamespace::regnamespace, extowner::regrole, extrelocatable,
	ARRAY(SELECT c.oid::regclass || ': ' || c.condition FROM unnest(extconfig, extcondition) AS c(oid, condition) ORDER BY 1)
FROM pg_extension
SQL
	$catalog{"member $_->[0]"} = "$_->[1]\n" for rows($node, $database, <<'SQL');
SELECT pg_describe_object(d.classid, d.objid, d.objsubid), e.extname
FROM pg_depend AS d JOIN pg_extension AS e ON e.oid = d.refobjid
WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
	-- array types, and the row types of tables, are members since PostgreSQL 17; they come and go with what they are of
	AND NOT EXISTS (SELECT FROM pg_type AS t LEFT JOIN pg_class AS c ON c.oid = t.typrelid
		WHERE d.classid = 'pg_type'::regclass AND t.oid = d.objid AND (t.typcategory = 'A' OR c.relkind <> 'c'))
SQL
	return \%catalog;
}

sub rows
{
	my ($node, $database, $query) = @_;

	return map { [ split(/\x01/) ] } split(/\n/, $node->safe_psql($database, $query, extra_params => [ '-F', "\x01" ]));
}

# A line for each entry that one of them has alone, or that is not the same in both; the text of both as its second.
sub catalog_differences
{
	my ($got, $expected) = @_;
	my @differences;

	foreach my $name (sort keys %{ { %$got, %$expected } })
	{
		my ($is, $should) = ($got->{$name}, $expected->{$name});

		push @differences,
			!defined $should ? [ "superfluous: $name", $is ]
		  : !defined $is ? [ "missing: $name", $should ]
		  : $is ne $should ? [ "different: $name", "is\n${is}should be\n$should" ] : ();
	}
	return @differences;
}

sub same_catalog
{
	my ($got, $expected, $name) = @_;
	my @differences = catalog_differences($got, $expected);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	ok(@differences == 0, $name) or diag(map { "$_->[0]\n$_->[1]\n" } @differences);
	return;
}

1;
