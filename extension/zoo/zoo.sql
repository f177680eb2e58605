-- zoo.sql: what is to be filled in this database, and how each attempt is judged.  Each attempt is rolled back.
CREATE EXTENSION IF NOT EXISTS poc_barman SCHEMA public;
DROP SCHEMA IF EXISTS zoo CASCADE;
CREATE SCHEMA zoo;

CREATE TABLE zoo.attempts (
	id serial PRIMARY KEY, relid oid, name text, kind "char", variant text, n int, options jsonb,
	began boolean NOT NULL DEFAULT false, ended boolean NOT NULL DEFAULT false,
	rows bigint, path text, hash text, elapsed interval, complaint text,
	doing text, sqlstate text, message text, detail text, hint text, context text);

INSERT INTO zoo.attempts (relid, name, kind, variant, n, options)
SELECT c.oid, format('%I.%I', n.nspname, c.relname), c.relkind, v.variant, v.n, v.options
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace,
	(VALUES (1, 'explain', 0, '{}'::jsonb), (2, 'preview', 5, '{}'), (3, 'usual', 1000, '{}'), (4, 'ten', 10, '{}'),
		(5, 'multi', 100, '{"path": "multi"}'), (6, 'single', 100, '{"path": "single"}'), (7, 'query', 100, '{"path": "query"}'),
		(8, 'nulls', 100, '{"null_fraction": 0.5}'), (9, 'parents', 100, '{"parents": true}')) AS v (number, variant, n, options)
WHERE NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = c.oid AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'poc_barman'))
	AND n.nspname NOT IN ('zoo', 'pg_toast') AND n.nspname !~ '^pg_(toast_)?temp_'
	AND (c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND n.nspname NOT IN ('pg_catalog', 'information_schema') OR v.variant = 'usual')
ORDER BY n.nspname, c.relname, v.number;

CREATE VIEW zoo.todo AS
SELECT format('UPDATE zoo.attempts SET began = true WHERE id = %s', id) AS begin,
	format('SELECT zoo.fill(%s)', id) AS fill
FROM zoo.attempts WHERE NOT began ORDER BY id;

-- The columns that are the same on every path: neither sequences nor defaults.
CREATE FUNCTION zoo.content(relid oid) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	others text[];
	result text;
