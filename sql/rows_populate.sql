-- CALL poc_populate(): every table of a schema
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS poc_barman;
DROP ROLE IF EXISTS poc_rows_owner, poc_rows_stranger;
CREATE ROLE poc_rows_owner;
CREATE ROLE poc_rows_stranger;
CREATE SCHEMA rows_populate;
SET search_path = rows_populate, public;

-- a chain, hostile names, a self reference, a circle with a nullable leg, partitions, a key of two values
CREATE TABLE countries (id serial PRIMARY KEY, name text NOT NULL, parent int REFERENCES countries);
CREATE TABLE customers (id serial PRIMARY KEY, country_id int NOT NULL REFERENCES countries, email text UNIQUE);
CREATE TABLE "Or'd""ers; --" (id serial PRIMARY KEY, customer_id int NOT NULL REFERENCES customers);
CREATE TABLE a_items (order_id int NOT NULL REFERENCES "Or'd""ers; --", line int, PRIMARY KEY (order_id, line));
CREATE TABLE a_profiles (customer_id int PRIMARY KEY REFERENCES customers, bio text);
CREATE TABLE staff (id int PRIMARY KEY, team int NOT NULL);
CREATE TABLE teams (id int PRIMARY KEY, leader int REFERENCES staff);
ALTER TABLE staff ADD FOREIGN KEY (team) REFERENCES teams;
CREATE TABLE switches (on_or_off boolean PRIMARY KEY);
CREATE TABLE events (id bigserial, customer_id int NOT NULL REFERENCES customers, at date) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE VIEW newest AS SELECT * FROM countries;
CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM countries;
SELECT * FROM poc_populate_plan('rows_populate', 30, '{"countries": 5}');
SELECT target, wanted FROM poc_populate_plan('rows_populate', 1000, '"auto"');

-- a reason of one table does not keep the others: conditions nobody fulfils, triggers, what is deferred
CREATE TABLE impossible (a int NOT NULL CHECK (a % 7 = 9));
CREATE TABLE waits (id int, a int NOT NULL);
CREATE FUNCTION forbid() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not into %', TG_TABLE_NAME; END $$;
CREATE TABLE guarded (a int);
CREATE TRIGGER guard BEFORE INSERT ON guarded FOR EACH ROW EXECUTE FUNCTION forbid();
CREATE TABLE guarded_late (a int);
CREATE CONSTRAINT TRIGGER guard AFTER INSERT ON guarded_late DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION forbid();
-- and those of others, whose code would run with the caller's rights, are left out unless they are trusted
CREATE TABLE strange (a int);
ALTER TABLE strange OWNER TO poc_rows_stranger;
\set VERBOSITY sqlstate
CALL poc_populate('rows_populate', 30, '{"countries": 5, "waits": 0}', seed => 7) \gset
\set VERBOSITY default
SELECT :filled AS filled, :refused AS refused, :made AS made, :'elapsed'::interval > '0 s' AS elapsed;
SELECT step, target, state, rows, path, CASE WHEN target <> 'impossible'::regclass THEN message END AS message FROM poc_last_populate();
SELECT DISTINCT hint FROM poc_last_populate() WHERE state = 'left out' ORDER BY 1;
SELECT detail, hint FROM poc_last_populate() WHERE target = 'guarded_late'::regclass;
SELECT count(*) FROM events_1;
SELECT count(*), count(DISTINCT customer_id) FROM a_profiles;
SELECT seed AS customers_seed FROM poc_last_populate() WHERE target = 'customers'::regclass \gset
SELECT md5(string_agg(email, ',' ORDER BY id)) AS emails FROM customers \gset

-- the same seed makes the same rows, in another schema and by poc_generate_rows(), too; what the scale names is filled
CREATE SCHEMA rows_populate_2;
CREATE TABLE rows_populate_2.customers (id serial PRIMARY KEY, country_id int, email text UNIQUE);
\set VERBOSITY sqlstate
CALL poc_populate('rows_populate_2', 30, seed => 7) \gset
SELECT md5(string_agg(email, ',' ORDER BY id)) = :'emails' AS same FROM rows_populate_2.customers;
TRUNCATE rows_populate_2.customers;
SELECT poc_generate_rows(30, 'rows_populate_2.customers', seed => :customers_seed);
SELECT md5(string_agg(email, ',' ORDER BY id)) = :'emails' AS same FROM rows_populate_2.customers;
DROP SCHEMA rows_populate_2 CASCADE;
CALL poc_populate('rows_populate', 0, '{"strange": 3, "newest": 2, "events_1": 4}', options => '{"tables": {"strange": {"columns": {"a": {"constant": 9}}}}}') \gset
SELECT target, rows FROM poc_last_populate() WHERE rows > 0;
SELECT DISTINCT a FROM strange;
CALL poc_populate('rows_populate', 2, options => '{"owners": ["poc_rows_stranger"], "dry_run": true}') \gset
SELECT count(*), count(*) FILTER (WHERE state = 'planned') AS planned, sum(rows) AS rows FROM poc_last_populate();
CALL poc_populate('rows_populate', 0, '{"waits": 100000}', workers => 2) \gset
SELECT rows, path FROM poc_last_populate() WHERE target = 'waits'::regclass;
\set VERBOSITY default

