-- ---------------------------------------------------------------------
-- 70_proof.sql: fingerprints of tables (proof/fingerprint.c), marks (proof/mark.c), and
-- drills that restore a backup and compare it with a mark.
--
-- May use: 10_schema, 20_client, 40_wal, 65_restore, 68_receipts.
-- ---------------------------------------------------------------------

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

-- The same, as if the columns were in this order.
CREATE FUNCTION _poc.fingerprint_of_columns(target regclass, columns text[], OUT rows bigint, OUT hash text)
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
	EXECUTE format('SELECT count(*), _poc.fingerprint_sum("poc row".*) FROM (SELECT %s FROM %s) AS "poc row"',
			(SELECT string_agg(quote_ident(u.name), ', ' ORDER BY u.n) FROM unnest(columns) WITH ORDINALITY AS u(name, n)), target)
		INTO rows, hash;
END
$$;

COMMENT ON FUNCTION _poc.fingerprint_of_columns(regclass, text[]) IS
'Internal. What poc_fingerprint() returns of a table that has these columns, in this order.';

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
'Creates a restore point of this name and records, for exactly that position in WAL, the number of rows and the fingerprint of each of the tables, so that a restore to it can be proved. Until the transaction ends nobody can write to them (SHARE locks; lock_timeout counts). Without tables, all of the database: ordinary tables, partitions, populated materialized views and large objects (those with SELECT on pg_largeobject), but none of extensions, and the values of sequences, which a restored server may be beyond by some that nobody was given; notices tell what is left out: tables larger than poc_barman.mark_size_limit (10 GB), unlogged ones, what may not be read. Reads with its caller''s rights: needs SELECT on the tables, and no row security in the way. The sidecar keeps the mark, too, for the day when this database is lost (poc_kept_marks()); a notice tells if it is not reached within seconds. Must be the first change of its transaction, at "read committed". Errors: 22023 bad name, 42501 no privilege, 42710 name taken, 42809 nothing that a backup brings back, 42P01 no such table, 55000 wrong transaction, standby or wal_level, 55P03 lock timeout. Example: SELECT * FROM poc_mark(''before_upgrade'')';

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

