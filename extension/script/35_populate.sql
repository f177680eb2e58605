-- ---------------------------------------------------------------------
-- 35_populate.sql: rows for every table of a schema (rows/populate.c, rows/table_order.c).
--
-- May use: 20_client.
-- ---------------------------------------------------------------------

-- ---- in C

CREATE FUNCTION _poc.check_row_options(options jsonb) RETURNS void
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'poc_check_row_options';

COMMENT ON FUNCTION _poc.check_row_options(jsonb) IS
'Raises the error that a load with these options would raise, whatever its table is.';

CREATE FUNCTION _poc.table_order(tables integer, children integer[], parents integer[], soft integer[],
	OUT node integer, OUT level integer, OUT height integer, OUT cyclic boolean)
RETURNS SETOF record
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'poc_table_order';

COMMENT ON FUNCTION _poc.table_order(integer, integer[], integer[], integer[]) IS
'The order in which tables 1 to n are filled, parents first: children[i] refers to parents[i], and can be filled before it if soft[i] is 1. Level and height count the keys of the longest way up and down.';

CREATE FUNCTION _poc.populate_table(target oid, n bigint, seed bigint, options jsonb, workers integer, circle oid[],
	OUT made bigint, OUT path text, OUT note text)
RETURNS record
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'poc_populate_table';

COMMENT ON FUNCTION _poc.populate_table(oid, bigint, bigint, jsonb, integer, oid[]) IS
'Fills one table for poc_populate(), with the rights of the caller: fewer rows if its keys take no more, and the note says so. The option "parents" fills only the tables of the circle, if that names any.';

CREATE FUNCTION _poc.keep_report(report jsonb) RETURNS void
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'poc_keep_report';

COMMENT ON FUNCTION _poc.keep_report(jsonb) IS 'Keeps the report of poc_populate() in the memory of the session.';

CREATE FUNCTION _poc.kept_report() RETURNS jsonb
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'poc_kept_report';

COMMENT ON FUNCTION _poc.kept_report() IS 'The report that _poc.keep_report() has kept; null before.';

-- ---- the plan

-- What the arguments say, checked: the schema, and the options that go to each table.
CREATE FUNCTION _poc.populate_schema(schema text, rows bigint, scale jsonb, options jsonb) RETURNS oid
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	namespace oid := (SELECT n.oid FROM pg_namespace AS n
		WHERE n.nspname = schema OR (schema = 'pg_temp' AND n.oid = pg_my_temp_schema()));
	member record;
