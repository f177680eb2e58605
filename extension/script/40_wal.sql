-- ---------------------------------------------------------------------
-- 40_wal.sql: writes WAL and closes segments (wal/generate_wal.c, wal/switch_wal.c, wal/tick.c, wal/archiver.c).
--
-- Never asks the sidecar.
--
-- May use: nothing.
-- ---------------------------------------------------------------------

CREATE FUNCTION @extschema@.poc_generate_wal(size text DEFAULT '64 MB',
	OUT start_lsn pg_lsn, OUT end_lsn pg_lsn, OUT bytes bigint, OUT segments bigint)
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'poc_generate_wal';

COMMENT ON FUNCTION @extschema@.poc_generate_wal(text) IS
'Writes so much WAL (a size as pg_size_bytes() reads it, 64 GB at most) and touches no table. Returns the positions before and after, the bytes between them (what others wrote meanwhile is counted too) and how many segments were filled. Errors: 22023 size out of range, 55000 on a standby. Example: SELECT * FROM poc_generate_wal(''64 MB'')';

CREATE FUNCTION _poc.wal_switch(force boolean,
	OUT wal_file text, OUT lsn pg_lsn, OUT switched boolean)
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'poc_wal_switch_sql';

COMMENT ON FUNCTION _poc.wal_switch(boolean) IS
'Closes the current WAL segment and writes a record into the next; forced, writes one before it as well, so that there is always something to close. Returns the segment closed last.';

CREATE FUNCTION _poc.wal_tick() RETURNS pg_lsn
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'poc_wal_tick_sql';

COMMENT ON FUNCTION _poc.wal_tick() IS
'Writes and flushes one small WAL record (a logical message, not transactional). Returns its end.';

CREATE FUNCTION _poc.archiver_trouble() RETURNS text
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'poc_archiver_trouble_sql';

COMMENT ON FUNCTION _poc.archiver_trouble() IS
'What is wrong with this server''s archive_command now, in words; null if nothing is, or if it archives nothing.';

CREATE FUNCTION _poc.warn_of_archiver() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	trouble text := _poc.archiver_trouble();
BEGIN
	IF trouble IS NOT NULL THEN
		RAISE WARNING '%', trouble
			USING HINT = 'This server''s log has what the command said, and poc_doctor() what Barman expects; until it succeeds all WAL is kept, and no backup comes to an end.';
	END IF;
END
$$;

COMMENT ON FUNCTION _poc.warn_of_archiver() IS
'Warns if this server''s archive_command fails.';

CREATE FUNCTION _poc.wal_end() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM pg_logical_emit_message(true, 'poc_barman', 'end');
	RAISE EXCEPTION USING ERRCODE = 'raise_exception';
EXCEPTION WHEN raise_exception THEN
	NULL;
END
$$;

COMMENT ON FUNCTION _poc.wal_end() IS
'Writes the end of a transaction, with its time, at which a recovery can stop: a subtransaction that fails has one.';

-- Barman restores what is archived, and what was written last is not: its
-- segment is closed now, and the sidecar waits for the file.  It waits also
-- for a segment that was closed before, should Barman lag.
CREATE FUNCTION _poc.wal_for_recovery(target_lsn pg_lsn, with_end boolean) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	segment CONSTANT bigint := pg_size_bytes(current_setting('wal_segment_size'));
BEGIN
	IF target_lsn + 2 * segment <= pg_current_wal_insert_lsn() THEN
		RETURN pg_walfile_name(target_lsn + segment);
	END IF;
	IF with_end THEN
		PERFORM _poc.wal_end();
	END IF;
	RETURN (SELECT s.wal_file FROM _poc.wal_switch(true) AS s);
END
$$;

COMMENT ON FUNCTION _poc.wal_for_recovery(pg_lsn, boolean) IS
'The WAL file that must be archived for a recovery to this position, or to all there is if it is null: of the segment after it, if that is complete; otherwise of the current one, which is closed, after the end of a transaction if with_end.';
