-- ---------------------------------------------------------------------
-- 75_changes.sql: finds in the archive who dropped, emptied or changed a table.
--
-- May use: 10_schema, 20_client, 40_wal, 45_relation_notes, 65_restore.
-- ---------------------------------------------------------------------

-- What is known of the relations of a database, for the sidecar: the file of each
-- at some time, and the table in whose name its changes are told.  Of what has no
-- rows, one line is enough.  If tables are asked for, all others are parts, whose
-- changes are nobody's.
CREATE FUNCTION _poc.noted_relations(cluster bigint, database oid, asked oid[]) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT coalesce(jsonb_agg(jsonb_build_array(k.relid::bigint, k.file::bigint, coalesce(k.in_name_of, k.relid)::bigint,
		k.kind NOT IN ('r', 'p', 'm') OR k.in_name_of IS NULL)), '[]')
	FROM (SELECT DISTINCT ON (n.relid, f.file) n.relid, n.kind, f.file,
			CASE WHEN $3 IS NULL THEN n.root WHEN n.relid = ANY ($3) THEN n.relid
				ELSE (SELECT a FROM unnest(n.ancestors) AS a WHERE a = ANY ($3) LIMIT 1) END AS in_name_of
		FROM _poc.relation_notes AS n,
			LATERAL (SELECT CASE WHEN n.kind IN ('r', 'p', 'm', 't') THEN n.filenode ELSE 0 END) AS f(file)
		WHERE n.system_identifier = $1 AND n.database = $2
		ORDER BY n.relid, f.file, n.lsn DESC) AS k
$$;

COMMENT ON FUNCTION _poc.noted_relations(bigint, oid, oid[]) IS
'Internal. The relations of a database that were ever remembered; with tables that are asked for, whether they are these or their partitions.';

-- The OIDs of all tables that ever had this name, as far as is remembered.
CREATE FUNCTION _poc.noted_oids(cluster bigint, database oid, relation text) RETURNS oid[]
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	words text[] := parse_ident(relation);
	oids oid[];
BEGIN
	IF cardinality(words) > 2 THEN
		RAISE EXCEPTION 'invalid name of a table: %', relation
			USING ERRCODE = 'invalid_parameter_value',
				DETAIL = format('It has %s parts.', cardinality(words)),
				HINT = 'Give schema and name, or the name alone.';
	END IF;
	oids := ARRAY(SELECT DISTINCT n.relid FROM _poc.relation_notes AS n
		WHERE n.system_identifier = cluster AND n.database = noted_oids.database AND n.kind IN ('r', 'p', 'm') AND
			n.name = words[cardinality(words)] AND (cardinality(words) = 1 OR n.schema = words[1]));
	IF cardinality(oids) = 0 THEN
		RAISE EXCEPTION 'no table "%" is known', relation
			USING ERRCODE = 'undefined_table',
				DETAIL = (SELECT format('Names are remembered since %s.', coalesce(min(n.at)::text, 'now'))
					FROM _poc.relation_notes AS n WHERE n.system_identifier = cluster AND n.database = noted_oids.database),
				HINT = 'WAL has no names: without a relation, poc_find_changes() lists the changes of tables whose names nobody knows as well, by their OIDs.';
	END IF;
	RETURN oids;
END
$$;

COMMENT ON FUNCTION _poc.noted_oids(bigint, oid, text) IS
'Internal. The OIDs of the tables that have, or had, this name. Errors: 22023 no name of a table, 42P01 nobody remembers one.';

-- One search of the archive; relations are those of noted_relations().
CREATE FUNCTION _poc.search_archive(barman_server text, request jsonb, relations jsonb, show_log boolean) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	changes CONSTANT jsonb := _poc.run_job(ARRAY['servers'::text, barman_server, 'changes'::text], request || jsonb_build_object('relations', relations),
		NULL::double precision, show_log) -> 'result' -> 'changes';
BEGIN
	IF changes IS NULL THEN
		RAISE EXCEPTION 'the list of changes is too long'
			USING ERRCODE = 'program_limit_exceeded',
				HINT = 'Give since, until, or a larger min_rows.';
	END IF;
	RETURN changes;
END
$$;

COMMENT ON FUNCTION _poc.search_archive(text, jsonb, jsonb, boolean) IS
'Internal. The changes that the sidecar finds in the archive. Errors: 54000 they are too many, and those of the job.';