BEGIN
	IF schema IS NULL OR rows IS NULL OR scale IS NULL OR options IS NULL THEN
		RAISE EXCEPTION 'the schema, the number of rows, the scale and the options must not be null'
			USING ERRCODE = 'null_value_not_allowed', HINT = 'For example: CALL poc_populate(''shop'', rows => 1000);';
	END IF;
	IF rows NOT BETWEEN 0 AND 1000000000000 THEN
		RAISE EXCEPTION 'cannot make % rows', rows
			USING ERRCODE = 'invalid_parameter_value', DETAIL = 'The number of rows must lie between 0 and 1000000000000.',
				HINT = 'For example: CALL poc_populate(''shop'', rows => 1000);';
	END IF;
	IF namespace IS NULL THEN
		RAISE EXCEPTION 'schema "%" does not exist', schema
			USING ERRCODE = 'invalid_schema_name', HINT = 'The name is taken as it is: without quotes, case matters.';
	END IF;
	IF NOT has_schema_privilege(namespace, 'USAGE') THEN
		RAISE EXCEPTION 'permission denied for schema %', schema
			USING ERRCODE = 'insufficient_privilege', HINT = format('Its owner can grant it: GRANT USAGE ON SCHEMA %I TO %I;', schema, current_user);
	END IF;
	IF (schema LIKE E'pg\\_%' AND namespace <> pg_my_temp_schema()) OR schema = 'information_schema' THEN
		RAISE EXCEPTION 'permission denied: "%" is a schema of the system', schema
			USING ERRCODE = 'insufficient_privilege', HINT = 'Name a schema of your own.';
	END IF;

	IF jsonb_typeof(scale) = 'object' THEN
		FOR member IN SELECT s.key, s.value FROM jsonb_each(scale) AS s LOOP
			IF (SELECT CASE WHEN jsonb_typeof(member.value) = 'number'
				THEN member.value::numeric NOT BETWEEN 0 AND 1000000000000 OR member.value::numeric <> trunc(member.value::numeric)
				ELSE true END)
			THEN
				RAISE EXCEPTION 'invalid number of rows for "%" in the scale', member.key
					USING ERRCODE = 'invalid_parameter_value', DETAIL = 'It must be a whole number between 0 and 1000000000000.',
						HINT = 'For example: scale => ''{"orders": 50000, "countries": 200}''.';
			END IF;
		END LOOP;
	ELSIF scale <> '"auto"' THEN
		RAISE EXCEPTION 'the scale must be an object of tables and their numbers of rows, or "auto"'
			USING ERRCODE = 'invalid_parameter_value',
				HINT = 'For example: scale => ''{"orders": 50000, "countries": 200}'', or scale => ''"auto"''.';
	END IF;

	IF jsonb_typeof(options) <> 'object' THEN
		RAISE EXCEPTION 'options must be a JSON object'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'For example: ''{"null_fraction": 0.1}''.';
	END IF;
	IF options ? 'columns' THEN
		RAISE EXCEPTION 'option "columns" is about one table'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'For example: ''{"tables": {"orders": {"columns": {...}}}}''.';
	END IF;
	IF options ? 'tables' AND (jsonb_typeof(options -> 'tables') <> 'object'
			OR EXISTS (SELECT FROM jsonb_each(options -> 'tables') AS t WHERE jsonb_typeof(t.value) <> 'object')) THEN
		RAISE EXCEPTION 'invalid value of option "tables"'
			USING ERRCODE = 'invalid_parameter_value', DETAIL = 'It must be an object of tables and their options.',
				HINT = 'For example: ''{"tables": {"orders": {"null_fraction": 0.5}}}''.';
	END IF;
	IF options ? 'owners' AND (jsonb_typeof(options -> 'owners') <> 'array'
			OR EXISTS (SELECT FROM jsonb_array_elements(options -> 'owners') AS o WHERE jsonb_typeof(o.value) <> 'string')) THEN
		RAISE EXCEPTION 'invalid value of option "owners"'
			USING ERRCODE = 'invalid_parameter_value', DETAIL = 'It must be an array of names of roles.',
				HINT = 'For example: ''{"owners": ["app"]}''.';
	END IF;
	IF options ? 'dry_run' AND jsonb_typeof(options -> 'dry_run') <> 'boolean' THEN
		RAISE EXCEPTION 'invalid value of option "dry_run"'
			USING ERRCODE = 'invalid_parameter_value', DETAIL = 'It must be true or false.',
				HINT = 'SELECT * FROM poc_populate_plan() shows the order, too.';
	END IF;
	PERFORM _poc.check_row_options(options - ARRAY['tables', 'owners', 'dry_run']);
	PERFORM _poc.check_row_options(t.value) FROM jsonb_each(options -> 'tables') AS t;
	RETURN namespace;
END
$$;

COMMENT ON FUNCTION _poc.populate_schema(text, bigint, jsonb, jsonb) IS
'The OID of the schema that poc_populate() fills; raises an error if an argument of poc_populate() is not right.';

-- Naming a schema accepts the code (triggers, functions of constraints and defaults) of the
-- schema's owner, as naming a table accepts that of the table's.  Where others can create
-- tables in it, theirs must not run with the rights of whoever calls us.
CREATE FUNCTION _poc.populate_tables(namespace oid, scale jsonb, options jsonb,
	OUT target oid, OUT name text, OUT omitted text, OUT hint text)
