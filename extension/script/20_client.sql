-- ---------------------------------------------------------------------
-- 20_client.sql: requests to the sidecar, its jobs and its JSON as rows (the C files
-- of client); which of Barman's servers is meant, and whether it is this one.
--
-- Internal: every function is in _poc.
--
-- May use: 10_schema, 15_backup_progress.
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

CREATE FUNCTION _poc.get_exact(field text, path text[]) RETURNS jsonb
LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 10000
AS 'MODULE_PATHNAME', 'poc_get_exact';

COMMENT ON FUNCTION _poc.get_exact(text, text[]) IS
'The same for what is acted upon. Errors: 22P05 the encoding of this database lacks a character of the answer, which the others show as <U+4E2D>.';

CREATE FUNCTION _poc.get_verbatim(path text[]) RETURNS jsonb
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED COST 10000
AS 'MODULE_PATHNAME', 'poc_get_verbatim';

COMMENT ON FUNCTION _poc.get_verbatim(text[]) IS
'Asks the sidecar for /v1/path... and returns the whole answer, with characters that control a terminal or the direction of text as they are, not as <U+001B>: for hashes.';

CREATE FUNCTION _poc.answer_json(text) RETURNS jsonb
LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'poc_answer_json';

COMMENT ON FUNCTION _poc.answer_json(text) IS
'JSON that the sidecar has answered as a text. Characters that the encoding of this database lacks, or that control a terminal or the direction of text, are shown as <U+4E2D>.';

CREATE FUNCTION _poc.shown(text) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT _poc.answer_json(to_jsonb($1)::text) #>> '{}'
$$;

COMMENT ON FUNCTION _poc.shown(text) IS
'The same for a text that others have written, for a message.';

CREATE FUNCTION _poc.get_health() RETURNS jsonb
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED COST 10000
AS 'MODULE_PATHNAME', 'poc_get_health';

COMMENT ON FUNCTION _poc.get_health() IS
'Asks the sidecar for /healthz and returns its answer.';

CREATE FUNCTION _poc.url() RETURNS text
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'poc_url_shown';

COMMENT ON FUNCTION _poc.url() IS
'The setting poc_barman.url; null if who asks, whatever function he asks through, may not see it.';

CREATE FUNCTION _poc.progress() RETURNS text
LANGUAGE c STABLE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'poc_progress_shown';

COMMENT ON FUNCTION _poc.progress() IS
'How this session is told of progress: log, brief or none; what poc_barman.progress = auto means for its client.';

CREATE FUNCTION _poc.tell(message text, detail text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF _poc.progress() = 'log' THEN
		RAISE NOTICE '%', message;
	ELSIF _poc.progress() = 'brief' THEN
		RAISE NOTICE '%', message USING DETAIL = detail;
	END IF;
END
$$;

COMMENT ON FUNCTION _poc.tell(text, text) IS
'Tells of a step of a longer work, as _poc.progress() says; pgcli shows a notice without a detail as None.';

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

CREATE FUNCTION _poc.get_log(job_id text, after bigint) RETURNS jsonb
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED COST 10000
AS 'MODULE_PATHNAME', 'poc_get_log';

COMMENT ON FUNCTION _poc.get_log(text, bigint) IS
'Asks the sidecar for the lines of a job''s log behind this one, and returns its answer: as many as it sends at a time, and "more" if there are others.';

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

CREATE FUNCTION _poc.require_top_level(procedure text) RETURNS void
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'poc_require_top_level';

COMMENT ON FUNCTION _poc.require_top_level(text) IS
'Fails unless the procedure that calls it, of this name, may commit.';

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
