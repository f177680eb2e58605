-- ---------------------------------------------------------------------
-- 67_marks.sql: marks: restore points with the fingerprints of tables (proof/mark.c), their
-- copies at the sidecar, which of them is meant by a name, and which are kept.
--
-- May use: 10_schema, 20_client, 65_restore.
-- ---------------------------------------------------------------------

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
'Creates a restore point of this name and records, for exactly that position in WAL, the number of rows and the fingerprint of each of the tables, so that a restore to it can be proved. Until the transaction ends nobody can write to them (SHARE locks; lock_timeout counts). Without tables, all of the database: ordinary tables, partitions, populated materialized views and large objects (those with SELECT on pg_largeobject), but none of extensions, and the values of sequences, which a restored server may be beyond by some that nobody was given; notices tell what is left out: tables larger than poc_barman.mark_size_limit (10 GB), unlogged ones, what may not be read. Reads with its caller''s rights: needs SELECT on the tables, and no row security in the way. The sidecar keeps the mark, too, for the day when this database is lost (poc_kept_marks()); a notice tells if it is not reached within seconds, a warning if the mark is too large for it: it takes 100,000 tables, 32 MB, and drills to no larger one. Must be the first change of its transaction, at "read committed". Errors: 22023 bad name, 42501 no privilege, 42710 name taken, 42809 nothing that a backup brings back, 42P01 no such table, 55000 wrong transaction, standby or wal_level, 55P03 lock timeout. Example: SELECT * FROM poc_mark(''before_upgrade'')';

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

-- A drill sends a mark as it is sent to be kept.
CREATE FUNCTION _poc.keep_mark(mark text, barman_server text) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	cause text;
BEGIN
	PERFORM _poc.ask('mark'::text, _poc.mark_facts(m), ARRAY['servers'::text, barman_server, 'marks'::text])
	FROM _poc.marks AS m WHERE m.name = mark;
	RETURN true;
EXCEPTION WHEN program_limit_exceeded THEN
	GET STACKED DIAGNOSTICS cause = PG_EXCEPTION_DETAIL;
	RAISE WARNING 'mark "%" is too large for the sidecar: it is kept in this database alone, and cannot be drilled', mark
		USING DETAIL = format('%s Tables of the mark: %s; the sidecar takes 100,000.', concat_ws(': ', SQLERRM, nullif(cause, '')),
				(SELECT count(*) FROM _poc.mark_tables AS t WHERE t.mark = keep_mark.mark)),
			HINT = 'Name the tables that matter: poc_mark(name, ''{orders,customers}'').';
	RETURN false;
END
$$;

COMMENT ON FUNCTION _poc.keep_mark(text, text) IS
'Internal. Has the sidecar keep a mark of this database; false, with a warning, if it is too large for it.';

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
		-- of one that is too large, the others are kept
		IF _poc.keep_mark(mark, barman_server) THEN
			sent := sent + 1;
		END IF;
	END LOOP;
	RETURN sent;
END
$$;

COMMENT ON FUNCTION @extschema@.poc_keep_marks(text) IS
'Has the sidecar keep those marks of this database that it does not keep yet, so that poc_restore_drill() and poc_rescue() find them when this database is lost, and returns how many. poc_mark() does it by itself, and tells in a notice if it could not: the sidecar was not reached. The sidecar keeps 2,000 of a server, each for 30 days at least: if all are younger, no more are taken (53400). A mark that is too large for it is left out, with a warning. Errors: those of a request to the sidecar. Example: SELECT poc_keep_marks()';

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
	IF kept.here = 1 THEN
		facts := _poc.get_exact('mark'::text, ARRAY['servers'::text, barman_server, 'marks'::text, kept.key]);
	END IF;
	-- a list shows what it cannot have as another database may be called
	IF facts IS NULL OR facts ->> 'database' IS DISTINCT FROM database THEN
		RAISE EXCEPTION 'mark "%" is of database "%"', mark, kept.database
			USING ERRCODE = 'object_not_in_prerequisite_state',
				DETAIL = format('This one is "%s".', database),
				HINT = 'Call this function in a database of that name.';
	END IF;
	target := ROW(facts ->> 'name', (facts ->> 'lsn')::pg_lsn, (facts ->> 'timeline')::integer, (facts ->> 'system_identifier')::bigint,
		(facts ->> 'at')::timestamptz, -- words alone
		ARRAY(SELECT _poc.shown(o) FROM jsonb_array_elements_text(CASE jsonb_typeof(facts -> 'omitted') WHEN 'array' THEN facts -> 'omitted' ELSE '[]' END) AS o));
	RAISE NOTICE 'mark "%" is known from the sidecar alone', mark
		USING DETAIL = format('It was set %s in database "%s".', target.at, facts ->> 'database');