RETURNS SETOF record
LANGUAGE sql VOLATILE PARALLEL RESTRICTED
BEGIN ATOMIC
	SELECT c.oid, c.relname::text,
		CASE WHEN scale ? c.relname::text THEN CASE WHEN (scale -> c.relname::text)::numeric = 0 THEN 'the scale asks for none' END
			WHEN e.extname IS NOT NULL THEN format('it belongs to extension "%s"', e.extname)
			WHEN c.relkind = 'f' THEN 'it is a foreign table: its rows would go to another server'
			WHEN c.relowner <> me.oid AND NOT r.rolsuper AND c.relowner <> o.oid
				AND NOT coalesce((options -> 'owners') ? r.rolname::text, false)
			THEN format('it belongs to role "%s", whose triggers and functions would run with your rights', r.rolname) END,
		CASE WHEN scale ? c.relname::text THEN NULL
			WHEN e.extname IS NOT NULL OR c.relkind = 'f' THEN 'A table that the scale names is filled.'
			WHEN c.relowner <> me.oid AND NOT r.rolsuper AND c.relowner <> o.oid
			THEN format('If you trust the role, use the option {"owners": [%s]}, or name the table in the scale.', to_jsonb(r.rolname::text)) END
	FROM pg_class AS c
		JOIN pg_namespace AS n ON n.oid = c.relnamespace
		JOIN pg_roles AS r ON r.oid = c.relowner
		JOIN pg_roles AS me ON me.rolname = current_user,
		LATERAL (SELECT CASE WHEN pg_get_userbyid(n.nspowner) = 'pg_database_owner'
			THEN (SELECT d.datdba FROM pg_database AS d WHERE d.datname = current_database()) ELSE n.nspowner END) AS o(oid),
		LATERAL (SELECT (SELECT x.extname FROM pg_depend AS d JOIN pg_extension AS x ON x.oid = d.refobjid
			WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
				AND d.refclassid = 'pg_extension'::regclass)) AS e(extname)
	WHERE c.relnamespace = namespace
		AND ((c.relkind IN ('r', 'p', 'f') AND NOT c.relispartition)
			OR (c.relkind IN ('r', 'p', 'f', 'v') AND scale ? c.relname::text));
END;

COMMENT ON FUNCTION _poc.populate_tables(oid, jsonb, jsonb) IS
'The tables that poc_populate() is about, and why it leaves one out. Partitions get their rows through the table that they are parts of; views, and what else is left out, only if the scale names them.';

-- The foreign keys of a table and of its partitions, as one for each table they refer to.
CREATE FUNCTION _poc.table_references(OUT child oid, OUT parent oid, OUT soft boolean)
RETURNS SETOF record
LANGUAGE sql VOLATILE PARALLEL RESTRICTED
BEGIN ATOMIC
	SELECT k.child, k.parent, bool_and(k.soft)
	FROM (
		SELECT coalesce(pg_partition_root(c.conrelid)::oid, c.conrelid) AS child,
			coalesce(pg_partition_root(c.confrelid)::oid, c.confrelid) AS parent,
			(SELECT CASE c.confmatchtype WHEN 'f' THEN bool_and(NOT a.attnotnull) ELSE bool_or(NOT a.attnotnull) END
				FROM pg_attribute AS a WHERE a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)) AS soft
		FROM pg_constraint AS c
		WHERE c.contype = 'f' AND c.conparentid = 0 AND coalesce((to_jsonb(c) ->> 'conenforced')::boolean, true)
	) AS k
	WHERE k.child <> k.parent
	GROUP BY k.child, k.parent;
END;

COMMENT ON FUNCTION _poc.table_references() IS
'Which tables refer to which others by foreign keys; soft: a null will do in every one of them.';

-- "auto": a tenth of the rows for what only others refer to, ten times the rows for what
-- nothing refers to, in between by the place on the longest chain of keys; two digits.
CREATE FUNCTION _poc.auto_rows(rows bigint, level integer, height integer) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE WHEN rows = 0 THEN 0
		ELSE greatest(1, round(x.n, 1 - floor(log(greatest(x.n, 1)))::integer))::bigint END
	FROM (SELECT rows * power(10::numeric, CASE level + height WHEN 0 THEN 0 ELSE (level - height)::numeric / (level + height) END)) AS x(n);
END;

COMMENT ON FUNCTION _poc.auto_rows(bigint, integer, integer) IS
'How many rows the scale "auto" gives to a table with so many keys above and below it.';

-- Without JIT: compiling takes longer than filling ten tables.
CREATE FUNCTION _poc.populate_steps(schema text, rows bigint, scale jsonb, options jsonb,
	OUT step integer, OUT target regclass, OUT name text, OUT wanted bigint, OUT refers_to regclass[], OUT cyclic boolean,
	OUT awaits boolean, OUT nullable boolean, OUT omitted text, OUT hint text)
