# A name is not a place: a mark's name means the mark, whatever else bears it.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use LiveBarman;
use PocTest;

my $live = LiveBarman->new('names', conf => "poc_barman.timeout = '300s'\n");
$live->configure;
my ($home, $node) = @$live{qw(home node)};
my $bindir = $node->config_data('--bindir');
$bindir =~ s/\s+$//;
make_error_of($node);

sub value { return $node->safe_psql('postgres', "SET client_min_messages = error; $_[0]"); }

# The rows of a restore to a name, and what was said of it
sub restored
{
	my ($arguments, $database) = @_;
	return $live->restored($node, $arguments, 'recovered_lsn', "SELECT string_agg(n::text, ' ' ORDER BY n) FROM t", $database);
}

$live->start(cron_interval => 300, options => [ '--instance-root', "$home/instances", '--pg-bindir', $bindir ]);
value('CREATE TABLE t (n int)');
value('SELECT count(*) FROM poc_wait_ready()');
value('INSERT INTO t VALUES (0)');
my $first = value('SELECT backup_id FROM poc_backup()');

# set, forgotten as the hint says, and set again
value('INSERT INTO t VALUES (1)');
value("SELECT lsn FROM poc_mark('upgrade', '{t}')");
value('INSERT INTO t VALUES (2)');
value("DELETE FROM poc_marks WHERE name = 'upgrade'");
my $lsn = value("SELECT lsn FROM poc_mark('upgrade', '{t}')");
value('INSERT INTO t VALUES (3)');
my ($rows, $where, $said) = restored("target_name => 'upgrade'");
is($rows, '0 1 2', 'a mark that was set again: its rows');
is($where, $lsn, 'and its position');
unlike($said, qr/stops at the first/, 'nothing to warn of');

# the backup is chosen by the mark
value('SELECT backup_id FROM poc_backup()');
($rows, $where) = restored("target_name => 'upgrade'");
is("$rows at $where", "0 1 2 at $lsn", 'a mark before the newest backup: an older one is taken');
is(value("SELECT bool_and(ok) FROM poc_restore_drill('upgrade')"), 't', 'the drill says the same');

# the same name in another database is another mark
$node->safe_psql('postgres', 'CREATE DATABASE other');
$node->safe_psql('other', 'CREATE EXTENSION poc_barman; CREATE TABLE here (n int)');
my $other = $node->safe_psql('other', "SET client_min_messages = error; SELECT lsn FROM poc_mark('upgrade')");
value('INSERT INTO t VALUES (4)');
($rows, $where) = restored("target_name => 'upgrade'", 'other');
is("$rows at $where", "0 1 2 3 at $other", "another database's mark of the same name");

# no mark: PostgreSQL's first, and it is said
value("SELECT pg_create_restore_point('point')");
value('INSERT INTO t VALUES (5)');
($rows, undef, $said) = restored("target_name => 'point'");
is($rows, '0 1 2 3 4', 'a restore point that is no mark');
like($said, qr/no mark "point" is known.*stops at the first.*of 1 in the WAL/, 'which is told, with their number');
value("SELECT pg_create_restore_point('point')");
value('INSERT INTO t VALUES (6)');
($rows, undef, $said) = restored("target_name => 'point'");
is($rows, '0 1 2 3 4', 'two of them: the first');
like($said, qr/WARNING:.*no mark "point" is known.*stops at the first.*of 2 in the WAL/, 'which is warned of');

done_testing();
