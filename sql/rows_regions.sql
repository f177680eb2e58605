-- poc_generate_rows() and bounds of several columns, of expressions, and of what PostgreSQL computes
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS poc_barman;
RESET client_min_messages;
CREATE SCHEMA rows_regions;
SET search_path = rows_regions, public;

-- ranges of several columns
CREATE TABLE two (a int, b int, c text) PARTITION BY RANGE (a, b);
CREATE TABLE two_1 PARTITION OF two FOR VALUES FROM (1, 10) TO (1, 20);
CREATE TABLE two_2 PARTITION OF two FOR VALUES FROM (1, 20) TO (2, 10);
CREATE TABLE two_3 PARTITION OF two FOR VALUES FROM (2, 10) TO (5, MAXVALUE);
SELECT poc_generate_rows(600, 'two');
SELECT poc_generate_rows(100, 'two_2'), poc_generate_rows(100, 'two_3');
SELECT tableoid::regclass, count(*) > 50 AS enough FROM two GROUP BY 1 ORDER BY 1;
CREATE TABLE keyed (at date, code text, n int, PRIMARY KEY (at, code, n)) PARTITION BY RANGE (at, code, n);
CREATE TABLE keyed_1 PARTITION OF keyed FOR VALUES FROM ('2024-01-01', 'a', 1) TO ('2024-06-01', 'm', 5);
CREATE TABLE keyed_2 PARTITION OF keyed FOR VALUES FROM ('2024-06-01', 'm', 5) TO ('2025-01-01', 'a', 0);
SELECT poc_generate_rows(300, 'keyed'), poc_generate_rows(300, 'keyed'), poc_generate_rows(300, 'keyed_2');
SELECT count(DISTINCT tableoid) FROM keyed;

-- expressions: tried on each row
CREATE TABLE initials (name text) PARTITION BY LIST (lower(left(name, 1)));
CREATE TABLE initials_1 PARTITION OF initials FOR VALUES IN ('a', 'b', 'c');
CREATE TABLE initials_2 PARTITION OF initials FOR VALUES IN ('d', 'e');
SELECT poc_generate_rows(200, 'initials');
CREATE TABLE sums (a int, b int) PARTITION BY RANGE ((a + b));
CREATE TABLE sums_1 PARTITION OF sums FOR VALUES FROM (0) TO (100);
SELECT poc_generate_rows(1, 'sums');
SELECT poc_generate_rows(200, 'sums', options => '{"columns": {"a": {"min": 0, "max": 90}, "b": {"min": 0, "max": 90}}}');

-- a partition key that is a foreign key, too, or that the options shape
CREATE TABLE parent (id int PRIMARY KEY);
INSERT INTO parent SELECT generate_series(1, 100);
CREATE TABLE child (id int REFERENCES parent, k int) PARTITION BY RANGE (id);
CREATE TABLE child_1 PARTITION OF child FOR VALUES FROM (10) TO (20);
CREATE TABLE child_2 PARTITION OF child FOR VALUES FROM (50) TO (60);
SELECT poc_generate_rows(200, 'child', seed => 1), poc_generate_rows(50, 'child_1', seed => 1);
SELECT min(id), max(id), count(DISTINCT id) FROM child;
SELECT poc_generate_rows(1, 'child', options => '{"columns": {"id": {"values": [15, 30]}}}');
SELECT poc_generate_rows(1, 'child', options => '{"columns": {"id": {"constant": 30}}}');

-- a list within a CHECK, and a CHECK within a list
CREATE TABLE listed (k text CHECK (k IN ('a', 'b', 'z')), n int CHECK (n IN (1, 5, 9)) CHECK (n > 4)) PARTITION BY LIST (k);
CREATE TABLE listed_1 PARTITION OF listed FOR VALUES IN ('a', 'x');
CREATE TABLE listed_2 PARTITION OF listed FOR VALUES IN ('y');
CREATE TABLE listed_3 PARTITION OF listed FOR VALUES IN ('z');
SELECT poc_generate_rows(100, 'listed');
SELECT k, min(n), max(n) FROM listed GROUP BY k ORDER BY k;
SELECT poc_generate_rows(1, 'listed_2');

-- columns that PostgreSQL computes: their CHECK, NOT NULL and unique index speak of others
CREATE TABLE computed (a int, b int GENERATED ALWAYS AS (a * 2) STORED CHECK (b < 500000), c int NOT NULL GENERATED ALWAYS AS (a + 1) STORED UNIQUE);
SELECT poc_generate_rows(500, 'computed'), poc_generate_rows(500, 'computed', options => '{"null_fraction": 0.5}');
SELECT count(*), max(b) < 500000 AS checked, count(DISTINCT c) FROM computed;
-- unique expressions; a constant default that must be unique counts
CREATE TABLE expressions (a text, b text);
CREATE UNIQUE INDEX ON expressions (lower(a));
CREATE UNIQUE INDEX ON expressions ((a || ':' || b));
CREATE TABLE constant (k text DEFAULT 'k' PRIMARY KEY, n int);
SELECT poc_generate_rows(500, 'expressions'), poc_generate_rows(500, 'constant');
CREATE TABLE coarse (a int);
CREATE UNIQUE INDEX coarse_tens ON coarse ((a % 10));
SELECT poc_generate_rows(11, 'coarse');
\echo :SQLSTATE
-- nulls that are not distinct
CREATE TABLE single (id int PRIMARY KEY, parent int UNIQUE NULLS NOT DISTINCT REFERENCES single);
SELECT poc_generate_rows(2, 'single');
CREATE TABLE nulls (a int, b text, UNIQUE NULLS NOT DISTINCT (a, b));
SELECT poc_generate_rows(500, 'nulls', options => '{"null_fraction": 0.9}');
-- multiranges count as ranges do
CREATE TABLE spans (a int4multirange UNIQUE, b tstzmultirange PRIMARY KEY);
SELECT poc_generate_rows(500, 'spans'), poc_generate_rows(500, 'spans');
CREATE TABLE apart (a int4multirange, EXCLUDE USING gist (a WITH &&));
SELECT poc_generate_rows(200, 'apart'), poc_generate_rows(200, 'apart');

SET client_min_messages = warning;
DROP SCHEMA rows_regions CASCADE;
