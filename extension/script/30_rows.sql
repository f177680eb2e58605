-- ---------------------------------------------------------------------
-- 30_rows.sql: made-up rows for a table (the C files of rows).
--
-- Never asks the sidecar.
--
-- May use: nothing.
-- ---------------------------------------------------------------------

CREATE FUNCTION @extschema@.poc_seed(reset boolean DEFAULT false)
RETURNS regclass
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	dummy regclass := to_regclass('public.dummy'::text);
	owner text;
BEGIN
	IF dummy IS NULL THEN
		BEGIN
			CREATE TABLE public.dummy (id serial PRIMARY KEY, text varchar);
		EXCEPTION WHEN duplicate_table OR unique_violation THEN
			NULL;	-- another session was faster
		END;
		dummy := 'public.dummy'::regclass;
	END IF;

	-- It is meant although nobody names it: what its owner has put on it, a
	-- trigger perhaps, must not run with the rights of whoever calls us.
	owner := (SELECT r.rolname::text FROM pg_class AS c JOIN pg_roles AS r ON r.oid = c.relowner
		WHERE c.oid = dummy AND r.rolname <> current_user AND NOT r.rolsuper);
	IF owner IS NOT NULL THEN
		RAISE EXCEPTION 'public.dummy belongs to another role'
			USING ERRCODE = 'insufficient_privilege',
				DETAIL = format('It belongs to "%s", whose triggers and functions would run with your rights.', owner),
				HINT = 'Name the table to use, public.dummy too if you trust its owner.';
	END IF;

	IF reset THEN
		EXECUTE format('TRUNCATE %s RESTART IDENTITY', dummy);
	END IF;
	RETURN dummy;
END
$$;

COMMENT ON FUNCTION @extschema@.poc_seed(boolean) IS
'make public.dummy (id serial PRIMARY KEY, text varchar), the table of the scenario, or keep the one there is; reset => true empties it. Errors: 42501 it belongs to another role, not a superuser. Example: SELECT poc_seed();';

CREATE FUNCTION @extschema@.poc_generate_rows(
	n bigint,
	target regclass DEFAULT NULL,
	seed bigint DEFAULT NULL,
	options jsonb DEFAULT '{}')
RETURNS bigint
AS 'MODULE_PATHNAME'
LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE;

COMMENT ON FUNCTION @extschema@.poc_generate_rows(bigint, regclass, bigint, jsonb) IS
'insert n made-up rows into target (public.dummy when null) that obey its types and constraints; the same seed makes the same rows, with times such as created_at before the day of the call or of the option now. Returns the number of rows inserted. Needs INSERT on the columns it writes, and SELECT on those of unique indexes that no sequence fills, because it counts on from what they hold. Errors: 22023 bad n or option, 42501 no privilege or a system catalog, 42809 not a table, 0A000 a type or constraint it cannot serve, 54000 no unique values left. Example: SELECT poc_generate_rows(100000, ''orders'', seed => 42);';

CREATE FUNCTION @extschema@.poc_explain_rows(
	target regclass DEFAULT NULL,
	options jsonb DEFAULT '{}',
	OUT column_name text, OUT type text, OUT generator text, OUT detail text)
RETURNS SETOF record
AS 'MODULE_PATHNAME'
LANGUAGE C VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT;

COMMENT ON FUNCTION @extschema@.poc_explain_rows(regclass, jsonb) IS
'what poc_generate_rows() would put into each column of target, and, in the first row, by which path: multi-insert, single-row or query. A second row tells of a table with indexes when those are written: with each row, or after the load. Writes nothing. Example: SELECT * FROM poc_explain_rows(''orders'');';

-- Rows as the source of a query.  STRICT would hide them: the first argument
-- is a null of the row type.
CREATE FUNCTION _poc.rows("row" anyelement, target regclass, first bigint, n bigint, seed bigint, options jsonb)
RETURNS SETOF anyelement
AS 'MODULE_PATHNAME', 'poc_rows'
LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE;

COMMENT ON FUNCTION _poc.rows(anyelement, regclass, bigint, bigint, bigint, jsonb) IS 'internal: made-up rows of a row type';

CREATE FUNCTION @extschema@.poc_preview_rows(
	target regclass DEFAULT NULL,
	n integer DEFAULT 5,
	seed bigint DEFAULT NULL,
	options jsonb DEFAULT '{}')
RETURNS SETOF jsonb
AS 'MODULE_PATHNAME'
LANGUAGE C VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT;

COMMENT ON FUNCTION @extschema@.poc_preview_rows(regclass, integer, bigint, jsonb) IS
'the rows that poc_generate_rows() would insert with the same seed, without columns that a sequence or PostgreSQL itself fills. Evaluates the conditions of the table, with what functions in them do, such as drawing from a sequence; writes nothing else. Example: SELECT * FROM poc_preview_rows(''orders'', 5);';

CREATE FUNCTION @extschema@.poc_last_rows(
	OUT target regclass, OUT rows bigint, OUT seed bigint, OUT path text,
	OUT elapsed interval, OUT rows_per_second double precision, OUT wal_bytes bigint)
RETURNS record
AS 'MODULE_PATHNAME'
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;

COMMENT ON FUNCTION @extschema@.poc_last_rows() IS
'what the last poc_generate_rows() of this session did: rows, the seed that makes them again, the path, how long it took and the bytes of WAL it wrote. Nulls before the first one. Example: SELECT * FROM poc_last_rows();';

CREATE PROCEDURE @extschema@.poc_fill(
	target regclass DEFAULT NULL,
	rows bigint DEFAULT NULL,
	size text DEFAULT NULL,
	workers integer DEFAULT 2,
	seed bigint DEFAULT NULL,
	options jsonb DEFAULT '{}')
LANGUAGE C
AS 'MODULE_PATHNAME';

COMMENT ON PROCEDURE @extschema@.poc_fill(regclass, bigint, text, integer, bigint, jsonb) IS
'the rows of poc_generate_rows(), by parallel background workers that commit in batches, until so many rows are made or the table (with TOAST, without indexes) has the size. Half of max_worker_processes stays free for others; a notice tells if that leaves fewer workers. Not atomic: what is committed stays when it fails or is cancelled. Not inside a transaction block (25001). Example: CALL poc_fill(''orders'', size => ''2 GB'', workers => 4);';

-- ---- whose code may run

CREATE FUNCTION _poc.type_is_of_others(type oid) RETURNS boolean
LANGUAGE c STABLE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'poc_type_is_of_others_sql';

COMMENT ON FUNCTION _poc.type_is_of_others(oid) IS
'Internal. Whether the type, or one that its values contain, is owned by somebody who is neither the current user nor a superuser: its owner can make casts, which run his functions as whoever casts.';
