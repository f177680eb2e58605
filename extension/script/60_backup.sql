-- ---------------------------------------------------------------------
-- 60_backup.sql: takes, verifies, keeps and deletes backups; switches WAL, runs cron, and
-- waits until a server is ready for that.
--
-- May use: 10_schema, 20_client, 40_wal, 45_relation_notes.
-- ---------------------------------------------------------------------

CREATE FUNCTION @extschema@.poc_switch_wal(server text DEFAULT NULL, wait boolean DEFAULT true,
	timeout interval DEFAULT '60s',
	OUT wal_file text, OUT lsn pg_lsn, OUT switched boolean, OUT archived boolean, OUT elapsed interval)
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED COST 100000
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	began timestamptz := clock_timestamp();
	seconds double precision := date_part('epoch', timeout);
	barman_server text;
	elsewhere boolean := false;
	job jsonb;
BEGIN
	IF seconds < 0 THEN
		RAISE EXCEPTION 'timeout must not be negative'
			USING ERRCODE = 'invalid_parameter_value',
				DETAIL = format('It is %s.', timeout),
				HINT = 'Use NULL for no time limit, wait => false not to wait at all.';
	END IF;
	IF wait OR server IS NOT NULL THEN
		barman_server := _poc.server(server);
		elsewhere := _poc.is_elsewhere(barman_server, _poc.cluster_of(barman_server),
			'Barman itself closes a segment of it, none is closed here'::text);
	END IF;

	IF NOT elsewhere THEN
		SELECT s.wal_file, s.lsn, s.switched
		INTO poc_switch_wal.wal_file, poc_switch_wal.lsn, poc_switch_wal.switched
		FROM _poc.wal_switch(false) AS s;
	END IF;

	IF wait OR elsewhere THEN
		-- the sidecar keeps to the time; ours is for a sidecar that does not
		job := _poc.run_job(
			ARRAY['servers'::text, barman_server, 'switch-wal'::text],
			jsonb_build_object('wal_file', wal_file, 'timeout_seconds', ceil(seconds)),
			seconds + 30, false);
		wal_file := coalesce(wal_file, job -> 'result' ->> 'wal_file');
		archived := coalesce((SELECT r.archived FROM _poc.records(job -> 'result') AS r(archived boolean)), false);
		IF NOT archived THEN
			RAISE WARNING 'WAL file % was not archived in time', wal_file
				USING DETAIL = concat_ws(E'\n', format('Barman did not archive it within %s.', timeout),
						CASE WHEN NOT elsewhere THEN 'On this server ' || _poc.archiver_trouble() || '.' END),
					HINT = 'SELECT * FROM poc_check() WHERE NOT ok tells whether Barman receives WAL; poc_wait_ready() starts what is missing.';
		END IF;
	END IF;
	elapsed := clock_timestamp() - began;
END
$$;

COMMENT ON FUNCTION @extschema@.poc_switch_wal(text, boolean, interval) IS
'Closes the current WAL segment, writes a record into the next so that Barman sees the end of it, and waits until Barman has archived it. switched is false when nothing was written since this session''s last switch; lsn is the end of the closed segment''s last record. Not archived in time: archived is false, and a warning. With wait => false archived is null. Of a server of Barman''s that is another PostgreSQL than this one Barman closes the segment, and lsn and switched are null; a notice tells. Errors: 55000 on a standby. Example: SELECT * FROM poc_switch_wal()';

CREATE FUNCTION @extschema@.poc_cron() RETURNS SETOF text
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 100000 ROWS 10
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT m.line
	FROM jsonb_array_elements_text(
		coalesce(_poc.run_job(ARRAY['cron'::text], '{}'::jsonb, NULL::double precision, false) -> 'result' -> 'messages', '[]'))
		AS m(line)
$$;

COMMENT ON FUNCTION @extschema@.poc_cron() IS
'Runs barman cron, which starts the WAL receivers, archives what they received and applies retention; returns what it said. The sidecar does so by itself at an interval. Errors: 58000 with Barman''s own words.';

-- Another cluster's standby does not hinder.  A Barman that is too slow to tell
-- is asked again.
CREATE FUNCTION _poc.standby_is_ready(barman_server text, may_checkpoint boolean, OUT ready boolean, OUT checkpointed boolean)
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	archive jsonb := _poc.archive_of(barman_server);
	redo text;
	checkpoint text;