RETURNS SETOF record
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
	namespace CONSTANT oid := _poc.populate_schema(schema, rows, scale, options);
	-- numbers of rows by table
	named CONSTANT jsonb := CASE jsonb_typeof(scale) WHEN 'object' THEN scale ELSE '{}' END;
	missing text;
BEGIN
	missing := (SELECT k.key FROM (
			SELECT jsonb_object_keys(named)
			UNION ALL SELECT jsonb_object_keys(options -> 'tables')) AS k(key)
		WHERE NOT EXISTS (SELECT FROM _poc.populate_tables(namespace, named, options) AS t WHERE t.name = k.key)
		ORDER BY k.key LIMIT 1);
	IF missing IS NOT NULL THEN
		RAISE EXCEPTION 'schema "%" has no table "%" to fill', schema, missing
			USING ERRCODE = 'undefined_table', DETAIL = 'The scale or the option "tables" names it.',
				HINT = 'Names are taken as they are, without schema and quotes. SELECT * FROM poc_populate_plan() lists the tables.';
	END IF;

	RETURN QUERY
	WITH tables AS MATERIALIZED (
		SELECT row_number() OVER (ORDER BY t.name COLLATE "C")::integer AS node, t.target, t.name, t.omitted, t.hint
		FROM _poc.populate_tables(namespace, named, options) AS t
	), edges AS MATERIALIZED (
		SELECT r.child, r.parent, r.soft, c.node AS child_node, p.node AS parent_node
		FROM _poc.table_references() AS r JOIN tables AS c ON c.target = r.child LEFT JOIN tables AS p ON p.target = r.parent
	), places AS MATERIALIZED (
		SELECT o.node, o.level, o.height, o.cyclic, o.place
		FROM ROWS FROM (_poc.table_order((SELECT count(*)::integer FROM tables),
			(SELECT coalesce(array_agg(e.child_node ORDER BY e.child_node, e.parent_node), '{}') FROM edges AS e WHERE e.parent_node IS NOT NULL),
			(SELECT coalesce(array_agg(e.parent_node ORDER BY e.child_node, e.parent_node), '{}') FROM edges AS e WHERE e.parent_node IS NOT NULL),
			(SELECT coalesce(array_agg(e.soft::integer ORDER BY e.child_node, e.parent_node), '{}') FROM edges AS e WHERE e.parent_node IS NOT NULL)))
			WITH ORDINALITY AS o(node, level, height, cyclic, place)
	)
	SELECT p.place::integer, t.target::regclass, t.name,
		CASE WHEN t.omitted IS NOT NULL THEN 0
			WHEN scale = '"auto"' THEN _poc.auto_rows(rows, p.level, p.height)
			ELSE coalesce((named ->> t.name)::numeric::bigint, rows) END,
		(SELECT array_agg(e.parent::regclass ORDER BY e.parent_node, e.parent) FROM edges AS e WHERE e.child = t.target),
		p.cyclic,
		w.soft IS NOT NULL, coalesce(w.soft, false), t.omitted, t.hint
	FROM tables AS t JOIN places AS p ON p.node = t.node,
		LATERAL (SELECT bool_and(e.soft) FROM edges AS e JOIN places AS q ON q.node = e.parent_node
			WHERE e.child = t.target AND q.place > p.place) AS w(soft)
	ORDER BY p.place;
END
$$;

COMMENT ON FUNCTION _poc.populate_steps(text, bigint, jsonb, jsonb) IS
'The steps of poc_populate(): its tables in the order of their foreign keys. One that awaits, in a circle, refers to a later table, nullable says whether a null would do.';

CREATE FUNCTION @extschema@.poc_populate_plan(schema text DEFAULT 'public', rows bigint DEFAULT 1000,
	scale jsonb DEFAULT '{}', options jsonb DEFAULT '{}',
	OUT step integer, OUT target regclass, OUT wanted bigint, OUT refers_to regclass[], OUT note text)
