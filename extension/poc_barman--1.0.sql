/* extension/poc_barman--1.0.sql */

-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION poc_barman" to load this file. \quit

-- ---------------------------------------------------------------------
-- Rows (rows.c): the extension alone, no sidecar
-- ---------------------------------------------------------------------

CREATE FUNCTION poc_seed(reset boolean DEFAULT false)
RETURNS regclass
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF to_regclass('public.dummy') IS NULL THEN
		BEGIN
			CREATE TABLE public.dummy (id serial PRIMARY KEY, text varchar);
		EXCEPTION WHEN duplicate_table OR unique_violation THEN
			NULL;	-- another session was faster
		END;
	ELSIF reset THEN
		TRUNCATE public.dummy RESTART IDENTITY;
	END IF;
	RETURN 'public.dummy'::regclass;
END
$$;

COMMENT ON FUNCTION poc_seed(boolean) IS
'make public.dummy (id serial PRIMARY KEY, text varchar), the table of the scenario, or keep the one there is; reset => true empties it. Example: SELECT poc_seed();';

CREATE FUNCTION poc_generate_rows(
	n bigint,
	target regclass DEFAULT NULL,
	seed bigint DEFAULT NULL,
	options jsonb DEFAULT '{}')
RETURNS bigint
AS 'MODULE_PATHNAME'
LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE;

COMMENT ON FUNCTION poc_generate_rows(bigint, regclass, bigint, jsonb) IS
'insert n made-up rows into target (public.dummy when null) that obey its types and constraints; the same seed makes the same rows. Returns the number of rows inserted. Needs INSERT on the columns it writes. Errors: 22023 bad n or option, 42501 no privilege or a system catalog, 42809 not a table, 0A000 a type or constraint it cannot serve, 54000 no unique values left. Example: SELECT poc_generate_rows(100000, ''orders'', seed => 42);';

-- The hash of a table is the sum of the hashes of its rows.  Parallel workers
-- sum theirs and the sums are added.
CREATE FUNCTION _poc_fingerprint_add(state bytea, "row" record)
RETURNS bytea
AS 'MODULE_PATHNAME', 'poc_fingerprint_add'
LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL SAFE;

CREATE FUNCTION _poc_fingerprint_combine(state bytea, other bytea)
RETURNS bytea
AS 'MODULE_PATHNAME', 'poc_fingerprint_combine'
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;

CREATE FUNCTION _poc_fingerprint_final(state bytea)
RETURNS text
AS 'MODULE_PATHNAME', 'poc_fingerprint_final'
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;

CREATE AGGREGATE _poc_fingerprint_sum(record) (
	SFUNC = _poc_fingerprint_add,
	STYPE = bytea,
	SSPACE = 32,
	COMBINEFUNC = _poc_fingerprint_combine,
	FINALFUNC = _poc_fingerprint_final,
	PARALLEL = SAFE
);

COMMENT ON FUNCTION _poc_fingerprint_add(bytea, record) IS 'internal: add the hash of a row';
COMMENT ON FUNCTION _poc_fingerprint_combine(bytea, bytea) IS 'internal: add the sums of two workers';
COMMENT ON FUNCTION _poc_fingerprint_final(bytea) IS 'internal: the sums in hexadecimal';
COMMENT ON AGGREGATE _poc_fingerprint_sum(record) IS 'internal: order-independent hash of rows';

-- Every setting that changes how a value is written is pinned, so that two
-- sessions, and a restored copy, agree.
CREATE FUNCTION poc_fingerprint(target regclass, OUT rows bigint, OUT hash text)
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED STRICT
SET search_path = pg_catalog, pg_temp
SET datestyle = 'ISO, YMD'
SET intervalstyle = 'postgres'
SET timezone = 'UTC'
SET extra_float_digits = 1
SET bytea_output = 'hex'
SET xmlbinary = 'base64'
SET lc_monetary = 'C'
AS $$
BEGIN
	EXECUTE format('SELECT count(*), @extschema@._poc_fingerprint_sum(t.*) FROM %s AS t', target)
		INTO rows, hash;
END
$$;

COMMENT ON FUNCTION poc_fingerprint(regclass) IS
'number of rows and hash of the content of a table, the same for any order of the rows and on a restored copy. Reads the whole table with the privileges of the caller. Example: SELECT * FROM poc_fingerprint(''dummy'');';

-- ---------------------------------------------------------------------
-- WAL (wal.c)
-- ---------------------------------------------------------------------

CREATE FUNCTION poc_generate_wal(size text DEFAULT '64 MB',
	OUT start_lsn pg_lsn, OUT end_lsn pg_lsn, OUT bytes bigint, OUT segments bigint)
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'poc_generate_wal';

COMMENT ON FUNCTION poc_generate_wal(text) IS
'Writes so much WAL (a size as pg_size_bytes() reads it, 64 GB at most) and touches no table. Returns the positions before and after, the bytes between them (what others wrote meanwhile is counted too) and how many segments were filled. Errors: 22023 size out of range, 55000 on a standby. Example: SELECT * FROM poc_generate_wal(''64 MB'')';

CREATE FUNCTION _poc_wal_switch(force boolean,
	OUT wal_file text, OUT lsn pg_lsn, OUT switched boolean)
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'poc_wal_switch_sql';

