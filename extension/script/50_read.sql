-- ---------------------------------------------------------------------
-- 50_read.sql: what Barman says of servers, backups, WAL and itself.
--
-- Changes nothing.
--
-- May use: 10_schema, 20_client.
-- ---------------------------------------------------------------------

CREATE FUNCTION @extschema@.poc_servers()
RETURNS TABLE (server text, description text, state text)
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 10000 ROWS 10
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT s.server, s.description, s.state
	FROM _poc.records(_poc.get_list('servers'::text, ARRAY['servers'::text]))
		AS s(server text, description text, state text)
$$;

COMMENT ON FUNCTION @extschema@.poc_servers() IS
'The PostgreSQL servers that Barman backs up. state is active, inactive, disabled or passive.';

CREATE FUNCTION _poc.backups_of(server text, alone boolean) RETURNS SETOF _poc.backup_item
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED COST 10000 ROWS 100
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	cause text;
BEGIN
	RETURN QUERY SELECT b.* FROM _poc.records(NULL::_poc.backup_item,
		_poc.get_list('backups'::text, ARRAY['servers'::text, server, 'backups'::text])) AS b;
EXCEPTION WHEN system_error OR object_not_in_prerequisite_state OR invalid_parameter_value OR protocol_violation THEN
	-- the trouble of one server is not that of the others
	IF alone THEN
		RAISE;
	END IF;
	GET STACKED DIAGNOSTICS cause = PG_EXCEPTION_DETAIL;
	RAISE WARNING 'the backups of server % are not listed: %', server, SQLERRM
		USING DETAIL = cause;
END
$$;

COMMENT ON FUNCTION _poc.backups_of(text, boolean) IS
'The backups of a server; its trouble is a warning unless it is asked for alone.';

CREATE FUNCTION @extschema@.poc_backups(server text DEFAULT NULL) RETURNS SETOF _poc.backup_item
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 10000 ROWS 100
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT b.*
	FROM unnest(CASE WHEN $1 IS NULL
			THEN ARRAY(SELECT s.server FROM _poc.records(_poc.get_list('servers'::text, ARRAY['servers'::text])) AS s(server text))
			ELSE ARRAY[$1] END) AS wanted(server),
		LATERAL _poc.backups_of(wanted.server, $1 IS NOT NULL) AS b
	ORDER BY b.backup_id COLLATE "C" DESC, b.server
$$;

COMMENT ON FUNCTION @extschema@.poc_backups(text) IS
'The backups of a server, or of all servers if none is named; newest first; of a server that cannot be listed then a warning tells. size is that of the backup with the WAL that it needs, wal_size that of the WAL archived after it until the next one, in bytes; type is full, incremental, rsync or snapshot. Errors: 42704 unknown server. Example: SELECT backup_id, status, pg_size_pretty(size) FROM poc_backups()';

CREATE FUNCTION @extschema@.poc_show_backup(backup_id text DEFAULT 'latest', server text DEFAULT NULL)
RETURNS SETOF _poc.backup_detail
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 10000 ROWS 1
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT b.*
	FROM _poc.records(NULL::_poc.backup_detail,
		_poc.get_object('backup'::text, ARRAY['servers'::text, _poc.server($2), 'backups'::text, $1])) AS b
$$;

COMMENT ON FUNCTION @extschema@.poc_show_backup(text, text) IS
'All that Barman knows of one backup: its identifier, a name, or latest, oldest, latest-full, last-failed. Sizes in bytes, throughput in bytes per second; wal_count and wal_size are of the WAL the backup needs, wals_after_... of what was archived after it; null is what this version of Barman or kind of backup does not tell. Errors: 42704 unknown server or backup, 22023 not an identifier. Example (\x in psql): SELECT * FROM poc_show_backup(''latest'')';

CREATE FUNCTION @extschema@.poc_check(server text DEFAULT NULL)
RETURNS TABLE (server text, check_name text, ok boolean, hint text)
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 10000 ROWS 30
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT c.server, c.check_name, c.ok, c.hint
	FROM _poc.records(_poc.get_list('checks'::text, ARRAY['servers'::text, _poc.server($1), 'check'::text]))
		AS c(server text, check_name text, ok boolean, hint text)
$$;

COMMENT ON FUNCTION @extschema@.poc_check(text) IS
'The result of barman check, a row for each check. Example: SELECT check_name, hint FROM poc_check() WHERE NOT ok';

CREATE FUNCTION @extschema@.poc_status(server text DEFAULT NULL)
RETURNS TABLE (server text, key text, description text, value text)
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 10000 ROWS 30
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT s.server, s.key, s.description, s.value
	FROM _poc.records(_poc.get_list('status'::text, ARRAY['servers'::text, _poc.server($1), 'status'::text]))
		AS s(server text, key text, description text, value text)
$$;

COMMENT ON FUNCTION @extschema@.poc_status(text) IS
'The result of barman status, a row for each key. Example: SELECT key, value FROM poc_status()';

CREATE FUNCTION @extschema@.poc_replication_status(server text DEFAULT NULL) RETURNS SETOF _poc.streaming_client
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 10000 ROWS 5
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT c.*
	FROM _poc.records(NULL::_poc.streaming_client,
		_poc.get_list('clients'::text, ARRAY['servers'::text, _poc.server($1), 'replication'::text])) AS c
$$;

COMMENT ON FUNCTION @extschema@.poc_replication_status(text) IS
'The streaming clients of a server as Barman sees them; the lags are bytes behind the server''s position.';

CREATE FUNCTION @extschema@.poc_files(area text, server text DEFAULT NULL)
RETURNS TABLE (name text, bytes bigint, modified timestamptz, is_directory boolean)
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 10000 ROWS 100
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT f.name, f.bytes, f.modified, f.is_directory
	FROM _poc.records(_poc.get_list('files'::text, ARRAY['servers'::text, _poc.server($2), 'files'::text, $1]))
		AS f(name text, bytes bigint, modified timestamptz, is_directory boolean)
$$;

COMMENT ON FUNCTION @extschema@.poc_files(text, text) IS
'The files that Barman keeps for a server: base (one directory for each backup, with the bytes of all it holds), wals (the archive), streaming (received and not yet archived), incoming or errors. A warning tells when the list was cut. Errors: 22023 another area. Example: SELECT * FROM poc_files(''streaming'')';

CREATE FUNCTION @extschema@.poc_diagnose() RETURNS jsonb
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 10000
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT _poc.get_object('diagnose'::text, ARRAY['diagnose'::text])
$$;

COMMENT ON FUNCTION @extschema@.poc_diagnose() IS
'The document of barman diagnose, without passwords. Example: SELECT jsonb_pretty(poc_diagnose())';

CREATE FUNCTION @extschema@.poc_sidecar(OUT url text, OUT version text, OUT barman_version text,
	OUT uptime interval, OUT latency interval)
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED COST 10000
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	began timestamptz := clock_timestamp();
	health jsonb := _poc.get_health();
BEGIN
	latency := clock_timestamp() - began;
	url := _poc.url();
	SELECT h.version, h.barman_version, h.uptime
	INTO poc_sidecar.version, poc_sidecar.barman_version, poc_sidecar.uptime
	FROM _poc.records(health) AS h(version text, barman_version text, uptime interval);
END
$$;

COMMENT ON FUNCTION @extschema@.poc_sidecar() IS
'Where the sidecar is (null unless pg_read_all_settings lets you see it), its version and Barman''s, how long it has been up, and how long it took to answer.';
