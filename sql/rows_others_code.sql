-- What the owner of a table, or of a type, writes into conditions is not run for who only asks
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS poc_barman;
DROP ROLE IF EXISTS poc_others_owner, poc_others_reader;
CREATE ROLE poc_others_owner;
CREATE SCHEMA rows_others_code AUTHORIZATION poc_others_owner;
SET search_path = rows_others_code, public;
SET ROLE poc_others_owner;
CREATE FUNCTION ran(what text, result int DEFAULT 5) RETURNS int LANGUAGE plpgsql AS
$$BEGIN RAISE WARNING '% ran as %', what, current_user; RETURN result; END$$;
CREATE FUNCTION ran_stable(what text) RETURNS int STABLE LANGUAGE plpgsql AS
$$BEGIN RAISE WARNING '% ran as %', what, current_user; RETURN 5; END$$;
CREATE FUNCTION ran_immutable(what text) RETURNS int IMMUTABLE LANGUAGE plpgsql AS
$$BEGIN RAISE WARNING '% ran as %', what, current_user; RETURN 5; END$$;
CREATE DOMAIN checked AS text CHECK (ran('the condition of a domain') > 0);
CREATE TYPE pair AS (a checked);
CREATE VIEW shown AS SELECT ran('a view');
CREATE TYPE kind AS ENUM ('a', 'b');
CREATE FUNCTION kind_to_json(kind) RETURNS json LANGUAGE sql AS
$$SELECT to_json(ran('a cast to JSON'))$$;
CREATE CAST (kind AS json) WITH FUNCTION kind_to_json(kind);

CREATE TABLE t_query (a int, b int, UNIQUE (a, b),
	CHECK (a < b AND query_to_xml('SELECT ran($$a query$$)', true, true, '') IS NOT NULL));
CREATE TABLE t_setting (a int, b int, UNIQUE (a, b),
	CHECK (a < b AND set_config('poc_others.changed', 'yes', false) <> ''));
CREATE TABLE t_export (a text CHECK (a > table_to_xml('shown', true, true, '')::text));
CREATE TABLE t_schema (a text CHECK (a > schema_to_xml('rows_others_code', true, true, '')::text));
CREATE TABLE t_cast (a text CHECK (a > (('(x)'::text)::pair)::text));
CREATE TABLE t_populate (a jsonb CHECK (jsonb_populate_record(NULL::pair, a) IS NOT NULL));
CREATE TABLE t_json (a text CHECK (a > to_json('a'::kind)::text));
CREATE TABLE t_record (a text CHECK (a > row_to_json(ROW('a'::kind))::text));
CREATE TABLE t_bound (a int CHECK (a < ran_stable('a bound')));
CREATE TABLE t_list (a int CHECK (a IN (ran_stable('a list'), 3)));
CREATE TABLE t_pattern (a text CHECK (a ~ ran_stable('a pattern')::text));
CREATE TABLE t_constant (a int, b int, CHECK (a < ran_immutable('a constant') AND b > 3));
CREATE TABLE t_default (a int, b int DEFAULT ran_immutable('a default'));
CREATE VIEW v_condition AS SELECT * FROM t_default WHERE a > ran_immutable('a view''s condition');

-- what the planner, or a function of PostgreSQL's, puts in the place of what is written
CREATE FUNCTION differs(int, int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS
$$BEGIN RAISE WARNING 'a negator ran as %', current_user; RETURN false; END$$;
CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq, NEGATOR = !==);
CREATE OPERATOR !== (LEFTARG = int, RIGHTARG = int, FUNCTION = differs, NEGATOR = ===);
CREATE FUNCTION kind_to_text(kind) RETURNS text LANGUAGE plpgsql AS
$$BEGIN PERFORM ran('a cast to text'); RETURN 'a'; END$$;
CREATE CAST (kind AS text) WITH FUNCTION kind_to_text(kind) AS ASSIGNMENT;
CREATE DOMAIN warned AS int CHECK (ran('a domain within another type') > VALUE);
CREATE TYPE warned_pair AS (a warned, b int);
CREATE TYPE warned_range AS RANGE (subtype = warned);
CREATE TABLE t_negator (a int CHECK (NOT (a === 3)));
CREATE TABLE t_negator_unique (a int, b int, CHECK (NOT (a === 3) AND a < b), UNIQUE (a, b));
CREATE TABLE t_negator_pair (a int, b int, CHECK (NOT (a === b)), CHECK (a < b));
CREATE TABLE t_negator_computed (a int, c boolean GENERATED ALWAYS AS (NOT (a === 3)) STORED, CHECK (c));
CREATE TABLE t_negator_case (a int, CHECK (c > 0),
	c int GENERATED ALWAYS AS (CASE WHEN NOT (a === 3) THEN 100 / a ELSE 2 END) STORED);
CREATE TABLE t_negator_array (a int CHECK (NOT (a === ANY ('{3,4}'))), b int, CHECK (a < b));
CREATE TABLE t_concat (a text CHECK (a > ('x' || 'a'::kind)));
CREATE TABLE t_quote (a text CHECK (a <> quote_literal('a'::kind)), b kind,
	c int CHECK (c > length(quote_nullable('a'::kind))));
