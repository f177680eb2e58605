# Every command of the shell in the documentation works, in the order of its document: on a private stack of this
# test's own, as an ordinary user, with nobody at the keyboard.  Those of containers: .ci/run containers.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Utils;
use Test::More;

use Documentation;
use StopsAlone;

plan skip_all => 'POC_HOME is not set: the sources that a stack has built are copied' if !-d "$ENV{POC_HOME}/src";
plan skip_all => 'PostgreSQL does not run as root' if $< == 0;

my $built = $ENV{POC_HOME};
my $dir = PostgreSQL::Test::Utils::tempdir_short();
my $home = "$dir/home";

# pgcli is recommended, not needed
mkdir("$dir/bin") or die "$dir/bin: $!";
append_to_file("$dir/bin/pgcli", qq{#!/bin/sh\nexec psql "\$@"\n});
chmod(0755, "$dir/bin/pgcli") or die "$dir/bin/pgcli: $!";

my @documents = documents();
delete @ENV{ grep { /^(PG(?!_CONFIG)|POC_|MAKE|MFLAGS|TAP_|TEST|RUN_USER)/ } keys %ENV };
$ENV{PATH} = "$dir/bin:$ENV{PATH}";
$ENV{POC_HOME} = $home;
# other tests run beside this one
$ENV{POC_START_SECONDS} = 600;

for my $document (@documents)
{
	my @blocks = grep { $_->{language} eq 'sh' && $_->{how} eq '' } blocks($document);
	next if !@blocks;
	# so that a stack need not be compiled once more
	system_or_bail('mkdir', '-m', '700', $home) if !-d $home;
	system_or_bail('cp', '-a', "$built/src", $home) if !-d "$home/src";
	append_to_file("$home/.poc_barman", '');
	my ($out, $err) = ('', '');
	my $script = join('', map { "echo '=== $_->{where}'\n$_->{text}" } @blocks);
	IPC::Run::run([ 'bash', '-euo', 'pipefail', '-c', "cd '$checkout'\n$script" ],
		'<', \undef, '>', \$out, '2>', \$err, IPC::Run::timeout(3600));
	is($? >> 8, 0, "$document: its commands work, to the last") or diag("$out\n$err");
	note($out, $err);
	my @reached = $out =~ /^=== (.*)$/mg;
	is("@reached", join(' ', map { $_->{where} } @blocks), "$document: every block is reached");
	ok(!-e "$home/postgres1", "$document: what it starts it stops");
	system("$checkout/docker/stack", 'down');
}
done_testing();

END
{
	local $?;
	system("$checkout/docker/stack down > /dev/null 2>&1") if defined $home && -e "$home/.poc_barman";
}
