# An upgrade leads to what a fresh installation has, and keeps what is the user's.
#
# Every version in script/released is upgraded to this one by the scripts in script/upgrade.  There may be none yet, so
# the same is done with a next version: one that differs in nothing, and one whose upgrade script forgets everything.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use CatalogTest;
use DoctorTest;
use PocTest;

my $dir = PostgreSQL::Test::Utils::tempdir();
my ($bindir, $sharedir) = own_tree("$dir/pg");
my $node = PostgreSQL::Test::Cluster->new('upgrade', install_path => $bindir =~ s{/bin$}{}r);

$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', "poc_barman.url = 'unix:$dir/nobody'\n");
$node->start;
$node->safe_psql('postgres', 'CREATE ROLE operator');

my $current = $node->safe_psql('postgres', "SELECT default_version FROM pg_available_extensions WHERE name = 'poc_barman'");
my $script = slurp_file("$sharedir/extension/poc_barman--$current.sql");

# An upgrade script must not be run by psql either.
my $empty = qq(\\echo Use "ALTER EXTENSION poc_barman UPDATE" to load this file. \\quit\n);

# Puts a script, of "version" or "from--to", where CREATE and ALTER EXTENSION look for it.
sub install
{
	my ($name, $text) = @_;
	my $path = "$sharedir/extension/poc_barman--$name.sql";

	open(my $file, '>', $path) or die "$path: $!";
	print $file $text;
	close($file) or die "$path: $!";
	return;
}

my $databases = 0;
sub database
{
	my ($version) = @_;
	my $name = 'db' . ++$databases;

	$node->safe_psql('postgres', "CREATE DATABASE $name");
	$node->safe_psql($name, "CREATE EXTENSION poc_barman VERSION '$version'") if $version;
	return $name;
}

# A database in which somebody has worked.
sub database_in_use
{
	my $name = database(@_);

	$node->safe_psql($name, <<'SQL');
CREATE TABLE t AS SELECT generate_series(1, 10) AS i;
CREATE SEQUENCE s;
SELECT FROM poc_mark('before_the_mistake');
INSERT INTO _poc.drills (at, began, ok, server, mark, system_identifier, tables, rows, steps)
	SELECT now(), now() - '1 min'::interval, false, 'pg', m.name, m.system_identifier, 1, 10, '[{"ok": false, "step": "compare", "detail": "t differs"}]'
	FROM poc_marks AS m;
GRANT EXECUTE ON FUNCTION poc_backup TO operator;
GRANT SELECT ON poc_drills TO operator;
REVOKE EXECUTE ON FUNCTION poc_seed FROM PUBLIC;
CREATE VIEW mine AS SELECT name, tables FROM poc_marks;
SQL
	return $name;
}

# What is the user's: marks, receipts, privileges, and objects that use ours
sub work_in
{
	my ($name) = @_;

	return $node->safe_psql($name, <<'SQL');
TABLE mine;
SELECT name, lsn, timeline, system_identifier, at, tables, rows, bytes FROM poc_marks;
SELECT mark, relation, bytes, rows, hash FROM _poc.mark_tables ORDER BY relation;
SELECT mark, relation, value, ascending FROM _poc.mark_sequences;
SELECT at, ok, server, mark, verdict, tables, rows, elapsed FROM poc_drills;
SELECT format('%s: %s', f::regproc, has_function_privilege('operator', f::regproc, 'EXECUTE'))
FROM unnest('{poc_backup, poc_restore, poc_seed, poc_fingerprint}'::text[]) AS f;
SELECT format('%s: %s', t, has_table_privilege('operator', t, 'SELECT')) FROM unnest('{poc_drills, poc_marks}'::text[]) AS t;
SQL
}

sub upgrade_is_good
{
	my ($from, $to) = @_;
	my $used = database_in_use($from);
	my $work = work_in($used);
	my $unused = database($from);

	like($work, qr/^before_the_mistake\|1\n.*compare: t differs.*poc_backup: t\npoc_restore: f\npoc_seed: f\npoc_fingerprint: t\npoc_drills: t\npoc_marks: f$/s,
		"$from: somebody has worked with it");
	foreach my $name ($used, $unused)
	{
		$node->safe_psql($name, "ALTER EXTENSION poc_barman UPDATE TO '$to'");
	}
	is(work_in($used), $work, "$from to $to: what is the user's is kept");
	same_catalog(catalog_of($node, $unused), catalog_of($node, database($to)), "$from to $to: the rest is as $to installs it");
	return;
}

