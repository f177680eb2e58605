-- ---------------------------------------------------------------------
-- 78_diff_merge.sql: tells what differs between a table and what it was, and puts rows back.
--
-- With the rights of its caller alone: what it reads and writes, he could.
--
-- May use: 30_rows, 66_fingerprint, 77_rescue.
-- ---------------------------------------------------------------------

-- How two tables are compared: by which columns their rows are found, with which
-- operators, and which are compared.  Names as SQL.
CREATE FUNCTION _poc.diff_plan(here regclass, there regclass,
	OUT key text[], OUT equals text[], OUT columns text[], OUT writable text[], OUT only_here text[], OUT only_there text[], OUT retyped text[])
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	WITH h AS (SELECT a.attname, a.attnum, a.atttypid, a.attgenerated, a.attnotnull FROM pg_attribute AS a
			WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped),
		t AS (SELECT a.attname, a.atttypid FROM pg_attribute AS a
			WHERE a.attrelid = $2 AND a.attnum > 0 AND NOT a.attisdropped),
		both_have AS (SELECT h.* FROM h JOIN t USING (attname, atttypid)),
		keys AS (
			SELECT i.indisprimary, i.indnkeyatts, i.indexrelid, k.names, k.equals
			FROM pg_index AS i, LATERAL (
				SELECT array_agg(quote_ident(b.attname) ORDER BY u.n) AS names,
					array_agg(format('OPERATOR(%I.%s)', n.nspname, o.oprname) ORDER BY u.n) AS equals
				FROM unnest(i.indkey::int2[], i.indclass::oid[]) WITH ORDINALITY AS u(attnum, opclass, n)
					JOIN both_have AS b ON b.attnum = u.attnum AND b.attnotnull
					JOIN pg_opclass AS c ON c.oid = u.opclass
					JOIN pg_amop AS p ON p.amopfamily = c.opcfamily AND p.amoplefttype = c.opcintype AND p.amoprighttype = c.opcintype AND p.amopstrategy = 3
					JOIN pg_operator AS o ON o.oid = p.amopopr
					JOIN pg_namespace AS n ON n.oid = o.oprnamespace
				WHERE u.n <= i.indnkeyatts) AS k
			WHERE i.indrelid = $1 AND i.indisunique AND i.indimmediate AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
				AND cardinality(k.names) = i.indnkeyatts
			ORDER BY i.indisprimary DESC, i.indnkeyatts, i.indexrelid
			LIMIT 1)
	SELECT (SELECT k.names FROM keys AS k), (SELECT k.equals FROM keys AS k),
		(SELECT array_agg(quote_ident(b.attname) ORDER BY b.attnum) FROM both_have AS b),
		(SELECT array_agg(quote_ident(b.attname) ORDER BY b.attnum) FROM both_have AS b WHERE b.attgenerated = ''),
		(SELECT array_agg(quote_ident(h.attname) ORDER BY h.attnum) FROM h WHERE (h.attname, h.atttypid) NOT IN (SELECT t.attname, t.atttypid FROM t)),
		(SELECT array_agg(quote_ident(t.attname)) FROM t WHERE (t.attname, t.atttypid) NOT IN (SELECT h.attname, h.atttypid FROM h)),
		(SELECT array_agg(quote_ident(h.attname) ORDER BY h.attnum) FROM h JOIN t USING (attname) WHERE h.atttypid <> t.atttypid)
$$;

COMMENT ON FUNCTION _poc.diff_plan(regclass, regclass) IS
'Internal. The primary key of the first table, or its smallest unique index of columns that are not null, and its operators of equality; the columns that both tables have, by name and type; those that can be written; those that only one of the tables has, and those of other types.';

-- A cast runs what the owner of its type has made it: where that is somebody else, the
-- output function of the type gives the text, and the text is what becomes JSON.
CREATE FUNCTION _poc.without_casts(relation regclass, column_name text, expression text) RETURNS text
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT CASE WHEN _poc.type_is_of_others(a.atttypid) THEN format('CASE WHEN num_nulls(%1$s) = 0 THEN format(''%%s'', %1$s) END', $3) ELSE $3 END
	FROM pg_attribute AS a WHERE a.attrelid = $1 AND quote_ident(a.attname) = $2
