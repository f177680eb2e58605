-- Keys are counted on from the rows that are there: who counts must be allowed to know these
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS poc_barman;
CREATE SCHEMA rows_rights;
SET search_path = rows_rights, public;
DROP ROLE IF EXISTS poc_rights_app, poc_rights_owner;
CREATE ROLE poc_rights_app;
CREATE ROLE poc_rights_owner;
RESET client_min_messages;
GRANT USAGE, CREATE ON SCHEMA rows_rights TO poc_rights_app, poc_rights_owner;
CREATE TABLE cards (number bigint PRIMARY KEY, holder text UNIQUE, note text);
INSERT INTO cards VALUES (4000123412341234, 'somebody');
CREATE TABLE parts (id int PRIMARY KEY, name text) PARTITION BY RANGE (id);
CREATE TABLE parts_low PARTITION OF parts FOR VALUES FROM (0) TO (1000);
-- without a check, the next number would tell the last
\set attack '''{"columns": {"number": {"min": 0, "max": 9999999999999999}}}'''

-- a view of one's own over a table on which one has no privilege: refused
SET ROLE poc_rights_app;
CREATE VIEW mine AS SELECT * FROM cards;
CREATE VIEW mine_again AS SELECT * FROM mine;
SELECT * FROM poc_preview_rows('mine', 1, 1, :attack);
SELECT * FROM poc_preview_rows('mine_again', 1, 1, :attack);
SELECT * FROM poc_explain_rows('mine');
SELECT _poc.rows(NULL::cards, 'mine', 0, 1, 1, :attack);
SELECT poc_generate_rows(1, 'mine');
SELECT poc_generate_rows(1, 'cards');
CALL poc_fill('mine', 1);

-- INSERT alone does not do
RESET ROLE;
GRANT INSERT ON cards, parts TO poc_rights_app;
SET ROLE poc_rights_app;
SELECT poc_preview_rows('cards', 1, 1, :attack);
SELECT poc_preview_rows('mine', 1, 1, :attack);
SELECT poc_generate_rows(1, 'cards');
SELECT poc_generate_rows(1, 'parts');
SELECT column_name, generator FROM poc_explain_rows('cards') OFFSET 2;
CALL poc_fill('cards', 1);

-- SELECT on the columns of the keys does
RESET ROLE;
GRANT SELECT (number) ON cards TO poc_rights_app;
SET ROLE poc_rights_app;
SELECT poc_generate_rows(1, 'cards');
RESET ROLE;
GRANT SELECT (holder) ON cards TO poc_rights_app;
GRANT SELECT ON parts TO poc_rights_app;
SET ROLE poc_rights_app;
SELECT poc_generate_rows(1, 'cards'), poc_generate_rows(1, 'mine'), poc_generate_rows(1, 'mine_again'), poc_generate_rows(1, 'parts');
RESET ROLE;

-- through the view of another: what it shows, and with that one's INSERT
REVOKE ALL ON cards FROM poc_rights_app;
CREATE VIEW shown AS SELECT * FROM cards;
CREATE VIEW few AS SELECT * FROM cards WHERE number > 5;
CREATE VIEW notes AS SELECT note FROM cards;
CREATE VIEW invoker WITH (security_invoker) AS SELECT * FROM cards;
GRANT INSERT ON shown, few, notes, invoker TO poc_rights_app;
SET ROLE poc_rights_app;
\set VERBOSITY sqlstate
SELECT poc_preview_rows('shown', 1, 1, :attack);
RESET ROLE;
GRANT SELECT ON shown, few, notes, invoker TO poc_rights_app;
SET ROLE poc_rights_app;
SELECT poc_generate_rows(1, 'shown');
SELECT poc_preview_rows('few', 1, 1, :attack);
SELECT poc_preview_rows('notes', 1, 1, :attack);
SELECT poc_preview_rows('invoker', 1, 1, :attack);
RESET ROLE;
ALTER VIEW shown OWNER TO poc_rights_owner;
SET ROLE poc_rights_app;
SELECT poc_preview_rows('shown', 1, 1, :attack);
RESET ROLE;
GRANT INSERT ON cards TO poc_rights_owner;
SET ROLE poc_rights_app;
SELECT poc_preview_rows('shown', 1, 1, :attack);
RESET ROLE;
GRANT SELECT ON cards TO poc_rights_owner;
SET ROLE poc_rights_app;
SELECT poc_generate_rows(1, 'shown');
\set VERBOSITY default

-- rows that row-level security hides are not counted
RESET ROLE;
GRANT INSERT, SELECT ON cards TO poc_rights_app;
ALTER TABLE cards ENABLE ROW LEVEL SECURITY;
CREATE POLICY none ON cards USING (false) WITH CHECK (true);
SET ROLE poc_rights_app;
SELECT poc_preview_rows('cards', 1, 1, :attack);
SELECT poc_generate_rows(1, 'mine');
SELECT poc_preview_rows('shown', 1, 1, :attack);
RESET ROLE;
SELECT count(*) FROM cards;

SET client_min_messages = warning;
DROP SCHEMA rows_rights CASCADE;
DROP ROLE poc_rights_app, poc_rights_owner;
