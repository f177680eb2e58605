# The first statement that anybody types: a backup of a server that Barman has
# just met.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use LiveBarman;
use PocTest;

my $live = LiveBarman->new('new');
my $node = $live->{node};
$live->start(cron_interval => 300);

my ($code, $out, $error) = $node->psql('postgres', 'SELECT status FROM poc_backup()');
is($out, 'DONE', 'the first statement takes a backup') or diag($error);
like($error, qr/NOTICE:  server postgres1 is new to Barman: making it ready/, 'and says what it does first');
($code, $out, $error) = $node->psql('postgres', 'SELECT status FROM poc_backup()');
is($out, 'DONE', 'so does the second');
unlike($error, qr/is new to Barman/, 'which needs nothing first');

done_testing();
