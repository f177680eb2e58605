# DoctorTest.pm: asking poc_doctor() and asserting what it finds.

package DoctorTest;

use strict;
use warnings;

use Exporter 'import';
use Test::More;

our @EXPORT = qw(examine is_ill is_well no_row);

# The rows of poc_doctor(), each [area, ok, finding, remedy].
sub examine
{
	my ($node, $argument, $settings) = @_;
	my $rows = $node->safe_psql('postgres',
		($settings // '')
		  . "\nSELECT concat_ws(E'\\x01', area, ok::int, finding, coalesce(remedy, '')) FROM poc_doctor("
		  . (defined $argument ? "'$argument'" : '') . ')');

	return [ map { [ split(/\x01/, $_, 4) ] } split(/\n/, $rows) ];
}

sub found
{
	my ($rows, $area, $finding) = @_;
	return grep { $_->[0] eq $area && $_->[2] =~ $finding } @$rows;
}

# This matter is not well, and this is what to type against it.
sub is_ill
{
	my ($rows, $area, $finding, $remedy, $name) = @_;
	my ($row) = found($rows, $area, $finding);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	ok($row && !$row->[1] && $row->[3] =~ $remedy, "$name: found, with its remedy")
	  or diag("wanted: $area, $finding, $remedy\n", map { join(' | ', @$_) . "\n" } grep { !$_->[1] || $_->[0] eq $area } @$rows);
	return $row && $row->[3];
}

# This matter is well, and is told to be.
sub is_well
{
	my ($rows, $area, $finding, $name) = @_;
	my ($row) = found($rows, $area, $finding);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	ok($row && $row->[1] && $row->[3] eq '', "$name: well")
	  or diag("wanted: $area, $finding\n", map { join(' | ', @$_) . "\n" } grep { !$_->[1] || $_->[0] eq $area } @$rows);
	return;
}

# Nothing is said of this matter.
sub no_row
{
	my ($rows, $area, $finding, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is(scalar(found($rows, $area, $finding)), 0, "$name: not told");
	return;
}

1;