-- A mark as the sidecar keeps it, and as a drill is asked for.
CREATE FUNCTION _poc.mark_facts(target _poc.marks) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT jsonb_build_object('name', target.name, 'lsn', target.lsn, 'timeline', target.timeline, 'system_identifier', target.system_identifier::text,
		'at', to_char(target.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'database', current_database(), 'omitted', to_jsonb(target.omitted),
		'tables', (SELECT jsonb_agg(_poc.name_json(t.relation) || jsonb_build_object('bytes', t.bytes, 'rows', t.rows, 'hash', t.hash) ORDER BY t.relation)
			FROM _poc.mark_tables AS t WHERE t.mark = target.name),
		'sequences', (SELECT jsonb_agg(_poc.name_json(q.relation) || jsonb_build_object('value', q.value, 'ascending', q.ascending) ORDER BY q.relation)
			FROM _poc.mark_sequences AS q WHERE q.mark = target.name))
$$;

COMMENT ON FUNCTION _poc.mark_facts(_poc.marks) IS
'Internal. All that is known of a mark of this database, as the sidecar is told it.';

CREATE FUNCTION _poc.keep_mark(mark text, barman_server text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM _poc.ask('mark'::text, _poc.mark_facts(m), ARRAY['servers'::text, barman_server, 'marks'::text])
	FROM _poc.marks AS m WHERE m.name = mark;
END
$$;

COMMENT ON FUNCTION _poc.keep_mark(text, text) IS
'Internal. Has the sidecar keep a mark of this database.';

-- The tables of a mark are locked meanwhile: a sidecar that is slow is not waited for.
CREATE FUNCTION _poc.try_to_keep_mark(mark text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 10000
SET search_path = pg_catalog, pg_temp
SET poc_barman.timeout = '5s'
AS $$
DECLARE
	cause text;
BEGIN
	PERFORM _poc.keep_mark(mark, _poc.server(NULL::text));
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS cause = PG_EXCEPTION_DETAIL;
	RAISE NOTICE 'mark "%" is kept in this database alone', mark
		USING DETAIL = concat_ws(': ', SQLERRM, nullif(cause, '')),
			HINT = 'SELECT poc_keep_marks() has the sidecar keep it, too, for the day when this database is lost.';
END
$$;

COMMENT ON FUNCTION _poc.try_to_keep_mark(text) IS
'Internal. Has the sidecar keep a mark that has just been set, if it can within seconds; a notice tells if not.';

CREATE FUNCTION @extschema@.poc_keep_marks(server text DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100000
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	barman_server CONSTANT text := _poc.server(server);
	cluster CONSTANT bigint := (SELECT c.system_identifier FROM pg_control_system() AS c);
	mark text;
	sent bigint := 0;
BEGIN
	PERFORM _poc.is_elsewhere(barman_server, _poc.cluster_of(barman_server), 'marks of this one are kept with it'::text);
	FOR mark IN
		SELECT m.name FROM _poc.marks AS m
		WHERE m.system_identifier = cluster AND (m.name, m.lsn) NOT IN (
			SELECT k.name, k.lsn
			FROM _poc.records(_poc.get_list('marks'::text, ARRAY['servers'::text, barman_server, 'marks'::text])) AS k(name text, lsn pg_lsn, system_identifier text)
			WHERE k.system_identifier = cluster::text)
		ORDER BY m.at
	LOOP
		PERFORM _poc.keep_mark(mark, barman_server);
		sent := sent + 1;
	END LOOP;
	RETURN sent;
END
$$;

COMMENT ON FUNCTION @extschema@.poc_keep_marks(text) IS
'Has the sidecar keep those marks of this database that it does not keep yet, so that poc_restore_drill() and poc_rescue() find them when this database is lost, and returns how many. poc_mark() does it by itself, and tells in a notice if it could not: the sidecar was not reached. The sidecar keeps 2,000 of a server, each for 30 days at least: if all are younger, no more are taken (53400). Errors: those of a request to the sidecar. Example: SELECT poc_keep_marks()';

CREATE FUNCTION @extschema@.poc_kept_marks(server text DEFAULT NULL)
RETURNS TABLE (name text, lsn pg_lsn, timeline integer, system_identifier bigint, at timestamptz, database text, tables integer, rows bigint, bytes bigint, kept timestamptz)
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 10000 ROWS 100
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT k.name, k.lsn, k.timeline, k.system_identifier::bigint, k.at, k.database, k.tables, k.rows, k.bytes, k.kept
	FROM _poc.records(_poc.get_list('marks'::text, ARRAY['servers'::text, _poc.server(server), 'marks'::text]))
		AS k(name text, lsn pg_lsn, timeline integer, system_identifier text, at timestamptz, database text, tables integer, rows bigint, bytes bigint, kept timestamptz)
	ORDER BY k.kept DESC
$$;

COMMENT ON FUNCTION @extschema@.poc_kept_marks(text) IS
'Lists the marks of a server''s databases that the sidecar keeps, the last kept first: as the view poc_marks lists those of this database, of which database each is, and when the sidecar got it (kept, by its own clock; the rest is what the database has said). They are there when the database that has set them is not. One of several of a name is meant by name@lsn. Errors: those of a request to the sidecar. Example: SELECT name, at, database, rows FROM poc_kept_marks(''postgres1'')';

-- Of this database, or as the sidecar keeps it of a database that is lost.
CREATE FUNCTION _poc.find_mark(mark text, barman_server text, cluster bigint, database text, OUT target _poc.marks, OUT facts jsonb)
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	-- no name of a mark has this character
	wanted CONSTANT text := split_part(mark, '@', 1);
	place CONSTANT pg_lsn := nullif(substr(mark, length(wanted) + 2), '');
	another bigint;
	kept record;
BEGIN
	SELECT m.* INTO target FROM _poc.marks AS m WHERE m.name = wanted AND m.system_identifier = cluster AND m.lsn = coalesce(place, m.lsn);
	IF FOUND THEN
		facts := _poc.mark_facts(target);
		RETURN;
	END IF;
	-- what a database says of its own marks is not taken for the truth: of several of a name somebody chooses
	SELECT count(*) FILTER (WHERE k.database = find_mark.database) AS here, count(*) AS everywhere, min(k.database) AS database,
			min(k.key) FILTER (WHERE k.database = find_mark.database) AS key,
			string_agg(format('%s@%s, set %s, kept %s', k.name, k.lsn, k.at, k.kept), '; ' ORDER BY k.kept DESC) FILTER (WHERE k.database = find_mark.database) AS list
		INTO kept
		FROM _poc.records(_poc.get_list('marks'::text, ARRAY['servers'::text, barman_server, 'marks'::text]))
			AS k(name text, lsn pg_lsn, system_identifier text, at timestamptz, database text, key text, kept timestamptz)
		WHERE k.name = wanted AND k.system_identifier = cluster::text AND k.lsn = coalesce(place, k.lsn);
	IF kept.here > 1 THEN
		RAISE EXCEPTION 'the sidecar keeps % marks "%" of this database', kept.here, mark
			USING ERRCODE = 'ambiguous_parameter', DETAIL = kept.list,
				HINT = 'Name one of them with its position, as NAME@LSN.';
	END IF;
	IF kept.everywhere = 0 THEN
		SELECT m.system_identifier INTO another FROM _poc.marks AS m WHERE m.name = wanted;
		IF another <> cluster THEN
			RAISE EXCEPTION 'mark "%" is of another cluster', mark
				USING ERRCODE = 'object_not_in_prerequisite_state',
					DETAIL = format('Its system identifier is %s, that of server "%s" %s.', another, barman_server, cluster),
					HINT = 'It came with a dump, perhaps. Set a mark: SELECT * FROM poc_mark(''name'')';
		END IF;
		RAISE EXCEPTION 'there is no mark "%"', mark
			USING ERRCODE = 'undefined_object',
				DETAIL = format('Neither has this database a mark of this name of server "%s", nor does the sidecar keep one.', barman_server),
				HINT = format('SELECT * FROM poc_mark(%L) sets one; the view poc_marks shows those of this database, poc_kept_marks() those that the sidecar keeps.', wanted);
	END IF;
	IF kept.here = 0 THEN
		RAISE EXCEPTION 'mark "%" is of database "%"', mark, kept.database
			USING ERRCODE = 'object_not_in_prerequisite_state',
				DETAIL = format('This one is "%s".', database),
				HINT = 'Call this function in a database of that name.';
	END IF;
	facts := _poc.get_object('mark'::text, ARRAY['servers'::text, barman_server, 'marks'::text, kept.key]);
	target := ROW(facts ->> 'name', (facts ->> 'lsn')::pg_lsn, (facts ->> 'timeline')::integer, (facts ->> 'system_identifier')::bigint,
		(facts ->> 'at')::timestamptz, ARRAY(SELECT jsonb_array_elements_text(CASE jsonb_typeof(facts -> 'omitted') WHEN 'array' THEN facts -> 'omitted' ELSE '[]' END)));
	RAISE NOTICE 'mark "%" is known from the sidecar alone', mark
		USING DETAIL = format('It was set %s in database "%s".', target.at, facts ->> 'database');
END
$$;

COMMENT ON FUNCTION _poc.find_mark(text, text, bigint, text) IS
'Internal. A mark of this cluster, from the table of marks or else from the sidecar, and all that is known of it. Errors: 22P02 no position behind the "@", 42704 there is none, 42P08 there are several, 55000 it is of another cluster or database.';

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