COMMENT ON FUNCTION _poc_wal_switch(boolean) IS
'Closes the current WAL segment and writes a record into the next; forced, writes one before it as well, so that there is always something to close. Returns the segment closed last.';

CREATE FUNCTION _poc_wal_tick() RETURNS pg_lsn
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'poc_wal_tick_sql';

COMMENT ON FUNCTION _poc_wal_tick() IS
'Writes and flushes one small WAL record (a logical message, not transactional). Returns its end.';

-- ---------------------------------------------------------------------
-- The road to the sidecar (sidecar.c, job.c); not for people
-- ---------------------------------------------------------------------

CREATE FUNCTION _poc_get_list(field text, VARIADIC path text[]) RETURNS jsonb
LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 10000
AS 'MODULE_PATHNAME', 'poc_get_list';

COMMENT ON FUNCTION _poc_get_list(text, text[]) IS
'Asks the sidecar for /v1/path... and returns the array of this name in its answer.';

CREATE FUNCTION _poc_get_object(field text, VARIADIC path text[]) RETURNS jsonb
LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 10000
AS 'MODULE_PATHNAME', 'poc_get_object';

COMMENT ON FUNCTION _poc_get_object(text, text[]) IS
'Asks the sidecar for /v1/path... and returns the object of this name in its answer; with a null name, the whole answer.';

CREATE FUNCTION _poc_get_health() RETURNS jsonb
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED COST 10000
AS 'MODULE_PATHNAME', 'poc_get_health';

COMMENT ON FUNCTION _poc_get_health() IS
'Asks the sidecar for /healthz and returns its answer.';

CREATE FUNCTION _poc_post(body jsonb, VARIADIC path text[]) RETURNS jsonb
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED COST 10000
AS 'MODULE_PATHNAME', 'poc_post';

COMMENT ON FUNCTION _poc_post(jsonb, text[]) IS
'Posts a body to /v1/path... and returns the job that the sidecar answers with, without following it.';

CREATE FUNCTION _poc_run_job(path text[], body jsonb, timeout_seconds double precision,
	show_log boolean DEFAULT true) RETURNS jsonb
LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 100000
AS 'MODULE_PATHNAME', 'poc_run_job';

COMMENT ON FUNCTION _poc_run_job(text[], jsonb, double precision, boolean) IS
'Starts a job, follows it (log lines become notices, WAL that Barman waits for is written) and returns it done. Fails as the job fails; cancels the job if the query ends before it.';

CREATE FUNCTION _poc_follow_job(job_id text, timeout_seconds double precision) RETURNS jsonb
LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 100000
AS 'MODULE_PATHNAME', 'poc_follow_job';

COMMENT ON FUNCTION _poc_follow_job(text, double precision) IS
'Follows a job that runs already and returns it, as it is when it has ended or the time is over.';

CREATE FUNCTION _poc_require_top_level() RETURNS void
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'poc_require_top_level';

COMMENT ON FUNCTION _poc_require_top_level() IS
'Fails unless the procedure that calls it may commit.';

CREATE FUNCTION _poc_server(server text) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	configured text := current_setting('poc_barman.server', true);
	names text[];
BEGIN
	IF server IS NOT NULL THEN
		RETURN server;
	END IF;
	IF configured <> '' THEN
		RETURN configured;
	END IF;

	names := ARRAY(
		SELECT s.server
		FROM jsonb_to_recordset(@extschema@._poc_get_list('servers', 'servers')) AS s(server text)
		ORDER BY s.server);
	IF cardinality(names) = 1 THEN
		RETURN names[1];
	END IF;

	IF cardinality(names) = 0 THEN
		RAISE EXCEPTION 'Barman has no server'
			USING ERRCODE = 'object_not_in_prerequisite_state',
				DETAIL = 'Barman''s configuration describes no PostgreSQL server.',
				HINT = 'Add a server to Barman''s configuration.';
	END IF;
	RAISE EXCEPTION 'which server is meant?'
		USING ERRCODE = 'invalid_parameter_value',
			DETAIL = format('Barman has %s servers, none was named, and poc_barman.server is not set.', cardinality(names)),
			HINT = format('Name one of them, or SET poc_barman.server: %s.', array_to_string(names, ', '));
END
$$;

COMMENT ON FUNCTION _poc_server(text) IS
'The server meant by this argument: itself; if null, the setting poc_barman.server; if that is empty, the only server Barman has.';

CREATE FUNCTION _poc_job_rows(jobs jsonb)
RETURNS TABLE (job_id text, kind text, server text, state text, phase text,
	progress double precision, created timestamptz, ended timestamptz, elapsed interval,
	error text, result jsonb)
LANGUAGE sql STABLE PARALLEL RESTRICTED ROWS 100
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT j.id, j.kind, j.server, j.state, j.phase,
		j.progress, j.created, j.ended, make_interval(secs => j.elapsed_seconds),
		nullif(concat_ws(': ', j.error ->> 'message', j.error ->> 'detail'), ''), j.result
	FROM jsonb_to_recordset(jobs) AS j(id text, kind text, server text, state text, phase text,
		progress double precision, created timestamptz, ended timestamptz,
		elapsed_seconds double precision, error jsonb, result jsonb)
$$;

