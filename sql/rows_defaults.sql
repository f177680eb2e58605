-- defaults that a column cannot have
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS poc_barman;
RESET client_min_messages;
CREATE SCHEMA rows_defaults;
SET search_path = rows_defaults, public;

-- rejected by the column's own condition, or by its type
CREATE TABLE price (price numeric NOT NULL DEFAULT 0.00 CHECK (price > 0.00));
CREATE TABLE words (s text NOT NULL DEFAULT '' CHECK (s <> ''));
CREATE TABLE number (n int NOT NULL DEFAULT 0 CHECK (n <> 0));
CREATE TABLE long (t varchar(3) NOT NULL DEFAULT 'too long');
CREATE DOMAIN code AS text CHECK (VALUE ~ '^[A-Z]{3}$');
CREATE TABLE coded (c code NOT NULL DEFAULT '');
SELECT poc_generate_rows(100, 'price'), poc_generate_rows(100, 'words'), poc_generate_rows(100, 'number'), poc_generate_rows(100, 'long'), poc_generate_rows(100, 'coded');
SELECT count(DISTINCT t) > 50 AS other_values, max(length(t)) AS length FROM long;
SELECT column_name, generator, detail FROM poc_explain_rows('long');
-- a default that suits stays
CREATE TABLE suits (n int NOT NULL DEFAULT 7 CHECK (n > 5));
SELECT poc_generate_rows(10, 'suits');
SELECT DISTINCT n FROM suits;
-- null where null is not allowed
CREATE TABLE changed (id int PRIMARY KEY, by text NOT NULL DEFAULT current_setting('rows_defaults.me', true));
SELECT poc_generate_rows(100, 'changed');
SELECT count(DISTINCT by) > 50 AS other_values FROM changed;
SET rows_defaults.me = 'me';
SELECT poc_generate_rows(100, 'changed');
SELECT count(*) FROM changed WHERE by = 'me';
-- a condition between columns keeps the default where it can
CREATE TABLE task (state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'done')), done_at date, CHECK ((state = 'done') = (done_at IS NOT NULL)));
SELECT poc_generate_rows(200, 'task', 1);
SELECT state, done_at IS NULL AS open, count(*) > 10 AS some FROM task GROUP BY 1, 2 ORDER BY 1;
-- asked for, it is used, whatever comes of it
SELECT poc_generate_rows(10, 'number', options => '{"columns": {"n": {"default": true}}}');
SELECT poc_generate_rows(10, 'long', options => '{"columns": {"t": {"default": true}}}');
-- another value takes the privilege that an INSERT of it takes
CREATE ROLE rows_defaults_clerk;
GRANT USAGE ON SCHEMA rows_defaults TO rows_defaults_clerk;
GRANT EXECUTE ON FUNCTION poc_generate_rows TO rows_defaults_clerk;
GRANT INSERT (done_at) ON task TO rows_defaults_clerk;
SET ROLE rows_defaults_clerk;
SELECT poc_generate_rows(10, 'task', 1);
RESET ROLE;

SET client_min_messages = warning;
DROP SCHEMA rows_defaults CASCADE;
DROP OWNED BY rows_defaults_clerk;
DROP ROLE rows_defaults_clerk;
