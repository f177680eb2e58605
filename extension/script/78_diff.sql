-- ---------------------------------------------------------------------
-- 78_diff.sql: tells what differs between a table and what it was, and puts rows back.
--
-- With the rights of its caller alone: what it reads and writes, he could.
--
-- May use: 70_proof.
-- ---------------------------------------------------------------------

-- How two tables are compared: by which columns their rows are found, and which
-- are compared.  Names as SQL.
CREATE FUNCTION _poc.diff_plan(here regclass, there regclass,
	OUT key text[], OUT columns text[], OUT writable text[], OUT only_here text[], OUT only_there text[])
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	WITH h AS (SELECT a.attname, a.attnum, a.atttypid, a.attgenerated, a.attidentity, a.attnotnull FROM pg_attribute AS a
			WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped),
		t AS (SELECT a.attname, a.atttypid FROM pg_attribute AS a
			WHERE a.attrelid = $2 AND a.attnum > 0 AND NOT a.attisdropped),
		both_have AS (SELECT h.* FROM h JOIN t USING (attname, atttypid)),
		keys AS (
			SELECT i.indisprimary, array_length(i.indkey::int2[], 1) AS length, i.indexrelid,
				(SELECT array_agg(quote_ident(b.attname) ORDER BY k.n) FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, n)
					JOIN both_have AS b ON b.attnum = k.attnum WHERE b.attnotnull AND k.n <= i.indnkeyatts) AS names, i.indnkeyatts
			FROM pg_index AS i
			WHERE i.indrelid = $1 AND i.indisunique AND i.indimmediate AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL)
	SELECT (SELECT k.names FROM keys AS k WHERE cardinality(k.names) = k.indnkeyatts ORDER BY k.indisprimary DESC, k.length, k.indexrelid LIMIT 1),
		(SELECT array_agg(quote_ident(b.attname) ORDER BY b.attnum) FROM both_have AS b),
		(SELECT array_agg(quote_ident(b.attname) ORDER BY b.attnum) FROM both_have AS b WHERE b.attgenerated = ''),
		(SELECT array_agg(quote_ident(h.attname) ORDER BY h.attnum) FROM h WHERE (h.attname, h.atttypid) NOT IN (SELECT t.attname, t.atttypid FROM t)),
		(SELECT array_agg(quote_ident(t.attname)) FROM t WHERE (t.attname, t.atttypid) NOT IN (SELECT h.attname, h.atttypid FROM h))
$$;

COMMENT ON FUNCTION _poc.diff_plan(regclass, regclass) IS
'Internal. The columns that both tables have, by name and type; the primary key of the first, or its smallest unique index of columns that are not null; the columns that can be written; and those that only one of the tables has.';

-- Rows are the same if they are byte by byte: so are those that a fingerprint
-- takes for the same.
CREATE FUNCTION _poc.diff_query(here regclass, there regclass, key text[], columns text[]) RETURNS text
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT CASE WHEN $3 IS NULL THEN format('SELECT CASE WHEN d.n > 0 THEN ''missing'' ELSE ''extra'' END, NULL::jsonb, '
			'CASE WHEN d.n > 0 THEN d.r END, CASE WHEN d.n < 0 THEN d.r END, NULL::text[], NULL::text, NULL::text '
			'FROM (SELECT u.x::text AS s, sum(u.n) AS n, min(to_jsonb(u.x)::text)::jsonb AS r '
			'FROM (SELECT 1 AS n, x FROM (SELECT %1$s FROM %2$s) AS x UNION ALL SELECT -1, x FROM (SELECT %1$s FROM %3$s) AS x) AS u '
			'GROUP BY u.x::text HAVING sum(u.n) <> 0) AS d, generate_series(1, abs(d.n)) ORDER BY d.s', c.columns, $2, $1)
		ELSE format('SELECT CASE WHEN h.m IS NULL THEN ''missing'' WHEN t.m IS NULL THEN ''extra'' ELSE ''changed'' END, '
			'jsonb_build_object(%1$s), CASE WHEN t.m THEN to_jsonb(t.r) END, CASE WHEN h.m THEN to_jsonb(h.r) END, '
			'CASE WHEN h.m AND t.m THEN array_remove(ARRAY[%2$s], NULL) END, concat_ws('' AND '', %3$s), h.r::text '
			'FROM (SELECT true AS m, x AS r, x.* FROM (SELECT %4$s FROM %5$s) AS x) AS t '
			'FULL JOIN (SELECT true AS m, x AS r, x.* FROM (SELECT %4$s FROM %6$s) AS x) AS h ON %7$s '
			'WHERE t.m IS NULL OR h.m IS NULL OR t.r OPERATOR(pg_catalog.*<>) h.r ORDER BY %8$s',
			(SELECT string_agg(format('%L, coalesce(t.%2$s, h.%2$s)', (parse_ident(k))[1], k), ', ' ORDER BY n) FROM unnest($3) WITH ORDINALITY AS u(k, n)),
			(SELECT string_agg(format('CASE WHEN t.%1$s::text IS DISTINCT FROM h.%1$s::text THEN %2$L END', k, (parse_ident(k))[1]), ', ' ORDER BY n) FROM unnest($4) WITH ORDINALITY AS u(k, n)),
			(SELECT string_agg(format('%L || quote_literal(coalesce(t.%2$s, h.%2$s)::text)', k || ' = ', k), ', ' ORDER BY n) FROM unnest($3) WITH ORDINALITY AS u(k, n)),
			c.columns, $2, $1,
			(SELECT string_agg(format('t.%1$s = h.%1$s', k), ' AND ' ORDER BY n) FROM unnest($3) WITH ORDINALITY AS u(k, n)),
			(SELECT string_agg(format('coalesce(t.%1$s, h.%1$s)', k), ', ' ORDER BY n) FROM unnest($3) WITH ORDINALITY AS u(k, n))) END
	FROM array_to_string($4, ', ') AS c(columns)