$$;

COMMENT ON FUNCTION _poc.without_casts(regclass, text, text) IS
'Internal. The expression, whose type is that of a column, so that no function of another role runs when it is cast to text or JSON.';

-- An operator may be chosen by implicit casts, of which the owner of a type has his own.
CREATE FUNCTION _poc.equality(relation regclass, column_name text, operator text) RETURNS text
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT CASE WHEN _poc.without_casts($1, $2, $2) = $2 THEN $3 ELSE 'OPERATOR(pg_catalog.=)' END
$$;

COMMENT ON FUNCTION _poc.equality(regclass, text, text) IS
'Internal. The operator of equality of a key''s column, or that of text where _poc.without_casts() compares texts.';

-- Rows are the same if they are byte by byte: so are those that a fingerprint
-- takes for the same.  No name may be that of a column: these have blanks.
CREATE FUNCTION _poc.diff_query(here regclass, there regclass, key text[], equals text[], columns text[]) RETURNS text
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT CASE WHEN $3 IS NULL THEN format('SELECT CASE WHEN d."poc n" > 0 THEN ''missing'' ELSE ''extra'' END, NULL::jsonb, '
			'CASE WHEN d."poc n" > 0 THEN d."poc r" END, CASE WHEN d."poc n" < 0 THEN d."poc r" END, NULL::text[], NULL::text, NULL::text '
			'FROM (SELECT u."poc row"::text AS "poc s", sum(u."poc n") AS "poc n", min(to_jsonb(u."poc row")::text)::jsonb AS "poc r" '
			'FROM (SELECT 1 AS "poc n", "poc row" FROM (SELECT %1$s FROM %2$s) AS "poc row" UNION ALL SELECT -1, "poc row" FROM (SELECT %1$s FROM %3$s) AS "poc row") AS u '
			'GROUP BY u."poc row"::text HAVING sum(u."poc n") <> 0) AS d, generate_series(1, abs(d."poc n")) ORDER BY d."poc s"', w.without_casts, $2, $1)
		ELSE format('SELECT CASE WHEN h."poc m" IS NULL THEN ''missing'' WHEN t."poc m" IS NULL THEN ''extra'' ELSE ''changed'' END, '
			'jsonb_build_object(%1$s), CASE WHEN t."poc m" THEN (SELECT to_jsonb(s) FROM (SELECT %10$s) AS s) END, CASE WHEN h."poc m" THEN (SELECT to_jsonb(s) FROM (SELECT %11$s) AS s) END, '
			'CASE WHEN h."poc m" AND t."poc m" THEN array_remove(ARRAY[%2$s], NULL) END, %3$s, h."poc row"::text '
			'FROM (SELECT true AS "poc m", "poc row", %5$s FROM (SELECT %4$s FROM %6$s) AS "poc row") AS t '
			'FULL JOIN (SELECT true AS "poc m", "poc row", %5$s FROM (SELECT %4$s FROM %7$s) AS "poc row") AS h ON %8$s '
			'WHERE t."poc m" IS NULL OR h."poc m" IS NULL OR t."poc row" OPERATOR(pg_catalog.*<>) h."poc row" ORDER BY %9$s',
			(SELECT string_agg(format('%L, %s', (parse_ident(k))[1], _poc.without_casts($1, k, format('coalesce(t."poc k%1$s", h."poc k%1$s")', n))), ', ' ORDER BY n) FROM unnest($3) WITH ORDINALITY AS u(k, n)),
			(SELECT string_agg(format('CASE WHEN (%s)::text IS DISTINCT FROM (%s)::text THEN %L END', _poc.without_casts($1, k, format('t."poc c%s"', n)), _poc.without_casts($1, k, format('h."poc c%s"', n)), (parse_ident(k))[1]), ', ' ORDER BY n) FROM unnest($5) WITH ORDINALITY AS u(k, n)),
			-- null if a part of the key is
			(SELECT string_agg(format('%L || quote_literal((%s)::text)', format('%s %s ', _poc.without_casts($1, k, k), o.equals), _poc.without_casts($1, k, format('coalesce(t."poc k%1$s", h."poc k%1$s")', n))), ' || '' AND '' || ' ORDER BY n) FROM unnest($3) WITH ORDINALITY AS u(k, n), _poc.equality($1, k, $4[n]) AS o(equals)),
			c.columns,
			(SELECT string_agg(format('"poc row".%s AS "poc k%s"', k, n), ', ' ORDER BY n) FROM unnest($3) WITH ORDINALITY AS u(k, n)) || ', ' ||
			(SELECT string_agg(format('"poc row".%s AS "poc c%s"', k, n), ', ' ORDER BY n) FROM unnest($5) WITH ORDINALITY AS u(k, n)),
			$2, $1,
			(SELECT string_agg(format('%s %s %s', _poc.without_casts($1, k, format('t."poc k%s"', n)), o.equals, _poc.without_casts($1, k, format('h."poc k%s"', n))), ' AND ' ORDER BY n)
				FROM unnest($3) WITH ORDINALITY AS u(k, n), _poc.equality($1, k, $4[n]) AS o(equals)),
			(SELECT string_agg(format('coalesce(t."poc k%1$s", h."poc k%1$s")', n), ', ' ORDER BY n) FROM unnest($3) WITH ORDINALITY AS u(k, n)),
			(SELECT string_agg(format('%s AS %s', _poc.without_casts($1, k, format('t."poc c%s"', n)), k), ', ' ORDER BY n) FROM unnest($5) WITH ORDINALITY AS u(k, n)),
			(SELECT string_agg(format('%s AS %s', _poc.without_casts($1, k, format('h."poc c%s"', n)), k), ', ' ORDER BY n) FROM unnest($5) WITH ORDINALITY AS u(k, n))) END
	FROM array_to_string($5, ', ') AS c(columns),
		(SELECT string_agg(format('%s AS %s', _poc.without_casts($1, k, k), k), ', ' ORDER BY n) FROM unnest($5) WITH ORDINALITY AS u(k, n)) AS w(without_casts)
