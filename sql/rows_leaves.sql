-- poc_generate_rows() and what partitions ask for beyond their table; default partitions, and partitions of partitions
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS poc_barman;
CREATE SCHEMA rows_leaves;
SET search_path = rows_leaves, public;
-- every partition has this part of the rows, in percent, at least
CREATE FUNCTION spread(name regclass) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE format('SELECT string_agg(part || CASE WHEN n * 100 >= sum THEN '''' ELSE '' (few)'' END, '' '' ORDER BY part)
		FROM (SELECT tableoid::regclass::text AS part, count(*) AS n, sum(count(*)) OVER () FROM %s GROUP BY 1) AS parts', name) INTO result;
	RETURN result;
END $$;
-- a foreign key, CHECKs, UNIQUE and NOT NULL of a partition, with its columns in another order
CREATE TABLE cu (id int PRIMARY KEY);
INSERT INTO cu SELECT generate_series(1, 50);
CREATE TABLE pay (id int NOT NULL, cu int NOT NULL, d date NOT NULL) PARTITION BY RANGE (d);
CREATE TABLE pay1 (d date NOT NULL, cu int NOT NULL REFERENCES cu, id int NOT NULL);
ALTER TABLE pay ATTACH PARTITION pay1 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE pay2 PARTITION OF pay FOR VALUES FROM ('2025-01-01') TO ('2026-01-01') PARTITION BY HASH (id);
CREATE TABLE pay2_0 PARTITION OF pay2 FOR VALUES WITH (MODULUS 1, REMAINDER 0);
ALTER TABLE pay2 ADD FOREIGN KEY (cu) REFERENCES cu;
SELECT poc_generate_rows(100, 'pay'), poc_generate_rows(100, 'pay', options => '{"path": "query", "foreign_keys": "each"}'), spread('pay');
SELECT generator, detail FROM poc_explain_rows('pay') WHERE column_name = 'cu';
-- foreign keys of two partitions, each to a table of its own
CREATE TABLE c_eu (id int PRIMARY KEY);
CREATE TABLE c_us (id int, z int, PRIMARY KEY (id, z));
CREATE TABLE orders (region text NOT NULL, id int NOT NULL, cu int NOT NULL, z int NOT NULL, PRIMARY KEY (region, id)) PARTITION BY LIST (region);
CREATE TABLE orders_eu PARTITION OF orders FOR VALUES IN ('eu');
CREATE TABLE orders_us PARTITION OF orders FOR VALUES IN ('us');
CREATE TABLE orders_x PARTITION OF orders DEFAULT;
ALTER TABLE orders_eu ADD FOREIGN KEY (cu) REFERENCES c_eu;
ALTER TABLE orders_us ADD FOREIGN KEY (cu, z) REFERENCES c_us;
SELECT poc_generate_rows(100, 'orders');
INSERT INTO c_us SELECT g, g * 2 FROM generate_series(1001, 1020) AS g;
SELECT poc_generate_rows(300, 'orders', options => '{"parents": true}'), poc_generate_rows(300, 'orders', options => '{"path": "query"}'), spread('orders');
SELECT min(cu) > 1000 AND max(cu) < 1021 AS us FROM orders_us;
CREATE TABLE checks (v int NOT NULL, w int NOT NULL, t text, d date NOT NULL) PARTITION BY RANGE (d);
CREATE TABLE checks_1 PARTITION OF checks (CHECK (v BETWEEN 1 AND 10)) FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE checks_2 PARTITION OF checks (CHECK (v BETWEEN 20 AND 30), CHECK (w > v OR t IS NULL)) FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE checks_3 PARTITION OF checks (CHECK (t IN ('a', 'b'))) FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
SELECT poc_generate_rows(300, 'checks'), poc_generate_rows(300, 'checks', options => '{"path": "query"}'), spread('checks');
SELECT tableoid::regclass, min(v) >= 1 AS min, max(v) <= 30 AS max, count(DISTINCT t) < 3 AS few FROM checks GROUP BY 1 ORDER BY 1;
CREATE TABLE hashed (id int PRIMARY KEY, v int NOT NULL) PARTITION BY HASH (id);
CREATE TABLE hashed_0 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE hashed_1 PARTITION OF hashed (CHECK (v BETWEEN 1 AND 9)) FOR VALUES WITH (MODULUS 2, REMAINDER 1);
SELECT poc_generate_rows(300, 'hashed'), spread('hashed');
CREATE TABLE uniques (w text, v smallint NOT NULL CONSTRAINT three CHECK (v BETWEEN 1 AND 3), d date NOT NULL) PARTITION BY RANGE (d);
CREATE TABLE uniques_1 (d date NOT NULL, v smallint NOT NULL UNIQUE CONSTRAINT three CHECK (v BETWEEN 1 AND 3), w text);
ALTER TABLE uniques ATTACH PARTITION uniques_1 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE UNIQUE INDEX ON uniques_1 (lower(w));
SELECT poc_generate_rows(2, 'uniques'), poc_generate_rows(1, 'uniques');
SELECT poc_generate_rows(1, 'uniques');
CREATE TABLE strict (v int, d date NOT NULL) PARTITION BY RANGE (d);
CREATE TABLE strict_1 PARTITION OF strict FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
ALTER TABLE strict_1 ALTER v SET NOT NULL;
SELECT poc_generate_rows(100, 'strict', options => '{"null_fraction": 0.3}');
-- default partitions: beside a list, an enum, ranges that cover all but the ends of time; a key that must not exhaust
CREATE TYPE colour AS ENUM ('red', 'green', 'blue');
CREATE TABLE d_text (k text NOT NULL) PARTITION BY LIST (k);
CREATE TABLE d_text_1 PARTITION OF d_text FOR VALUES IN ('DE', 'FR');
CREATE TABLE d_text_x PARTITION OF d_text DEFAULT;
CREATE TABLE d_enum (k colour NOT NULL) PARTITION BY LIST (k);
CREATE TABLE d_enum_1 PARTITION OF d_enum FOR VALUES IN ('red');
CREATE TABLE d_enum_x PARTITION OF d_enum DEFAULT;
CREATE TABLE d_bool (k boolean NOT NULL) PARTITION BY LIST (k);
CREATE TABLE d_bool_1 PARTITION OF d_bool FOR VALUES IN (true);
CREATE TABLE d_bool_x PARTITION OF d_bool DEFAULT;
CREATE TABLE d_range (k date NOT NULL) PARTITION BY RANGE (k);
CREATE TABLE d_range_1 PARTITION OF d_range FOR VALUES FROM ('1800-01-01') TO ('2200-01-01');
CREATE TABLE d_range_x PARTITION OF d_range DEFAULT;
CREATE TABLE d_two (a int NOT NULL, b int NOT NULL) PARTITION BY RANGE (a, b);
CREATE TABLE d_two_1 PARTITION OF d_two FOR VALUES FROM (1, 1) TO (5, 5);
CREATE TABLE d_two_x PARTITION OF d_two DEFAULT;
SELECT name, poc_generate_rows(200, name), spread(name) FROM (VALUES ('d_text'::regclass), ('d_enum'), ('d_bool'), ('d_range'), ('d_two')) AS of(name);
SELECT poc_generate_rows(100, 'd_two_1'), poc_generate_rows(100, 'd_two_x'), poc_generate_rows(100, 'd_text_x'), poc_generate_rows(100, 'd_range_x');
CREATE TABLE d_key (k int PRIMARY KEY) PARTITION BY LIST (k);
CREATE TABLE d_key_1 PARTITION OF d_key FOR VALUES IN (1, 2, 3);
CREATE TABLE d_key_x PARTITION OF d_key DEFAULT;
SELECT poc_generate_rows(200, 'd_key'), poc_generate_rows(200, 'd_key');
CREATE TABLE n_list (k text) PARTITION BY LIST (k);
CREATE TABLE n_list_1 PARTITION OF n_list FOR VALUES IN ('x');
CREATE TABLE n_list_n PARTITION OF n_list FOR VALUES IN (NULL);
SELECT poc_generate_rows(200, 'n_list'), spread('n_list');
-- LIST within HASH, HASH within LIST, LIST with a default within RANGE
CREATE TABLE lh (id int, k text NOT NULL) PARTITION BY HASH (id);
CREATE TABLE lh_0 PARTITION OF lh FOR VALUES WITH (MODULUS 2, REMAINDER 0) PARTITION BY LIST (k);
CREATE TABLE lh_0a PARTITION OF lh_0 FOR VALUES IN ('a', 'b');
CREATE TABLE lh_1 PARTITION OF lh FOR VALUES WITH (MODULUS 2, REMAINDER 1) PARTITION BY LIST (k);
CREATE TABLE lh_1a PARTITION OF lh_1 FOR VALUES IN ('a');
CREATE TABLE lh_1b PARTITION OF lh_1 FOR VALUES IN ('b', 'c');
CREATE TABLE hl (k text, id int, PRIMARY KEY (k, id)) PARTITION BY LIST (k);
CREATE TABLE hl_e PARTITION OF hl FOR VALUES IN ('eu') PARTITION BY HASH (id);
CREATE TABLE hl_e0 PARTITION OF hl_e FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE hl_e1 PARTITION OF hl_e FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE hl_u PARTITION OF hl FOR VALUES IN ('us') PARTITION BY HASH (id);
CREATE TABLE hl_u0 PARTITION OF hl_u FOR VALUES WITH (MODULUS 3, REMAINDER 0);
CREATE TABLE rl (d date NOT NULL, k int NOT NULL) PARTITION BY RANGE (d);
CREATE TABLE rl_24 PARTITION OF rl FOR VALUES FROM ('2024-01-01') TO ('2025-01-01') PARTITION BY LIST (k);
CREATE TABLE rl_24a PARTITION OF rl_24 FOR VALUES IN (1, 2);
CREATE TABLE rl_24x PARTITION OF rl_24 DEFAULT;
CREATE TABLE rl_25 PARTITION OF rl FOR VALUES FROM ('2025-01-01') TO ('2026-01-01') PARTITION BY LIST (k);
CREATE TABLE rl_25a PARTITION OF rl_25 FOR VALUES IN (1);
SELECT name, poc_generate_rows(300, name), poc_generate_rows(300, name, options => '{"path": "query"}'), spread(name) FROM (VALUES ('lh'::regclass), ('hl'), ('rl')) AS of(name);
-- expressions
CREATE TABLE e_year (d date NOT NULL) PARTITION BY RANGE (extract(year FROM d));
CREATE TABLE e_year_1 PARTITION OF e_year FOR VALUES FROM (2023) TO (2024);
CREATE TABLE e_year_2 PARTITION OF e_year FOR VALUES FROM (2024) TO (2025);
CREATE TABLE e_initial (name text NOT NULL) PARTITION BY LIST (lower(left(name, 1)));
CREATE TABLE e_initial_1 PARTITION OF e_initial FOR VALUES IN ('a', 'b');
CREATE TABLE e_initial_2 PARTITION OF e_initial FOR VALUES IN ('c');
CREATE TABLE e_initial_x PARTITION OF e_initial DEFAULT;
CREATE TABLE e_rest (id bigint NOT NULL) PARTITION BY LIST ((id % 4));
CREATE TABLE e_rest_1 PARTITION OF e_rest FOR VALUES IN (0, 1);
CREATE TABLE e_rest_2 PARTITION OF e_rest FOR VALUES IN (3);
SELECT name, poc_generate_rows(300, name), spread(name) FROM (VALUES ('e_year'::regclass), ('e_initial'), ('e_rest')) AS of(name);
SELECT poc_generate_rows(1, 'strict_1', options => '{"columns": {"v": {"constant": 1}}}');
DROP SCHEMA rows_leaves CASCADE;
