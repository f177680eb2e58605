# What the documentation says of itself holds: every block is run, or says why not; every function, setting and option
# that it names exists, and every function and setting is named.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use Documentation;
use PocTest;

my @documents = documents();
my @blocks = map { blocks($_) } @documents;

# ---- what stands behind a fence ----
my %ways = (
	sql => qr/^(|shown: \S.*)$/,
	psql => qr/^$/,
	sh => qr/^(|in containers|on three hosts|on a Barman host|shown: \S.*)$/,
	ini => qr/^$/,
	text => qr/^$/);
# what a reader would type, in a block that nobody runs
my $command = qr{^\s*(sudo|make|docker|psql|pgcli|barman|curl|gdb|git|SELECT|CALL|ALTER|CREATE|GRANT)\s+[^/\s]}m;

for my $block (@blocks)
{
	like("$block->{language} $block->{how}", qr/^(\S+) /, "$block->{where} names its language");
	like($block->{how}, $ways{ $block->{language} } // qr/^no such language$/, "$block->{where}: $block->{language} is run, or says why not");
	unlike($block->{text}, $command, "$block->{where}: no command hides in it") if $block->{language} =~ /^(text|ini)$/;
}

# ---- commands that are only shown ----
# make has such a target, docker/stack such a command, .ci/run such a lane
my $help = `$checkout/docker/stack help`;
# the sources that "docker/stack check" builds are without it
my $lanes = -e "$checkout/.ci/run" ? slurp_file("$checkout/.ci/run") : '';
for my $block (grep { $_->{language} eq 'sh' && $_->{how} =~ /^shown/ } @blocks)
{
	my $text = $block->{text} =~ s/\\\n//gr =~ s/\s#.*//gr;

	while ($text =~ /^(?:sudo )?make (?:-C (\S+) )?([a-z]\S*)(?: [A-Z_]+=\S+)*\s*$/mg)
	{
		my ($directory, $target) = ($1 // '.', $2);
		is(system("make -C $checkout/$directory -n $target > /dev/null 2>&1"), 0, "$block->{where}: make $target in $directory");
	}
	while ($text =~ m{^docker/stack (\S+)}mg)
	{
		like($help, qr/^[ *]+\Q$1\E /m, "$block->{where}: docker/stack $1");
	}
	while ($lanes && $text =~ m{^(?:\S+=\S+ )*\.ci/run (\S+)}mg)
	{
		like($lanes, qr/^lane_\Q$1\E\(\)/m, "$block->{where}: .ci/run $1");
	}
}

# ---- options of the sidecar, in blocks and prose ----
my $sidecar = $ENV{POC_SIDECAR} // "$checkout/docker/sidecar/barman-sidecar";
my $options = `$sidecar --help`;
for my $document (grep { !m{^CONTRIBUTING|/fixtures/|/bench/} } @documents)
{
	my %named = map { $_ => 1 } prose($document) =~ /`(--[a-z][a-z-]+)/g;
	$named{$_} = 1 for map { $_->{text} =~ /\bbarman-sidecar\b/ ? $_->{text} =~ /(?<=\s)(--[a-z][a-z-]+)/g : () } blocks($document);
	delete $named{'--wait'};
	my @unknown = grep { $options !~ /^\s+(-\w, )?\Q$_\E\b/m } sort keys %named;
	is("@unknown", '', "$document: options of barman-sidecar");
}

# keys of configuration files are options: those of the package, with what it leaves commented out, and of the documents
my %keys = (
	'barman-sidecar.conf' => [ slurp_file("$checkout/docker/packaging/barman-sidecar.conf") =~ /^#?([a-z][a-z-]*) = /mg ],
	'docs/production.md' => [ map { $_->{text} =~ /^([a-z][a-z-]*) = /mg } grep { $_->{where} =~ m{^docs/production\.md} } @blocks ]);
for my $file (sort keys %keys)
{
	cmp_ok(scalar(@{ $keys{$file} }), '>', 2, "$file has options of barman-sidecar");
	is(join(' ', grep { $options !~ /^\s+\Q--$_\E\b/m } @{ $keys{$file} }), '', "$file: they exist");
}

# ---- functions and settings ----
my $node = poc_cluster('documentation', 'unix:/nowhere');
my %functions = map { $_ => 1 } split(/\n/, $node->safe_psql('postgres', <<'SQL'));
SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname ~ '^poc_'
UNION
SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname ~ '^poc_'
SQL
my %settings = map { $_ => 1 } split(/\n/, $node->safe_psql('postgres', q{LOAD 'poc_barman'; SELECT name FROM pg_settings WHERE name ~ '^poc_barman\.'}));
for my $document (@documents)
{
	my $text = slurp_document($document);
	my @unknown = grep { !$functions{$_} } $text =~ /\b(poc_[a-z_]+)\(/g;
	is("@unknown", '', "$document: functions");
	@unknown = grep { !$settings{$_} && !/^poc_barman\.(c|so|control|sql)$/ } $text =~ m{(?<![/\w])(poc_barman\.[a-z_]+)\b}g;
	is("@unknown", '', "$document: settings");
}
my ($readme, $of_settings) = map { slurp_document($_) } 'README.md', 'docs/settings.md';
is(join(' ', grep { $readme !~ /^\| `(CALL )?\Q$_\E\b/m } sort keys %functions), '', 'README has a row for every function and view');
is(join(' ', grep { $of_settings !~ /^\| `\Q$_\E`/m } sort keys %settings), '', 'docs/settings.md has a row for every setting');
cmp_ok(() = $readme =~ /\n/g, '<', 400, 'README is short');

done_testing();