$$;

COMMENT ON FUNCTION _poc.diff_query(regclass, regclass, text[], text[]) IS
'Internal. The query for what differs: kind, key, there, here and columns as poc_diff() returns them, the condition that finds the row, and the row here as text.';

CREATE FUNCTION _poc.diff_plan_of(here regclass, there regclass) RETURNS record
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	plan record;
BEGIN
	SELECT p.* INTO plan FROM _poc.diff_plan(here, there) AS p;
	IF plan.columns IS NULL THEN
		RAISE EXCEPTION 'tables % and % have no column in common', here, there
			USING ERRCODE = 'datatype_mismatch', DETAIL = 'Columns are the same if their names and types are.';
	END IF;
	IF plan.only_here IS NOT NULL OR plan.only_there IS NOT NULL THEN
		RAISE WARNING 'columns that only one of the tables has are not compared'
			USING DETAIL = concat_ws(' ', format('Only in %s: %s.', here, nullif(array_to_string(plan.only_here, ', '), '')),
				format('Only in %s: %s.', there, nullif(array_to_string(plan.only_there, ', '), '')));
	END IF;
	RETURN plan;
END
$$;

COMMENT ON FUNCTION _poc.diff_plan_of(regclass, regclass) IS
'Internal. What _poc.diff_plan() returns, after it has said what is not compared.';

CREATE FUNCTION @extschema@.poc_diff(relation regclass, was regclass, max_rows bigint DEFAULT 1000)
RETURNS TABLE (kind text, key jsonb, there jsonb, here jsonb, columns text[])
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED COST 100000 ROWS 100
SET search_path = pg_catalog, pg_temp
SET row_security = off
SET extra_float_digits = 1
AS $$
#variable_conflict use_column
DECLARE
	plan record;
	same boolean;
	told bigint;
BEGIN
	IF $1 IS NULL OR $2 IS NULL OR $3 < 1 THEN
		RAISE EXCEPTION 'two tables are needed, and a number of rows from 1 on'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'For example: SELECT * FROM poc_diff(''orders'', ''rescued.orders'')';
	END IF;
	plan := _poc.diff_plan_of($1, $2);
	EXECUTE format('SELECT (SELECT (count(*), _poc.fingerprint_sum(x.*)) FROM (SELECT %1$s FROM %2$s) AS x) = (SELECT (count(*), _poc.fingerprint_sum(x.*)) FROM (SELECT %1$s FROM %3$s) AS x)',
		array_to_string(plan.columns, ', '), $1, $2) INTO same;
	IF same THEN
		RETURN;
	END IF;
	IF plan.key IS NULL THEN
		RAISE NOTICE 'table % has no key: rows are compared as a whole', $1
			USING DETAIL = 'A changed row is told as one that is missing and one that is extra.';
	END IF;
	RETURN QUERY EXECUTE 'SELECT d.kind, d.key, d.there, d.here, d.columns FROM (' || _poc.diff_query($1, $2, plan.key, plan.columns)
		|| ' LIMIT $1) AS d(kind, key, there, here, columns, condition, now)' USING $3;
	GET DIAGNOSTICS told = ROW_COUNT;
	IF told = $3 THEN
		RAISE WARNING '% rows are told, and more may differ', told
			USING HINT = 'Give a larger max_rows, or null for all.';
	END IF;
END
$$;

