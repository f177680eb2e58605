# https: the sidecar's certificate is always verified.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use IO::Socket::INET;
use Socket qw(SOL_SOCKET SO_LINGER);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use PocTest;

my $dir = PostgreSQL::Test::Utils::tempdir();

plan skip_all => 'the program openssl is not installed'
  if system('openssl version > /dev/null 2>&1') != 0;

sub make_authority
{
	my ($name) = @_;
	system_or_bail('openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2',
		'-subj', "/CN=$name", '-keyout', "$dir/$name.key", '-out', "$dir/$name.pem");
}

# openssl x509 makes no certificate that has expired, since version 3.4
append_to_file("$dir/ca.conf", <<"CONF");
[ca]
default_ca = ours
[ours]
certificate = $dir/ours.pem
private_key = $dir/ours.key
new_certs_dir = $dir
database = $dir/index
rand_serial = yes
default_md = sha256
policy = policy
[policy]
commonName = supplied
CONF
append_to_file("$dir/index", '');

sub make_certificate
{
	my ($name, $subject, $end) = @_;
	append_to_file("$dir/$name.ext", "subjectAltName = $subject\n");
	system_or_bail('openssl', 'req', '-newkey', 'rsa:2048', '-nodes', '-subj', "/CN=$name",
		'-keyout', "$dir/$name.key", '-out', "$dir/$name.csr");
	system_or_bail('openssl', 'ca', '-batch', '-notext', '-config', "$dir/ca.conf", '-in', "$dir/$name.csr", '-startdate', '20200101000000Z',
		'-enddate', $end, '-extfile', "$dir/$name.ext", '-out', "$dir/$name.pem");
}

make_authority('ours');
make_authority('theirs');
make_certificate('good', 'IP:127.0.0.1', '20991231235959Z');
make_certificate('elsewhere', 'DNS:elsewhere.example', '20991231235959Z');
make_certificate('old', 'IP:127.0.0.1', '20200201000000Z');

# openssl answers a request for a file with the file, headers and all
my $body = '{"servers":[{"server":"pg","description":"d","state":"active"}]}';
mkdir("$dir/v1");
append_to_file("$dir/v1/servers",
	"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\nContent-Length: " . length($body) . "\r\n\r\n$body");

