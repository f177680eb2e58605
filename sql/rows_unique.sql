-- keys of every type that has an order, keys with conditions, partial unique indexes, unique expressions, exclusion
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS poc_barman;
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE EXTENSION IF NOT EXISTS citext;
CREATE EXTENSION IF NOT EXISTS cube;
CREATE EXTENSION IF NOT EXISTS hstore;
CREATE EXTENSION IF NOT EXISTS isn;
CREATE EXTENSION IF NOT EXISTS ltree;
CREATE EXTENSION IF NOT EXISTS seg;
RESET client_min_messages;
CREATE SCHEMA rows_unique;
SET search_path = rows_unique, public;
CREATE TYPE pair AS (a int, b text);
CREATE TABLE p (id int PRIMARY KEY);
INSERT INTO p SELECT generate_series(1, 50);
CREATE TABLE zoo (n int GENERATED ALWAYS AS IDENTITY, columns text, unique_index text, wanted int, failure text);
INSERT INTO zoo (columns, unique_index, wanted) VALUES
('m macaddr8 PRIMARY KEY', NULL, 500),
('k int[] PRIMARY KEY', NULL, 500),
('j jsonb PRIMARY KEY', NULL, 500),
('j json NOT NULL, id text PRIMARY KEY GENERATED ALWAYS AS (j ->> ''id'') STORED', NULL, 500),
('i ean13 PRIMARY KEY', NULL, 500),
('i isbn PRIMARY KEY', NULL, 500),
('i issn PRIMARY KEY', NULL, 500),
('i upc PRIMARY KEY', NULL, 500),
('i ismn PRIMARY KEY', NULL, 500),
('i isbn13 PRIMARY KEY, j ismn13 UNIQUE, k issn13 UNIQUE', NULL, 500),
('p ltree PRIMARY KEY', NULL, 500),
('c citext PRIMARY KEY', NULL, 500),
('h hstore UNIQUE', NULL, 500),
('q tsvector UNIQUE', NULL, 500),
('p pair PRIMARY KEY', NULL, 500),
('b bytea PRIMARY KEY, n name UNIQUE, x xid8 UNIQUE, o oid UNIQUE, l pg_lsn UNIQUE', NULL, 500),
('b varbit PRIMARY KEY', NULL, 500),
('u uuid PRIMARY KEY, i inet UNIQUE, m macaddr UNIQUE', NULL, 500),
('i interval PRIMARY KEY, t time UNIQUE, tz timetz UNIQUE, mo money UNIQUE', NULL, 500),
('f float4 PRIMARY KEY, g float8 UNIQUE', NULL, 500),
('c char(2) PRIMARY KEY', NULL, 500),
('r int4range PRIMARY KEY, d daterange UNIQUE', NULL, 500),
('m int4multirange PRIMARY KEY', NULL, 500),
('c cube UNIQUE, s seg UNIQUE', NULL, 500),
('v oidvector UNIQUE', NULL, 500),
('id int PRIMARY KEY CHECK (id BETWEEN -5 AND 5 AND id <> 0)', NULL, 10),
('id smallint PRIMARY KEY', NULL, 40000),
('id bool PRIMARY KEY DEFAULT true CHECK (id), v text', NULL, 1),
('id bool PRIMARY KEY DEFAULT true, v text, CHECK (id IS TRUE)', NULL, 1),
('id int PRIMARY KEY DEFAULT 1 CHECK (id = 1)', NULL, 1),
('a int CHECK (a BETWEEN 1 AND 5), b int CHECK (b BETWEEN 1 AND 5), PRIMARY KEY (a, b), CHECK (a < b)', NULL, 10),
('a int, b int, UNIQUE (a, b), CHECK (a < b)', NULL, 500),
('a int NOT NULL, b int NOT NULL, PRIMARY KEY (a, b), CHECK (a <> b)', NULL, 500),
('id int PRIMARY KEY CHECK (id % 1000 = 0)', NULL, 500),
('c text PRIMARY KEY CHECK (c = upper(c))', NULL, 500),
('c text PRIMARY KEY CHECK (length(c) = 3)', NULL, 500),
('c varchar(3) PRIMARY KEY CHECK (c ~ ''^[a-z]+$'')', NULL, 500),
('code varchar(5) PRIMARY KEY CHECK (code ~ ''^[A-Z]{2}[0-9]{3}$'')', NULL, 500),
('day date, slot int CHECK (slot BETWEEN 1 AND 8), UNIQUE (day, slot), CHECK (extract(isodow FROM day) < 6)', NULL, 500),
('a smallint CHECK (a BETWEEN 1 AND 30), b smallint CHECK (b BETWEEN 1 AND 30), c smallint CHECK (c BETWEEN 1 AND 30), UNIQUE (a, b), UNIQUE (a, c)', NULL, 500),
('x int CHECK (x BETWEEN 1 AND 100), y int CHECK (y BETWEEN 1 AND 100), UNIQUE (x, y), UNIQUE (y, x)', NULL, 500),
('b bool NOT NULL, k int NOT NULL CHECK (k IN (1,2,3)), UNIQUE (b, k)', NULL, 6),
('email text NOT NULL UNIQUE CHECK (email LIKE ''%@%'' AND email = lower(email))', NULL, 500),
('n numeric(3,1) PRIMARY KEY CHECK (n > 0 AND n < 20)', NULL, 190),
('a text PRIMARY KEY CHECK (a IN (''x'',''y'',''z'') AND a <> ''y'')', NULL, 2),
('e timestamptz(0) PRIMARY KEY', NULL, 500),
('room int NOT NULL, during tstzrange NOT NULL, EXCLUDE USING gist (room WITH =, during WITH &&)', NULL, 500),
('room int NOT NULL, s timestamptz NOT NULL, e timestamptz NOT NULL, CHECK (s < e), EXCLUDE USING gist (room WITH =, tstzrange(s, e) WITH &&)', NULL, 500),
('s date, e date, EXCLUDE USING gist (daterange(s, e, ''[]'') WITH &&)', NULL, 500),
('lo int NOT NULL, hi int NOT NULL, EXCLUDE USING gist (int4range(lo, hi) WITH &&), CHECK (hi > lo)', NULL, 500),
('room text NOT NULL CHECK (room IN (''a'',''b'')), s timestamp NOT NULL, e timestamp NOT NULL, gone bool NOT NULL, EXCLUDE USING gist (room WITH =, tsrange(s, e) WITH &&) WHERE (NOT gone)', NULL, 500),
('i ean13', NULL, 500),
('id serial PRIMARY KEY, admin bool NOT NULL', '(admin) WHERE admin', 100),
('id serial PRIMARY KEY, ten int NOT NULL CHECK (ten BETWEEN 1 AND 5), is_default bool NOT NULL', '(ten) WHERE is_default', 100),
('p int NOT NULL REFERENCES p, status text NOT NULL CHECK (status IN (''active'',''old''))', '(p) WHERE status = ''active''', 100),
('p int NOT NULL REFERENCES p, deleted_at timestamptz', '(p) WHERE deleted_at IS NULL', 100),
('v text', '((true))', 1),
('email text NOT NULL', '(lower(email))', 500),
('at timestamp NOT NULL', '(date_trunc(''day'', at))', 500),
('d date NOT NULL', '(extract(year FROM d))', 100),
('code text NOT NULL', '(left(code, 3))', 500),
('a int NOT NULL, b int NOT NULL', '(a, (b / 10))', 500),
('x int NOT NULL', '((x % 7))', 7),
('p int NOT NULL REFERENCES p, k text NOT NULL CHECK (k IN (''a'',''b'')), main bool NOT NULL', '(p, k) WHERE main', 300),
('p int REFERENCES p, q int REFERENCES p, CHECK (p <> q)', '(p, q)', 2000),
('s text NOT NULL CHECK (s IN (''a'',''b'',''c''))', '(s) WHERE s <> ''c''', 100),
('j jsonb NOT NULL', '((j ->> ''id''))', 500),
('s text', '(lower(s)) WHERE s IS NOT NULL', 500),
('p int NOT NULL REFERENCES p, live bool NOT NULL DEFAULT true', '(p) WHERE live', 100),
('p int NOT NULL REFERENCES p, live bool NOT NULL DEFAULT true, n int NOT NULL', '(p) WHERE live AND n > 10', 300);