# ---- from what was released ----
foreach my $path (glob("$FindBin::RealBin/../script/released/*.sql"))
{
	my ($version) = $path =~ /--(.*)\.sql$/;

	next if $version eq $current;
	install($version, slurp_file($path));
	upgrade_is_good($version, $current);
}

# ---- to the next, which differs in nothing ----
install('next', $script);
install("$current--next", $empty);
upgrade_is_good($current, 'next');

# as the user does it
$node->safe_psql('postgres', "CREATE EXTENSION poc_barman VERSION '$current'");
my $control = "$sharedir/extension/poc_barman.control";
my $settings = slurp_file($control);
$settings =~ s/^default_version = .*$/default_version = 'next'/m or die "$control: no default_version";
open(my $file, '>', $control) or die "$control: $!";
print $file $settings;
close($file) or die "$control: $!";
my $remedy = is_ill(examine($node), 'extension', qr/^poc_barman is version \Q$current\E in this database, but version next is installed$/,
	qr/^ALTER EXTENSION poc_barman UPDATE;$/, 'a new version is installed');
$node->safe_psql('postgres', $remedy);
is_well(examine($node), 'extension', qr/^poc_barman is version next, as installed$/, 'upgraded');

# what was dumped with the old version comes back with the new one
my $used = database_in_use($current);
my $copy = database();
$node->command_ok([ 'pg_dump', '-f', "$dir/dump.sql", $node->connstr($used) ], 'pg_dump');
$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/dump.sql", $node->connstr($copy) ], 'psql');
is(work_in($copy), work_in($used), 'a dump keeps what is the user\'s as well');
is($node->safe_psql($copy, "SELECT extversion FROM pg_extension WHERE extname = 'poc_barman'"), 'next', 'and is restored to the new version');

# ---- the comparison itself: to a version whose upgrade script forgets what the version brings ----
install('forgotten', $script . <<'SQL');
COMMENT ON FUNCTION @extschema@.poc_seed(boolean) IS 'another comment';
ALTER FUNCTION _poc.wal_end() COST 7;
REVOKE EXECUTE ON FUNCTION @extschema@.poc_fingerprint(regclass) FROM PUBLIC;
ALTER VIEW @extschema@.poc_drills SET (security_barrier);
ALTER TYPE _poc.job ADD ATTRIBUTE note text;
ALTER TABLE _poc.marks ADD CONSTRAINT named CHECK (name <> '');
CREATE INDEX drills_mark ON _poc.drills (mark);
COMMENT ON COLUMN _poc.drills.at IS 'a comment';
GRANT SELECT (at) ON _poc.drills TO pg_monitor;
CREATE TABLE _poc.more (i integer);
CREATE FUNCTION _poc.open() RETURNS void LANGUAGE sql AS '';
REVOKE ALL ON FUNCTION _poc.open() FROM PUBLIC;
CREATE FUNCTION _poc.watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER poc_watch ON sql_drop EXECUTE FUNCTION _poc.watch();
SELECT pg_catalog.pg_extension_config_dump('_poc.marks', 'WHERE true');
SQL
# privileges of a new function are forgotten most easily
install("$current--forgotten", $empty . "CREATE FUNCTION _poc.open() RETURNS void LANGUAGE sql AS '';\n");
my $forgetful = database($current);
$node->safe_psql($forgetful, "ALTER EXTENSION poc_barman UPDATE TO 'forgotten'");
my @differences = catalog_differences(catalog_of($node, $forgetful), catalog_of($node, database('forgotten')));
is(join('', map { $_->[0] =~ s/; Schema: .*//r . "\n" } @differences), <<'LIST', 'whatever an upgrade forgets is found');
missing: COLUMN drills.at; Type: ACL
missing: COLUMN drills.at; Type: COMMENT
missing: FUNCTION open(); Type: ACL
different: FUNCTION poc_fingerprint(target regclass, OUT rows bigint, OUT hash text); Type: ACL
different: FUNCTION poc_seed(reset boolean); Type: COMMENT
missing: drills_mark; Type: INDEX
different: extension poc_barman
different: job; Type: TYPE
different: marks; Type: TABLE
missing: member event trigger poc_watch
missing: member function _poc.watch()
missing: member table _poc.more
missing: more; Type: TABLE
different: poc_drills; Type: VIEW
missing: poc_watch; Type: EVENT TRIGGER
different: wal_end(); Type: FUNCTION
missing: watch(); Type: FUNCTION
LIST

$node->stop;
done_testing();
