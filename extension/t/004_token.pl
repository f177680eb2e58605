# The token: sent, rotated, and missing in all the ways it can be.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use FakeSidecar;
use PocTest;

my $dir = PostgreSQL::Test::Utils::tempdir();
my $fake = FakeSidecar->new(dir => PostgreSQL::Test::Utils::tempdir_short(), token => 'second');
my $node = poc_cluster('token', $fake->url);

sub write_token
{
	my ($token) = @_;
	open(my $file, '>', "$dir/token") or die "$dir/token: $!";
	print $file $token;
	close($file);
}

my @error = error_of($node, 'SELECT * FROM poc_servers()');
is($error[0], '42501', 'no token: SQLSTATE');
like($error[3], qr/token_file/, 'no token: HINT');

write_token("first\n");
$node->append_conf('postgresql.conf', "poc_barman.token_file = '$dir/token'");
$node->reload;
ok(wait_until(sub { $node->safe_psql('postgres', "LOAD 'poc_barman'; SHOW poc_barman.token_file") ne '' }),
	'token_file set');
@error = error_of($node, 'SELECT * FROM poc_servers()');
is($error[0], '42501', 'wrong token: SQLSTATE');
unlike("@error", qr/first/, 'the token is in no message');

# one session sees the file change
my $session = $node->safe_psql('postgres', <<"SQL");
SELECT split_part(error_of('SELECT * FROM poc_servers()'), '|', 1);
COPY (SELECT 'second') TO '$dir/token';
SELECT server FROM poc_servers();
COPY (SELECT 'third') TO '$dir/token';
SELECT split_part(error_of('SELECT * FROM poc_servers()'), '|', 1);
SQL
is($session, "42501\ngood\n42501", 'the token is read at each request');

# files that hold no token
my %bad = (
	'empty' => "\n",
	'two lines' => "second\nthird\n",
	'a header of its own' => "second\r\nX-Evil: 1\n",
	'control characters' => "sec\x01ond",
	'too long' => 'x' x 10_000);
for my $name (sort keys %bad)
{
	write_token($bad{$name});
	my $before = () = $fake->requests;
	@error = error_of($node, 'SELECT * FROM poc_servers()');
	is($error[0], '55000', "$name: SQLSTATE");
	like($error[2], qr/token/, "$name: DETAIL");
	like($error[3], qr/token_file/, "$name: HINT");
	is(scalar(() = $fake->requests), $before, "$name: nothing was sent");
}
unlink("$dir/token");
@error = error_of($node, 'SELECT * FROM poc_servers()');
is($error[0], '55000', 'no file: SQLSTATE');
like($error[2], qr/No such file/, 'no file: DETAIL');
unlike("@error", qr/\Q$dir\E/, 'the path is in no message');

write_token("second");
is($node->safe_psql('postgres', 'SELECT server FROM poc_servers()'), 'good', 'and it works again');

# who may see and set
$node->safe_psql('postgres', 'CREATE ROLE somebody');
my ($stdout, $stderr);
for my $setting (qw(url token_file ca_file))
{
	$node->psql('postgres', "LOAD 'poc_barman'; SET ROLE somebody; SHOW poc_barman.$setting", stderr => \$stderr);
	like($stderr, qr/must be superuser|permission denied|privileges/, "$setting is hidden");
	$node->psql('postgres', "LOAD 'poc_barman'; SET poc_barman.$setting = ''", stderr => \$stderr);
	like($stderr, qr/cannot be changed now/, "$setting is no session's");
}

$node->stop;
done_testing();
