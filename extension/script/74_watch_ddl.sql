-- ---------------------------------------------------------------------
-- 74_watch_ddl.sql: remembers who drops and rewrites tables, while that is watched.
--
-- May use: 10_schema.
-- ---------------------------------------------------------------------

-- Who runs a command: the role that was set, or the one that logged in.  This is
-- told, and decides nothing.
CREATE FUNCTION _poc.ddl_note(kind text, relid oid, relation text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	note _poc.ddl_notes;
BEGIN
	note.system_identifier := (SELECT c.system_identifier FROM pg_control_system() AS c);
	note.database := (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database());
	note.relid := relid;
	note.xid := pg_current_xact_id()::xid;
	note.lsn := pg_current_wal_insert_lsn();
	note.at := clock_timestamp();
	note.kind := kind;
	note.relation := relation;
	SELECT pg_get_userbyid(a.usesysid), concat_ws(' ', nullif(a.application_name, ''), coalesce(host(a.client_addr), 'local'))
	INTO note.login, note.client
	FROM pg_stat_get_activity(pg_backend_pid()) AS a;
	note.role := CASE current_setting('role') WHEN 'none' THEN note.login ELSE current_setting('role') END;
	IF (SELECT w.queries FROM _poc.ddl_watch AS w) THEN
		note.query := left(current_query(), 10000);
	END IF;
	INSERT INTO _poc.ddl_notes SELECT note.*;
	-- for who reads the WAL alone
	PERFORM pg_logical_emit_message(true, 'poc_barman', (to_jsonb(note) - 'query')::text);
EXCEPTION WHEN OTHERS THEN
	-- what is watched goes on
	RAISE WARNING 'poc_barman could not note who runs this command: %', SQLERRM
		USING HINT = 'SELECT poc_watch_ddl(false) ends the watch.';
END
$$;

COMMENT ON FUNCTION _poc.ddl_note(text, oid, text) IS
'Internal. Remembers who drops or rewrites this table, in a table and as a logical message in WAL.';

CREATE FUNCTION _poc.ddl_dropped() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	dropped record;
BEGIN
	FOR dropped IN SELECT o.objid, o.object_identity FROM pg_event_trigger_dropped_objects() AS o
		WHERE o.object_type IN ('table', 'materialized view') AND NOT o.is_temporary
	LOOP
		PERFORM _poc.ddl_note('drop', dropped.objid, dropped.object_identity);
	END LOOP;
END
$$;

COMMENT ON FUNCTION _poc.ddl_dropped() IS 'Internal. For the event trigger on dropped tables.';

CREATE FUNCTION _poc.ddl_rewrites() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM _poc.ddl_note('rewrite', c.oid, format('%I.%I', n.nspname, c.relname))
	FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
	WHERE c.oid = pg_event_trigger_table_rewrite_oid() AND c.relpersistence <> 't';
END
$$;

COMMENT ON FUNCTION _poc.ddl_rewrites() IS 'Internal. For the event trigger on tables that are rewritten.';

-- Off, until poc_watch_ddl()
CREATE EVENT TRIGGER poc_ddl_dropped ON sql_drop EXECUTE FUNCTION _poc.ddl_dropped();
ALTER EVENT TRIGGER poc_ddl_dropped DISABLE;
CREATE EVENT TRIGGER poc_ddl_rewrites ON table_rewrite EXECUTE FUNCTION _poc.ddl_rewrites();
ALTER EVENT TRIGGER poc_ddl_rewrites DISABLE;

CREATE FUNCTION @extschema@.poc_watch_ddl(watch boolean DEFAULT true, queries boolean DEFAULT true) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE STRICT
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	UPDATE _poc.ddl_watch SET queries = poc_watch_ddl.queries;
	EXECUTE format('ALTER EVENT TRIGGER poc_ddl_dropped %1$s', CASE WHEN watch THEN 'ENABLE' ELSE 'DISABLE' END);
	EXECUTE format('ALTER EVENT TRIGGER poc_ddl_rewrites %1$s', CASE WHEN watch THEN 'ENABLE' ELSE 'DISABLE' END);
	RETURN watch;
END
$$;

COMMENT ON FUNCTION @extschema@.poc_watch_ddl(boolean, boolean) IS
'Has event triggers remember, or not, who drops or rewrites tables of this database: role, login, client, time and position in WAL, and unless queries => false the text of the query (which may have values in it). poc_find_changes() then tells who. Each note is a row in _poc.ddl_notes, which pg_dump keeps, and a logical message in WAL. PostgreSQL has no event trigger for TRUNCATE, and none for DELETE and UPDATE, VACUUM FULL and CLUSTER. A note that cannot be kept is a warning, and the command goes on. Off after CREATE EXTENSION and after a restore of a dump. Returns whether it is watched. Errors: 42501 no privilege. Example: SELECT poc_watch_ddl()';
