-- poc_generate_rows() and the rows that a foreign key may refer to: which they are, and what becomes of it if there are none
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS poc_barman;
RESET client_min_messages;
CREATE SCHEMA rows_parents;
SET search_path = rows_parents, public;
-- not those of children that inherit, which no foreign key sees; those of partitions, once
CREATE TABLE item (id int PRIMARY KEY, name text);
CREATE TABLE video () INHERITS (item);
CREATE TABLE link (id int PRIMARY KEY, item_id int NOT NULL REFERENCES item);
INSERT INTO item VALUES (1, 'a');
INSERT INTO video SELECT g, 'b' FROM generate_series(1000, 1100) AS g;
SELECT poc_generate_rows(100, 'link'), poc_generate_rows(100, 'link', options => '{"path": "query"}'), poc_generate_rows(100, 'link', options => '{"foreign_keys": "each"}');
SELECT count(*), min(item_id), max(item_id) FROM link;
CREATE TABLE lonely (id int PRIMARY KEY);
CREATE TABLE lonely_child () INHERITS (lonely);
INSERT INTO lonely_child VALUES (1);
CREATE TABLE of_lonely (id int NOT NULL REFERENCES lonely);
SELECT poc_generate_rows(10, 'of_lonely');
SELECT poc_generate_rows(10, 'of_lonely', options => '{"parents": true}');
CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY LIST (id);
CREATE TABLE aparts PARTITION OF parts FOR VALUES IN (1, 2);
CREATE TABLE bparts PARTITION OF parts FOR VALUES IN (3, 4);
CREATE TABLE of_parts (id int NOT NULL CONSTRAINT z REFERENCES parts);
INSERT INTO parts VALUES (3), (4);
SELECT poc_generate_rows(100, 'of_parts');
SELECT count(DISTINCT id) FROM of_parts;
-- none: null, if that is possible
CREATE TABLE empty (id int PRIMARY KEY, code int, UNIQUE (id, code));
CREATE TABLE nullable (id int PRIMARY KEY, a int REFERENCES empty, b int NOT NULL, c int, FOREIGN KEY (b, c) REFERENCES empty (id, code));
SELECT poc_generate_rows(10, 'nullable');
SELECT count(*), count(a), count(b), count(c) FROM nullable;
SELECT column_name, generator, detail FROM poc_explain_rows('nullable') WHERE column_name IN ('a', 'c');
CREATE TABLE strict (id int PRIMARY KEY, a int NOT NULL, b int, FOREIGN KEY (a, b) REFERENCES empty (id, code) MATCH FULL);
SELECT poc_generate_rows(10, 'strict');
SELECT poc_generate_rows(10, 'nullable', options => '{"parents": true}');
SELECT count(a), count(c) FROM nullable;
-- only those whose values the columns take: CHECKs, and domains, of which a load tests no value
CREATE TABLE numbers (n int PRIMARY KEY);
INSERT INTO numbers SELECT generate_series(1, 2000);
CREATE DOMAIN small AS int CHECK (VALUE < 4) NOT NULL;
CREATE TABLE smalls (id serial, n small REFERENCES numbers, m int UNIQUE REFERENCES numbers CHECK (m % 1000 = 0));
SELECT poc_generate_rows(2, 'smalls', options => '{"null_fraction": 0.5, "columns": {"m": {"null_fraction": 0}}}');
SELECT count(n), max(n) < 4 AS small, min(m), max(m) FROM smalls;
SELECT poc_generate_rows(1, 'smalls');
CREATE TABLE nothing (n small REFERENCES numbers CHECK (n < 0));
SELECT poc_generate_rows(1, 'nothing');
-- two foreign keys on the same columns, and a narrower one that does not follow from the wider: what both take
CREATE TABLE others (n int PRIMARY KEY);
INSERT INTO others VALUES (5), (1999), (77777);
CREATE TABLE both_of (n int NOT NULL REFERENCES numbers REFERENCES others);
CREATE TABLE places (n int, m int, PRIMARY KEY (n, m));
INSERT INTO places SELECT g, g FROM generate_series(1, 100) AS g;
CREATE TABLE visits (n int NOT NULL REFERENCES others, m int NOT NULL, FOREIGN KEY (n, m) REFERENCES places);
SELECT poc_generate_rows(50, 'both_of'), poc_generate_rows(50, 'visits'), poc_generate_rows(50, 'visits', options => '{"foreign_keys": "each"}');
SELECT (SELECT array_agg(DISTINCT n ORDER BY n) FROM both_of), (SELECT array_agg(DISTINCT (n, m)) FROM visits);
-- nulls in foreign keys of several columns, all at once
CREATE TABLE s (id serial, a int, b int, FOREIGN KEY (a, b) REFERENCES places);
CREATE TABLE f (id serial, a int, b int, FOREIGN KEY (a, b) REFERENCES places MATCH FULL);
CREATE TABLE k (a int NOT NULL, b int, UNIQUE (a, b), FOREIGN KEY (a, b) REFERENCES places);
SELECT poc_generate_rows(500, 's', 1, '{"null_fraction": 0.3}'), poc_generate_rows(500, 'f', 1, '{"null_fraction": 0.3}'), poc_generate_rows(90, 'k', 1, '{"null_fraction": 0.3}');
SELECT count(*) FILTER (WHERE a IS NULL) BETWEEN 120 AND 180 AS s, count(*) FILTER (WHERE (a IS NULL) <> (b IS NULL)) FROM s;
SELECT count(*) FILTER (WHERE a IS NULL) BETWEEN 120 AND 180 AS f, count(*) FILTER (WHERE (a IS NULL) <> (b IS NULL)) FROM f;
SELECT count(*) FILTER (WHERE b IS NULL) BETWEEN 10 AND 45 AS k, count(a) FROM k;
SELECT poc_generate_rows(100, 's', options => '{"columns": {"b": {"null_fraction": 1}}}'), poc_generate_rows(100, 'f', options => '{"columns": {"b": {"null_fraction": 1}}}');
SELECT (SELECT count(a) - count(b) FROM s), (SELECT count(a) - count(b) FROM f);
SELECT poc_generate_rows(1, 'k', options => '{"columns": {"a": {"null_fraction": 1}}}');
SET client_min_messages = warning;
DROP SCHEMA rows_parents CASCADE;
