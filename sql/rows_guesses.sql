-- A guess that cannot be made is none: it ends no load, and takes no time without end
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS poc_barman;
RESET client_min_messages;
CREATE SCHEMA rows_guesses;
SET search_path = rows_guesses, public;

-- ranges without room, times and numbers out of range, formats of nothing, many bits
CREATE TABLE whole (a int4range CHECK (a @> 2147483647), b int8range CHECK (b @> 9223372036854775807));
SELECT poc_generate_rows(20, 'whole', 1);
CREATE TABLE late (a daterange CHECK (a @> '5874897-12-31'::date));
SELECT poc_generate_rows(20, 'late', 1);
CREATE TABLE far (a tsrange CHECK (upper(a) - lower(a) = interval '178000000 years'),
	b timestamp CHECK (b - timestamp '2026-01-01' = interval '2147483647 days' OR date_part('dow', b) = 2));
SELECT poc_generate_rows(20, 'far', 1);
SELECT count(*) FILTER (WHERE b IS NOT NULL) > 0 AS found FROM far;
CREATE TABLE large (a jsonb CHECK (a @> '{"n": 1e400}'), b text CHECK (b::numeric > 1e400));
SELECT poc_generate_rows(20, 'large', 1);
CREATE TABLE formats (a text CHECK (to_date(a, '') > '2020-01-01'));
SELECT poc_generate_rows(20, 'formats', 1);
CREATE TABLE bits (a bit(2000) CHECK (bit_count(a) = 2000));
SELECT poc_generate_rows(20, 'bits', 1);

-- the elements of arrays within arrays do not multiply
CREATE TABLE nested (doc jsonb CHECK (jsonb_path_exists(doc, '$[*][*][*][*][*][*][*][*] ? (@ > 12)')));
SELECT count(*), bool_and(length(poc_preview_rows::text) < 200000) AS short FROM poc_preview_rows('nested', 5, 1);

SET client_min_messages = warning;
DROP SCHEMA rows_guesses CASCADE;
