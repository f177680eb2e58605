-- keys and conditions together: columns that count jointly, other ways to count, spans of expressions, generated columns
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS poc_barman;
CREATE EXTENSION IF NOT EXISTS btree_gist;
RESET client_min_messages;
CREATE SCHEMA rows_unique_conditions;
SET search_path = rows_unique_conditions, public;
CREATE TABLE zoo (n int GENERATED ALWAYS AS IDENTITY, columns text, failure text);
INSERT INTO zoo (columns) VALUES
('a int NOT NULL, b int NOT NULL, UNIQUE (a, b), CHECK (a < b), CHECK (b <= 100)'),
('x int NOT NULL, y int NOT NULL, UNIQUE (x, y), CHECK (x + y < 100 AND x >= 0 AND y >= 0)'),
('a int NOT NULL, b int NOT NULL, UNIQUE (a, b), CHECK (b = a + 1 OR b = a + 2)'),
('a uuid NOT NULL, b uuid NOT NULL, UNIQUE (a, b), CHECK (a < b)'),
('a int NOT NULL, b int GENERATED ALWAYS AS (a / 2) STORED UNIQUE, CHECK (a >= 0)'),
('j jsonb NOT NULL, k text GENERATED ALWAYS AS (j #>> ''{meta,key}'') STORED NOT NULL UNIQUE'),
('u uuid PRIMARY KEY CHECK (substr(u::text, 15, 1) = ''4''), v uuid UNIQUE CHECK (v::text LIKE ''%-7___-%'')'),
('t timestamptz PRIMARY KEY CHECK (date_trunc(''hour'', t) = t)'),
('t timestamp NOT NULL UNIQUE CHECK (extract(minute FROM t) IN (0, 30) AND extract(second FROM t) = 0)'),
('d date PRIMARY KEY CHECK (extract(isodow FROM d) = 1)'),
('r tstzrange NOT NULL, p int NOT NULL CHECK (p BETWEEN 1 AND 9), EXCLUDE USING gist (p WITH =, r WITH &&), CHECK (upper(r) - lower(r) >= ''2 hours''), CHECK (lower(r) >= ''2024-01-01'')'),
('r int4range NOT NULL CHECK (lower(r) % 100 = 0 AND upper(r) - lower(r) = 100), EXCLUDE USING gist (r WITH &&)'),
('s timestamp NOT NULL, e timestamp NOT NULL, span tsrange GENERATED ALWAYS AS (tsrange(s, e)) STORED, EXCLUDE USING gist (span WITH &&)'),
('p int NOT NULL, s timestamptz NOT NULL, e timestamptz, CHECK (e > s), EXCLUDE USING gist (p WITH =, tstzrange(s, coalesce(e, ''infinity'')) WITH &&)'),
('p int NOT NULL CHECK (p BETWEEN 1 AND 10), d date NOT NULL, a time NOT NULL, b time NOT NULL, CHECK (a < b), EXCLUDE USING gist (p WITH =, tsrange(d + a, d + b) WITH &&)'),
('p int NOT NULL, s timestamp NOT NULL, l interval NOT NULL CHECK (l BETWEEN ''15 min'' AND ''3 hours''), EXCLUDE USING gist (p WITH =, tsrange(s, s + l) WITH &&)'),
('p int NOT NULL, s date NOT NULL, nights int NOT NULL CHECK (nights BETWEEN 1 AND 21), EXCLUDE USING gist (p WITH =, daterange(s, s + nights) WITH &&)'),
('r numrange NOT NULL CHECK (upper(r) - lower(r) = 0.5), EXCLUDE USING gist (r WITH &&)'),
('r tstzrange NOT NULL CHECK (upper(r) - lower(r) = ''90 minutes''), EXCLUDE USING gist (r WITH &&)'),
('n cidr NOT NULL CHECK (masklen(n) BETWEEN 20 AND 28), EXCLUDE USING gist (n inet_ops WITH &&)'),
('n inet NOT NULL CHECK (n << ''172.16.0.0/12'' AND masklen(n) = 30), EXCLUDE USING gist (n inet_ops WITH &&)'),
('c circle NOT NULL CHECK (radius(c) BETWEEN 1 AND 2), EXCLUDE USING gist (c WITH &&)');

-- the second half counts on from the first
DO $$
DECLARE
	animal record;
	message text;
	detail text;
BEGIN
	FOR animal IN SELECT * FROM zoo ORDER BY n LOOP
		BEGIN
			EXECUTE format('CREATE TABLE a%s (%s)', animal.n, animal.columns);
			PERFORM poc_generate_rows(500, format('a%s', animal.n)::regclass, 1);
			PERFORM poc_generate_rows(500, format('a%s', animal.n)::regclass, 2);
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
			UPDATE zoo SET failure = message || ': ' || detail WHERE n = animal.n;
		END;
	END LOOP;
END $$;
SELECT count(*) AS tables, count(failure) AS not_filled FROM zoo;
SELECT columns, failure FROM zoo WHERE failure IS NOT NULL ORDER BY n;
-- three columns that add up: all 91 rows that there are, and not one more
CREATE TABLE sums (a int NOT NULL, b int NOT NULL, c int NOT NULL, UNIQUE (a, b, c), CHECK (a + b + c = 12), CHECK (a >= 0 AND b >= 0 AND c >= 0));
SELECT poc_generate_rows(50, 'sums'), poc_generate_rows(41, 'sums');
SELECT poc_generate_rows(1, 'sums');
-- uuids of others are no ordinals of ours: counting goes on where it was
CREATE TABLE version4 (u uuid PRIMARY KEY CHECK (substr(u::text, 15, 1) = '4'));
INSERT INTO version4 SELECT gen_random_uuid() FROM generate_series(1, 1000);
SELECT poc_generate_rows(500, 'version4', 1), poc_generate_rows(500, 'version4', 2);
-- poc_populate() goes on where a partial index has no more room, if rows can stay outside of it
CREATE SCHEMA rows_unique_outside;
CREATE TABLE rows_unique_outside.can (u int NOT NULL CHECK (u BETWEEN 1 AND 30), main bool NOT NULL);
CREATE UNIQUE INDEX ON rows_unique_outside.can (u) WHERE main;
CREATE TABLE rows_unique_outside.cannot (u int NOT NULL CHECK (u BETWEEN 1 AND 30), main bool NOT NULL CHECK (main));
CREATE UNIQUE INDEX cannot_once ON rows_unique_outside.cannot (u) WHERE main;
\set VERBOSITY sqlstate
CALL poc_populate('rows_unique_outside', 200, seed => 1) \gset
\set VERBOSITY default
SELECT target, state, rows, message FROM poc_last_populate() ORDER BY target::text;

SET client_min_messages = warning;
DROP SCHEMA rows_unique_conditions, rows_unique_outside CASCADE;