CREATE TABLE t_domain (a warned[], b warned_pair, c warned_range, d warned, e warned_pair[]);
CREATE TABLE t_tried (a warned[], b warned_pair, c warned_range, n int, m int, CHECK (cardinality(a) + n < m),
	CHECK ((b).b + n > m OR n IS NOT NULL), CHECK (isempty(c) OR n < m), CHECK (a IS NOT NULL AND cardinality(a) % 2 = 1),
	UNIQUE (n, m));
CREATE TABLE t_domain_unique (a warned[] UNIQUE, b warned_pair UNIQUE, c warned UNIQUE);
CREATE DOMAIN exporting AS int CHECK (query_to_xml('SELECT rows_others_code.ran($$a query of a domain$$)', true, true, '') IS NOT NULL);
CREATE TYPE exporting_pair AS (a exporting, b int);
CREATE TABLE t_domain_query (a exporting[] CHECK (cardinality(a) % 2 = 1), b exporting_pair UNIQUE, c exporting CHECK (c % 2 = 1));
CREATE FUNCTION reads_pair() RETURNS text LANGUAGE sql AS $$SELECT 'x'$$;
SET check_function_bodies = off;
CREATE OR REPLACE FUNCTION reads_pair() RETURNS text LANGUAGE sql AS $$SELECT ('(x)'::pair)::text$$;
RESET check_function_bodies;
CREATE TABLE t_record_field (a text CHECK (a > jsonb_populate_record(ROW(('{}'::checked[])[1]), '{"f1": "x"}')::text));
CREATE TABLE t_validator (a int CHECK (a > CASE WHEN fmgr_sql_validator('reads_pair()'::regprocedure::oid) IS NULL THEN 1 ELSE 2 END));
CREATE TABLE t_definition (a text CHECK (a > pg_get_partition_constraintdef('t_domain'::regclass)),
	b int CHECK (satisfies_hash_partition('t_domain'::regclass, 2, 1, b) IS NULL));
DO $$
BEGIN
	IF current_setting('server_version_num')::int >= 160000 THEN
		EXECUTE 'CREATE TABLE t_constructor (a text CHECK (a > JSON_OBJECT(''k'': ''a''::kind RETURNING text)))';
		EXECUTE 'CREATE TABLE t_array (a text CHECK (a > JSON_ARRAY(''a''::kind RETURNING text)))';
	ELSE
		EXECUTE 'CREATE TABLE t_constructor (a text)';
		EXECUTE 'CREATE TABLE t_array (a text)';
	END IF;
	IF current_setting('server_version_num')::int >= 170000 THEN
		EXECUTE 'CREATE TABLE t_valid (a jsonb CHECK (jsonb_populate_record_valid(NULL::pair, a)))';
	ELSE
		EXECUTE 'CREATE TABLE t_valid (a jsonb)';
	END IF;
END$$;
RESET ROLE;
CREATE ROLE poc_others_reader;
GRANT USAGE ON SCHEMA rows_others_code TO poc_others_reader;
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA rows_others_code TO poc_others_reader;

-- no warning, by a session that has read nothing of it yet
\c -
SET client_min_messages = warning;
SET search_path = rows_others_code, public;
SELECT relname, count(*) FROM pg_class, LATERAL poc_explain_rows(oid)
	WHERE relnamespace = 'rows_others_code'::regnamespace AND (relname LIKE 't\_%' OR relname LIKE 'v\_%')
		AND relkind IN ('r', 'v', 'p') GROUP BY 1 ORDER BY 1;
\c -
SET client_min_messages = warning;
SET search_path = rows_others_code, public;
SET ROLE poc_others_reader;
SELECT relname, count(*) FROM pg_class, LATERAL poc_explain_rows(oid)
	WHERE relnamespace = 'rows_others_code'::regnamespace AND (relname LIKE 't\_%' OR relname LIKE 'v\_%')
		AND relkind IN ('r', 'v', 'p') GROUP BY 1 ORDER BY 1;
RESET ROLE;
SELECT current_setting('poc_others.changed', true) IS NULL AS unchanged;
-- what PostgreSQL computes is a bound, as ever
CREATE TABLE own (a int CHECK (a < 2 + 3 AND a > -1), b date CHECK (b > current_date - 7));
SELECT column_name, detail FROM poc_explain_rows('own') WHERE column_name = 'a';

-- an operator by the name of a pattern's, of names: their images are no text
CREATE FUNCTION matches(text, name) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RETURN true; END';
CREATE OPERATOR ~ (LEFTARG = text, RIGHTARG = name, FUNCTION = matches);
CREATE TABLE named (a text CHECK (a OPERATOR(rows_others_code.~) 'dddddddddddddddddddddddddddddddd'::name),
	b text CHECK (b OPERATOR(rows_others_code.~) 'bzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz'::name));
SELECT count(*) FROM poc_explain_rows('named');
SELECT count(*) FROM poc_preview_rows('named', 3, 1);

SET client_min_messages = error;
DROP SCHEMA rows_others_code CASCADE;
DROP ROLE poc_others_owner, poc_others_reader;
