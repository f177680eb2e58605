-- the options of poc_generate_rows() shape the data; bad ones are errors that name the key
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS poc_barman;
RESET client_min_messages;
CREATE SCHEMA rows_options;
SET search_path = rows_options, public;
CREATE TABLE t (id serial PRIMARY KEY, kind text, n int, size numeric(8,2), at timestamptz, code text, words text, rank int, fixed text NOT NULL,
	place point, bytes bytea, day date DEFAULT '2020-02-02');

SELECT poc_generate_rows(2000, 't', 1, '{"null_fraction": 0.3, "columns": {
	"kind": {"values": {"often": 0.9, "seldom": 0.1}, "null_fraction": 0}, "n": {"values": [5, 7, 11]}, "size": {"distribution": "normal", "min": 0, "max": 10},
	"at": {"distribution": "series", "min": "2024-01-01 00:00+00", "step": "1 hour", "null_fraction": 0}, "code": {"pattern": "SKU-####-??"},
	"words": {"length": {"min": 3, "max": 5}, "prefix": "x-"}, "rank": {"distribution": "zipf", "min": 1, "max": 1000, "null_fraction": 0},
	"fixed": {"constant": "same"}, "place": {"pattern": "(1#,2#)"}, "bytes": {"length": 3}, "day": {"min": "2020-01-01", "max": "2020-01-31"}}}');
SELECT count(*) FILTER (WHERE kind = 'often') BETWEEN 1700 AND 1900 AS often, count(DISTINCT n) AS ns, min(n), max(n), bool_and(fixed = 'same') AS same FROM t;
SELECT count(*) FILTER (WHERE size BETWEEN 3 AND 7) > 0.8 * count(size) AS normal, count(*) FILTER (WHERE size IS NULL) BETWEEN 500 AND 700 AS nulls FROM t;
SELECT bool_and(at >= '2024-01-01 00:00+00'::timestamptz + (id - 1) * interval '1 hour' AND at < '2024-01-01 00:00+00'::timestamptz + id * interval '1 hour') AS series FROM t;
SELECT bool_and(code ~ '^SKU-\d{4}-[a-z]{2}$') AS pattern, bool_and(words ~ '^x-[0-9a-f]{3,5}$') AS prefix, bool_and(length(bytes) = 3) AS length,
	min(day) = '2020-01-01' AND max(day) = '2020-01-31' AS day FROM t;
SELECT count(*) FILTER (WHERE rank = 1) > 10 * count(*) FILTER (WHERE rank = 500) AS zipf, min(rank) FROM t;
TRUNCATE t;
SELECT poc_generate_rows(3, 't', 1, '{"columns": {"n": {"distribution": "sequence", "min": 100, "step": 10}, "kind": {"constant": null}, "day": {"default": true}}}');
SELECT n, kind, day FROM t ORDER BY n;
-- a start: rows 3, 4, ... of what another call made in one go
CREATE TABLE a (x int, y text);
CREATE TABLE b (x int, y text);
SELECT poc_generate_rows(5, 'a', 9), poc_generate_rows(2, 'b', 9), poc_generate_rows(3, 'b', 9, '{"start": 2}');
SELECT (SELECT hash FROM poc_fingerprint('a')) = (SELECT hash FROM poc_fingerprint('b')) AS same;

-- the names of columns tell what is in them
CREATE TABLE people (id serial, full_name text, email varchar(80) UNIQUE, city text, unit_price numeric(8,2), age smallint, status text, homepage_url text, phone text);
SELECT poc_generate_rows(500, 'people', 3), poc_generate_rows(500, 'people', 3);
SELECT bool_and(full_name ~ '^[A-Z][a-z]+ [A-Z][a-z]+$') AS name, bool_and(email ~ '^[a-z]+\.[a-z]+\.\d+@example\.com$') AS email,
	count(DISTINCT email) AS emails, bool_and(unit_price BETWEEN 1 AND 1000) AS price, bool_and(age BETWEEN 18 AND 90) AS age,
	bool_and(homepage_url LIKE 'https://%') AS url, count(DISTINCT city) > 20 AS cities, count(DISTINCT status) AS statuses FROM people;

-- parents first
CREATE TABLE regions (id serial PRIMARY KEY, name text);
CREATE TABLE shops (id serial PRIMARY KEY, region int NOT NULL REFERENCES regions, manager int);
CREATE TABLE staff (id serial PRIMARY KEY, shop int NOT NULL REFERENCES shops);
ALTER TABLE shops ADD FOREIGN KEY (manager) REFERENCES staff;
SELECT poc_generate_rows(200, 'staff', options => '{"parents": true}');
SELECT (SELECT count(*) FROM regions) AS regions, (SELECT count(*) FROM shops) AS shops, count(*) AS staff FROM staff;

-- bad ones
SELECT poc_generate_rows(1, 't', options => '{"columns": {"nobody": {"min": 1}}}');
SELECT poc_generate_rows(1, 't', options => '{"columns": {"kind": {"min": 1}}}');
SELECT poc_generate_rows(1, 't', options => '{"columns": {"n": {"min": "abc"}}}');
SELECT poc_generate_rows(1, 't', options => '{"columns": {"n": {"min": 5, "max": 4}}}');
SELECT poc_generate_rows(1, 't', options => '{"columns": {"n": {"length": 4}}}');
SELECT poc_generate_rows(1, 't', options => '{"columns": {"n": {"minimum": 4}}}');
SELECT poc_generate_rows(1, 't', options => '{"columns": {"n": {"distribution": "gauss"}}}');
SELECT poc_generate_rows(1, 't', options => '{"columns": {"kind": {"distribution": "zipf"}}}');
SELECT poc_generate_rows(1, 't', options => '{"columns": {"n": {"step": 4}}}');
SELECT poc_generate_rows(1, 't', options => '{"columns": {"n": {"values": []}}}');
SELECT poc_generate_rows(1, 't', options => '{"columns": {"n": {"values": [1, "x"]}}}');
SELECT poc_generate_rows(1, 't', options => '{"columns": {"kind": {"values": {"a": -1}}}}');
SELECT poc_generate_rows(1, 't', options => '{"columns": {"fixed": {"null_fraction": 0.5}}}');
SELECT poc_generate_rows(1, 't', options => '{"columns": {"fixed": {"constant": null}}}');
SELECT poc_generate_rows(1, 't', options => '{"columns": []}');
SELECT poc_generate_rows(1, 't', options => '{"columns": {"n": 5}}');
SELECT poc_generate_rows(1, 't', options => '{"null_fraction": 2}');
SELECT poc_generate_rows(1, 't', options => '{"parents": "yes"}');
SELECT poc_generate_rows(1, 'people', options => '{"columns": {"phone": {"pattern": "\\"}}}');
SELECT poc_generate_rows(1, 't', 1, '{"columns": {"n": {"pattern": "??"}}}');

SET client_min_messages = warning;
DROP SCHEMA rows_options CASCADE;
