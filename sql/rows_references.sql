-- poc_generate_rows() and foreign keys of several columns: as keys, sharing columns, chosen by options
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS poc_barman;
RESET client_min_messages;
CREATE SCHEMA rows_references;
SET search_path = rows_references, public;
CREATE TABLE customers (tenant int, id int, PRIMARY KEY (tenant, id));
CREATE TABLE products (tenant int, code text, PRIMARY KEY (tenant, code));
CREATE TABLE shops (tenant int, name text, PRIMARY KEY (tenant, name));
INSERT INTO customers SELECT i % 5, i FROM generate_series(1, 50) AS i;
INSERT INTO products SELECT i % 4, 'p' || i FROM generate_series(1, 40) AS i;
INSERT INTO shops VALUES (1, 'one'), (2, 'two'), (2, 'second'), (9, 'nobody''s');

-- a key that consists of foreign keys: each pair once, until there are no more
CREATE TABLE pairs (t1 int, customer int, t2 int, product text, PRIMARY KEY (t1, customer, t2, product),
	FOREIGN KEY (t1, customer) REFERENCES customers, FOREIGN KEY (t2, product) REFERENCES products);
SELECT poc_generate_rows(1500, 'pairs'), poc_generate_rows(400, 'pairs', options => '{"path": "single"}'),
	poc_generate_rows(100, 'pairs', options => '{"path": "query"}');
SELECT poc_generate_rows(1, 'pairs');
\echo :SQLSTATE
-- one to one; with a line number, and with a column of few values
CREATE TABLE profiles (tenant int, customer int, PRIMARY KEY (tenant, customer), FOREIGN KEY (tenant, customer) REFERENCES customers);
SELECT poc_generate_rows(30, 'profiles'), poc_generate_rows(20, 'profiles');
SELECT poc_generate_rows(1, 'profiles');
CREATE TABLE lines (tenant int, customer int, line int, PRIMARY KEY (tenant, customer, line), FOREIGN KEY (tenant, customer) REFERENCES customers);
CREATE TABLE flags (tenant int, customer int, flag boolean, PRIMARY KEY (tenant, customer, flag), FOREIGN KEY (tenant, customer) REFERENCES customers);
SELECT poc_generate_rows(500, 'lines'), poc_generate_rows(60, 'flags'), poc_generate_rows(40, 'flags');
-- unique in a part of the foreign key: rows that look the same there are one
CREATE TABLE of_tenant (tenant int UNIQUE, customer int, FOREIGN KEY (tenant, customer) REFERENCES customers);
SELECT poc_generate_rows(5, 'of_tenant');
SELECT poc_generate_rows(1, 'of_tenant');

-- foreign keys that share a column: only what agrees
CREATE TABLE orders (id serial, tenant int NOT NULL, customer int NOT NULL, product text NOT NULL,
	FOREIGN KEY (tenant, customer) REFERENCES customers, FOREIGN KEY (tenant, product) REFERENCES products);
SELECT poc_generate_rows(2000, 'orders');
SELECT count(DISTINCT tenant) AS tenants, count(DISTINCT (customer, product)) > 350 AS pairs FROM orders;
SELECT column_name, generator, detail FROM poc_explain_rows('orders');
-- as a key; three of them; what is there goes on
CREATE TABLE baskets (tenant int, customer int, product text, PRIMARY KEY (tenant, customer, product),
	FOREIGN KEY (tenant, customer) REFERENCES customers, FOREIGN KEY (tenant, product) REFERENCES products);
SELECT poc_generate_rows(250, 'baskets'), poc_generate_rows(150, 'baskets');
SELECT poc_generate_rows(1, 'baskets');
CREATE TABLE sales (tenant int NOT NULL, customer int, product text, shop text, UNIQUE (customer, product, shop),
	FOREIGN KEY (tenant, customer) REFERENCES customers, FOREIGN KEY (tenant, product) REFERENCES products, FOREIGN KEY (tenant, shop) REFERENCES shops);
SELECT poc_generate_rows(300, 'sales');
SELECT tenant, shop, count(*) FROM sales GROUP BY tenant, shop ORDER BY tenant, shop;
SELECT poc_generate_rows(1, 'sales');
-- nothing agrees: an error, or nulls
CREATE TABLE other_products (tenant int, code text, PRIMARY KEY (tenant, code));
INSERT INTO other_products VALUES (77, 'x');
CREATE TABLE strangers (tenant int NOT NULL, customer int, product text NOT NULL,
	FOREIGN KEY (tenant, customer) REFERENCES customers, FOREIGN KEY (tenant, product) REFERENCES other_products);
SELECT poc_generate_rows(10, 'strangers');
ALTER TABLE strangers ALTER product DROP NOT NULL;
SELECT poc_generate_rows(10, 'strangers');
SELECT count(customer) AS customers, count(product) AS products FROM strangers;

-- options choose among the rows referred to
SELECT poc_generate_rows(100, 'orders', options => '{"columns": {"tenant": {"constant": 3}}}');
SELECT count(*) FROM orders WHERE id > 2000 AND tenant = 3;
SELECT poc_generate_rows(100, 'lines', options => '{"columns": {"tenant": {"values": [1, 2]}, "customer": {"values": [1, 6, 11, 2]}}}');
SELECT poc_generate_rows(100, 'orders', options => '{"columns": {"tenant": {"constant": 8}}}');

-- a CHECK on the columns that refer is obeyed, too
CREATE TABLE checked (tenant int NOT NULL CHECK (tenant > 2), customer int, single int CHECK (single < 0), FOREIGN KEY (tenant, customer) REFERENCES customers);
SELECT poc_generate_rows(100, 'checked');
SELECT min(tenant), max(single) < 0 AS single FROM checked;
CREATE TABLE numbers (n int PRIMARY KEY);
INSERT INTO numbers SELECT generate_series(1, 20);
CREATE TABLE evens (n int REFERENCES numbers CHECK (n > 15), m int REFERENCES numbers CHECK (m % 2 = 0));
SELECT poc_generate_rows(100, 'evens', seed => 1);
SELECT min(n), count(DISTINCT m) FROM evens;
CREATE TABLE impossible (n int REFERENCES numbers CHECK (n > 20));
SELECT poc_generate_rows(1, 'impossible');

-- a referenced row that makes a condition raise an error is none
CREATE TABLE counts (n int PRIMARY KEY);
INSERT INTO counts SELECT generate_series(0, 50);
CREATE DOMAIN quarter AS int CHECK (100 / VALUE > 3);
CREATE TABLE divided (n int NOT NULL REFERENCES counts CHECK (100 / n > 3), q quarter NOT NULL REFERENCES counts, u int NOT NULL, UNIQUE (n, u), CHECK (u % n = 0));
SELECT poc_generate_rows(300, 'divided', 1);
SELECT min(n), max(n), min(q::int), max(q::int) FROM divided;
SET client_min_messages = warning;
DROP SCHEMA rows_references CASCADE;
