-- ---------------------------------------------------------------------
-- 70_drills.sql: drills: a backup is restored apart from production and compared with a
-- mark, and the receipt is kept.
--
-- May use: 10_schema, 20_client, 40_wal, 65_restore, 67_marks, 68_receipts.
-- ---------------------------------------------------------------------

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
		d.archived_lsn, d.received_lsn, d.unreached_bytes, d.unreached, d.database, d.target_lsn, d.reason
	FROM _poc.drills AS d;

COMMENT ON VIEW @extschema@.poc_drills IS
'The receipts of poc_restore_drill(). at is when the drill ended; rto is how long restore and recovery took; rpo is how old, when the drill began, the newest data was that it brought back; tables and rows are those compared and found to be as at the mark; bytes is the size of what was restored; archived_lsn and received_lsn are how far Barman had archived and received, unreached_bytes and unreached what of that was not brought back (after a mark: on purpose); database is the one that was examined; target_lsn is where recovery was to end, null: with all there was; reason is why poc_prove() chose it. Example: SELECT at, ok, rto, rpo, verdict FROM poc_drills ORDER BY at DESC';

-- The drill itself, with the rights of the extension's owner: two functions call it, each with privileges of its own.
CREATE FUNCTION _poc.restore_drill(mark text, backup_id text, server text, asserts text[], keep boolean, database text,
	until_lsn pg_lsn DEFAULT NULL, until_timeline integer DEFAULT NULL, reason text DEFAULT NULL)
