# Every statement of the documentation works, in the order of its document, and prints what the transcripts show:
# the same columns, the same steps.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use Documentation;
use DrillTest;
use PocTest;

my $live = LiveBarman->new('documented', conf => "poc_barman.timeout = '5min'\n");
my $node = $live->{node};
$live->{bindir} = $node->config_data('--bindir') =~ s/\s+$//r;
$live->{instances} = "$live->{home}/instances";
$live->write('bin/barman', qq{#!/bin/sh\nexec barman "\$@"\n}, 0755);
my ($started, $incremental);
# what works without a sidecar
my $alone = qr/\bpoc_(barman|seed|(generate|explain|preview|last)_rows|fill|fingerprint)\b/;

for my $document (documents())
{
	my @blocks = grep { $_->{language} =~ /^p?sql$/ && $_->{how} eq '' } blocks($document);
	next if !@blocks;
	need_barman() if grep { $_->{text} =~ s/$alone//gr =~ /\bpoc_/ } @blocks;
	# of its own, with what a reader of this page has
	my $database = lc($document) =~ s/\W+/_/gr;
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->safe_psql($database, 'CREATE EXTENSION poc_barman') if !grep { $_->{text} =~ /^CREATE EXTENSION/m } @blocks;
	$_->{language} eq 'sql' ? run_statements($database, $_) : run_transcript($database, $_) for @blocks;
	$node->safe_psql('postgres', 'SELECT poc_drop_instance(instance) FROM poc_instances()') if $started;
}
done_testing();

sub need_barman
{
	return if $started++;
	start_drills($live);
	$node->safe_psql('postgres', q{SELECT count(*) FROM poc_wait_ready(timeout => '30min')}, timeout => 1900);
	$incremental = $node->safe_psql('postgres', <<'SQL') eq 't';
SELECT current_setting('server_version_num')::int >= 170000
	AND string_to_array(substring(barman_version FROM '^\d+\.\d+'), '.')::int[] >= '{3,11}'
FROM poc_sidecar()
SQL
	return;
}

# run_psql(DATABASE, SCRIPT): status, output and errors of one session
sub run_psql
{
	my ($database, $script) = @_;
	my ($out, $err);

	IPC::Run::run([ 'psql', '-X', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($database), '-f', '-' ],
		'<', \$script, '>', \$out, '2>', \$err, IPC::Run::timeout(1800));
	return ($? >> 8, $out, $err);
}

sub run_statements
{
	my ($database, $block) = @_;
	my ($status, $out, $err) = run_psql($database, $block->{text});

	is($status, 0, "$block->{where} works") or diag($err);
	note($out);
	return;
}

# A session as it stands in the document: what follows a prompt is typed, the rest is printed.
sub run_transcript
{
	my ($database, $block) = @_;
	my @typed = split(/^postgres=# /m, $block->{text});
	my (@shown, @commands);

	is(shift(@typed), '', "$block->{where} begins with a prompt");
	for my $typed (@typed)
	{
		my ($command, $printed) = split(/\n/, $typed, 2);
		push(@commands, $command);
		push(@shown, $printed);
	}
	my ($status, $out, $err) = run_psql($database, join("\n\\echo === next\n", @commands) . "\n");
	is($status, 0, "$block->{where} works") or diag($err);
	my @printed = split(/^=== next\n/m, $out, -1);
	for my $n (0 .. $#commands)
	{
		is(shape($printed[$n] // ''), shape($shown[$n]), "$block->{where}: $commands[$n]");
	}
	is(steps_of($err), steps_of($block->{text}), "$block->{where}: its steps");
	return;
}

# The names of columns, of a table or of a record.
sub shape
{
	my ($text) = @_;
	my @lines = split(/\n/, $text);
	my @names;

	for my $n (0 .. $#lines)
	{
		push(@names, map { s/^\s+|\s+$//gr } split(/\|/, $lines[ $n - 1 ])) if $n > 0 && $lines[$n] =~ /^-+(\+-+)*$/;
		push(@names, $1) if $text =~ /^-\[ RECORD/ && $lines[$n] =~ /^(\w+)\s+\|/;
	}
	return join(' ', @names);
}

# The steps of poc_play(); the one that needs newer versions where there are these.
sub steps_of
{
	my ($text) = @_;
	my @steps = $text =~ m{INFO: +(\d+/\d+  poc_\w+\(?[^ ]*)}g;

	s/  poc_backup\(.*/  poc_backup/ for !$incremental ? @steps : ();
	return join("\n", @steps);
}
