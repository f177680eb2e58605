-- poc_diff() and poc_merge(): what differs between a table and what it was, and putting rows back
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS poc_barman;
DROP SCHEMA IF EXISTS was CASCADE;
SET client_min_messages = notice;
\set VERBOSITY terse

CREATE SCHEMA was;
CREATE TABLE ordered (id int PRIMARY KEY, "No te" text, amount numeric, twice numeric GENERATED ALWAYS AS (amount * 2) STORED, info json);
INSERT INTO ordered (id, "No te", amount, info) SELECT i, 'n' || i, i, '{"a": 1}' FROM generate_series(1, 10) AS i;
CREATE TABLE was.ordered (LIKE ordered INCLUDING ALL);
INSERT INTO was.ordered (id, "No te", amount, info) SELECT id, "No te", amount, info FROM ordered;
SELECT * FROM poc_diff('ordered', 'was.ordered');

DELETE FROM ordered WHERE id IN (2, 3);
UPDATE ordered SET amount = -1, "No te" = NULL WHERE id = 5;
UPDATE ordered SET amount = 6.0 WHERE id = 6;
INSERT INTO ordered VALUES (11, 'new', 1);
SELECT * FROM poc_diff('ordered', 'was.ordered');
SELECT kind, key FROM poc_diff('ordered', 'was.ordered', max_rows => 2);
SELECT kind, key, done FROM poc_merge('ordered', 'was.ordered');
SELECT count(*) FROM ordered;
SELECT kind, key, done FROM poc_merge('ordered', 'was.ordered', dry_run => false);
SELECT kind, key, done FROM poc_merge('ordered', 'was.ordered', kinds => '{changed}', dry_run => false);
SELECT kind, key, columns FROM poc_diff('ordered', 'was.ordered');
SELECT * FROM ordered WHERE id IN (2, 5, 6) ORDER BY id;

-- what cannot be put back is told, and the rest is put back
DELETE FROM ordered WHERE id IN (7, 8);
ALTER TABLE ordered ADD CHECK (id <> 7);
SELECT key, done FROM poc_merge('ordered', 'was.ordered', dry_run => false);
SELECT id FROM ordered WHERE id IN (7, 8);

-- a key of several columns, an identity, another order of the columns, columns that one alone has
CREATE TABLE pairs (a text, b int GENERATED ALWAYS AS IDENTITY, c bytea, gone int, PRIMARY KEY (a, b));
INSERT INTO pairs (a, c) VALUES ('it''s', '\x00ff'), ('two', NULL);
CREATE TABLE was.pairs (c bytea, more int, b int, a text);
INSERT INTO was.pairs (a, b, c) SELECT a, b, c FROM pairs;
DELETE FROM pairs WHERE a = 'it''s';
UPDATE pairs SET c = 'x';
SELECT kind, key, done FROM poc_merge('pairs', 'was.pairs', kinds => '{missing,changed}', dry_run => false);
SELECT kind FROM poc_diff('pairs', 'was.pairs');
TABLE pairs ORDER BY a;

-- what one alone has, of either
CREATE TABLE wide (id int PRIMARY KEY, new int);
CREATE TABLE was.wide (id int, "Go ne" int);
\set VERBOSITY default
SELECT kind FROM poc_diff('wide', 'was.wide');
ALTER TABLE was.wide DROP COLUMN "Go ne";
SELECT kind FROM poc_diff('wide', 'was.wide');
SELECT kind FROM poc_diff('was.wide', 'wide');
\set VERBOSITY terse

-- without a key, as often as they are there
CREATE TABLE heap (a int, b float8);
CREATE TABLE was.heap (a int, b float8);
INSERT INTO heap VALUES (1, 0.1), (1, 0.1), (2, 'NaN'), (NULL, NULL);
INSERT INTO was.heap VALUES (1, 0.1), (3, 0.3), (3, 0.3), (2, 'NaN'), (NULL, NULL);
SELECT * FROM poc_diff('heap', 'was.heap');
SELECT * FROM poc_merge('heap', 'was.heap');

