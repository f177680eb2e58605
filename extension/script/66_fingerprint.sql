-- ---------------------------------------------------------------------
-- 66_fingerprint.sql: number and hash of a table's rows, in whatever order they are
-- (proof/fingerprint.c).
--
-- Never asks the sidecar.
--
-- May use: nothing.
-- ---------------------------------------------------------------------

-- The hash of a table is the sum of the hashes of its rows.  Parallel workers
-- sum theirs and the sums are added.
CREATE FUNCTION _poc.fingerprint_add(state internal, "row" record)
RETURNS internal
AS 'MODULE_PATHNAME', 'poc_fingerprint_add'
LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL SAFE;

CREATE FUNCTION _poc.fingerprint_combine(state internal, other internal)
RETURNS internal
AS 'MODULE_PATHNAME', 'poc_fingerprint_combine'
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;

CREATE FUNCTION _poc.fingerprint_serialize(state internal)
RETURNS bytea
AS 'MODULE_PATHNAME', 'poc_fingerprint_serialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION _poc.fingerprint_deserialize(bytes bytea, internal)
RETURNS internal
AS 'MODULE_PATHNAME', 'poc_fingerprint_deserialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION _poc.fingerprint_final(state internal)
RETURNS text
AS 'MODULE_PATHNAME', 'poc_fingerprint_final'
LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;

CREATE AGGREGATE _poc.fingerprint_sum(record) (
	SFUNC = _poc.fingerprint_add,
	STYPE = internal,
	SSPACE = 32,
	COMBINEFUNC = _poc.fingerprint_combine,
	SERIALFUNC = _poc.fingerprint_serialize,
	DESERIALFUNC = _poc.fingerprint_deserialize,
	FINALFUNC = _poc.fingerprint_final,
	PARALLEL = SAFE
);

COMMENT ON FUNCTION _poc.fingerprint_add(internal, record) IS 'internal: add the hash of a row';
COMMENT ON FUNCTION _poc.fingerprint_combine(internal, internal) IS 'internal: add the sums of two workers';
COMMENT ON FUNCTION _poc.fingerprint_serialize(internal) IS 'internal: the sums of a worker as bytes';
COMMENT ON FUNCTION _poc.fingerprint_deserialize(bytea, internal) IS 'internal: the bytes of a worker as sums';
COMMENT ON FUNCTION _poc.fingerprint_final(internal) IS 'internal: the sums in hexadecimal';
COMMENT ON AGGREGATE _poc.fingerprint_sum(record) IS 'internal: order-independent hash of rows';

-- Every setting that changes how a value is written is pinned, so that two
-- sessions, and a restored copy, agree.
CREATE FUNCTION @extschema@.poc_fingerprint(target regclass, OUT rows bigint, OUT hash text)
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED STRICT
SET search_path = pg_catalog, pg_temp
SET datestyle = 'ISO, YMD'
SET intervalstyle = 'postgres'
SET timezone = 'UTC'
SET extra_float_digits = 1
SET bytea_output = 'hex'
SET xmlbinary = 'base64'
SET lc_monetary = 'C'
SET quote_all_identifiers = off
AS $$
BEGIN
	EXECUTE format('SELECT count(*), _poc.fingerprint_sum(t.*) FROM %s AS t', target)
		INTO rows, hash;
END
$$;

COMMENT ON FUNCTION @extschema@.poc_fingerprint(regclass) IS
'number of rows and hash of the content of a table, the same for any order of the rows and on a restored copy. Reads the whole table with the privileges of the caller. Example: SELECT * FROM poc_fingerprint(''dummy'');';

-- The same, as if the columns were in this order.
CREATE FUNCTION _poc.fingerprint_of_columns(target regclass, columns text[], OUT rows bigint, OUT hash text)
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED STRICT
SET search_path = pg_catalog, pg_temp
SET datestyle = 'ISO, YMD'
SET intervalstyle = 'postgres'
SET timezone = 'UTC'
SET extra_float_digits = 1
SET bytea_output = 'hex'
SET xmlbinary = 'base64'
SET lc_monetary = 'C'
SET quote_all_identifiers = off
AS $$
BEGIN
	EXECUTE format('SELECT count(*), _poc.fingerprint_sum("poc row".*) FROM (SELECT %s FROM %s) AS "poc row"',
			(SELECT string_agg(quote_ident(u.name), ', ' ORDER BY u.n) FROM unnest(columns) WITH ORDINALITY AS u(name, n)), target)
		INTO rows, hash;
END
$$;

COMMENT ON FUNCTION _poc.fingerprint_of_columns(regclass, text[]) IS
'Internal. What poc_fingerprint() returns of a table that has these columns, in this order.';
