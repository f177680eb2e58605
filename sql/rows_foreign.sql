-- poc_generate_rows() and foreign keys
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS poc_barman;
RESET client_min_messages;
CREATE SCHEMA rows_foreign;
SET search_path = rows_foreign, public;

CREATE TABLE customers (id serial PRIMARY KEY, email text UNIQUE NOT NULL);
CREATE TABLE orders (id serial PRIMARY KEY, customer_id int NOT NULL REFERENCES customers, total numeric(8,2) CHECK (total > 0));
CREATE TABLE products (code char(6) PRIMARY KEY);
CREATE TABLE order_lines (order_id int REFERENCES orders, line int, product char(6) NOT NULL REFERENCES products, PRIMARY KEY (order_id, line));
CREATE TABLE order_tags (order_id int REFERENCES orders ON DELETE CASCADE, product char(6) REFERENCES products, PRIMARY KEY (order_id, product));
CREATE TABLE profiles (customer_id int PRIMARY KEY REFERENCES customers, note text);

-- an empty parent is named
SELECT poc_generate_rows(10, 'orders');
\echo :SQLSTATE
SELECT poc_generate_rows(100, 'customers'), poc_generate_rows(20, 'products');
SELECT poc_generate_rows(2000, 'orders', seed => 1);
SELECT count(DISTINCT customer_id) FROM orders;
SELECT poc_generate_rows(5000, 'order_lines');
SELECT count(*), count(DISTINCT product) FROM order_lines;

-- keys made of foreign keys: pairs, and one to one
SELECT poc_generate_rows(3000, 'order_tags');
SELECT poc_generate_rows(3000, 'order_tags');
SELECT count(*), count(DISTINCT order_id) > 100 AS many_orders FROM order_tags;
SELECT poc_generate_rows(60, 'profiles');
SELECT poc_generate_rows(40, 'profiles');
SELECT poc_generate_rows(1, 'profiles');

-- of several columns, to another type, of itself, in a circle
CREATE TABLE tenants (tenant int, branch text, PRIMARY KEY (tenant, branch));
CREATE TABLE accounts (id serial PRIMARY KEY, tenant bigint NOT NULL, branch varchar NOT NULL, FOREIGN KEY (tenant, branch) REFERENCES tenants);
SELECT poc_generate_rows(50, 'tenants'), poc_generate_rows(500, 'accounts');
SELECT count(DISTINCT (tenant, branch)) > 40 AS many FROM accounts;
CREATE TABLE tree (id serial PRIMARY KEY, parent int REFERENCES tree);
SELECT poc_generate_rows(10, 'tree', 1), poc_generate_rows(100, 'tree', 1);
SELECT count(*), count(parent) FROM tree;
CREATE TABLE strict_tree (id serial PRIMARY KEY, parent int NOT NULL REFERENCES strict_tree DEFERRABLE INITIALLY DEFERRED);
SELECT poc_generate_rows(2000, 'strict_tree'), poc_generate_rows(100, 'strict_tree');
SELECT count(*), count(*) FILTER (WHERE parent <> id) FROM strict_tree;
CREATE TABLE hen (id serial PRIMARY KEY);
CREATE TABLE egg (id serial PRIMARY KEY, hen int REFERENCES hen);
ALTER TABLE hen ADD COLUMN egg int REFERENCES egg;
SELECT poc_generate_rows(10, 'hen'), poc_generate_rows(10, 'egg'), poc_generate_rows(10, 'hen');
SELECT count(egg) FROM hen;
SELECT count(hen) FROM egg;

-- the narrower key follows from the wider
CREATE TABLE teams (tenant int PRIMARY KEY);
INSERT INTO teams SELECT DISTINCT tenant FROM tenants;
CREATE TABLE bookings (id serial, tenant int NOT NULL REFERENCES teams, branch text NOT NULL, FOREIGN KEY (tenant, branch) REFERENCES tenants);
SELECT poc_generate_rows(100, 'bookings');

-- the same seed, the same rows; what the check of each row would say
CREATE TABLE orders_again (LIKE orders INCLUDING ALL);
ALTER TABLE orders_again ALTER id SET DEFAULT nextval('orders_id_seq'), ADD FOREIGN KEY (customer_id) REFERENCES customers;
ALTER SEQUENCE orders_id_seq RESTART;
SELECT poc_generate_rows(2000, 'orders_again', seed => 1);
SELECT (SELECT hash FROM poc_fingerprint('orders')) = (SELECT hash FROM poc_fingerprint('orders_again')) AS same;
SELECT count(*) FROM orders WHERE NOT EXISTS (SELECT 1 FROM customers WHERE customers.id = customer_id);
-- the rows referred to are locked
BEGIN;
SELECT poc_generate_rows(2000, 'orders');
SELECT bool_and(xmax <> 0) AS locked FROM customers;
ROLLBACK;

-- a caller who may only read the parent gets the check of each row
SET client_min_messages = warning;
DROP ROLE IF EXISTS poc_rows_clerk;
RESET client_min_messages;
CREATE ROLE poc_rows_clerk;
GRANT USAGE ON SCHEMA rows_foreign TO poc_rows_clerk;
GRANT INSERT ON orders TO poc_rows_clerk;
GRANT USAGE ON SEQUENCE orders_id_seq TO poc_rows_clerk;
SET ROLE poc_rows_clerk;
SELECT poc_generate_rows(10, 'orders');
RESET ROLE;
GRANT SELECT ON customers TO poc_rows_clerk;
SELECT setval('orders_id_seq', 10000);
SET ROLE poc_rows_clerk;
SELECT poc_generate_rows(10, 'orders');
SELECT poc_generate_rows(10, 'orders', options => '{"foreign_keys": "bulk"}');
RESET ROLE;
SELECT poc_generate_rows(10, 'orders', options => '{"foreign_keys": "bulk"}'), poc_generate_rows(10, 'orders', options => '{"foreign_keys": "each"}');

SET client_min_messages = warning;
DROP SCHEMA rows_foreign CASCADE;
DROP ROLE poc_rows_clerk;