-- Of what is dropped together with its database, nobody has a name.
CREATE FUNCTION _poc.unnamed_changes(changes jsonb, cluster bigint, database oid)
RETURNS TABLE (at timestamptz, relation_oid bigint, filenode bigint, commit_lsn pg_lsn, timeline integer, backup_id text)
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT c.at, c.relation_oid, c.filenode, c.commit_lsn, c.timeline, c.backup_id
	FROM _poc.records(changes) AS c(at timestamptz, relation_oid bigint, filenode bigint, commit_lsn pg_lsn, timeline integer, backup_id text)
	WHERE (c.relation_oid > 0 OR c.filenode > 0) AND NOT EXISTS (SELECT FROM _poc.relation_notes AS n
		WHERE n.system_identifier = $2 AND n.database = $3 AND n.relid = c.relation_oid::oid)
$$;

COMMENT ON FUNCTION _poc.unnamed_changes(jsonb, bigint, oid) IS
'Internal. Those of the changes whose table nobody remembers.';

-- What a restored server has told is remembered like all else, so that it needs to be restored once: of the tables
-- that it was asked for (asked: oids and files, as in the request), with all that belongs to these.
CREATE FUNCTION _poc.note_restored(names jsonb, asked jsonb, cluster bigint, known oid, lsn pg_lsn, at timestamptz, elsewhere boolean) RETURNS oid
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	most CONSTANT integer := 3000;
	its_database CONSTANT oid := (names ->> 'database')::bigint::oid;
	oids CONSTANT oid[] := ARRAY(SELECT o::bigint::oid FROM jsonb_array_elements_text(asked -> 'oids') AS o);
	files CONSTANT oid[] := ARRAY(SELECT f::bigint::oid FROM jsonb_array_elements_text(asked -> 'files') AS f);
	-- none is of later, where it would count as the latest for good
	noted_lsn CONSTANT pg_lsn := CASE WHEN elsewhere THEN lsn ELSE least(lsn, pg_current_wal_lsn()) END;
	noted_at CONSTANT timestamptz := least(at, clock_timestamp());
BEGIN
	IF its_database IS NULL OR jsonb_typeof(names -> 'relations') IS DISTINCT FROM 'array' THEN
		RAISE EXCEPTION 'the restored server told no names'
			USING ERRCODE = 'protocol_violation';
	END IF;
	IF jsonb_array_length(names -> 'relations') > most THEN
		RAISE EXCEPTION 'the restored server told too many names'
			USING ERRCODE = 'protocol_violation',
				DETAIL = format('It told %s, and %s are the most.', jsonb_array_length(names -> 'relations'), most);
	END IF;
	IF known <> its_database THEN
		RAISE EXCEPTION 'the database of this name was another one then'
			USING ERRCODE = 'object_not_in_prerequisite_state';
	END IF;
	WITH told AS (
		SELECT r.*
		FROM jsonb_array_elements(names -> 'relations') AS e(r),
			LATERAL (SELECT (e.r ->> 0)::bigint::oid AS relid, (e.r ->> 1)::bigint::oid AS file, (e.r ->> 2)::"char" AS kind, e.r ->> 3 AS schema, e.r ->> 4 AS name,
				(e.r ->> 5)::bigint::oid AS root, ARRAY(SELECT a::bigint::oid FROM jsonb_array_elements_text(e.r -> 6) AS a) AS ancestors) AS r
		-- what no PostgreSQL would say could not be searched for; names are at most 63 bytes, in the encoding of their database
		WHERE r.relid >= 16384 AND r.root >= 16384 AND r.kind IN ('r', 'p', 'm', 't', 'i', 'I', 'S', 'v', 'f', 'c')
			AND char_length(r.schema) BETWEEN 1 AND 63 AND char_length(r.name) BETWEEN 1 AND 63)
	INSERT INTO _poc.relation_notes (system_identifier, database, relid, lsn, at, filenode, kind, schema, name, root, ancestors, restored)
	SELECT cluster, its_database, t.relid, noted_lsn, noted_at, t.file, t.kind, t.schema, t.name, t.root, t.ancestors, true
	FROM told AS t
	WHERE t.root IN (SELECT w.root FROM told AS w WHERE w.relid = ANY (oids) OR w.file <> 0 AND w.file = ANY (files))
		AND NOT EXISTS (SELECT FROM _poc.relation_notes AS n
			WHERE n.system_identifier = cluster AND n.database = its_database AND n.relid = t.relid AND n.filenode = t.file)
	ON CONFLICT DO NOTHING;
	RETURN its_database;
END
$$;

COMMENT ON FUNCTION _poc.note_restored(jsonb, jsonb, bigint, oid, pg_lsn, timestamptz, boolean) IS
'Internal. Remembers what a server restored to just before this position has told of the relations that it was asked for; returns the OID of its database. Errors: 08P01 it told nothing, or too much, 55000 it is another database.';

