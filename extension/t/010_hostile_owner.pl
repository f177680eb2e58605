# The owner of a database plants functions, types, operators and tables beside all of ours, and renames our schema:
# none of it ever runs, whoever calls a function of ours.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use FakeSidecar;
use StopsAlone;

# Enough of a sidecar that our functions go through all they do.
my $job = '{"job":' . FakeSidecar::job('good', 'running') . '}';
my $backup = '{"server":"good","backup_id":"good","status":"DONE","size":1}';
my $fake = FakeSidecar->new(dir => PostgreSQL::Test::Utils::tempdir_short(), answers => {
	'/v1/jobs' => '{"jobs":[' . FakeSidecar::job('good', 'running') . ']}',
	'/v1/diagnose' => '{"diagnose":{"servers":{"good":{"config":{},"status":{},"backups":{"good":{"status":"DONE"}},"wals":{}}}}}',
	'/v1/instances' => '{"instances":[{"instance":"good","server":"good","state":"running"}]}',
	'/v1/instances/good' => $job,
	'/v1/jobs/good/cancel' => $job,
	'/v1/servers/good/backups' => qq({"backups":[$backup],"job":) . FakeSidecar::job('good', 'running') . '}',
	'/v1/servers/good/backups/good' => qq({"backup":$backup,"job":) . FakeSidecar::job('good', 'running') . '}',
	'/v1/servers/good/backups/latest' => qq({"backup":$backup}),
	'/v1/servers/good/check' => '{"checks":[{"server":"good","check_name":"postgresql","ok":true,"hint":""}]}',
	'/v1/servers/good/disks' => '{"disks":[{"area":"base","free_bytes":1,"total_bytes":2}]}',
	'/v1/servers/good/replication' => '{"clients":[{"server":"good"}]}',
	'/v1/servers/good/restores/check' => '{"restore":{"backup_id":"good","timeline":1}}',
	'/v1/servers/good/status' => '{"status":[{"server":"good","key":"active"}]}',
	(map { ("/v1/servers/good/files/$_" => '{"files":[{"name":"f","bytes":1,"is_directory":false}]}') } qw(good streaming base)),
	(map { ("/v1/servers/good/$_" => $job) } qw(restores drills switch-wal backups/good/keep backups/good/verify)),
});
my $node = PostgreSQL::Test::Cluster->new('hostile');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', "poc_barman.url = '" . $fake->url . "'\npoc_barman.timeout = '5s'\n");
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION poc_barman;
CREATE ROLE owner LOGIN;
CREATE ROLE operator LOGIN IN ROLE pg_monitor;
CREATE DATABASE victim OWNER owner;
SQL

# Types that are words of the grammar need no schema, and take none; ours have theirs.
sub qualified { my ($type) = @_; return $type =~ /^(_poc\..*|bigint|integer|boolean|interval|double precision|timestamp .*)(\[\])?$/ ? $type : "pg_catalog.$type"; }

# Types of which an owner makes no domain
my $special = qr/\bany|record|\binternal\b|\b_poc\./;

# Each function of ours: where (ours or internal), name, and the types of its arguments.
my $members = <<'SQL';
SELECT CASE n.nspname WHEN '_poc' THEN 'internal' ELSE 'ours' END, p.proname, p.prokind,
	(SELECT pg_catalog.string_agg(pg_catalog.format_type(a.type, NULL), ';' ORDER BY a.n) FROM pg_catalog.unnest(p.proargtypes) WITH ORDINALITY AS a(type, n))
FROM pg_catalog.pg_depend AS d JOIN pg_catalog.pg_extension AS e ON e.oid OPERATOR(pg_catalog.=) d.refobjid
	JOIN pg_catalog.pg_proc AS p ON p.oid OPERATOR(pg_catalog.=) d.objid
	JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace
WHERE d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.deptype OPERATOR(pg_catalog.=) 'e'::"char"
	AND e.extname OPERATOR(pg_catalog.=) 'poc_barman'::pg_catalog.name
ORDER BY 1, 2, 4
SQL
my @functions = map { my @f = split(/\|/, $_, -1); { where => $f[0], name => $f[1], kind => $f[2], types => [ map { qualified($_) } split(/;/, $f[3]) ] } }
	split(/\n/, $node->safe_psql('postgres', $members));
cmp_ok(scalar(grep { $_->{where} eq 'ours' } @functions), '>', 30, 'the catalog tells of the public functions');
cmp_ok(scalar(grep { $_->{where} eq 'internal' } @functions), '>', 30, 'and of the internal ones');

# ---- what others are granted by default is not granted on ours ----
my $grants = <<'SQL';
SELECT o.identity, coalesce(nullif(a.grantee, 0)::regrole::text, 'PUBLIC'), a.privilege_type, a.is_grantable
FROM pg_depend AS d JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND e.oid = d.refobjid,
	LATERAL pg_identify_object(d.classid, d.objid, 0) AS o,
	LATERAL (SELECT proowner, coalesce(proacl, acldefault('f', proowner)) FROM pg_proc WHERE d.classid = 'pg_proc'::regclass AND oid = d.objid
		UNION ALL SELECT relowner, relacl FROM pg_class WHERE d.classid = 'pg_class'::regclass AND oid = d.objid
		UNION ALL SELECT relowner, attacl FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid WHERE d.classid = 'pg_class'::regclass AND c.oid = d.objid
		UNION ALL SELECT typowner, coalesce(typacl, acldefault('T', typowner)) FROM pg_type WHERE d.classid = 'pg_type'::regclass AND oid = d.objid AND typcategory <> 'A'
		UNION ALL SELECT nspowner, nspacl FROM pg_namespace WHERE d.classid = 'pg_namespace'::regclass AND oid = d.objid) AS p(owner, acl),
	LATERAL aclexplode(p.acl) AS a
WHERE e.extname = 'poc_barman' AND d.deptype = 'e' AND a.grantee <> p.owner ORDER BY 1, 2, 3
SQL
$node->safe_psql('postgres', 'CREATE DATABASE defaults');
$node->safe_psql('defaults', join("\n",
	(map { my $kind = $_; map { "ALTER DEFAULT PRIVILEGES $_ GRANT ALL ON $kind TO operator, PUBLIC;" } '', 'IN SCHEMA public' } qw(FUNCTIONS TABLES SEQUENCES TYPES)),
	'ALTER DEFAULT PRIVILEGES GRANT ALL ON SCHEMAS TO operator, PUBLIC;',
	(map { "ALTER DEFAULT PRIVILEGES GRANT ALL ON $_ TO operator WITH GRANT OPTION;" } qw(FUNCTIONS TABLES SEQUENCES TYPES SCHEMAS)),
	'CREATE EXTENSION poc_barman;'));
cmp_ok($node->safe_psql('postgres', "SELECT count(*) FROM ($grants) AS g"), '>', 20, 'the catalog tells of the grants on ours');
is($node->safe_psql('defaults', $grants), $node->safe_psql('postgres', $grants), 'default privileges open nothing of ours');

# ---- what is planted ----
# nextval() survives a rollback: whatever ran has left its trace.
sub tripwire
{
	my ($schema) = @_;
	return <<"SQL";
CREATE SEQUENCE IF NOT EXISTS public.tripwire;
GRANT ALL ON SEQUENCE public.tripwire TO PUBLIC;
CREATE OR REPLACE FUNCTION public.trip(what pg_catalog.text) RETURNS pg_catalog.bool LANGUAGE plpgsql AS \$\$
BEGIN
	PERFORM pg_catalog.nextval('public.tripwire'::pg_catalog.regclass);
	RAISE WARNING 'planted code ran: %', what;
	RETURN true;
END \$\$;
SQL
}

# Other arguments that a careless call would match: as text, as other strings, of any type, VARIADIC, as domains, and
# fewer of them, as if the rest had defaults; with the exact ones only where they are not taken.
sub signatures
{
	my ($schema, $function, $exact) = @_;
	my @types = @{ $function->{types} };
	my $n = @types;
	my %all;
	for my $count (0 .. $n + 1)
	{
		$all{ join(', ', ($_) x $count) } = 1 for qw(pg_catalog.text pg_catalog.varchar pg_catalog.name anycompatible);
	}
	$all{ join(', ', @types[ 0 .. $_ - 1 ]) } = 1 for 0 .. $n;
	for my $count (0 .. $n)
	{
		my @first = @types[ 0 .. $count - 1 ];
		$all{ join(', ', @first, "VARIADIC $_") } = 1 for qw(pg_catalog.text[] pg_catalog.int8[] anycompatiblearray);
	}
	$all{ join(', ', map { /$special/ ? $_ : "$schema.d_" . ($_ =~ s/\W/_/gr) } @types) } = 1;
	# only the languages of superusers take these, and ours are in a schema that nobody else may use
	delete $all{$_} for grep { /\b(record|internal)\b|\b_poc\./ } keys %all;
	my %seen = $exact ? () : (join(', ', @types) => 1);
	return grep { !$seen{ s/VARIADIC //r }++ } sort keys %all;
}

sub planted
{
	my ($schema, $exact, @relations) = @_;
	my (@sql, %there);
	my %domains = map { $_ => 1 } grep { !/$special/ } map { @{ $_->{types} } } @functions;
	push @sql, "CREATE DOMAIN $schema.d_" . (s/\W/_/gr) . " AS $_;" for sort keys %domains;
	for my $function (@functions)
	{
		my $taken = $function->{where} eq 'ours' && !$exact;
		for my $signature (signatures($schema, $function, !$taken))
		{
			my $name = $function->{name};
			next if $there{ "$name($signature)" =~ s/VARIADIC //r }++;
			push @sql, "CREATE FUNCTION $schema.$name($signature) RETURNS pg_catalog.text LANGUAGE plpgsql AS \$\$"
			  . "BEGIN PERFORM public.trip('$name($signature)'); RETURN NULL; END \$\$;";
		}
	}
	# names of types that only pg_catalog should have
	for my $type (qw(text jsonb regclass timestamptz pg_lsn xid8 int8 oid name))
	{
		push @sql, "CREATE DOMAIN $schema.$type AS pg_catalog.$type CHECK (public.trip('type $type'));";
	}
	# operators that are as exact as those of pg_catalog
	for my $operand (qw(text name int4 int8 oid jsonb timestamptz regclass pg_lsn))
	{
		push @sql, "CREATE FUNCTION $schema.compare(pg_catalog.$operand, pg_catalog.$operand) RETURNS pg_catalog.bool LANGUAGE plpgsql"
		  . " AS \$\$BEGIN RETURN public.trip('operator on $operand'); END \$\$;";
		push @sql, "CREATE OPERATOR $schema.$_ (LEFTARG = pg_catalog.$operand, RIGHTARG = pg_catalog.$operand, FUNCTION = $schema.compare);"
		  for qw(= <> < > <= >= + - || -> ->> ~ ?);
	}
	push @sql, "CREATE FUNCTION $schema.get(pg_catalog.jsonb, pg_catalog.text) RETURNS pg_catalog.text LANGUAGE plpgsql"
	  . " AS \$\$BEGIN PERFORM public.trip('operator on jsonb, text'); RETURN NULL; END \$\$;";
	push @sql, "CREATE OPERATOR $schema.$_ (LEFTARG = pg_catalog.jsonb, RIGHTARG = pg_catalog.text, FUNCTION = $schema.get);" for qw(-> ->> ? -);
	# a cast to and from a type of the owner's
	push @sql, "CREATE TYPE $schema.mine AS (a pg_catalog.int4);",
	  "CREATE FUNCTION $schema.to_text($schema.mine) RETURNS pg_catalog.text LANGUAGE plpgsql AS \$\$BEGIN PERFORM public.trip('cast'); RETURN ''; END \$\$;",
	  "CREATE CAST ($schema.mine AS pg_catalog.text) WITH FUNCTION $schema.to_text($schema.mine) AS IMPLICIT;";
	# relations with the names of ours, and of catalogs
	push @sql, "CREATE VIEW $schema.$_ AS SELECT public.trip('relation $_') AS name, 1 AS oid;"
	  for qw(marks mark_tables drills instances pg_class pg_proc pg_extension pg_depend pg_namespace pg_settings), @relations;
	return join("\n", @sql);
}

sub tripped { return $node->safe_psql('victim', 'SELECT is_called FROM public.tripwire'); }

sub as_owner
{
	my ($sql) = @_;
	my ($rc, $out, $err) = $node->psql('victim', "SET search_path = pg_catalog;\n$sql", extra_params => [ '-U', 'owner' ], on_error_stop => 1);
	is($err, '', 'the owner may do that') or diag(substr($err, 0, 2000));
	return;
}

# ---- before the extension is created, in the schema that it will be created in ----
as_owner(tripwire() . "CREATE SCHEMA odd;\n" . planted('odd', 0) . planted('public', 1, qw(poc_marks poc_drills))
	. "ALTER DATABASE victim SET search_path = odd, public, pg_catalog;");
$node->safe_psql('victim', <<'SQL');
CREATE EXTENSION poc_barman SCHEMA odd;
SELECT odd.poc_seed(false);
CREATE SCHEMA plain;
CREATE TABLE plain.t (id pg_catalog.int4 GENERATED ALWAYS AS IDENTITY PRIMARY KEY, words pg_catalog.text);
GRANT USAGE ON SCHEMA plain TO operator;
GRANT ALL ON plain.t TO operator;
GRANT USAGE, CREATE ON SCHEMA public TO operator;
GRANT ALL ON public.dummy, public.dummy_id_seq TO operator;
GRANT USAGE ON SCHEMA odd TO operator;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA odd TO operator;
SQL
is(tripped(), 'f', 'CREATE EXTENSION into a schema where others create runs nothing of theirs');
is($node->safe_psql('victim', "SELECT pg_catalog.count(*) FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_depend AS d ON d.objid OPERATOR(pg_catalog.=) p.oid
	JOIN pg_catalog.pg_extension AS e ON e.oid OPERATOR(pg_catalog.=) d.refobjid
	WHERE d.deptype OPERATOR(pg_catalog.=) 'e'::\"char\" AND e.extname OPERATOR(pg_catalog.=) 'poc_barman'::pg_catalog.name AND p.prosrc OPERATOR(pg_catalog.~) '\\modd\\M'::pg_catalog.text"),
	'0', 'no body of ours names the schema of the extension');

# ---- our own schema is closed ----
for my $try ('CREATE FUNCTION _poc.get_list(pg_catalog.text, pg_catalog.text) RETURNS pg_catalog.int4 LANGUAGE sql AS $$SELECT 1$$',
	'CREATE TABLE _poc.t (a pg_catalog.int4)', 'CREATE DOMAIN _poc.text AS pg_catalog.text', 'ALTER SCHEMA _poc RENAME TO other', 'DROP SCHEMA _poc CASCADE')
{
	my ($rc, $out, $err) = $node->psql('victim', $try, extra_params => [ '-U', 'owner', '-v', 'VERBOSITY=sqlstate' ]);
	like($err, qr/42501/, "the owner of the database is refused: $try");
}

# ---- every public function is called ----
# With exact types, as its caller would say whom he means.
my %argument = (
	bigint => '3', integer => '2', boolean => 'false', interval => '3 s', jsonb => '{}', text => 'good', regclass => 'plain.t',
	'regclass[]' => '{plain.t}', 'text[]' => '{}', xid8 => '3', pg_lsn => '0/1', 'timestamp with time zone' => '2020-01-01');

sub calls
{
	my ($schema) = @_;
	my @sql;
	for my $function (grep { $_->{where} eq 'ours' } @functions)
	{
		my @values = map { "'" . ($function->{name} eq 'poc_generate_wal' ? '1 kB' : $argument{ s/^pg_catalog\.//r } // die "no value for $_") . "'::$_" }
		  @{ $function->{types} };
		my $call = "$schema.$function->{name}(" . join(', ', @values) . ')';
		push @sql, $function->{kind} eq 'p' ? "CALL $call;" : "SELECT * FROM $call;";
		# and by its defaults alone: the table that is meant then, and the server
		push @sql, "SELECT * FROM $schema.$function->{name}(" . join(', ', map { my $v = $_; $v =~ s/^'plain\.t'/NULL/; $v } @values) . ');'
		  if grep { $_ eq 'pg_catalog.regclass' } @{ $function->{types} } and $function->{kind} ne 'p';
	}
	# how strings are read is the caller's to say, and nothing of ours depends on it
	return join("\n", 'SET statement_timeout = 20000; SET standard_conforming_strings = off;', @sql);
}

sub call_all
{
	my ($schema, $when) = @_;
	for my $user ($node->safe_psql('postgres', 'SELECT current_user'), 'operator')
	{
		my ($rc, $out, $err) = $node->psql('victim', calls($schema), on_error_stop => 0,
			extra_params => [ '-U', $user, '-v', 'VERBOSITY=verbose' ]);
		unlike($err, qr/planted code ran/, "$when: nothing planted runs for $user")
		  or diag(join("\n", grep { /planted|CONTEXT/ } split(/\n/, $err)));
		unlike($err, qr/WARNING:  .*nonstandard use of/, "$when: no string of ours is read in two ways") or diag(join("\n", grep { /nonstandard|CONTEXT/ } split(/\n/, $err)));
		# what could not be resolved, and what was not permitted
		unlike($err, qr/ERROR:  (42883|42725|42P01|42P13|42846|42804|42501: (?!this server has no token)|42704: (?!unknown|there is no|nothing here))/, "$when: $user gets through to ours")
		  or diag(join("\n", grep { /ERROR:  / } split(/\n/, $err)));
	}
	is(tripped(), 'f', "$when: the tripwire agrees");
	return;
}
call_all('odd', 'overloads');

# ---- the schema is renamed, and another has its name ----
as_owner("ALTER SCHEMA odd RENAME TO moved;\nCREATE SCHEMA odd;\n" . planted('odd', 1, qw(poc_marks poc_drills))
	. "GRANT USAGE ON SCHEMA odd TO PUBLIC;");
call_all('moved', 'renamed');

# ---- the tripwire works ----
$node->psql('victim', "SELECT odd.poc_seed('x'::pg_catalog.text)");
is(tripped(), 't', 'what was planted would have been noticed');

done_testing();