BEGIN
	ready := false;
	checkpointed := false;
	-- a server that Barman has not reached may be a standby
	IF archive IS NULL OR archive ->> 'in_recovery' IS NULL THEN
		RETURN;
	END IF;
	IF pg_is_in_recovery() OR NOT (archive ->> 'in_recovery')::boolean OR
		(archive ->> 'system_identifier')::bigint IS DISTINCT FROM (SELECT c.system_identifier FROM pg_control_system() AS c) THEN
		ready := true;
		RETURN;
	END IF;
	SELECT pg_walfile_name(c.redo_lsn), pg_walfile_name(c.checkpoint_lsn) INTO redo, checkpoint FROM pg_control_checkpoint() AS c;
	IF (archive ->> 'oldest_wal') COLLATE "C" <= redo THEN
		-- what holds the record of the checkpoint has gone through the standby
		ready := coalesce((archive ->> 'newest_wal') COLLATE "C" >= checkpoint, false);
	ELSIF may_checkpoint AND (archive ->> 'oldest_wal') IS NOT NULL THEN
		-- it begins after what is archived already, so one is enough
		CHECKPOINT;
		checkpointed := true;
	END IF;
END
$$;

COMMENT ON FUNCTION _poc.standby_is_ready(text, boolean) IS
'Has Barman the WAL that a backup of this server''s standby needs?  If not, makes a checkpoint, whose WAL it will have, if it may, and tells so.';

CREATE FUNCTION _poc.wait_ready(barman_server text, seconds double precision)
RETURNS TABLE (server text, check_name text, ok boolean, hint text)
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED COST 100000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	deadline timestamptz := clock_timestamp() + make_interval(secs => seconds);
	next_switch timestamptz := '-infinity'::timestamptz;
	-- Barman takes a backup in spite of these, and no waiting cures them
	-- (CheckStrategy.NON_CRITICAL_CHECKS in its server.py)
	not_critical CONSTANT text[] := ARRAY[
		'minimum_redundancy_requirements', 'backup_maximum_age', 'backup_minimum_size',
		'failed_backups', 'archiver_errors', 'empty_incoming_directory',
		'empty_streaming_directory', 'incoming_wals_directory',
		'streaming_wals_directory', 'wal_maximum_age', 'postgresql_server_is_standby'];
	checks jsonb;
	failing text;
	failing_before text;
	details text;
	cron_trouble text;
	cron_told text;
	cluster bigint;
	elsewhere boolean := false;
	standby_ready boolean;
	made_checkpoint boolean := false;
	archiver text;
	archiver_told boolean := false;
BEGIN
	IF seconds < 0 THEN
		RAISE EXCEPTION 'timeout must not be negative'
			USING ERRCODE = 'invalid_parameter_value',
				DETAIL = format('It is %s seconds.', seconds),
				HINT = 'Use NULL for no time limit.';
	END IF;

	LOOP
		-- It serves all servers, and fails if one of them has trouble: whether
		-- this one is ready only its checks tell.
		BEGIN
			cron_trouble := NULL;
			PERFORM _poc.run_job(ARRAY['cron'::text], '{}'::jsonb, NULL::double precision, false);
		EXCEPTION WHEN system_error THEN
			GET STACKED DIAGNOSTICS cron_trouble = PG_EXCEPTION_DETAIL;
			cron_trouble := format('barman cron, for all servers: %s', coalesce(nullif(cron_trouble, ''), SQLERRM));
			IF cron_trouble IS DISTINCT FROM cron_told THEN
				RAISE NOTICE 'barman cron failed, perhaps for another server'
					USING DETAIL = cron_trouble;
				cron_told := cron_trouble;
			END IF;
		END;

		-- a passive server never is ready, and this is the error for it
		IF cluster IS NULL THEN
			cluster := (_poc.archive_of(barman_server) ->> 'system_identifier')::bigint;
			elsewhere := _poc.is_elsewhere(barman_server, cluster, 'Barman itself closes segments of it, none is closed here'::text);
		END IF;
		-- a switch costs a segment in the archive, a tick next to nothing
		IF clock_timestamp() >= next_switch THEN
			IF elsewhere THEN
				PERFORM _poc.run_job(ARRAY['servers'::text, barman_server, 'switch-wal'::text],
					jsonb_build_object('wal_file', NULL, 'timeout_seconds', 5), NULL::double precision, false);
			ELSE
				PERFORM _poc.wal_switch(true);
			END IF;
			next_switch := clock_timestamp() + '10 s'::interval;
		ELSIF NOT elsewhere THEN
			PERFORM _poc.wal_tick();
		END IF;

		checks := _poc.get_list('checks'::text, ARRAY['servers'::text, barman_server, 'check'::text]);
		SELECT string_agg(c.check_name, ', '),
			string_agg(format('%s: %s', c.check_name, coalesce(nullif(c.hint, ''), 'no hint from Barman')), E'\n')
		INTO failing, details
		FROM _poc.records(checks) AS c(check_name text, ok boolean, hint text)
		WHERE c.ok IS NOT TRUE AND c.check_name <> ALL (not_critical);

		-- The backup of a standby begins where its last checkpoint did, and may
		-- so need WAL from before Barman received any.
		-- A checkpoint costs every session, so a call makes one at most.
		IF failing IS NULL THEN
			SELECT s.ready, made_checkpoint OR s.checkpointed INTO standby_ready, made_checkpoint
			FROM _poc.standby_is_ready(barman_server, NOT made_checkpoint) AS s;
		END IF;
		IF failing IS NULL AND NOT standby_ready THEN
			failing := 'a checkpoint that Barman has the WAL of';
			details := format('%s: a backup of a standby would begin before the first segment in Barman''s archive', failing);
			next_switch := '-infinity';
		END IF;

		EXIT WHEN failing IS NULL;
		-- of which Barman has no words
		archiver := CASE WHEN NOT elsewhere THEN _poc.archiver_trouble() END;
		IF clock_timestamp() >= deadline THEN
			RAISE EXCEPTION 'server % is not ready for backups', barman_server
				USING ERRCODE = 'object_not_in_prerequisite_state',
					DETAIL = concat_ws(E'\n', details, cron_trouble, 'On this server ' || archiver || '.'),
					HINT = format('Not all of Barman''s checks passed within %s; see the hints above and Barman''s log.', make_interval(secs => seconds));
		END IF;
		IF failing IS DISTINCT FROM failing_before THEN
			PERFORM _poc.tell(format('waiting for: %s', failing), 'poc_check() tells more of what does not pass.'::text);
			failing_before := failing;
		END IF;
		IF archiver IS NOT NULL AND NOT archiver_told THEN
			PERFORM _poc.warn_of_archiver();
			archiver_told := true;
		END IF;
		PERFORM pg_sleep(1);
	END LOOP;

	SELECT string_agg(c.check_name, ', '),
		string_agg(format('%s: %s', c.check_name, coalesce(nullif(c.hint, ''), 'no hint from Barman')), E'\n')
	INTO failing, details
	FROM _poc.records(checks) AS c(check_name text, ok boolean, hint text)
	WHERE c.ok IS NOT TRUE;
	IF failing IS NOT NULL THEN
		RAISE WARNING 'server % is ready for backups, but not all is well: %', barman_server, failing
			USING DETAIL = details,
				HINT = 'Barman takes backups in spite of this, so it is not waited for.';
	END IF;

	RETURN QUERY
		SELECT c.server, c.check_name, c.ok, c.hint
		FROM _poc.records(checks) AS c(server text, check_name text, ok boolean, hint text);
