# Servers that Barman leaves alone, or copies from another Barman, beside one
# that is well; and the names that Barman takes.

use strict;
use warnings;
use utf8;

use FindBin;
use lib "$FindBin::RealBin/lib";

use Encode qw(encode);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use LiveBarman;
use PocTest;

my $live = LiveBarman->new('well', conf => "poc_barman.timeout = '300s'\n");
$live->configure;
my ($home, $node) = @$live{qw(home node)};
make_error_of($node);

my $config = slurp_file("$home/barman/barman.d/postgres1.conf");
sub beside
{
	my ($file, $name, $slot, $lines) = @_;
	my $text = $config;
	$text =~ s/^\[postgres1\]/[$name]/m;
	$text =~ s/^slot_name\s*=.*/slot_name = $slot/m;
	return $live->write("barman/barman.d/$file.conf", encode('UTF-8', "$text$lines\n"));
}
my $foreign = 'sérvër ü';
beside('passive', 'copies', 'slot_copies', 'primary_ssh_command = false');
beside('inactive', 'asleep', 'slot_asleep', 'active = false');
beside('blank', 'a b', 'slot_blank', '');
beside('foreign', $foreign, 'slot_foreign', '');
$foreign = encode('UTF-8', $foreign);

sub value { return $node->safe_psql('postgres', "SET client_min_messages = error; $_[0]"); }

mkdir("$home/instances");
$live->start(cron_interval => 300, options => [ '--instance-root', "$home/instances", '--pg-bindir', $node->config_data('--bindir') =~ s/\s+$//r ]);
is(value(q{SELECT string_agg(server || ' ' || state, ',' ORDER BY server COLLATE "C") FROM poc_servers()}),
	"a b active,asleep inactive,copies passive,postgres1 active,$foreign active", 'the servers and what they are');

# the passive server's Barman is away: cron fails, and this server is ready all the same
is(value("SELECT bool_and(ok) FROM poc_wait_ready() WHERE check_name = 'postgresql'"), 't', "another server's trouble is not this one's");
is(value('SELECT status FROM poc_backup()'), 'DONE', 'and a backup is taken');
is(value("SELECT count(*) FROM poc_backups() WHERE server = 'postgres1'"), '1', 'and listed with those of all servers');

# each has an answer of its own
for my $call ("poc_backup('copies')", "poc_switch_wal('copies')", "poc_wait_ready('copies')")
{
	my @error = error_of($node, "SELECT * FROM $call");
	is("$error[0] $error[1]", '55000 server "copies" is passive', "passive: $call");
	like($error[3], qr/primary_ssh_command/, 'and where it can be done');
}
for my $call ("poc_backup('asleep')", "poc_check('asleep')", "poc_backups('asleep')", "poc_restore('one', server => 'asleep')", "poc_switch_wal('asleep')")
{
	my @error = error_of($node, "SELECT * FROM $call");
	is("$error[0] $error[1]", '55000 server "asleep" is inactive', "inactive: $call");
}

# the names that Barman takes work everywhere
for my $name ('a b', $foreign)
{
	is(value("SELECT bool_and(ok) FROM poc_wait_ready('$name') WHERE check_name = 'postgresql'"), 't', "$name: ready");
	is(value("SELECT status FROM poc_backup('$name')"), 'DONE', "$name: a backup");
	is(value("SELECT count(*) FROM poc_backups('$name') WHERE server = '$name'"), '1', "$name: listed");
	is(value("SELECT status FROM poc_verify_backup('latest', '$name')"), 'valid', "$name: verified");
	is(value("SELECT count(*) > 0 FROM poc_files('base', '$name')"), 't', "$name: its files");
}
# a server that was just added is there at once
beside('late', 'late', 'slot_late', '');
is(value("SELECT state FROM poc_servers() WHERE server = 'late'"), 'active', 'a server that was just added');
my @error = error_of($node, "SELECT * FROM poc_check('a/b')");
like($error[1], qr/cannot be a server/, 'what cannot be a name is refused');

done_testing();