$$;

COMMENT ON FUNCTION _poc.diff_query(regclass, regclass, text[], text[], text[]) IS
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
			USING DETAIL = concat_ws(' ', 'Only in ' || here::text || ': ' || nullif(array_to_string(plan.only_here, ', '), '') || '.',
				'Only in ' || there::text || ': ' || nullif(array_to_string(plan.only_there, ', '), '') || '.');
	END IF;
	RETURN plan;
END
$$;

COMMENT ON FUNCTION _poc.diff_plan_of(regclass, regclass) IS
'Internal. What _poc.diff_plan() returns, after it has said what is not compared.';

-- What a table was at a moment: poc_rescue() brings it to a schema that is dropped
-- when it has been compared, in the same transaction.
CREATE FUNCTION _poc.rescue_to(relation text, before pg_lsn, as_of timestamptz, mark text, to_table text, server text) RETURNS bigint
LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 1000000
BEGIN ATOMIC
	SELECT count(*) FROM @extschema@.poc_rescue(relation, before, as_of, mark, to_table, false, server, false);
END;

COMMENT ON FUNCTION _poc.rescue_to(text, pg_lsn, timestamptz, text, text, text) IS
'Internal. Calls poc_rescue(), with the rights of the caller.';

CREATE FUNCTION _poc.bring_to_compare(relation regclass, before pg_lsn, as_of timestamptz, mark text, server text) RETURNS regclass
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	scratch CONSTANT text := format('poc_compared_%s_%s', pg_backend_pid(), to_char(clock_timestamp(), 'HH24MISSUS'));
	table_name text;
	qualified text;
BEGIN
	SELECT c.relname, format('%I.%I', n.nspname, c.relname) INTO table_name, qualified
	FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = relation;
	-- the caller's: he can drop what comes into it, whoever owns that
	EXECUTE format('CREATE SCHEMA %I', scratch);
	PERFORM _poc.rescue_to(qualified, before, as_of, mark, format('%I.%I', scratch, table_name), server);
	RETURN format('%I.%I', scratch, table_name)::regclass;