END
$$;

COMMENT ON FUNCTION _poc.find_mark(text, text, bigint, text) IS
'Internal. A mark of this cluster, from the table of marks or else from the sidecar, and all that is known of it. Errors: 22P02 no position behind the "@", 22P05 a name in it that this database cannot have, 42704 there is none, 42P08 there are several, 55000 it is of another cluster or database.';

CREATE FUNCTION @extschema@.poc_thin_marks(pattern text, keep_all interval DEFAULT '2 days', keep_daily interval DEFAULT '30 days', dry_run boolean DEFAULT false)
RETURNS TABLE (name text, at timestamptz, kept boolean, reason text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE ROWS 100
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	thinned record;
BEGIN
	IF pattern IS NULL OR keep_all < '0' OR keep_daily < '0' THEN
		RAISE EXCEPTION 'the pattern must not be null, and the intervals not be negative'
			USING ERRCODE = 'invalid_parameter_value',
				HINT = E'For example: SELECT * FROM poc_thin_marks(''nightly\\_%'')';
	END IF;
	FOR thinned IN
		SELECT m.name, m.at, CASE WHEN m.newest THEN 'the newest' WHEN m.at >= now() - keep_all THEN format('not older than %s', keep_all)
				WHEN m.of_day AND m.at >= now() - keep_daily THEN format('the newest of its day, not older than %s', keep_daily) END AS reason
		FROM (SELECT k.name, k.at, row_number() OVER (ORDER BY k.at DESC, k.name) = 1 AS newest,
				row_number() OVER (PARTITION BY date_trunc('day', k.at) ORDER BY k.at DESC, k.name) = 1 AS of_day
			FROM _poc.marks AS k
			WHERE k.name LIKE pattern AND k.system_identifier = (SELECT c.system_identifier FROM pg_control_system() AS c)) AS m
		ORDER BY m.at DESC, m.name
	LOOP
		name := thinned.name;
		at := thinned.at;
		kept := thinned.reason IS NOT NULL;
		reason := coalesce(thinned.reason, CASE WHEN thinned.at < now() - keep_daily THEN format('older than %s', keep_daily) ELSE 'not the newest of its day' END);
		IF NOT kept AND NOT coalesce(dry_run, false) THEN
			DELETE FROM _poc.marks AS m WHERE m.name = thinned.name;
		END IF;
		RETURN NEXT;
	END LOOP;
END
$$;

COMMENT ON FUNCTION @extschema@.poc_thin_marks(text, interval, interval, boolean) IS
'Forgets old marks of this cluster whose names are LIKE the pattern, those that a schedule sets: all are kept that are not older than keep_all, then the newest of each day (of the session''s time zone) until keep_daily, and in any case the newest. Restore points in WAL stay, what tables held at them is forgotten. A row for each mark of the pattern, and why; dry_run => true only tells. Errors: 22023 no pattern, or a negative interval. Example: SELECT * FROM poc_thin_marks(''nightly\_%'', keep_daily => ''90 days'')';