END
$$;

COMMENT ON FUNCTION _poc.wait_ready(text, double precision) IS
'What poc_wait_ready() does, for a server by its name.';

CREATE FUNCTION @extschema@.poc_wait_ready(server text DEFAULT NULL, timeout interval DEFAULT '120s')
RETURNS TABLE (server text, check_name text, ok boolean, hint text)
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 100000 ROWS 30
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT r.server, r.check_name, r.ok, r.hint
	FROM _poc.wait_ready(_poc.server($1), date_part('epoch', $2)) AS r
$$;

COMMENT ON FUNCTION @extschema@.poc_wait_ready(text, interval) IS
'Runs barman cron, switches WAL and checks, again and again, until every check passes that Barman demands for a backup; returns the checks as poc_check() does, and a warning if others fail (failed_backups, say, which only their removal cures). On a new server this is what makes the first backup possible. Errors: 55000 when the time is over, with the failing checks and Barman''s hints as detail. Example: SELECT * FROM poc_wait_ready(timeout => ''30 s'')';

CREATE FUNCTION @extschema@.poc_backup(server text DEFAULT NULL, incremental text DEFAULT NULL, name text DEFAULT NULL,
	immediate_checkpoint boolean DEFAULT true, wait boolean DEFAULT true, timeout interval DEFAULT NULL,
	OUT job_id text, OUT backup_id text, OUT type text, OUT status text, OUT size bigint, OUT elapsed interval)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100000
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	seconds double precision := date_part('epoch', timeout);
	barman_server text := _poc.server(server);
	path text[] := ARRAY['servers'::text, barman_server, 'backups'::text];
	body jsonb := jsonb_build_object('incremental', incremental, 'name', name,
		'immediate_checkpoint', coalesce(immediate_checkpoint, true),
		'timeout_seconds', NULL);
	archive jsonb := _poc.archive_of(barman_server);
	elsewhere boolean;
	job jsonb;
