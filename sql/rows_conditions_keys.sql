-- poc_generate_rows(): conditions on keys, and conditions of several alternatives
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS poc_barman;
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE SCHEMA rows_conditions_keys;
SET search_path = rows_conditions_keys, public;

-- the arms of a CASE, of an OR: several columns change at once
CREATE TABLE payment (id serial PRIMARY KEY, kind text NOT NULL, last4 char(4), month smallint, year smallint, iban text,
	CHECK (CASE kind WHEN 'card' THEN last4 ~ '^[0-9]{4}$' AND last4 IS NOT NULL AND month BETWEEN 1 AND 12 AND month IS NOT NULL AND year BETWEEN 2020 AND 2040 AND year IS NOT NULL AND iban IS NULL
		WHEN 'transfer' THEN iban IS NOT NULL AND iban ~ '^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$' AND num_nonnulls(last4, month, year) = 0 ELSE false END));
CREATE TABLE parcel (id serial PRIMARY KEY, state text NOT NULL, packed date, sent date, arrived date, carrier text,
	CHECK ((state = 'new' AND num_nonnulls(packed, sent, arrived, carrier) = 0) OR (state = 'sent' AND sent >= packed AND packed IS NOT NULL AND sent IS NOT NULL AND carrier IN ('a', 'b') AND arrived IS NULL)
		OR (state = 'arrived' AND arrived = sent + 2 AND sent = packed AND packed IS NOT NULL AND carrier IS NOT NULL)));
CREATE TABLE rule (id serial PRIMARY KEY, on_days boolean NOT NULL, day int, days int[], CHECK (on_days = (day IS NULL AND cardinality(days) = 2 AND days <@ '{1,2,3}' AND days IS NOT NULL)));
CREATE TABLE recipe (id serial PRIMARY KEY, protein int NOT NULL, carbs int NOT NULL, fat int NOT NULL, kcal int NOT NULL,
	CHECK (protein >= 0 AND carbs >= 0 AND fat >= 0), CHECK (kcal = 4 * protein + 4 * carbs + 9 * fat), CHECK (protein + carbs + fat <= 1000));
CREATE TABLE mix (id serial PRIMARY KEY, n smallint NOT NULL CHECK (n BETWEEN 0 AND 100), p smallint NOT NULL CHECK (p BETWEEN 0 AND 100), k smallint NOT NULL CHECK (k BETWEEN 0 AND 100),
	rest smallint NOT NULL CHECK (rest = 100 - n - p - k AND rest >= 0), name text NOT NULL CHECK (name = 'NPK ' || n || '-' || p || '-' || k));

-- strings that no one pattern tells
CREATE TABLE bank (iban text PRIMARY KEY CHECK (iban ~ '^DE\d{20}$' OR iban ~ '^AT\d{18}$'), country char(2) NOT NULL CHECK (country = substr(iban, 1, 2)));
CREATE TABLE mail (address text NOT NULL CHECK (address ~* '^[A-Z0-9._%+-]+@[A-Z0-9.-]+\.[A-Z]{2,}$'), CHECK (address = lower(address)), CHECK (position('@' in address) > 1));
CREATE UNIQUE INDEX ON mail (lower(address));
CREATE TABLE coupon (code char(8) UNIQUE NOT NULL CHECK (code = upper(code) AND length(code) = 8 AND code !~ '[0O1IL]'));
CREATE TABLE card (brand text NOT NULL CHECK (brand IN ('visa', 'amex')), number text NOT NULL UNIQUE, code text NOT NULL,
	CHECK (CASE brand WHEN 'visa' THEN number ~ '^4\d{15}$' AND code ~ '^\d{3}$' ELSE number ~ '^3[47]\d{13}$' AND code ~ '^\d{4}$' END));
CREATE TABLE region (code text PRIMARY KEY CHECK (code = upper(code) AND length(code) BETWEEN 1 AND 6)); -- more than there are of the shortest
CREATE TABLE quota (tenant uuid, resource text CHECK (resource ~ '^(cpu|disk)$'), PRIMARY KEY (tenant, resource));

-- values far from each other
CREATE TABLE square (n int PRIMARY KEY CHECK (n >= 0 AND floor(sqrt(n)) ^ 2 = n));
CREATE TABLE december (d date PRIMARY KEY CHECK (extract(month FROM d) = 12), weekday int NOT NULL CHECK (weekday = extract(isodow FROM d)));
CREATE TABLE payroll (period date UNIQUE NOT NULL CHECK (date_trunc('month', period::timestamp) = period), paid_on date NOT NULL CHECK (extract(dow FROM paid_on) NOT IN (0, 6)),
	CHECK (paid_on >= period AND paid_on < period + interval '2 months'));

