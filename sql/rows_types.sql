-- poc_generate_rows() fills columns of every ordinary type
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS poc_barman;
RESET client_min_messages;
CREATE SCHEMA rows_types;
SET search_path = rows_types, public;

CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE pair AS (number int, words text, feeling mood);
CREATE DOMAIN percentage AS int CHECK (VALUE BETWEEN 0 AND 100);
CREATE DOMAIN odd_number AS int CHECK (VALUE % 2 = 1);

CREATE TABLE every_type (
	c_bool bool, c_bytea bytea, c_char "char", c_name name, c_int8 int8, c_int2 int2, c_int4 int4, c_text text,
	c_oid oid, c_json json, c_jsonb jsonb, c_float4 float4, c_float8 float8, c_money money,
	c_numeric numeric, c_numeric_10_2 numeric(10,2), c_numeric_3_3 numeric(3,3), c_numeric_30_5 numeric(30,5), c_numeric_thousands numeric(2,-3),
	c_uuid uuid, c_inet inet, c_cidr cidr, c_macaddr macaddr, c_macaddr8 macaddr8,
	c_char_10 char(10), c_varchar_7 varchar(7), c_varchar_200 varchar(200), c_varchar varchar,
	c_date date, c_time time, c_time_0 time(0), c_timetz timetz, c_timestamp timestamp, c_timestamptz timestamptz, c_timestamp_3 timestamptz(3),
	c_interval interval, c_interval_years interval year, c_interval_0 interval(0),
	c_bit bit, c_bit_5 bit(5), c_bit_100 bit(100), c_varbit varbit, c_varbit_20 varbit(20),
	c_point point, c_line line, c_lseg lseg, c_box box, c_path path, c_polygon polygon, c_circle circle,
	c_tsvector tsvector, c_tsquery tsquery, c_lsn pg_lsn, c_xid xid, c_xid8 xid8, c_cid cid, c_tid tid, c_jsonpath jsonpath,
	c_int2vector int2vector, c_oidvector oidvector, c_snapshot pg_snapshot, c_refcursor refcursor,
	c_regclass regclass, c_regtype regtype,
	c_mood mood, c_percentage percentage, c_odd odd_number, c_pair pair,
	c_ints int[], c_texts text[], c_moods mood[], c_pairs pair[], c_percentages percentage[], c_grid int[][], c_chars char(3)[],
	c_int4range int4range, c_int8range int8range, c_numrange numrange, c_daterange daterange, c_tsrange tsrange, c_tstzrange tstzrange,
	c_int4multirange int4multirange, c_datemultirange datemultirange);

SELECT poc_generate_rows(500, 'every_type', seed => 1);

-- no column is left empty
SELECT key AS empty_column FROM every_type t, jsonb_each(to_jsonb(t)) WHERE value = 'null' GROUP BY key;
-- and each varies from row to row
SELECT key AS constant_column FROM every_type t, jsonb_each_text(to_jsonb(t)) GROUP BY key HAVING count(DISTINCT value) < 2;

-- lengths, scales and precisions are obeyed
SELECT bool_and(length(c_varchar_7) <= 7) AS varchar_7, bool_and(octet_length(c_char_10) = 10) AS char_10,
	bool_and(scale(c_numeric_10_2) <= 2 AND c_numeric_10_2 < 1e8) AS numeric_10_2,
	bool_and(abs(c_numeric_3_3) < 1) AS numeric_3_3, bool_and(c_numeric_thousands % 1000 = 0) AS thousands,
	bool_and(c_timestamp_3 = c_timestamp_3::timestamptz(3)) AS timestamp_3, bool_and(c_time_0 = c_time_0::time(0)) AS time_0,
	bool_and(c_interval_years = c_interval_years::interval year) AS interval_years,
	bool_and(length(c_bit_100) = 100) AS bit_100, bool_and(c_percentage BETWEEN 0 AND 100) AS percentage,
	bool_and(c_odd % 2 = 1) AS odd
FROM every_type;

-- what was stored is what the types themselves read and write: a copy through text is equal
CREATE TABLE through_text (LIKE every_type);
DO $$
DECLARE
	r every_type;
BEGIN
	FOR r IN SELECT * FROM every_type LOOP
		r := r::text::every_type;
		INSERT INTO through_text VALUES (r.*);
	END LOOP;
END $$;
SELECT (SELECT hash FROM poc_fingerprint('every_type')) = (SELECT hash FROM poc_fingerprint('through_text')) AS equal;

-- the same seed makes the same rows, another seed others
CREATE TABLE again (LIKE every_type);
CREATE TABLE other (LIKE every_type);
SELECT poc_generate_rows(500, 'again', seed => 1), poc_generate_rows(500, 'other', seed => 2);
SELECT (SELECT hash FROM poc_fingerprint('every_type')) = (SELECT hash FROM poc_fingerprint('again')) AS same_seed,
	(SELECT hash FROM poc_fingerprint('every_type')) = (SELECT hash FROM poc_fingerprint('other')) AS other_seed;

-- values too large for a page
CREATE TABLE large (words text CHECK (length(words) = 20000));
SELECT poc_generate_rows(50, 'large');
SELECT count(DISTINCT words) FROM large;

-- a type that nobody knows
CREATE TABLE unknown (id int, acl aclitem);
SELECT poc_generate_rows(3, 'unknown');
SELECT count(id), count(acl) FROM unknown;
TRUNCATE unknown;
ALTER TABLE unknown ALTER acl SET NOT NULL;
SELECT poc_generate_rows(3, 'unknown');
-- no columns, dropped columns
CREATE TABLE nothing ();
SELECT poc_generate_rows(3, 'nothing');
ALTER TABLE unknown DROP COLUMN acl, ADD COLUMN flag bool;
SELECT poc_generate_rows(3, 'unknown');
SELECT count(id), count(flag) FROM unknown;

SET client_min_messages = warning;
DROP SCHEMA rows_types CASCADE;