RETURNS SETOF record
LANGUAGE sql VOLATILE PARALLEL RESTRICTED
BEGIN ATOMIC
	SELECT s.step, s.target, s.wanted, s.refers_to,
		CASE WHEN s.omitted IS NOT NULL THEN concat('left out: ', s.omitted)
			WHEN s.cyclic THEN 'in a circle of foreign keys' END
	FROM _poc.populate_steps(schema, rows, scale, options) AS s;
END;

COMMENT ON FUNCTION @extschema@.poc_populate_plan(text, bigint, jsonb, jsonb) IS
'the tables of a schema in the order in which poc_populate() would fill them, the rows that each would get, what it refers to, and which tables are left out and why. Writes nothing. Errors as of poc_populate(). Example: SELECT * FROM poc_populate_plan(''public'', scale => ''"auto"'');';

-- ---- the call

-- The rows of a table in a circle: the step of another table may have made some.  Null for
-- whoever may not read them.
CREATE FUNCTION _poc.count_rows(target oid) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	n bigint;
BEGIN
	EXECUTE format('SELECT count(*) FROM %s %s',
		(SELECT CASE c.relkind WHEN 'r' THEN 'ONLY' END FROM pg_class AS c WHERE c.oid = target), target::regclass) INTO n;
	RETURN n;
EXCEPTION WHEN OTHERS THEN
	RETURN NULL;
END
$$;

COMMENT ON FUNCTION _poc.count_rows(oid) IS 'The number of rows of a table; null if the caller may not read it.';