my @runs;
sub serve
{
	my ($name) = @_;
	my $port = PostgreSQL::Test::Cluster::get_free_port();
	my ($in, $out) = ('', '');
	chdir($dir);
	push @runs, IPC::Run::start([ 'openssl', 's_server', '-HTTP', '-quiet', '-accept', "127.0.0.1:$port",
		'-cert', "$dir/$name.pem", '-key', "$dir/$name.key" ], '<', \$in, '>', \$out, '2>&1');
	wait_until(sub { IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port") });
	return "https://127.0.0.1:$port";
}

my $good = serve('good');
my $node = poc_cluster('tls', $good);

sub use_authority
{
	my ($file) = @_;
	$node->safe_psql('postgres', "LOAD 'poc_barman'; ALTER SYSTEM SET poc_barman.ca_file = '$file'");
	$node->reload;
	wait_until(sub { $node->safe_psql('postgres', "LOAD 'poc_barman'; SHOW poc_barman.ca_file") eq $file });
}

my @error = error_of($node, 'SELECT * FROM poc_servers()');
is($error[0], '08001', 'unknown authority: SQLSTATE');
like($error[2], qr/certificate/i, 'unknown authority: DETAIL');
like($error[3], qr/ca_file/, 'unknown authority: HINT');

use_authority("$dir/ours.pem");
is($node->safe_psql('postgres', 'SELECT server FROM poc_servers()'), 'pg', 'our authority: it works');

use_authority("$dir/theirs.pem");
@error = error_of($node, 'SELECT * FROM poc_servers()');
is($error[0], '08001', 'another authority: SQLSTATE');

use_authority("$dir/none.pem");
@error = error_of($node, 'SELECT * FROM poc_servers()');
is($error[0], '08001', 'no such file: SQLSTATE');
like($error[3], qr/ca_file/, 'no such file: HINT');

use_authority("$dir/ours.pem");
use_url($node, serve('elsewhere'));
@error = error_of($node, 'SELECT * FROM poc_servers()');
is($error[0], '08001', 'a certificate for another host: SQLSTATE');

use_url($node, serve('old'));
@error = error_of($node, 'SELECT * FROM poc_servers()');
is($error[0], '08001', 'an expired certificate: SQLSTATE');
like($error[3], qr/Renew the sidecar's certificate/, 'an expired certificate: HINT');

# http and https taken for each other, by a real sidecar
sub sidecar
{
	my (@options) = @_;
	my $port = PostgreSQL::Test::Cluster::get_free_port();
	my $state = PostgreSQL::Test::Utils::tempdir();
	push @runs, IPC::Run::start([ $ENV{POC_SIDECAR}, '--listen', "127.0.0.1:$port", '--state-dir', $state, '--barman', '/bin/false',
			'--cron-interval', '0', @options ], '<', \undef, '>&', "$state/log");
	wait_until(sub { -e "$state/log" && slurp_file("$state/log") =~ /listening/ });
	return "127.0.0.1:$port";
}
use_url($node, 'https://' . sidecar());
@error = error_of($node, 'SELECT * FROM poc_servers()');
is($error[0], '08001', 'https of one that speaks http: SQLSTATE');
like($error[3], qr/plain HTTP (seems to be|is) spoken.* use http:/, 'https of one that speaks http: HINT');
use_url($node, 'http://' . sidecar('--tls-cert', "$dir/good.pem", '--tls-key', "$dir/good.key"));
@error = error_of($node, 'SELECT * FROM poc_servers()');
like($error[0], qr/^08/, 'http of one that speaks https: SQLSTATE');
like($error[3], qr{https://}, 'http of one that speaks https: HINT');

# Whatever reaches the client of such a mistake, first or at all, is a matter of versions and of time: an alert, an end,
# a reset.
sub closes_with
{
	my ($text, $resets) = @_;
	my $listening = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1') or die $!;
	my $port = $listening->sockport;
	my $code = sub {
		# those of the test stop its server
		$SIG{$_} = 'DEFAULT' for qw(INT TERM);
		while (my $client = $listening->accept)
		{
			$client->sysread(my $bytes, 65536);
			$client->syswrite($text);
			# what is left of a request that is closed, or 0 s to linger: the kernel resets
			setsockopt($client, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0)) if $resets;
			$client->close;
		}
	};
	push @runs, IPC::Run::start($code, '<', \undef);
	return "127.0.0.1:$port";
}
my $alert = "\x15\x03\x03\x00\x02\x02\x16";
foreach my $case ([ 'http', 'an alert', $alert, 0 ], [ 'http', 'an end', '', 0 ], [ 'http', 'a reset', '', 1 ],
	[ 'https', 'words', "HTTP/1.1 400 Bad Request\r\n\r\n", 0 ], [ 'https', 'an end', '', 0 ], [ 'https', 'a reset', '', 1 ])
{
	my ($scheme, $name, $text, $resets) = @$case;
	my $other = $scheme eq 'http' ? 'https' : 'http';
	use_url($node, "$scheme://" . closes_with($text, $resets));
	@error = error_of($node, 'SELECT * FROM poc_servers()');
	like($error[0], qr/^08/, "$name to $scheme: SQLSTATE");
	like($error[3], qr{\b$other://}, "$name to $scheme: HINT");
}

# a socket that is not there is no port of localhost
use_url($node, "unix:$dir/none");
@error = error_of($node, 'SELECT * FROM poc_servers()');
is($error[0], '08001', 'no socket: SQLSTATE');
like($error[2], qr/^No such file or directory .*unix:\Q$dir\E\/none/, 'no socket: DETAIL');
unlike($error[2], qr/port/, 'no socket: no port is named');

$_->kill_kill for @runs;
$node->stop;
done_testing();
