-- poc_generate_rows() and unique columns of few values: tables of one row, keys with conditions between their columns
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS poc_barman;
CREATE SCHEMA rows_joint;
SET search_path = rows_joint, public;
-- one row, by each way of saying so
CREATE TABLE s1 (id bool PRIMARY KEY DEFAULT true CHECK (id), v text);
CREATE TABLE s2 (id bool PRIMARY KEY DEFAULT true, v text, CHECK (id IS TRUE));
CREATE TABLE s3 (v text);
CREATE UNIQUE INDEX ON s3 ((true));
CREATE TABLE s4 (id int PRIMARY KEY DEFAULT 1 CHECK (id = 1), v text);
CREATE TABLE s5 (lock char(1) PRIMARY KEY DEFAULT 'X' CHECK (lock = 'X'), v text);
CREATE TABLE s6 (onerow bool NOT NULL DEFAULT true UNIQUE CHECK (onerow = true), v text);
CREATE TABLE s7 (id int GENERATED ALWAYS AS (1) STORED UNIQUE, v text);
CREATE TABLE s8 (id text PRIMARY KEY DEFAULT 'main' CHECK (id = 'main'), v text);
CREATE TABLE s9 (id smallint PRIMARY KEY DEFAULT 1 CHECK (id * 2 = 2), v text);
SELECT name, poc_generate_rows(1, name) FROM (VALUES ('s1'::regclass), ('s2'), ('s3'), ('s4'), ('s5'), ('s6'), ('s7'), ('s8'), ('s9')) AS of(name);
SELECT poc_generate_rows(1, 's1');
SELECT poc_generate_rows(1, 's3');
TRUNCATE s1, s3;
SELECT poc_generate_rows(1, 's1', options => '{"defaults": true}'), poc_generate_rows(1, 's3', options => '{"path": "query"}');
SELECT poc_generate_rows(2, 's2');
-- pairs of foreign keys: as many as there are, and not one more
CREATE TABLE p (id int PRIMARY KEY);
INSERT INTO p SELECT generate_series(1, 30);
CREATE TABLE less (a int REFERENCES p, b int REFERENCES p, PRIMARY KEY (a, b), CHECK (a < b));
CREATE TABLE other (a int NOT NULL REFERENCES p, b int NOT NULL REFERENCES p, UNIQUE (b, a), CHECK (a <> b));
CREATE TABLE friends (a int NOT NULL REFERENCES p, b int NOT NULL REFERENCES p, CHECK (a <> b));
CREATE UNIQUE INDEX friends_once ON friends (least(a, b), greatest(a, b));
CREATE TABLE later (a int NOT NULL REFERENCES p, b int NOT NULL REFERENCES p, c int NOT NULL, UNIQUE (a, b), CHECK (a < b OR c > 10));
CREATE TABLE shifts (a int NOT NULL REFERENCES p, day date NOT NULL, UNIQUE (a, day), CHECK (extract(isodow FROM day) < 6));
SELECT poc_generate_rows(400, 'less'), poc_generate_rows(35, 'less'), poc_generate_rows(800, 'other'), poc_generate_rows(70, 'other', options => '{"path": "query"}'),
	poc_generate_rows(400, 'friends'), poc_generate_rows(35, 'friends', options => '{"path": "single"}'), poc_generate_rows(900, 'later'), poc_generate_rows(1000, 'shifts');
SELECT poc_generate_rows(1, 'less');
SELECT poc_generate_rows(1, 'other');
SELECT poc_generate_rows(1, 'friends');
TRUNCATE less;
CALL poc_fill('less', 435, workers => 2);
-- many: a part of them
CREATE TABLE many (id int PRIMARY KEY);
INSERT INTO many SELECT generate_series(1, 3000);
CREATE TABLE less_of_many (a int REFERENCES many, b int REFERENCES many, PRIMARY KEY (a, b), CHECK (a < b));
SELECT poc_generate_rows(5000, 'less_of_many'), poc_generate_rows(5000, 'less_of_many');
-- expressions that make values equal, and a condition on a key of few values
CREATE TABLE tens (a int);
CREATE UNIQUE INDEX tens_once ON tens ((a % 10));
CREATE TABLE lowered (a text NOT NULL);
CREATE UNIQUE INDEX ON lowered (lower(a));
CREATE TABLE even (id smallint PRIMARY KEY CHECK (id % 2 = 0));
-- of a null key there may be many, unless nulls are equal
CREATE TABLE documents (id serial PRIMARY KEY, d jsonb);
CREATE UNIQUE INDEX ON documents ((d ->> 'reference'));
CREATE TABLE equal_nulls (a int);
CREATE UNIQUE INDEX ON equal_nulls ((nullif(a % 3, 0))) NULLS NOT DISTINCT;
CREATE TABLE other_nulls (a int);
CREATE UNIQUE INDEX ON other_nulls ((nullif(a % 3, 0)));
SELECT poc_generate_rows(500, 'documents'), poc_generate_rows(3, 'equal_nulls'), poc_generate_rows(500, 'other_nulls');
SELECT poc_generate_rows(1, 'equal_nulls');
SELECT poc_generate_rows(6, 'tens'), poc_generate_rows(4, 'tens'), poc_generate_rows(5000, 'lowered'), poc_generate_rows(16000, 'even');
SELECT poc_generate_rows(1, 'tens');
-- none: the condition is named, and no count is made up
CREATE TABLE none (id smallint PRIMARY KEY CHECK (id % 2 = 5));
SELECT poc_generate_rows(1, 'none');
DROP SCHEMA rows_joint CASCADE;
