# What each scope of a token lets SQL do; and that the receivers of WAL outlive
# the sidecar.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use LiveBarman;
use PocTest;

my $live = LiveBarman->new('scopes');
my ($node, $home) = @$live{qw(node home)};
make_error_of($node);
my %token = (read => 'may-look', operate => 'secret', foreign => 'of-another-server');

$live->write("token_$_", "$token{$_}\n", 0600) for keys %token;
$live->start(options => [ "--instance-root=$home/instances", "--token-file=read=$home/token_read", "--token-file=operate:elsewhere=$home/token_foreign" ]);

sub use_token
{
	my ($scope) = @_;
	# the file that PostgreSQL reads is not the sidecar's own
	$live->write('ours', "$token{$scope}\n", 0600);
	return;
}
use_token('operate');
$node->append_conf('postgresql.conf', "poc_barman.token_file = '$home/ours'");
$node->restart;
$node->safe_psql('postgres', 'SELECT poc_wait_ready()');

is($node->safe_psql('postgres', 'SET client_min_messages = error; SELECT status FROM poc_backup()'), 'DONE', 'operate: takes backups');
my $backup = $node->safe_psql('postgres', 'SELECT backup_id FROM poc_backups() LIMIT 1');
is($node->safe_psql('postgres', "SET client_min_messages = error; SELECT status FROM poc_keep_backup('$backup')"), 'full', 'operate: keeps');

my $readers = qr/scope "operate"/;
my @error;
use_token('read');
is($node->safe_psql('postgres', 'SELECT server FROM poc_servers()'), 'postgres1', 'read: may look');
for my $call ('poc_backup()', 'poc_cron()', q{poc_restore('x')}, 'poc_verify_backup()')
{
	@error = error_of($node, "SELECT * FROM $call");
	is($error[0], '42501', "read: $call, SQLSTATE") or diag("@error");
	like($error[1], $readers, "read: $call names the scope it needs");
	like($error[2], qr/scope "read"/, "read: $call names the scope it has");
}

use_token('foreign');
is($node->safe_psql('postgres', 'SELECT count(*) FROM poc_servers()'), '0', 'of another server: sees none of this');
@error = error_of($node, "SELECT * FROM poc_backups('postgres1')");
is($error[0], '42704', 'of another server: this one is not there');
@error = error_of($node, 'SELECT * FROM poc_cron()');
is($error[0], '42501', 'of another server: not what concerns all');

use_token('operate');
for my $call ("poc_keep_backup('$backup', 'release')", "poc_delete_backup('$backup')")
{
	@error = error_of($node, "SELECT * FROM $call");
	is($error[0], '42501', "operate: $call");
	like($error[3], qr/control database/, "operate: $call, HINT");
}

# the receivers of WAL outlive the sidecar
ok(wait_until(sub { $live->receivers }), 'WAL is received');
my @before = sort $live->receivers;
for my $signal (qw(TERM KILL))
{
	$live->stop($signal);
	is("@{[sort $live->receivers]}", "@before", "after SIG$signal of the sidecar WAL is received");
	$live->start;
}

done_testing();