BEGIN
	SELECT coalesce(array_agg(column_name), '{}') INTO others FROM poc_explain_rows(relid::regclass)
	WHERE generator IN ('sequence', 'default');
	EXECUTE format('SELECT md5(coalesce(string_agg(r, '''' ORDER BY r COLLATE "C"), ''''))
		FROM (SELECT (to_jsonb(zoo_row) - $1)::text AS r FROM %s AS zoo_row) AS zoo_rows', relid::regclass)
	INTO result USING others;
	RETURN result;
END $$;

-- Rows that their own types would not read again.
CREATE FUNCTION zoo.unreadable(relid oid) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	result bigint;
BEGIN
	EXECUTE format('SELECT count(*) FROM %1$s AS zoo_row WHERE zoo_row::text::%1$s::text IS DISTINCT FROM zoo_row::text', relid::regclass)
	INTO result;
	RETURN result;
EXCEPTION WHEN feature_not_supported OR cannot_coerce THEN
	RETURN 0;				-- a type that cannot be read at all
END $$;

-- What is wrong with the table now: its constraints are added once more, its indexes made anew.
CREATE FUNCTION zoo.complaint(relid oid, unreadable_before bigint) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	definition text;
	kind "char" := (SELECT relkind FROM pg_class WHERE oid = relid);
BEGIN
	IF zoo.unreadable(relid) > unreadable_before THEN
		RETURN 'values that their types do not read';
	END IF;
	FOR definition IN
		SELECT pg_get_constraintdef(oid) FROM pg_constraint
		WHERE conrelid = relid AND contype IN ('c', 'f') AND convalidated AND
			NOT EXISTS (SELECT 1 FROM pg_constraint AS p WHERE p.oid = pg_constraint.conparentid AND p.conrelid = relid)
			AND pg_get_constraintdef(oid) !~ 'NOT (VALID|ENFORCED)|PERIOD'
	LOOP
		EXECUTE format('ALTER TABLE %s ADD CONSTRAINT zoo_again %s', relid::regclass, definition);
		EXECUTE format('ALTER TABLE %s DROP CONSTRAINT zoo_again', relid::regclass);
	END LOOP;
	IF kind = 'r' THEN
		EXECUTE format('REINDEX TABLE %s', relid::regclass);
	END IF;
	RETURN NULL;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLERRM;
END $$;

CREATE FUNCTION zoo.fill(id int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	a zoo.attempts;
	unreadable bigint := 0;
BEGIN
	SELECT * INTO STRICT a FROM zoo.attempts WHERE attempts.id = fill.id;
	BEGIN
		a.doing := a.variant;
		IF a.variant = 'explain' THEN
			PERFORM count(*) FROM poc_explain_rows(a.relid::regclass);
		ELSIF a.variant = 'preview' THEN
			PERFORM count(*) FROM poc_preview_rows(a.relid::regclass, a.n, seed => a.relid::bigint);
		ELSE
			IF a.variant = 'usual' AND a.kind IN ('r', 'p') AND to_regclass(a.name) >= 16384::oid THEN
				unreadable := zoo.unreadable(a.relid);
			END IF;
			a.rows := poc_generate_rows(a.n, a.relid::regclass, a.relid::bigint, a.options);
			SELECT path, elapsed INTO a.path, a.elapsed FROM poc_last_rows();
			a.doing := 'checking';
			SET CONSTRAINTS ALL IMMEDIATE;
			IF a.kind IN ('r', 'p') AND a.variant = 'usual' THEN
				a.complaint := zoo.complaint(a.relid, unreadable);
			ELSIF a.kind IN ('r', 'p') AND a.variant IN ('multi', 'single', 'query') THEN
				a.hash := zoo.content(a.relid);
			END IF;
		END IF;
		RAISE EXCEPTION USING ERRCODE = 'ZOO00';
	EXCEPTION
		WHEN SQLSTATE 'ZOO00' THEN
			NULL;
		WHEN OTHERS OR query_canceled OR assert_failure THEN
			GET STACKED DIAGNOSTICS a.sqlstate = RETURNED_SQLSTATE, a.message = MESSAGE_TEXT, a.detail = PG_EXCEPTION_DETAIL,
				a.hint = PG_EXCEPTION_HINT, a.context = PG_EXCEPTION_CONTEXT;
	END;
	UPDATE zoo.attempts SET ended = true, rows = a.rows, path = a.path, hash = a.hash, elapsed = a.elapsed, complaint = a.complaint,
		doing = a.doing, sqlstate = a.sqlstate, message = a.message, detail = a.detail, hint = a.hint, context = a.context
	WHERE attempts.id = fill.id;
END $$;

-- What must not happen.
CREATE VIEW zoo.blame AS
SELECT 'server crashed' AS blame, * FROM zoo.attempts WHERE began AND NOT ended
UNION ALL
SELECT 'internal error', * FROM zoo.attempts WHERE sqlstate LIKE 'XX%' OR message ~ 'cache lookup|could not open relation'
UNION ALL
SELECT 'no hint', * FROM zoo.attempts
WHERE sqlstate NOT LIKE 'XX%' AND coalesce(hint, '') = '' AND context !~ 'PL/pgSQL function (?!zoo\.|poc_)|remote SQL command'
UNION ALL
SELECT 'too slow', * FROM zoo.attempts WHERE sqlstate = '57014'
UNION ALL
SELECT 'row is not valid', * FROM zoo.attempts WHERE complaint IS NOT NULL
UNION ALL
SELECT 'paths differ', a.* FROM zoo.attempts AS a
JOIN zoo.attempts AS b ON b.relid = a.relid AND b.variant = 'query' AND a.variant IN ('multi', 'single') AND a.hash <> b.hash;
