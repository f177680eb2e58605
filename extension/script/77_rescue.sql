-- ---------------------------------------------------------------------
-- 77_rescue.sql: brings tables home from just before they were dropped, emptied or
-- changed (rescue/bring_home.c).
--
-- May use: 10_schema, 20_client, 40_wal, 65_restore, 67_marks, 68_receipts, 75_changes.
-- ---------------------------------------------------------------------

-- The change that is most likely meant: what took all rows away, or many.  Of
-- one table its own search tells whether anybody remembers it.
CREATE FUNCTION _poc.change_to_undo(wishes jsonb, server text, here boolean) RETURNS _poc.change
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	many CONSTANT bigint := 100;
	change _poc.change;
	named text := (SELECT string_agg(quote_ident(w.schema) || coalesce('.' || quote_ident(w.name), '.*'), ', ' ORDER BY n)
		FROM jsonb_array_elements(wishes) WITH ORDINALITY AS e(wish, n), jsonb_to_record(e.wish) AS w(schema text, name text));
	single boolean := jsonb_array_length(wishes) = 1 AND wishes -> 0 ->> 'name' IS NOT NULL;
	changes _poc.change[];
	earlier text;
BEGIN
	changes := ARRAY(SELECT c
		FROM _poc.find_changes(CASE WHEN single THEN named END, NULL::timestamptz, NULL::timestamptz, '{drop,truncate,delete}'::text[], many, server, false) AS c
		WHERE (c.kind <> 'delete' OR c.rows_deleted IS NULL OR c.rows_deleted >= many)
			-- of that name then: a table that had it once may have another since
			AND EXISTS (SELECT FROM jsonb_to_recordset(wishes) AS w(schema text, name text)
				WHERE CASE WHEN w.name IS NULL THEN starts_with(c.relation, format('%I.', w.schema)) ELSE c.relation = format('%I.%I', w.schema, w.name) END)
			-- of a table that is there, partitions alone were dropped
			AND (c.kind <> 'drop' OR NOT EXISTS (SELECT FROM pg_class AS t WHERE t.oid = c.relation_oid AND here))
		ORDER BY c.commit_lsn DESC);
	change := changes[1];
	IF change IS NULL THEN
		RAISE EXCEPTION 'no change of % was found that took rows away', CASE WHEN single THEN 'table ' || named ELSE 'the tables ' || named END
			USING ERRCODE = 'no_data_found',
				DETAIL = format('Looked for its newest drop, truncate, or delete of %s rows or more, under this name, in the WAL that Barman has; partitions that were dropped do not count.', many),
				HINT = format('SELECT * FROM poc_find_changes(%s) lists all changes; give the commit_lsn of one as "before", or a time as "as_of".', CASE WHEN single THEN quote_literal(named) END);
	END IF;
	-- one moment for all: what others had lost before it does not come back
	SELECT string_agg(DISTINCT format('%s of %s at %s', c.kind, c.relation, c.commit_lsn), ', ') INTO earlier
	FROM unnest(changes) AS c
	WHERE c.commit_lsn < change.commit_lsn AND c.kind <> 'delete' AND c.relation <> change.relation;
	IF earlier IS NOT NULL THEN
		RAISE WARNING 'what some of the tables had lost before that moment does not come'
			USING DETAIL = format('Earlier: %s.', earlier), HINT = 'Rescue these by themselves, or give an earlier moment as "before" or "as_of".';
	END IF;
	RETURN change;
END
$$;

COMMENT ON FUNCTION _poc.change_to_undo(jsonb, text, boolean) IS
'Internal. The newest drop, truncate or mass delete of one of these tables. Errors: P0002 there is none, and those of poc_find_changes().';

-- The table that is meant, in the copy: by OID where a change told it, else by
-- the name it has or had.
CREATE FUNCTION _poc.name_to_rescue(relation text, cluster bigint, elsewhere boolean, search_path text[], OUT schema text, OUT name text)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	words text[] := parse_ident(relation);
	unclear boolean;