COMMENT ON FUNCTION _poc_job_rows(jsonb) IS
'Jobs, as the sidecar describes them, as rows.';

-- ---------------------------------------------------------------------
-- Barman, reading
-- ---------------------------------------------------------------------

CREATE FUNCTION poc_servers()
RETURNS TABLE (server text, description text, state text)
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 10000 ROWS 10
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT s.server, s.description, s.state
	FROM jsonb_to_recordset(@extschema@._poc_get_list('servers', 'servers'))
		AS s(server text, description text, state text)
$$;

COMMENT ON FUNCTION poc_servers() IS
'The PostgreSQL servers that Barman backs up. state is active, inactive, disabled or passive.';

CREATE FUNCTION poc_backups(server text DEFAULT NULL)
RETURNS TABLE (server text, backup_id text, name text, type text, status text,
	begin_time timestamptz, end_time timestamptz, size bigint, wal_size bigint,
	parent_id text, retention text, error text)
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 10000 ROWS 100
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT b.server, b.backup_id, b.name, b.type, b.status, b.begin_time, b.end_time,
		b.size, b.wal_size, b.parent_id, b.retention, b.error
	FROM unnest(CASE WHEN $1 IS NULL
			THEN ARRAY(SELECT s.server FROM @extschema@.poc_servers() AS s)
			ELSE ARRAY[$1] END) AS wanted(server),
		LATERAL jsonb_to_recordset(@extschema@._poc_get_list('backups', 'servers', wanted.server, 'backups'))
			AS b(server text, backup_id text, name text, type text, status text,
				begin_time timestamptz, end_time timestamptz, size bigint, wal_size bigint,
				parent_id text, retention text, error text)
	ORDER BY b.backup_id COLLATE "C" DESC, b.server
$$;

COMMENT ON FUNCTION poc_backups(text) IS
'The backups of a server, or of all servers if none is named; newest first. size is that of the backup, wal_size that of the WAL archived after it until the next one, in bytes; type is full, incremental, rsync or snapshot. Errors: 42704 unknown server. Example: SELECT backup_id, status, pg_size_pretty(size) FROM poc_backups()';

CREATE FUNCTION poc_show_backup(backup_id text DEFAULT 'latest', server text DEFAULT NULL)
RETURNS TABLE (server text, backup_id text, name text, type text, status text,
	system_id text, postgresql_version integer, data_directory text,
	data_checksums text, summarize_wal text, method text, compression text, encryption text,
	size bigint, size_with_wals bigint, cluster_size bigint,
	timeline integer, begin_time timestamptz, end_time timestamptz,
	begin_lsn pg_lsn, end_lsn pg_lsn, begin_wal text, end_wal text,
	begin_offset bigint, end_offset bigint,
	copy_time interval, analysis_time interval, throughput bigint, workers integer,
	wal_count bigint, wal_size bigint, wal_compression_ratio text,
	resources_saved bigint, resources_saved_percentage double precision,
	wals_after_count bigint, wals_after_size bigint, wal_rate_per_second double precision,
	last_wal text, timelines text[], retention text,
	previous_backup text, next_backup text, parent_id text, root_id text,
	children text[], chain_size integer, tablespaces jsonb, error text)
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 10000 ROWS 1
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT b.server, b.backup_id, b.name, b.type, b.status,
		b.system_id, b.postgresql_version, b.data_directory,
		b.data_checksums, b.summarize_wal, b.method, b.compression, b.encryption,
		b.size, b.size_with_wals, b.cluster_size,
		b.timeline, b.begin_time, b.end_time,
		b.begin_lsn, b.end_lsn, b.begin_wal, b.end_wal,
		b.begin_offset, b.end_offset,
		make_interval(secs => b.copy_seconds), make_interval(secs => b.analysis_seconds),
		b.throughput, b.workers,
		b.wal_count, b.wal_size, b.wal_compression_ratio,
		b.resources_saved, b.resources_saved_percentage,
		b.wals_after_count, b.wals_after_size, b.wal_rate_per_second,
		b.last_wal, b.timelines, b.retention,
		b.previous_backup, b.next_backup, b.parent_id, b.root_id,
		b.children, b.chain_size, b.tablespaces, b.error
	FROM jsonb_to_record(@extschema@._poc_get_object('backup', 'servers', @extschema@._poc_server($2), 'backups', $1))
		AS b(server text, backup_id text, name text, type text, status text,
			system_id text, postgresql_version integer, data_directory text,
			data_checksums text, summarize_wal text, method text, compression text, encryption text,
			size bigint, size_with_wals bigint, cluster_size bigint,
			timeline integer, begin_time timestamptz, end_time timestamptz,
			begin_lsn pg_lsn, end_lsn pg_lsn, begin_wal text, end_wal text,
			begin_offset bigint, end_offset bigint,
			copy_seconds double precision, analysis_seconds double precision,
			throughput bigint, workers integer,
			wal_count bigint, wal_size bigint, wal_compression_ratio text,
			resources_saved bigint, resources_saved_percentage double precision,
			wals_after_count bigint, wals_after_size bigint, wal_rate_per_second double precision,
			last_wal text, timelines text[], retention text,
			previous_backup text, next_backup text, parent_id text, root_id text,
			children text[], chain_size integer, tablespaces jsonb, error text)
