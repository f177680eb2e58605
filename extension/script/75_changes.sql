-- ---------------------------------------------------------------------
-- 75_changes.sql: finds in the archive who dropped, emptied or changed a table.
--
-- May use: 10_schema, 20_client, 40_wal, 45_relation_notes.
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

-- The search itself, with the rights of the extension's owner: what calls it has privileges of its own.
CREATE FUNCTION _poc.find_changes(relation text, since timestamptz, until timestamptz, kinds text[], min_rows bigint, server text)
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
	job jsonb;
BEGIN
	IF NOT coalesce(kinds <@ '{drop,truncate,delete,update,rewrite}' AND cardinality(kinds) > 0, false) THEN
		RAISE EXCEPTION 'invalid kinds of changes'
			USING ERRCODE = 'invalid_parameter_value',
				DETAIL = format('They are %s.', coalesce(kinds::text, 'null')),
				HINT = 'Give some of drop, truncate, delete, update and rewrite.';
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
	body := body || jsonb_build_object('database', this_database::bigint, 'only', relation IS NOT NULL,
		'relations', _poc.noted_relations(cluster, this_database,
			CASE WHEN relation IS NOT NULL THEN _poc.noted_oids(cluster, this_database, relation) END));
	IF NOT elsewhere AND NOT pg_is_in_recovery() THEN
		body := body || jsonb_build_object('wal_file', _poc.wal_for_recovery(NULL::pg_lsn, false));
	END IF;

	job := _poc.run_job(ARRAY['servers'::text, barman_server, 'changes'::text], body, NULL::double precision, true);
	IF job -> 'result' -> 'changes' IS NULL THEN
		RAISE EXCEPTION 'the list of changes is too long'
			USING ERRCODE = 'program_limit_exceeded',
				HINT = 'Give since, until, or a larger min_rows.';
	END IF;
	RETURN QUERY
		SELECT c.at, c.kind, n.name, nullif(c.relation_oid, 0)::oid, c.xid::text::xid, c.begin_lsn, c.commit_lsn,
			c.rows_inserted, c.rows_updated, c.rows_deleted, c.timeline, c.backup_id,
			CASE WHEN n.name IS NULL THEN 'file ' || c.filenode
				WHEN NOT elsewhere AND n.name = (SELECT format('%I.%I', s.nspname, t.relname) FROM pg_class AS t JOIN pg_namespace AS s ON s.oid = t.relnamespace
					WHERE t.oid = c.relation_oid::oid) THEN 'catalog'
				ELSE 'note' END,
			w.role, w.client, w.query
		FROM _poc.records(job -> 'result' -> 'changes') AS c(at timestamptz, kind text, relation_oid bigint, filenode bigint, xid bigint, begin_lsn pg_lsn, commit_lsn pg_lsn,
				rows_inserted bigint, rows_updated bigint, rows_deleted bigint, timeline integer, backup_id text)
			LEFT JOIN LATERAL (
				-- its name then: as it was remembered last before, or else first after
				SELECT format('%I.%I', n.schema, n.name) AS name
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

COMMENT ON FUNCTION _poc.find_changes(text, timestamptz, timestamptz, text[], bigint, text) IS
'Internal. What poc_find_changes() returns.';

CREATE FUNCTION @extschema@.poc_find_changes(relation text DEFAULT NULL, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
	kinds text[] DEFAULT '{drop,truncate,delete,update,rewrite}', min_rows bigint DEFAULT 1, server text DEFAULT NULL)
RETURNS SETOF _poc.change
LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 100
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT c.* FROM _poc.find_changes(relation, since, until, kinds, min_rows, server) AS c
$$;

COMMENT ON FUNCTION @extschema@.poc_find_changes(text, timestamptz, timestamptz, text[], bigint, text) IS
'Finds in the WAL that Barman has, after closing the segment of this moment, the transactions that dropped, truncated, rewrote (VACUUM FULL, ALTER TABLE), deleted from or updated a table of this database: one row for each transaction and table, the newest first. relation is a name with or without schema, also of a table that is gone; partitions are counted with their table. since and until are times of commits; min_rows leaves out transactions that deleted and updated fewer rows. commit_lsn is the beginning of the record of the commit: poc_restore(target_lsn => commit_lsn, exclusive => true) restores what was just before it. backup_id is the newest backup that leads there. Counts are null where WAL does not tell them: of drop, truncate and rewrite, and of a transaction that began before the WAL that was read. WAL has no names: they are those that poc_note_relations() has remembered; name_from tells whether from the catalog or from a note; where nobody knows, the number of the file that the rows were in, if WAL tells it. role, client and query are of a drop or a rewrite that poc_watch_ddl() has noted. Temporary and unlogged tables leave no rows in WAL. Cancelling the query ends the search. Errors: 22023 bad argument, 42704 unknown server, 42P01 nobody remembers the table, 55000 no WAL. Example: SELECT * FROM poc_find_changes(''orders'', since => now() - interval ''1 day'')';
