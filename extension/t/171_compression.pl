# Copies by pg_basebackup as they are, compressed and encrypted, with WAL by streaming or by archive_command.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use BackupWays;
use LiveBarman;
use PocTest;

my $live = ways_stack('compression');
my ($home, $node) = @$live{qw(home node)};
my @compressed = qw(gzip lz4 zstd);
my $encrypted = possible($node, 'gpg');

for my $method (@compressed)
{
	add_server($live, $method, archiver => 'on', streaming_archiver => 'off', slot_name => undef, create_slot => undef,
		backup_compression => $method);
}
push(@compressed, 'gpg') if $encrypted;
add_encrypted() if $encrypted;
archive_by($live, $node, map { "cp %p $home/barman/$_/incoming/%f" } @compressed);
restart_sidecar($live);
play_way($live, 'streaming', server => 'postgres1');
play_way($live, $_) for @compressed;
if ($encrypted)
{
	my ($copied) = glob("$home/barman/gpg/base/*/data/*");
	like($copied, qr/[.]gpg$/, 'what is called encrypted is') or diag($copied);
	is($node->safe_psql('postgres', q{SELECT ok, finding FROM poc_explain_restore(server => 'gpg') WHERE item = 'encryption'}),
		't|the backup is encrypted (gpg), and Barman knows where to ask for the passphrase', 'and the plan says so');
	system('gpgconf', '--kill', 'gpg-agent');
}
done_testing();

# With a key that opens by what a command prints
sub add_encrypted
{
	$ENV{GNUPGHOME} = "$home/gnupg";
	mkdir($ENV{GNUPGHOME}, 0700) or die "$ENV{GNUPGHOME}: $!";
	$live->write('passphrase', 'of the test', 0600);
	system_or_bail('gpg', '--batch', '--quiet', '--pinentry-mode', 'loopback', '--passphrase-file', "$home/passphrase",
		'--quick-gen-key', 'barman@localhost', 'rsa2048', 'encrypt', 'never');
	add_server($live, 'gpg', archiver => 'on', streaming_archiver => 'off', slot_name => undef, create_slot => undef,
		backup_compression => 'none', backup_compression_format => 'tar', encryption => 'gpg', encryption_key_id => 'barman@localhost',
		encryption_passphrase_command => "cat $home/passphrase");
	return;
}