END
$$;

COMMENT ON FUNCTION _poc.bring_to_compare(regclass, pg_lsn, timestamptz, text, text) IS
'Internal. Rescues what a table was into a schema of its own. Errors: 42501 the caller may not create schemas, and those of poc_rescue().';

CREATE FUNCTION _poc.drop_compared(was regclass) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET client_min_messages = warning
AS $$
BEGIN
	EXECUTE (SELECT format('DROP SCHEMA %I CASCADE', n.nspname)
		FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = was AND starts_with(n.nspname, 'poc_compared_'));
END
$$;

COMMENT ON FUNCTION _poc.drop_compared(regclass) IS
'Internal. Drops the schema that _poc.bring_to_compare() has made.';

CREATE FUNCTION _poc.require_one_past(was regclass, before pg_lsn, as_of timestamptz, mark text, server text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF was IS NOT NULL AND num_nonnulls(before, as_of, mark, server) > 0 THEN
		RAISE EXCEPTION 'either a table is compared with, or a moment'
			USING ERRCODE = 'invalid_parameter_value',
				HINT = 'Give one of was, before, as_of and mark, or none: then it is just before the newest drop, truncate or mass delete.';
	END IF;
END
$$;

COMMENT ON FUNCTION _poc.require_one_past(regclass, pg_lsn, timestamptz, text, text) IS
'Internal. Errors: 22023 a table and a moment are given.';

CREATE FUNCTION @extschema@.poc_diff(relation regclass, was regclass DEFAULT NULL, max_rows bigint DEFAULT 1000,
	before pg_lsn DEFAULT NULL, as_of timestamptz DEFAULT NULL, mark text DEFAULT NULL, server text DEFAULT NULL)
RETURNS TABLE (kind text, key jsonb, there jsonb, here jsonb, columns text[])
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100000 ROWS 100
SET search_path = pg_catalog, pg_temp
SET row_security = off
SET extra_float_digits = 1
AS $$
#variable_conflict use_column
DECLARE
	other regclass := $2;
	plan record;
	same boolean;
	told bigint;
BEGIN
	IF $1 IS NULL OR $3 < 1 THEN
		RAISE EXCEPTION 'a table is needed, and a number of rows from 1 on'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'For example: SELECT * FROM poc_diff(''orders'', ''rescued.orders''), or poc_diff(''orders'', as_of => ''2026-11-22 06:10'')';
	END IF;
	PERFORM _poc.require_one_past($2, $4, $5, $6, $7);
	IF $2 IS NULL THEN
		other := _poc.bring_to_compare($1, $4, $5, $6, $7);
	END IF;
	plan := _poc.diff_plan_of($1, other);
	EXECUTE format('SELECT (SELECT (count(*), _poc.fingerprint_sum("poc row".*)) FROM (SELECT %1$s FROM %2$s) AS "poc row") = (SELECT (count(*), _poc.fingerprint_sum("poc row".*)) FROM (SELECT %1$s FROM %3$s) AS "poc row")',
		array_to_string(plan.columns, ', '), $1, other) INTO same;
	IF NOT same AND plan.key IS NULL THEN
		RAISE NOTICE 'table % has no key: rows are compared as a whole', $1
			USING DETAIL = 'A changed row is told as one that is missing and one that is extra.';
	END IF;
	IF NOT same THEN
		RETURN QUERY EXECUTE 'SELECT d.kind, d.key, d.there, d.here, d.columns FROM (' || _poc.diff_query($1, other, plan.key, plan.equals, plan.columns)
			|| ' LIMIT $1) AS d(kind, key, there, here, columns, condition, now)' USING $3;
		GET DIAGNOSTICS told = ROW_COUNT;
	END IF;
	IF $2 IS NULL THEN
		PERFORM _poc.drop_compared(other);
	END IF;
	IF told = $3 THEN
		RAISE WARNING '% rows are told, and more may differ', told
			USING HINT = 'Give a larger max_rows, or null for all.';
	END IF;
END
$$;

COMMENT ON FUNCTION @extschema@.poc_diff(regclass, regclass, bigint, pg_lsn, timestamptz, text, text) IS
'Tells what differs between a table and what it was: a row that is missing in it, extra, or changed, with its key, as it was (there) and as it is (here), and the columns that differ. was is the other table, such as poc_rescue() has brought home; without it, what the table was at a moment is restored for it, as poc_rescue() does, and removed when it has been compared: just before a commit_lsn (before), at a time (as_of) or a mark, or without any just before the newest drop, truncate or mass delete. That needs EXECUTE on poc_rescue(), and CREATE on the database. Rows are found by the primary key of the first, or its smallest unique index of columns that are not null; without one they are compared as a whole, each as often as it is there. Columns are the same if their names and types are; a warning tells those that only one has. First the fingerprints are compared, so that equal tables are read once each. At most max_rows are told, in the order of the key; null: all. Reads with the rights of its caller; row security that hides rows is an error. Errors: 22023 bad argument, 42501 no privilege, 42804 no column in common, and for a moment those of poc_rescue(). Example: SELECT * FROM poc_diff(''sales.orders'', ''rescued.orders'')';

-- What is compared is looked up in pg_catalog; what is written, with all that its
-- triggers and checks look up, under the settings of the caller.
CREATE FUNCTION _poc.merge(relation regclass, was regclass, kinds text[], dry_run boolean, path text, security text,
	before pg_lsn, as_of timestamptz, mark text, server text)
RETURNS TABLE (kind text, key jsonb, there jsonb, here jsonb, columns text[], done text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100000 ROWS 100
SET search_path = pg_catalog, pg_temp
SET row_security = off
SET extra_float_digits = 1
AS $$
#variable_conflict use_column
DECLARE
	other regclass := $2;
	plan record;
	found record;
	command text;
	changes bigint;
	conflicts bigint := 0;
BEGIN
	IF $1 IS NULL OR NOT coalesce($3 <@ '{missing,changed}' AND cardinality($3) > 0, false) THEN
		RAISE EXCEPTION 'a table is needed, and kinds of rows to put back'
			USING ERRCODE = 'invalid_parameter_value', DETAIL = 'Kinds are missing and changed.',
				HINT = 'For example: SELECT * FROM poc_merge(''orders'', ''rescued.orders'', dry_run => false)';
	END IF;
	PERFORM _poc.require_one_past($2, $7, $8, $9, $10);
	IF $2 IS NULL THEN
		other := _poc.bring_to_compare($1, $7, $8, $9, $10);
	END IF;
	plan := _poc.diff_plan_of($1, other);
	IF plan.retyped IS NOT NULL THEN
		RAISE EXCEPTION 'columns of table % have other types than they had: %', $1, array_to_string(plan.retyped, ', ')
			USING ERRCODE = 'datatype_mismatch', DETAIL = 'Rows would be put back without them.',
				HINT = format('ALTER TABLE %s ALTER ... TYPE, as that of today.', coalesce($2::text, 'rescued...'));
	END IF;
	IF plan.key IS NULL THEN
		RAISE EXCEPTION 'table % has no key by which its rows are found', $1
			USING ERRCODE = 'object_not_in_prerequisite_state',
				DETAIL = 'A primary key is needed, or a unique index of columns that are not null, which both tables have.',
				HINT = 'poc_diff() tells what is missing.';
	END IF;
	FOR found IN EXECUTE 'SELECT * FROM (' || _poc.diff_query($1, other, plan.key, plan.equals, plan.columns)
		|| ') AS d(kind, key, there, here, columns, condition, now) WHERE d.kind = ANY ($1)' USING $3
	LOOP
		kind := found.kind; key := found.key; there := found.there; here := found.here; columns := found.columns;
		IF coalesce($4, true) THEN
			done := CASE found.kind WHEN 'missing' THEN 'would be inserted' ELSE 'would be updated' END;
			RETURN NEXT;
			CONTINUE;
		END IF;
		command := CASE WHEN found.condition IS NULL THEN NULL
			WHEN found.kind = 'missing' THEN format('INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %2$s FROM %s WHERE %s', $1,
				array_to_string(plan.writable, ', '), other, found.condition)
			-- as it was seen, and only what differs: a key, and an identity that is always generated, cannot be written
			ELSE (SELECT format('UPDATE %s SET (%s) = (SELECT %2$s FROM %s WHERE %s) WHERE %4$s AND ROW(%s)::pg_catalog.text OPERATOR(pg_catalog.=) %L',
					$1, string_agg(quote_ident(c), ', '), other, found.condition, array_to_string(plan.columns, ', '), found.now)
				FROM unnest(found.columns) AS c WHERE quote_ident(c) = ANY (plan.writable) HAVING count(*) > 0) END;
		done := CASE WHEN found.condition IS NULL THEN 'not done: a part of its key is null'
			WHEN command IS NULL THEN 'not done: only columns differ that are computed, or the bytes of a value' END;
		IF command IS NOT NULL THEN
			BEGIN
				PERFORM set_config('row_security', $6, true), set_config('search_path', $5, true);
				EXECUTE command;
				GET DIAGNOSTICS changes = ROW_COUNT;
				PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true), pg_catalog.set_config('row_security', 'off', true);
				done := CASE WHEN changes = 0 THEN 'not done: the row is not as it was when it was compared'
					WHEN found.kind = 'missing' THEN 'inserted' ELSE 'updated' END;
			EXCEPTION WHEN OTHERS THEN
				done := 'not done: ' OPERATOR(pg_catalog.||) SQLERRM;
			END;
		END IF;
		conflicts := conflicts + (done LIKE 'not done:%')::integer;
		RETURN NEXT;
	END LOOP;
	IF $2 IS NULL THEN
		PERFORM _poc.drop_compared(other);
	END IF;
	IF conflicts > 0 THEN
		RAISE WARNING '% rows were not put back', conflicts
			USING HINT = 'The column "done" tells why; roll back if all or none is wanted.';
	END IF;
END
$$;

COMMENT ON FUNCTION _poc.merge(regclass, regclass, text[], boolean, text, text, pg_lsn, timestamptz, text, text) IS
'Internal. What poc_merge() does, with the search_path and the row_security of its caller.';

CREATE FUNCTION @extschema@.poc_merge(relation regclass, was regclass DEFAULT NULL, kinds text[] DEFAULT '{missing}', dry_run boolean DEFAULT true,
	before pg_lsn DEFAULT NULL, as_of timestamptz DEFAULT NULL, mark text DEFAULT NULL, server text DEFAULT NULL)
RETURNS TABLE (kind text, key jsonb, there jsonb, here jsonb, columns text[], done text)
LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 100000 ROWS 100
BEGIN ATOMIC
	SELECT m.kind, m.key, m.there, m.here, m.columns, m.done
	FROM _poc.merge(relation, was, kinds, dry_run, current_setting('search_path'::text), current_setting('row_security'::text), before, as_of, mark, server) AS m;
END;

COMMENT ON FUNCTION @extschema@.poc_merge(regclass, regclass, text[], boolean, pg_lsn, timestamptz, text, text) IS
'Puts rows back into a table, from what it was (another table, or a moment, as for poc_diff()): those that are missing, those that were changed, or both; in the order of the key, in the caller''s transaction, and returns what poc_diff() tells of each with what was done. By default it only tells what would be done. Rows that are extra stay. A row that cannot be put back (a constraint, a trigger, a row that was changed meanwhile) is told, with a warning, and the others are put back all the same. Triggers and foreign keys work as for every INSERT and UPDATE; generated columns are computed. They see the caller''s search_path. Errors: 22023 bad argument, 42501 no privilege, 42804 no column in common, or columns of other types now, 55000 the table has no key, and for a moment those of poc_rescue(). Example: SELECT key, done FROM poc_merge(''sales.orders'', ''rescued.orders'', kinds => ''{missing,changed}'', dry_run => false)';