-- Says of how many changes the table still has no name, and why.
CREATE FUNCTION _poc.warn_of_unnamed(changes jsonb, cluster bigint, database oid, restored pg_lsn[], failures text[]) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	unnamed CONSTANT record := (SELECT c FROM (
		SELECT count(*) AS total, count(*) FILTER (WHERE u.backup_id IS NULL) AS unreachable, max(u.at) FILTER (WHERE u.backup_id IS NULL) AS unreachable_at,
			count(*) FILTER (WHERE u.commit_lsn = ANY (restored)) AS absent,
			count(*) FILTER (WHERE u.backup_id IS NOT NULL AND u.commit_lsn <> ALL (restored)) AS waiting
		FROM _poc.unnamed_changes(changes, cluster, database) AS u) AS c);
BEGIN
	IF unnamed.total > 0 THEN
		RAISE WARNING 'of % changes the name of the table could not be had', unnamed.total
			USING DETAIL = concat_ws(' ',
					CASE WHEN unnamed.unreachable > 0 THEN format('No backup leads to just before %s of them, the last at %s.', unnamed.unreachable, unnamed.unreachable_at) END,
					CASE WHEN unnamed.absent > 0 THEN format('Of %s there was no such table just before: the same transaction made it.', unnamed.absent) END,
					CASE WHEN unnamed.waiting > 0 THEN format('Just before %s no copy was restored.', unnamed.waiting) END,
					nullif(array_to_string(failures, ' '), '')),
				HINT = CASE WHEN unnamed.waiting > 0 THEN 'What was found is remembered: ask again, or for less time (since, until).'
					ELSE 'WAL has no names. Have poc_note_relations() called more often.' END;
	END IF;
END
$$;

COMMENT ON FUNCTION _poc.warn_of_unnamed(jsonb, bigint, oid, pg_lsn[], text[]) IS
'Internal. Warns of changes whose table has no name, although copies were restored to just before these positions.';