-- the second half counts on from the first
DO $$
DECLARE
	animal record;
	made bigint;
	message text;
	detail text;
BEGIN
	FOR animal IN SELECT * FROM zoo ORDER BY n LOOP
		BEGIN
			EXECUTE format('CREATE TABLE a%s (%s)', animal.n, animal.columns);
			IF animal.unique_index IS NOT NULL THEN
				EXECUTE format('CREATE UNIQUE INDEX a%1$s_index ON a%1$s %2$s', animal.n, animal.unique_index);
			END IF;
			PERFORM poc_generate_rows(animal.wanted / 2, format('a%s', animal.n)::regclass, 1);
			PERFORM poc_generate_rows(animal.wanted - animal.wanted / 2, format('a%s', animal.n)::regclass, 2);
			EXECUTE format('SELECT count(*) FROM a%s', animal.n) INTO made;
			IF made <> animal.wanted THEN
				UPDATE zoo SET failure = made || ' rows' WHERE n = animal.n;
			END IF;
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
			UPDATE zoo SET failure = message || ': ' || detail WHERE n = animal.n;
		END;
	END LOOP;
END $$;
SELECT count(*) > 60 AS many, count(failure) AS not_filled FROM zoo;
SELECT columns, unique_index, failure FROM zoo WHERE failure IS NOT NULL ORDER BY n;

-- what is told of a key is true: ten values, and all of them get used
CREATE TABLE ten (id int PRIMARY KEY CHECK (id BETWEEN -5 AND 5 AND id <> 0));
SELECT poc_generate_rows(11, 'ten');
SELECT poc_generate_rows(10, 'ten');
SELECT count(*), min(id), max(id) FROM ten;
-- rows that a partial index has no room for stay outside of it
CREATE TABLE main (p int NOT NULL REFERENCES p, main bool NOT NULL);
CREATE UNIQUE INDEX ON main (p) WHERE main;
SELECT poc_generate_rows(500, 'main', 1);
SELECT count(*) FILTER (WHERE main) BETWEEN 10 AND 50 AS inside, count(*) FROM main;
-- bookings
CREATE TABLE booking (room int NOT NULL, s timestamptz NOT NULL, e timestamptz NOT NULL, CHECK (s < e),
	EXCLUDE USING gist (room WITH =, tstzrange(s, e) WITH &&));
SELECT poc_generate_rows(1000, 'booking', 1), poc_generate_rows(1000, 'booking', 2);
SELECT count(*), min(e - s), max(e - s) FROM booking;
-- a key of no column has room for one row
CREATE TABLE single (v text);
CREATE UNIQUE INDEX ON single ((true));
SELECT poc_generate_rows(1, 'single');
SELECT poc_generate_rows(1, 'single');

SET client_min_messages = warning;
DROP SCHEMA rows_unique CASCADE;