$$;

COMMENT ON FUNCTION poc_show_backup(text, text) IS
'All that Barman knows of one backup: its identifier, a name, or latest, oldest, latest-full, last-failed. Sizes in bytes, throughput in bytes per second; wal_count and wal_size are of the WAL the backup needs, wals_after_... of what was archived after it; null is what this version of Barman or kind of backup does not tell. Errors: 42704 unknown server or backup, 22023 not an identifier. Example (\x in psql): SELECT * FROM poc_show_backup(''latest'')';

CREATE FUNCTION poc_check(server text DEFAULT NULL)
RETURNS TABLE (server text, check_name text, ok boolean, hint text)
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 10000 ROWS 30
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT c.server, c.check_name, c.ok, c.hint
	FROM jsonb_to_recordset(@extschema@._poc_get_list('checks', 'servers', @extschema@._poc_server($1), 'check'))
		AS c(server text, check_name text, ok boolean, hint text)
$$;

COMMENT ON FUNCTION poc_check(text) IS
'The result of barman check, a row for each check. Example: SELECT check_name, hint FROM poc_check() WHERE NOT ok';

CREATE FUNCTION poc_status(server text DEFAULT NULL)
RETURNS TABLE (server text, key text, description text, value text)
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 10000 ROWS 30
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT s.server, s.key, s.description, s.value
	FROM jsonb_to_recordset(@extschema@._poc_get_list('status', 'servers', @extschema@._poc_server($1), 'status'))
		AS s(server text, key text, description text, value text)
$$;

COMMENT ON FUNCTION poc_status(text) IS
'The result of barman status, a row for each key. Example: SELECT key, value FROM poc_status()';

CREATE FUNCTION poc_replication_status(server text DEFAULT NULL)
RETURNS TABLE (server text, name text, application_name text, client_addr inet, client_port integer,
	user_name text, state text, sync_state text, slot_name text, pid integer, started_at timestamptz,
	sent_lsn pg_lsn, write_lsn pg_lsn, flush_lsn pg_lsn, replay_lsn pg_lsn,
	sent_lag bigint, write_lag bigint, flush_lag bigint, replay_lag bigint)
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 10000 ROWS 5
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT c.server, c.name, c.application_name, c.client_addr, c.client_port,
		c.user_name, c.state, c.sync_state, c.slot_name, c.pid, c.started_at,
		c.sent_lsn, c.write_lsn, c.flush_lsn, c.replay_lsn,
		c.sent_lag, c.write_lag, c.flush_lag, c.replay_lag
	FROM jsonb_to_recordset(@extschema@._poc_get_list('clients', 'servers', @extschema@._poc_server($1), 'replication'))
		AS c(server text, name text, application_name text, client_addr inet, client_port integer,
			user_name text, state text, sync_state text, slot_name text, pid integer, started_at timestamptz,
			sent_lsn pg_lsn, write_lsn pg_lsn, flush_lsn pg_lsn, replay_lsn pg_lsn,
			sent_lag bigint, write_lag bigint, flush_lag bigint, replay_lag bigint)
$$;

COMMENT ON FUNCTION poc_replication_status(text) IS
'The streaming clients of a server as Barman sees them; the lags are bytes behind the server''s position.';

CREATE FUNCTION poc_files(area text, server text DEFAULT NULL)
RETURNS TABLE (name text, bytes bigint, modified timestamptz, is_directory boolean)
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 10000 ROWS 100
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT f.name, f.bytes, f.modified, f.is_directory
	FROM jsonb_to_recordset(@extschema@._poc_get_list('files', 'servers', @extschema@._poc_server($2), 'files', $1))
		AS f(name text, bytes bigint, modified timestamptz, is_directory boolean)
$$;

COMMENT ON FUNCTION poc_files(text, text) IS
'The files that Barman keeps for a server: base (one directory for each backup, with the bytes of all it holds), wals (the archive), streaming (received and not yet archived), incoming or errors. A warning tells when the list was cut. Errors: 22023 another area. Example: SELECT * FROM poc_files(''streaming'')';

CREATE FUNCTION poc_diagnose() RETURNS jsonb
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 10000
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT @extschema@._poc_get_object('diagnose', 'diagnose')
$$;

COMMENT ON FUNCTION poc_diagnose() IS
'The document of barman diagnose, without passwords. Example: SELECT jsonb_pretty(poc_diagnose())';

CREATE FUNCTION poc_sidecar(OUT url text, OUT version text, OUT barman_version text,
	OUT uptime interval, OUT latency interval)
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED COST 10000
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	began timestamptz := clock_timestamp();
	health jsonb := @extschema@._poc_get_health();
BEGIN
	latency := clock_timestamp() - began;
	url := current_setting('poc_barman.url');
	version := health ->> 'version';
	barman_version := health ->> 'barman_version';
	uptime := make_interval(secs => (health ->> 'uptime_seconds')::double precision);
END
$$;

COMMENT ON FUNCTION poc_sidecar() IS
'Where the sidecar is, its version and Barman''s, how long it has been up, and how long it took to answer.';

-- ---------------------------------------------------------------------
-- Barman, acting
-- ---------------------------------------------------------------------

