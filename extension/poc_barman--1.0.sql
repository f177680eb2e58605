/* extension/poc_barman--1.0.sql */

-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION poc_barman" to load this file. \quit

-- ---------------------------------------------------------------------
-- Two schemas
--
-- People call what is in the extension's schema, the one that CREATE EXTENSION
-- names.  Everything else is in _poc, which belongs to the extension, and in
-- which nobody but its owner creates anything: the script fails if there is
-- such a schema already.
--
-- Whoever owns the extension's schema (of "public", that is the owner of the
-- database) can plant functions beside ours, or rename the schema and put
-- another in its place.  So this script may be run in any schema, because
-- nothing of ours ever looks there:
-- - it looks up names in pg_catalog alone (the next line), and says in which
--   schema it creates what;
-- - the bodies of our functions name no schema but _poc and pg_catalog, and
--   give exact types; those that run as the owner have a pinned search_path,
--   and those that cannot have one qualify every name and operator;
-- - what must call a public function of ours does so by its OID: in C, or in a
--   function with a body of the SQL standard (BEGIN ATOMIC), which PostgreSQL
--   resolves here and now.  Here it gives every argument with its exact type,
--   which no overload that was there before can match as well.
-- ---------------------------------------------------------------------

SET LOCAL search_path = pg_catalog, pg_temp;

CREATE SCHEMA _poc;

COMMENT ON SCHEMA _poc IS
'The internal functions, types and tables of poc_barman; not for people';

-- ---------------------------------------------------------------------
-- Rows (rows.c): the extension alone, no sidecar
-- ---------------------------------------------------------------------

CREATE FUNCTION @extschema@.poc_seed(reset boolean DEFAULT false)
RETURNS regclass
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	dummy regclass := to_regclass('public.dummy'::text);
	owner text;
BEGIN
	IF dummy IS NULL THEN
		BEGIN
			CREATE TABLE public.dummy (id serial PRIMARY KEY, text varchar);
		EXCEPTION WHEN duplicate_table OR unique_violation THEN
			NULL;	-- another session was faster
		END;
		dummy := 'public.dummy'::regclass;
	END IF;

	-- It is meant although nobody names it: what its owner has put on it, a
	-- trigger perhaps, must not run with the rights of whoever calls us.
	owner := (SELECT r.rolname FROM pg_class AS c JOIN pg_roles AS r ON r.oid = c.relowner
		WHERE c.oid = dummy AND r.rolname <> current_user AND NOT r.rolsuper);
	IF owner IS NOT NULL THEN
		RAISE EXCEPTION 'public.dummy belongs to another role'
			USING ERRCODE = 'insufficient_privilege',
				DETAIL = format('It belongs to "%s", whose triggers and functions would run with your rights.', owner),
				HINT = 'Name the table to use, public.dummy too if you trust its owner.';
	END IF;

	IF reset THEN
		EXECUTE format('TRUNCATE %s RESTART IDENTITY', dummy);
	END IF;
	RETURN dummy;
END
$$;

COMMENT ON FUNCTION @extschema@.poc_seed(boolean) IS
'make public.dummy (id serial PRIMARY KEY, text varchar), the table of the scenario, or keep the one there is; reset => true empties it. Errors: 42501 it belongs to another role, not a superuser. Example: SELECT poc_seed();';

CREATE FUNCTION @extschema@.poc_generate_rows(
	n bigint,
	target regclass DEFAULT NULL,
	seed bigint DEFAULT NULL,
	options jsonb DEFAULT '{}')
RETURNS bigint
AS 'MODULE_PATHNAME'
LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE;

COMMENT ON FUNCTION @extschema@.poc_generate_rows(bigint, regclass, bigint, jsonb) IS
'insert n made-up rows into target (public.dummy when null) that obey its types and constraints; the same seed makes the same rows. Returns the number of rows inserted. Needs INSERT on the columns it writes, and SELECT on those of unique indexes that no sequence fills, because it counts on from what they hold. Errors: 22023 bad n or option, 42501 no privilege or a system catalog, 42809 not a table, 0A000 a type or constraint it cannot serve, 54000 no unique values left. Example: SELECT poc_generate_rows(100000, ''orders'', seed => 42);';

CREATE FUNCTION @extschema@.poc_explain_rows(
	target regclass DEFAULT NULL,
	options jsonb DEFAULT '{}',
	OUT column_name text, OUT type text, OUT generator text, OUT detail text)
RETURNS SETOF record
AS 'MODULE_PATHNAME'
LANGUAGE C VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT;

COMMENT ON FUNCTION @extschema@.poc_explain_rows(regclass, jsonb) IS
'what poc_generate_rows() would put into each column of target, and, in the first row, by which path: multi-insert, single-row or query. A second row tells of a table with indexes when those are written: with each row, or after the load. Writes nothing. Example: SELECT * FROM poc_explain_rows(''orders'');';

-- Rows as the source of a query.  STRICT would hide them: the first argument
-- is a null of the row type.
CREATE FUNCTION _poc.rows("row" anyelement, target regclass, first bigint, n bigint, seed bigint, options jsonb)
RETURNS SETOF anyelement
AS 'MODULE_PATHNAME', 'poc_rows'
LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE;

COMMENT ON FUNCTION _poc.rows(anyelement, regclass, bigint, bigint, bigint, jsonb) IS 'internal: made-up rows of a row type';

CREATE FUNCTION @extschema@.poc_preview_rows(
	target regclass DEFAULT NULL,
	n integer DEFAULT 5,
	seed bigint DEFAULT NULL,
	options jsonb DEFAULT '{}')
RETURNS SETOF jsonb
AS 'MODULE_PATHNAME'
LANGUAGE C VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT;

COMMENT ON FUNCTION @extschema@.poc_preview_rows(regclass, integer, bigint, jsonb) IS
'the rows that poc_generate_rows() would insert with the same seed, without columns that a sequence or PostgreSQL itself fills. Writes nothing. Example: SELECT * FROM poc_preview_rows(''orders'', 5);';

CREATE FUNCTION @extschema@.poc_last_rows(
	OUT target regclass, OUT rows bigint, OUT seed bigint, OUT path text,
	OUT elapsed interval, OUT rows_per_second double precision, OUT wal_bytes bigint)
RETURNS record
AS 'MODULE_PATHNAME'
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;

COMMENT ON FUNCTION @extschema@.poc_last_rows() IS
'what the last poc_generate_rows() of this session did: rows, the seed that makes them again, the path, how long it took and the bytes of WAL it wrote. Nulls before the first one. Example: SELECT * FROM poc_last_rows();';

CREATE PROCEDURE @extschema@.poc_fill(
	target regclass DEFAULT NULL,
	rows bigint DEFAULT NULL,
	size text DEFAULT NULL,
	workers integer DEFAULT 2,
	seed bigint DEFAULT NULL,
	options jsonb DEFAULT '{}')
LANGUAGE C
AS 'MODULE_PATHNAME';

COMMENT ON PROCEDURE @extschema@.poc_fill(regclass, bigint, text, integer, bigint, jsonb) IS
'the rows of poc_generate_rows(), by parallel background workers that commit in batches, until so many rows are made or the table (with TOAST, without indexes) has the size. Half of max_worker_processes stays free for others; a notice tells if that leaves fewer workers. Not atomic: what is committed stays when it fails or is cancelled. Not inside a transaction block (25001). Example: CALL poc_fill(''orders'', size => ''2 GB'', workers => 4);';

-- The hash of a table is the sum of the hashes of its rows.  Parallel workers
-- sum theirs and the sums are added.
CREATE FUNCTION _poc.fingerprint_add(state internal, "row" record)
RETURNS internal
AS 'MODULE_PATHNAME', 'poc_fingerprint_add'
LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL SAFE;

CREATE FUNCTION _poc.fingerprint_combine(state internal, other internal)
RETURNS internal
AS 'MODULE_PATHNAME', 'poc_fingerprint_combine'
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;

CREATE FUNCTION _poc.fingerprint_serialize(state internal)
RETURNS bytea
AS 'MODULE_PATHNAME', 'poc_fingerprint_serialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION _poc.fingerprint_deserialize(bytes bytea, internal)
RETURNS internal
AS 'MODULE_PATHNAME', 'poc_fingerprint_deserialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION _poc.fingerprint_final(state internal)
RETURNS text
AS 'MODULE_PATHNAME', 'poc_fingerprint_final'
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;

CREATE AGGREGATE _poc.fingerprint_sum(record) (
	SFUNC = _poc.fingerprint_add,
	STYPE = internal,
	SSPACE = 32,
	COMBINEFUNC = _poc.fingerprint_combine,
	SERIALFUNC = _poc.fingerprint_serialize,
	DESERIALFUNC = _poc.fingerprint_deserialize,
	FINALFUNC = _poc.fingerprint_final,
	PARALLEL = SAFE
);

COMMENT ON FUNCTION _poc.fingerprint_add(internal, record) IS 'internal: add the hash of a row';
COMMENT ON FUNCTION _poc.fingerprint_combine(internal, internal) IS 'internal: add the sums of two workers';
COMMENT ON FUNCTION _poc.fingerprint_serialize(internal) IS 'internal: the sums of a worker as bytes';
COMMENT ON FUNCTION _poc.fingerprint_deserialize(bytea, internal) IS 'internal: the bytes of a worker as sums';
COMMENT ON FUNCTION _poc.fingerprint_final(internal) IS 'internal: the sums in hexadecimal';
COMMENT ON AGGREGATE _poc.fingerprint_sum(record) IS 'internal: order-independent hash of rows';

-- Every setting that changes how a value is written is pinned, so that two
-- sessions, and a restored copy, agree.
CREATE FUNCTION @extschema@.poc_fingerprint(target regclass, OUT rows bigint, OUT hash text)
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED STRICT
SET search_path = pg_catalog, pg_temp
SET datestyle = 'ISO, YMD'
SET intervalstyle = 'postgres'
SET timezone = 'UTC'
SET extra_float_digits = 1
SET bytea_output = 'hex'
SET xmlbinary = 'base64'
SET lc_monetary = 'C'
SET quote_all_identifiers = off
AS $$
BEGIN
	EXECUTE format('SELECT count(*), _poc.fingerprint_sum(t.*) FROM %s AS t', target)
		INTO rows, hash;
END
$$;

COMMENT ON FUNCTION @extschema@.poc_fingerprint(regclass) IS
'number of rows and hash of the content of a table, the same for any order of the rows and on a restored copy. Reads the whole table with the privileges of the caller. Example: SELECT * FROM poc_fingerprint(''dummy'');';

-- ---------------------------------------------------------------------
-- WAL (wal.c)
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

-- ---------------------------------------------------------------------
-- Proof: marks (mark.c)
-- ---------------------------------------------------------------------

CREATE TABLE _poc.marks (
	name text COLLATE "C" PRIMARY KEY,
	lsn pg_lsn NOT NULL,
	timeline integer NOT NULL,
	system_identifier bigint NOT NULL,
	at timestamptz NOT NULL,
	omitted text[] NOT NULL
);

CREATE TABLE _poc.mark_tables (
	mark text COLLATE "C" REFERENCES _poc.marks ON DELETE CASCADE,
	relation text COLLATE "C",
	bytes bigint NOT NULL,
	rows bigint NOT NULL,
	hash text NOT NULL,
	PRIMARY KEY (mark, relation)
);

CREATE TABLE _poc.mark_sequences (
	mark text COLLATE "C" REFERENCES _poc.marks ON DELETE CASCADE,
	relation text COLLATE "C",
	value bigint,
	ascending boolean NOT NULL,
	PRIMARY KEY (mark, relation)
);

COMMENT ON TABLE _poc.marks IS
'The marks: name of the restore point, end of its record in WAL, when and in which cluster it was created, and what of its database is not in it, and why.';
COMMENT ON TABLE _poc.mark_tables IS
'What a table held at a mark: its size in bytes, its rows and their hash by poc_fingerprint().';

COMMENT ON TABLE _poc.mark_sequences IS
'The last value that a sequence had given before a mark, null if none.';

-- pg_dump keeps what cannot be made again
SELECT pg_catalog.pg_extension_config_dump('_poc.marks', '');
SELECT pg_catalog.pg_extension_config_dump('_poc.mark_tables', '');
SELECT pg_catalog.pg_extension_config_dump('_poc.mark_sequences', '');

CREATE VIEW @extschema@.poc_marks AS
	SELECT m.name, m.lsn, m.timeline, m.system_identifier, m.at,
		(SELECT count(*) FROM _poc.mark_tables AS t WHERE t.mark = m.name)::integer AS tables,
		(SELECT coalesce(sum(t.rows), 0) FROM _poc.mark_tables AS t WHERE t.mark = m.name)::bigint AS rows,
		(SELECT coalesce(sum(t.bytes), 0) FROM _poc.mark_tables AS t WHERE t.mark = m.name)::bigint AS bytes
	FROM _poc.marks AS m;

COMMENT ON VIEW @extschema@.poc_marks IS
'The marks that poc_mark() has set: position and timeline of the restore point, when and in which cluster, and the number of tables, their rows and their size in bytes. To forget one: DELETE FROM poc_marks WHERE name = ''before_upgrade''';

CREATE FUNCTION @extschema@.poc_mark(name text, tables regclass[] DEFAULT NULL,
	OUT name text, OUT lsn pg_lsn, OUT at timestamptz, OUT tables integer, OUT rows bigint)
LANGUAGE c VOLATILE PARALLEL UNSAFE COST 100000
AS 'MODULE_PATHNAME', 'poc_mark';

COMMENT ON FUNCTION @extschema@.poc_mark(text, regclass[]) IS
'Creates a restore point of this name and records, for exactly that position in WAL, the number of rows and the fingerprint of each of the tables, so that a restore to it can be proved. Until the transaction ends nobody can write to them (SHARE locks; lock_timeout counts). Without tables, all of the database: ordinary tables, partitions, populated materialized views and large objects (those with SELECT on pg_largeobject), but none of extensions, and the values of sequences, which a restored server may be beyond by some that nobody was given; notices tell what is left out: tables larger than poc_barman.mark_size_limit (10 GB), unlogged ones, what may not be read. Reads with its caller''s rights: needs SELECT on the tables, and no row security in the way. Must be the first change of its transaction, at "read committed". Errors: 22023 bad name, 42501 no privilege, 42710 name taken, 42809 nothing that a backup brings back, 42P01 no such table, 55000 wrong transaction, standby or wal_level, 55P03 lock timeout. Example: SELECT * FROM poc_mark(''before_upgrade'')';

-- ---------------------------------------------------------------------
-- The road to the sidecar (sidecar.c, job.c); not for people
-- ---------------------------------------------------------------------

CREATE FUNCTION _poc.get_list(field text, path text[]) RETURNS jsonb
LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 10000
AS 'MODULE_PATHNAME', 'poc_get_list';

COMMENT ON FUNCTION _poc.get_list(text, text[]) IS
'Asks the sidecar for /v1/path... and returns the array of this name in its answer.';

CREATE FUNCTION _poc.get_object(field text, path text[]) RETURNS jsonb
LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 10000
AS 'MODULE_PATHNAME', 'poc_get_object';

COMMENT ON FUNCTION _poc.get_object(text, text[]) IS
'Asks the sidecar for /v1/path... and returns the object of this name in its answer; with a null name, the whole answer.';

CREATE FUNCTION _poc.get_health() RETURNS jsonb
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED COST 10000
AS 'MODULE_PATHNAME', 'poc_get_health';

COMMENT ON FUNCTION _poc.get_health() IS
'Asks the sidecar for /healthz and returns its answer.';

CREATE FUNCTION _poc.url() RETURNS text
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'poc_url_told';

COMMENT ON FUNCTION _poc.url() IS
'The setting poc_barman.url; null if who asks, whatever function he asks through, may not see it.';

CREATE FUNCTION _poc.post(body jsonb, path text[]) RETURNS jsonb
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED COST 10000
AS 'MODULE_PATHNAME', 'poc_post';

COMMENT ON FUNCTION _poc.post(jsonb, text[]) IS
'Posts a body to /v1/path... and returns the job that the sidecar answers with, without following it.';

CREATE FUNCTION _poc.cancel_job(job_id text) RETURNS jsonb
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED COST 10000
AS 'MODULE_PATHNAME', 'poc_cancel_job';

COMMENT ON FUNCTION _poc.cancel_job(text) IS
'Asks the sidecar to cancel a job, and returns the job as it is then.';

CREATE FUNCTION _poc.ask(field text, body jsonb, path text[]) RETURNS jsonb
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED COST 10000
AS 'MODULE_PATHNAME', 'poc_ask';

COMMENT ON FUNCTION _poc.ask(text, jsonb, text[]) IS
'Posts a body to /v1/path... that starts no job, and returns the object of this name in the answer.';

CREATE FUNCTION _poc.run_job(path text[], body jsonb, timeout_seconds double precision,
	show_log boolean) RETURNS jsonb
LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 100000
AS 'MODULE_PATHNAME', 'poc_run_job';

