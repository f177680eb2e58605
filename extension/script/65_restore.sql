-- ---------------------------------------------------------------------
-- 65_restore.sql: restores a backup to an instance, lists instances and drops them.
--
-- May use: 10_schema, 20_client, 40_wal.
-- ---------------------------------------------------------------------

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
				WHERE p.oid >= 16384 AND p.probin IS NOT NULL AND p.probin NOT LIKE E'%poc\\_barman' AND octet_length(p.probin) <= 200
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
		ELSE '''' || regexp_replace(session_user::text, E'([\\\\''])', E'\\\\\\1', 'g') || '''' END
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

CREATE FUNCTION _poc.restore_body(backup_id text, target_name text, target_time timestamptz, target_lsn pg_lsn,
	target_xid xid8, immediate boolean, target_timeline integer, exclusive boolean) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	body jsonb := jsonb_build_object('backup_id', coalesce(backup_id, ''),
		'target_name', target_name,
		'target_time', to_char(target_time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
		'target_lsn', target_lsn, 'target_xid', target_xid,
		'immediate', coalesce(immediate, false),
		'target_timeline', target_timeline, 'exclusive', coalesce(exclusive, false),
		'system_identifier', (SELECT c.system_identifier::text FROM pg_control_system() AS c));
	mark record;
BEGIN
	IF exclusive AND target_lsn IS NULL THEN
		RAISE EXCEPTION 'exclusive is for a target_lsn alone'
			USING ERRCODE = 'invalid_parameter_value',
				DETAIL = 'Recovery can stop before a position; a time or a transaction''s number does not tell which transactions are before it.',
				HINT = 'poc_find_changes() tells the position of a commit.';
	END IF;
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
		body := body || jsonb_build_object('timeline', ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer);
	END IF;
	RETURN body;
END
$$;

COMMENT ON FUNCTION _poc.restore_body(text, text, timestamptz, pg_lsn, xid8, boolean, integer, boolean) IS
'Internal. What the sidecar is asked for a restore, without the instance: the backup and the target, the mark that its name means, and who asks. Errors: 22023 a target that cannot be.';

CREATE FUNCTION _poc.unwritten_target(target_lsn pg_lsn, target_xid xid8)
RETURNS TABLE (message text, detail text, hint text)
LANGUAGE sql VOLATILE PARALLEL RESTRICTED ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT format('position %s lies beyond what is written', $1), format('The server is at %s.', pg_current_wal_insert_lsn()),
		'Choose an earlier position, or leave the target out to recover all there is.'
	WHERE $1 > pg_current_wal_insert_lsn()
	UNION ALL
	SELECT format('transaction %s has not ended yet', $2),
		format('The next transaction that begins may be %s.', pg_snapshot_xmax(pg_current_snapshot())),
		'Choose one that has ended, or leave the target out to recover all there is.'
	WHERE $2 >= pg_snapshot_xmax(pg_current_snapshot())
$$;

COMMENT ON FUNCTION _poc.unwritten_target(pg_lsn, xid8) IS
'Internal. Why a target on the timeline of this server, which is not in recovery, cannot be reached: it is not written yet. No row if it is.';

-- A copy of this database as it was, for a job that throws it away.
CREATE FUNCTION _poc.copy_request(prefix text, before pg_lsn, as_of timestamptz, timeline integer, cluster bigint, elsewhere boolean) RETURNS jsonb
LANGUAGE sql VOLATILE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT jsonb_build_object(
		'instance', format('%s_%s_%s', prefix, to_char(clock_timestamp() AT TIME ZONE 'UTC', 'MMDD"t"HH24MISS'), pg_backend_pid()),
		'target_lsn', before, 'exclusive', before IS NOT NULL,
		'target_time', to_char(as_of AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
		'target_timeline', timeline, 'system_identifier', cluster::text,
		'database', current_database(),
		-- the one of initdb, unless it may not log in; the copy may have others
		'superuser', (SELECT a.rolname FROM pg_roles AS a WHERE a.rolsuper AND a.rolcanlogin ORDER BY a.oid LIMIT 1),
		'superusers', (SELECT jsonb_agg(o.name) FROM (
			(SELECT _poc.convertible(a.rolname::text) AS name FROM pg_roles AS a WHERE a.rolsuper AND a.rolcanlogin ORDER BY a.oid OFFSET 1 LIMIT 18)
			UNION ALL SELECT 'postgres') AS o))
		|| CASE WHEN elsewhere OR pg_is_in_recovery() THEN '{}'::jsonb
			ELSE jsonb_build_object('timeline', ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer) END
$$;

COMMENT ON FUNCTION _poc.copy_request(text, pg_lsn, timestamptz, integer, bigint, boolean) IS
'Internal. What the sidecar is asked for to restore a copy of the database of this name, to just before a position or to a time; elsewhere: of another PostgreSQL than this one.';

CREATE FUNCTION @extschema@.poc_restore(INOUT instance text, backup_id text DEFAULT 'latest', server text DEFAULT NULL,
	target_name text DEFAULT NULL, target_time timestamptz DEFAULT NULL, target_lsn pg_lsn DEFAULT NULL,
	target_xid xid8 DEFAULT NULL, immediate boolean DEFAULT false, start boolean DEFAULT true,
	wait boolean DEFAULT true, target_timeline integer DEFAULT NULL, exclusive boolean DEFAULT false,
	refresh boolean DEFAULT false,
	OUT state text, OUT conninfo text, OUT port integer, OUT recovered_lsn pg_lsn,
	OUT recovered_time timestamptz, OUT timeline integer, OUT restore_elapsed interval,
	OUT recovery_elapsed interval, OUT archived_lsn pg_lsn, OUT received_lsn pg_lsn,
	OUT unreached_bytes bigint, OUT unreached interval)
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED COST 100000
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	path text[] := ARRAY['servers'::text, _poc.server(server), 'restores'::text];
	body jsonb := jsonb_build_object('instance', instance, 'start', coalesce(start, true),
			'primary', _poc.primary_facts(current_database()::text)) ||
		_poc.restore_body(backup_id, target_name, target_time, target_lsn, target_xid, immediate, target_timeline, exclusive) ||
		CASE WHEN refresh THEN jsonb_build_object('refresh', true) ELSE '{}' END;
	timeline_now integer := (body ->> 'timeline')::integer;
	unwritten record;
	chosen jsonb;
	job jsonb;
BEGIN
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
		SELECT u.message, u.detail, u.hint INTO unwritten FROM _poc.unwritten_target(target_lsn, target_xid) AS u;
		IF FOUND THEN
			RAISE EXCEPTION '%', unwritten.message
				USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = unwritten.detail, HINT = unwritten.hint;
		END IF;

		-- Recovery to a time stops at the first transaction that ended after it:
		-- there must be one.
		IF NOT coalesce(immediate, false) THEN
			body := body || jsonb_build_object('wal_file', _poc.wal_for_recovery(target_lsn, target_time IS NOT NULL));
		END IF;
	END IF;

	IF wait THEN
		job := _poc.run_job(path, body, NULL::double precision, true);
	ELSE
		job := _poc.post(body, path);
		RAISE NOTICE 'the restore is job %', job ->> 'id'
			USING DETAIL = format('SELECT * FROM poc_watch(%L) tells how it is getting on.', job ->> 'id');
	END IF;

	SELECT i.state, _poc.user_conninfo(i.conninfo), i.port, i.recovered_lsn, i.recovered_time, i.timeline, i.restore_elapsed, i.recovery_elapsed
	INTO poc_restore.state, poc_restore.conninfo, poc_restore.port, poc_restore.recovered_lsn,
		poc_restore.recovered_time, poc_restore.timeline, poc_restore.restore_elapsed, poc_restore.recovery_elapsed
	FROM _poc.records(job -> 'result' -> 'instance')
		AS i(state text, conninfo text, port integer, recovered_lsn pg_lsn, recovered_time timestamptz,
			timeline integer, restore_elapsed interval, recovery_elapsed interval);
	instance := coalesce(job -> 'result' -> 'instance' ->> 'instance', instance);
	archived_lsn := (job -> 'result' -> 'reach' ->> 'archived_lsn')::pg_lsn;
	received_lsn := (job -> 'result' -> 'reach' ->> 'received_lsn')::pg_lsn;
	unreached_bytes := (job -> 'result' -> 'reach' ->> 'unreached_bytes')::bigint;
	unreached := make_interval(secs => (job -> 'result' -> 'reach' ->> 'unreached_seconds')::double precision);
	state := coalesce(state, 'restoring');
END
$$;

COMMENT ON FUNCTION @extschema@.poc_restore(text, text, text, text, timestamptz, pg_lsn, xid8, boolean, boolean, boolean, integer, boolean, boolean) IS
'Restores a backup on Barman''s host to a server of its own, an instance of this name (lower-case letters, digits, underscores), and waits until its recovery has ended. Without a target it recovers all there is, up to this very call; WAL that Barman has received but not archived yet is restored as well when this server does not close its segment itself (it is lost, say), and a warning tells of it. Or give one of target_name (a mark of this database means the mark; of any other restore point the first of its name is meant, and a notice tells how many there are), target_time, target_lsn (with exclusive => true recovery stops before the record that begins there, such as a commit that poc_find_changes() found), target_xid, immediate. Of ''latest'' an older backup is taken if a target_time or target_lsn, or the timeline, needs it. Recovery follows the timeline that this server is on, or after a failover with target_timeline the one it came from. The instance runs apart from production on a timeline of its own; conninfo says where, for the role that asks; the roles and passwords are those restored. recovered_time is when the last recovered transaction was committed; without one, when the backup ended. archived_lsn and received_lsn are how far Barman had archived and received when the copy began; unreached_bytes and unreached tell what of that the instance does not have: bytes of WAL, and the time from recovered_time to the last WAL received. With start => false it is restored but not started; with wait => false the restore goes on as a job. Nothing is left of a restore that fails or is cancelled. With refresh => true the instance is there, in whatever state, and gets this backup and target in place of what it has: its server is ended, and its name and port stay. Barman 3.16 copies what differs from a plain backup on Linux 6.12 or newer, otherwise all is copied, and poc_job_log() tells which. What is refused before that leaves the instance as it was; a refresh that fails or is cancelled later removes it. Errors: 22023 bad name or target, 42704 unknown backup, or no instance to refresh, 55000 the target cannot be reached, there is not enough room, or the sidecar restores nothing, 55006 there is such an instance, or the one to refresh is busy or of another server, 53400 too many instances, 08006 no progress, 58000 with Barman''s or the server''s own words. Example: SELECT * FROM poc_restore(''before_the_mistake'', target_time => now() - interval ''10 min'')';

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