CREATE FUNCTION poc_switch_wal(server text DEFAULT NULL, wait boolean DEFAULT true,
	timeout interval DEFAULT '60s',
	OUT wal_file text, OUT lsn pg_lsn, OUT switched boolean, OUT archived boolean, OUT elapsed interval)
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED COST 100000
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	began timestamptz := clock_timestamp();
	seconds double precision := date_part('epoch', timeout);
	barman_server text;
	job jsonb;
BEGIN
	IF seconds < 0 THEN
		RAISE EXCEPTION 'timeout must not be negative'
			USING ERRCODE = 'invalid_parameter_value',
				DETAIL = format('It is %s.', timeout),
				HINT = 'Use NULL for no time limit, wait => false not to wait at all.';
	END IF;
	IF wait THEN
		barman_server := @extschema@._poc_server(server);
		-- so that the sidecar has at hand what it checks, see poc_backup()
		PERFORM @extschema@._poc_get_list('servers', 'servers');
	END IF;

	SELECT s.wal_file, s.lsn, s.switched
	INTO poc_switch_wal.wal_file, poc_switch_wal.lsn, poc_switch_wal.switched
	FROM @extschema@._poc_wal_switch(false) AS s;

	IF wait THEN
		-- the sidecar keeps to the time; ours is for a sidecar that does not
		job := @extschema@._poc_run_job(
			ARRAY['servers', barman_server, 'switch-wal'],
			jsonb_build_object('wal_file', wal_file, 'timeout_seconds', ceil(seconds)),
			seconds + 30, false);
		archived := coalesce((job -> 'result' ->> 'archived')::boolean, false);
		IF NOT archived THEN
			RAISE WARNING 'WAL file % was not archived in time', wal_file
				USING DETAIL = format('Barman did not archive it within %s.', timeout),
					HINT = 'SELECT * FROM poc_check() WHERE NOT ok tells whether Barman receives WAL; poc_wait_ready() starts what is missing.';
		END IF;
	END IF;
	elapsed := clock_timestamp() - began;
END
$$;

COMMENT ON FUNCTION poc_switch_wal(text, boolean, interval) IS
'Closes the current WAL segment, writes a record into the next so that Barman sees the end of it, and waits until Barman has archived it. switched is false when nothing was written since this session''s last switch; lsn is the end of the closed segment''s last record. Not archived in time: archived is false, and a warning. With wait => false archived is null. Errors: 55000 on a standby. Example: SELECT * FROM poc_switch_wal()';

CREATE FUNCTION poc_cron() RETURNS SETOF text
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 100000 ROWS 10
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT m.line
	FROM jsonb_array_elements_text(
		coalesce(@extschema@._poc_run_job(ARRAY['cron'], '{}', NULL, false) -> 'result' -> 'messages', '[]'))
		AS m(line)
$$;

COMMENT ON FUNCTION poc_cron() IS
'Runs barman cron, which starts the WAL receivers, archives what they received and applies retention; returns what it said. The sidecar does so by itself at an interval. Errors: 58000 with Barman''s own words.';

CREATE FUNCTION _poc_wait_ready(barman_server text, seconds double precision)
RETURNS TABLE (server text, check_name text, ok boolean, hint text)
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED COST 100000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	deadline timestamptz := clock_timestamp() + make_interval(secs => seconds);
	next_switch timestamptz := '-infinity';
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
BEGIN
	IF seconds < 0 THEN
		RAISE EXCEPTION 'timeout must not be negative'
			USING ERRCODE = 'invalid_parameter_value',
				DETAIL = format('It is %s seconds.', seconds),
				HINT = 'Use NULL for no time limit.';
	END IF;

	LOOP
		PERFORM @extschema@._poc_run_job(ARRAY['cron'], '{}', NULL, false);

		-- a switch costs a segment in the archive, a tick next to nothing
		IF clock_timestamp() >= next_switch THEN
			PERFORM @extschema@._poc_wal_switch(true);
			next_switch := clock_timestamp() + '10 s'::interval;
		ELSE
			PERFORM @extschema@._poc_wal_tick();
		END IF;

		checks := @extschema@._poc_get_list('checks', 'servers', barman_server, 'check');
		SELECT string_agg(c.check_name, ', '),
			string_agg(format('%s: %s', c.check_name, coalesce(nullif(c.hint, ''), 'no hint from Barman')), E'\n')
		INTO failing, details
		FROM jsonb_to_recordset(checks) AS c(check_name text, ok boolean, hint text)
		WHERE c.ok IS NOT TRUE AND c.check_name <> ALL (not_critical);

		EXIT WHEN failing IS NULL;
		IF clock_timestamp() >= deadline THEN
			RAISE EXCEPTION 'server % is not ready for backups', barman_server
				USING ERRCODE = 'object_not_in_prerequisite_state',
					DETAIL = details,
					HINT = format('Not all of Barman''s checks passed within %s; see the hints above and Barman''s log.', make_interval(secs => seconds));
		END IF;
		IF failing IS DISTINCT FROM failing_before THEN
			RAISE NOTICE 'waiting for: %', failing;
			failing_before := failing;
		END IF;
		PERFORM pg_sleep(1);
	END LOOP;

	SELECT string_agg(c.check_name, ', '),
		string_agg(format('%s: %s', c.check_name, coalesce(nullif(c.hint, ''), 'no hint from Barman')), E'\n')
	INTO failing, details
	FROM jsonb_to_recordset(checks) AS c(check_name text, ok boolean, hint text)
	WHERE c.ok IS NOT TRUE;
	IF failing IS NOT NULL THEN
		RAISE WARNING 'server % is ready for backups, but not all is well: %', barman_server, failing
			USING DETAIL = details,
				HINT = 'Barman takes backups in spite of this, so it is not waited for.';
	END IF;

	RETURN QUERY
		SELECT c.server, c.check_name, c.ok, c.hint
		FROM jsonb_to_recordset(checks) AS c(server text, check_name text, ok boolean, hint text);
