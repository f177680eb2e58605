-- Rows that look right: columns in order within a row, codes that exist, contents as column and table say
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS poc_barman;
CREATE SCHEMA rows_plausible;
SET search_path = rows_plausible, public;

-- times and numbers in order, of several types, with nulls, and with a CHECK that demands it
CREATE TABLE orders (id serial PRIMARY KEY, created_at timestamptz NOT NULL, "updatedAt" timestamp(0), deleted_at date,
	order_date date, shipped_on timestamptz, delivered timestamp, due_date date, starts_at timestamptz, ends_at timestamptz CHECK (ends_at > starts_at),
	valid_from date, valid_until date, check_in timestamp, check_out timestamp, start_time time, end_time time,
	min_price numeric(8,2), max_price numeric(10,3), qty_low int, qty_high bigint, subtotal money, total money, net_amount float8, gross_amount float8,
	date_of_birth date, hired date, month smallint, tax_rate numeric(5,2), share numeric(6,5), ratio real, price numeric(12,2), amount_cents int);
SELECT poc_generate_rows(3000, 'orders', 1, '{"null_fraction": 0.1}');
SELECT count(*) FILTER (WHERE "updatedAt" < created_at) AS updated, count(*) FILTER (WHERE deleted_at < created_at) AS deleted,
	count(*) FILTER (WHERE shipped_on < order_date) AS shipped, count(*) FILTER (WHERE delivered < shipped_on) AS delivered,
	count(*) FILTER (WHERE due_date < order_date) AS due, count(*) FILTER (WHERE ends_at < starts_at) AS ends,
	count(*) FILTER (WHERE valid_until < valid_from) AS valid, count(*) FILTER (WHERE check_out < check_in) AS check_out,
	count(*) FILTER (WHERE end_time < start_time) AS end_time, count(*) FILTER (WHERE max_price < min_price) AS max_price,
	count(*) FILTER (WHERE qty_high < qty_low) AS qty, count(*) FILTER (WHERE total < subtotal) AS total,
	count(*) FILTER (WHERE gross_amount < net_amount) AS gross, count(*) FILTER (WHERE hired < date_of_birth) AS hired FROM orders;
SELECT min(created_at) > now() - interval '2 years 1 day' AS two_years, max(created_at) < now() AS past,
	count(*) FILTER (WHERE created_at > now() - interval '6 months') > count(*) * 0.4 AS more_lately,
	count(*) FILTER (WHERE "updatedAt" IS NULL) BETWEEN 200 AND 400 AS nulls, max("updatedAt") < now() AS updated_past,
	min(month) AS month, max(month) AS to_month, max(price) BETWEEN 900 AND 1000 AS prices, max(amount_cents) BETWEEN 90000 AND 100000 AS cents,
	max(tax_rate) BETWEEN 90 AND 100 AS of_hundred, max(share) BETWEEN 0.9 AND 1 AS of_one, max(ratio) BETWEEN 0.9 AND 1 AS ratio FROM orders;
SELECT column_name, detail FROM poc_explain_rows('orders') WHERE detail LIKE 'after%';

-- the same by every path and in every session, and with "now" on every day
CREATE TABLE one (LIKE orders INCLUDING ALL);
CREATE TABLE two (LIKE orders INCLUDING ALL);
CREATE TABLE three (LIKE orders INCLUDING ALL);
ALTER TABLE one DROP COLUMN id;
ALTER TABLE two DROP COLUMN id;
ALTER TABLE three DROP COLUMN id;
SELECT poc_generate_rows(2000, 'one', 3, '{"now": "2024-05-06", "null_fraction": 0.2}');
SELECT poc_generate_rows(2000, 'two', 3, '{"now": "2024-05-06", "null_fraction": 0.2, "path": "query"}');
CALL poc_fill('three', 2000, workers => 2, seed => 3, options => '{"now": "2024-05-06", "null_fraction": 0.2}');
SELECT hash AS one_hash FROM poc_fingerprint('one') \gset
SELECT hash = :'one_hash' AS same FROM poc_fingerprint('two');
SELECT hash = :'one_hash' AS same FROM poc_fingerprint('three');
SELECT max(created_at) AT TIME ZONE 'UTC' BETWEEN '2024-05-01' AND '2024-05-06' AS fixed FROM one;
SELECT poc_preview_rows('orders', 20, 3) = poc_preview_rows('orders', 20, 3) AS same LIMIT 1;
SELECT count(*) FROM poc_preview_rows('one', 5, 3, '{"now": "never"}');

-- codes that exist
CREATE TABLE people (gender text, language text, tz text, currency char(3), country_code char(2), country varchar(2), locale varchar(5), "timeZone" text, state text, iban text, city text);
SELECT poc_generate_rows(1000, 'people', 1);
SELECT count(*) FILTER (WHERE gender NOT IN ('female', 'male', 'nonbinary')) AS gender,
	count(*) FILTER (WHERE tz NOT IN (SELECT name FROM pg_timezone_names)) AS tz, count(*) FILTER (WHERE "timeZone" !~ '^[A-Z].*/') AS time_zone,
	count(*) FILTER (WHERE currency !~ '^[A-Z]{3}$') AS currency, count(*) FILTER (WHERE country_code !~ '^[A-Z]{2}$' OR country !~ '^[A-Z]{2}$') AS country,
	count(*) FILTER (WHERE language !~ '^[a-z]{2}$') AS language, count(*) FILTER (WHERE state IN ('new', 'active')) AS state,
	count(DISTINCT country_code) > 20 AS many FROM people;
