-- poc_generate_rows() and poc_fingerprint() can do what their caller can do, no more
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS poc_barman;
RESET client_min_messages;
CREATE SCHEMA rows_privileges;
SET search_path = rows_privileges, public;
SET client_min_messages = warning;
DROP ROLE IF EXISTS poc_rows_user;
RESET client_min_messages;
CREATE ROLE poc_rows_user;
GRANT USAGE ON SCHEMA rows_privileges TO poc_rows_user;

CREATE TABLE closed (id serial PRIMARY KEY, a text, b text);
CREATE TABLE open (id serial PRIMARY KEY, a text, b text);
CREATE TABLE partly (id int DEFAULT 0, a text, b text DEFAULT 'b');
GRANT INSERT ON open TO poc_rows_user;
GRANT INSERT (a) ON partly TO poc_rows_user;

SET ROLE poc_rows_user;
SELECT poc_generate_rows(1, 'closed');
-- a serial column asks for its sequence, as in INSERT
SELECT poc_generate_rows(1, 'open');
-- only the columns that are written count
SELECT poc_generate_rows(2, 'partly');
SELECT poc_generate_rows(2, 'partly', options => '{"defaults": false}');
SELECT * FROM poc_fingerprint('closed');
RESET ROLE;
GRANT USAGE ON SEQUENCE open_id_seq TO poc_rows_user;
SET ROLE poc_rows_user;
SELECT poc_generate_rows(2000, 'open');
-- locking everybody out is for the owner
SELECT poc_generate_rows(1, 'open', options => '{"indexes": "after"}');
RESET ROLE;
SELECT count(*), max(id) FROM open;

SET client_min_messages = warning;
DROP SCHEMA rows_privileges CASCADE;
DROP ROLE poc_rows_user;