END
$$;

COMMENT ON FUNCTION _poc_wait_ready(text, double precision) IS
'What poc_wait_ready() does, for a server by its name.';

CREATE FUNCTION poc_wait_ready(server text DEFAULT NULL, timeout interval DEFAULT '120s')
RETURNS TABLE (server text, check_name text, ok boolean, hint text)
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 100000 ROWS 30
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT r.server, r.check_name, r.ok, r.hint
	FROM @extschema@._poc_wait_ready(@extschema@._poc_server($1), date_part('epoch', $2)) AS r
$$;

COMMENT ON FUNCTION poc_wait_ready(text, interval) IS
'Runs barman cron, switches WAL and checks, again and again, until every check passes that Barman demands for a backup; returns the checks as poc_check() does, and a warning if others fail (failed_backups, say, which only their removal cures). On a new server this is what makes the first backup possible. Errors: 55000 when the time is over, with the failing checks and Barman''s hints as detail. Example: SELECT * FROM poc_wait_ready(timeout => ''30 s'')';

CREATE FUNCTION poc_backup(server text DEFAULT NULL, incremental text DEFAULT NULL, name text DEFAULT NULL,
	immediate_checkpoint boolean DEFAULT true, wait boolean DEFAULT true, timeout interval DEFAULT NULL,
	OUT job_id text, OUT backup_id text, OUT type text, OUT status text, OUT size bigint, OUT elapsed interval)
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED COST 100000
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	seconds double precision := date_part('epoch', timeout);
	path text[] := ARRAY['servers', @extschema@._poc_server(server), 'backups'];
	body jsonb := jsonb_build_object('incremental', incremental, 'name', name,
		'immediate_checkpoint', coalesce(immediate_checkpoint, true),
		'timeout_seconds', NULL);
	job jsonb;
	backup jsonb;
BEGIN
	-- What the sidecar checks of a request it has at hand after this, and so it
	-- starts the job at once: a query cancelled in between would not know the
	-- job that it has to cancel.
	PERFORM @extschema@._poc_get_list('servers', 'servers');
	IF incremental IS NOT NULL OR name IS NOT NULL THEN
		PERFORM @extschema@._poc_get_list('backups', VARIADIC path);
	END IF;

	IF wait THEN
		job := @extschema@._poc_run_job(path, body, seconds);
	ELSE
		-- nobody here will watch the time, so the sidecar must
		job := @extschema@._poc_post(body || jsonb_build_object('timeout_seconds', ceil(seconds)),
			VARIADIC path);
	END IF;

	backup := job -> 'result' -> 'backup';
	job_id := job ->> 'id';
	backup_id := backup ->> 'backup_id';
	type := backup ->> 'type';
	status := coalesce(backup ->> 'status', job ->> 'state');
	size := (backup ->> 'size')::bigint;
	elapsed := make_interval(secs => (job ->> 'elapsed_seconds')::double precision);
END
$$;

COMMENT ON FUNCTION poc_backup(text, text, text, boolean, boolean, interval) IS
'Takes a backup and waits until Barman has all the WAL it needs: status is DONE then, also on a server that nobody else writes to. incremental names the parent backup (PostgreSQL 17, Barman 3.11); name gives the backup a name. With immediate_checkpoint => false the checkpoint before it takes its time. With wait => false the row tells the job, to be followed by poc_wait_job(). size is in bytes. Cancelling the query cancels the backup. Errors: 55006 another backup of the server runs, 08006 not done within timeout (the backup is cancelled), 58000 with Barman''s own words. Example: SELECT * FROM poc_backup()';

CREATE FUNCTION poc_jobs()
RETURNS TABLE (job_id text, kind text, server text, state text, phase text,
	progress double precision, created timestamptz, ended timestamptz, elapsed interval,
	error text)
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 10000 ROWS 100
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT j.job_id, j.kind, j.server, j.state, j.phase,
		j.progress, j.created, j.ended, j.elapsed, j.error
	FROM @extschema@._poc_job_rows(@extschema@._poc_get_list('jobs', 'jobs')) AS j
$$;

COMMENT ON FUNCTION poc_jobs() IS
'The jobs that the sidecar knows, newest first. state is queued, running, done, failed, cancelled or lost (the sidecar was restarted under it); progress goes from 0 to 1 where it is known. poc_wait_job() tells the result of one that is done.';

CREATE FUNCTION poc_job_log(job_id text)
RETURNS TABLE (n bigint, at timestamptz, level text, line text)
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 10000 ROWS 100
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT l.n, l.at, l.level, l.text
	FROM jsonb_to_recordset(@extschema@._poc_get_list('log', 'jobs', $1))
		AS l(n bigint, at timestamptz, level text, text text)