SELECT count(*) FROM people, LATERAL (SELECT translate(substr(iban, 5) || '131400', ' ', '')::numeric) AS n(digits)
	WHERE 98 - n.digits % 97 <> substr(iban, 3, 2)::int;
-- a key of codes goes on when the codes are used up, and counts on
CREATE TABLE countries (code char(2) PRIMARY KEY, name text);
CREATE TABLE languages (code varchar(2) PRIMARY KEY, name text);
SELECT poc_generate_rows(400, 'countries', 1), poc_generate_rows(900, 'languages', 1);
SELECT poc_generate_rows(400, 'countries', 2), poc_generate_rows(100, 'languages', 2);
SELECT count(*) FILTER (WHERE code ~ '^[A-Z]{2}$') > 25 AS codes, count(*) FROM countries;

-- names follow the table, a state its neighbours; what is too narrow is left alone, a CHECK wins
CREATE TABLE products (name text, title varchar(40), brand text, file_name text, color text, hex_color char(7), state text, version text, slug text, description varchar(20));
CREATE TABLE employees (name text, title text, company_name text, department text, product_name text);
CREATE TABLE checked (name text CHECK (name ~ '^[0-9a-f]+$'), phone varchar(3), city text CHECK (length(city) > 30));
SELECT * FROM poc_preview_rows('products', 2, 1);
SELECT * FROM poc_preview_rows('employees', 2, 1);
CREATE DOMAIN hexadecimal AS text CHECK (VALUE ~ '^[0-9a-f]+$');
ALTER TABLE checked ADD COLUMN title hexadecimal;
SELECT poc_generate_rows(20, 'checked', 1);
-- the earlier of two leaves room for what a CHECK demands of the later one; words of a pair belong together
CREATE TABLE pairs (starts date, "from" date, "to" date, start_at timestamp, finish_at timestamp, ends date, opened_at timestamp, closed_at timestamp, min int, max int CHECK (max < 10));
SELECT poc_generate_rows(300, 'pairs', 1);
SELECT count(*) FILTER (WHERE ends < starts OR "to" < "from" OR finish_at < start_at OR closed_at < opened_at OR max < min) AS wrong FROM pairs;
-- options and partitions decide
CREATE TABLE shaped (created_at timestamp, updated_at timestamp, price int);
SELECT poc_generate_rows(50, 'shaped', 1, '{"columns": {"updated_at": {"max": "2001-01-01", "min": "2000-01-01"}, "price": {"min": 5000, "max": 6000}}}');
SELECT min(updated_at) >= '2000-01-01' AND max(updated_at) <= '2001-01-01' AND min(price) >= 5000 AS options FROM shaped;
CREATE TABLE parted (created_at timestamptz NOT NULL, updated_at timestamptz, deleted_at date) PARTITION BY RANGE (created_at);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM ('2020-01-01') TO ('2020-02-01');
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM ('2900-01-01') TO ('2900-02-01');
SELECT poc_generate_rows(500, 'parted', 1);
SELECT count(*), count(DISTINCT tableoid) AS partitions, count(*) FILTER (WHERE updated_at < created_at OR deleted_at < created_at) AS wrong FROM parted;

-- what a condition leaves open at one end, the name narrows
CREATE TABLE open_ended (price numeric(10,2) NOT NULL CHECK (price > 0), quantity int NOT NULL CHECK (quantity >= 1), discount numeric NOT NULL CHECK (discount <= 30),
	large_total numeric(12,2) NOT NULL CHECK (large_total >= 100000000), price_range numeric NOT NULL CHECK (price_range BETWEEN 5000 AND 6000),
	created_at timestamptz NOT NULL CHECK (created_at > '2020-01-01'));
SELECT poc_generate_rows(1000, 'open_ended', seed => 1);
SELECT max(price) < 10000 AS prices, max(quantity) < 1000 AS quantities, min(discount) >= 0 AS discounts, min(large_total) >= 100000000 AS conditions_win,
	min(price_range) >= 5000 AS ranges_win, max(created_at) <= now() AS past
FROM open_ended;
DROP TABLE open_ended;

-- words that are joined, as PostgreSQL folds "OrderDate"; "candidate" and "update" are no dates
CREATE TABLE joined (orderdate timestamp, requireddate date, shipdate timestamp, sellstartdate timestamp, sellenddate timestamp, standardcost numeric(10,2), listprice numeric(10,2),
	totaldue numeric(12,2), productname text, candidate int, "update" text, isactive int, is_active int, discontinued int, closed_flag smallint, marital_status text, composer text);
SELECT poc_generate_rows(300, 'joined', seed => 1);
SELECT count(*) FILTER (WHERE shipdate < orderdate OR requireddate < orderdate::date OR sellenddate < sellstartdate OR standardcost > listprice) AS wrong, max(listprice) < 2000 AS prices, max(totaldue) <= 1000 AS due,
	min(orderdate) > now() - interval '3 years' AS recent, max(candidate) > 1000 AS candidates, max(isactive) > 1 AS joined_flag, max(is_active) || ' ' || max(discontinued) || ' ' || max(closed_flag) AS flags,
	count(DISTINCT marital_status), count(*) FILTER (WHERE productname !~ '^[A-Z]\w+ [A-Z]\w+ [A-Z]\w+$' OR composer !~ '^[A-Z]\w+ [A-Z]\w+$') AS names
FROM joined;

DROP SCHEMA rows_plausible CASCADE;