COMMENT ON FUNCTION _poc.run_job(text[], jsonb, double precision, boolean) IS
'Starts a job by POST, or with a null body by DELETE, follows it (log lines become notices, WAL that Barman waits for is written) and returns it done. Fails as the job fails; cancels the job if the query ends before it.';

CREATE FUNCTION _poc.follow_job(job_id text, timeout_seconds double precision) RETURNS jsonb
LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 100000
AS 'MODULE_PATHNAME', 'poc_follow_job';

COMMENT ON FUNCTION _poc.follow_job(text, double precision) IS
'Follows a job that runs already and returns it, as it is when it has ended or the time is over.';

CREATE FUNCTION _poc.records(objects jsonb) RETURNS SETOF record
LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 100
AS 'MODULE_PATHNAME', 'poc_records';

COMMENT ON FUNCTION _poc.records(jsonb) IS
'An object of the sidecar''s, or an array of them, as rows of the columns asked for. A member that is missing or null is null; one of another type than its column is a violation of the protocol. A column of type interval comes from a number of seconds: elapsed or x_elapsed or x_time from elapsed_seconds or x_seconds.';

CREATE FUNCTION _poc.records("row" anyelement, objects jsonb) RETURNS SETOF anyelement
LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 100
AS 'MODULE_PATHNAME', 'poc_records';

COMMENT ON FUNCTION _poc.records(anyelement, jsonb) IS
'The same as rows of a type, of which the first argument is a null.';

CREATE FUNCTION _poc.require_top_level() RETURNS void
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'poc_require_top_level';

COMMENT ON FUNCTION _poc.require_top_level() IS
'Fails unless the procedure that calls it may commit.';

CREATE FUNCTION _poc.server(server text) RETURNS text
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
		FROM _poc.records(_poc.get_list('servers'::text, ARRAY['servers'::text])) AS s(server text)
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

COMMENT ON FUNCTION _poc.server(text) IS
'The server meant by this argument: itself; if null, the setting poc_barman.server; if that is empty, the only server Barman has.';

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

CREATE TYPE _poc.job AS (
	job_id text, kind text, server text, state text, phase text,
	progress double precision, created timestamptz, ended timestamptz, elapsed interval,
	error text, result jsonb);

COMMENT ON TYPE _poc.job IS 'A job of the sidecar, as poc_wait_job() and poc_cancel_job() return it.';

CREATE FUNCTION _poc.job_rows(jobs jsonb) RETURNS SETOF _poc.job
LANGUAGE sql STABLE PARALLEL RESTRICTED ROWS 100
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT j.id, j.kind, j.server, j.state, j.phase,
		coalesce(j.progress, CASE WHEN j.kind = 'backup' AND j.phase = 'copying' AND j.state = 'running'
			AND j.system_identifier = (SELECT c.system_identifier::text FROM pg_control_system() AS c)
			THEN (SELECT p.progress FROM _poc.backup_progress() AS p) END),
		j.created, j.ended, j.elapsed,
		nullif(concat_ws(': ', j.error ->> 'message', j.error ->> 'detail'), ''), j.result
	FROM _poc.records(jobs) AS j(id text, kind text, server text, state text, phase text,
		progress double precision, created timestamptz, ended timestamptz,
		elapsed interval, error jsonb, result jsonb, system_identifier text)
$$;

COMMENT ON FUNCTION _poc.job_rows(jsonb) IS
'Jobs, as the sidecar describes them, as rows.';

-- ---------------------------------------------------------------------
-- Barman, reading
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

CREATE TYPE _poc.backup_item AS (
	server text, backup_id text, name text, type text, status text,
	begin_time timestamptz, end_time timestamptz, size bigint, wal_size bigint,
	parent_id text, retention text, error text);

COMMENT ON TYPE _poc.backup_item IS 'A backup, as poc_backups() lists it.';

CREATE FUNCTION _poc.backups_of(server text, alone boolean) RETURNS SETOF _poc.backup_item
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED COST 10000 ROWS 100
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	cause text;
BEGIN
	RETURN QUERY SELECT b.* FROM _poc.records(NULL::_poc.backup_item,
		_poc.get_list('backups'::text, ARRAY['servers'::text, server, 'backups'::text])) AS b;
EXCEPTION WHEN system_error OR object_not_in_prerequisite_state OR invalid_parameter_value THEN
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
'The backups of a server, or of all servers if none is named; newest first; of a server that cannot be listed then a warning tells. size is that of the backup, wal_size that of the WAL archived after it until the next one, in bytes; type is full, incremental, rsync or snapshot. Errors: 42704 unknown server. Example: SELECT backup_id, status, pg_size_pretty(size) FROM poc_backups()';

CREATE TYPE _poc.backup_detail AS (
	server text, backup_id text, name text, type text, status text,
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
	children text[], chain_size integer, tablespaces jsonb, error text);

COMMENT ON TYPE _poc.backup_detail IS 'All of a backup, as poc_show_backup() tells it.';

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

CREATE TYPE _poc.streaming_client AS (
	server text, name text, application_name text, client_addr inet, client_port integer,
	user_name text, state text, sync_state text, slot_name text, pid integer, started_at timestamptz,
	sent_lsn pg_lsn, write_lsn pg_lsn, flush_lsn pg_lsn, replay_lsn pg_lsn,
	sent_lag bigint, write_lag bigint, flush_lag bigint, replay_lag bigint);

COMMENT ON TYPE _poc.streaming_client IS 'A client that streams from a server, as poc_replication_status() returns it.';

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

-- ---------------------------------------------------------------------
-- Barman, acting
-- ---------------------------------------------------------------------