$$;

COMMENT ON FUNCTION poc_job_log(text) IS
'What a job has said so far. Errors: 42704 unknown job.';

CREATE FUNCTION poc_wait_job(job_id text, timeout interval DEFAULT NULL)
RETURNS TABLE (job_id text, kind text, server text, state text, phase text,
	progress double precision, created timestamptz, ended timestamptz, elapsed interval,
	error text, result jsonb)
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 100000 ROWS 1
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT j.*
	FROM @extschema@._poc_job_rows(jsonb_build_array(@extschema@._poc_follow_job($1, date_part('epoch', $2)))) AS j
$$;

COMMENT ON FUNCTION poc_wait_job(text, interval) IS
'Waits until a job has ended, shows its log meanwhile and writes the WAL that a backup waits for; returns the job, as it is when the time is over if that comes first. A job that failed is a row, not an error. Cancelling this query leaves the job alone. Errors: 42704 unknown job. Example: SELECT state, result FROM poc_wait_job((SELECT job_id FROM poc_backup(wait => false)))';

CREATE FUNCTION poc_cancel_job(job_id text)
RETURNS TABLE (job_id text, kind text, server text, state text, phase text,
	progress double precision, created timestamptz, ended timestamptz, elapsed interval,
	error text, result jsonb)
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 10000 ROWS 1
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT j.*
	FROM @extschema@._poc_job_rows(jsonb_build_array(@extschema@._poc_post('{}', 'jobs', coalesce($1, ''), 'cancel'))) AS j
$$;

COMMENT ON FUNCTION poc_cancel_job(text) IS
'Asks the sidecar to cancel a job, and returns the job as it was then; poc_wait_job() tells when it has ended. Errors: 42704 unknown job, 55006 the job has ended already.';

-- ---------------------------------------------------------------------
-- The whole scenario
-- ---------------------------------------------------------------------

CREATE PROCEDURE poc_play(INOUT steps integer DEFAULT NULL, INOUT backup_id text DEFAULT NULL,
	INOUT status text DEFAULT NULL, INOUT elapsed interval DEFAULT NULL)
LANGUAGE plpgsql
AS $$
DECLARE
	-- what is run, and what is told of it
	scenario CONSTANT text[] := ARRAY[
		['poc_seed()',
			'SELECT pg_catalog.format(''table %s'', @extschema@.poc_seed())'],
		['poc_generate_rows(100000)',
			'SELECT pg_catalog.format(''%s rows'', @extschema@.poc_generate_rows(100000))'],
		['poc_switch_wal()',
			'SELECT pg_catalog.format(''%s %s'', s.wal_file, CASE WHEN s.archived THEN ''archived'' ELSE ''not archived yet'' END) FROM @extschema@.poc_switch_wal() AS s'],
		['poc_cron()',
			'SELECT coalesce(pg_catalog.string_agg(m, ''; ''), ''nothing to do'') FROM @extschema@.poc_cron() AS m'],
		['poc_wait_ready()',
			'SELECT pg_catalog.format(''ready, %s of %s checks passed'', pg_catalog.count(*) FILTER (WHERE r.ok), pg_catalog.count(*)) FROM @extschema@.poc_wait_ready() AS r'],
		['poc_check()',
			'SELECT pg_catalog.format(''%s of %s checks passed'', pg_catalog.count(*) FILTER (WHERE c.ok), pg_catalog.count(*)) FROM @extschema@.poc_check() AS c'],
		['poc_files(''streaming'')',
			'SELECT pg_catalog.format(''%s file(s), %s'', pg_catalog.count(*), pg_catalog.pg_size_pretty(pg_catalog.sum(f.bytes))) FROM @extschema@.poc_files(''streaming'') AS f WHERE NOT f.is_directory'],
		['poc_backup()',
			'SELECT pg_catalog.format(''%s %s %s, %s'', b.type, b.backup_id, b.status, pg_catalog.pg_size_pretty(b.size)), b.backup_id, b.status FROM @extschema@.poc_backup() AS b'],
		['poc_files(''base'')',
			'SELECT pg_catalog.format(''%s backup(s), %s'', pg_catalog.count(*), pg_catalog.pg_size_pretty(pg_catalog.sum(f.bytes))) FROM @extschema@.poc_files(''base'') AS f'],
		['poc_backups()',
			'SELECT pg_catalog.format(''%s backup(s), %s DONE'', pg_catalog.count(*), pg_catalog.count(*) FILTER (WHERE b.status OPERATOR(pg_catalog.=) ''DONE'')) FROM @extschema@.poc_backups() AS b'],
		['poc_show_backup(''latest'')',
			'SELECT pg_catalog.format(''%s %s, %s to %s'', b.backup_id, b.status, b.begin_lsn, b.end_lsn), b.backup_id, b.status FROM @extschema@.poc_show_backup(''latest'') AS b']
	];
	began CONSTANT timestamptz := pg_catalog.clock_timestamp();
	step_began timestamptz;
	step record;
	told text;
	told_id text;
	told_status text;
