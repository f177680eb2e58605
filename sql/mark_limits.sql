-- A mark that is too large for the sidecar is told at once, and keeps no other from being kept.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS poc_barman;
CREATE SCHEMA mark_limits;
SET search_path = mark_limits, public;
SET poc_barman.server = 'postgres1';

CREATE TABLE t AS SELECT 1 AS id;
-- as many tables as that take a while: what is said of one makes up for them
CREATE FUNCTION enlarge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	new.hash := repeat('a', 33 * 1024 * 1024);
	RETURN new;
END
$$;
CREATE TRIGGER enlarge BEFORE INSERT ON _poc.mark_tables FOR EACH ROW WHEN (new.mark LIKE '%large') EXECUTE FUNCTION enlarge();
SELECT name, tables FROM poc_mark('limits_large', '{t}');
SELECT name, tables FROM poc_mark('limits_small', '{t}');
SELECT name FROM poc_kept_marks() WHERE name LIKE 'limits%' AND lsn IN (SELECT m.lsn FROM poc_marks AS m) ORDER BY name;

-- as if the sidecar had not been reached since
INSERT INTO _poc.marks SELECT 'limits_later', m.lsn, m.timeline, m.system_identifier, clock_timestamp(), m.omitted FROM _poc.marks AS m WHERE m.name = 'limits_small';
SELECT poc_keep_marks() >= 1 AS kept;
SELECT name FROM poc_kept_marks() WHERE name LIKE 'limits%' AND lsn IN (SELECT m.lsn FROM poc_marks AS m) ORDER BY name;

DROP TRIGGER enlarge ON _poc.mark_tables;
DELETE FROM _poc.marks WHERE name LIKE 'limits%';
DROP SCHEMA mark_limits CASCADE;