-- names that a query of ours might have, and a key of which one part is null there
CREATE TABLE odd (x int, m int, r text, n int, s int, h int, t int, d int, u int, PRIMARY KEY (x, m));
CREATE TABLE was.odd (x int, m int, r text, n int, s int, h int, t int, d int, u int);
INSERT INTO was.odd SELECT i, i, i, i, i, i, i, i, i FROM generate_series(1, 3) AS i;
INSERT INTO odd SELECT * FROM was.odd WHERE x > 1;
UPDATE odd SET r = 'changed' WHERE x = 2;
INSERT INTO was.odd (x, r) VALUES (9, 'null');
SELECT kind, key, done FROM poc_merge('odd', 'was.odd', '{missing,changed}', dry_run => false);
SELECT kind, key, columns FROM poc_diff('odd', 'was.odd');
ALTER TABLE odd DROP CONSTRAINT odd_pkey;
UPDATE odd SET m = 0 WHERE x = 3;
SELECT kind, there ->> 'm' AS there, here ->> 'm' AS here FROM poc_diff('odd', 'was.odd');

-- what is written sees the settings of the caller
CREATE TABLE logged (id int PRIMARY KEY);
CREATE TABLE log_of_it (id int);
CREATE FUNCTION log_it() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO log_of_it VALUES (NEW.id); RETURN NEW; END';
CREATE TRIGGER logs BEFORE INSERT ON logged FOR EACH ROW EXECUTE FUNCTION log_it();
CREATE TABLE was.logged AS SELECT 1 AS id;
SELECT done FROM poc_merge('logged', 'was.logged', dry_run => false);
SELECT * FROM log_of_it;
SHOW search_path;

-- a column that has another type now
ALTER TABLE logged ADD amount bigint;
ALTER TABLE was.logged ADD amount int;
SELECT done FROM poc_merge('logged', 'was.logged', dry_run => false);

-- only what is computed differs
CREATE TABLE computed (id int PRIMARY KEY, c int GENERATED ALWAYS AS (id * 2) STORED);
INSERT INTO computed VALUES (1);
CREATE TABLE was.computed AS SELECT 1 AS id, 5 AS c;
SELECT done FROM poc_merge('computed', 'was.computed', '{changed}', dry_run => false);

-- with the rights of the caller alone
CREATE ROLE regress_poc_differs;
SET ROLE regress_poc_differs;
SELECT * FROM poc_diff('ordered', 'was.ordered');
RESET ROLE;
GRANT USAGE ON SCHEMA was TO regress_poc_differs;
GRANT SELECT ON ordered, was.ordered TO regress_poc_differs;
DELETE FROM ordered WHERE id = 10;
SET ROLE regress_poc_differs;
SELECT kind, key FROM poc_diff('ordered', 'was.ordered') WHERE kind = 'missing';
SELECT key, done FROM poc_merge('ordered', 'was.ordered', dry_run => false);
RESET ROLE;
ALTER TABLE ordered ENABLE ROW LEVEL SECURITY;
SET ROLE regress_poc_differs;
SELECT * FROM poc_diff('ordered', 'was.ordered');
RESET ROLE;

-- refused
SELECT * FROM poc_diff(NULL, 'was.ordered');
SELECT * FROM poc_diff('ordered', 'was.ordered', max_rows => 0);
SELECT * FROM poc_merge('ordered', 'was.ordered', kinds => '{extra}');
SELECT * FROM poc_merge('ordered', 'was.ordered', kinds => NULL);
SELECT * FROM poc_diff('ordered', 'pg_namespace');

SET client_min_messages = error;
DROP TABLE ordered, pairs, heap, odd, logged, log_of_it, computed;
DROP FUNCTION log_it();
DROP SCHEMA was CASCADE;
DROP ROLE regress_poc_differs;
