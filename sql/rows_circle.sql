-- poc_generate_rows() and tables that refer to each other: keys that are promised, and keys that are set later
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS poc_barman;
RESET client_min_messages;
CREATE SCHEMA rows_circle;
SET search_path = rows_circle, public;
-- deferred: both in one call, whichever comes first
CREATE TABLE hen (id int PRIMARY KEY, egg int NOT NULL);
CREATE TABLE egg (id int PRIMARY KEY, hen int NOT NULL REFERENCES hen DEFERRABLE INITIALLY DEFERRED);
ALTER TABLE hen ADD FOREIGN KEY (egg) REFERENCES egg DEFERRABLE INITIALLY DEFERRED;
SELECT poc_generate_rows(10, 'hen');
SELECT poc_generate_rows(10, 'egg');
SELECT poc_generate_rows(100, 'hen', options => '{"parents": true}');
SELECT (SELECT count(*) FROM hen) AS hens, (SELECT count(*) FROM egg) AS eggs, (SELECT count(DISTINCT egg) FROM hen) AS different;
SELECT poc_generate_rows(100, 'egg'), poc_generate_rows(100, 'hen');
TRUNCATE hen, egg;
SELECT poc_generate_rows(100, 'egg', options => '{"parents": true, "path": "query"}');
SELECT (SELECT count(*) FROM hen) AS hens, (SELECT count(*) FROM egg) AS eggs;
TRUNCATE hen, egg;
CALL poc_fill('hen', 2000, options => '{"parents": true}');
-- one of them deferrable, keys from sequences, which go on
CREATE TABLE team (id serial PRIMARY KEY, lead int NOT NULL, name text UNIQUE);
CREATE TABLE person (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, team int NOT NULL REFERENCES team, badge uuid DEFAULT gen_random_uuid() UNIQUE);
ALTER TABLE team ADD FOREIGN KEY (lead) REFERENCES person DEFERRABLE;
SELECT poc_generate_rows(50, 'team', options => '{"parents": true}');
SELECT poc_generate_rows(50, 'team'), poc_generate_rows(50, 'person');
TRUNCATE team, person;
SELECT poc_generate_rows(50, 'person', options => '{"parents": true}');
SELECT (SELECT count(*) FROM team) AS teams, (SELECT count(*) FROM person) AS people;
-- three, from each of them
CREATE TABLE a (id int PRIMARY KEY, n int NOT NULL);
CREATE TABLE b (id int PRIMARY KEY, n int NOT NULL REFERENCES a);
CREATE TABLE c (id int PRIMARY KEY, n int NOT NULL REFERENCES b);
ALTER TABLE a ADD FOREIGN KEY (n) REFERENCES c DEFERRABLE INITIALLY DEFERRED;
SELECT poc_generate_rows(50, 'a', options => '{"parents": true}');
TRUNCATE a, b, c;
SELECT poc_generate_rows(50, 'b', options => '{"parents": true}');
TRUNCATE a, b, c;
SELECT poc_generate_rows(50, 'c', options => '{"parents": true}');
SELECT (SELECT count(*) FROM a) AS a, (SELECT count(*) FROM b) AS b, (SELECT count(*) FROM c) AS c;
-- one to one: the key itself refers to the other table
CREATE TABLE one (id int PRIMARY KEY);
CREATE TABLE two (id int PRIMARY KEY REFERENCES one DEFERRABLE INITIALLY DEFERRED);
ALTER TABLE one ADD FOREIGN KEY (id) REFERENCES two DEFERRABLE INITIALLY DEFERRED;
SELECT poc_generate_rows(30, 'one', options => '{"parents": true}');
SELECT count(*) FROM one JOIN two USING (id);
-- none that could wait: the check of each row is left out, and all rows are looked up in the end
CREATE TABLE concept (id int PRIMARY KEY, domain text NOT NULL, vocabulary text NOT NULL, class text NOT NULL);
CREATE TABLE domain (id varchar(20) PRIMARY KEY, concept int NOT NULL REFERENCES concept);
CREATE TABLE vocabulary (id varchar(20) PRIMARY KEY, concept int NOT NULL REFERENCES concept);
CREATE TABLE class (id varchar(20) PRIMARY KEY, concept int NOT NULL UNIQUE REFERENCES concept, vocabulary varchar(20) NOT NULL REFERENCES vocabulary);
ALTER TABLE concept ADD FOREIGN KEY (domain) REFERENCES domain, ADD FOREIGN KEY (vocabulary) REFERENCES vocabulary, ADD FOREIGN KEY (class) REFERENCES class;
SELECT poc_generate_rows(50, 'concept', options => '{"parents": true}');
SELECT (SELECT count(*) FROM concept) AS concepts, (SELECT count(*) FROM domain) > 0 AS domains, (SELECT count(*) FROM vocabulary) > 0 AS vocabularies, (SELECT count(*) FROM class) > 0 AS classes;
ALTER TABLE concept DROP CONSTRAINT concept_domain_fkey, ADD FOREIGN KEY (domain) REFERENCES domain;
ALTER TABLE class DROP CONSTRAINT class_concept_fkey, ADD FOREIGN KEY (concept) REFERENCES concept;
TRUNCATE concept CASCADE;
SELECT poc_generate_rows(50, 'class', options => '{"parents": true}');
TRUNCATE concept CASCADE;
\set VERBOSITY sqlstate
CALL poc_populate('rows_circle', 0, '{"concept": 40, "domain": 5, "vocabulary": 6, "class": 7}', seed => 1) \gset
\set VERBOSITY default
SELECT target, state, rows FROM poc_last_populate() WHERE state <> 'left out' AND rows > 0 ORDER BY 1;
-- a trigger that changes what was promised; rows that are not ours to read
TRUNCATE concept CASCADE;
CREATE FUNCTION other_key() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.id := NEW.id + 1000000; RETURN NEW; END $$;
CREATE TRIGGER other BEFORE INSERT ON concept FOR EACH ROW EXECUTE FUNCTION other_key();
SELECT poc_generate_rows(50, 'class', options => '{"parents": true}');
SELECT poc_generate_rows(50, 'concept', options => '{"parents": true}');
DROP TRIGGER other ON concept;
ALTER TABLE concept ENABLE ROW LEVEL SECURITY;
CREATE ROLE poc_rows_circle;
GRANT ALL ON SCHEMA rows_circle TO poc_rows_circle;
GRANT ALL ON concept, domain, vocabulary, class TO poc_rows_circle;
CREATE POLICY "all" ON concept USING (true);
SET ROLE poc_rows_circle;
SELECT poc_generate_rows(50, 'class', options => '{"parents": true}');
RESET ROLE;
SELECT count(*) FROM concept;
DROP TABLE concept, domain, vocabulary, class;
DROP OWNED BY poc_rows_circle;
DROP ROLE poc_rows_circle;
-- a leg that takes nulls: null first, then set
CREATE TABLE shop (id int PRIMARY KEY, manager int);
CREATE TABLE staff (id int PRIMARY KEY, shop int NOT NULL REFERENCES shop);
ALTER TABLE shop ADD FOREIGN KEY (manager) REFERENCES staff;
SELECT poc_generate_rows(10, 'shop', options => '{"parents": true}');
SELECT count(*), count(manager) FROM shop;
TRUNCATE shop, staff;
SELECT poc_generate_rows(100, 'staff', options => '{"parents": true}');
SELECT count(*), count(manager) FROM shop;
TRUNCATE shop, staff;
SELECT poc_generate_rows(10, 'shop'), poc_generate_rows(10, 'staff'), poc_generate_rows(10, 'shop');
SELECT count(*), count(manager) FROM shop;
TRUNCATE shop, staff;
SET client_min_messages = warning;
CALL poc_fill('shop', 2000, options => '{"parents": true}');
RESET client_min_messages;
SELECT count(*), count(manager) FROM shop;
CREATE TABLE tenants (id int PRIMARY KEY);
INSERT INTO tenants VALUES (1), (2);
CREATE TABLE orgs (tenant int NOT NULL REFERENCES tenants, id int, owner int, PRIMARY KEY (tenant, id));
CREATE TABLE users (tenant int NOT NULL REFERENCES tenants, id int, org int NOT NULL, PRIMARY KEY (tenant, id), FOREIGN KEY (tenant, org) REFERENCES orgs);
ALTER TABLE orgs ADD FOREIGN KEY (tenant, owner) REFERENCES users;
SELECT poc_generate_rows(30, 'orgs', 1, options => '{"parents": true}');
SELECT count(*), count(owner) > 5 AS owners FROM orgs;
-- what a condition rejects stays null, and is told
TRUNCATE shop, staff;
ALTER TABLE shop ADD CHECK (manager < 0);
SELECT poc_generate_rows(10, 'shop', options => '{"parents": true}');
SELECT count(*), count(manager) FROM shop;
-- neither: a hint that leads out
CREATE TABLE x (id int PRIMARY KEY, y int NOT NULL);
CREATE TABLE y (id int PRIMARY KEY, x int NOT NULL REFERENCES x);
ALTER TABLE x ADD FOREIGN KEY (y) REFERENCES y;
SELECT poc_generate_rows(10, 'x', options => '{"parents": true}');
-- promised keys in rows that a search mends
CREATE TABLE left_one (id int PRIMARY KEY, other int NOT NULL, x int NOT NULL, y int NOT NULL, CHECK (x * 3 = y));
CREATE TABLE right_one (id int PRIMARY KEY, other int NOT NULL REFERENCES left_one DEFERRABLE INITIALLY DEFERRED, x int NOT NULL, y int NOT NULL, CHECK (x + y = 77 AND x <> 3), CHECK (id + other > 0));
ALTER TABLE left_one ADD FOREIGN KEY (other) REFERENCES right_one DEFERRABLE INITIALLY DEFERRED;
SELECT poc_generate_rows(20, 'left_one', options => '{"parents": true}');
TRUNCATE left_one, right_one;
SELECT poc_generate_rows(1000, 'right_one', options => '{"parents": true, "start": 5000}');
SET client_min_messages = warning;
DROP SCHEMA rows_circle CASCADE;
