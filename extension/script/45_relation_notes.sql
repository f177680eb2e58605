-- ---------------------------------------------------------------------
-- 45_relation_notes.sql: remembers the names of tables, for the day when WAL alone knows of them.
--
-- May use: 10_schema.
-- ---------------------------------------------------------------------

CREATE FUNCTION _poc.note_relations() RETURNS bigint
LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
	WITH noted AS (
		INSERT INTO _poc.relation_notes (system_identifier, database, relid, lsn, at, filenode, kind, schema, name, root, ancestors)
		SELECT s.system_identifier, d.oid, r.oid, pg_current_wal_insert_lsn(), clock_timestamp(), r.filenode, r.relkind, r.nspname, r.relname, r.root, r.ancestors
		FROM pg_control_system() AS s, pg_database AS d, (
				SELECT c.oid, coalesce(pg_relation_filenode(c.oid), 0) AS filenode, c.relkind,
					n.nspname::text, c.relname::text,
					CASE WHEN c.relkind IN ('r', 'p') THEN coalesce(pg_partition_root(c.oid)::oid, c.oid)
						ELSE coalesce(o.oid, i.indrelid, c.oid) END AS root,
					CASE WHEN c.relispartition AND c.relkind IN ('r', 'p')
						THEN ARRAY(SELECT a.relid::oid FROM pg_partition_ancestors(c.oid) AS a(relid)) ELSE '{}' END AS ancestors
				FROM pg_class AS c
					JOIN pg_namespace AS n ON n.oid = c.relnamespace
					LEFT JOIN pg_class AS o ON o.reltoastrelid = c.oid AND c.relkind = 't'
					LEFT JOIN pg_index AS i ON i.indexrelid = c.oid
				-- indexes, views and the like as well: WAL does not tell that they are
				WHERE c.oid >= 16384 AND c.relpersistence <> 't') AS r
			LEFT JOIN LATERAL (
				SELECT p.filenode, p.schema, p.name, p.root, p.ancestors
				FROM _poc.relation_notes AS p
				WHERE p.system_identifier = s.system_identifier AND p.database = d.oid AND p.relid = r.oid
				ORDER BY p.lsn DESC
				LIMIT 1) AS p ON true
		WHERE d.datname = current_database()
			AND (p.filenode, p.schema, p.name, p.root, p.ancestors) IS DISTINCT FROM (r.filenode, r.nspname, r.relname, r.root, r.ancestors)
		ON CONFLICT DO NOTHING
		RETURNING 1)
	SELECT count(*) FROM noted
$$;

COMMENT ON FUNCTION _poc.note_relations() IS
'Internal. Remembers the tables of this database that are new, renamed, or in another file than when they were remembered last; returns how many.';

CREATE FUNCTION @extschema@.poc_note_relations() RETURNS bigint
LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 10000
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT _poc.note_relations()
$$;

COMMENT ON FUNCTION @extschema@.poc_note_relations() IS
'Remembers the names, OIDs and files of the tables of this database, so that poc_find_changes() knows them when they are dropped: WAL has numbers alone. poc_find_changes(), poc_mark() and poc_backup() do it too; have it called every few minutes where tables come and go (pg_cron, say). Returns how many were new, renamed, or in another file than when they were remembered last; temporary tables are not remembered. Errors: 25006 on a standby. Example: SELECT poc_note_relations()';