CREATE FUNCTION _poc.archive_of(barman_server text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN _poc.get_object('archive'::text, ARRAY['servers'::text, barman_server, 'archive'::text]);
EXCEPTION WHEN system_error OR connection_exception OR connection_failure OR sqlclient_unable_to_establish_sqlconnection
	OR protocol_violation THEN
	-- what is asked for next will tell
	RETURN NULL;
END
$$;

COMMENT ON FUNCTION _poc.archive_of(text) IS
'Where the archive of a server begins and ends, and whose it is; null if Barman cannot tell it now. Errors: 55000 a server that is passive or inactive.';

CREATE FUNCTION _poc.cluster_of(barman_server text) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN (_poc.archive_of(barman_server) ->> 'system_identifier')::bigint;
EXCEPTION WHEN object_not_in_prerequisite_state THEN
	-- a passive server has no PostgreSQL of its own to ask, but copies of its backups
	BEGIN
		RETURN (_poc.get_object('backup'::text, ARRAY['servers'::text, barman_server, 'backups'::text, 'latest'::text]) ->> 'system_id')::bigint;
	EXCEPTION WHEN object_not_in_prerequisite_state OR undefined_object OR system_error OR connection_exception
		OR connection_failure OR sqlclient_unable_to_establish_sqlconnection OR protocol_violation THEN
		RETURN NULL;
	END;
END
$$;

COMMENT ON FUNCTION _poc.cluster_of(text) IS
'The system identifier of a server of Barman''s; null if Barman cannot tell it now.';

CREATE FUNCTION _poc.is_elsewhere(barman_server text, cluster bigint, consequence text) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	this_cluster constant bigint := (SELECT c.system_identifier FROM pg_control_system() AS c);
BEGIN
	-- what is not known is taken for this server, as one says who names none
	IF cluster IS NULL OR cluster = this_cluster THEN
		RETURN false;
	END IF;
	RAISE NOTICE 'Barman''s server "%" is another PostgreSQL than this one: %', barman_server, consequence
		USING DETAIL = format('Its system identifier is %s, this one''s %s.', cluster, this_cluster);
	RETURN true;
END
$$;

COMMENT ON FUNCTION _poc.is_elsewhere(text, bigint, text) IS
'Is a server of Barman''s, of this system identifier, another PostgreSQL than the caller''s?  If so, says it with what follows from it.';

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
				USING DETAIL = format('Barman did not archive it within %s.', timeout),
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
	cron_trouble text;
	cron_told text;
	cluster bigint;
	elsewhere boolean := false;
	standby_ready boolean;
	made_checkpoint boolean := false;
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
		IF clock_timestamp() >= deadline THEN
			RAISE EXCEPTION 'server % is not ready for backups', barman_server
				USING ERRCODE = 'object_not_in_prerequisite_state',
					DETAIL = concat_ws(E'\n', details, cron_trouble),
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
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED COST 100000
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
	job jsonb;
BEGIN
	-- who names no server may have been given one, by the owner of the database
	PERFORM _poc.is_elsewhere(barman_server, (archive ->> 'system_identifier')::bigint, 'the backup is of that one'::text);

	-- Of a server whose WAL has never reached Barman, Barman refuses a backup.
	IF archive -> 'newest_wal' = 'null'::jsonb THEN
		RAISE NOTICE 'server % is new to Barman: making it ready', barman_server;
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
'Takes a backup and waits until Barman has all the WAL it needs: status is DONE then, also on a server that nobody else writes to. A server that is new to Barman is made ready first, as poc_wait_ready() does. incremental names the parent backup (PostgreSQL 17, Barman 3.11); name gives the backup a name. With immediate_checkpoint => false the checkpoint before it takes its time. With wait => false the row tells the job, to be followed by poc_wait_job(). size is in bytes. Cancelling the query cancels the backup. While this server sends it, notices tell how much; one tells if the server is another PostgreSQL than this one. Errors: 55006 another backup of the server runs, 08006 not done within timeout (the backup is cancelled), 58000 with Barman''s own words. Example: SELECT * FROM poc_backup()';

CREATE FUNCTION @extschema@.poc_jobs()
RETURNS TABLE (job_id text, kind text, server text, state text, phase text,
	progress double precision, created timestamptz, ended timestamptz, elapsed interval,
	error text)
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 10000 ROWS 100
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT j.job_id, j.kind, j.server, j.state, j.phase,
		j.progress, j.created, j.ended, j.elapsed, j.error
	FROM _poc.job_rows(_poc.get_list('jobs'::text, ARRAY['jobs'::text])) AS j
$$;

COMMENT ON FUNCTION @extschema@.poc_jobs() IS
'The jobs that the sidecar knows, newest first. state is queued, running, done, failed, cancelled or lost (the sidecar was restarted under it); progress goes from 0 to 1 where it is known: of a restore, of a backup while this server sends it, and it is 1 of what is done. phase is null of what has ended. poc_wait_job() tells the result of one that is done.';

CREATE FUNCTION @extschema@.poc_job_log(job_id text)
RETURNS TABLE (n bigint, at timestamptz, level text, line text)
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 10000 ROWS 100
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT l.n, l.at, l.level, l.text
	FROM _poc.records(_poc.get_list('log'::text, ARRAY['jobs'::text, $1]))
		AS l(n bigint, at timestamptz, level text, text text)
$$;

COMMENT ON FUNCTION @extschema@.poc_job_log(text) IS
'What a job has said so far. level is debug (what only this function shows: of a restored server that did not start, the end of its log), info, warning or error. Errors: 42704 unknown job.';

CREATE FUNCTION @extschema@.poc_wait_job(job_id text, timeout interval DEFAULT NULL)
RETURNS SETOF _poc.job
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 100000 ROWS 1
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT j.*
	FROM _poc.job_rows(jsonb_build_array(_poc.follow_job($1, date_part('epoch', $2)))) AS j
$$;

COMMENT ON FUNCTION @extschema@.poc_wait_job(text, interval) IS
'Waits until a job has ended, shows its log meanwhile and writes the WAL that a backup waits for; returns the job, as it is when the time is over if that comes first. A job that failed is a row, not an error. Cancelling this query leaves the job alone. Errors: 42704 unknown job. Example: SELECT state, result FROM poc_wait_job((SELECT job_id FROM poc_backup(wait => false)))';

CREATE FUNCTION @extschema@.poc_cancel_job(job_id text)
RETURNS SETOF _poc.job
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 10000 ROWS 1
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT j.*
	FROM _poc.job_rows(jsonb_build_array(_poc.cancel_job(coalesce($1, '')))) AS j
$$;

COMMENT ON FUNCTION @extschema@.poc_cancel_job(text) IS
'Asks the sidecar to cancel a job, and returns the job as it was then; poc_wait_job() tells when it has ended. The next backup need not wait for that: it does so itself. Errors: 42704 unknown job, 55006 the job has ended already.';

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

CREATE FUNCTION _poc.convertible(text) RETURNS text
LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'poc_convertible';

COMMENT ON FUNCTION _poc.convertible(text) IS
'Internal. The text with ? for each byte that UTF-8 has nothing for: a name of a database or a role may be of another encoding.';

-- What a server must have to recover what this one has written: the sidecar
-- makes up for settings, and tells which locale Barman's host lacks.
CREATE FUNCTION _poc.primary_facts(database text) RETURNS jsonb
LANGUAGE sql VOLATILE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT jsonb_build_object(
		'settings', (SELECT jsonb_object_agg(s.name, s.setting::bigint) FROM pg_settings AS s
			WHERE s.name = ANY ('{max_connections,max_worker_processes,max_wal_senders,max_prepared_transactions,max_locks_per_transaction,max_pred_locks_per_transaction,max_replication_slots,max_active_replication_origins}')),
		'preload', current_setting('shared_preload_libraries'),
		-- our own is told of where tables are compared
		'libraries', (SELECT jsonb_agg(l.name ORDER BY l.name)
			FROM (SELECT DISTINCT _poc.convertible(p.probin) AS name FROM pg_proc AS p
				WHERE p.oid >= 16384 AND p.probin IS NOT NULL AND p.probin NOT LIKE '%poc\_barman' AND octet_length(p.probin) <= 200
				LIMIT 1000) AS l
			WHERE primary_facts.database = current_database()),
		'locales', (SELECT jsonb_agg(jsonb_build_object('of', l.of, 'locale', l.locale, 'needed', l.needed, 'version', l.version))
			FROM (SELECT format('database %I', _poc.convertible(d.datname::text)) AS of, _poc.convertible(x.locale::text) AS locale, d.datname = primary_facts.database AS needed,
					CASE WHEN d.datlocprovider = 'c' THEN pg_database_collation_actual_version(d.oid) END AS version
				FROM pg_database AS d, unnest(ARRAY[d.datcollate, d.datctype]) AS x(locale)
				WHERE d.datallowconn
				UNION
				SELECT format('collation %I.%I', n.nspname, c.collname), x.locale, current_database() = primary_facts.database, pg_collation_actual_version(c.oid)
				FROM pg_collation AS c JOIN pg_namespace AS n ON n.oid = c.collnamespace,
					unnest(ARRAY[c.collcollate, c.collctype]) AS x(locale)
				WHERE c.collprovider = 'c' AND x.locale IS NOT NULL AND
					-- of indexes, which it orders
					c.oid IN (SELECT o FROM pg_index AS i, unnest(i.indcollation::oid[]) AS o)
				ORDER BY 3 DESC, 1, 2
				LIMIT 1000) AS l))
$$;

COMMENT ON FUNCTION _poc.primary_facts(text) IS
'Internal. What the sidecar is told of this server before it restores: settings that recovery must not be given less of, the libraries that are preloaded and those of functions, and the locales of the databases and of the collations of indexes, those of the database that is to be examined as needed.';

CREATE FUNCTION _poc.user_conninfo(conninfo text) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT $1 || ' user=' || CASE WHEN session_user ~ '^[A-Za-z0-9_]+$' THEN session_user::text
		ELSE '''' || regexp_replace(session_user::text, '([\\''])', '\\\1', 'g') || '''' END
$$;

COMMENT ON FUNCTION _poc.user_conninfo(text) IS
'Internal. A connection string of a restored server, for who asks: without a user libpq takes the name that the operating system has for him.';

CREATE FUNCTION _poc.name_json(name text) RETURNS jsonb
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT CASE WHEN getdatabaseencoding() = 'SQL_ASCII' AND encode(convert_to($1, 'SQL_ASCII'), 'escape') <> $1
		THEN jsonb_build_object('relation', encode(convert_to($1, 'SQL_ASCII'), 'escape'),
			'name_hex', encode(convert_to($1, 'SQL_ASCII'), 'hex'))
		ELSE jsonb_build_object('relation', $1) END
$$;

COMMENT ON FUNCTION _poc.name_json(text) IS
'Internal. The name of a relation as the sidecar is told it: a name in a database of SQL_ASCII may be of no encoding, and is given as bytes, beside words of it.';

CREATE FUNCTION @extschema@.poc_restore(INOUT instance text, backup_id text DEFAULT 'latest', server text DEFAULT NULL,
	target_name text DEFAULT NULL, target_time timestamptz DEFAULT NULL, target_lsn pg_lsn DEFAULT NULL,
	target_xid xid8 DEFAULT NULL, immediate boolean DEFAULT false, start boolean DEFAULT true,
	wait boolean DEFAULT true, target_timeline integer DEFAULT NULL,
	OUT state text, OUT conninfo text, OUT port integer, OUT recovered_lsn pg_lsn,
	OUT recovered_time timestamptz, OUT timeline integer, OUT restore_elapsed interval,
	OUT recovery_elapsed interval, OUT archived_lsn pg_lsn, OUT received_lsn pg_lsn,
	OUT unreached_bytes bigint, OUT unreached interval)
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED COST 100000
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	path text[] := ARRAY['servers'::text, _poc.server(server), 'restores'::text];
	body jsonb := jsonb_build_object('instance', instance, 'backup_id', coalesce(backup_id, ''),
		'target_name', target_name,
		'target_time', to_char(target_time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
		'target_lsn', target_lsn, 'target_xid', target_xid,
		'immediate', coalesce(immediate, false), 'start', coalesce(start, true),
		'target_timeline', target_timeline,
		'system_identifier', (SELECT c.system_identifier::text FROM pg_control_system() AS c),
		'primary', _poc.primary_facts(current_database()::text));
	segment bigint := pg_size_bytes(current_setting('wal_segment_size'));
	timeline_now integer;
	mark record;
	chosen jsonb;
	job jsonb;
BEGIN
	IF NOT isfinite(target_time) THEN
		RAISE EXCEPTION 'target time must be finite'
			USING ERRCODE = 'invalid_parameter_value',
				DETAIL = format('It is %s.', target_time),
				HINT = 'Leave the target out to recover all there is.';
	END IF;
	IF target_time > clock_timestamp() THEN
		RAISE EXCEPTION 'target time lies in the future'
			USING ERRCODE = 'invalid_parameter_value',
				DETAIL = format('It is %s, and now it is %s.', target_time, clock_timestamp()),
				HINT = 'Leave the target out to recover all there is.';
	END IF;

	-- The name of a mark means the mark, not the first restore point so named.
	IF target_name IS NOT NULL THEN
		SELECT m.lsn, m.timeline INTO mark FROM _poc.marks AS m
		WHERE m.name = target_name AND m.system_identifier::text = body ->> 'system_identifier';
		body := body || jsonb_build_object('mark_lsn', mark.lsn, 'mark_timeline', mark.timeline);
	END IF;

	-- A standby may not ask for its own timeline, and closes no segment.
	IF NOT pg_is_in_recovery() THEN
		timeline_now := ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer;
		body := body || jsonb_build_object('timeline', timeline_now);
	END IF;

	-- What is refused is refused before anything is done for it.
	chosen := _poc.ask('restore'::text, body, path || 'check'::text);
	target_lsn := (chosen ->> 'target_lsn')::pg_lsn;
	IF _poc.is_elsewhere(path[2], (chosen ->> 'system_identifier')::bigint,
		'what Barman has archived of it is restored, no segment is closed for it'::text)
	THEN
		-- nor are this server's locales and settings those that count
		body := body - 'primary';
	ELSIF timeline_now IS NOT NULL AND
		(chosen ->> 'timeline')::integer IN (0, timeline_now)
	THEN
		IF target_lsn > pg_current_wal_insert_lsn() THEN
			RAISE EXCEPTION 'position % lies beyond what is written', target_lsn
				USING ERRCODE = 'object_not_in_prerequisite_state',
					DETAIL = format('The server is at %s.', pg_current_wal_insert_lsn()),
					HINT = 'Choose an earlier position, or leave the target out to recover all there is.';
		END IF;
		IF target_xid >= pg_snapshot_xmax(pg_current_snapshot()) THEN
			RAISE EXCEPTION 'transaction % has not ended yet', target_xid
				USING ERRCODE = 'object_not_in_prerequisite_state',
					DETAIL = format('The next transaction that begins may be %s.', pg_snapshot_xmax(pg_current_snapshot())),
					HINT = 'Choose one that has ended, or leave the target out to recover all there is.';
		END IF;

		-- Barman restores what is archived, and what was written last is not;
		-- so the segment that holds it is closed now, and the sidecar waits
		-- for it; as it does for one that was closed before, should Barman lag.
		IF target_lsn + 2 * segment <= pg_current_wal_insert_lsn() THEN
			body := body || jsonb_build_object('wal_file', pg_walfile_name(target_lsn + segment));
		ELSIF NOT coalesce(immediate, false) THEN
			-- Recovery to a time stops at the first transaction that ended
			-- after it: there must be one.
			IF target_time IS NOT NULL THEN
				PERFORM _poc.wal_end();
			END IF;
			body := body || jsonb_build_object(
				'wal_file', (SELECT s.wal_file FROM _poc.wal_switch(true) AS s));
		END IF;
	END IF;

	IF wait THEN
		job := _poc.run_job(path, body, NULL::double precision, true);
	ELSE
		job := _poc.post(body, path);
		RAISE NOTICE 'the restore is job %', job ->> 'id';
	END IF;

	SELECT i.state, _poc.user_conninfo(i.conninfo), i.port, i.recovered_lsn, i.recovered_time, i.timeline, i.restore_elapsed, i.recovery_elapsed
	INTO poc_restore.state, poc_restore.conninfo, poc_restore.port, poc_restore.recovered_lsn,
		poc_restore.recovered_time, poc_restore.timeline, poc_restore.restore_elapsed, poc_restore.recovery_elapsed
	FROM _poc.records(job -> 'result' -> 'instance')
		AS i(state text, conninfo text, port integer, recovered_lsn pg_lsn, recovered_time timestamptz,
			timeline integer, restore_elapsed interval, recovery_elapsed interval);
	archived_lsn := (job -> 'result' -> 'reach' ->> 'archived_lsn')::pg_lsn;
	received_lsn := (job -> 'result' -> 'reach' ->> 'received_lsn')::pg_lsn;
	unreached_bytes := (job -> 'result' -> 'reach' ->> 'unreached_bytes')::bigint;
	unreached := make_interval(secs => (job -> 'result' -> 'reach' ->> 'unreached_seconds')::double precision);
	state := coalesce(state, 'restoring');
END
$$;

COMMENT ON FUNCTION @extschema@.poc_restore(text, text, text, text, timestamptz, pg_lsn, xid8, boolean, boolean, boolean, integer) IS
'Restores a backup on Barman''s host to a server of its own, an instance of this name (lower-case letters, digits, underscores), and waits until its recovery has ended. Without a target it recovers all there is, up to this very call; WAL that Barman has received but not archived yet is restored as well when this server does not close its segment itself (it is lost, say), and a warning tells of it. Or give one of target_name (a mark of this database means the mark; of any other restore point the first of its name is meant, and a notice tells how many there are), target_time, target_lsn, target_xid, immediate. Of ''latest'' an older backup is taken if a target_time or target_lsn, or the timeline, needs it. Recovery follows the timeline that this server is on, or after a failover with target_timeline the one it came from. The instance runs apart from production on a timeline of its own; conninfo says where, for the role that asks; the roles and passwords are those restored. recovered_time is when the last recovered transaction was committed; without one, when the backup ended. archived_lsn and received_lsn are how far Barman had archived and received when the copy began; unreached_bytes and unreached tell what of that the instance does not have: bytes of WAL, and the time from recovered_time to the last WAL received. With start => false it is restored but not started; with wait => false the restore goes on as a job. Nothing is left of a restore that fails or is cancelled. Errors: 22023 bad name or target, 42704 unknown backup, 55000 the target cannot be reached or the sidecar restores nothing, 55006 there is such an instance, 53400 too many instances, 08006 no progress, 58000 with Barman''s or the server''s own words. Example: SELECT * FROM poc_restore(''before_the_mistake'', target_time => now() - interval ''10 min'')';

CREATE FUNCTION @extschema@.poc_instances()
RETURNS TABLE (instance text, server text, backup_id text, state text, conninfo text, port integer,
	recovered_lsn pg_lsn, recovered_time timestamptz, timeline integer,
	restore_elapsed interval, recovery_elapsed interval, created timestamptz, bytes bigint, error text,
	isolation text)
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 10000 ROWS 10
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT i.instance, i.server, i.backup_id, i.state, _poc.user_conninfo(i.conninfo), i.port,
		i.recovered_lsn, i.recovered_time, i.timeline,
		i.restore_elapsed, i.recovery_elapsed,
		i.created, i.bytes, i.error ->> 'message', i.isolation
	FROM _poc.records(_poc.get_list('instances'::text, ARRAY['instances'::text]))
		AS i(instance text, server text, backup_id text, state text, conninfo text, port integer,
			recovered_lsn pg_lsn, recovered_time timestamptz, timeline integer,
			restore_elapsed interval, recovery_elapsed interval,
			created timestamptz, bytes bigint, error jsonb, isolation text)
$$;

COMMENT ON FUNCTION @extschema@.poc_instances() IS
'The instances that poc_restore() made, newest first. state is restoring, recovering, running, stopped or failed: its server ended by itself, or its files could not be removed. Of a restore that failed nothing is left here; poc_jobs() and poc_job_log() tell why. bytes is the size right after recovery.';

CREATE FUNCTION @extschema@.poc_drop_instance(INOUT instance text, OUT state text)
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 100000
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT j.job -> 'result' ->> 'instance', j.job -> 'result' ->> 'state'
	FROM _poc.run_job(ARRAY['instances'::text, coalesce($1, '')], NULL::jsonb, NULL::double precision, false) AS j(job)
$$;

COMMENT ON FUNCTION @extschema@.poc_drop_instance(text) IS
'Stops an instance and removes all its files; state is dropped then. Errors: 42704 unknown instance, 55006 it is still being restored. Example: SELECT * FROM poc_drop_instance(''before_the_mistake'')';

-- ---------------------------------------------------------------------
-- Proof: drills
-- ---------------------------------------------------------------------

CREATE TABLE _poc.drills (
	at timestamptz NOT NULL,
	job_id text COLLATE "C",
	began timestamptz NOT NULL,
	ok boolean NOT NULL,
	server text NOT NULL,
	backup_id text,
	mark text,
	system_identifier bigint NOT NULL,
	timeline integer,
	recovered_lsn pg_lsn,
	recovered_time timestamptz,
	restore_elapsed interval,
	recovery_elapsed interval,
	tables integer NOT NULL,
	rows bigint NOT NULL,
	bytes bigint,
	postgresql_version text,
	barman_version text,
	steps jsonb NOT NULL,
	archived_lsn pg_lsn,
	received_lsn pg_lsn,
	unreached_bytes bigint,
	unreached interval,
	database text NOT NULL DEFAULT current_database(),
	PRIMARY KEY (at, began)
);

COMMENT ON TABLE _poc.drills IS
'The receipts of restore drills, with their steps as the sidecar told them.';

SELECT pg_catalog.pg_extension_config_dump('_poc.drills', '');

CREATE VIEW @extschema@.poc_drills AS
	SELECT d.at, d.ok, d.server, d.backup_id, d.mark, d.timeline,
		d.restore_elapsed + d.recovery_elapsed AS rto,
		greatest(d.began - d.recovered_time, '0') AS rpo,
		d.tables, d.rows, d.bytes,
		CASE WHEN d.ok THEN 'passed' ELSE coalesce(
			(SELECT format('failed: %s', string_agg(concat_ws(': ', s.step ->> 'step', s.step ->> 'detail'), '; ' ORDER BY s.n))
			FROM jsonb_array_elements(d.steps) WITH ORDINALITY AS s(step, n)
			WHERE NOT (s.step ->> 'ok')::boolean), 'failed') END AS verdict,
		d.recovered_lsn, d.recovered_time, d.at - d.began AS elapsed,
		d.system_identifier, d.postgresql_version, d.barman_version, d.job_id,
		d.archived_lsn, d.received_lsn, d.unreached_bytes, d.unreached, d.database
	FROM _poc.drills AS d;

COMMENT ON VIEW @extschema@.poc_drills IS
'The receipts of poc_restore_drill(). at is when the drill ended; rto is how long restore and recovery took; rpo is how old, when the drill began, the newest data was that it brought back; tables and rows are those compared and found to be as at the mark; bytes is the size of what was restored; archived_lsn and received_lsn are how far Barman had archived and received, unreached_bytes and unreached what of that was not brought back (after a mark: on purpose); database is the one that was examined. Example: SELECT at, ok, rto, rpo, verdict FROM poc_drills ORDER BY at DESC';

CREATE FUNCTION @extschema@.poc_restore_drill(mark text DEFAULT NULL, backup_id text DEFAULT 'latest',
	server text DEFAULT NULL, asserts text[] DEFAULT '{}', keep boolean DEFAULT false, database text DEFAULT NULL)
RETURNS TABLE (step text, ok boolean, elapsed interval, detail text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 10
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	began CONSTANT timestamptz := clock_timestamp();
	barman_server CONSTANT text := _poc.server(server);
	this_cluster CONSTANT bigint := (SELECT c.system_identifier FROM pg_control_system() AS c);
	cluster CONSTANT bigint := coalesce(_poc.cluster_of(barman_server), this_cluster);
	elsewhere boolean;
	target _poc.marks;
	segment CONSTANT bigint := pg_size_bytes(current_setting('wal_segment_size'));
	body jsonb;
	job jsonb;
	drill jsonb;
	steps jsonb;
	recovered timestamptz;
	message text;
	cause text;
BEGIN
	IF pg_is_in_recovery() THEN
		RAISE EXCEPTION 'recovery is in progress'
			USING ERRCODE = 'object_not_in_prerequisite_state',
				DETAIL = 'A standby cannot keep the receipt.',
				HINT = 'Call this function on the primary.';
	END IF;
	IF array_position(asserts, NULL) IS NOT NULL THEN
		RAISE EXCEPTION 'an assertion must not be null'
			USING ERRCODE = 'invalid_parameter_value',
				HINT = 'For example: SELECT * FROM poc_restore_drill(asserts => ''{SELECT count(*) > 0 FROM orders}'')';
	END IF;
	IF mark IS NOT NULL AND cluster <> this_cluster THEN
		RAISE EXCEPTION 'Barman''s server "%" is another PostgreSQL than this one, whose mark "%" is', barman_server, mark
			USING ERRCODE = 'object_not_in_prerequisite_state',
				DETAIL = format('Its system identifier is %s, this one''s %s.', cluster, this_cluster),
				HINT = 'Call this function there; or without a mark, and what Barman has archived of it is restored.';
	END IF;
	IF mark IS NOT NULL AND database <> current_database() THEN
		RAISE EXCEPTION 'mark "%" is of database "%"', mark, current_database()
			USING ERRCODE = 'invalid_parameter_value',
				DETAIL = format('The drill was asked to examine database "%s".', database),
				HINT = 'Leave the database out, or call this function in that one.';
	END IF;
	-- assertions read all of it, and EXECUTE is granted in this one
	IF database <> current_database() AND NOT pg_has_role(session_user, 'pg_read_all_data', 'USAGE') THEN
		RAISE EXCEPTION 'permission denied to examine database "%"', database
			USING ERRCODE = 'insufficient_privilege',
				DETAIL = format('This is database "%s"; a drill reads all tables of the one that it examines.', current_database()),
				HINT = format('GRANT pg_read_all_data TO %I, or call this function in that database.', session_user);
	END IF;
	elsewhere := _poc.is_elsewhere(barman_server, cluster, 'what Barman has archived of it is restored, no segment is closed for it'::text);
	IF mark IS NOT NULL THEN
		SELECT m.* INTO target FROM _poc.marks AS m WHERE m.name = mark;
		IF NOT FOUND THEN
			RAISE EXCEPTION 'there is no mark "%"', mark
				USING ERRCODE = 'undefined_object',
					HINT = format('SELECT * FROM poc_mark(%L) sets one; the view poc_marks shows those there are.', mark);
		END IF;
		IF target.system_identifier <> this_cluster THEN
			RAISE EXCEPTION 'mark "%" is of another cluster', mark
				USING ERRCODE = 'object_not_in_prerequisite_state',
					DETAIL = format('Its system identifier is %s, that of this one %s.', target.system_identifier, this_cluster),
					HINT = 'It came with a dump. Set a mark here: SELECT * FROM poc_mark(''name'')';
		END IF;
	END IF;

	body := jsonb_build_object(
		'instance', format('drill_%s_%s', to_char(began AT TIME ZONE 'UTC', 'MMDD"t"HH24MISS'), pg_backend_pid()),
		'backup_id', coalesce(backup_id, 'latest'), 'keep', coalesce(keep, false),
		'target_lsn', target.lsn, 'target_timeline', target.timeline, 'system_identifier', cluster::text,
		'marked_at', to_char(target.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
		'database', coalesce(database, current_database()),
		-- the one of initdb, unless it may not log in; the copy may have others
		'superuser', (SELECT a.rolname FROM pg_roles AS a WHERE a.rolsuper AND a.rolcanlogin ORDER BY a.oid LIMIT 1),
		'superusers', (SELECT jsonb_agg(o.name) FROM (
			(SELECT _poc.convertible(a.rolname::text) AS name FROM pg_roles AS a WHERE a.rolsuper AND a.rolcanlogin ORDER BY a.oid OFFSET 1 LIMIT 18)
			UNION ALL SELECT 'postgres') AS o),
		'tables', (SELECT jsonb_agg(_poc.name_json(t.relation) || jsonb_build_object('bytes', t.bytes, 'rows', t.rows, 'hash', t.hash) ORDER BY t.relation)
			FROM _poc.mark_tables AS t WHERE t.mark = target.name),
		'sequences', (SELECT jsonb_agg(_poc.name_json(q.relation) || jsonb_build_object('value', q.value, 'ascending', q.ascending) ORDER BY q.relation)
			FROM _poc.mark_sequences AS q WHERE q.mark = target.name),
		'asserts', to_jsonb(asserts), 'primary', _poc.primary_facts(coalesce(database, current_database()::text)));

	-- As poc_restore() does: what is to be restored must be archived. Without a
	-- mark it is all there is up to now, and a transaction tells when that was.
	IF elsewhere THEN
		-- nor are this server's locales and settings those that count
		body := body - 'primary';
	ELSIF target.lsn + 2 * segment <= pg_current_wal_insert_lsn() THEN
		body := body || jsonb_build_object('wal_file', pg_walfile_name(target.lsn + segment));
	ELSE
		PERFORM _poc.wal_end();
		body := body || jsonb_build_object('wal_file', (SELECT s.wal_file FROM _poc.wal_switch(true) AS s));
	END IF;

	-- A sidecar or a Barman that fails is what a drill is to find; what was
	-- asked wrongly is an error.
	BEGIN
		job := _poc.run_job(ARRAY['servers'::text, barman_server, 'drills'::text], body, NULL::double precision, true);
		drill := job -> 'result';
		steps := drill -> 'steps';
	EXCEPTION WHEN connection_exception OR sqlclient_unable_to_establish_sqlconnection OR connection_failure
		OR protocol_violation OR system_error THEN
		GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, cause = PG_EXCEPTION_DETAIL;
		steps := jsonb_build_array(jsonb_build_object('step', 'sidecar', 'ok', false,
			'seconds', date_part('epoch', clock_timestamp() - began),
			'detail', concat_ws(': ', message, nullif(cause, ''))));
	END;

	IF target.omitted <> '{}' AND drill IS NOT NULL THEN
		steps := steps || jsonb_build_object('step', 'compare', 'ok', true, 'seconds', 0,
			'detail', format('not in the mark, and so not compared: %s', array_to_string(target.omitted, '; ')));
	END IF;

	-- What the mark recorded is newer than the last transaction before it.
	recovered := greatest((drill ->> 'recovered_time')::timestamptz, target.at);
	INSERT INTO _poc.drills (at, job_id, began, ok, server, backup_id, mark, system_identifier,
		timeline, recovered_lsn, recovered_time, restore_elapsed, recovery_elapsed,
		tables, rows, bytes, postgresql_version, barman_version, steps,
		archived_lsn, received_lsn, unreached_bytes, unreached, database)
	VALUES (clock_timestamp(), job ->> 'id', began, coalesce((drill ->> 'ok')::boolean, false), barman_server,
		drill ->> 'backup_id', target.name, cluster,
		(drill ->> 'timeline')::integer, (drill ->> 'recovered_lsn')::pg_lsn,
		CASE WHEN drill ->> 'recovered_lsn' IS NOT NULL THEN recovered END,
		make_interval(secs => (drill ->> 'restore_seconds')::double precision),
		make_interval(secs => (drill ->> 'recovery_seconds')::double precision),
		coalesce((drill ->> 'tables')::integer, 0), coalesce((drill ->> 'rows')::bigint, 0),
		(drill ->> 'bytes')::bigint, drill ->> 'postgresql_version', drill ->> 'barman_version', steps,
		(drill -> 'reach' ->> 'archived_lsn')::pg_lsn, (drill -> 'reach' ->> 'received_lsn')::pg_lsn,
		(drill -> 'reach' ->> 'unreached_bytes')::bigint,
		make_interval(secs => (drill -> 'reach' ->> 'unreached_seconds')::double precision), body ->> 'database');

	RETURN QUERY
		SELECT s.step, s.ok, make_interval(secs => s.seconds), s.detail
		FROM jsonb_to_recordset(steps) AS s(step text, ok boolean, seconds double precision, detail text);
	IF drill -> 'instance' ->> 'instance' IS NOT NULL THEN
		RAISE NOTICE 'instance % is kept', drill -> 'instance' ->> 'instance'
			USING DETAIL = 'Passwords and settings of roles and databases are removed in it.',
				HINT = format('To connect: %s, after ALTER ROLE ... PASSWORD through its socket on Barman''s host. To remove it: SELECT * FROM poc_drop_instance(%L)',
				_poc.user_conninfo(drill -> 'instance' ->> 'conninfo'), drill -> 'instance' ->> 'instance');
	END IF;
END
$$;

COMMENT ON FUNCTION @extschema@.poc_restore_drill(text, text, text, text[], boolean, text) IS
'Proves that a backup can be restored: restores it on Barman''s host to a server apart from production (the kernel refuses each connection that it tries to make), compares, tells each step with its time, removes the server and keeps a receipt (the view poc_drills). With a mark it recovers to that point, on the mark''s timeline, and compares each of its tables, by functions of Barman''s host: PostgreSQL there must have poc_barman installed; without, it recovers all there is up to this call. Before anything is asked, the settings of databases and roles, connection limits, event triggers, passwords and the options of foreign servers and subscriptions are removed in the copy. Then pg_amcheck reads every table and index of the database, where it is installed, beside the assertions; so the times of these steps overlap. Each assertion must be a query that returns true; names must be qualified (search_path is pg_catalog); of its errors only the SQLSTATE is told. A step that is not ok says what differs; it is no error, so that the receipt is kept. keep => true leaves the server as an instance, for poc_drop_instance() to remove. database is the one that is asked and checked: this one, unless another is named, as those with pg_read_all_data may without a mark; the receipt names it. The assertions are run by a role that can read every table and large object of the restored server and write none: whoever may call this function may know all there is in it. Errors: 22023 bad argument, 42501 another database without pg_read_all_data, 42704 no such mark or backup, 55000 a mark of another cluster, a standby, or the sidecar restores nothing, 53400 too many instances, 54000 too many or too large assertions. Example: SELECT * FROM poc_restore_drill(''before_upgrade'', asserts => ''{SELECT count(*) > 0 FROM public.orders}'')';

-- ---------------------------------------------------------------------
-- Barman, examined (doctor.c)
--
-- One jsonb, the facts, holds what the sidecar said; each part of the
-- examination makes rows of it and of what this server knows of itself.  A
-- part leaves out the matters of which it lacks the facts.
-- ---------------------------------------------------------------------

CREATE FUNCTION _poc.token_file_mode() RETURNS integer
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'poc_token_file_mode';

COMMENT ON FUNCTION _poc.token_file_mode() IS
'The permission bits of the file that poc_barman.token_file names; null if there is none.';

CREATE FUNCTION _poc.doctor_ask(facts jsonb, fact text, path text[]) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	answer jsonb;
	state text;
	message text;
	detail text;
	hint text;
BEGIN
	IF facts ? 'silent' THEN
		RETURN facts;
	END IF;
	answer := CASE fact
		WHEN 'health' THEN _poc.get_health()
		WHEN 'diagnose' THEN _poc.get_object(fact, path)
		WHEN 'drill' THEN _poc.get_object(fact, path)
		ELSE _poc.get_list(fact, path)
	END;
	RETURN facts || jsonb_build_object(fact, answer);
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
		detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	facts := facts || jsonb_build_object(fact || '_error', jsonb_build_object(
		'sqlstate', state, 'message', message, 'detail', detail, 'hint', hint));
	-- who did not answer this will not answer the rest, and each wait is a long one
	IF fact = 'health' OR state IN ('08001', '08006') THEN
		facts := facts || '{"silent": true}';
	END IF;
	RETURN facts;
END
$$;

COMMENT ON FUNCTION _poc.doctor_ask(jsonb, text, text[]) IS
'The facts and one more, asked of the sidecar at /v1/path...; if it cannot be had, the error as "..._error" instead.';

CREATE FUNCTION _poc.doctor_facts(server text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED COST 100000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	facts jsonb := jsonb_build_object('token_file_mode', _poc.token_file_mode());
	timeout text := current_setting('poc_barman.timeout');
	name text := coalesce(server, nullif(current_setting('poc_barman.server'), ''));
	began timestamptz;
	latency interval;
BEGIN
	-- the sidecar itself does not wait for Barman
	PERFORM set_config('poc_barman.timeout', date_part('epoch', least(timeout::interval, '5 s')) * 1000 || 'ms', true);

	-- the first request may have to connect, the second tells the time
	facts := _poc.doctor_ask(facts, 'health'::text, ARRAY['healthz'::text]);
	began := clock_timestamp();
	facts := _poc.doctor_ask(facts, 'health'::text, ARRAY['healthz'::text]);
	latency := clock_timestamp() - began;
	facts := facts || jsonb_build_object(
		'latency', date_part('epoch', latency),
		'skew', date_part('epoch', (facts -> 'health' ->> 'time')::timestamptz - (began + latency / 2)));

	-- Barman's checks take a second; a Barman that takes so long hangs
	PERFORM set_config('poc_barman.timeout', date_part('epoch', least(timeout::interval, '20 s')) * 1000 || 'ms', true);
	facts := _poc.doctor_ask(facts, 'servers'::text, ARRAY['servers'::text]);
	IF name IS NULL AND jsonb_array_length(facts -> 'servers') = 1 THEN
		name := facts -> 'servers' -> 0 ->> 'server';
	END IF;
	facts := facts || jsonb_build_object('server', name);

	IF EXISTS (SELECT FROM jsonb_array_elements(facts -> 'servers') AS s WHERE s ->> 'server' = name) THEN
		-- Barman is asked all of it at once where each of these can connect for replication, as receive-wal may too
		IF current_setting('max_wal_senders')::integer - (SELECT count(*) FROM pg_stat_replication) >= 4 THEN
			PERFORM _poc.doctor_ask(facts, 'ahead'::text, ARRAY['servers'::text, name, 'ahead'::text]);
		END IF;
		facts := _poc.doctor_ask(facts, 'checks'::text, ARRAY['servers'::text, name, 'check'::text]);
		facts := _poc.doctor_ask(facts, 'diagnose'::text, ARRAY['diagnose'::text]);
		facts := _poc.doctor_ask(facts, 'disks'::text, ARRAY['servers'::text, name, 'disks'::text]);
		facts := _poc.doctor_ask(facts, 'drill'::text, ARRAY['servers'::text, name, 'drills'::text, 'last'::text]);
		facts := facts - 'diagnose' || jsonb_build_object('barman', facts -> 'diagnose' -> 'servers' -> name);
	END IF;

	PERFORM set_config('poc_barman.timeout', timeout, true);
	RETURN facts;
END
$$;

COMMENT ON FUNCTION _poc.doctor_facts(text) IS
'All that the sidecar can tell about a server, asked once: health, servers, checks, barman (its part of diagnose: config, status, backups, wals), disks, skew and latency in seconds; and server, the name that is meant.';

CREATE FUNCTION _poc.doctor_check(facts jsonb, check_name text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT bool_and((c ->> 'ok')::boolean)
	FROM jsonb_array_elements(facts -> 'checks') AS c
	WHERE c ->> 'check_name' = $2
$$;

COMMENT ON FUNCTION _poc.doctor_check(jsonb, text) IS
'Whether this check of Barman''s passed; null if it was not made.';

CREATE FUNCTION _poc.doctor_cluster(facts jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	-- while PostgreSQL cannot be reached, that of its latest backup
	SELECT substring(coalesce(facts -> 'barman' -> 'status' ->> 'postgres_systemid',
		facts -> 'barman' -> 'status' ->> 'streaming_systemid',
		(SELECT b.value ->> 'systemid' FROM jsonb_each(facts -> 'barman' -> 'backups') AS b
			WHERE b.value ->> 'systemid' IS NOT NULL ORDER BY b.key COLLATE "C" DESC LIMIT 1)) FROM '^\d+$')
$$;

COMMENT ON FUNCTION _poc.doctor_cluster(jsonb) IS
'The system identifier of the server that Barman means; null if it does not tell.';

CREATE FUNCTION _poc.doctor_is_here(facts jsonb) RETURNS boolean
LANGUAGE sql VOLATILE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT _poc.doctor_cluster(facts) = (SELECT c.system_identifier::text FROM pg_control_system() AS c)
		AND (facts -> 'barman' -> 'status' ->> 'is_in_recovery' IS DISTINCT FROM 'true' OR pg_is_in_recovery())
$$;

COMMENT ON FUNCTION _poc.doctor_is_here(jsonb) IS
'Is the server that Barman means this one?  False of another, or of a standby of this one; null if Barman does not tell.';

CREATE FUNCTION _poc.doctor_conninfo(conninfo text, key text) RETURNS text
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT coalesce(
		(regexp_match(conninfo, '(?:^|\s)' || key || '\s*=\s*''?([^\s'']+)'))[1],
		CASE WHEN key = 'user' THEN (regexp_match(conninfo, '^postgres(?:ql)?://([^:@/]+)(?::[^@]*)?@'))[1] END)
$$;

COMMENT ON FUNCTION _poc.doctor_conninfo(text, text) IS
'A value of one of Barman''s connection strings.';

-- The road: extension, sidecar, token, clock, cron.

CREATE FUNCTION _poc.doctor_sidecar(facts jsonb)
RETURNS TABLE (area text, ok boolean, finding text, remedy text)
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED ROWS 10
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	url text := coalesce(_poc.url(), '(poc_barman.url, which you may not see)');
	address text := regexp_replace(url, '^https?://|/+$', '', 'g');
	health jsonb := facts -> 'health';
	error jsonb := facts -> 'health_error';
	state text := error ->> 'sqlstate';
	mode integer := (facts ->> 'token_file_mode')::integer;
	skew double precision := (facts ->> 'skew')::double precision;
	-- an answer that took long tells the time less exactly
	allowed_skew constant double precision := 2 + (facts ->> 'latency')::double precision / 2;
	cron jsonb := health -> 'cron';
	cron_interval interval := make_interval(secs => (cron ->> 'interval_seconds')::double precision);
	cron_age interval := (health ->> 'time')::timestamptz - (cron ->> 'last_run')::timestamptz;
	created text;
	installed text;
BEGIN
	SELECT e.extversion, a.default_version INTO created, installed
	FROM pg_extension AS e JOIN pg_available_extensions AS a ON a.name = e.extname
	WHERE e.extname = 'poc_barman';
	RETURN QUERY SELECT 'extension', created = installed,
		CASE WHEN created = installed THEN format('poc_barman is version %s, as installed', created)
			ELSE format('poc_barman is version %s in this database, but version %s is installed', created, installed) END,
		'ALTER EXTENSION poc_barman UPDATE;';

	IF state IS NULL OR state = '42501' THEN
		RETURN QUERY SELECT 'sidecar', true,
			format('the sidecar answers at %s within %s ms', url, ceil((facts ->> 'latency')::numeric * 1000)), NULL;
	ELSIF state <> '55000' THEN
		RETURN QUERY SELECT 'sidecar', false,
			CASE WHEN state IN ('08001', '08006')
				THEN format('no answer from the sidecar at %s: %s', url, regexp_replace(error ->> 'detail', ' \(libcurl.*|\.$', ''))
				ELSE format('the sidecar at %s: %s (%s)', url, error ->> 'message', rtrim(error ->> 'detail', '.')) END,
			CASE
				WHEN state = '08006' THEN
					'pkill -x barman-sidecar   # on the Barman host; then start it again: its log may tell why it hangs'
				WHEN state = '08001' AND error ->> 'detail' !~* 'resolve|certificate|SSL|TLS' THEN
					format('pgrep -a barman-sidecar || barman-sidecar --listen %s --token-file %s --state-dir ~/sidecar   # on the Barman host, as Barman''s user', address,
						-- on one host, both can read the same file
						coalesce(CASE WHEN address ~ '^(unix:|127\.|localhost|\[::1\])' THEN quote_literal(nullif(current_setting('poc_barman.token_file'), '')) END, '~/sidecar.token'))
				ELSE 'SHOW poc_barman.url;   -- no barman-sidecar is there: ALTER SYSTEM SET it to where one listens, then SELECT pg_reload_conf();'
			END;
	END IF;

	IF health ->> 'version' IS NOT NULL THEN
		RETURN QUERY SELECT 'sidecar', health ->> 'version' = created,
			CASE WHEN health ->> 'version' = created THEN format('the sidecar is version %s, as the extension', created)
				ELSE format('the sidecar is version %s, the extension %s', health ->> 'version', created) END,
			format('make -C docker/sidecar install   # on the Barman host, from the sources of poc_barman %s; then start it again', created);
	END IF;

	IF state = '42501' THEN
		RETURN QUERY SELECT 'token', false, 'the sidecar refuses the token of this server',
			CASE WHEN current_setting('poc_barman.token_file') = ''
				THEN 'SHOW poc_barman.token_file;   -- is empty: ALTER SYSTEM SET it to a file that holds the sidecar''s token, then SELECT pg_reload_conf();'
				ELSE 'sha256sum "$(psql -AtXc ''SHOW poc_barman.token_file'')"   # on this host; the file that barman-sidecar --token-file names must have the same' END;
	ELSIF state = '55000' THEN
		RETURN QUERY SELECT 'token', false,
			format('no request can be sent: %s', rtrim(error ->> 'detail', '.')),
			'ls -l "$(psql -AtXc ''SHOW poc_barman.token_file'')"   # on this host: must exist, and be readable by PostgreSQL''s user';
	ELSIF state IS NULL THEN
		RETURN QUERY SELECT 'token', true, CASE WHEN current_setting('poc_barman.token_file') = ''
			THEN 'no token is used' ELSE 'the sidecar takes the token' END, NULL;
	END IF;
	IF mode IS NOT NULL THEN
		RETURN QUERY SELECT 'token', mode & 4 = 0,
			CASE WHEN mode & 4 = 0 THEN 'the token file is not open to everybody'
				ELSE format('every user of this host can read the token file (mode %s)', lpad(to_oct, 4, '0')) END,
			'chmod o-rwx "$(psql -AtXc ''SHOW poc_barman.token_file'')"   # on this host'
		FROM concat(mode >> 6 & 7, mode >> 3 & 7, mode & 7) AS to_oct;
	END IF;

	IF skew IS NOT NULL THEN
		RETURN QUERY SELECT 'clock', abs(skew) <= allowed_skew,
			CASE WHEN abs(skew) <= allowed_skew THEN 'the clocks of this host and the Barman host agree'
				ELSE format('the Barman host''s clock is %s s %s this host''s', round(abs(skew)::numeric, 1),
					CASE WHEN skew > 0 THEN 'ahead of' ELSE 'behind' END) END,
			'timedatectl set-ntp true   # on both hosts';
	END IF;

	IF cron ->> 'error' IS NOT NULL THEN
		RETURN QUERY SELECT 'cron', false, format('barman cron fails: %s', cron ->> 'error'),
			'SELECT * FROM poc_cron();   -- runs it and shows Barman''s words';
	ELSIF cron_interval > '0' THEN
		-- a run takes a second, and two may be missed before it matters
		RETURN QUERY SELECT 'cron',
			coalesce(cron_age, make_interval(secs => (health ->> 'uptime_seconds')::double precision)) < 3 * cron_interval + '10 s',
			CASE WHEN cron_age IS NULL THEN 'barman cron has not come to an end yet'
				ELSE format('barman cron ran %s ago', date_trunc('second', cron_age)) END
				|| format(', to run every %s', cron_interval),
			'SELECT * FROM poc_cron();   -- and see the sidecar''s log for why it does not run by itself';
	ELSIF cron_interval = '0' THEN
		-- someone else's cron may run it: judged by what it must keep running
		RETURN QUERY SELECT 'cron', _poc.doctor_check(facts, 'receive_wal_running'::text) IS NOT FALSE,
			'the sidecar does not run barman cron (--cron-interval 0)'
				|| CASE WHEN _poc.doctor_check(facts, 'receive_wal_running'::text) IS NOT FALSE THEN ', but receive-wal runs'
					ELSE ', and nobody else seems to' END,
			'SELECT * FROM poc_cron();   -- now; for good, start the sidecar with --cron-interval 60';
	END IF;
END
$$;

COMMENT ON FUNCTION _poc.doctor_sidecar(jsonb) IS
'The part of the examination that is about the road to Barman.';

-- This server: is it the right one, and is it set up for Barman?

CREATE FUNCTION _poc.doctor_settings(facts jsonb)
RETURNS TABLE (area text, ok boolean, finding text, remedy text)
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED ROWS 10
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	config jsonb := facts -> 'barman' -> 'config';
	slot text := config ->> 'slot_name';
	receiver text := coalesce(config ->> 'streaming_archiver_name', 'barman_receive_wal');
	own_id text := (SELECT c.system_identifier FROM pg_control_system() AS c);
	barman_id text := _poc.doctor_cluster(facts);
	level text := current_setting('wal_level');
	senders integer := current_setting('max_wal_senders');
	senders_used integer := (SELECT count(*) FROM pg_stat_replication);
	senders_needed integer;
	slots integer := current_setting('max_replication_slots');
	slots_used integer := (SELECT count(*) FROM pg_replication_slots);
	slots_needed integer;
	synchronous text[];
	others bigint;
	incrementals bigint;
BEGIN
	IF barman_id IS NOT NULL THEN
		RETURN QUERY SELECT 'server', barman_id = own_id,
			CASE WHEN barman_id = own_id THEN format('Barman''s server "%s" is this server', facts ->> 'server')
				ELSE format('Barman''s server "%s" is another PostgreSQL, whose settings, slot, roles and WAL are not examined here: its system identifier is %s, this one''s %s',
					facts ->> 'server', barman_id, own_id) END,
			'SELECT * FROM poc_servers();   -- then SET poc_barman.server to the one that is this server, or call poc_doctor() there';
		IF barman_id <> own_id THEN
			RETURN;
		END IF;
	END IF;
	IF NOT _poc.doctor_is_here(facts) THEN
		RETURN QUERY SELECT 'server', true,
			format('Barman''s server "%s" is a standby of this server: its settings, slot, roles and receiver are not examined here', facts ->> 'server'),
			NULL::text;
		RETURN;
	END IF;
	RETURN QUERY SELECT 'server', NOT pg_is_in_recovery(),
		CASE WHEN pg_is_in_recovery() THEN 'this server is a standby: it cannot write the WAL that Barman waits for'
			ELSE 'this server is a primary' END,
		'SELECT sender_host, sender_port FROM pg_stat_wal_receiver;   -- connect there, and call poc_doctor()';

	RETURN QUERY SELECT 'settings', level IN ('replica', 'logical'),
		format('wal_level is %s', level)
			|| CASE WHEN level = 'minimal' THEN ': too little to receive WAL or to restore from it' ELSE '' END,
		'ALTER SYSTEM SET wal_level = ''replica'';   -- then restart PostgreSQL';

	-- pg_basebackup takes one, and receive-wal one if it has none yet
	senders_needed := CASE WHEN config ->> 'backup_method' IN ('rsync', 'snapshot', 'local-to-cloud') THEN 0 ELSE 1 END
		+ CASE WHEN config ->> 'streaming_archiver' = 'false' OR EXISTS (SELECT FROM pg_stat_replication AS r WHERE r.application_name = receiver) THEN 0 ELSE 1 END;
	RETURN QUERY SELECT 'settings', senders - senders_used >= senders_needed,
		format('max_wal_senders is %s, %s in use', senders, senders_used)
			|| CASE WHEN senders - senders_used >= senders_needed THEN ''
				ELSE format(': Barman needs %s more', senders_needed) END,
		format('ALTER SYSTEM SET max_wal_senders = %s;   -- then restart PostgreSQL', greatest(10, 2 * (senders_used + senders_needed)));

	slots_needed := CASE WHEN slot IS NULL OR EXISTS (SELECT FROM pg_replication_slots AS s WHERE s.slot_name = slot) THEN 0 ELSE 1 END;
	RETURN QUERY SELECT 'settings', slots - slots_used >= slots_needed,
		format('max_replication_slots is %s, %s in use', slots, slots_used)
			|| CASE WHEN slots - slots_used >= slots_needed THEN ''
				ELSE format(': none is left for Barman''s slot "%s"', slot) END,
		format('ALTER SYSTEM SET max_replication_slots = %s;   -- then restart PostgreSQL', greatest(10, 2 * (slots_used + slots_needed)));

	-- a slot without a limit endangers this server, no slot endangers the archive
	IF config ->> 'streaming_archiver' = 'false' THEN
		RETURN QUERY SELECT 'retention', true,
			'Barman receives no WAL by streaming: PostgreSQL keeps each segment until archive_command has taken it', NULL::text;
	ELSIF config IS NOT NULL AND slot IS NULL THEN
		RETURN QUERY SELECT 'retention', current_setting('wal_keep_size') <> '0',
			format('Barman uses no slot, and wal_keep_size is %s', current_setting('wal_keep_size'))
				|| CASE WHEN current_setting('wal_keep_size') = '0' THEN ': WAL it has not received yet may be removed' ELSE '' END,
			'ALTER SYSTEM SET wal_keep_size = ''1GB''; SELECT pg_reload_conf();   -- or set slot_name in Barman''s configuration';
	ELSE
		RETURN QUERY SELECT 'retention', current_setting('max_slot_wal_keep_size') <> '-1',
			CASE WHEN current_setting('max_slot_wal_keep_size') = '-1'
				THEN 'max_slot_wal_keep_size is unlimited: a slot that nobody reads fills this server''s disk'
				ELSE format('max_slot_wal_keep_size is %s', current_setting('max_slot_wal_keep_size')) END,
			'ALTER SYSTEM SET max_slot_wal_keep_size = ''10GB''; SELECT pg_reload_conf();   -- less than its disk has free';
	END IF;

	-- as 'a', 'FIRST 1 (a, b)' or 'ANY 1 (a, b)'
	synchronous := ARRAY(
		SELECT lower(btrim(n, ' "'))
		FROM unnest(string_to_array(regexp_replace(current_setting('synchronous_standby_names'),
			'^\s*(first\s|any\s)?\s*\d+\s*\((.*)\)\s*$', '\2', 'i'), ',')) AS n
		WHERE btrim(n) <> '');
	others := (SELECT count(*) FROM pg_stat_replication AS r
		WHERE r.application_name <> receiver AND r.sync_state IN ('sync', 'potential', 'quorum'));
	RETURN QUERY SELECT 'settings', NOT (lower(receiver) = ANY (synchronous) OR '*' = ANY (synchronous)) OR others > 0,
		CASE
			WHEN NOT (lower(receiver) = ANY (synchronous) OR '*' = ANY (synchronous))
				THEN 'synchronous_standby_names does not name Barman''s receiver'
			WHEN others > 0
				THEN format('synchronous_standby_names names Barman''s receiver, and %s other standbys are there', others)
			ELSE format('synchronous_standby_names (%s) names Barman''s receiver alone: while it is away, every commit hangs',
				current_setting('synchronous_standby_names'))
		END,
		'ALTER SYSTEM SET synchronous_standby_names = ''''; SELECT pg_reload_conf();';

	-- known since PostgreSQL 17
	IF current_setting('summarize_wal', true) IS NOT NULL THEN
		incrementals := (SELECT count(*) FROM jsonb_each(facts -> 'barman' -> 'backups') AS b
			WHERE b.value ->> 'parent_backup_id' IS NOT NULL);
		RETURN QUERY SELECT 'settings', current_setting('summarize_wal')::boolean OR incrementals = 0,
			format('summarize_wal is %s', current_setting('summarize_wal'))
				|| CASE WHEN current_setting('summarize_wal')::boolean THEN ''
					WHEN incrementals = 0 THEN ', and no incremental backup asks for it'
					ELSE format(', but %s of Barman''s backups are incremental: the next cannot be', incrementals) END,
			'ALTER SYSTEM SET summarize_wal = on; SELECT pg_reload_conf();   -- then take a full backup to start from';
	END IF;
END
$$;

COMMENT ON FUNCTION _poc.doctor_settings(jsonb) IS
'The part of the examination that is about this server and its settings.';

-- The slot, and who receives WAL through it.

CREATE FUNCTION _poc.doctor_slot(facts jsonb)
RETURNS TABLE (area text, ok boolean, finding text, remedy text)
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED ROWS 5
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	server text := facts ->> 'server';
	config jsonb := facts -> 'barman' -> 'config';
	slot text := config ->> 'slot_name';
	receiver_name text := coalesce(config ->> 'streaming_archiver_name', 'barman_receive_wal');
	slot_exists boolean := false;
	slot_active boolean := false;
	slot_pid integer;
	slot_start pg_lsn;
	slot_wal text := '';
	receiver record;
	here pg_lsn := CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END;
	segment bigint := pg_size_bytes(current_setting('wal_segment_size'));
	retained numeric;
	lag numeric;
	-- what pg_wal is meant to hold; or before the slot is lost
	allowed bigint := least(pg_size_bytes(current_setting('max_wal_size')),
		nullif(pg_size_bytes(current_setting('max_slot_wal_keep_size')), -1) / 2);
BEGIN
	IF config IS NOT NULL AND NOT (config ->> 'streaming_archiver')::boolean THEN
		RETURN;
	END IF;
	-- Barman does not say which slot is its own: perhaps it goes by its name
	IF config IS NULL THEN
		slot := (SELECT s.slot_name FROM pg_replication_slots AS s
			WHERE s.slot_type = 'physical' AND s.slot_name LIKE '%barman%'
			ORDER BY s.slot_name LIMIT 1);
	END IF;

	IF slot IS NOT NULL THEN
		SELECT true, s.active, s.active_pid, s.restart_lsn, coalesce(s.wal_status, '')
		INTO slot_exists, slot_active, slot_pid, slot_start, slot_wal
		FROM pg_replication_slots AS s WHERE s.slot_name = slot;
		RETURN QUERY SELECT 'slot', coalesce(slot_active AND slot_wal NOT IN ('lost', 'unreserved'), false),
			format('slot "%s" ', slot) || CASE
				WHEN slot_exists IS NULL THEN 'does not exist: WAL that Barman has not received may be removed'
				WHEN slot_wal = 'lost' THEN 'is lost: WAL that Barman had not received is removed, and its archive has a gap'
				WHEN slot_wal = 'unreserved' THEN 'is about to be lost: the next checkpoint removes WAL that Barman needs'
				WHEN NOT slot_active THEN 'is inactive: nobody receives its WAL, and all of it is kept'
				ELSE format('is in use by process %s', slot_pid) END,
			CASE
				WHEN slot_exists IS NULL THEN
					format('SELECT * FROM pg_create_physical_replication_slot(%1$L, true);   -- then SELECT * FROM poc_wait_ready(); if WAL is missing by now, first "barman receive-wal --reset %2$s" on the Barman host', slot, server)
				WHEN slot_wal = 'lost' THEN
					format('SELECT pg_drop_replication_slot(%1$L); SELECT pg_create_physical_replication_slot(%1$L, true);   -- then "barman receive-wal --reset %2$s" on the Barman host and SELECT * FROM poc_backup();', slot, server)
				ELSE 'SELECT * FROM poc_cron();   -- starts receive-wal, which fetches it' END;

		retained := here - slot_start;
		IF retained IS NOT NULL AND slot_wal <> 'lost' THEN
			RETURN QUERY SELECT 'slot', retained <= allowed,
				format('slot "%s" retains %s of WAL', slot, pg_size_pretty(retained))
					|| CASE WHEN retained <= allowed THEN ''
						ELSE format(', more than %s: until Barman receives it, it grows', pg_size_pretty(allowed)) END,
				CASE WHEN slot_active
					THEN 'SELECT name, state, sent_lag, write_lag, flush_lag FROM poc_replication_status();   -- the receiver is too slow, or stuck'
					ELSE 'SELECT * FROM poc_cron();   -- starts receive-wal, which fetches it' END;
		END IF;
	END IF;

	SELECT r.pid, r.state, r.client_addr, r.sent_lsn INTO receiver
	FROM pg_stat_replication AS r
	WHERE r.pid = slot_pid OR (slot_pid IS NULL AND r.application_name = receiver_name)
	ORDER BY r.pid LIMIT 1;
	RETURN QUERY SELECT 'receiver',
		receiver.pid IS NOT NULL AND _poc.doctor_check(facts, 'receive_wal_running'::text) IS NOT FALSE,
		CASE
			WHEN receiver.pid IS NULL AND _poc.doctor_check(facts, 'receive_wal_running'::text)
				THEN 'Barman believes that receive-wal runs, but nobody receives WAL from this server'
			WHEN receiver.pid IS NULL THEN 'receive-wal is stopped: no WAL reaches Barman'
			WHEN _poc.doctor_check(facts, 'receive_wal_running'::text) IS FALSE
				THEN format('receive-wal is stopped, and somebody else (%s) has taken its place', coalesce(host(receiver.client_addr), 'local'))
			ELSE format('receive-wal receives WAL (state %s)', receiver.state)
		END,
		CASE WHEN receiver.pid IS NULL AND _poc.doctor_check(facts, 'receive_wal_running'::text)
			THEN format('barman receive-wal --stop %s; barman cron   # on the Barman host, as Barman''s user', server)
			WHEN receiver.pid IS NOT NULL
			THEN format('SELECT * FROM pg_stat_replication WHERE pid = %s;   -- end it with pg_terminate_backend(), then SELECT * FROM poc_cron();', receiver.pid)
			ELSE 'SELECT * FROM poc_cron();   -- starts it; if it stops again, Barman''s log tells why' END;

	-- what was sent, as pg_receivewal tells what it wrote every ten seconds only
	lag := greatest(here - receiver.sent_lsn, 0);
	IF lag IS NOT NULL THEN
		-- eight segments that could not even be sent are more than a burst
		RETURN QUERY SELECT 'receiver', lag <= 8 * segment,
			format('receive-wal is %s behind', pg_size_pretty(lag)),
			'SELECT pid, state, sent_lsn, write_lsn, reply_time FROM pg_stat_replication;   -- a slow network, a full disk, or a stopped pg_receivewal';
	END IF;
END
$$;

COMMENT ON FUNCTION _poc.doctor_slot(jsonb) IS
'The part of the examination that is about the slot and its receiver.';

-- Barman's two roles, and whether they are let in.

CREATE FUNCTION _poc.doctor_access(facts jsonb)
RETURNS TABLE (area text, ok boolean, finding text, remedy text)
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED ROWS 5
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	config jsonb := facts -> 'barman' -> 'config';
	version integer[] := string_to_array(substring(facts -> 'health' ->> 'barman_version' FROM '^\d+\.\d+'), '.');
	broken record;
	wanted record;
	found record;
	missing text[];
	verdict text;
BEGIN
	SELECT h.line_number, h.error, count(*) OVER () AS lines INTO broken
	FROM pg_hba_file_rules AS h WHERE h.error IS NOT NULL ORDER BY h.line_number LIMIT 1;
	IF broken.error IS NOT NULL THEN
		RETURN QUERY SELECT 'access', false,
			format('pg_hba.conf, line %s: %s; a reload is refused until it is mended', broken.line_number, broken.error),
			'SELECT line_number, error FROM pg_hba_file_rules WHERE error IS NOT NULL;   -- mend these, then SELECT pg_reload_conf();';
	END IF;

	FOR wanted IN
		SELECT w.*, r.oid, r.rolsuper, r.rolcanlogin, r.rolreplication, r.rolvaliduntil
		FROM (VALUES
			(coalesce(_poc.doctor_conninfo(config ->> 'conninfo', 'user'::text), 'barman'),
				coalesce(_poc.doctor_conninfo(config ->> 'conninfo', 'dbname'::text), 'postgres'),
				_poc.doctor_conninfo(config ->> 'conninfo', 'host'::text), false),
			(coalesce(_poc.doctor_conninfo(config ->> 'streaming_conninfo', 'user'::text), 'streaming_barman'),
				'replication',
				_poc.doctor_conninfo(config ->> 'streaming_conninfo', 'host'::text), true))
			AS w(name, database, host, streams)
		LEFT JOIN pg_roles AS r ON r.rolname = w.name
		-- without Barman's configuration, these names are but a guess
		WHERE (config IS NOT NULL OR r.oid IS NOT NULL)
			-- what is in a service file, only Barman's host knows
			AND coalesce(config ->> CASE WHEN w.streams THEN 'streaming_conninfo' ELSE 'conninfo' END, '') !~ '(^|\s)service\s*='
			-- who neither streams WAL nor backups needs no replication
			AND NOT (w.streams AND config ->> 'streaming_archiver' = 'false' AND config ->> 'backup_method' IS DISTINCT FROM 'postgres')
	LOOP
		missing := '{}';
		IF wanted.oid IS NULL THEN
			missing := ARRAY[format('CREATE ROLE %I LOGIN%s; \password %1$I', wanted.name,
				CASE WHEN wanted.streams THEN ' REPLICATION' ELSE '' END)];
		ELSE
			missing := missing || ARRAY(
				SELECT m.statement
				FROM (VALUES
					(NOT wanted.rolcanlogin, format('ALTER ROLE %I LOGIN', wanted.name)),
					(wanted.rolvaliduntil < now(), format('ALTER ROLE %I VALID UNTIL ''infinity''', wanted.name)),
					(wanted.streams AND NOT wanted.rolreplication AND NOT wanted.rolsuper,
						format('ALTER ROLE %I REPLICATION', wanted.name)))
					AS m(lacks, statement)
				WHERE m.lacks);
		END IF;
		IF wanted.oid IS NOT NULL AND NOT wanted.streams THEN
			missing := missing || ARRAY(
				SELECT format('GRANT EXECUTE ON FUNCTION %s TO %I', f::regprocedure, wanted.name)
				FROM unnest(ARRAY['pg_backup_start(text, boolean)', 'pg_backup_stop(boolean)',
					'pg_switch_wal()', 'pg_create_restore_point(text)']) AS f
				-- each database has its own; those that matter are in Barman's
				WHERE current_database() = wanted.database
					AND NOT has_function_privilege(wanted.oid, f::regprocedure, 'EXECUTE')
				UNION ALL
				SELECT format('GRANT %s TO %I', p, wanted.name)
				FROM unnest(ARRAY['pg_read_all_settings', 'pg_read_all_stats']
					-- barman switch-wal --force, since 3.9
					|| CASE WHEN version >= '{3,9}' THEN ARRAY['pg_checkpoint'] ELSE '{}' END) AS p
				WHERE NOT pg_has_role(wanted.oid, p, 'USAGE'));
		END IF;
		RETURN QUERY SELECT 'access', missing = '{}',
			CASE WHEN wanted.oid IS NULL THEN format('role %I does not exist', wanted.name)
				WHEN missing = '{}' THEN format('role %I may do what Barman does with it', wanted.name)
				ELSE format('role %I lacks %s of the rights that Barman needs', wanted.name, cardinality(missing)) END,
			array_to_string(missing, '; ') || ';';

		-- the first line that speaks of this role and database for wherever Barman is
		SELECT h.auth_method, h.line_number INTO found
		FROM pg_hba_file_rules() WITH ORDINALITY AS h
		WHERE h.error IS NULL
			AND (h.type = 'local') = (coalesce(wanted.host, '/') LIKE '/%')
			AND (wanted.database = ANY (h.database) OR (NOT wanted.streams AND 'all' = ANY (h.database)))
			AND EXISTS (SELECT FROM unnest(h.user_name) AS u
				WHERE u IN ('all', wanted.name) OR (u LIKE '/%' AND wanted.name ~ substr(u, 2)) OR (u LIKE '+%' AND wanted.oid IS NOT NULL AND EXISTS (
					SELECT FROM pg_roles AS g WHERE g.rolname = substr(u, 2) AND pg_has_role(wanted.oid, g.oid, 'MEMBER'))))
			AND (h.auth_method <> 'reject' OR h.type = 'local' OR h.address = 'all')
		ORDER BY h.ordinality LIMIT 1;
		verdict := CASE WHEN found.auth_method IS NULL THEN 'has no line for it'
			WHEN found.auth_method = 'reject' THEN format('rejects it in line %s', found.line_number) END;
		RETURN QUERY SELECT 'access', verdict IS NULL,
			format('pg_hba.conf %s (role %I, database %s)', coalesce(verdict, format('lets it in by line %s', found.line_number)),
				wanted.name, wanted.database),
			format('sed -i ''1i %s %s %s%s scram-sha-256'' "$(psql -AtXc ''SHOW hba_file'')" && psql -Xc ''SELECT pg_reload_conf()''   # on this host%s',
				CASE WHEN coalesce(wanted.host, '/') LIKE '/%' THEN 'local' ELSE 'host' END, wanted.database, wanted.name,
				CASE WHEN coalesce(wanted.host, '/') LIKE '/%' THEN '' ELSE ' samenet' END,
				CASE WHEN coalesce(wanted.host, '/') LIKE '/%' THEN '' ELSE '; for samenet, Barman''s address' END);
	END LOOP;
END
$$;

COMMENT ON FUNCTION _poc.doctor_access(jsonb) IS
'The part of the examination that is about Barman''s roles and pg_hba.conf.';

-- Barman's own view, and its host.

CREATE FUNCTION _poc.doctor_barman(facts jsonb)
RETURNS TABLE (area text, ok boolean, finding text, remedy text)
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED ROWS 10
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	server text := facts ->> 'server';
	config jsonb := facts -> 'barman' -> 'config';
	status jsonb := facts -> 'barman' -> 'status';
	state text := (SELECT s ->> 'state' FROM jsonb_array_elements(facts -> 'servers') AS s WHERE s ->> 'server' = server);
	names text := (SELECT string_agg(s ->> 'server', ', ') FROM jsonb_array_elements(facts -> 'servers') AS s);
	asked text;
	error jsonb;
	-- of the server that Barman means, which may be another
	version text := coalesce(status ->> 'server_txt_version', current_setting('server_version'));
	major integer := substring(version FROM '^\d+');
	clients text;
	clients_major integer;
	disk record;
	next_size bigint;
	dependents bigint;
	fulls bigint;
	-- told by a part of its own, in words that help more
	elsewhere constant text[] := ARRAY['receive_wal_running', 'replication_slot', 'wal_archive', 'failed_backups',
		'minimum_redundancy_requirements', 'pg_basebackup_compatible', 'pg_receivexlog_compatible'];
	-- what fails with every connection
	following constant text[] := ARRAY['pg_basebackup_compatible', 'pg_basebackup_supports_tablespaces_mapping',
		'pg_receivexlog_compatible', 'systemid_coherence', 'wal_level', 'postgresql_superuser',
		'postgresql_superuser_or_standard_user_with_backup_privileges'];
	reached constant boolean := _poc.doctor_check(facts, 'postgresql'::text) IS NOT FALSE
		AND _poc.doctor_check(facts, 'postgresql_streaming'::text) IS NOT FALSE;
BEGIN
	FOREACH asked IN ARRAY ARRAY['servers'::text, 'checks', 'diagnose', 'disks'] LOOP
		error := facts -> (asked || '_error');
		IF error IS NOT NULL THEN
			RETURN QUERY SELECT 'Barman', false,
				format('%s (%s)', error ->> 'message', regexp_replace(split_part(error ->> 'detail', E'\n', 1), ' \(libcurl.*|\.$', '')),
				CASE asked WHEN 'servers' THEN 'barman list-servers   # on the Barman host, as Barman''s user'
					WHEN 'diagnose' THEN 'barman diagnose   # on the Barman host, as Barman''s user'
					ELSE format('barman check %s   # on the Barman host, as Barman''s user', server) END;
		END IF;
	END LOOP;
	IF facts -> 'servers' IS NULL THEN
		RETURN;
	END IF;

	RETURN QUERY SELECT 'Barman', coalesce(state = 'active', false),
		CASE WHEN names IS NULL THEN 'Barman has no server'
			WHEN server IS NULL THEN format('Barman has several servers (%s), and none is named', names)
			WHEN state IS NULL THEN format('Barman has no server "%s", but %s', server, names)
			ELSE format('Barman''s server "%s" is %s', server, state) END,
		CASE WHEN names IS NULL THEN 'ls /etc/barman.d   # on the Barman host: one file describes one server'
			WHEN state IS NULL THEN format('SET poc_barman.server = %L;', split_part(names, ', ', 1))
			WHEN state = 'passive' THEN format('barman sync-info %s   # it copies from another Barman host: look at that one', server)
			ELSE format('grep -rnE ''^ *(active|disabled)'' /etc/barman.d   # on the Barman host: [%s] must say neither active = false nor disabled', server) END;

	IF facts -> 'checks' IS NOT NULL THEN
		RETURN QUERY
			SELECT 'Barman', false,
				format('barman check: %s failed%s', c ->> 'check_name', ' (' || nullif(c ->> 'hint', '') || ')'),
				CASE c ->> 'check_name'
					WHEN 'postgresql' THEN
						format('psql "%s" -c ''SELECT 1''   # on the Barman host, as Barman''s user: says what Barman does not', config ->> 'conninfo')
					WHEN 'postgresql_streaming' THEN
						format('psql "%s replication=1" -c ''IDENTIFY_SYSTEM''   # on the Barman host, as Barman''s user', config ->> 'streaming_conninfo')
					WHEN 'backup_maximum_age' THEN 'SELECT * FROM poc_backup();'
					WHEN 'backup_minimum_size' THEN 'SELECT backup_id, status, pg_size_pretty(size) FROM poc_backups();'
					WHEN 'wal_maximum_age' THEN 'SELECT * FROM poc_switch_wal();'
					WHEN 'archiver_errors' THEN 'SELECT * FROM poc_files(''errors'');'
					WHEN 'archive_mode' THEN 'ALTER SYSTEM SET archive_mode = on;   -- then restart PostgreSQL'
					WHEN 'wal_level' THEN 'ALTER SYSTEM SET wal_level = ''replica'';   -- then restart PostgreSQL'
					WHEN 'pg_basebackup' THEN format('apt-get install postgresql-client-%s   # on the Barman host; path_prefix must name its programs', major)
					WHEN 'pg_receivexlog' THEN format('apt-get install postgresql-client-%s   # on the Barman host; path_prefix must name its programs', major)
					WHEN 'systemid_coherence' THEN 'SELECT system_identifier FROM pg_control_system();   -- Barman''s backups are of another: give this server a name of its own in Barman'
					ELSE format('barman check %s   # on the Barman host, as Barman''s user; its log tells more', server)
				END
			FROM jsonb_array_elements(facts -> 'checks') AS c
			WHERE (c ->> 'ok')::boolean IS NOT TRUE AND NOT c ->> 'check_name' = ANY (elsewhere)
				AND (reached OR NOT c ->> 'check_name' = ANY (following));
		IF NOT FOUND THEN
			RETURN QUERY SELECT 'Barman', true,
				format('barman check: %s checks passed', count(*)), NULL
			FROM jsonb_array_elements(facts -> 'checks') AS c WHERE (c ->> 'ok')::boolean;
		END IF;
	END IF;

	clients := coalesce(status ->> 'pg_receivexlog_version', status ->> 'pg_basebackup_version');
	clients_major := substring(clients FROM '^\d+');
	IF clients_major IS NOT NULL THEN
		RETURN QUERY SELECT 'Barman', v.compatible,
			format('the Barman host has the client programs of PostgreSQL %s', clients)
				|| CASE WHEN v.compatible THEN '' ELSE format(': too old for %s, %s', CASE WHEN _poc.doctor_is_here(facts) IS FALSE THEN 'its server' ELSE 'this server' END, version) END,
			format('apt-get install postgresql-client-%1$s   # on the Barman host; then path_prefix = /usr/lib/postgresql/%1$s/bin', major)
		FROM (SELECT clients_major >= major
			AND _poc.doctor_check(facts, 'pg_basebackup_compatible'::text) IS NOT FALSE
			AND _poc.doctor_check(facts, 'pg_receivexlog_compatible'::text) IS NOT FALSE) AS v(compatible)
		-- of a server that Barman cannot ask it does not know
		WHERE reached OR (clients_major < major AND _poc.doctor_is_here(facts) IS NOT FALSE);
	END IF;

	-- of one that links what has not changed only the rest
	next_size := (SELECT coalesce(CASE WHEN config ->> 'reuse_backup' = 'link' THEN (b.value ->> 'deduplicated_size')::bigint END,
			(b.value ->> 'size')::bigint) FROM jsonb_each(facts -> 'barman' -> 'backups') AS b
		WHERE b.value ->> 'status' = 'DONE' AND b.value ->> 'parent_backup_id' IS NULL
		ORDER BY b.key COLLATE "C" DESC LIMIT 1);
	-- Barman deletes with a backup all that were taken on top of it
	WITH RECURSIVE doomed(id) AS (
		SELECT min(b.key COLLATE "C") FROM jsonb_each(facts -> 'barman' -> 'backups') AS b WHERE b.value ->> 'status' = 'DONE'
		UNION ALL
		SELECT b.key COLLATE "C" FROM doomed, jsonb_each(facts -> 'barman' -> 'backups') AS b WHERE b.value ->> 'parent_backup_id' = doomed.id)
	SELECT count(*) - 1 INTO dependents FROM doomed;
	fulls := (SELECT count(*) FROM jsonb_each(facts -> 'barman' -> 'backups') AS b
		WHERE b.value ->> 'status' = 'DONE' AND b.value ->> 'parent_backup_id' IS NULL);
	-- the worst of the file systems is told
	SELECT d.free_bytes, d.total_bytes, s.small, d.free_bytes < d.total_bytes / 10 AS nearly_full
	INTO disk
	FROM _poc.records(facts -> 'disks') AS d(area text, free_bytes bigint, total_bytes bigint),
		LATERAL (SELECT coalesce(d.area = 'base' AND d.free_bytes < next_size, false)) AS s(small)
	WHERE d.total_bytes > 0
	ORDER BY s.small DESC, d.free_bytes::numeric / d.total_bytes LIMIT 1;
	IF disk.total_bytes IS NOT NULL THEN
		RETURN QUERY SELECT 'disk', NOT disk.small AND NOT disk.nearly_full,
			format('%s of %s free on the Barman host', pg_size_pretty(disk.free_bytes), pg_size_pretty(disk.total_bytes))
				|| CASE WHEN disk.small THEN format(', less than the last full backup took (%s)', pg_size_pretty(next_size))
					WHEN disk.nearly_full THEN ', less than a tenth' ELSE '' END,
			CASE WHEN fulls > 1 THEN format('barman delete %s oldest   # on the Barman host, as Barman''s user%s; for good, give it a retention_policy', server,
				CASE WHEN dependents > 0 THEN format(': it takes %s incremental with it', dependents) ELSE '' END)
			ELSE 'Enlarge the file system on the Barman host, or free it of other files: there is no backup to spare.' END;
	END IF;
END
$$;

COMMENT ON FUNCTION _poc.doctor_barman(jsonb) IS
'The part of the examination that is about Barman and its host.';

-- What has reached the archive.

CREATE FUNCTION _poc.doctor_archive(facts jsonb)
RETURNS TABLE (area text, ok boolean, finding text, remedy text)
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED ROWS 5
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	server text := facts ->> 'server';
	segment bigint := pg_size_bytes(current_setting('wal_segment_size'));
	here text := CASE WHEN NOT pg_is_in_recovery() THEN pg_walfile_name(pg_current_wal_lsn()) END;
	archived text := (SELECT w.value ->> 'name'
		FROM jsonb_each(facts -> 'barman' -> 'wals' -> 'last_archived_wal_per_timeline') AS w
		ORDER BY w.key COLLATE "C" DESC LIMIT 1);
	waiting bigint;
	-- what a busy server writes in two intervals of cron: the receiver has it, and it is archived then
	usual bigint := CASE WHEN EXISTS (SELECT FROM pg_stat_replication AS r
			WHERE r.application_name = coalesce(facts -> 'barman' -> 'config' ->> 'streaming_archiver_name', 'barman_receive_wal')
				AND pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN r.sent_lsn ELSE pg_current_wal_lsn() END, r.write_lsn) <= segment)
		THEN least(4096, coalesce((SELECT ceil(w.wal_bytes / greatest(1, date_part('epoch', now() - coalesce(w.stats_reset, pg_postmaster_start_time()))) / segment)
			FROM pg_stat_wal AS w) * 2 * coalesce((facts -> 'health' -> 'cron' ->> 'interval_seconds')::integer, 60), 0)) ELSE 0 END;
	archiver record;
	mode text := current_setting('archive_mode');
	wanted boolean := coalesce((facts -> 'barman' -> 'config' ->> 'archiver')::boolean, false);
	idle boolean := mode <> 'off' AND current_setting('archive_command') = '' AND current_setting('archive_library') = '';
	-- who streams has no use for it
	command text := format('ALTER SYSTEM SET archive_command = %L;', CASE WHEN wanted THEN format('barman-wal-archive %s %s %%p',
		coalesce((SELECT host(r.client_addr) FROM pg_stat_replication AS r WHERE r.application_name ~ 'barman' LIMIT 1), 'localhost'), server)
		ELSE 'true' END);
BEGIN
	IF facts -> 'barman' -> 'wals' IS NOT NULL AND here IS NOT NULL THEN
		-- the segment after the last archived one is being written or received
		waiting := greatest(0, (SELECT n.numbers[2] - n.numbers[1] - 1
			FROM (SELECT array_agg(('x' || substr(f.name, 9, 8))::bit(32)::bigint * (4294967296 / segment)
					+ ('x' || substr(f.name, 17, 8))::bit(32)::bigint ORDER BY f.place)
				FROM unnest(ARRAY[archived, here]) WITH ORDINALITY AS f(name, place)) AS n(numbers)));
		RETURN QUERY SELECT 'archive',
			coalesce(left(archived, 8) = left(here, 8) AND waiting <= greatest(16, usual), false),
			CASE
				WHEN archived IS NULL THEN 'Barman has not archived any WAL yet'
				WHEN left(archived, 8) <> left(here, 8)
					THEN format('Barman has archived WAL up to timeline %s, and this server is on timeline %s',
						('x' || left(archived, 8))::bit(32)::integer, ('x' || left(here, 8))::bit(32)::integer)
				WHEN waiting > greatest(16, usual)
					THEN format('%s segments (%s) are not archived yet, %s is the last that is', waiting, pg_size_pretty(waiting * segment), archived)
				ELSE format('WAL is archived up to %s, this server writes %s', archived, here)
			END,
			CASE
				WHEN archived IS NULL THEN 'SELECT * FROM poc_wait_ready();'
				WHEN left(archived, 8) > left(here, 8)
					THEN 'SELECT * FROM poc_servers();   -- Barman follows another server than this one, which was promoted: take this one out of service, or point Barman to it'
				WHEN left(archived, 8) < left(here, 8)
					THEN format('barman receive-wal --stop %1$s; barman receive-wal --reset %1$s; barman cron   # on the Barman host; then SELECT * FROM poc_switch_wal();', server)
				ELSE 'SELECT * FROM poc_cron();   -- archives what was received; if that is nothing, see the rows on slot and receiver'
			END;
	END IF;

	-- also where Barman does not rely on it: a backup ends when its WAL is archived
	IF mode <> 'off' OR wanted THEN
		SELECT s.failed_count, s.last_failed_wal, s.last_failed_time > coalesce(s.last_archived_time, '-infinity') AS failing
		INTO archiver FROM pg_stat_archiver AS s;
		RETURN QUERY SELECT 'archive', mode <> 'off' AND NOT idle AND archiver.failing IS NOT TRUE,
			CASE WHEN mode = 'off' THEN 'archive_mode is off, but Barman expects this server to send its WAL'
				WHEN idle THEN 'archive_mode is on, but there is no archive_command: all WAL is kept, and no backup comes to an end'
				WHEN archiver.failing THEN format('archive_command fails with %s, %s times so far: all WAL is kept, and no backup comes to an end',
					archiver.last_failed_wal, archiver.failed_count)
				ELSE 'archive_command succeeds' END,
			CASE WHEN mode = 'off' THEN format('ALTER SYSTEM SET archive_mode = on; %s   -- then restart PostgreSQL', command)
				WHEN idle THEN format('%s SELECT pg_reload_conf();', command)
				ELSE 'SELECT * FROM pg_stat_archiver;   -- this server''s log has what the command said' END;
	END IF;
END
$$;

COMMENT ON FUNCTION _poc.doctor_archive(jsonb) IS
'The part of the examination that is about the WAL archive.';

-- The backups.

CREATE FUNCTION _poc.doctor_backups(facts jsonb)
RETURNS TABLE (area text, ok boolean, finding text, remedy text)
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED ROWS 10
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	server text := facts ->> 'server';
	config jsonb := facts -> 'barman' -> 'config';
	backups jsonb := facts -> 'barman' -> 'backups';
	latest text;
	latest_end timestamptz;
	waiting text[];
	failed text[];
	abandoned text[];
	fulls bigint;
	redundancy integer := substring(config ->> 'retention_policy' FROM '(?i)^\s*redundancy\s+(\d+)');
	-- Barman tells "window 2 w", or what its configuration says; a month has 31 days
	policy text[] := regexp_match(config ->> 'retention_policy', '^\s*(?:recovery\s+window\s+of|window)\s+(\d{1,5})\s*([dwm])', 'i');
	recovery_window interval := make_interval(days => policy[1]::integer * CASE lower(policy[2]) WHEN 'd' THEN 1 WHEN 'w' THEN 7 ELSE 31 END);
	-- as people write it
	retention text := coalesce('REDUNDANCY ' || redundancy,
		'RECOVERY WINDOW OF ' || policy[1] || CASE lower(policy[2]) WHEN 'd' THEN ' DAYS' WHEN 'w' THEN ' WEEKS' ELSE ' MONTHS' END,
		config ->> 'retention_policy');
	first_end timestamptz;
	minimum_redundancy integer := substring(config ->> 'minimum_redundancy' FROM '^\d+$');
	minimum text := (SELECT c ->> 'hint' FROM jsonb_array_elements(facts -> 'checks') AS c
		WHERE c ->> 'check_name' = 'minimum_redundancy_requirements' AND NOT (c ->> 'ok')::boolean);
BEGIN
	IF backups IS NULL THEN
		RETURN;
	END IF;

	SELECT max(b.key COLLATE "C") FILTER (WHERE b.value ->> 'status' = 'DONE'),
		max((b.value ->> 'end_time')::timestamptz) FILTER (WHERE b.value ->> 'status' = 'DONE'),
		min((b.value ->> 'end_time')::timestamptz) FILTER (WHERE b.value ->> 'status' = 'DONE'),
		count(*) FILTER (WHERE b.value ->> 'status' = 'DONE' AND b.value ->> 'parent_backup_id' IS NULL),
		coalesce(array_agg(b.key ORDER BY b.key COLLATE "C") FILTER (WHERE b.value ->> 'status' = 'WAITING_FOR_WALS'), '{}'),
		coalesce(array_agg(b.key ORDER BY b.key COLLATE "C") FILTER (WHERE b.value ->> 'status' = 'FAILED'), '{}'),
		-- what this server does not send any more, nobody copies; of another one it is not seen here
		coalesce(array_agg(b.key ORDER BY b.key COLLATE "C") FILTER (WHERE b.value ->> 'status' = 'STARTED'
			AND config ->> 'backup_method' = 'postgres' AND _poc.doctor_is_here(facts)
			AND (b.value ->> 'begin_time')::timestamptz < now() - '1 min'::interval
			AND NOT EXISTS (SELECT FROM pg_stat_progress_basebackup)), '{}')
	INTO latest, latest_end, first_end, fulls, waiting, failed, abandoned
	FROM jsonb_each(backups) AS b;
	-- barman check of 3.13 counts incremental backups too, and none of those is worth anything without its full one
	IF fulls < minimum_redundancy THEN
		minimum := coalesce(minimum, format('have %s non-incremental backups, expected at least %s', fulls, minimum_redundancy));
	END IF;

	RETURN QUERY SELECT 'backups', latest IS NOT NULL,
		CASE WHEN latest IS NULL THEN 'there is no backup that could be restored'
			ELSE format('the latest backup is %s, %s old', latest, date_trunc('second', greatest(now() - latest_end, '0'))) END,
		'SELECT * FROM poc_backup();';
	RETURN QUERY SELECT 'backups', waiting = '{}',
		CASE WHEN waiting = '{}' THEN 'no backup waits for WAL'
			ELSE format('backup %s is WAITING_FOR_WALS: it cannot be restored before Barman has all its WAL', array_to_string(waiting, ', ')) END,
		'SELECT * FROM poc_switch_wal();   -- closes the segment that it waits for';
	RETURN QUERY SELECT 'backups', failed = '{}',
		CASE WHEN failed = '{}' THEN 'no backup has failed'
			ELSE format('backup %s FAILED (%s): barman check fails as long as it is there', array_to_string(failed, ', '),
				coalesce(split_part(backups -> failed[cardinality(failed)] ->> 'error', E'\n', 1), 'no reason told')) END,
		(SELECT string_agg(format('barman delete %s %s', server, f), '; ' ORDER BY n) || '   # on the Barman host, as Barman''s user'
			FROM unnest(failed) WITH ORDINALITY AS u(f, n));
	IF abandoned <> '{}' THEN
		RETURN QUERY SELECT 'backups', false,
			format('backup %s is STARTED, but no pg_basebackup runs: whoever took it was killed', array_to_string(abandoned, ', ')),
			(SELECT string_agg(format('barman delete %s %s', server, a), '; ' ORDER BY n) || '   # on the Barman host, as Barman''s user'
				FROM unnest(abandoned) WITH ORDINALITY AS u(a, n));
	END IF;

	RETURN QUERY SELECT 'backups', minimum IS NULL AND coalesce(fulls >= redundancy, true),
		CASE WHEN minimum IS NOT NULL THEN format('minimum_redundancy is not met (%s)', minimum)
			WHEN fulls < redundancy THEN format('the retention policy wants %s full backups, there are %s', redundancy, fulls)
			WHEN config ->> 'retention_policy' IS NULL THEN 'no retention policy: backups are kept until somebody deletes them'
			WHEN first_end > now() - recovery_window THEN format('the retention policy (%s) reaches back beyond the first backup: nothing before %s can be recovered yet',
				retention, date_trunc('second', first_end))
			ELSE format('the retention policy (%s) is met', retention) END,
		'SELECT * FROM poc_backup();';

	-- a number says nothing of time: new backups, good for nothing perhaps, cost the old ones
	IF redundancy IS NOT NULL OR policy IS NOT NULL THEN
		RETURN QUERY SELECT 'backups', redundancy IS NULL,
			CASE WHEN redundancy IS NULL THEN format('new backups push no older one out of the retention policy (%s) before its time', retention)
				ELSE format('the retention policy goes by number (REDUNDANCY %1$s): who takes %1$s new full backups has Barman delete all older ones', redundancy) END,
			'grep -rn retention_policy /etc/barman.conf /etc/barman.d   # on the Barman host: make it RECOVERY WINDOW OF n DAYS'
				|| coalesce('; until then, SELECT * FROM poc_keep_backup(' || quote_literal(latest) || '); keeps the latest', '');
	END IF;
END
$$;

COMMENT ON FUNCTION _poc.doctor_backups(jsonb) IS
'The part of the examination that is about the backups.';

-- The proof that they can be restored.

CREATE FUNCTION _poc.doctor_drill(facts jsonb)
RETURNS TABLE (area text, ok boolean, finding text, remedy text)
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	-- receipts of other databases are not seen here: the sidecar knows the last of all
	known jsonb := facts -> 'drill';
	own_id constant bigint := (SELECT c.system_identifier FROM pg_control_system() AS c);
	receipt record;
	passed timestamptz;
BEGIN
	SELECT d.at, d.ok, (SELECT max(p.at) FROM _poc.drills AS p WHERE p.ok AND p.system_identifier = d.system_identifier AND p.server = d.server AND p.database = d.database) AS passed,
		(SELECT concat_ws(': ', s.step ->> 'step', s.step ->> 'detail')
			FROM jsonb_array_elements(d.steps) WITH ORDINALITY AS s(step, n)
			WHERE NOT (s.step ->> 'ok')::boolean ORDER BY s.n LIMIT 1) AS verdict
	INTO receipt
	FROM _poc.drills AS d
	WHERE d.system_identifier = coalesce(_poc.doctor_cluster(facts)::bigint, own_id)
		-- who has examined another database has proved nothing of this one
		AND (d.database = current_database() OR d.system_identifier <> own_id)
		-- another server of Barman's may hold backups of the same one
		AND d.server = coalesce(facts ->> 'server', d.server)
	ORDER BY d.at DESC LIMIT 1;
	passed := greatest(receipt.passed, (known ->> 'passed')::timestamptz);
	-- the sidecar's clock may be another
	IF receipt.at IS NOT NULL AND NOT receipt.ok AND receipt.at >= coalesce((known ->> 'ended')::timestamptz - '1 min'::interval, receipt.at) THEN
		RETURN QUERY SELECT 'drill', false,
			format('the latest restore drill, %s days ago, failed: %s', date_part('day', now() - receipt.at), receipt.verdict),
			'SELECT * FROM poc_drills ORDER BY at DESC LIMIT 1;   -- its receipt; after the repair: SELECT * FROM poc_restore_drill();';
	ELSIF known ->> 'ok' = 'false' AND coalesce((known ->> 'ended')::timestamptz > receipt.at, true) THEN
		RETURN QUERY SELECT 'drill', false,
			format('the latest restore drill, %s days ago and of another database, failed', date_part('day', now() - (known ->> 'ended')::timestamptz)),
			'SELECT * FROM poc_restore_drill();';
	ELSE
		RETURN QUERY SELECT 'drill', coalesce(passed >= now() - '30 days'::interval, false),
			CASE WHEN passed IS NULL AND known IS NULL THEN 'no restore drill is known here to have passed, and the sidecar does not tell of those of other databases'
				WHEN passed IS NULL THEN 'no restore drill has passed yet: that the backups can be restored is not proved'
				ELSE format('the last restore drill that passed was %s days ago', date_part('day', now() - passed)) END,
			'SELECT * FROM poc_restore_drill();';
	END IF;
END
$$;

COMMENT ON FUNCTION _poc.doctor_drill(jsonb) IS
'The part of the examination that is about restore drills.';

CREATE FUNCTION _poc.doctor_examine(facts jsonb)
RETURNS TABLE (area text, ok boolean, finding text, remedy text)
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED ROWS 40
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	part text;
	message text;
BEGIN
	FOREACH part IN ARRAY ARRAY['sidecar', 'settings', 'slot', 'access', 'barman', 'archive', 'backups', 'drill'] LOOP
		-- what is of this server says nothing of another that Barman means
		CONTINUE WHEN part IN ('slot', 'access', 'archive') AND NOT _poc.doctor_is_here(facts);
		-- one surprise must not hide what the others have found
		BEGIN
			RETURN QUERY EXECUTE format('SELECT * FROM _poc.%I($1)', 'doctor_' || part) USING facts;
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
			RETURN QUERY SELECT part, false, format('could not be examined: %s', message),
				'SELECT jsonb_pretty(poc_diagnose());   -- shows what Barman said';
		END;
	END LOOP;
END
$$;

COMMENT ON FUNCTION _poc.doctor_examine(jsonb) IS
'Every part of the examination, one after the other.';

CREATE FUNCTION @extschema@.poc_doctor(server text DEFAULT NULL)
RETURNS TABLE (area text, ok boolean, finding text, remedy text)
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 100000 ROWS 40
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT e.area, e.ok, e.finding, CASE WHEN NOT e.ok THEN e.remedy END
	FROM _poc.doctor_facts($1) AS f(facts),
		LATERAL _poc.doctor_examine(f.facts) WITH ORDINALITY AS e(area, ok, finding, remedy, n)
	ORDER BY e.ok, e.n
$$;

COMMENT ON FUNCTION @extschema@.poc_doctor(text) IS
'Examines this server, the way to Barman, Barman and its backups: a row for each matter, those that are not ok first, with what to type against it. Whatever cannot be reached is a row, not an error; without the sidecar the rest is told all the same. What a remedy says after -- or # is a remark; # marks a command of the shell. Reads only. Example (\x auto in psql): SELECT * FROM poc_doctor() WHERE NOT ok';

-- ---------------------------------------------------------------------
-- The whole scenario
-- ---------------------------------------------------------------------

-- Why this server and its Barman can take no incremental backup; null if they can.
CREATE FUNCTION _poc.why_full() RETURNS text
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 10000
BEGIN ATOMIC
	SELECT CASE WHEN current_setting('server_version_num'::text)::integer < 170000 THEN 'PostgreSQL is older than 17'
		WHEN current_setting('summarize_wal'::text, true) IS DISTINCT FROM 'on' THEN 'summarize_wal is off'
		WHEN s.barman_version ~ '^([12]\.|3\.([0-9]|10)([^0-9]|$))' THEN 'Barman is older than 3.11' END
	FROM @extschema@.poc_sidecar() AS s;
END;

COMMENT ON FUNCTION _poc.why_full() IS
'What is missing for incremental backups; null if nothing is.';

-- One step of the scenario: what it told, and what later steps need of it.
-- Bound to our own functions by OID (see "Two schemas"); with its caller's
-- rights, and only if he may run every step.
CREATE FUNCTION _poc.play_step(step integer, name text, learnt jsonb) RETURNS jsonb
LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 1000000
BEGIN ATOMIC
	SELECT CASE step
		WHEN 1 THEN (SELECT jsonb_build_object('told', format('table %s', t), 'table', t::oid)
			FROM @extschema@.poc_seed(false) AS t)
		WHEN 2 THEN (SELECT jsonb_build_object('told', format('%s rows', r))
			FROM @extschema@.poc_generate_rows(100000::bigint, (learnt ->> 'table')::oid::regclass, NULL::bigint, '{}'::jsonb) AS r)
		WHEN 3 THEN (SELECT jsonb_build_object('told', format('%s %s', s.wal_file, CASE WHEN s.archived THEN 'archived' ELSE 'not archived yet' END))
			FROM @extschema@.poc_switch_wal(NULL::text, true, '60 s'::interval) AS s)
		WHEN 4 THEN (SELECT jsonb_build_object('told', coalesce(string_agg(m, '; '::text), 'nothing to do'))
			FROM @extschema@.poc_cron() AS m)
		WHEN 5 THEN (SELECT jsonb_build_object('told', format('ready, %s of %s checks passed', count(*) FILTER (WHERE r.ok), count(*)))
			FROM @extschema@.poc_wait_ready(NULL::text, '120 s'::interval) AS r)
		WHEN 6 THEN (SELECT jsonb_build_object('told', format('%s of %s checks passed', count(*) FILTER (WHERE c.ok), count(*)))
			FROM @extschema@.poc_check(NULL::text) AS c)
		WHEN 7 THEN (SELECT jsonb_build_object('told', format('%s file(s), %s', count(*), pg_size_pretty(sum(f.bytes))))
			FROM @extschema@.poc_files('streaming'::text, NULL::text) AS f WHERE NOT f.is_directory)
		WHEN 8 THEN (SELECT jsonb_build_object('told', format('%s %s %s, %s', b.type, b.backup_id, b.status, pg_size_pretty(b.size)))
			FROM @extschema@.poc_backup(NULL::text, NULL::text, NULL::text, true, true, NULL::interval) AS b)
		WHEN 9 THEN (SELECT jsonb_build_object('told', format('%s backup(s), %s', count(*), pg_size_pretty(sum(f.bytes))))
			FROM @extschema@.poc_files('base'::text, NULL::text) AS f)
		WHEN 10 THEN (SELECT jsonb_build_object('told', format('%s more rows', r))
			FROM @extschema@.poc_generate_rows(10000::bigint, (learnt ->> 'table')::oid::regclass, NULL::bigint, '{}'::jsonb) AS r)
		WHEN 11 THEN (SELECT jsonb_build_object('told', format('%s %s %s, %s', b.type, b.backup_id, b.status, pg_size_pretty(b.size)),
				'backup_id', b.backup_id, 'status', b.status)
			FROM @extschema@.poc_backup(NULL::text, learnt ->> 'incremental', NULL::text, true, true, NULL::interval) AS b)
		WHEN 12 THEN (SELECT jsonb_build_object('told', format('%s backup(s), %s DONE', count(*), count(*) FILTER (WHERE b.status = 'DONE')))
			FROM @extschema@.poc_backups(NULL::text) AS b)
		WHEN 13 THEN (SELECT jsonb_build_object('told', format('%s %s, %s to %s', b.backup_id, b.status, b.begin_lsn, b.end_lsn))
			FROM @extschema@.poc_show_backup('latest'::text, NULL::text) AS b)
		WHEN 14 THEN (SELECT jsonb_build_object('told', format('%s more rows', r))
			FROM @extschema@.poc_generate_rows(1000::bigint, (learnt ->> 'table')::oid::regclass, NULL::bigint, '{}'::jsonb) AS r)
		WHEN 15 THEN (SELECT jsonb_build_object('told', format('%s: %s rows at %s', m.name, m.rows, m.lsn), 'lsn', m.lsn)
			FROM @extschema@.poc_mark(play_step.name, ARRAY[(learnt ->> 'table')::oid::regclass]) AS m)
		WHEN 16 THEN (SELECT jsonb_build_object('told', format('%s rows too many', r))
			FROM @extschema@.poc_generate_rows(100::bigint, (learnt ->> 'table')::oid::regclass, NULL::bigint, '{}'::jsonb) AS r)
		WHEN 17 THEN (SELECT jsonb_build_object('told', format('%s on port %s, timeline %s', r.state, r.port, r.timeline))
			FROM @extschema@.poc_restore(play_step.name, 'latest'::text, NULL::text, play_step.name, NULL::timestamptz,
				NULL::pg_lsn, NULL::xid8, false, true, true, NULL::integer) AS r)
		WHEN 18 THEN (SELECT jsonb_build_object('told', format('recovered to %s, %s', i.recovered_lsn,
				CASE WHEN i.recovered_lsn = (learnt ->> 'lsn')::pg_lsn THEN 'the mark' ELSE 'not the mark' END))
			FROM @extschema@.poc_instances() AS i WHERE i.instance = play_step.name)
		WHEN 19 THEN (SELECT jsonb_build_object('told', d.state)
			FROM @extschema@.poc_drop_instance(play_step.name) AS d)
		WHEN 20 THEN (SELECT jsonb_build_object('told', format('%s of %s steps passed', count(*) FILTER (WHERE d.ok), count(*)))
			FROM @extschema@.poc_restore_drill(play_step.name, 'latest'::text, NULL::text, '{}'::text[], false, NULL::text) AS d)
		WHEN 21 THEN (SELECT jsonb_build_object('told', format('%s, %s rows as at the mark, RTO %s s', d.verdict, d.rows, round(date_part('epoch', d.rto)::numeric, 1)))
			FROM @extschema@.poc_drills AS d WHERE d.mark = play_step.name)
	END;
END;

COMMENT ON FUNCTION _poc.play_step(integer, text, jsonb) IS
'Plays a step of poc_play(), of this name for its mark and its instance; returns what it told and learnt.';

-- A procedure that commits can have no search_path of its own: every name and
-- operator in it is qualified, those of types too.
CREATE PROCEDURE @extschema@.poc_play(INOUT steps integer DEFAULT NULL, INOUT backup_id text DEFAULT NULL,
	INOUT status text DEFAULT NULL, INOUT elapsed interval DEFAULT NULL)
LANGUAGE plpgsql
AS $$
DECLARE
	began CONSTANT pg_catalog.timestamptz := pg_catalog.clock_timestamp();
	-- of the mark, and of the instance restored to it
	name CONSTANT pg_catalog.text := pg_catalog.to_char(began, '"play_"YYYYMMDDHH24MISS'::pg_catalog.text);
	why_full pg_catalog.text;
	titles pg_catalog.text[];
	step_began pg_catalog.timestamptz;
	answer pg_catalog.jsonb;
	-- what later steps need of earlier ones
	learnt pg_catalog.jsonb := '{}'::pg_catalog.jsonb;
BEGIN
	PERFORM _poc.require_top_level();
	why_full := _poc.why_full();
	IF why_full IS NULL THEN
		learnt := pg_catalog.jsonb_build_object('incremental'::pg_catalog.text, 'latest'::pg_catalog.text);
	END IF;

	titles := ARRAY['poc_seed()', 'poc_generate_rows(100000)', 'poc_switch_wal()', 'poc_cron()',
		'poc_wait_ready()', 'poc_check()', 'poc_files(''streaming'')', 'poc_backup()', 'poc_files(''base'')',
		'poc_generate_rows(10000)',
		pg_catalog.concat('poc_backup('::pg_catalog.text,
			CASE WHEN why_full IS NULL THEN 'incremental => ''latest'''::pg_catalog.text END, ')  '::pg_catalog.text, why_full),
		'poc_backups()', 'poc_show_backup(''latest'')', 'poc_generate_rows(1000)', 'poc_mark(name, ''{dummy}'')',
		'poc_generate_rows(100)', 'poc_restore(name, target_name => name)', 'poc_instances()',
		'poc_drop_instance(name)', 'poc_restore_drill(name)', 'poc_drills']::pg_catalog.text[];

	steps := 0;
	FOR n IN 1 .. pg_catalog.cardinality(titles) LOOP
		step_began := pg_catalog.clock_timestamp();
		answer := _poc.play_step(n, name, learnt);
		COMMIT;
		RAISE INFO '%', pg_catalog.format('%s/%s  %s  %s  %s s'::pg_catalog.text,
			pg_catalog.lpad(n::pg_catalog.text, 2), pg_catalog.cardinality(titles),
			pg_catalog.rpad(titles[n], 41),
			pg_catalog.rpad(answer OPERATOR(pg_catalog.->>) 'told'::pg_catalog.text, 48),
			pg_catalog.to_char(pg_catalog.date_part('epoch'::pg_catalog.text,
				pg_catalog.age(pg_catalog.clock_timestamp(), step_began)), '9990.00'::pg_catalog.text));
		steps := n;
		learnt := learnt OPERATOR(pg_catalog.||) coalesce(answer, '{}'::pg_catalog.jsonb);
	END LOOP;
	backup_id := learnt OPERATOR(pg_catalog.->>) 'backup_id'::pg_catalog.text;
	status := learnt OPERATOR(pg_catalog.->>) 'status'::pg_catalog.text;
	elapsed := pg_catalog.age(pg_catalog.clock_timestamp(), began);
END
$$;

COMMENT ON PROCEDURE @extschema@.poc_play(integer, text, text, interval) IS
'Plays the whole scenario: rows, a full backup, more rows, an incremental backup (a full one where PostgreSQL or Barman is too old), a mark, rows too many, a restore to the mark without these, and a drill that compares it row for row; and tells the result and time of each step as it goes. Every step is a call of its own that works by itself, in a transaction of its own; so this must not be called in a transaction block. Runs with its caller''s rights. The arguments are there to return the number of steps played, the backup and its status, and the time of all. Example: CALL poc_play()';

-- ---------------------------------------------------------------------
-- Privileges (design section 7).  One place, so that it can be audited.
-- ---------------------------------------------------------------------

-- Everything is closed, in both schemas, whoever forgot to say so, and whatever
-- ALTER DEFAULT PRIVILEGES of the role that creates the extension has opened to
-- whom; what the list below does not open is the owner's alone until granted.
DO $$
DECLARE
	member record;
BEGIN
	FOR member IN
		SELECT o.kind, o.name, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END AS grantee
		FROM pg_depend AS d JOIN pg_extension AS e ON e.oid = d.refobjid,
			LATERAL (
				SELECT 'ROUTINE', p.oid::regprocedure::text, p.proowner, coalesce(p.proacl, acldefault('f', p.proowner))
				FROM pg_proc AS p WHERE d.classid = 'pg_proc'::regclass AND p.oid = d.objid
				UNION ALL
				SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, c.oid::regclass::text, c.relowner, c.relacl
				FROM pg_class AS c WHERE d.classid = 'pg_class'::regclass AND c.oid = d.objid
				UNION ALL
				-- an array's privileges are its element's; since 17 it is a member too
				SELECT 'TYPE', t.oid::regtype::text, t.typowner, coalesce(t.typacl, acldefault('T', t.typowner))
				FROM pg_type AS t WHERE d.classid = 'pg_type'::regclass AND t.oid = d.objid AND t.typcategory <> 'A'
				UNION ALL
				SELECT 'SCHEMA', n.oid::regnamespace::text, n.nspowner, n.nspacl
				FROM pg_namespace AS n WHERE d.classid = 'pg_namespace'::regclass AND n.oid = d.objid
			) AS o(kind, name, owner, acl),
			LATERAL (SELECT DISTINCT x.grantee FROM aclexplode(o.acl) AS x WHERE x.grantee <> o.owner) AS a
		WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'poc_barman'
	LOOP
		EXECUTE format('REVOKE ALL ON %s %s FROM %s CASCADE', member.kind, member.name, member.grantee);
	END LOOP;
END
$$;

-- Everybody: what works with the rights of its caller and reaches neither the
-- network nor the WAL of others.
GRANT EXECUTE ON FUNCTION @extschema@.poc_seed(boolean) TO PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.poc_generate_rows(bigint, regclass, bigint, jsonb) TO PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.poc_explain_rows(regclass, jsonb) TO PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.poc_preview_rows(regclass, integer, bigint, jsonb) TO PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.poc_last_rows() TO PUBLIC;
GRANT EXECUTE ON PROCEDURE @extschema@.poc_fill(regclass, bigint, text, integer, bigint, jsonb) TO PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.poc_fingerprint(regclass) TO PUBLIC;

-- And the internals that these, and poc_play(), call with the rights of their
-- caller: to name them he needs USAGE.  It opens nothing else, as every other
-- object of the schema is closed by itself.
GRANT USAGE ON SCHEMA _poc TO PUBLIC;
GRANT EXECUTE ON FUNCTION _poc.rows(anyelement, regclass, bigint, bigint, bigint, jsonb) TO PUBLIC;
GRANT EXECUTE ON FUNCTION _poc.fingerprint_sum(record) TO PUBLIC;
GRANT EXECUTE ON FUNCTION _poc.require_top_level() TO PUBLIC;
GRANT EXECUTE ON FUNCTION _poc.why_full() TO PUBLIC;
GRANT EXECUTE ON FUNCTION _poc.play_step(integer, text, jsonb) TO PUBLIC;

-- Readers: for monitoring.
GRANT SELECT ON @extschema@.poc_marks TO pg_monitor;
GRANT SELECT ON @extschema@.poc_drills TO pg_monitor;
GRANT EXECUTE ON FUNCTION @extschema@.poc_servers() TO pg_monitor;
GRANT EXECUTE ON FUNCTION @extschema@.poc_backups(text) TO pg_monitor;
GRANT EXECUTE ON FUNCTION @extschema@.poc_show_backup(text, text) TO pg_monitor;
GRANT EXECUTE ON FUNCTION @extschema@.poc_check(text) TO pg_monitor;
GRANT EXECUTE ON FUNCTION @extschema@.poc_status(text) TO pg_monitor;
GRANT EXECUTE ON FUNCTION @extschema@.poc_replication_status(text) TO pg_monitor;
GRANT EXECUTE ON FUNCTION @extschema@.poc_files(text, text) TO pg_monitor;
GRANT EXECUTE ON FUNCTION @extschema@.poc_diagnose() TO pg_monitor;
GRANT EXECUTE ON FUNCTION @extschema@.poc_sidecar() TO pg_monitor;
GRANT EXECUTE ON FUNCTION @extschema@.poc_doctor(text) TO pg_monitor;
GRANT EXECUTE ON FUNCTION @extschema@.poc_jobs() TO pg_monitor;
GRANT EXECUTE ON FUNCTION @extschema@.poc_job_log(text) TO pg_monitor;
GRANT EXECUTE ON FUNCTION @extschema@.poc_instances() TO pg_monitor;

-- pg_dump reads what pg_extension_config_dump() names, and the owner of the
-- database dumps it: who can dump all of a database can read all of it.
GRANT SELECT ON _poc.marks, _poc.mark_tables, _poc.mark_sequences, _poc.drills TO pg_database_owner;

-- Actions, and what is left of _poc: by explicit GRANT alone.
