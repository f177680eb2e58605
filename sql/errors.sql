-- Bad input: an SQLSTATE, a DETAIL with the cause, a HINT with the remedy.
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS poc_barman;

\set SHOW_CONTEXT never
CREATE FUNCTION pg_temp.error_of(command text, OUT state text, OUT detail boolean, OUT hint boolean)
LANGUAGE plpgsql AS $$
DECLARE
	detail_text text;
	hint_text text;
BEGIN
	EXECUTE command;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE,
		detail_text = PG_EXCEPTION_DETAIL, hint_text = PG_EXCEPTION_HINT;
	detail := detail_text <> '';
	hint := hint_text <> '';
END
$$;

-- backup identifiers that are none, or that mean something to a shell or to Barman
SELECT id, e.*
FROM unnest(ARRAY['', '-', 'f', '../x', '..', '.', 'latest; rm', 'latest rm', '-h', '--help', '/etc/passwd',
		'20000101T000000', E'a\nb', '%2e%2e', 'a?b=c', 'é', repeat('x', 300), repeat('x', 100000), NULL])
	WITH ORDINALITY AS t(long_id, n),
	LATERAL (SELECT left(long_id, 20) AS id) AS l,
	LATERAL pg_temp.error_of(format('SELECT * FROM poc_show_backup(%L)', long_id)) AS e
ORDER BY n;

-- servers that there are not
SELECT server, e.*
FROM unnest(ARRAY['', '-', 'all', 'no_such_server', '../postgres1', '..', 'postgres1; rm', 'postgres1/../x', E'a\nb'])
	WITH ORDINALITY AS t(server, n),
	LATERAL pg_temp.error_of(format('SELECT * FROM poc_check(%L)', server)) AS e
ORDER BY n;
SELECT command, e.*
FROM unnest(ARRAY['poc_backups(''no_such_server'')', 'poc_status(''no_such_server'')',
		'poc_replication_status(''no_such_server'')', 'poc_files(''base'', ''no_such_server'')',
		'poc_backup(''no_such_server'')', 'poc_switch_wal(''no_such_server'')', 'poc_wait_ready(''no_such_server'')'])
	WITH ORDINALITY AS t(command, n),
	LATERAL pg_temp.error_of('SELECT * FROM ' || command) AS e
ORDER BY n;

-- arguments of a backup
SELECT command, e.*
FROM unnest(ARRAY['poc_backup(name => '''')', 'poc_backup(name => ''-x'')', 'poc_backup(name => ''a; rm'')',
		'poc_backup(incremental => '''')', 'poc_backup(incremental => ''../x'')', 'poc_backup(timeout => ''-1 s'')'])
	WITH ORDINALITY AS t(command, n),
	LATERAL pg_temp.error_of('SELECT * FROM ' || command) AS e
ORDER BY n;

-- the session goes on
SELECT count(*) > 0 AS goes_on FROM poc_servers();