BEGIN
	-- who names no server may have been given one, by the owner of the database
	elsewhere := _poc.is_elsewhere(barman_server, (archive ->> 'system_identifier')::bigint, 'the backup is of that one'::text);
	IF NOT elsewhere THEN
		PERFORM _poc.warn_of_archiver();
	END IF;
	IF NOT elsewhere AND NOT current_setting('transaction_read_only')::boolean THEN
		PERFORM _poc.note_relations();
	END IF;

	-- Of a server whose WAL has never reached Barman, Barman refuses a backup.
	IF archive -> 'newest_wal' = 'null'::jsonb THEN
		PERFORM _poc.tell(format('server %s is new to Barman: making it ready', barman_server), 'As poc_wait_ready() does.'::text);
		PERFORM _poc.wait_ready(barman_server, 120);
	END IF;

	IF wait THEN
		job := _poc.run_job(path, body, seconds, true);
	ELSE
		-- nobody here will watch the time, so the sidecar must
		job := _poc.post(body || jsonb_build_object('timeout_seconds', ceil(seconds)), path);
	END IF;

	SELECT j.id, b.backup_id, b.type, coalesce(b.status, j.state), b.size, j.elapsed
	INTO poc_backup.job_id, poc_backup.backup_id, poc_backup.type, poc_backup.status, poc_backup.size, poc_backup.elapsed
	FROM _poc.records(job) AS j(id text, state text, elapsed interval)
		LEFT JOIN _poc.records(NULL::_poc.backup_item, job -> 'result' -> 'backup') AS b ON true;
END
$$;

COMMENT ON FUNCTION @extschema@.poc_backup(text, text, text, boolean, boolean, interval) IS
'Takes a backup and waits until Barman has all the WAL it needs: status is DONE then, also on a server that nobody else writes to. A server that is new to Barman is made ready first, as poc_wait_ready() does. incremental names the parent backup (PostgreSQL 17, Barman 3.11); name gives the backup a name. With immediate_checkpoint => false the checkpoint before it takes its time. With wait => false the row tells the job, to be followed by poc_wait_job(). size is in bytes, with the WAL that the backup needs. Cancelling the query cancels the backup. While this server sends it, notices tell how much; one tells if the server is another PostgreSQL than this one. Errors: 55006 another backup of the server runs, 08006 not done within timeout (the backup is cancelled), 58000 with Barman''s own words. Example: SELECT * FROM poc_backup()';

CREATE FUNCTION @extschema@.poc_verify_backup(backup_id text DEFAULT 'latest', server text DEFAULT NULL,
	OUT job_id text, OUT status text, OUT detail text)
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 100000
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT j.job ->> 'id', j.job -> 'result' ->> 'status', j.job -> 'result' ->> 'detail'
	FROM _poc.run_job(
		ARRAY['servers'::text, _poc.server($2), 'backups'::text, coalesce($1, ''), 'verify'::text], '{}'::jsonb, NULL::double precision, true) AS j(job)
$$;

COMMENT ON FUNCTION @extschema@.poc_verify_backup(text, text) IS
'Has Barman read a whole backup and compare it with its manifest. status is valid, or corrupt, with what is wrong as detail. It says nothing of the WAL, nor whether the backup can be restored: poc_restore() does. Errors: 42704 unknown backup, 55000 a backup that cannot be verified. Example: SELECT * FROM poc_verify_backup()';

CREATE FUNCTION @extschema@.poc_keep_backup(backup_id text, keep text DEFAULT 'full', server text DEFAULT NULL,
	OUT job_id text, OUT status text, OUT detail text)
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 100000
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT j.job ->> 'id', j.job -> 'result' ->> 'status', j.job -> 'result' ->> 'detail'
	FROM _poc.run_job(
		ARRAY['servers'::text, _poc.server($3), 'backups'::text, coalesce($1, ''), 'keep'::text],
		jsonb_build_object('keep', $2), NULL::double precision, true) AS j(job)
$$;

COMMENT ON FUNCTION @extschema@.poc_keep_backup(text, text, text) IS
'Takes a backup out of the retention policy: keep => ''full'' keeps it with all WAL from it on, ''standalone'' with the WAL that makes it consistent, ''release'' lets the policy have it again. status is full, standalone or none, as Barman then says. Errors: 42704 unknown backup, 55000 an incremental backup or one that is not DONE. Example: SELECT * FROM poc_keep_backup(''20261122T061022'', ''standalone'')';

CREATE FUNCTION @extschema@.poc_delete_backup(backup_id text, server text DEFAULT NULL,
	OUT job_id text, OUT status text, OUT detail text)
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 100000
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT j.job ->> 'id', j.job -> 'result' ->> 'status', j.job -> 'result' ->> 'detail'
	FROM _poc.run_job(
		ARRAY['servers'::text, _poc.server($2), 'backups'::text, coalesce($1, '')], NULL::jsonb, NULL::double precision, true) AS j(job)
$$;

COMMENT ON FUNCTION @extschema@.poc_delete_backup(text, text) IS
'Deletes a backup and every incremental backup based on it; detail lists them. Errors: 42501 unless barman-sidecar was started with --allow-delete, 42704 unknown backup, 55000 the backup is kept or too few would be left, 55006 it is being restored. Example: SELECT * FROM poc_delete_backup(''20261122T061022'')';
