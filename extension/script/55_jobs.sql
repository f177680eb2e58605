-- ---------------------------------------------------------------------
-- 55_jobs.sql: lists the sidecar's jobs, shows what they say, waits for them and cancels them.
--
-- Starts none.
--
-- May use: 10_schema, 20_client.
-- ---------------------------------------------------------------------

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

-- A sidecar keeps 2,000 lines of a job, each of 4,000 bytes.
CREATE FUNCTION _poc.job_log(job_id text)
RETURNS TABLE (n bigint, at timestamptz, level text, line text)
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED COST 10000 ROWS 100
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	reached bigint := 0;
	pages bigint := 0;
	seen bigint := 0;
	bytes bigint := 0;
	page record;
	answer jsonb;
BEGIN
	LOOP
		answer := _poc.get_log(job_id, reached);
		RETURN QUERY SELECT l.n, l.at, l.level, l.text
			FROM _poc.records(answer -> 'log') AS l(n bigint, at timestamptz, level text, text text);
		EXIT WHEN answer -> 'more' IS DISTINCT FROM 'true'::jsonb;
		SELECT count(*) AS lines, max(l.n) AS last, coalesce(sum(octet_length(l.text)), 0) AS bytes INTO page
			FROM _poc.records(answer -> 'log') AS l(n bigint, text text);
		pages := pages + 1;
		seen := seen + page.lines;
		bytes := bytes + page.bytes;
		IF coalesce(page.last, 0) <= reached OR pages >= 1000 OR seen >= 10000 OR bytes >= 50000000 THEN
			RAISE WARNING 'the log is not complete'
				USING DETAIL = format('The Barman sidecar has sent %s lines and says that there are more, but has sent none of those at last, or more than a sidecar keeps.', seen);
			EXIT;
		END IF;
		reached := page.last;
	END LOOP;
END
$$;

COMMENT ON FUNCTION _poc.job_log(text) IS
'Internal. All lines of a job''s log, of which the sidecar sends a part at a time; a warning tells of a sidecar that has no end of them.';

CREATE FUNCTION @extschema@.poc_job_log(job_id text)
RETURNS TABLE (n bigint, at timestamptz, level text, line text)
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 10000 ROWS 100
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT l.n, l.at, l.level, l.line FROM _poc.job_log(coalesce($1, '')) AS l
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

CREATE FUNCTION _poc.look_at_job(job_id text) RETURNS jsonb
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED COST 10000
AS 'MODULE_PATHNAME', 'poc_look_at_job';

COMMENT ON FUNCTION _poc.look_at_job(text) IS
'Internal. The sidecar''s answer of a job as it is now, with the last line of its log alone.';

CREATE FUNCTION @extschema@.poc_watch(job_id text DEFAULT NULL,
	OUT job_id text, OUT kind text, OUT state text, OUT phase text, OUT progress double precision, OUT line text, OUT elapsed interval)
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 10000
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT j.job_id, j.kind, j.state, j.phase, j.progress, w.answer -> 'log' -> -1 ->> 'text', j.elapsed
	FROM _poc.look_at_job(coalesce($1, (SELECT l.id FROM _poc.records(_poc.get_list('jobs'::text, ARRAY['jobs'::text])) AS l(id text, created timestamptz)
			ORDER BY l.created DESC LIMIT 1), '')) AS w(answer),
		LATERAL _poc.job_rows(jsonb_build_array(w.answer -> 'job')) AS j
$$;

COMMENT ON FUNCTION @extschema@.poc_watch(text) IS
'How a job is getting on, in one row for \watch of psql: its state and phase, its progress from 0 to 1 where that is known, the last line of its log, and for how long it has run. Without a job_id, the newest job. Does not wait, and writes no WAL that a backup waits for: poc_wait_job() does. Errors: 42704 unknown job. Example: SELECT * FROM poc_watch() \watch 2';