-- tables in circles: keys that are deferred, and one that takes nulls is set in the end; nothing that is left out gets rows
CREATE SCHEMA rows_populate_2;
CREATE TABLE rows_populate_2.hen (id int PRIMARY KEY, egg int NOT NULL);
CREATE TABLE rows_populate_2.egg (id int PRIMARY KEY, hen int NOT NULL REFERENCES rows_populate_2.hen DEFERRABLE INITIALLY DEFERRED);
ALTER TABLE rows_populate_2.hen ADD FOREIGN KEY (egg) REFERENCES rows_populate_2.egg DEFERRABLE;
CREATE TABLE rows_populate_2.shop (id int PRIMARY KEY, manager int);
CREATE TABLE rows_populate_2.person (id int PRIMARY KEY, shop int NOT NULL REFERENCES rows_populate_2.shop);
ALTER TABLE rows_populate_2.shop ADD FOREIGN KEY (manager) REFERENCES rows_populate_2.person;
CREATE TABLE rows_populate_2.left (id int PRIMARY KEY, right_id int);
CREATE TABLE rows_populate_2.right (id int PRIMARY KEY CHECK (id % 7 = 9), left_id int NOT NULL REFERENCES rows_populate_2.left);
ALTER TABLE rows_populate_2.left ADD FOREIGN KEY (right_id) REFERENCES rows_populate_2.right;
CREATE TABLE rows_populate_2.mill (id int PRIMARY KEY, baker int NOT NULL);
CREATE TABLE rows_populate_2.baker (id int PRIMARY KEY, mill int NOT NULL REFERENCES rows_populate_2.mill DEFERRABLE);
ALTER TABLE rows_populate_2.mill ADD FOREIGN KEY (baker) REFERENCES rows_populate_2.baker DEFERRABLE;
ALTER TABLE rows_populate_2.baker OWNER TO poc_rows_stranger;
CREATE TABLE rows_populate_2.outside (id int PRIMARY KEY);
CREATE TABLE rows_populate_2.one (id int PRIMARY KEY, two int NOT NULL, outside int NOT NULL REFERENCES rows_populate_2.outside);
CREATE TABLE rows_populate_2.two (id int PRIMARY KEY, one int NOT NULL REFERENCES rows_populate_2.one DEFERRABLE);
ALTER TABLE rows_populate_2.one ADD FOREIGN KEY (two) REFERENCES rows_populate_2.two DEFERRABLE;
ALTER TABLE rows_populate_2.outside SET SCHEMA rows_populate;
\set VERBOSITY sqlstate
CALL poc_populate('rows_populate_2', 30, '{"person": 40}', seed => 7) \gset
\set VERBOSITY default
SELECT target, state, rows, sqlstate FROM poc_last_populate();
SELECT (SELECT count(*) FROM rows_populate_2.hen JOIN rows_populate_2.egg ON egg.id = hen.egg) AS hens,
	(SELECT count(*) FROM rows_populate_2.egg JOIN rows_populate_2.hen ON hen.id = egg.hen) AS eggs,
	(SELECT count(*) FROM rows_populate_2.shop JOIN rows_populate_2.person ON person.id = shop.manager) AS managers,
	(SELECT count(*) FROM rows_populate_2.person) AS persons, (SELECT count(*) FROM rows_populate_2.baker) AS bakers, (SELECT count(*) FROM outside) AS outside;
DROP SCHEMA rows_populate_2 CASCADE;
DROP TABLE outside;

-- an owner of a schema is trusted by whoever names it; the rights are the caller's
ALTER SCHEMA rows_populate OWNER TO poc_rows_stranger;
SELECT note FROM poc_populate_plan('rows_populate') WHERE target = 'strange'::regclass;
GRANT ALL ON SCHEMA rows_populate TO poc_rows_owner;
SET ROLE poc_rows_owner;
CREATE TABLE mine (a int);
\set VERBOSITY sqlstate
CALL poc_populate('rows_populate', 2) \gset
\set VERBOSITY default
RESET ROLE;
SELECT state, count(*), min(sqlstate), sum(rows) FROM poc_last_populate() GROUP BY state ORDER BY state;
CREATE TEMP TABLE passing (a int);
CALL poc_populate('pg_temp', 3, options => '{"dry_run": true}') \gset

-- what it refuses
CALL poc_populate('rows_nowhere');
CALL poc_populate('pg_catalog');
CALL poc_populate('rows_populate', -1);
CALL poc_populate('rows_populate', NULL);
CALL poc_populate('rows_populate', workers => 0);
CALL poc_populate('rows_populate', scale => '{"nothing": 1}');
CALL poc_populate('rows_populate', scale => '{"staff": 1.5}');
CALL poc_populate('rows_populate', scale => '"most"');
CALL poc_populate('rows_populate', options => '{"columns": {}}');
CALL poc_populate('rows_populate', options => '{"tables": {"staff": {"colums": {}}}}');
CALL poc_populate('rows_populate', options => '{"owners": "x"}');
CALL poc_populate('rows_populate', options => '{"paths": "x"}');
BEGIN;
CALL poc_populate('rows_populate');
ROLLBACK;
SET ROLE poc_rows_stranger;
SELECT * FROM poc_populate_plan('pg_toast');
RESET ROLE;
DROP TABLE passing;
DROP SCHEMA rows_populate CASCADE;
DROP ROLE poc_rows_owner, poc_rows_stranger;
