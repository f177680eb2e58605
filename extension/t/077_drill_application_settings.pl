# What an application has set for itself, on a database or a role, does not decide a drill.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use DrillTest;
use PocTest;

my $live = drill_stack('settings', sql => 'CREATE DATABASE app; CREATE DATABASE shut');
my $node = $live->{node};
my $me = $node->safe_psql('postgres', 'SELECT quote_ident(current_user)');

# Our own sessions do without these settings.
my $own = join(' ', map { "-c $_" } qw(client_min_messages=error session_preload_libraries= role=none
	default_transaction_read_only=off statement_timeout=0 lock_timeout=0 idle_in_transaction_session_timeout=0
	search_path=public standard_conforming_strings=on), 'default_transaction_isolation=read\\ committed',
	$node->pg_version >= 17 ? qw(event_triggers=off transaction_timeout=0) : ());

sub app
{
	my ($sql) = @_;
	local $ENV{PGOPTIONS} = $own;

	return $node->safe_psql('app', $sql);
}

app(<<'SQL');
CREATE EXTENSION poc_barman;
CREATE TABLE big AS SELECT g, md5(g::text) FROM generate_series(1, 200000) AS g;
ALTER TABLE big ADD PRIMARY KEY (g);
CREATE TABLE kinds AS SELECT '2026-11-28 12:00+00'::timestamptz AS a, '1 day 2 hours'::interval AS b, 0.1::float8 AS c,
	ARRAY[now(), '2026-01-01'::timestamptz] AS d, ARRAY['\x00ff'::bytea] AS e, (SELECT ARRAY[g::float8 / 3] FROM generate_series(1, 1) AS g) AS f;
SQL
my $asserts = "ARRAY['SELECT count(*) = 200000 FROM public.big', 'SELECT count(*) = 1 FROM public.kinds']";
my $number = 0;

# The steps that fail, of a drill to a mark that is set with these settings
sub drill
{
	my ($name, @settings) = @_;

	$number++;
	$node->safe_psql('postgres', $_) for @settings;
	app("SELECT count(*) FROM poc_mark('m$number')");
	my $steps = app("SELECT step, ok, detail FROM poc_restore_drill('m$number', asserts => $asserts)");
	$node->safe_psql('postgres', $_) for 'ALTER DATABASE app RESET ALL', 'ALTER DATABASE app CONNECTION LIMIT -1',
		'ALTER ROLE ALL IN DATABASE app RESET ALL', "ALTER ROLE $me IN DATABASE app RESET ALL";
	is(join("\n", $steps =~ /^(.*\|f\|.*)$/mg), '', "passes: $name");
	like($steps, qr/^amcheck\|t\|/m, "and amcheck has looked: $name") if $steps =~ /amcheck/;
	return;
}

drill('what databases are given every day', map { "ALTER DATABASE app $_" }
	"SET statement_timeout = '5ms'", 'SET default_transaction_read_only = on', 'CONNECTION LIMIT 0');
drill('a role', "ALTER DATABASE app SET role = 'pg_monitor'");
drill('of roles', "ALTER ROLE ALL IN DATABASE app SET statement_timeout = '5ms'", "ALTER ROLE $me IN DATABASE app SET lock_timeout = '1ms'");

# and all that is innocent at once, with triggers that fire always
app(<<'SQL');
ALTER TABLE kinds ENABLE ROW LEVEL SECURITY;
ALTER TABLE kinds FORCE ROW LEVEL SECURITY;
CREATE FUNCTION no_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'not here: % %', tg_event, tg_tag; END$$;
CREATE EVENT TRIGGER no_ddl ON ddl_command_start EXECUTE FUNCTION no_ddl();
ALTER EVENT TRIGGER no_ddl ENABLE ALWAYS;
CREATE EVENT TRIGGER no_ddl_end ON ddl_command_end EXECUTE FUNCTION no_ddl();
ALTER EVENT TRIGGER no_ddl_end ENABLE ALWAYS;
SQL
app("CREATE EVENT TRIGGER no_login ON login EXECUTE FUNCTION no_ddl(); ALTER EVENT TRIGGER no_login ENABLE ALWAYS")
  if $node->pg_version >= 17;
my @all = (
	"statement_timeout = '5ms'", "lock_timeout = '1ms'", "idle_in_transaction_session_timeout = '1ms'",
	"default_transaction_isolation = 'serializable'", 'default_transaction_read_only = on', "session_preload_libraries = 'not_there'",
	"default_tablespace = 'gone'", 'row_security = on', 'extra_float_digits = -5', "DateStyle = 'German'", "bytea_output = 'escape'",
	"IntervalStyle = 'sql_standard'", "TimeZone = 'Asia/Kolkata'", "client_encoding = 'LATIN1'", 'quote_all_identifiers = on',
	'search_path = public', "role = 'pg_monitor'", 'ignore_checksum_failure = on',
	$node->pg_version->major < 19 ? 'standard_conforming_strings = off' : (),
	$node->pg_version >= 17 ? "transaction_timeout = '5ms'" : ());
drill('all at once', 'ALTER DATABASE shut ALLOW_CONNECTIONS false', (map { "ALTER DATABASE app SET $_" } @all), 'ALTER DATABASE app CONNECTION LIMIT 2');

nothing_left($live, 'in the end');
done_testing();