-- fields of a time
CREATE TABLE fiscal (year int CHECK (year BETWEEN 1950 AND 2050), quarter int CHECK (quarter BETWEEN 1 AND 4), starts date NOT NULL, at timestamp NOT NULL, PRIMARY KEY (year, quarter),
	CHECK (extract(year FROM starts) = year), CHECK (extract(quarter FROM starts) = quarter), CHECK (date_part('hour', at) = quarter * 3 AND date_part('minute', at) = 30));

-- keys that follow from others, from a sequence too
CREATE TABLE bill (year int NOT NULL CHECK (year BETWEEN 2015 AND 2035), seq int NOT NULL CHECK (seq > 0), number text NOT NULL UNIQUE, PRIMARY KEY (year, seq),
	CHECK (number = format('%s-%s', year, lpad(seq::text, 10, '0'))));
CREATE TABLE staff (id text PRIMARY KEY, dept text NOT NULL CHECK (dept IN ('hr', 'it')), seq int NOT NULL CHECK (seq BETWEEN 1 AND 150), CHECK (id = concat(dept, '-', seq)), CHECK (length(id) <= 5));
CREATE TABLE ref (id serial PRIMARY KEY, code varchar(8) NOT NULL UNIQUE CHECK (code = 'R' || id));
CREATE TABLE cell (a int NOT NULL CHECK (a BETWEEN 1 AND 50), b int NOT NULL CHECK (b BETWEEN 1 AND 50), k int PRIMARY KEY CHECK (k = a * 100 + b));
CREATE TABLE month (y smallint CHECK (y BETWEEN 2010 AND 2030), m smallint CHECK (m BETWEEN 1 AND 12), first date NOT NULL UNIQUE, PRIMARY KEY (y, m), CHECK (first = make_date(y, m, 1)));

-- ranges that exclude each other, beside a key of the same columns
CREATE TABLE tier (product int NOT NULL, low int NOT NULL CHECK (low >= 1), high int CHECK (high IS NULL OR high >= low), PRIMARY KEY (product, low),
	EXCLUDE USING gist (product WITH =, int4range(low, high, '[]') WITH &&));
CREATE TABLE grade (emp int NOT NULL CHECK (emp < 5), since date NOT NULL, until date NOT NULL DEFAULT '9999-12-31', CHECK (since < until), EXCLUDE USING gist (emp WITH =, daterange(since, until) WITH &&));

CREATE TABLE loads (target text, rows bigint);
DO $$
DECLARE
	target text;
	n bigint;
BEGIN
	FOR target IN SELECT relname FROM pg_class WHERE relnamespace = 'rows_conditions_keys'::regnamespace AND relkind = 'r' AND relname <> 'loads' ORDER BY oid LOOP
		FOR seed IN 1 .. 2 LOOP -- the second load goes on after the first
			n := poc_generate_rows(90, target::regclass, seed);
			INSERT INTO loads VALUES (target, n);
		END LOOP;
	END LOOP;
END $$;
SELECT target, sum(rows) AS rows FROM loads GROUP BY target ORDER BY target COLLATE "C";
SELECT kind, count(*) > 10 AS several FROM payment GROUP BY kind ORDER BY kind COLLATE "C";
SELECT count(DISTINCT state) AS states FROM parcel;
SELECT min(n), max(n) FROM square;
SELECT count(*) = count(DISTINCT number) AS differ FROM bill;
SELECT array_agg(DISTINCT dept) AS depts, bool_and(id = dept || '-' || seq) AS follows FROM staff;
SELECT column_name, generator, detail FROM poc_explain_rows('staff') WHERE column_name = 'id';
SELECT count(*) FROM poc_preview_rows('staff', 5, 7) AS row WHERE row ->> 'id' = concat(row ->> 'dept', '-', row ->> 'seq');

-- one path makes what another makes
CREATE TABLE copy (LIKE staff INCLUDING ALL);
SELECT poc_generate_rows(90, 'copy', 1, '{"path": "query"}');
SELECT count(*) FROM copy JOIN staff USING (id, dept, seq);
-- no more than there are
SELECT poc_generate_rows(1000, 'staff');
\set VERBOSITY terse
SELECT poc_generate_rows(2000, 'square');

-- all of it holds
DO $$
DECLARE
	c record;
	bad bigint;
BEGIN
	FOR c IN SELECT conrelid::regclass AS target, conname, pg_get_expr(conbin, conrelid) AS condition FROM pg_constraint
			WHERE connamespace = 'rows_conditions_keys'::regnamespace AND contype = 'c' LOOP
		EXECUTE format('SELECT count(*) FROM %s WHERE NOT (%s)', c.target, c.condition) INTO bad;
		IF bad > 0 THEN RAISE WARNING '% rows of % violate %', bad, c.target, c.conname; END IF;
	END LOOP;
	FOR c IN SELECT oid::regclass AS target FROM pg_class WHERE relnamespace = 'rows_conditions_keys'::regnamespace AND relkind = 'r' LOOP
		EXECUTE format('REINDEX TABLE %s', c.target);
	END LOOP;
END $$;
DROP SCHEMA rows_conditions_keys CASCADE;
