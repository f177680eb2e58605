-- What PostgreSQL evaluates by itself as it reads a table runs as the table's owner, for who only asks
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS poc_barman;
DROP ROLE IF EXISTS poc_owner_role, poc_owner_role_reader;
CREATE ROLE poc_owner_role;
CREATE SCHEMA rows_owner_role AUTHORIZATION poc_owner_role;
SET search_path = rows_owner_role, public;
SET ROLE poc_owner_role;
CREATE TYPE kind AS ENUM ('a', 'b');
CREATE FUNCTION only_owner(what text) RETURNS int IMMUTABLE LANGUAGE plpgsql AS
$$BEGIN
	IF current_user <> 'poc_owner_role' THEN RAISE WARNING '% ran as %', what, current_user; END IF;
	RETURN 5;
END$$;
CREATE DOMAIN folded AS int CHECK (VALUE > only_owner('a domain''s constant'));
CREATE TABLE t_index (a int, b int);
CREATE INDEX ON t_index ((a + only_owner('an index')));
CREATE UNIQUE INDEX ON t_index ((b - only_owner('a unique index'))) WHERE b > only_owner('a predicate');
CREATE TABLE t_folded (a folded, b folded[]);
CREATE TABLE t_partitioned (a int, b int) PARTITION BY RANGE ((a + only_owner('a partition key')));
CREATE TABLE t_partition PARTITION OF t_partitioned FOR VALUES FROM (0) TO (100);
CREATE TABLE parent (id int PRIMARY KEY, kind kind UNIQUE, no int);
CREATE INDEX ON parent ((id + only_owner('an index of a parent')));
CREATE INDEX ON parent (no) WHERE id > only_owner('a predicate of a parent');
INSERT INTO parent SELECT i, CASE i WHEN 1 THEN 'a'::kind WHEN 2 THEN 'b' END FROM generate_series(1, 9) i;
CREATE TABLE t_child (id int REFERENCES parent);
RESET ROLE;
CREATE TABLE t_supers_child (id int REFERENCES parent);
CREATE VIEW v_supers AS SELECT * FROM t_index;
CREATE ROLE poc_owner_role_reader;
GRANT USAGE ON SCHEMA rows_owner_role TO poc_owner_role_reader;
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA rows_owner_role TO poc_owner_role_reader;

-- no warning, by a session that has read nothing of it yet
\c -
SET client_min_messages = warning;
SET search_path = rows_owner_role, public;
SELECT relname, count(*) FROM pg_class, LATERAL poc_explain_rows(oid)
	WHERE relnamespace = 'rows_owner_role'::regnamespace AND (relname LIKE 't\_%' OR relname LIKE 'v\_%')
		AND relkind IN ('r', 'v', 'p') GROUP BY 1 ORDER BY 1;
\c -
SET client_min_messages = warning;
SET search_path = rows_owner_role, public;
SET ROLE poc_owner_role_reader;
SELECT relname, count(*) FROM pg_class, LATERAL poc_explain_rows(oid)
	WHERE relnamespace = 'rows_owner_role'::regnamespace AND (relname LIKE 't\_%' OR relname LIKE 'v\_%')
		AND relkind IN ('r', 'v', 'p') GROUP BY 1 ORDER BY 1;
RESET ROLE;

-- nor as the caller by a cast of a foreign key, nor by a policy of the referenced table
SET ROLE poc_owner_role;
CREATE TYPE size AS ENUM ('small', 'large');
CREATE FUNCTION size_to_int(size) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION int_to_size(int) RETURNS size LANGUAGE plpgsql AS
$$BEGIN PERFORM only_owner('a cast of a foreign key'); RETURN 'small'; END$$;
CREATE CAST (size AS int) WITH FUNCTION size_to_int(size) AS IMPLICIT;
CREATE CAST (int AS size) WITH FUNCTION int_to_size(int);
CREATE TABLE cast_child (size size REFERENCES parent);
CREATE TABLE hidden (id int PRIMARY KEY);
INSERT INTO hidden VALUES (1);
ALTER TABLE hidden ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_owner ON hidden USING (id < only_owner('a policy'));
CREATE TABLE hidden_child (id int REFERENCES hidden);
CREATE TABLE unread (id int PRIMARY KEY);
CREATE TABLE unread_child (id int REFERENCES unread);
GRANT SELECT ON hidden, hidden_child, unread_child TO poc_owner_role_reader;
GRANT INSERT ON hidden_child, unread_child TO poc_owner_role_reader;
RESET ROLE;
SELECT column_name, generator, detail FROM poc_explain_rows('cast_child');
SELECT column_name, generator, detail FROM poc_explain_rows('hidden_child') WHERE column_name IS NOT NULL;
SET ROLE poc_owner_role_reader;
SELECT column_name, generator, detail FROM poc_explain_rows('hidden_child');
SELECT column_name, generator, detail FROM poc_explain_rows('unread_child');
SELECT current_user, current_setting('search_path');
RESET ROLE;

SET client_min_messages = error;
DROP SCHEMA rows_owner_role CASCADE;
DROP ROLE poc_owner_role, poc_owner_role_reader;
