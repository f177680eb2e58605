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
-- a plan within the plan
CREATE TABLE own (a int);
CREATE FUNCTION nested() RETURNS int IMMUTABLE LANGUAGE plpgsql AS
$$BEGIN PERFORM * FROM public.poc_preview_rows('rows_owner_role.own', 1); RETURN 1; END$$;
CREATE TABLE nesting (id int PRIMARY KEY);
INSERT INTO nesting VALUES (1);
CREATE INDEX ON nesting ((id + nested()));
CREATE STATISTICS statistics ON (no + only_owner('statistics of a parent')), (no * 2) FROM parent;
ANALYZE parent;
RESET ROLE;
CREATE TABLE t_supers_child (id int REFERENCES parent);
CREATE TABLE t_supers_nesting (id int REFERENCES nesting, b int DEFAULT only_owner('a default'), CHECK (b > only_owner('a condition')));
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
-- nor by a load of a table of one's own, as in an INSERT
\c -
SET client_min_messages = warning;
SET search_path = rows_owner_role, public;
SELECT count(*) FROM poc_preview_rows('t_supers_child', 3);
SELECT poc_generate_rows(3, 't_supers_child'), poc_generate_rows(3, 't_supers_child', options => '{"foreign_keys": "each"}');
SELECT count(*), count(id) FROM t_supers_child;
-- whoever is not the owner's equal runs that, as in an INSERT, himself, and never as the owner
\c -
SET client_min_messages = warning;
SET search_path = rows_owner_role, public;
SET ROLE poc_owner_role_reader;
SELECT count(*) FROM poc_explain_rows('t_index');
RESET ROLE;
CREATE SCHEMA rows_owner_reader AUTHORIZATION poc_owner_role_reader;
SET ROLE poc_owner_role_reader;
CREATE FUNCTION rows_owner_reader.folded() RETURNS int IMMUTABLE LANGUAGE plpgsql AS
$$BEGIN RAISE WARNING 'a view''s condition ran as %', current_user; RETURN 5; END$$;
CREATE DOMAIN rows_owner_reader.mine AS int CHECK (rows_owner_reader.folded() > 0);
CREATE VIEW rows_owner_reader.view AS SELECT * FROM t_index
	WHERE a > jsonb_populate_record(ROW(('{}'::rows_owner_reader.mine[])[1]), '{"f1": 7}')::text::int;
SELECT count(*) FROM poc_explain_rows('rows_owner_reader.view');
RESET ROLE;
DROP SCHEMA rows_owner_reader CASCADE;

-- values of options are read by no domain of others
SET ROLE poc_owner_role;
CREATE FUNCTION conditions() RETURNS int LANGUAGE plpgsql AS
$$BEGIN RAISE WARNING 'a domain ran as %', current_user; RETURN 1; END$$;
CREATE DOMAIN read AS int CHECK (conditions() > 0);
RESET ROLE;
CREATE TABLE reading (a read[], b int);
SELECT count(*) FROM poc_explain_rows('reading', '{"columns": {"a": {"values": ["{1}"]}}}');
SELECT count(*) FROM poc_explain_rows('reading', '{"columns": {"a": {"pattern": "{1,2}"}}}');

-- what depends on the role is not guessed, and an owner who may not read is told
SET ROLE poc_owner_role;
CREATE TABLE whose (n int CHECK (CASE current_user WHEN 'poc_owner_role' THEN n BETWEEN 1 AND 2 ELSE n BETWEEN 500 AND 510 END));
CREATE TABLE unreadable (id int PRIMARY KEY);
CREATE TABLE unreadable_child (id int REFERENCES unreadable);
REVOKE SELECT ON unreadable FROM poc_owner_role;
RESET ROLE;
SELECT column_name, generator, detail FROM poc_explain_rows('whose') WHERE column_name = 'n';
SELECT count(*) FROM poc_explain_rows('unreadable_child');

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
CREATE TABLE exported (id int PRIMARY KEY);
INSERT INTO exported VALUES (1);
ALTER TABLE exported ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_export ON exported
	USING (query_to_xml('SELECT rows_owner_role.only_owner($$a query of a policy$$)', true, true, '') IS NOT NULL);
CREATE TABLE exported_child (id int REFERENCES exported);
CREATE TABLE unread (id int PRIMARY KEY);
CREATE TABLE unread_child (id int REFERENCES unread);
GRANT SELECT ON hidden, exported TO poc_owner_role_reader;
GRANT SELECT, INSERT ON hidden_child, exported_child, unread_child TO poc_owner_role_reader;
RESET ROLE;
SELECT column_name, generator, detail FROM poc_explain_rows('cast_child');
SELECT column_name, generator, detail FROM poc_explain_rows('hidden_child') WHERE column_name IS NOT NULL;
SET ROLE poc_owner_role_reader;
SELECT column_name, generator, detail FROM poc_explain_rows('hidden_child');
SELECT column_name, generator, detail FROM poc_explain_rows('exported_child');
SELECT column_name, generator, detail FROM poc_explain_rows('unread_child');
SELECT current_user, current_setting('search_path');
RESET ROLE;

SET client_min_messages = error;
DROP SCHEMA rows_owner_role CASCADE;
DROP ROLE poc_owner_role, poc_owner_role_reader;
