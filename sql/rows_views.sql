-- poc_generate_rows() through the executor: views, rules, row-level security
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS poc_barman;
RESET client_min_messages;
CREATE SCHEMA rows_views;
SET search_path = rows_views, public;
CREATE TABLE items (id serial PRIMARY KEY, price int NOT NULL CHECK (price BETWEEN 1 AND 100), name text UNIQUE, note text DEFAULT 'n');

-- an automatically updatable view: the rows of the table behind, within the view's condition
CREATE VIEW cheap AS SELECT name AS label, price, id, price * 2 AS doubled FROM items WHERE price < 50 WITH CHECK OPTION;
SELECT column_name, generator FROM poc_explain_rows('cheap');
SELECT poc_generate_rows(100, 'cheap');
SELECT count(*), max(price) < 50 AS cheap, count(DISTINCT label) FROM cheap;
CREATE VIEW cheaper AS SELECT label FROM cheap;
ALTER TABLE items ALTER price SET DEFAULT 7;
SELECT poc_generate_rows(10, 'cheaper');
CREATE VIEW with_subquery AS SELECT * FROM items WHERE price IN (SELECT price FROM items);
SELECT poc_generate_rows(10, 'with_subquery');
SELECT count(*) FROM items;

-- a view that is not, and one with a trigger instead
CREATE VIEW counted AS SELECT price, count(*) AS n FROM items GROUP BY price;
SELECT poc_generate_rows(1, 'counted');
\echo :SQLSTATE
CREATE TABLE log (price int, n bigint);
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO rows_views.log VALUES (NEW.price, NEW.n); RETURN NEW; END';
CREATE TRIGGER keep INSTEAD OF INSERT ON counted FOR EACH ROW EXECUTE FUNCTION keep();
SELECT poc_generate_rows(25, 'counted');
SELECT count(*), count(price), count(n) FROM log;

-- a rule that sends rows elsewhere
CREATE TABLE entry (price int, n bigint);
CREATE RULE elsewhere AS ON INSERT TO entry DO INSTEAD INSERT INTO log VALUES (NEW.price, -1);
SELECT poc_generate_rows(5, 'entry');
SELECT (SELECT count(*) FROM entry) AS entry, count(*) FILTER (WHERE n = -1) AS log FROM log;

-- a table that writes none of its columns
CREATE TABLE defaults (id serial, at text DEFAULT 'x');
CREATE RULE also AS ON INSERT TO defaults DO ALSO INSERT INTO log VALUES (0, -2);
SELECT poc_generate_rows(3, 'defaults');
SELECT count(*), max(id) FROM defaults;

-- row-level security: the user's own rows, or the policy's error
SET client_min_messages = warning;
DROP ROLE IF EXISTS poc_rows_tenant;
RESET client_min_messages;
CREATE ROLE poc_rows_tenant;
CREATE TABLE secured (id serial PRIMARY KEY, tenant text NOT NULL, words text);
ALTER TABLE secured ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON secured USING (tenant = current_setting('rows.tenant'));
GRANT USAGE ON SCHEMA rows_views TO poc_rows_tenant;
GRANT SELECT, INSERT ON secured TO poc_rows_tenant;
GRANT USAGE ON SEQUENCE secured_id_seq TO poc_rows_tenant;
SET ROLE poc_rows_tenant;
SET rows.tenant = 'seven';
SELECT generator, detail FROM poc_explain_rows('secured') LIMIT 1;
SELECT poc_generate_rows(20, 'secured');
RESET ROLE;
SELECT tenant, count(*) FROM secured GROUP BY tenant;
DROP POLICY own ON secured;
SET ROLE poc_rows_tenant;
SELECT poc_generate_rows(1, 'secured', seed => 1, options => '{"path": "multi"}');
\echo :SQLSTATE
RESET ROLE;

SET client_min_messages = warning;
DROP SCHEMA rows_views CASCADE;
DROP ROLE poc_rows_tenant;
