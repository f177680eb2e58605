-- poc_generate_rows() and what PostgreSQL 18 brought; older servers get what comes nearest
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS poc_barman;
CREATE EXTENSION IF NOT EXISTS btree_gist;
RESET client_min_messages;
CREATE SCHEMA rows_newest;
SET search_path = rows_newest, public;
SELECT current_setting('server_version_num')::int >= 180000 AS has_18 \gset

CREATE TABLE numbers (n int PRIMARY KEY);

\if :has_18
CREATE TABLE computed (a int, b int GENERATED ALWAYS AS (a * 2) VIRTUAL CHECK (b < 500000), c text GENERATED ALWAYS AS ('x' || a) VIRTUAL NOT NULL);
CREATE TABLE booked (room int, during tstzrange, PRIMARY KEY (room, during WITHOUT OVERLAPS));
CREATE TABLE guests (id serial, room int NOT NULL, during tstzrange NOT NULL, FOREIGN KEY (room, PERIOD during) REFERENCES booked (room, PERIOD during));
CREATE TABLE keys_kept (room int, during tstzrange, PRIMARY KEY (room, during WITHOUT OVERLAPS),
	FOREIGN KEY (room, PERIOD during) REFERENCES booked (room, PERIOD during));
CREATE TABLE lenient (n int CHECK (n > 5 AND n < 3) NOT ENFORCED, missing int REFERENCES numbers NOT ENFORCED);
CREATE TABLE numbered (id uuid DEFAULT uuidv7() PRIMARY KEY, n int);
\else
CREATE TABLE computed (a int, b int GENERATED ALWAYS AS (a * 2) STORED CHECK (b < 500000), c text GENERATED ALWAYS AS ('x' || a::text) STORED NOT NULL);
CREATE TABLE booked (room int, during tstzrange, PRIMARY KEY (room, during), EXCLUDE USING gist (room WITH =, during WITH &&));
CREATE TABLE guests (id serial, room int NOT NULL, during tstzrange NOT NULL, FOREIGN KEY (room, during) REFERENCES booked);
CREATE TABLE keys_kept (room int, during tstzrange, PRIMARY KEY (room, during), FOREIGN KEY (room, during) REFERENCES booked);
CREATE TABLE lenient (n int, missing int);
CREATE TABLE numbered (id uuid DEFAULT gen_random_uuid() PRIMARY KEY, n int);
\endif

-- columns that are computed, when they are read or when they are written
SELECT poc_generate_rows(200, 'computed'), poc_generate_rows(200, 'computed', options => '{"path": "single"}'),
	poc_generate_rows(200, 'computed', options => '{"path": "query", "null_fraction": 0.5}');
SELECT count(*), count(a), max(b) < 500000 AS checked FROM computed;
SELECT column_name, generator FROM poc_explain_rows('computed') WHERE column_name IS NOT NULL;
SELECT p ? 'a' AS a, p ? 'b' AS b FROM poc_preview_rows('computed', 1) AS p;
SELECT rows FROM poc_fingerprint('computed');

-- keys of times that do not overlap, and references to them
SELECT poc_generate_rows(300, 'booked'), poc_generate_rows(300, 'booked', options => '{"path": "query"}');
SELECT poc_generate_rows(500, 'guests'), poc_generate_rows(100, 'guests', options => '{"foreign_keys": "each"}');
SELECT poc_generate_rows(400, 'keys_kept'), poc_generate_rows(200, 'keys_kept');
SELECT poc_generate_rows(1, 'keys_kept');

-- constraints that are not enforced ask for nothing
SELECT poc_generate_rows(100, 'lenient');
SELECT count(n), count(missing) FROM lenient;

-- a default that is the clock and chance is made up instead, so that the same seed gives the same rows
SELECT poc_generate_rows(100, 'numbered', seed => 1), poc_generate_rows(100, 'numbered', seed => 1);
SELECT column_name, generator FROM poc_explain_rows('numbered');

SET client_min_messages = warning;
DROP SCHEMA rows_newest CASCADE;
