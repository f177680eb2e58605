-- options of poc_generate_rows() that are absurd, contradict each other or do not suit the column; and names of every kind
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS poc_barman;
RESET client_min_messages;
CREATE SCHEMA rows_options_refused;
SET search_path = rows_options_refused, public;
CREATE TABLE t (n int, s text, v varchar(5), at timestamptz, size numeric(6,2), f float8, doc jsonb, u int UNIQUE, d int DEFAULT 7);

-- numbers
SELECT poc_generate_rows(1, 't', options => '{"null_fraction": null}');
SELECT poc_generate_rows(1, 't', options => '{"start": -1}');
SELECT poc_generate_rows(1, 't', options => '{"start": 1.5}');
SELECT poc_generate_rows(1, 't', options => '{"start": 1e300}');
SELECT poc_generate_rows(1, 't', options => '{"columns": {"s": {"length": -1}}}');
SELECT poc_generate_rows(1, 't', options => '{"columns": {"s": {"length": 2.7}}}');
SELECT poc_generate_rows(1, 't', options => '{"columns": {"s": {"length": 1e12}}}');
SELECT poc_generate_rows(1, 't', options => '{"columns": {"s": {"length": {"min": 5, "max": 2}}}}');
SELECT poc_generate_rows(1, 't', options => '{"columns": {"s": {"values": {"a": 0, "b": 0}}}}');
SELECT poc_generate_rows(1, 't', options => '{"columns": {"n": {"min": 1e30}}}');
SELECT poc_generate_rows(1, 't', options => '{"columns": {"n": {"distribution": "sequence", "step": 0}}}');
SELECT poc_generate_rows(1, 't', options => '{"columns": {"at": {"distribution": "series", "step": "-1 day"}}}');
-- more than the type holds, or than can be made
SELECT poc_generate_rows(1, 't', options => '{"columns": {"v": {"length": 10}}}');
SELECT poc_generate_rows(1, 't', options => '{"columns": {"v": {"prefix": "longer"}}}');
SELECT poc_generate_rows(1, 't', options => '{"columns": {"v": {"values": ["longer"]}}}');
SELECT poc_generate_rows(1, 't', seed => 1, options => '{"columns": {"v": {"pattern": "######"}}}');
SELECT poc_generate_rows(1, 't', options => '{"columns": {"size": {"min": 100000}}}');
SELECT poc_generate_rows(1, 't', options => '{"columns": {"f": {"min": 1e300}}}');
SELECT poc_generate_rows(1, 't', options => '{"columns": {"at": {"min": "infinity"}}}');
SELECT poc_generate_rows(3, 't', options => '{"columns": {"u": {"min": 1, "max": 2}}}');
SELECT poc_generate_rows(1, 't', options => '{"columns": {"u": {"values": {"1": 2, "5": 1}}}}');
-- one of them would be passed over
SELECT poc_generate_rows(1, 't', options => '{"columns": {"n": {"constant": 1, "values": [2]}}}');
SELECT poc_generate_rows(1, 't', options => '{"columns": {"n": {"values": [1, 2], "min": 2}}}');
SELECT poc_generate_rows(1, 't', options => '{"columns": {"s": {"pattern": "##", "prefix": "a"}}}');
SELECT poc_generate_rows(1, 't', options => '{"columns": {"d": {"default": true, "min": 1}}}');
SELECT poc_generate_rows(1, 't', options => '{"columns": {"n": {"default": true}}}');
-- not what the option takes
SELECT poc_generate_rows(1, 't', options => '{"path": "fast"}');
SELECT poc_generate_rows(1, 't', options => '{"columns": {"n": {"values": [null]}}}');
SELECT poc_generate_rows(1, 't', options => '{"columns": {"n": {"values": [[1]]}}}');
SELECT poc_generate_rows(1, 't', options => '{"columns": {"ctid": {"min": 1}}}');
SELECT poc_generate_rows(1, 't', options => '{"columns": {"": {"min": 1}}}');
SELECT poc_generate_rows(1, 't', options => '{"": 1}');
SELECT poc_generate_rows(1, 't', options => 'null');
-- all of it is said before anything is written
SELECT count(*) FROM t;

-- what is meant all the same: a default of one column, JSON as a value, nulls in a unique column, the whole range of a type
SELECT poc_generate_rows(10, 't', 1, '{"defaults": false, "columns": {"d": {"default": true}, "doc": {"values": [{"a": [1, 2]}]}}}');
SELECT d, doc, count(*) FROM t GROUP BY d, doc;
SELECT poc_generate_rows(10, 't', 1, '{"columns": {"d": {"default": false}, "u": {"null_fraction": 1}, "n": {"min": -2147483648, "max": 2147483647}}}');
SELECT count(*) FILTER (WHERE d <> 7) AS made, count(*) FILTER (WHERE u IS NULL) AS nulls FROM t;
-- names that need quotes, in every path
\pset format unaligned
CREATE TABLE "Grüße & ""x""" ("Straße 1" text, "order" int UNIQUE, "a.b" int DEFAULT 7, "select" serial);
SELECT poc_generate_rows(2, '"Grüße & ""x"""', 1, '{"columns": {"Straße 1": {"values": ["ä", "漢字"]}, "a.b": {"min": 1, "max": 3}}}');
SELECT poc_generate_rows(2, '"Grüße & ""x"""', 1, '{"path": "query", "columns": {"Straße 1": {"prefix": "ß''\"\\", "length": 4}}}');
SELECT "order", "Straße 1", "select" FROM "Grüße & ""x""" ORDER BY 1;
SELECT poc_preview_rows('"Grüße & ""x"""', 1, 1);
SELECT column_name, generator, detail FROM poc_explain_rows('"Grüße & ""x"""');
\pset format aligned

SET client_min_messages = warning;
DROP SCHEMA rows_options_refused CASCADE;