BEGIN
	IF cardinality(words) > 2 THEN
		RAISE EXCEPTION 'invalid name of a table: %', relation
			USING ERRCODE = 'invalid_parameter_value',
				DETAIL = format('It has %s parts.', cardinality(words)),
				HINT = 'Give schema and name.';
	END IF;
	name := words[cardinality(words)];
	IF cardinality(words) = 2 THEN
		schema := words[1];
		RETURN;
	END IF;
	-- as the caller would find it by its search_path; else the only one there is
	SELECT s.schema, array_position(search_path, s.schema) IS NULL AND count(*) OVER () > 1 INTO schema, unclear
	FROM (SELECT n.nspname::text AS schema FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
			WHERE NOT elsewhere AND c.relname = words[1] AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND c.oid >= 16384
		UNION
		SELECT r.schema FROM _poc.relation_notes AS r
			WHERE r.system_identifier = cluster AND r.name = words[1] AND r.kind IN ('r', 'p')) AS s
	ORDER BY array_position(search_path, s.schema)
	LIMIT 1;
	IF schema IS NULL OR unclear THEN
		RAISE EXCEPTION 'it is not known in which schema table "%" is', relation
			USING ERRCODE = 'undefined_table',
				DETAIL = CASE WHEN unclear THEN 'Several of this name are known, and none is in a schema of your search_path.' ELSE 'None of this name is known.' END,
				HINT = 'Give its schema too.';
	END IF;
END
$$;

COMMENT ON FUNCTION _poc.name_to_rescue(text, bigint, boolean, text[]) IS
'Internal. Schema and name of a table that is, or was. Errors: 22023 no name of a table, 42P01 its schema is not known.';

-- What is meant by a name, or by "schema.*", and what it is called at home.
CREATE FUNCTION _poc.rescue_wish(relation text, cluster bigint, elsewhere boolean, search_path text[], to_table text, to_schema text) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	whole CONSTANT boolean := relation LIKE '%.*';
	words text[];
	home text[] := parse_ident(to_table);
	meant record;
BEGIN
	IF cardinality(home) > 2 THEN
		RAISE EXCEPTION 'invalid name of a table: %', to_table
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give schema and name.';
	END IF;
	IF whole THEN
		words := parse_ident(left(relation, -2));
		IF cardinality(words) <> 1 OR to_table IS NOT NULL THEN
			RAISE EXCEPTION 'invalid name of a schema''s tables: %', relation
				USING ERRCODE = 'invalid_parameter_value',
					DETAIL = CASE WHEN to_table IS NOT NULL THEN 'They cannot all be called to_table.' ELSE 'It has more than one part before the star.' END,
					HINT = 'For example: SELECT * FROM poc_rescue_tables(''{sales.*}'', to_schema => ''rescued'')';
		END IF;
		RETURN jsonb_build_object('schema', words[1], 'name', NULL, 'home_schema', coalesce(to_schema, 'rescued'), 'home_name', NULL);
	END IF;
	meant := _poc.name_to_rescue(relation, cluster, elsewhere, search_path);
	home := CASE coalesce(cardinality(home), 0) WHEN 2 THEN home WHEN 1 THEN ARRAY[meant.schema, home[1]]
		ELSE ARRAY[coalesce(to_schema, 'rescued'), meant.name] END;
	RETURN jsonb_build_object('schema', meant.schema, 'name', meant.name, 'home_schema', home[1], 'home_name', home[2]);
END
$$;

COMMENT ON FUNCTION _poc.rescue_wish(text, bigint, boolean, text[], text, text) IS
'Internal. Schema and name of a table to rescue, then and at home; of a whole schema without names. Errors: 22023 no name of a table, 42P01 its schema is not known.';

