-- poc_generate_rows() and tables that refer to themselves: roots and children from the first row on
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS poc_barman;
RESET client_min_messages;
CREATE SCHEMA rows_hierarchy;
SET search_path = rows_hierarchy, public;
CREATE TABLE emp (id serial PRIMARY KEY, manager_id int REFERENCES emp);
CREATE TABLE cat (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, parent int NOT NULL REFERENCES cat);
CREATE TABLE checked (id int PRIMARY KEY, parent int NOT NULL REFERENCES checked, CHECK (parent <> id));
CREATE TABLE defaults (id text PRIMARY KEY DEFAULT md5(nextval('emp_id_seq')::text), parent text REFERENCES defaults);
CREATE TABLE versions (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), previous uuid UNIQUE REFERENCES versions);
CREATE TABLE partners (id serial PRIMARY KEY, partner int NOT NULL UNIQUE REFERENCES partners);
CREATE TABLE tenants (id int PRIMARY KEY);
INSERT INTO tenants VALUES (1), (2), (3);
CREATE TABLE nodes (tenant int NOT NULL REFERENCES tenants, id int, parent int, PRIMARY KEY (tenant, id), FOREIGN KEY (tenant, parent) REFERENCES nodes);
CREATE TABLE pairs (a int, b int, c int, d int, PRIMARY KEY (a, b), FOREIGN KEY (c, d) REFERENCES pairs MATCH FULL);
CREATE VIEW shape AS
	SELECT 'emp' AS name, count(*), count(manager_id) AS parents, count(*) FILTER (WHERE manager_id = id) AS own FROM emp
	UNION ALL SELECT 'cat', count(*), count(parent), count(*) FILTER (WHERE parent = id) FROM cat
	UNION ALL SELECT 'checked', count(*), count(parent), count(*) FILTER (WHERE parent = id) FROM checked
	UNION ALL SELECT 'defaults', count(*), count(parent), count(*) FILTER (WHERE parent = id) FROM defaults
	UNION ALL SELECT 'versions', count(*), count(previous), count(*) FILTER (WHERE previous = id) FROM versions
	UNION ALL SELECT 'partners', count(*), count(partner), count(*) FILTER (WHERE partner = id) FROM partners
	UNION ALL SELECT 'nodes', count(*), count(parent), count(*) FILTER (WHERE parent = id) FROM nodes
	UNION ALL SELECT 'pairs', count(*), count(c), count(*) FILTER (WHERE (c, d) = (a, b)) FROM pairs;
CREATE TABLE names AS SELECT name FROM shape;
SELECT poc_generate_rows(1500, name::regclass, 7) FROM names;
SELECT name, count, parents BETWEEN 1300 AND 1400 AS some_roots, own FROM shape ORDER BY name;
-- deep as such trees are
WITH RECURSIVE tree AS (SELECT id, 1 AS depth FROM emp WHERE manager_id IS NULL UNION ALL SELECT e.id, depth + 1 FROM emp AS e JOIN tree AS t ON e.manager_id = t.id)
SELECT count(*), max(depth) BETWEEN 4 AND 30 AS depth FROM tree;
-- the same by every path
CREATE TABLE seen AS SELECT name, hash FROM names, poc_fingerprint(name::regclass);
TRUNCATE emp, cat, checked, defaults, versions, partners, nodes, pairs RESTART IDENTITY;
ALTER SEQUENCE emp_id_seq RESTART;
SELECT poc_generate_rows(1500, name::regclass, 7, '{"path": "single", "foreign_keys": "each"}') FROM names;
SELECT count(*) FROM seen, poc_fingerprint(name::regclass) AS now WHERE now.hash = seen.hash;
TRUNCATE emp, cat, checked, defaults, versions, partners, nodes, pairs RESTART IDENTITY;
ALTER SEQUENCE emp_id_seq RESTART;
SELECT poc_generate_rows(1500, name::regclass, 7, '{"path": "query"}') FROM names;
SELECT count(*) FROM seen, poc_fingerprint(name::regclass) AS now WHERE now.hash = seen.hash;
TRUNCATE checked, versions, nodes, pairs;
SET client_min_messages = warning;
CALL poc_fill('checked', 1500, workers => 2, seed => 7);
CALL poc_fill('versions', 1500, workers => 2, seed => 7);
CALL poc_fill('nodes', 1500, workers => 2, seed => 7);
CALL poc_fill('pairs', 1500, workers => 2, seed => 7);
RESET client_min_messages;
SELECT count(*) FROM seen, poc_fingerprint(name::regclass) AS now WHERE now.hash = seen.hash;
-- a second load refers to the rows of the first, unless each may be referred to once; so does a preview, and it draws from no sequence
SELECT poc_generate_rows(100, name::regclass) FROM names;
SELECT name, count, own FROM shape ORDER BY name;
SELECT count(*) FROM poc_preview_rows('cat', 10) AS row WHERE row -> 'parent' <> 'null';
-- roots as the options say; one row that must have a parent is its own
TRUNCATE emp, cat;
SELECT poc_generate_rows(1000, 'emp', 7, '{"null_fraction": 0.5}'), poc_generate_rows(1, 'cat');
SELECT count(manager_id) BETWEEN 400 AND 600 AS half FROM emp;
SELECT count(*) FROM cat WHERE parent = id;
TRUNCATE emp;
SELECT poc_generate_rows(100, 'emp', 7, '{"columns": {"manager_id": {"null_fraction": 0}}}');
SELECT count(*) - count(manager_id) AS roots FROM emp;
-- rows that a trigger drops are nobody's parents: an error, and never a wrong row
CREATE FUNCTION drop_some() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN CASE WHEN NEW.id % 3 <> 0 THEN NEW END; END $$;
CREATE TABLE dropping (id int PRIMARY KEY, parent int REFERENCES dropping);
CREATE TRIGGER drop_some BEFORE INSERT ON dropping FOR EACH ROW EXECUTE FUNCTION drop_some();
\set VERBOSITY terse
SELECT poc_generate_rows(100, 'dropping');
\set VERBOSITY default
SELECT count(parent) FROM dropping WHERE parent % 3 = 0;
-- a key that refers to itself is always true
CREATE TABLE ent (id uuid PRIMARY KEY DEFAULT gen_random_uuid() REFERENCES ent (id));
CREATE TABLE ent2 (a int, b int, PRIMARY KEY (a, b), FOREIGN KEY (a, b) REFERENCES ent2);
SELECT poc_generate_rows(10, 'ent'), poc_generate_rows(10, 'ent'), poc_generate_rows(10, 'ent2'), poc_generate_rows(10, 'ent2');
-- conditions beside a hierarchy: what they change, the references follow
CREATE TABLE sized (id serial PRIMARY KEY, parent int REFERENCES sized, depth int NOT NULL, a int NOT NULL, b int NOT NULL, CHECK (a + b = 100), CHECK ((parent IS NULL) = (depth = 0)));
CREATE TABLE shared (tenant int NOT NULL CHECK (tenant % 7 = 1), id int, parent int, twice int NOT NULL, PRIMARY KEY (tenant, id), FOREIGN KEY (tenant, parent) REFERENCES shared, CHECK (twice = tenant * 2));
SELECT poc_generate_rows(3000, 'sized', 1), poc_generate_rows(3000, 'shared', 1);
SELECT count(*), count(parent) > 2000 AS children, count(*) FILTER (WHERE depth = 0) > 200 AS roots FROM sized;
SELECT count(*), count(parent) > 1500 AS children, count(DISTINCT tenant) > 5 AS tenants FROM shared;
SET client_min_messages = warning;
DROP SCHEMA rows_hierarchy CASCADE;
