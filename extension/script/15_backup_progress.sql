-- ---------------------------------------------------------------------
-- 15_backup_progress.sql: how far the backup is that Barman takes of this server by
-- pg_basebackup.
--
-- May use: 10_schema.
-- ---------------------------------------------------------------------

-- Barman's streaming_backup_name, unless somebody configured another
CREATE FUNCTION _poc.backup_progress(OUT progress double precision, OUT line text)
LANGUAGE sql VOLATILE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT s.part,
		CASE WHEN p.phase <> 'streaming database files' THEN p.phase
			WHEN s.part IS NULL THEN pg_size_pretty(p.backup_streamed)
			-- full or incremental: since PostgreSQL 19
			ELSE format('%s %% (%s)', floor(100 * s.part), concat_ws(', ',
				format('%s of %s', pg_size_pretty(p.backup_streamed), pg_size_pretty(p.backup_total)), to_jsonb(p) ->> 'backup_type')) END
	FROM pg_stat_progress_basebackup AS p
		JOIN pg_stat_activity AS a ON a.pid = p.pid AND a.application_name = 'barman_streaming_backup',
		LATERAL (SELECT CASE WHEN p.backup_total > 0 THEN least(p.backup_streamed::double precision / p.backup_total, 1) END) AS s(part)
	ORDER BY a.backend_start DESC
	LIMIT 1
$$;

COMMENT ON FUNCTION _poc.backup_progress() IS
'How much of the backup that Barman takes of this server has been sent, from 0 to 1, and the same in words.';