RETURNS TABLE (step text, ok boolean, elapsed interval, detail text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 10
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	began CONSTANT timestamptz := clock_timestamp();
	barman_server CONSTANT text := _poc.server(server);
	this_cluster CONSTANT bigint := (SELECT c.system_identifier FROM pg_control_system() AS c);
	cluster CONSTANT bigint := coalesce(_poc.cluster_of(barman_server), this_cluster);
	elsewhere boolean;
	target _poc.marks;
	found record;
	facts jsonb;
	body jsonb;
	job jsonb;
	drill jsonb;
	steps jsonb;
	recovered timestamptz;
	ended timestamptz;
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
	elsewhere := _poc.is_elsewhere(barman_server, cluster, 'what Barman has archived of it is restored, no segment is closed for it'::text);
	IF mark IS NOT NULL THEN
		SELECT f.target AS target, f.facts AS facts INTO found FROM _poc.find_mark(mark, barman_server, cluster, database) AS f;
		target := found.target;
		facts := found.facts;
	END IF;

	body := jsonb_build_object(
		'instance', format('drill_%s_%s', to_char(began AT TIME ZONE 'UTC', 'MMDD"t"HH24MISS'), pg_backend_pid()),
		'backup_id', coalesce(backup_id, 'latest'), 'keep', coalesce(keep, false),
		'target_lsn', coalesce(target.lsn, until_lsn), 'target_timeline', coalesce(target.timeline, until_timeline), 'system_identifier', cluster::text,
		'marked_at', to_char(target.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
		-- what ends with its backup is asked nothing of this database, which may be younger
		'database', database, 'any_database', mark IS NULL AND until_lsn IS NOT NULL,
		-- the one of initdb, unless it may not log in; the copy may have others
		'superuser', (SELECT a.rolname FROM pg_roles AS a WHERE a.rolsuper AND a.rolcanlogin ORDER BY a.oid LIMIT 1),
		'superusers', (SELECT jsonb_agg(o.name) FROM (
			(SELECT _poc.convertible(a.rolname::text) AS name FROM pg_roles AS a WHERE a.rolsuper AND a.rolcanlogin ORDER BY a.oid OFFSET 1 LIMIT 18)
			UNION ALL SELECT 'postgres') AS o),
		'tables', nullif(facts -> 'tables', 'null'), 'sequences', nullif(facts -> 'sequences', 'null'),
		'asserts', to_jsonb(asserts), 'primary', _poc.primary_facts(database));

	IF elsewhere THEN
		-- nor are this server's locales and settings those that count
		body := body - 'primary';
	ELSE
		-- without a mark, the end of a transaction tells up to when all there is goes
		body := body || jsonb_build_object('wal_file', _poc.wal_for_recovery(coalesce(target.lsn, until_lsn), true));
	END IF;

	-- A sidecar or a Barman that fails is what a drill is to find; what was
	-- asked wrongly is an error.
	BEGIN
		job := _poc.run_job(ARRAY['servers'::text, barman_server, 'drills'::text], body, NULL::double precision, true);
		drill := job -> 'result';
		steps := drill -> 'steps';
		-- what is not of its type is the sidecar's failure, too
		PERFORM FROM _poc.records(drill) AS r(ok boolean, backup_id text, timeline integer, recovered_lsn pg_lsn, recovered_time timestamptz, restore_elapsed interval,
			recovery_elapsed interval, tables integer, rows bigint, bytes bigint, postgresql_version text, barman_version text);
		PERFORM FROM _poc.records(nullif(drill -> 'reach', 'null')) AS r(archived_lsn pg_lsn, received_lsn pg_lsn, unreached_bytes bigint, unreached_elapsed interval);
		PERFORM FROM _poc.records(steps) AS s(step text, ok boolean, seconds double precision, detail text);
		IF jsonb_typeof(steps) IS DISTINCT FROM 'array' THEN
			RAISE EXCEPTION 'the Barman sidecar has told no steps of the drill' USING ERRCODE = 'protocol_violation';
		END IF;
	EXCEPTION WHEN connection_exception OR sqlclient_unable_to_establish_sqlconnection OR connection_failure
		OR protocol_violation OR system_error THEN
		GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, cause = PG_EXCEPTION_DETAIL;
		drill := NULL;
		steps := jsonb_build_array(jsonb_build_object('step', 'sidecar', 'ok', false,
			'seconds', date_part('epoch', clock_timestamp() - began),
			'detail', concat_ws(': ', message, nullif(cause, ''))));
	END;

	IF target.omitted <> '{}' AND drill IS NOT NULL THEN
		steps := steps || jsonb_build_object('step', 'compare', 'ok', true, 'seconds', 0,
			'detail', format('not in the mark, and so not compared: %s', array_to_string(target.omitted, '; ')));
	END IF;

	-- What the mark recorded is newer than the last transaction before it.
	ended := clock_timestamp();
	recovered := greatest((drill ->> 'recovered_time')::timestamptz, target.at);
	INSERT INTO _poc.drills (at, job_id, began, ok, server, backup_id, mark, system_identifier,
		timeline, recovered_lsn, recovered_time, restore_elapsed, recovery_elapsed,
		tables, rows, bytes, postgresql_version, barman_version, steps,
		archived_lsn, received_lsn, unreached_bytes, unreached, database, target_lsn, reason)
	VALUES (ended, job ->> 'id', began, coalesce((drill ->> 'ok')::boolean, false), barman_server,
		drill ->> 'backup_id', target.name, cluster,
		(drill ->> 'timeline')::integer, (drill ->> 'recovered_lsn')::pg_lsn,
		CASE WHEN drill ->> 'recovered_lsn' IS NOT NULL THEN recovered END,
		make_interval(secs => (drill ->> 'restore_seconds')::double precision),
		make_interval(secs => (drill ->> 'recovery_seconds')::double precision),
		coalesce((drill ->> 'tables')::integer, 0), coalesce((drill ->> 'rows')::bigint, 0),
		(drill ->> 'bytes')::bigint, drill ->> 'postgresql_version', drill ->> 'barman_version', steps,
		(drill -> 'reach' ->> 'archived_lsn')::pg_lsn, (drill -> 'reach' ->> 'received_lsn')::pg_lsn,
		(drill -> 'reach' ->> 'unreached_bytes')::bigint,
		make_interval(secs => (drill -> 'reach' ->> 'unreached_seconds')::double precision), database,
		coalesce(target.lsn, until_lsn), reason);
	PERFORM _poc.chain_receipt('drill'::text, ended, began, NULL::text);

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

COMMENT ON FUNCTION _poc.restore_drill(text, text, text, text[], boolean, text, pg_lsn, integer, text) IS
'A drill of one database of the copy. A mark is of this database. Without one recovery ends at until_lsn of that timeline, if that is given. reason is kept in the receipt.';

CREATE FUNCTION @extschema@.poc_restore_drill(mark text DEFAULT NULL, backup_id text DEFAULT 'latest',
	server text DEFAULT NULL, asserts text[] DEFAULT '{}', keep boolean DEFAULT false)
RETURNS TABLE (step text, ok boolean, elapsed interval, detail text)
LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 10
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT d.step, d.ok, d.elapsed, d.detail
	FROM _poc.restore_drill(mark, backup_id, server, asserts, keep, current_database()::text, NULL::pg_lsn, NULL::integer, NULL::text) AS d
$$;

COMMENT ON FUNCTION @extschema@.poc_restore_drill(text, text, text, text[], boolean) IS
'Proves that a backup can be restored: restores it on Barman''s host to a server apart from production (the kernel refuses each connection that it tries to make), compares, tells each step with its time, removes the server and keeps a receipt (the view poc_drills). With a mark it recovers to that point, on the mark''s timeline, and compares each of its tables (of a mark that this database does not have, as the sidecar keeps it: poc_kept_marks()), by functions of Barman''s host: PostgreSQL there must have poc_barman installed; without, it recovers all there is up to this call. Before anything is asked, the settings of databases and roles, connection limits, event triggers, passwords and the options of foreign servers and subscriptions are removed in the copy. Then pg_amcheck reads every table and index of the database, where it is installed, beside the assertions; so the times of these steps overlap. Each assertion must be a query that returns true; names must be qualified (search_path is pg_catalog); of its errors only the SQLSTATE is told. A step that is not ok says what differs; it is no error, so that the receipt is kept. keep => true leaves the server as an instance, for poc_drop_instance() to remove. It asks and checks the database of the caller''s name; poc_restore_drill_database() another. The assertions are run by a role that can read every table and large object of the restored server and write none: whoever may call this function may know all there is in it. Errors: 22023 bad argument, 42704 no such mark or backup, 55000 a mark of another cluster, a standby, or the sidecar restores nothing, 53400 too many instances, 54000 too many or too large assertions. Example: SELECT * FROM poc_restore_drill(''before_upgrade'', asserts => ''{SELECT count(*) > 0 FROM public.orders}'')';

-- EXECUTE decides who may read another database: of its caller a function with the rights of its owner knows nothing
-- that holds wherever it is called from (an index expression that autovacuum evaluates, SET ROLE).
CREATE FUNCTION @extschema@.poc_restore_drill_database(database text, backup_id text DEFAULT 'latest',
	server text DEFAULT NULL, asserts text[] DEFAULT '{}', keep boolean DEFAULT false)
RETURNS TABLE (step text, ok boolean, elapsed interval, detail text)
LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 10
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT d.step, d.ok, d.elapsed, d.detail
	FROM _poc.restore_drill(NULL::text, backup_id, server, asserts, keep, coalesce(database, current_database()::text), NULL::pg_lsn, NULL::integer, NULL::text) AS d
$$;

COMMENT ON FUNCTION @extschema@.poc_restore_drill_database(text, text, text, text[], boolean) IS
'What poc_restore_drill() does without a mark, in another database of the restored server: that is what pg_amcheck and the assertions read. Only the owner may execute it until granted, and whoever may can know all there is in every database; to have EXECUTE on poc_restore_drill() is not enough. The receipt names the database. Errors: as those of poc_restore_drill(). Example: SELECT * FROM poc_restore_drill_database(''shop'', asserts => ''{SELECT count(*) > 0 FROM public.orders}'')';
