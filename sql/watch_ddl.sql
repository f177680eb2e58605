-- poc_watch_ddl(): who drops and rewrites tables
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS poc_barman;
CREATE ROLE regress_poc_dropper;
CREATE TABLE watched (id int);
CREATE TABLE watched_too (id int);
CREATE TABLE watched_parts (id int) PARTITION BY LIST (id);
CREATE TABLE watched_part PARTITION OF watched_parts DEFAULT;
CREATE TEMP TABLE watched_temp (id int);
ALTER TABLE watched_too OWNER TO regress_poc_dropper;
SET client_min_messages = notice;

-- off, until it is asked for, and not by everybody
ALTER TABLE watched ALTER id TYPE bigint;
SELECT count(*) FROM _poc.ddl_notes WHERE relation LIKE 'public.watched%';
SET ROLE regress_poc_dropper;
SELECT poc_watch_ddl();
RESET ROLE;

SELECT poc_watch_ddl();
SET application_name = 'an app';
ALTER TABLE watched ALTER id TYPE int;
ALTER TABLE watched ADD plain int;
ALTER TABLE watched_temp ALTER id TYPE text;
DROP TABLE watched_temp;
SET ROLE regress_poc_dropper;
DROP TABLE watched_too;
RESET ROLE;
BEGIN;
DROP TABLE watched_parts;
ROLLBACK;
SELECT poc_watch_ddl(queries => false);
DROP TABLE watched_parts;
SELECT poc_watch_ddl(false);
DROP TABLE watched;
SELECT kind, relation, role = CASE relation WHEN 'public.watched_too' THEN 'regress_poc_dropper' ELSE current_user END AS role, login = current_user AS login, split_part(client, ' ', 2) AS client, query
FROM _poc.ddl_notes WHERE relation LIKE 'public.watched%' ORDER BY lsn, relation;

-- what is watched goes on, whatever becomes of the note
SELECT poc_watch_ddl();
CREATE TABLE watched (id int);
CREATE TABLE kept_notes AS TABLE _poc.ddl_notes WITH NO DATA;
ALTER TABLE _poc.ddl_notes ADD CONSTRAINT none CHECK (relation <> 'public.watched') NOT VALID;
DROP TABLE watched;
ALTER TABLE _poc.ddl_notes DROP CONSTRAINT none;
SELECT poc_watch_ddl(false);
DROP TABLE kept_notes;
DROP ROLE regress_poc_dropper;