-- A table that is there: whether it can take the rows is seen by rescue/empty_home.c.
CREATE FUNCTION _poc.is_table(schema text, name text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT EXISTS (SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
		WHERE n.nspname = schema AND c.relname = name AND c.relkind IN ('r', 'p') AND c.oid >= 16384)
$$;

COMMENT ON FUNCTION _poc.is_table(text, text) IS
'Internal. Whether there is a table of this name, which is none of the system''s.';

-- Nothing that is there is touched, but that a table may take rows.
CREATE FUNCTION _poc.require_free_home(caller oid, schema text, name text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	makes_schema CONSTANT boolean := to_regnamespace(quote_ident(schema)) IS NULL;
BEGIN
	IF _poc.is_table(schema, name) THEN
		RETURN;
	END IF;
	IF to_regclass(quote_ident(schema) || '.' || quote_ident(name)) IS NOT NULL THEN
		RAISE EXCEPTION 'relation "%" already exists', format('%I.%I', schema, name)
			USING ERRCODE = 'duplicate_table',
				DETAIL = 'It is no table that could take rows.',
				HINT = 'Drop or rename that one, or give another name: to_table => ''schema.name'', or to_schema.';
	END IF;
	IF NOT (CASE WHEN makes_schema THEN has_database_privilege(caller, current_database(), 'CREATE') ELSE has_schema_privilege(caller, schema, 'CREATE') END) THEN
		RAISE EXCEPTION 'permission denied for %', CASE WHEN makes_schema THEN format('database %I', current_database()) ELSE format('schema %I', schema) END
			USING ERRCODE = 'insufficient_privilege',
				DETAIL = format('The table is to be in schema %I.', schema),
				HINT = 'Name a schema in which you may create tables.';
	END IF;
END
$$;

COMMENT ON FUNCTION _poc.require_free_home(oid, text, text) IS
'Internal. Errors: 42P07 there is such a relation, which is no table, 42501 this role may not create tables there.';

-- Which tables a schema had then is known for sure only when it is restored.
CREATE FUNCTION _poc.warn_of_taken_names(wishes jsonb, cluster bigint, elsewhere boolean) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	taken text := (SELECT string_agg(DISTINCT format('%I.%I', n.nspname, c.relname), ', ')
		FROM jsonb_to_recordset(wishes) AS w(schema text, name text, home_schema text)
			JOIN pg_namespace AS n ON n.nspname = w.home_schema
			JOIN pg_class AS c ON c.relnamespace = n.oid
		WHERE w.name IS NULL
			AND (EXISTS (SELECT FROM pg_class AS t JOIN pg_namespace AS s ON s.oid = t.relnamespace
					WHERE NOT elsewhere AND s.nspname = w.schema AND t.relname = c.relname AND t.relkind IN ('r', 'p'))
				OR EXISTS (SELECT FROM _poc.relation_notes AS r
					WHERE r.system_identifier = cluster AND r.schema = w.schema AND r.name = c.relname AND r.kind IN ('r', 'p')))
			-- what is empty may take the rows
			AND NOT (c.relkind = 'p' OR c.relkind = 'r' AND pg_relation_size(c.oid) = 0));
BEGIN
	IF taken IS NOT NULL THEN
		RAISE WARNING 'names that the tables had are taken at home: %', taken
			USING DETAIL = 'A rescued table never comes over data: if one of these was in the schema at that moment, and there are rows now, none will come.',
				HINT = 'Give another to_schema.';
	END IF;
END
$$;

COMMENT ON FUNCTION _poc.warn_of_taken_names(jsonb, bigint, boolean) IS
'Internal. Warns if tables of a whole schema would come home to names that are taken.';

CREATE FUNCTION _poc.rescue_request(caller oid, relations text[], before pg_lsn, as_of timestamptz, mark text, to_table text, to_schema text, dry_run boolean, server text, search_path text[],
	OUT path text[], OUT body jsonb, OUT undone text, OUT plan text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	barman_server CONSTANT text := _poc.server(server);
	this_cluster CONSTANT bigint := (SELECT c.system_identifier FROM pg_control_system() AS c);
	cluster CONSTANT bigint := coalesce(_poc.cluster_of(barman_server), this_cluster);
	elsewhere CONSTANT boolean := _poc.is_elsewhere(barman_server, cluster, 'what Barman has archived of it is restored, and the table comes home to here'::text);
	role CONSTANT record := (SELECT r FROM pg_roles AS r WHERE r.oid = caller);
	wishes jsonb;
	change _poc.change;
	target _poc.marks;
	backup jsonb;
BEGIN
	IF cardinality(relations) = 0 OR array_position(relations, NULL) IS NOT NULL THEN
		RAISE EXCEPTION 'a table must be named'
			USING ERRCODE = 'null_value_not_allowed', HINT = 'For example: SELECT * FROM poc_rescue(''sales.orders'')';
	END IF;
	IF num_nonnulls(before, as_of, mark) > 1 THEN
		RAISE EXCEPTION 'there is more than one moment to rescue from'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give one of before, as_of and mark, or none: then the newest drop, truncate or mass delete is looked for.';
	END IF;
	IF NOT isfinite(as_of) OR as_of > clock_timestamp() THEN
		RAISE EXCEPTION 'the moment to rescue from must be in the past'
			USING ERRCODE = 'invalid_parameter_value',
				DETAIL = format('It is %s, and now it is %s.', as_of, clock_timestamp());
	END IF;

	-- which tables, and just before what
	wishes := (SELECT jsonb_agg(DISTINCT _poc.rescue_wish(r, cluster, elsewhere, search_path, to_table, to_schema)) FROM unnest(relations) AS r);
	IF EXISTS (SELECT FROM jsonb_to_recordset(wishes) AS w(home_schema text, home_name text) WHERE w.home_name IS NOT NULL GROUP BY w.home_schema, w.home_name HAVING count(*) > 1) THEN
		RAISE EXCEPTION 'two of the tables would have one name at home'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Rescue those of each schema by a call of its own, to another to_schema.';
	END IF;
	IF num_nonnulls(before, as_of, mark) = 0 THEN
		change := _poc.change_to_undo(wishes, barman_server, NOT elsewhere);
		before := change.commit_lsn;
		undone := format('%s of %s%s%s by transaction %s, committed %s at %s', change.kind, change.relation,
			CASE WHEN change.kind = 'truncate' AND (SELECT c.relkind = 'p' FROM pg_class AS c WHERE c.oid = change.relation_oid AND NOT elsewhere) THEN ' or of partitions of it' ELSE '' END,
			CASE WHEN change.rows_deleted > 0 THEN format(' (%s rows)', change.rows_deleted) ELSE '' END, change.xid, change.at, change.commit_lsn);
		RAISE NOTICE '%: what was just before it is rescued', undone
			USING DETAIL = 'It is the newest change that poc_find_changes() finds.';
	END IF;
	IF mark IS NOT NULL THEN
		SELECT (f.target).* INTO target FROM _poc.find_mark(mark, barman_server, cluster, current_database()::text) AS f;
		before := target.lsn;
		undone := format('mark %s, set %s at %s', mark, target.at, target.lsn);
	END IF;
	PERFORM _poc.require_free_home(caller, w.home_schema, w.home_name) FROM jsonb_to_recordset(wishes) AS w(home_schema text, home_name text);

	PERFORM _poc.warn_of_taken_names(wishes, cluster, elsewhere);

	body := _poc.copy_request('rescue'::text, before, as_of, coalesce(target.timeline, change.timeline), cluster, elsewhere) || jsonb_build_object(
		-- a table that has another name today is found by its OID
		'tables', (SELECT jsonb_agg(e.wish || jsonb_build_object('rows_only', coalesce(_poc.is_table(e.wish ->> 'home_schema', e.wish ->> 'home_name'), false), 'oid',
				CASE WHEN quote_ident(e.wish ->> 'schema') || '.' || quote_ident(e.wish ->> 'name') = change.relation THEN change.relation_oid::bigint ELSE 0 END) ORDER BY e.n)
			FROM jsonb_array_elements(wishes) WITH ORDINALITY AS e(wish, n)),
		'role', CASE WHEN NOT role.rolsuper THEN role.rolname END,
		'role_oid', CASE WHEN elsewhere THEN 0 ELSE caller::bigint END,
		'database_oid', CASE WHEN elsewhere THEN 0 ELSE (SELECT d.oid::bigint FROM pg_database AS d WHERE d.datname = current_database()) END);
	path := ARRAY['servers'::text, barman_server, 'rescues'::text];

	-- what cannot be restored is refused before anything is done for it
	backup := _poc.ask('restore'::text,
		(SELECT jsonb_object_agg(e.key, e.value) FROM jsonb_each(body) AS e
			WHERE e.key IN ('instance', 'target_lsn', 'exclusive', 'target_time', 'target_timeline', 'timeline', 'system_identifier')),
		ARRAY['servers'::text, barman_server, 'restores'::text, 'check'::text]);
	plan := format('backup %s, to %s', backup ->> 'backup_id', coalesce('just before ' || before, as_of::text));
	IF NOT elsewhere AND NOT coalesce(dry_run, false) THEN
		body := body || jsonb_build_object('primary', _poc.primary_facts(current_database()::text));
		body := body || jsonb_build_object('wal_file', _poc.wal_for_recovery(before, as_of IS NOT NULL));
	END IF;
END
$$;

COMMENT ON FUNCTION _poc.rescue_request(oid, text[], pg_lsn, timestamptz, text, text, text, boolean, text, text[]) IS
'Internal. What the sidecar is asked for to rescue tables, for this role; and in words, the change that was found, and the backup.';

-- What the table needs and this database has not.
CREATE FUNCTION _poc.rescue_lacks(needs jsonb) RETURNS text
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT string_agg(format('%s %s', n.kind, n.name), ', ' ORDER BY n.kind, n.name)
	FROM jsonb_to_recordset(CASE jsonb_typeof(needs) WHEN 'array' THEN needs ELSE '[]' END) AS n(kind text, name text)
	WHERE CASE n.kind WHEN 'type' THEN to_regtype(n.name)::oid WHEN 'function' THEN to_regprocedure(n.name)::oid
		WHEN 'role' THEN to_regrole(quote_ident(n.name))::oid WHEN 'collation' THEN to_regcollation(n.name)::oid ELSE to_regclass(n.name)::oid END IS NULL
$$;

COMMENT ON FUNCTION _poc.rescue_lacks(jsonb) IS
'Internal. The types, functions, collations, sequences and roles (of policies) among these that are not in this database; null if none is missing.';

-- What keeps a table that is there from taking the rows of one that had this shape.
CREATE FUNCTION _poc.rescue_misfits(relid oid, shape jsonb) RETURNS text
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT string_agg(CASE
			WHEN here.name IS NULL THEN format('column %I is missing', was.name)
			WHEN was.name IS NULL THEN format('column %I is new', here.name)
			WHEN here.type <> was.type THEN format('column %I was %s and is %s', was.name, was.type, here.type)
			ELSE format('column %I %s generated', was.name, CASE WHEN was.generated THEN 'was, and is not,' ELSE 'is, and was not,' END) END,
		', ' ORDER BY coalesce(was.name, here.name))
	FROM jsonb_to_recordset(shape) AS was(name text, type text, generated boolean)
		FULL JOIN (SELECT a.attname::text AS name, format_type(a.atttypid, a.atttypmod) AS type, a.attgenerated <> '' AS generated
			FROM pg_attribute AS a WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped) AS here ON here.name = was.name
	WHERE (here.name, here.type, here.generated) IS DISTINCT FROM (was.name, was.type, was.generated)
$$;

COMMENT ON FUNCTION _poc.rescue_misfits(oid, jsonb) IS
'Internal. In words, which columns differ, by name, type or whether they are generated; null if none does. Their order does not count.';

-- What an owner has in a schema, but indexes and the types of rows.
CREATE FUNCTION _poc.rescue_others(owner oid, namespace oid) RETURNS bigint
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT (SELECT count(*) FROM pg_proc WHERE pronamespace = $2 AND proowner = $1)
		+ (SELECT count(*) FROM pg_operator WHERE oprnamespace = $2 AND oprowner = $1)
		+ (SELECT count(*) FROM pg_type AS t WHERE t.typnamespace = $2 AND t.typowner = $1 AND t.typelem = 0
			AND NOT EXISTS (SELECT FROM pg_class AS c WHERE c.oid = t.typrelid AND c.relkind IN ('r', 'p')))
		+ (SELECT count(*) FROM pg_class WHERE relnamespace = $2 AND relowner = $1 AND relkind IN ('r', 'p', 'S', 'v', 'm', 'f', 'c'))
		+ (SELECT count(*) FROM pg_collation WHERE collnamespace = $2 AND collowner = $1)
		+ (SELECT count(*) FROM pg_conversion WHERE connamespace = $2 AND conowner = $1)
		+ (SELECT count(*) FROM pg_opclass WHERE opcnamespace = $2 AND opcowner = $1)
		+ (SELECT count(*) FROM pg_opfamily WHERE opfnamespace = $2 AND opfowner = $1)
		+ (SELECT count(*) FROM pg_ts_config WHERE cfgnamespace = $2 AND cfgowner = $1)
		+ (SELECT count(*) FROM pg_ts_dict WHERE dictnamespace = $2 AND dictowner = $1)
$$;

COMMENT ON FUNCTION _poc.rescue_others(oid, oid) IS
'Internal. How many tables, sequences, functions, operators, types, views and the like of this owner are in the schema.';

CREATE FUNCTION _poc.rescue_receipt(at timestamptz, began timestamptz, role text, relation text, home text, request jsonb, job jsonb, rows bigint, bytes bigint, undone text, steps jsonb, hash text)
RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
	INSERT INTO _poc.rescues (at, began, job_id, role, server, system_identifier, relation, home, undone, target_lsn, target_time,
		backup_id, timeline, recovered_lsn, recovered_time, rows, hash, bytes, steps)
	VALUES (at, began, job ->> 'id', role, job ->> 'server', (request ->> 'system_identifier')::bigint, relation, home, undone,
		(request ->> 'target_lsn')::pg_lsn, (request ->> 'target_time')::timestamptz,
		job -> 'result' ->> 'backup_id', (job -> 'result' ->> 'timeline')::integer, (job -> 'result' ->> 'recovered_lsn')::pg_lsn,
		(job -> 'result' ->> 'recovered_time')::timestamptz, rows, hash, bytes, steps);
	SELECT _poc.chain_receipt('rescue'::text, at, began, home);
$$;

COMMENT ON FUNCTION _poc.rescue_receipt(timestamptz, timestamptz, text, text, text, jsonb, jsonb, bigint, bigint, text, jsonb, text) IS
'Internal. Keeps the receipt of a rescue.';

CREATE VIEW @extschema@.poc_rescues AS
	SELECT r.at, r.role, r.relation, r.home, r.rows, r.undone, r.server, r.backup_id, r.target_lsn, r.target_time, r.timeline,
		r.recovered_lsn, r.recovered_time, r.hash, r.bytes, r.at - r.began AS elapsed, r.system_identifier, r.job_id
	FROM _poc.rescues AS r;

COMMENT ON VIEW @extschema@.poc_rescues IS
'The receipts of poc_rescue(): who brought which table home, as what, from which backup and moment, with how many rows; hash is their fingerprint, which was the same in the restored server and at home when the rescue ended. undone is the change that was undone. Example: SELECT at, role, relation, home, rows, undone FROM poc_rescues ORDER BY at DESC';

CREATE FUNCTION @extschema@.poc_rescue(relation text, before pg_lsn DEFAULT NULL, as_of timestamptz DEFAULT NULL, mark text DEFAULT NULL,
	to_table text DEFAULT NULL, dry_run boolean DEFAULT false, server text DEFAULT NULL, fire_triggers boolean DEFAULT false)
RETURNS TABLE (step text, ok boolean, elapsed interval, detail text)
LANGUAGE c VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 10
AS 'MODULE_PATHNAME', 'poc_rescue';

COMMENT ON FUNCTION @extschema@.poc_rescue(text, pg_lsn, timestamptz, text, text, boolean, text, boolean) IS
'Brings one table home, or with ''schema.*'' all tables of a schema (poc_rescue_tables() a list of them): restores a backup on Barman''s host to just before it was dropped, truncated or had many rows deleted, makes it here from its definition then and its rows, compares the fingerprints of both, removes what was restored, and tells each step with its time. Without a moment the newest drop, truncate or delete of 100 rows or more is looked for, and named in a notice; or give one of before (a commit_lsn of poc_find_changes(): what was just before it), as_of (a time), mark. It comes home as rescued.NAME, or as to_table; never over data: a relation of that name is an error, but for an empty table of the same columns, which takes the rows and stays as it is: its constraints and foreign keys are checked, its triggers do not fire, and the caller must be able to act as its owner. fire_triggers => true has its triggers fire as for a COPY of the caller, with his rights, and all other code of that table runs with these, too: the step "triggers" tells which, and whose functions (dry_run tells it before); a trigger that changes, leaves out or adds rows is an error, as the fingerprints differ. A table that is made has none. Partitioned tables come with their partitions, and a table with those that inherit from it; one partition, or one that inherits, comes as a table of its own. Indexes, constraints, defaults, identity, owned sequences with their positions, statistics objects, policies, comments, and grants to roles that exist come along, and the owner, whom the caller must be, or be able to act as; triggers, rules and foreign keys are left out and listed. Types, functions and roles of policies that it needs and that are missing here are an error that names them. All is done in the caller''s transaction: if it fails or is cancelled nothing is left, here or on Barman''s host. dry_run => true tells the change, the backup and the moment, and restores nothing. Only the owner may execute it until granted; who is no superuser must have been allowed to read all rows of the table then, and to create the table now. The table is made, filled and read with the rights of its owner. A receipt is kept: the view poc_rescues. Errors: 22023 bad argument, 42501 no privilege, 42P01 no such table, 42P07 the name is taken, or that table has rows or other columns, 42704 something it needs is missing here, P0002 no such change, 23503 and the like a row that a constraint of the table refuses, 55000 a standby, the table cannot be rescued, or the moment not be reached, XX001 the fingerprints differ. Example: SELECT * FROM poc_rescue(''sales.orders'')';

CREATE FUNCTION @extschema@.poc_rescue_tables(relations text[], before pg_lsn DEFAULT NULL, as_of timestamptz DEFAULT NULL, mark text DEFAULT NULL,
	to_schema text DEFAULT NULL, dry_run boolean DEFAULT false, server text DEFAULT NULL, fire_triggers boolean DEFAULT false)
RETURNS TABLE (step text, ok boolean, elapsed interval, detail text)
LANGUAGE c VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 100
AS 'MODULE_PATHNAME', 'poc_rescue_tables';

COMMENT ON FUNCTION @extschema@.poc_rescue_tables(text[], pg_lsn, timestamptz, text, text, boolean, text, boolean) IS
'Brings several tables home from one restore and one moment, as poc_rescue() brings one: names, or ''schema.*'' for all tables of a schema. Without a moment it is just before the newest drop, truncate or mass delete of one of them. They come home to the schema rescued, or to to_schema, under their names. All come, or none; but of a whole schema it is left out, and listed, what cannot be rescued, and what is no table: views, functions, types. Foreign keys between them are left out, too, and listed with their definitions. Tables come behind those whose sequences and row types they need; what else one needs (types, functions) must be there before. fire_triggers is as for poc_rescue(), of those that are there and empty. A receipt is kept for each. At most 200 tables. Errors: those of poc_rescue(). Example: SELECT * FROM poc_rescue_tables(''{sales.*}'', to_schema => ''sales'')';
