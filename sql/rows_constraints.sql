-- poc_generate_rows() obeys the constraints of a table
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS poc_barman;
RESET client_min_messages;
CREATE SCHEMA rows_constraints;
SET search_path = rows_constraints, public;

-- CHECK: comparisons, BETWEEN, IN, length, OR, conditions on several columns
CREATE TABLE checked (
	age int NOT NULL CHECK (age >= 18 AND age < 100),
	size numeric(5,1) CHECK (size > 0 AND size <= 2.5),
	kind text CHECK (kind IN ('a', 'b', 'c')),
	code varchar(20) CHECK (length(code) = 6),
	note text CHECK (char_length(note) BETWEEN 3 AND 9),
	born date CHECK (born BETWEEN '1990-01-01' AND '1999-12-31'),
	seen timestamptz CHECK (seen > '2020-01-01 00:00+00' AND seen <= now()),
	state char(3) CHECK (state = 'on' OR state = 'off' OR state IS NULL),
	ratio float8 CHECK (ratio > -1 AND ratio < 1),
	small int2 CHECK (small < 100000),
	low int CHECK (10 > low),
	lower_bound int, upper_bound int, CHECK (lower_bound < upper_bound));
SELECT poc_generate_rows(2000, 'checked');
SELECT min(age) = 18 AND max(age) = 99 AS age, count(DISTINCT kind) AS kinds, count(DISTINCT state) AS states,
	min(size) > 0 AS size, min(ratio) < -0.5 AND max(ratio) > 0.5 AS ratio, count(*) FROM checked;

-- a condition that random rows do not meet ends with the name of the constraint
CREATE TABLE hopeless (a int NOT NULL CONSTRAINT squares CHECK (a % 7 = 9));
SELECT poc_generate_rows(1, 'hopeless');
CREATE TABLE empty_range (a int CHECK (a > 10), CHECK (a < 5));
SELECT poc_generate_rows(1, 'empty_range');

-- defaults, identity and generated columns
CREATE TABLE filled (
	id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	number bigserial,
	fixed text DEFAULT 'fixed',
	nothing text DEFAULT NULL,
	made timestamptz DEFAULT now(),
	double int GENERATED ALWAYS AS (id * 2) STORED,
	base int NOT NULL);
SELECT poc_generate_rows(1500, 'filled', seed => 7);
SELECT count(*), min(id), max(id), max(number), bool_and(fixed = 'fixed') AS fixed, count(nothing) AS nothing,
	count(DISTINCT made) > 1000 AS made, bool_and(double = id * 2) AS double FROM filled;
TRUNCATE filled;
SELECT poc_generate_rows(10, 'filled', options => '{"defaults": false}');
SELECT count(*) FILTER (WHERE fixed = 'fixed') AS fixed, min(id) FROM filled;

-- keys: each type counts, and goes on after the rows there are
CREATE TABLE keyed (
	a int PRIMARY KEY, b text UNIQUE, c uuid UNIQUE, d date UNIQUE, e numeric(8,2) UNIQUE, f char(8) UNIQUE,
	g bytea UNIQUE, h inet UNIQUE, i macaddr UNIQUE, j timestamptz(0) UNIQUE, k float8 UNIQUE, l bit(20) UNIQUE,
	m varchar(3) UNIQUE, n bigint, o bool, p text, UNIQUE (o, n), q float4 UNIQUE);
CREATE UNIQUE INDEX ON keyed (lower(p));
SELECT poc_generate_rows(1500, 'keyed', seed => 1);
SELECT poc_generate_rows(1500, 'keyed', seed => 1);
DELETE FROM keyed WHERE a % 3 = 0;
SELECT poc_generate_rows(1500, 'keyed', seed => 2, options => '{"indexes": "each"}');
SELECT count(*), max(a) FROM keyed;
INSERT INTO keyed (a) VALUES (2147483647);
SELECT poc_generate_rows(1, 'keyed');

-- several columns together; as many rows as there are combinations, no more
CREATE TABLE together (a bool, b smallint CHECK (b BETWEEN 1 AND 10), c text CHECK (c IN ('x', 'y')), PRIMARY KEY (a, b, c));
SELECT poc_generate_rows(30, 'together');
SELECT poc_generate_rows(10, 'together');
SELECT poc_generate_rows(1, 'together');
SELECT count(*), count(DISTINCT b) FROM together;

-- deferrable keys, partial ones, descending ones, nulls
CREATE TABLE late (a int UNIQUE DEFERRABLE INITIALLY DEFERRED, b int);
CREATE UNIQUE INDEX ON late (b DESC) WHERE b > 0;
INSERT INTO late VALUES (NULL, NULL), (NULL, 5);
SELECT poc_generate_rows(100, 'late'), poc_generate_rows(100, 'late');

-- an exclusion constraint is obeyed by equality, otherwise refused
CREATE TABLE excluded (a int, EXCLUDE USING btree (a WITH =));
SELECT poc_generate_rows(100, 'excluded');
CREATE TABLE overlapping (r int4range, t tstzrange NOT NULL, EXCLUDE USING gist (r WITH &&), EXCLUDE USING gist (t WITH &&));
INSERT INTO overlapping VALUES ('[50, 70)', '[2016-01-01 00:00+00, 2016-01-01 00:30+00]');
SELECT poc_generate_rows(100, 'overlapping'), poc_generate_rows(1500, 'overlapping');
SELECT count(*), min(lower(r)) FROM overlapping;
CREATE TABLE circles (c circle, EXCLUDE USING gist (c WITH &&));
SELECT poc_generate_rows(100, 'circles');
CREATE TABLE boxes (b box, EXCLUDE USING gist (b WITH &&));
SELECT poc_generate_rows(100, 'boxes');
CREATE TABLE uncountable (a interval year UNIQUE);
SELECT poc_generate_rows(100, 'uncountable');

SET client_min_messages = warning;
DROP SCHEMA rows_constraints CASCADE;
