# The server of a drill reaches nobody, whatever production has set up to call others.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use IO::Socket::INET;
use IO::Socket::UNIX;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use DrillTest;
use PocTest;

# Whoever is called here was reached.
my $files = PostgreSQL::Test::Utils::tempdir_short();
my %traps = (
	tcp => IO::Socket::INET->new(Listen => 50, LocalAddr => '127.0.0.1', Blocking => 0),
	publisher => IO::Socket::INET->new(Listen => 50, LocalAddr => '127.0.0.1', Blocking => 0),
	trigger => IO::Socket::INET->new(Listen => 50, LocalAddr => '127.0.0.1', Blocking => 0),
	file => IO::Socket::UNIX->new(Listen => 50, Local => "$files/.s.PGSQL.5432"));
$traps{file}->blocking(0);
my %port = map { $_ => $traps{$_}->sockport } qw(tcp publisher trigger);

# How often, since the last time
sub calls
{
	my ($name) = @_;
	my $count = 0;

	$count++ while $traps{$name}->accept;
	return $count;
}

my $live = drill_stack('isolation', conf => "max_logical_replication_workers = 0\n", sql => <<"SQL");
CREATE EXTENSION dblink;
CREATE EXTENSION postgres_fdw;
CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw
	OPTIONS (host '127.0.0.1', port '$port{tcp}', connect_timeout '2');
CREATE USER MAPPING FOR PUBLIC SERVER far OPTIONS (user 'x', password 'y');
CREATE FOREIGN TABLE distant (a int) SERVER far;
SET client_min_messages = error;
CREATE SUBSCRIPTION s CONNECTION 'host=127.0.0.1 port=$port{publisher} dbname=postgres connect_timeout=2'
	PUBLICATION p WITH (connect = false);
ALTER SUBSCRIPTION s ENABLE;
CREATE FUNCTION call_home() RETURNS event_trigger LANGUAGE plpgsql AS \$\$
BEGIN
	PERFORM dblink_connect('host=127.0.0.1 port=$port{trigger} user=x password=y dbname=x connect_timeout=2');
END \$\$;
CREATE EVENT TRIGGER home ON ddl_command_start EXECUTE FUNCTION call_home();
SQL
my $node = $live->{node};
$node->safe_psql('postgres', "SELECT tables FROM poc_mark('mark')");

my %assertions = (
	tcp => [
		"SELECT count(*) = 0 FROM public.distant",
		"SELECT public.dblink_connect(''host=127.0.0.1 port=$port{tcp} user=x password=y dbname=x connect_timeout=2'') = ''OK''" ],
	file => [ "SELECT public.dblink_connect(''host=$files user=x password=y dbname=x connect_timeout=2'') = ''OK''" ]);
my $asserts = "'mark', asserts => ARRAY[" . join(', ', map { "'$_'" } map { @$_ } @assertions{qw(tcp file)}) . ']';

# ---- nobody is reached ----
my $steps = steps($live, $asserts);
note($steps);
like($steps, qr/^isolation\|t\|the kernel refuses every outgoing connection/m, 'a step tells that the kernel holds it');
is(scalar(() = $steps =~ /^assert\|f\|.*dblink_connect.*SQLSTATE 08001/mg), 2, 'dblink over TCP and by a socket file fail');
like($steps, qr/^assert\|f\|.*distant: SQLSTATE/m, 'as does a foreign table, whose password is not even there');
is(calls($_), 0, "nobody was called: $_") for sort keys %traps;
like($steps, qr/^amcheck\|t\|/m, 'what event triggers would do does not hinder');
is(failures($live, 'without assertions'), 'none', 'without such assertions it passes');

# ---- one that is kept listens, and reaches nobody either ----
steps($live, "'mark', asserts => '{SELECT false}', keep => true");
my ($instance) = map { m{/(drill_\w+)$} } glob("$live->{instances}/drill_*");
my $port = $node->safe_psql('postgres', "SELECT port FROM poc_instances() WHERE instance = '$instance'");
my ($out, $err) = ('', '');
my @psql = ('psql', '-XAtq', '-h', "$live->{instances}/$instance/socket", '-p', $port, '-d', 'postgres');
IPC::Run::run([ @psql, '-c', 'SELECT count(*) FROM t' ], '>', \$out, '2>', \$err);
is($out, "1000\n", 'the kept server answers');
ok(IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port), 'over TCP too');
IPC::Run::run([ @psql, '-c', "COPY t TO PROGRAM 'bash -c \"cat > /dev/tcp/127.0.0.1/$port{tcp}\"'" ], '>', \$out, '2>', \$err);
like($err, qr/failed/, 'no program of it gets out');
is(calls('tcp'), 0, 'nobody was called');
$node->safe_psql('postgres', "SELECT state FROM poc_drop_instance('$instance')");

# ---- and the traps are good: with the host's network the same calls get through ----
$live->stop;
start_drills($live, '--drill-network', 'host');
# who is connected waits for an answer, on some versions without end: so they are sent away meanwhile
my $drill = begin_drill($live, $asserts);
my %reached;
ok(wait_until(sub {
	$drill->{run}->pump_nb;
	$reached{$_} += calls($_) for keys %traps;
	!$drill->{run}->pumpable;
}, 180), 'the drill ends');
$drill->{run}->finish;
like($drill->{out}, qr/^isolation\|t\|.*--drill-network=host/m, 'a step tells that it is not held');
cmp_ok($reached{$_}, '>', 0, "reached: $_") for qw(tcp file);
is($reached{publisher}, 0, 'a subscription does not run even then');
is($reached{trigger}, 0, 'nor an event trigger');
$live->stop;
$node->append_conf('postgresql.conf', "max_logical_replication_workers = 4\n");
$node->restart;
my $called = 0;
ok(wait_until(sub { $called += calls('publisher') }), 'production itself calls the publisher');
$node->psql('postgres', "SET statement_timeout = '3s'; CREATE TABLE x ()", stderr => \$err);
cmp_ok(calls('trigger'), '>', 0, 'and its event trigger calls home');

done_testing();
