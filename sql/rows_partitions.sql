-- poc_generate_rows() and partitioned tables: every row finds its partition
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS poc_barman;
RESET client_min_messages;
CREATE SCHEMA rows_partitions;
SET search_path = rows_partitions, public;

-- by range, with a gap, columns in another order, a foreign key and indexes
CREATE TABLE parent (id int PRIMARY KEY);
INSERT INTO parent SELECT generate_series(1, 10);
CREATE TABLE ranged (id int, at date, words text, parent int REFERENCES parent, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE ranged_1 PARTITION OF ranged FOR VALUES FROM ('2016-01-01') TO ('2018-01-01');
CREATE TABLE ranged_2 PARTITION OF ranged FOR VALUES FROM ('2019-01-01') TO ('2024-01-01');
CREATE TABLE ranged_3 (words text, gone int, parent int, at date NOT NULL, id int NOT NULL);
ALTER TABLE ranged_3 DROP COLUMN gone;
ALTER TABLE ranged ATTACH PARTITION ranged_3 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
SELECT poc_generate_rows(3000, 'ranged', seed => 1);
SELECT poc_generate_rows(500, 'ranged_3', seed => 2);
SELECT tableoid::regclass, count(*) > 800 AS enough, count(DISTINCT parent) AS parents FROM ranged GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM ranged;

-- by list, of two levels, with a default partition
CREATE TABLE listed (id serial, kind text, n int, PRIMARY KEY (id, kind, n)) PARTITION BY LIST (kind);
CREATE TABLE listed_1 PARTITION OF listed FOR VALUES IN ('a', 'b');
CREATE TABLE listed_2 PARTITION OF listed FOR VALUES IN ('c') PARTITION BY RANGE (n);
CREATE TABLE listed_2_1 PARTITION OF listed_2 FOR VALUES FROM (100) TO (200);
CREATE TABLE listed_2_2 PARTITION OF listed_2 FOR VALUES FROM (300) TO (MAXVALUE);
CREATE TABLE listed_3 PARTITION OF listed DEFAULT;
SELECT poc_generate_rows(1000, 'listed', options => '{"null_fraction": 0.5}');
SELECT tableoid::regclass, count(*) > 200 AS enough FROM listed GROUP BY 1 ORDER BY 1;
SELECT poc_generate_rows(10, 'listed_3');

-- by hash, complete and not; the key that is hashed counts
CREATE TABLE hashed (id bigserial PRIMARY KEY, words text) PARTITION BY HASH (id);
CREATE TABLE hashed_0 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE hashed_1 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 1);
SELECT poc_generate_rows(3000, 'hashed');
SELECT tableoid::regclass, count(*) > 1000 AS enough FROM hashed GROUP BY 1 ORDER BY 1;
CREATE TABLE holey (id bigint PRIMARY KEY, words text) PARTITION BY HASH (id);
CREATE TABLE holey_0 PARTITION OF holey FOR VALUES WITH (MODULUS 3, REMAINDER 0);
CREATE TABLE holey_1 PARTITION OF holey FOR VALUES WITH (MODULUS 3, REMAINDER 1);
SELECT poc_generate_rows(3000, 'holey'), poc_generate_rows(300, 'holey'), poc_generate_rows(300, 'holey_1');
SELECT count(DISTINCT id) FROM holey;

-- a key that counts from partition to partition, until they are full
CREATE TABLE counted (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE counted_1 PARTITION OF counted FOR VALUES FROM (1) TO (501);
CREATE TABLE counted_2 PARTITION OF counted FOR VALUES FROM (1001) TO (1501);
SELECT poc_generate_rows(600, 'counted'), poc_generate_rows(400, 'counted');
SELECT poc_generate_rows(1, 'counted');
SELECT count(*), max(id) FROM counted;

-- triggers of partitions; rows that a trigger sends elsewhere are an error
CREATE FUNCTION move() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.at := '2017-01-01'; RETURN NEW; END $$;
CREATE TRIGGER move BEFORE INSERT ON ranged_2 FOR EACH ROW EXECUTE FUNCTION move();
SELECT poc_generate_rows(100, 'ranged', seed => 3);
DROP TRIGGER move ON ranged_2;
CREATE TABLE seen (n int);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO seen VALUES (1); RETURN NULL; END $$;
CREATE TRIGGER note AFTER INSERT ON ranged FOR EACH ROW EXECUTE FUNCTION note();
SELECT poc_generate_rows(100, 'ranged');
SELECT count(*) FROM seen;

-- no partition at all
CREATE TABLE empty (a int) PARTITION BY LIST (a);
SELECT poc_generate_rows(1, 'empty', seed => 1);

SET client_min_messages = warning;
DROP SCHEMA rows_partitions CASCADE;