BEGIN
	PERFORM @extschema@._poc_require_top_level();

	steps := 0;
	FOR n IN 1 .. pg_catalog.array_length(scenario, 1) LOOP
		step_began := pg_catalog.clock_timestamp();
		EXECUTE scenario[n][2] INTO told, told_id, told_status;
		COMMIT;
		RAISE INFO '%', pg_catalog.format('%s/%s  %s  %s  %s s',
			pg_catalog.lpad(n::text, 2), pg_catalog.array_length(scenario, 1),
			pg_catalog.rpad(scenario[n][1], 25), pg_catalog.rpad(told, 46),
			pg_catalog.to_char(pg_catalog.date_part('epoch', pg_catalog.age(pg_catalog.clock_timestamp(), step_began)), '9990.00'));
		steps := n;
		backup_id := coalesce(told_id, backup_id);
		status := coalesce(told_status, status);
	END LOOP;
	elapsed := pg_catalog.age(pg_catalog.clock_timestamp(), began);
END
$$;

COMMENT ON PROCEDURE poc_play(integer, text, text, interval) IS
'Plays the whole scenario, from an empty table to a backup that is DONE, and tells the result and time of each step as it goes. Every step is a call of its own that works by itself, in a transaction of its own; so this must not be called in a transaction block. Runs with its caller''s rights. The arguments are there to return the number of steps played, the backup and its status, and the time of all. Example: CALL poc_play()';

-- ---------------------------------------------------------------------
-- Privileges (design section 7).  One place, so that it can be audited.
-- ---------------------------------------------------------------------

-- What reaches the network, writes or switches WAL, or is a part of those, is
-- nobody's but the owner's until granted.

-- The road: never to be granted.  The functions over it run as their owner.
REVOKE ALL ON FUNCTION _poc_wal_switch(boolean) FROM PUBLIC;
REVOKE ALL ON FUNCTION _poc_wal_tick() FROM PUBLIC;
REVOKE ALL ON FUNCTION _poc_get_list(text, text[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION _poc_get_object(text, text[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION _poc_get_health() FROM PUBLIC;
REVOKE ALL ON FUNCTION _poc_post(jsonb, text[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION _poc_run_job(text[], jsonb, double precision, boolean) FROM PUBLIC;
REVOKE ALL ON FUNCTION _poc_follow_job(text, double precision) FROM PUBLIC;
REVOKE ALL ON FUNCTION _poc_server(text) FROM PUBLIC;
REVOKE ALL ON FUNCTION _poc_job_rows(jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION _poc_wait_ready(text, double precision) FROM PUBLIC;

-- _poc_require_top_level() stays everybody's: poc_play() runs with its caller's
-- rights, and the function does nothing but look at its own transaction.

-- Readers: for monitoring.
REVOKE ALL ON FUNCTION poc_servers() FROM PUBLIC;
REVOKE ALL ON FUNCTION poc_backups(text) FROM PUBLIC;
REVOKE ALL ON FUNCTION poc_show_backup(text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION poc_check(text) FROM PUBLIC;
REVOKE ALL ON FUNCTION poc_status(text) FROM PUBLIC;
REVOKE ALL ON FUNCTION poc_replication_status(text) FROM PUBLIC;
REVOKE ALL ON FUNCTION poc_files(text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION poc_diagnose() FROM PUBLIC;
REVOKE ALL ON FUNCTION poc_sidecar() FROM PUBLIC;
REVOKE ALL ON FUNCTION poc_jobs() FROM PUBLIC;
REVOKE ALL ON FUNCTION poc_job_log(text) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION poc_servers() TO pg_monitor;
GRANT EXECUTE ON FUNCTION poc_backups(text) TO pg_monitor;
GRANT EXECUTE ON FUNCTION poc_show_backup(text, text) TO pg_monitor;
GRANT EXECUTE ON FUNCTION poc_check(text) TO pg_monitor;
GRANT EXECUTE ON FUNCTION poc_status(text) TO pg_monitor;
GRANT EXECUTE ON FUNCTION poc_replication_status(text) TO pg_monitor;
GRANT EXECUTE ON FUNCTION poc_files(text, text) TO pg_monitor;
GRANT EXECUTE ON FUNCTION poc_diagnose() TO pg_monitor;
GRANT EXECUTE ON FUNCTION poc_sidecar() TO pg_monitor;
GRANT EXECUTE ON FUNCTION poc_jobs() TO pg_monitor;
GRANT EXECUTE ON FUNCTION poc_job_log(text) TO pg_monitor;

-- Actions: by explicit GRANT alone.
REVOKE ALL ON FUNCTION poc_generate_wal(text) FROM PUBLIC;
REVOKE ALL ON FUNCTION poc_switch_wal(text, boolean, interval) FROM PUBLIC;
REVOKE ALL ON FUNCTION poc_cron() FROM PUBLIC;
REVOKE ALL ON FUNCTION poc_wait_ready(text, interval) FROM PUBLIC;
REVOKE ALL ON FUNCTION poc_backup(text, text, text, boolean, boolean, interval) FROM PUBLIC;
REVOKE ALL ON FUNCTION poc_wait_job(text, interval) FROM PUBLIC;
REVOKE ALL ON FUNCTION poc_cancel_job(text) FROM PUBLIC;
REVOKE ALL ON PROCEDURE poc_play(integer, text, text, interval) FROM PUBLIC;