COMMENT ON FUNCTION @extschema@.poc_diff(regclass, regclass, bigint) IS
'Tells what differs between a table and what it was: a row that is missing in it, extra, or changed, with its key, as it was (there) and as it is (here), and the columns that differ. was is the other table, such as poc_rescue() has brought home. Rows are found by the primary key of the first, or its smallest unique index of columns that are not null; without one they are compared as a whole, each as often as it is there. Columns are the same if their names and types are; a warning tells those that only one has. First the fingerprints are compared, so that equal tables are read once each. At most max_rows are told, in the order of the key; null: all. Reads with the rights of its caller; row security that hides rows is an error. Errors: 22023 bad argument, 42501 no privilege, 42804 no column in common. Example: SELECT * FROM poc_diff(''sales.orders'', ''rescued.orders'')';

CREATE FUNCTION @extschema@.poc_merge(relation regclass, was regclass, kinds text[] DEFAULT '{missing}', dry_run boolean DEFAULT true)
RETURNS TABLE (kind text, key jsonb, there jsonb, here jsonb, columns text[], done text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100000 ROWS 100
SET search_path = pg_catalog, pg_temp
SET row_security = off
SET extra_float_digits = 1
AS $$
#variable_conflict use_column
DECLARE
	plan record;
	found record;
	writable text;
	changes bigint;
	conflicts bigint := 0;
BEGIN
	IF $1 IS NULL OR $2 IS NULL OR NOT coalesce($3 <@ '{missing,changed}' AND cardinality($3) > 0, false) THEN
		RAISE EXCEPTION 'two tables are needed, and kinds of rows to put back'
			USING ERRCODE = 'invalid_parameter_value', DETAIL = 'Kinds are missing and changed.',
				HINT = 'For example: SELECT * FROM poc_merge(''orders'', ''rescued.orders'', dry_run => false)';
	END IF;
	plan := _poc.diff_plan_of($1, $2);
	IF plan.key IS NULL THEN
		RAISE EXCEPTION 'table % has no key by which its rows are found', $1
			USING ERRCODE = 'object_not_in_prerequisite_state',
				DETAIL = 'A primary key is needed, or a unique index of columns that are not null, which both tables have.',
				HINT = 'poc_diff() tells what is missing.';
	END IF;
	writable := array_to_string(plan.writable, ', ');
	FOR found IN EXECUTE 'SELECT * FROM (' || _poc.diff_query($1, $2, plan.key, plan.columns)
		|| ') AS d(kind, key, there, here, columns, condition, now) WHERE d.kind = ANY ($1)' USING $3
	LOOP
		kind := found.kind; key := found.key; there := found.there; here := found.here; columns := found.columns;
		IF coalesce($4, true) THEN
			done := CASE found.kind WHEN 'missing' THEN 'would be inserted' ELSE 'would be updated' END;
		ELSE
			BEGIN
				IF found.kind = 'missing' THEN
					EXECUTE format('INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %2$s FROM %s WHERE %s', $1, writable, $2, found.condition);
				ELSE
					-- as it was seen, and only what differs: a key, and an identity that is always generated, cannot be written
					EXECUTE format('UPDATE %s AS h SET (%s) = (SELECT %2$s FROM %s WHERE %s) WHERE %4$s AND ROW(%s)::text = %L', $1,
						(SELECT string_agg(quote_ident(c), ', ') FROM unnest(found.columns) AS c WHERE quote_ident(c) = ANY (plan.writable)),
						$2, found.condition, array_to_string(plan.columns, ', '), found.now);
				END IF;
				GET DIAGNOSTICS changes = ROW_COUNT;
				done := CASE WHEN changes = 0 THEN 'not done: the row is not as it was when it was compared'
					WHEN found.kind = 'missing' THEN 'inserted' ELSE 'updated' END;
			EXCEPTION WHEN OTHERS THEN
				done := format('not done: %s', SQLERRM);
			END;
			conflicts := conflicts + (done LIKE 'not done:%')::integer;
		END IF;
		RETURN NEXT;
	END LOOP;
	IF conflicts > 0 THEN
		RAISE WARNING '% rows were not put back', conflicts
			USING HINT = 'The column "done" tells why; roll back if all or none is wanted.';
	END IF;
END
$$;

COMMENT ON FUNCTION @extschema@.poc_merge(regclass, regclass, text[], boolean) IS
'Puts rows back into a table, from what it was: those that are missing, those that were changed, or both; in the order of the key, in the caller''s transaction, and returns what poc_diff() tells of each with what was done. By default it only tells what would be done. Rows that are extra stay. A row that cannot be put back (a constraint, a trigger, a row that was changed meanwhile) is told, with a warning, and the others are put back all the same. Triggers and foreign keys work as for every INSERT and UPDATE; generated columns are computed. Errors: 22023 bad argument, 42501 no privilege, 42804 no column in common, 55000 the table has no key. Example: SELECT key, done FROM poc_merge(''sales.orders'', ''rescued.orders'', kinds => ''{missing,changed}'', dry_run => false)';
