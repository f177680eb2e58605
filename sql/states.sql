-- No function of ours takes bytes or a record of somebody for a state of its own.
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS poc_barman;

-- whatever takes or gives what only the executor has, by the catalog
CREATE TEMP VIEW suspects AS
	SELECT p.oid, p.prokind, p.oid::regprocedure AS signature, p.pronargs,
		array(SELECT t::regtype::text FROM unnest(p.proargtypes) AS t) AS types
	FROM pg_proc AS p JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
		JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
	WHERE e.extname = 'poc_barman' AND p.prokind = 'f'
		AND (p.proargtypes::oid[] && ARRAY['bytea', 'internal', 'record']::regtype[]::oid[] OR p.prorettype IN ('internal'::regtype, 'bytea'::regtype));
SELECT signature FROM suspects ORDER BY signature::text COLLATE "C";

-- each is called by a superuser with a null or hostile bytes in each place, and refuses or returns a null
DO $$
DECLARE
	suspect record;
	bytes text;
	arguments text;
	result text;
BEGIN
	FOR suspect IN SELECT * FROM suspects ORDER BY signature::text COLLATE "C" LOOP
		FOREACH bytes IN ARRAY ARRAY['NULL', '''\x''::bytea', '''\x00''::bytea', 'decode(repeat(''ff'', 24), ''hex'')', 'decode(repeat(''ff'', 100000), ''hex'')'] LOOP
			SELECT string_agg(CASE t WHEN 'bytea' THEN bytes WHEN 'record' THEN 'ROW(1, 2)' WHEN 'internal' THEN 'NULL' ELSE format('NULL::%s', t) END, ', ' ORDER BY n)
			INTO arguments FROM unnest(suspect.types) WITH ORDINALITY AS u(t, n);
			BEGIN
				EXECUTE format('SELECT %s(%s) IS NULL', suspect.oid::regproc, arguments) INTO result;
				IF result <> 'true' THEN
					RAISE WARNING '%(%) returned something', suspect.oid::regproc, arguments;
				END IF;
			EXCEPTION WHEN OTHERS THEN
				result := 'refused, ' || SQLSTATE;
			END;
			RAISE INFO '%', format('%s %s: %s', suspect.oid::regproc, bytes, result);
		END LOOP;
	END LOOP;
END
$$;

-- no aggregate of somebody else's has a state for them
CREATE AGGREGATE forged(record) (SFUNC = _poc.fingerprint_add, STYPE = bytea);

-- in its place it works, in parallel too, and as a window
CREATE TABLE states AS SELECT i, repeat('x', i % 7) AS t FROM generate_series(1, 20000) AS i;
ALTER TABLE states SET (parallel_workers = 2);
SET max_parallel_workers_per_gather = 0;
SELECT rows, hash FROM poc_fingerprint('states') \gset one_
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT _poc.fingerprint_sum(states.*) FROM states;
SELECT rows, hash = :'one_hash' AS same FROM poc_fingerprint('states');
SELECT count(DISTINCT h) FROM (SELECT _poc.fingerprint_sum(s.*) OVER (ORDER BY i ROWS 1 PRECEDING) AS h FROM states AS s WHERE i <= 3) AS w;
SELECT _poc.fingerprint_sum(s.*) FROM states AS s WHERE false;
DROP TABLE states;

-- the source of rows makes those of a table, of its own row type, within bounds
CREATE TABLE made (i int);
SELECT * FROM _poc.rows(NULL::pg_class, 'made', 0, 1, 1, '{}');
SELECT * FROM _poc.rows(ROW(1), 'made', 0, 1, 1, '{}') AS r(i int);
SELECT * FROM _poc.rows(NULL::made, 'made', 0, -1, 1, '{}');
SELECT * FROM _poc.rows(NULL::made, 'made', -1, 1, 1, '{}');
SELECT * FROM _poc.rows(NULL::made, 'made', 9223372036854775807, 2, 1, '{}');
SELECT count(*) FROM _poc.rows(NULL::made, 'made', 0, 2, 1, '{}');
DROP TABLE made;
