# Whatever the sidecar does, the session gets a clear error and goes on.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use FakeSidecar;
use PocTest;

my $tcp = FakeSidecar->new(dir => PostgreSQL::Test::Utils::tempdir_short());
my $unix = FakeSidecar->new(dir => PostgreSQL::Test::Utils::tempdir_short(), unix => 1);

# fault, SQLSTATE, and what the DETAIL must say
my @expected = (
	[ 'good', '', '' ],
	[ 'typed', '', '' ],
	[ 'long', '', '' ],
	[ 'chunked', '', '' ],
	[ 'silent', '08006', 'timed out|timeout' ],
	[ 'slow_headers', '08006', 'timed out' ],
	[ 'slow_drip', '08006', 'timed out' ],
	[ 'close_at_once', '08006', 'Empty reply' ],
	[ 'close_in_headers', '08P01|08006', '.' ],
	[ 'too_short', '08006', 'Transferred a partial file' ],
	[ 'cut', '08P01', 'invalid input syntax for type json' ],
	[ 'garbage', '08P01', 'HTTP/0.9|status line' ],
	[ 'bad_chunks', '08P01|08006', 'chunk' ],
	[ 'long_header', '54000|08006', '.' ],
	[ 'many_headers', '54000', 'headers exceed 64 kB' ],
	[ 'large', '54000', 'max_response_size, which is 1024 kB' ],
	[ 'large_unannounced', '54000', 'max_response_size' ],
	[ 'endless', '54000', 'max_response_size' ],
	[ 'error_500', '58000', 'does not say why' ],
	[ 'error_502', '58000', 'ERROR: disk is on fire' ],
	[ 'error_404', '42704', 'no server of this name' ],
	[ 'error_409', '55006', 'one backup of a server at a time' ],
	[ 'error_413', '54000', 'exceeds' ],
	[ 'error_422', '55000', 'version of Barman' ],
	[ 'error_429', '53400', 'as many requests' ],
	[ 'error_503', '08006', 'being stopped' ],
	[ 'error_504', '08006', 'longer than' ],
	[ 'error_418', '08P01', 'refused' ],
	[ 'error_shape', '22023', 'does not take' ],
	[ 'redirect', '08P01', 'redirection \(HTTP 302\)' ],
	[ 'html', '08P01', 'text/html.*It works' ],
	[ 'untyped', '08P01', 'not "application/json"' ],
	[ 'typed_oddly', '08P01', 'text/\?\[31m\?{5}",' ],
	[ 'coded_oddly', '08P01', 'encoded \("\?\[31m\?{5}"\)' ],
	[ 'gzip', '08P01', 'encoded \("gzip"\)' ],
	[ 'nul', '08P01', 'NUL' ],
	[ 'escaped_nul', '08P01', 'u0000' ],
	[ 'bad_utf8', '08P01', 'UTF-8' ],
	[ 'deep', '08P01', 'nested more than 64 deep' ],
	[ 'not_json', '08P01', 'invalid input syntax for type json' ],
	[ 'empty', '08P01', '.' ],
	[ 'array', '08P01', 'not a JSON object' ],
	[ 'no_list', '08P01', 'no array of the name "backups"' ]);

my $node = poc_cluster('faults', $tcp->url);

for my $server ($tcp, $unix)
{
	my $kind = $server == $tcp ? 'tcp' : 'unix';
	ok(use_url($node, $server->url), "$kind: url set");

	# one session for all faults: each must leave it fit for the next
	my $session = "SET poc_barman.max_response_size = '1MB';\n";
	for my $fault (@expected)
	{
		# time is short only for what may never come: a busy machine is slow with the rest
		my $timeout = $fault->[0] =~ /^(?:silent|slow_\w+|close_in_headers|long_header)$/ ? '400ms' : '30s';
		$session .= "SET poc_barman.timeout = '$timeout';\n"
		  . "SELECT error_of('SELECT * FROM poc_backups(''$fault->[0]'')');\n"
		  . "SET poc_barman.timeout = '30s';\n"
		  . "SELECT 'then ' || status FROM poc_backups('good');\n";
	}
	my @lines = split(/\n/, $node->safe_psql('postgres', $session));

	for my $fault (@expected)
	{
		my ($name, $sqlstate, $detail) = @$fault;
		my @error = split(/\|/, shift(@lines), 4);
		if ($sqlstate eq '')
		{
			is($error[0], 'no error', "$kind, $name: no error");
		}
		else
		{
			like($error[0], qr/^(?:$sqlstate)$/, "$kind, $name: SQLSTATE $sqlstate")
			  or diag(join(' | ', @error));
			like($error[2], qr/$detail/i, "$kind, $name: DETAIL");
			ok($error[3], "$kind, $name: has a HINT");
		}
		is(shift(@lines), 'then DONE', "$kind, $name: the session goes on");
	}
}

# the connection is kept from one statement to the next
my $connections = grep { $_ eq 'CONNECT' } $unix->requests;
$node->safe_psql('postgres', "SELECT count(*) FROM poc_backups('good');\n" x 10);
is(scalar(grep { $_ eq 'CONNECT' } $unix->requests) - $connections, 1, 'one connection for ten requests');

# what is not ASCII
for my $database (qw(utf8 latin1))
{
	$node->safe_psql('postgres', "CREATE DATABASE $database ENCODING '$database' LOCALE 'C' TEMPLATE template0");
	$node->safe_psql($database, 'CREATE EXTENSION poc_barman');
	is($node->safe_psql($database, "SELECT status = 'd' || chr(233) || 'j' || chr(224) FROM poc_backups('accents')"),
		't', "$database: text arrives in the encoding of the database");
}

# a list that was cut
my ($stdout, $stderr);
$node->psql('postgres', "SELECT * FROM poc_files('base', 'truncated')", stdout => \$stdout, stderr => \$stderr);
like($stderr, qr/WARNING:  the list is not complete/, 'a list that was cut is told');

# one server of several must be named
$unix->stop;
my $several = FakeSidecar->new(dir => PostgreSQL::Test::Utils::tempdir_short(), servers => [ 'pg2', 'pg1' ]);
use_url($node, $several->url);
my @error = error_of($node, 'SELECT * FROM poc_check()');
is($error[0], '22023', 'several servers: SQLSTATE');
like($error[3], qr/pg1, pg2/, 'several servers: HINT lists them');

# nobody there
$several->stop;
@error = error_of($node, 'SELECT * FROM poc_servers()');
is($error[0], '08001', 'refused: SQLSTATE');
like($error[3], qr/barman-sidecar runs/, 'refused: HINT');
use_url($node, 'http://no-such-host.invalid:1');
@error = error_of($node, 'SELECT * FROM poc_servers()');
is($error[0], '08001', 'unknown host: SQLSTATE');
use_url($node, 'unix:/nonexistent/socket');
@error = error_of($node, 'SELECT * FROM poc_servers()');
is($error[0], '08001', 'no socket: SQLSTATE');

# plain HTTP where TLS is expected
use_url($node, 'https://127.0.0.1:' . $tcp->{port});
@error = error_of($node, 'SELECT * FROM poc_servers()', "SET poc_barman.timeout = '2s'");
is($error[0], '08001', 'no TLS: SQLSTATE');
like($error[3], qr/ca_file/, 'no TLS: HINT');

$node->stop;
done_testing();
