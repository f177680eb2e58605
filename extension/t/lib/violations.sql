-- violations(): every row of every table that violates a constraint, whether or not the constraint was checked.
--
-- A load must never store one: neither by a path that checks nothing, nor by one that says it has checked in bulk.

CREATE SCHEMA valid;

-- Runs a query that counts; an error of it is a violation as well.
CREATE FUNCTION valid.count(query text, OUT n bigint, OUT failed text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE query INTO n;
EXCEPTION WHEN OTHERS THEN
	n := 1;
	failed := SQLERRM;
END $$;

-- The tables of everybody but PostgreSQL and extensions, partitions and children one by one.
CREATE VIEW valid.tables AS
	SELECT c.oid, c.oid::regclass AS name, c.relkind
	FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
	WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_(catalog|toast)|^information_schema$|^_poc$|^valid$'
		AND (c.relpersistence <> 't' OR c.relnamespace = pg_my_temp_schema())
		AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e');

-- A query for each constraint; "only" leaves out children that inherit, which no foreign key sees.
CREATE VIEW valid.queries AS
	SELECT t.name, k.conname::text AS what, format(
		'SELECT count(*) FROM %s%s AS c WHERE %s AND NOT EXISTS (SELECT FROM %s%s AS p WHERE %s)',
		CASE t.relkind WHEN 'r' THEN 'ONLY ' END, t.name,
		CASE k.confmatchtype WHEN 'f' THEN '(' || string_agg(format('c.%I IS NOT NULL', a.attname), ' OR ') || ')'
			ELSE string_agg(format('c.%I IS NOT NULL', a.attname), ' AND ') END,
		CASE r.relkind WHEN 'r' THEN 'ONLY ' END, k.confrelid::regclass,
		string_agg(format('p.%I = c.%I', b.attname, a.attname), ' AND ')) AS query
	FROM valid.tables AS t JOIN pg_constraint AS k ON k.conrelid = t.oid AND k.contype = 'f'
		JOIN pg_class AS r ON r.oid = k.confrelid
		CROSS JOIN unnest(k.conkey, k.confkey) AS columns(con, conf)
		JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = con
		JOIN pg_attribute AS b ON b.attrelid = k.confrelid AND b.attnum = conf
	WHERE (k.conparentid = 0 OR NOT EXISTS (SELECT FROM pg_constraint AS up WHERE up.oid = k.conparentid AND up.conrelid = k.conrelid))
		AND coalesce((to_jsonb(k) ->> 'conenforced')::boolean, true)
	GROUP BY t.name, t.relkind, k.oid, k.conname, k.confmatchtype, k.confrelid, r.relkind
UNION ALL
	SELECT t.name, k.conname, format('SELECT count(*) FROM ONLY %s WHERE (%s) IS FALSE', t.name, pg_get_expr(k.conbin, k.conrelid))
	FROM valid.tables AS t JOIN pg_constraint AS k ON k.conrelid = t.oid AND k.contype = 'c'
	WHERE t.relkind = 'r' AND coalesce((to_jsonb(k) ->> 'conenforced')::boolean, true)
UNION ALL
	-- PostgreSQL believes the constraint: since 17 the planner of IS NULL, since 19 who takes a column from a row; not of copies
	SELECT t.name, a.attname || ' is NOT NULL',
		format('WITH copies AS MATERIALIZED (SELECT * FROM ONLY %s) SELECT count(*) FROM copies WHERE num_nulls(%I) = 1', t.name, a.attname)
	FROM valid.tables AS t JOIN pg_attribute AS a ON a.attrelid = t.oid
	WHERE t.relkind = 'r' AND a.attnum > 0 AND a.attnotnull AND NOT a.attisdropped
UNION ALL
	SELECT t.name, 'domain of ' || a.attname,
		format('SELECT 0 * count(value) FROM (SELECT %I::%s::%s AS value FROM ONLY %s OFFSET 0) AS casts', a.attname,
			format_type(d.typbasetype, d.typtypmod), format_type(d.oid, NULL), t.name)
	FROM valid.tables AS t JOIN pg_attribute AS a ON a.attrelid = t.oid JOIN pg_type AS d ON d.oid = a.atttypid AND d.typtype = 'd'
	WHERE t.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL
	SELECT t.name, 'partition', format('SELECT count(*) FROM ONLY %s WHERE NOT (%s)', t.name, pg_get_partition_constraintdef(t.oid))
	FROM valid.tables AS t
	WHERE t.relkind = 'r' AND pg_get_partition_constraintdef(t.oid) IS NOT NULL;

-- Uniqueness and exclusion: building the indexes anew finds what they would not have let in.
CREATE FUNCTION valid.reindex(name regclass, OUT failed text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('REINDEX TABLE %s', name);
EXCEPTION WHEN OTHERS THEN
	failed := SQLERRM;
END $$;

CREATE FUNCTION valid.violations() RETURNS SETOF text LANGUAGE sql SECURITY DEFINER SET client_min_messages = error AS $$
	SELECT format('VIOLATION: %s of %s: %s', q.what, q.name, coalesce(c.failed, c.n || ' rows'))
	FROM valid.queries AS q CROSS JOIN valid.count(q.query) AS c WHERE c.n > 0
UNION ALL
	SELECT format('VIOLATION: an index of %s: %s', t.name, r.failed)
	FROM valid.tables AS t CROSS JOIN valid.reindex(t.name) AS r WHERE t.relkind = 'r' AND r.failed IS NOT NULL
$$;

GRANT USAGE ON SCHEMA valid TO PUBLIC;