-- All steps as JSON, for a procedure that can have no search_path of its own.  A seed for
-- each table, by its name: two tables of the same columns get different rows, and a copy of
-- the schema the same.
CREATE FUNCTION _poc.populate_steps_json(schema text, rows bigint, scale jsonb, seed bigint, options jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
	first_seed CONSTANT bigint := coalesce(seed, floor(random() * 9007199254740992)::bigint);
	-- the day, in case it ends before the call does
	common CONSTANT jsonb := jsonb_build_object('now', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD')) || options - ARRAY['tables', 'owners', 'dry_run'];
BEGIN
	RETURN (SELECT coalesce(jsonb_agg(jsonb_build_object(
			'step', s.step, 'target', s.target::oid::bigint, 'name', s.name, 'wanted', s.wanted,
			'seed', hashtextextended(s.name COLLATE "C", first_seed) & 9223372036854775807,
			'options', common || coalesce(options -> 'tables' -> s.name, '{}'),
			-- tables that refer to each other are filled in one step
			'awaits', s.awaits AND NOT (common ? 'parents' OR coalesce(options -> 'tables' -> s.name, '{}') ? 'parents'),
			'nullable', s.nullable,
			'present', CASE WHEN s.cyclic AND s.omitted IS NULL THEN _poc.count_rows(s.target) END,
			'omitted', s.omitted, 'hint', s.hint) ORDER BY s.step), '[]')
		FROM _poc.populate_steps(schema, rows, scale, options) AS s);
END
$$;

COMMENT ON FUNCTION _poc.populate_steps_json(text, bigint, jsonb, bigint, jsonb) IS
'The steps of poc_populate(), with the seed and the options of each table.';

-- What a step may fill beside its own table: nothing that is left out, and nothing elsewhere.
CREATE FUNCTION _poc.populate_circle(steps jsonb) RETURNS oid[]
LANGUAGE sql VOLATILE PARALLEL RESTRICTED
BEGIN ATOMIC
	SELECT array_agg((s.value ->> 'target')::oid)
	FROM jsonb_array_elements(steps) AS s(value)
	WHERE s.value ->> 'omitted' IS NULL;
END;

COMMENT ON FUNCTION _poc.populate_circle(jsonb) IS 'The tables that poc_populate() fills.';

CREATE FUNCTION _poc.populate_gained(step jsonb) RETURNS bigint
LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
	SELECT CASE WHEN step ->> 'present' IS NULL THEN 0
		ELSE coalesce(_poc.count_rows((step ->> 'target')::oid) - (step ->> 'present')::bigint, 0) END;
END;

COMMENT ON FUNCTION _poc.populate_gained(jsonb) IS
'How many rows the steps of other tables have put into the table of this one.';

CREATE FUNCTION _poc.populate_report(step jsonb, state text, rows bigint, elapsed interval, path text, message text, detail text,
	hint text, sqlstate text) RETURNS jsonb
LANGUAGE sql VOLATILE PARALLEL RESTRICTED
BEGIN ATOMIC
	SELECT jsonb_strip_nulls(step - ARRAY['options', 'awaits', 'nullable', 'present', 'omitted', 'hint'] || jsonb_build_object('state', state, 'rows', rows,
		'elapsed', elapsed, 'path', path, 'message', message, 'detail', nullif(detail, ''), 'hint', nullif(hint, ''),
		'sqlstate', sqlstate));
END;

COMMENT ON FUNCTION _poc.populate_report(jsonb, text, bigint, interval, text, text, text, text, text) IS
'What became of a step of poc_populate().';

CREATE FUNCTION _poc.populate_line(report jsonb, steps integer) RETURNS text
LANGUAGE sql VOLATILE PARALLEL RESTRICTED
BEGIN ATOMIC
	SELECT format('%s/%s  %s  %s', lpad(report ->> 'step', length(steps::text)), steps, rpad(n.name, greatest(30, length(n.name))),
		CASE report ->> 'state'
			WHEN 'filled' THEN concat_ws('  ', concat(lpad(report ->> 'rows', 8), ' rows'),
				concat(to_char(date_part('epoch', (report ->> 'elapsed')::interval)::numeric, 'FM99999990.00'), ' s'),
				report ->> 'path', report ->> 'message')
			WHEN 'planned' THEN concat(lpad(report ->> 'wanted', 8), ' rows')
			ELSE concat_ws(': ', report ->> 'state', report ->> 'message') END)
	FROM (SELECT quote_ident(report ->> 'name')) AS n(name);
END;

COMMENT ON FUNCTION _poc.populate_line(jsonb, integer) IS 'What became of a step of poc_populate(), as a line for people.';

-- A procedure returns one row at the most: the rows of the report come as messages while it
-- works, like those of poc_play(), and from poc_last_populate() afterwards.
--
-- A procedure that commits can have no search_path of its own: every name and
-- operator in it is qualified, those of types too.  Triggers and defaults of the tables run
-- with the search_path of the caller, as they do in an INSERT of his.
CREATE PROCEDURE @extschema@.poc_populate(schema text DEFAULT 'public', rows bigint DEFAULT 1000,
	scale jsonb DEFAULT '{}', seed bigint DEFAULT NULL, options jsonb DEFAULT '{}', workers integer DEFAULT 2,
	INOUT filled integer DEFAULT NULL, INOUT refused integer DEFAULT NULL,
	INOUT made bigint DEFAULT NULL, INOUT elapsed interval DEFAULT NULL)
LANGUAGE plpgsql
AS $$
DECLARE
	began CONSTANT pg_catalog.timestamptz := pg_catalog.clock_timestamp();
	-- with the other tables of its circle?
	together pg_catalog.bool;
	dry CONSTANT pg_catalog.bool := coalesce(options OPERATOR(pg_catalog.@>) '{"dry_run": true}'::pg_catalog.jsonb, false);
	steps pg_catalog.jsonb;
	step pg_catalog.jsonb;
	step_began pg_catalog.timestamptz;
	lines pg_catalog.text[];
	-- rows made by the step, and before it by those of other tables
	n pg_catalog.int8;
	gained pg_catalog.int8;
	path pg_catalog.text;
	state pg_catalog.text;
	code pg_catalog.text;
	message pg_catalog.text;
	detail pg_catalog.text;
	hint pg_catalog.text;
	context pg_catalog.text;
	report pg_catalog.jsonb;
	reports pg_catalog.jsonb := '[]'::pg_catalog.jsonb;
BEGIN
	IF NOT dry THEN
		PERFORM _poc.require_top_level('poc_populate()'::pg_catalog.text);
	END IF;
	IF workers IS NULL OR workers OPERATOR(pg_catalog.<) 1 OR workers OPERATOR(pg_catalog.>) 64 THEN
		RAISE EXCEPTION 'argument "workers" of poc_populate() is out of range'
			USING ERRCODE = 'invalid_parameter_value', DETAIL = 'It must lie between 1 and 64.',
				HINT = 'They fill tables of 100,000 rows or more; 1 means none.';
	END IF;
	-- by itself, so that the context of its errors is short
	PERFORM _poc.populate_schema(schema, rows, scale, options);
	steps := _poc.populate_steps_json(schema, rows, scale, seed, options);
	PERFORM _poc.keep_report(reports);
	filled := 0;
	refused := 0;
	made := 0;
	FOR i IN 0 .. pg_catalog.jsonb_array_length(steps) OPERATOR(pg_catalog.-) 1 LOOP
		step := steps OPERATOR(pg_catalog.->) i;
		step_began := pg_catalog.clock_timestamp();
		n := NULL;
		path := NULL;
		code := NULL;
		detail := NULL;
		message := step OPERATOR(pg_catalog.->>) 'omitted'::pg_catalog.text;
		hint := step OPERATOR(pg_catalog.->>) 'hint'::pg_catalog.text;
		IF message IS NOT NULL THEN
			state := 'left out';
		ELSIF dry THEN
			state := 'planned';
		ELSE
			together := (step OPERATOR(pg_catalog.->) 'awaits'::pg_catalog.text)::pg_catalog.bool;
			LOOP
				BEGIN
					gained := _poc.populate_gained(step);
					SELECT t.made OPERATOR(pg_catalog.+) gained, t.path, t.note INTO n, path, message
					FROM _poc.populate_table(
						(step OPERATOR(pg_catalog.->>) 'target'::pg_catalog.text)::pg_catalog.oid,
						(step OPERATOR(pg_catalog.->>) 'wanted'::pg_catalog.text)::pg_catalog.int8 OPERATOR(pg_catalog.-) gained,
						(step OPERATOR(pg_catalog.->>) 'seed'::pg_catalog.text)::pg_catalog.int8,
						CASE WHEN together THEN '{"parents": true}'::pg_catalog.jsonb ELSE '{}'::pg_catalog.jsonb END
							OPERATOR(pg_catalog.||) (step OPERATOR(pg_catalog.->) 'options'::pg_catalog.text),
						workers,
						CASE WHEN together THEN _poc.populate_circle(steps) ELSE '{}'::pg_catalog.oid[] END) AS t;
					-- what is deferred is a reason of this table, and must not end the call
					SET CONSTRAINTS ALL IMMEDIATE;
					state := 'filled';
					filled := filled OPERATOR(pg_catalog.+) 1;
					made := made OPERATOR(pg_catalog.+) n;
					EXIT;
				EXCEPTION WHEN OTHERS THEN
					GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
						detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT, context = PG_EXCEPTION_CONTEXT;
					-- a trigger that is deferred, for example
					IF pg_catalog.length(hint) OPERATOR(pg_catalog.=) 0 THEN
						hint := 'If a trigger or another function asks for it: give the columns that it looks at values that suit it by the option "columns", or lift it for the time of the load.';
						IF pg_catalog.length(detail) OPERATOR(pg_catalog.=) 0 THEN
							detail := pg_catalog.concat('Raised in ', pg_catalog.split_part(context, pg_catalog.chr(10), 1), '.');
						END IF;
					END IF;
					-- no room, a server that stops, a disk that fails: no reason of a table
					IF pg_catalog."left"(code, 2) OPERATOR(pg_catalog.=) ANY (ARRAY['53', '57', '58']::pg_catalog.text[])
						AND code OPERATOR(pg_catalog.<>) '53400'::pg_catalog.text
					THEN
						RAISE;
					END IF;
				END;
				-- another table of the circle may be the reason: nulls do without it
				IF NOT together OR NOT (step OPERATOR(pg_catalog.->) 'nullable'::pg_catalog.text)::pg_catalog.bool THEN
					state := 'refused';
					n := 0;
					path := NULL;
					refused := refused OPERATOR(pg_catalog.+) 1;
					EXIT;
				END IF;
				together := false;
				code := NULL;
				detail := NULL;
				hint := NULL;
			END LOOP;
			COMMIT;
		END IF;

		report := _poc.populate_report(step, state, n,
			CASE state WHEN 'filled' THEN pg_catalog.age(pg_catalog.clock_timestamp(), step_began) END,
			path, message, detail, hint, code);
		reports := reports OPERATOR(pg_catalog.||) report;
		PERFORM _poc.keep_report(reports);
		message := _poc.populate_line(report, pg_catalog.jsonb_array_length(steps));
		IF _poc.progress() OPERATOR(pg_catalog.<>) 'log'::pg_catalog.text THEN
			lines := lines OPERATOR(pg_catalog.||) ARRAY[message, '  '::pg_catalog.text OPERATOR(pg_catalog.||) nullif(detail, ''),
				'  '::pg_catalog.text OPERATOR(pg_catalog.||) nullif(hint, '')]::pg_catalog.text[];
		ELSIF pg_catalog.length(hint) OPERATOR(pg_catalog.>) 0 AND pg_catalog.length(detail) OPERATOR(pg_catalog.>) 0 THEN
			RAISE INFO '%', message USING DETAIL = detail, HINT = hint;
		ELSIF pg_catalog.length(hint) OPERATOR(pg_catalog.>) 0 THEN
			RAISE INFO '%', message USING HINT = hint;
		ELSE
			RAISE INFO '%', message;
		END IF;
	END LOOP;
	-- pgcli would show the last table first
	IF _poc.progress() OPERATOR(pg_catalog.=) 'brief'::pg_catalog.text AND pg_catalog.cardinality(lines) OPERATOR(pg_catalog.>) 0 THEN
		RAISE INFO 'poc_populate(): % tables', pg_catalog.jsonb_array_length(steps)
			USING DETAIL = pg_catalog.array_to_string(lines, E'\n'::pg_catalog.text);
	END IF;
	elapsed := pg_catalog.age(pg_catalog.clock_timestamp(), began);
END
$$;

COMMENT ON PROCEDURE @extschema@.poc_populate(text, bigint, jsonb, bigint, jsonb, integer, integer, integer, bigint, interval) IS
'fill every table of a schema with made-up rows, as poc_generate_rows() would, in the order of their foreign keys, each in a transaction of its own; so this must not be called in a transaction block (25001). A table that refuses is told with its reason, and the others are filled. rows: for each table. scale: rows by table, {"orders": 50000, "countries": 200}, or "auto": a tenth for what only others refer to, ten times as many for what nothing refers to. Options: those of poc_generate_rows() for all tables; tables: options by table; owners: roles whose tables are filled, too (left out are tables of others than the caller, a superuser and the owner of the schema, foreign tables and members of extensions; the scale may name them, and views); dry_run: true only shows the order. Each step is told as it ends, and poc_last_populate() tells all of them again. The last arguments are there to return the number of tables filled and refused, of rows, and the time. Errors: 22023 bad argument or option, 3F000 no such schema, 42501 no USAGE on it, 42P01 no such table in it. Example: CALL poc_populate(''public'', scale => ''{"orders": 50000}'');';

CREATE FUNCTION @extschema@.poc_last_populate(
	OUT step integer, OUT target regclass, OUT state text, OUT rows bigint, OUT elapsed interval, OUT path text, OUT seed bigint,
	OUT message text, OUT detail text, OUT hint text, OUT sqlstate text)
RETURNS SETOF record
LANGUAGE sql VOLATILE PARALLEL RESTRICTED
BEGIN ATOMIC
	SELECT (r.value ->> 'step')::integer, (r.value ->> 'target')::oid::regclass, r.value ->> 'state',
		(r.value ->> 'rows')::bigint, (r.value ->> 'elapsed')::interval, r.value ->> 'path', (r.value ->> 'seed')::bigint,
		r.value ->> 'message', r.value ->> 'detail', r.value ->> 'hint', r.value ->> 'sqlstate'
	FROM jsonb_array_elements(_poc.kept_report()) AS r(value)
	ORDER BY 1;
END;

COMMENT ON FUNCTION @extschema@.poc_last_populate() IS
'what the last poc_populate() of this session did, a row for each table: filled, refused or left out (of a dry run: planned); how many rows in what time by which path; the seed with which poc_generate_rows() makes the same rows; and why there are none, or fewer than wanted. Example: SELECT target, message, hint FROM poc_last_populate() WHERE state = ''refused'';';