-- The oldest first: a server that is restored to before it knows what was there, and so most of what was changed later.
CREATE FUNCTION _poc.restore_names(barman_server text, cluster bigint, elsewhere boolean, request jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	most CONSTANT integer := 3;
	database oid := (request ->> 'database')::bigint::oid;
	changes jsonb := _poc.search_archive(barman_server, request, _poc.noted_relations(cluster, database, NULL::oid[]), false);
	tried pg_lsn[] := '{}';
	restored pg_lsn[] := '{}';
	failures text[] := '{}';
	target record;
	wanted jsonb;
	job jsonb;
	its_detail text;
BEGIN
	WHILE cardinality(tried) < most LOOP
		SELECT u.* INTO target FROM _poc.unnamed_changes(changes, cluster, database) AS u
		WHERE u.backup_id IS NOT NULL AND u.commit_lsn <> ALL (tried)
		ORDER BY u.commit_lsn LIMIT 1;
		EXIT WHEN NOT FOUND;
		tried := tried || target.commit_lsn;
		SELECT jsonb_build_object('oids', coalesce(jsonb_agg(DISTINCT u.relation_oid) FILTER (WHERE u.relation_oid > 0), '[]'),
			'files', coalesce(jsonb_agg(DISTINCT u.filenode) FILTER (WHERE u.filenode > 0), '[]'))
		INTO wanted
		FROM _poc.unnamed_changes(changes, cluster, database) AS u;
		RAISE NOTICE 'for names that nobody remembers, a copy is restored to just before %', target.commit_lsn
			USING DETAIL = format('It is of backup %s, and removed afterwards; at most %s are restored.', target.backup_id, most);
		BEGIN
			job := _poc.run_job(ARRAY['servers'::text, barman_server, 'rescues'::text],
				_poc.copy_request('names'::text, target.commit_lsn, NULL::timestamptz, target.timeline, cluster, elsewhere) || jsonb_build_object('names_of', wanted)
					|| CASE WHEN elsewhere THEN '{}' ELSE jsonb_build_object('primary', _poc.primary_facts(current_database()::text)) END,
				NULL::double precision, true);
			database := _poc.note_restored(job -> 'result' -> 'names', wanted, cluster, database, target.commit_lsn, target.at, elsewhere);
		-- who cancels is obeyed: that is not among the others
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS its_detail = PG_EXCEPTION_DETAIL;
			failures := failures || format('The copy of just before %s failed: %s.%s', target.commit_lsn, SQLERRM, coalesce(' ' || nullif(its_detail, ''), ''));
			CONTINUE;
		END;
		-- what was told stays remembered even if this fails: it took a restore
		BEGIN
			-- anew: tables get their partitions, and files that they had since become theirs
			changes := _poc.search_archive(barman_server, (request || jsonb_build_object('database', database::bigint)) - 'wal_file',
				_poc.noted_relations(cluster, database, NULL::oid[]), false);
			restored := restored || target.commit_lsn;
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS its_detail = PG_EXCEPTION_DETAIL;
			failures := failures || format('The copy of just before %s told its names, and the search after it failed: %s.%s', target.commit_lsn, SQLERRM, coalesce(' ' || nullif(its_detail, ''), ''));
		END;
	END LOOP;
	PERFORM _poc.warn_of_unnamed(changes, cluster, database, restored, failures);
END
$$;

COMMENT ON FUNCTION _poc.restore_names(text, bigint, boolean, jsonb) IS
'Internal. Remembers the names of relations that changes were found of and nobody knows, as restored servers tell them. Errors: those of the search.';

-- The search itself, with the rights of the extension's owner: what calls it has privileges of its own.
CREATE FUNCTION _poc.find_changes(relation text, since timestamptz, until timestamptz, kinds text[], min_rows bigint, server text, restore_names boolean)
RETURNS SETOF _poc.change
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 100
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	barman_server text := _poc.server(server);
	this_cluster bigint := (SELECT c.system_identifier FROM pg_control_system() AS c);
	cluster bigint := coalesce(_poc.cluster_of(barman_server), this_cluster);
	elsewhere boolean := _poc.is_elsewhere(barman_server, cluster, 'its archive is searched, and no segment is closed for it'::text);
	this_database oid := (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database());
	body jsonb := jsonb_build_object('kinds', to_jsonb(kinds), 'min_rows', min_rows,
		'since', to_char(since AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
		'until', to_char(until AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'));
	changes jsonb;
BEGIN
	IF NOT coalesce(kinds <@ '{drop,truncate,delete,update,rewrite}' AND cardinality(kinds) > 0, false) THEN
		RAISE EXCEPTION 'invalid kinds of changes'
			USING ERRCODE = 'invalid_parameter_value',
				DETAIL = format('They are %s.', coalesce(kinds::text, 'null')),
				HINT = 'Give some of drop, truncate, delete, update and rewrite.';
	END IF;
	IF restore_names AND current_setting('transaction_read_only')::boolean THEN
		RAISE EXCEPTION 'names cannot be restored in a read-only transaction'
			USING ERRCODE = 'read_only_sql_transaction',
				DETAIL = 'They are remembered in a table.',
				HINT = 'Call this function on the primary, or without restore_names.';
	END IF;
	IF min_rows IS NULL OR min_rows < 0 OR since >= until OR NOT isfinite(since) OR NOT isfinite(until) THEN
		RAISE EXCEPTION 'invalid limits of a search for changes'
			USING ERRCODE = 'invalid_parameter_value',
				DETAIL = format('min_rows is %s, since %s, until %s.', coalesce(min_rows::text, 'null'), coalesce(since::text, 'null'), coalesce(until::text, 'null')),
				HINT = 'min_rows is 0 or more, and since before until; leave them out to see all.';
	END IF;

	-- the archive of another cluster: a dump may have brought what is remembered of it
	IF elsewhere THEN
		this_database := (SELECT n.database FROM _poc.relation_notes AS n WHERE n.system_identifier = cluster ORDER BY n.at DESC LIMIT 1);
	ELSIF NOT current_setting('transaction_read_only')::boolean THEN
		PERFORM _poc.note_relations();
	END IF;
	IF NOT elsewhere AND NOT pg_is_in_recovery() THEN
		body := body || jsonb_build_object('wal_file', _poc.wal_for_recovery(NULL::pg_lsn, false));
	END IF;
	IF restore_names THEN
		PERFORM _poc.restore_names(barman_server, cluster, elsewhere, body || jsonb_build_object('database', this_database::bigint));
		this_database := coalesce(this_database, (SELECT n.database FROM _poc.relation_notes AS n WHERE n.system_identifier = cluster ORDER BY n.at DESC LIMIT 1));
	END IF;
	changes := _poc.search_archive(barman_server, body || jsonb_build_object('database', this_database::bigint, 'only', relation IS NOT NULL),
		_poc.noted_relations(cluster, this_database,
			CASE WHEN relation IS NOT NULL THEN _poc.noted_oids(cluster, this_database, relation) END), true);
	RETURN QUERY
		SELECT c.at, c.kind, n.name, nullif(c.relation_oid, 0)::oid, c.xid::text::xid, c.begin_lsn, c.commit_lsn,
			c.rows_inserted, c.rows_updated, c.rows_deleted, c.timeline, c.backup_id,
			CASE WHEN n.name IS NULL THEN 'file ' || c.filenode
				WHEN NOT elsewhere AND n.name = (SELECT format('%I.%I', s.nspname, t.relname) FROM pg_class AS t JOIN pg_namespace AS s ON s.oid = t.relnamespace
					WHERE t.oid = c.relation_oid::oid) THEN 'catalog'
				WHEN n.restored THEN 'restored'
				ELSE 'note' END,
			w.role, w.client, w.query
		FROM _poc.records(changes) AS c(at timestamptz, kind text, relation_oid bigint, filenode bigint, xid bigint, begin_lsn pg_lsn, commit_lsn pg_lsn,
				rows_inserted bigint, rows_updated bigint, rows_deleted bigint, timeline integer, backup_id text)
			LEFT JOIN LATERAL (
				-- its name then: as it was remembered last before, or else first after
				SELECT format('%I.%I', n.schema, n.name) AS name, n.restored
				FROM _poc.relation_notes AS n
				WHERE n.system_identifier = cluster AND n.database = this_database AND n.relid = c.relation_oid::oid
				ORDER BY n.lsn > c.commit_lsn, abs(n.lsn - c.commit_lsn)
				LIMIT 1) AS n ON true
			LEFT JOIN LATERAL (
				SELECT d.role, d.client, d.query
				FROM _poc.ddl_notes AS d
				WHERE d.system_identifier = cluster AND d.database = this_database AND d.relid IN (
						-- of a partition, what was done to it is told of its table
						SELECT c.relation_oid::oid
						UNION SELECT p.relid FROM _poc.relation_notes AS p
						WHERE p.system_identifier = cluster AND p.database = this_database
							AND (p.root = c.relation_oid::oid OR c.relation_oid::oid = ANY (p.ancestors)))
					AND d.kind = c.kind AND d.xid = c.xid::text::xid AND d.lsn <= c.commit_lsn AND d.lsn > coalesce(c.begin_lsn, '0/0')
				ORDER BY d.lsn DESC
				LIMIT 1) AS w ON true
		ORDER BY c.commit_lsn DESC, n.name, c.relation_oid;
END
$$;

COMMENT ON FUNCTION _poc.find_changes(text, timestamptz, timestamptz, text[], bigint, text, boolean) IS
'Internal. What poc_find_changes() returns.';

CREATE FUNCTION @extschema@.poc_find_changes(relation text DEFAULT NULL, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
	kinds text[] DEFAULT '{drop,truncate,delete,update,rewrite}', min_rows bigint DEFAULT 1, server text DEFAULT NULL, restore_names boolean DEFAULT false)
RETURNS SETOF _poc.change
LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 100
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT c.* FROM _poc.find_changes(relation, since, until, kinds, min_rows, server, coalesce(restore_names, false)) AS c
$$;

COMMENT ON FUNCTION @extschema@.poc_find_changes(text, timestamptz, timestamptz, text[], bigint, text, boolean) IS
'Finds in the WAL that Barman has, after closing the segment of this moment, the transactions that dropped, truncated, rewrote (VACUUM FULL, ALTER TABLE), deleted from or updated a table of this database: one row for each transaction and table, the newest first. relation is a name with or without schema, also of a table that is gone; partitions are counted with their table. since and until are times of commits; min_rows leaves out transactions that deleted and updated fewer rows. commit_lsn is the beginning of the record of the commit: poc_restore(target_lsn => commit_lsn, exclusive => true) restores what was just before it. backup_id is the newest backup that leads there. Counts are null where WAL does not tell them: of drop, truncate and rewrite, and of a transaction that began before the WAL that was read. WAL has no names: they are those that poc_note_relations() has remembered; name_from tells whether from the catalog, a note, or a restored server; where nobody knows, the number of the file that the rows were in, if WAL tells it. restore_names => true has these looked up on Barman''s host in a copy that is restored to just before the oldest such change, and removed afterwards; then in one for the oldest that is left, in at most three. What they tell is remembered. A warning tells of how many changes the name could not be had, and why: no backup leads to before them, the same transaction made the table, or the restore failed. It takes the time and room of a restore, and whoever may execute this function may ask for it. role, client and query are of a drop or a rewrite that poc_watch_ddl() has noted. Temporary and unlogged tables leave no rows in WAL. Cancelling the query ends the search. Errors: 22023 bad argument, 42704 unknown server, 25006 restore_names on a standby, 42P01 nobody remembers the table, 55000 no WAL. Example: SELECT * FROM poc_find_changes(''orders'', since => now() - interval ''1 day'')';
