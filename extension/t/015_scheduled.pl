# What we ship to be run by a scheduler calls the functions of the extension,
# whatever else of their names is where the role's search_path leads.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use Documentation;
use FakeSidecar;
use PocTest;

my $top = "$FindBin::RealBin/../..";
my $fake = FakeSidecar->new(dir => PostgreSQL::Test::Utils::tempdir_short(), answers => {
	'/v1/servers/good/backups' => '{"backups":[]}',
	'/v1/servers/good/archive' => '{"archive":{}}',
});
my $node = poc_cluster('scheduled', $fake->url);

# beside the extension and before it on the path, by the same types and by those that a call without types prefers
$node->safe_psql('postgres', <<'SQL');
CREATE ROLE prover LOGIN;
GRANT EXECUTE ON PROCEDURE poc_prove TO prover;
CREATE SCHEMA planted;
GRANT USAGE ON SCHEMA planted TO prover;
CREATE PROCEDURE planted.poc_prove(server text DEFAULT NULL, budget interval DEFAULT NULL, oldest interval DEFAULT NULL, again interval DEFAULT NULL, dry_run boolean DEFAULT false)
	LANGUAGE plpgsql AS $$ BEGIN RAISE 'planted code ran'; END $$;
CREATE PROCEDURE public.poc_prove(budget text) LANGUAGE plpgsql AS $$ BEGIN RAISE 'planted code ran'; END $$;
CREATE PROCEDURE public.poc_prove(budget interval) LANGUAGE plpgsql AS $$ BEGIN RAISE 'planted code ran'; END $$;
CREATE FUNCTION planted.format(text, name, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'planted code ran'; END $$;
CREATE FUNCTION planted.same(oid, oid) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'planted code ran'; END $$;
CREATE OPERATOR planted.= (FUNCTION = planted.same, LEFTARG = oid, RIGHTARG = oid);
CREATE VIEW planted.pg_extension AS SELECT 'poc_barman'::name AS extname, 'planted'::regnamespace::oid AS extnamespace;
ALTER ROLE prover SET search_path = planted, public, pg_catalog;
SQL

# ---- the unit ----
my $unit = slurp_file("$top/docker/systemd/barman-prove@.service");
my ($budget) = $unit =~ /^Environment="PROVE_BUDGET=(.*)"$/m;
my ($command) = $unit =~ m{^ExecStart=/usr/bin/psql (.*)$}m;
my $script = join('', map { s/%%/%/gr =~ s/\\(.)/$1/gr . "\n" } $unit =~ /^StandardInputText=(.*)$/mg);

my ($out, $err) = ('', '');

is($budget, '2 h', 'the unit has a budget');

sub run_unit
{
	my ($within) = @_;
	my @arguments = grep { defined } ($command =~ s/\$\{PROVE_BUDGET\}/$within/r) =~ /"([^"]*)"|(\S+)/g;

	local $ENV{PGUSER} = 'prover';
	return IPC::Run::run([ 'psql', @arguments, '-d', $node->connstr('postgres') ], '<', \$script, '>', \$out, '2>', \$err);
}

ok(run_unit($budget), 'it proves what there is, which is nothing') or diag($err);
unlike($err, qr/planted/, 'nothing planted is called');
ok((grep { m{^GET /v1/servers/good/backups} } $fake->requests), 'the procedure of the extension is');

ok(!run_unit('0'), 'it fails as the procedure does');
like($err, qr/budget/, 'with its words');

# ---- what the documents say, which name the schema ----
for my $file ('README.md', 'docs/proof.md')
{
	my ($block) = grep { $_->{text} =~ /cron\.schedule/ } blocks($file);
	my @commands = $block->{text} =~ /\$\$(.*?)\$\$\)/g;
	ok(scalar(@commands), "$file has schedules");
	is_deeply([ grep { /\bpoc_/ && !/\bpublic\.poc_/ } @commands ], [], "$file names the schema in each");
}

$node->safe_psql('postgres', 'DROP EXTENSION poc_barman CASCADE');
ok(!run_unit($budget), 'without the extension it fails');
unlike($err, qr/planted/, 'and nothing planted takes its place');

done_testing();
