# StopsAlone.pm: a test that cannot go on dies, as any other failure in a file.  PostgreSQL's modules bail out
# instead, which ends all files after it.

package StopsAlone;

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;

{
	no warnings 'redefine';
	*PostgreSQL::Test::Utils::BAIL_OUT = *PostgreSQL::Test::Cluster::BAIL_OUT = sub { die "$_[0]\n" };
}

1;
