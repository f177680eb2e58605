-- a zoo of conditions of other types, with functions, keys and foreign keys
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS poc_barman;
RESET client_min_messages;
CREATE SCHEMA rows_conditions_other;
SET search_path = rows_conditions_other, public;
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE addr AS (street text, zip text);
CREATE FUNCTION is_even(n int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT n % 2 = 0';
CREATE FUNCTION valid_code(t text) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RETURN t ~ '^[A-Z]{3}$'; END$$;
CREATE TABLE par (id int PRIMARY KEY);
INSERT INTO par SELECT generate_series(1, 30);
CREATE TABLE zoo (n int GENERATED ALWAYS AS IDENTITY, kind text, columns text, failure text);
INSERT INTO zoo (kind, columns) VALUES
('other', 'n int NOT NULL CHECK (is_even(n))'),
('other', 'm mood NOT NULL CHECK (m <> ''sad'')'),
('other', 'm mood NOT NULL, why text, CHECK (m = ''happy'' OR why IS NOT NULL)'),
('other', 'a addr NOT NULL CHECK ((a).zip ~ ''^\d{5}$'')'),
('other', 'u uuid NOT NULL CHECK (u <> ''00000000-0000-0000-0000-000000000000'')'),
('other', 'c text NOT NULL CHECK (c ~ ''^\d{3}-\d{2}-\d{4}$'' AND c !~ ''^000'')'),
('other', 'c text NOT NULL CHECK (c ~ ''^https?://[^\s/$.?#].[^\s]*$'')'),
('other', 'c text NOT NULL CHECK (c ~ ''^(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$'')'),
('other', 'c text NOT NULL CHECK (c ~ ''^\(\d{3}\) \d{3}-\d{4}$'')'),
('other', 'c text NOT NULL CHECK (c ~ ''^[^@\s]+@[^@\s]+\.[^@\s]+$'' AND c = lower(c) AND length(c) < 40)'),
('other', 'c char(5) NOT NULL CHECK (c SIMILAR TO ''[0-9]{5}'')'),
('other', 'c text NOT NULL CHECK (c LIKE ANY (ARRAY[''a%'', ''b%'']))'),
('other', 'c text NOT NULL CHECK (c LIKE ''100\%%'')'),
('other', 'c text NOT NULL CHECK (length(c) BETWEEN 3 AND 10 AND c ~ ''^[A-Za-z]+$'' AND c <> ''admin'')'),
('other', 'c text NOT NULL CHECK (translate(c, ''0123456789'', '''') = '''' AND c <> '''')'),
('other', 'c text NOT NULL CHECK (rtrim(c) = c AND ltrim(c) = c AND length(c) > 0)'),
('other', 'c text NOT NULL CHECK (length(c) % 4 = 0)'),
('other', 'c text NOT NULL CHECK (substring(c from 1 for 3) IN (''abc'', ''xyz''))'),
('other', 'c text NOT NULL CHECK (upper(left(c, 1)) = left(c, 1) AND left(c, 1) ~ ''[A-Z]'')'),
('other', 'c bytea NOT NULL CHECK (get_byte(c, 0) = 1)'),
('other', 'c text CHECK (c <> '''' AND c IS NOT NULL)'),
('other', 'a text, b text, CHECK (COALESCE(a, b) IS NOT NULL), CHECK (a IS NULL OR b IS NULL)'),
('other', 'a int, b int, c int, d int, e int, f int, CHECK (num_nonnulls(a, b, c, d, e, f) = 1)'),
('other', 't text NOT NULL CHECK (t IN (''card'',''iban'',''cash'')), card text, iban text, CHECK ((t = ''card'' AND card IS NOT NULL AND iban IS NULL) OR (t = ''iban'' AND iban IS NOT NULL AND card IS NULL) OR (t = ''cash'' AND card IS NULL AND iban IS NULL))'),
('other', 'a bool NOT NULL, b bool NOT NULL, c bool NOT NULL, CHECK (a::int + b::int + c::int = 1)'),
('other', 'lat float8, lon float8, CHECK ((lat IS NULL) = (lon IS NULL)), CHECK (lat BETWEEN -90 AND 90), CHECK (lon BETWEEN -180 AND 180)'),
('other', 'n int NOT NULL CHECK (n NOT IN (1, 2, 3) AND n BETWEEN 1 AND 10)'),
('other', 'n int NOT NULL CHECK (n BETWEEN 0 AND 23 OR n = -1)'),
('other', 'n numeric NOT NULL CHECK (scale(n) <= 1)'),
('other', 'n real NOT NULL CHECK (n = floor(n))'),
('other', 'n int NOT NULL CHECK (n::text ~ ''^1\d{3}$'')'),
('other', 'n int NOT NULL CHECK (sign(n) = -1)'),
('other', 'n int NOT NULL CHECK ((n BETWEEN 200 AND 299) IS TRUE OR (n = 404) IS TRUE)'),
('other', 'n int NOT NULL CHECK (CASE WHEN n > 100 THEN n % 10 = 0 ELSE n > 0 END)'),
('other', 'a int NOT NULL, b int NOT NULL, CHECK (a = 2 * b + 1)'),
('other', 'debit numeric(12,2) NOT NULL, credit numeric(12,2) NOT NULL, CHECK (debit >= 0 AND credit >= 0), CHECK ((debit = 0) <> (credit = 0))'),
('other', 'a int NOT NULL, b int NOT NULL, c int NOT NULL, d int NOT NULL, CHECK (a < b AND b < c AND c < d)'),
('other', 'a int NOT NULL, b int NOT NULL, CHECK (abs(a - b) <= 1)'),
('other', 'price numeric NOT NULL, discount numeric NOT NULL, CHECK (discount < price AND discount >= price * 0.1)'),
('other', 'pct_a int NOT NULL, pct_b int NOT NULL, pct_c int NOT NULL, CHECK (pct_a >= 0 AND pct_b >= 0 AND pct_c >= 0 AND pct_a + pct_b + pct_c = 100)'),
('other', 's timestamptz NOT NULL, e timestamptz NOT NULL, CHECK (e - s BETWEEN interval ''15 minutes'' AND interval ''2 hours'')'),
('other', 'd date NOT NULL CHECK (extract(day FROM d) = 1 AND extract(month FROM d) IN (1, 4, 7, 10))'),
('other', 'd date NOT NULL CHECK (d = (date_trunc(''month'', d) + interval ''1 month - 1 day'')::date)'),
('other', 't timestamp NOT NULL CHECK (date_trunc(''day'', t) = t)'),
('other', 'birth date NOT NULL, hired date NOT NULL, CHECK (age(hired, birth) >= interval ''16 years'')'),
('other', 'd date NOT NULL CHECK (isfinite(d) AND d BETWEEN ''2020-02-01'' AND ''2020-02-29'')'),
('other', 'a daterange NOT NULL CHECK (NOT lower_inf(a) AND NOT upper_inf(a) AND upper(a) > lower(a))'),
('other', 'r numrange NOT NULL CHECK (r && numrange(5, 6) AND lower(r) >= 0)'),
('other', 'r tstzrange NOT NULL CHECK (lower(r) IS NOT NULL AND upper(r) IS NULL AND NOT isempty(r))'),
('other', 'j jsonb NOT NULL CHECK (j ? ''type'' AND j ? ''value'' AND jsonb_typeof(j -> ''value'') = ''number'')'),
('other', 'j jsonb NOT NULL CHECK (j -> ''x'' = ''1''::jsonb)'),
('other', 'j jsonb NOT NULL CHECK (jsonb_array_length(j -> ''items'') > 0 AND j ? ''items'')'),
('other', 'j jsonb NOT NULL CHECK (j <> ''{}'')'),
('other', 'j jsonb NOT NULL CHECK (NOT j ? ''id'')'),
('other', 'j jsonb NOT NULL CHECK (jsonb_path_exists(j, ''$.tags[*]''))'),
('other', 'a text[] NOT NULL CHECK (cardinality(a) > 0 AND ''admin'' = ANY (a))'),
('other', 'a int[] NOT NULL CHECK (array_ndims(a) = 1 AND array_length(a, 1) = 2 AND a[1] < a[2])'),
('other', 'a text[] NOT NULL CHECK (array_to_string(a, '','') ~ ''^[a-z,]+$'')'),
('other', 'a inet NOT NULL CHECK (host(a) LIKE ''192.168.%'')'),
('other', 'm macaddr NOT NULL CHECK (trunc(m) = ''12:34:56:00:00:00'')'),
('other', 'u uuid NOT NULL CHECK (u > ''80000000-0000-0000-0000-000000000000'')'),
('other', 'a inet NOT NULL CHECK (a > ''10.100.0.0'')'),
('other', 't text NOT NULL CHECK (t > ''m'')'),
('other', 't text NOT NULL CHECK (t COLLATE "C" < ''A'')'),
('other', 'b bytea NOT NULL CHECK (b > ''\xf0'')'),
('other', 'p int NOT NULL REFERENCES par, q int NOT NULL REFERENCES par, CHECK (p < q)'),
('other', 'p int REFERENCES par, q int REFERENCES par, CHECK ((p IS NULL) <> (q IS NULL))'),
('other', 'p int NOT NULL REFERENCES par CHECK (p > 20)'),
('other', 'p int NOT NULL REFERENCES par, a int NOT NULL, CHECK (a = p * 10)'),
('other', 'p int REFERENCES par, q int REFERENCES par, CHECK (p + q = 31)'),
('other', 'id int PRIMARY KEY, prev int, CHECK (prev < id)'),
('other', 'id serial PRIMARY KEY, n int NOT NULL, CHECK (n > id)'),
('other', 'id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, lo int NOT NULL, hi int NOT NULL, CHECK (lo <= hi), UNIQUE (lo)'),
('other', 'a xid8 NOT NULL CHECK (a > ''100'')'),
('other', 'a pg_lsn NOT NULL CHECK (a > ''0/FF'')'),
('other', 'a int[] NOT NULL CHECK (a > ''{5}'')'),
('other', 'a int4range NOT NULL CHECK (a > ''[5,7)'')'),
('other', 'm macaddr NOT NULL CHECK (m > ''80:00:00:00:00:00'')'),
('other', 'a name NOT NULL CHECK (a > ''b'')'),
('other', 'a char(3) NOT NULL CHECK (a >= ''M'' AND a <= ''Z'')'),
('other', 'a timetz NOT NULL CHECK (a > ''12:00+00'')'),
('other', 'a date NOT NULL CHECK (a > timestamptz ''2021-01-01 12:00+00'')'),
('other', 'a timestamptz(0) NOT NULL CHECK (a > ''2021-01-01'' AND a < ''2021-01-02'')'),
('other', 'a interval NOT NULL CHECK (a > ''1 hour'' AND a < ''1 mon'')'),
('other', 'a varchar(3) NOT NULL CHECK (a ~ ''^[a-z]+$'') UNIQUE'),
('other', 'a varchar(2) NOT NULL, b varchar(2) NOT NULL, CHECK (a || b ~ ''^[A-Z]{4}$'')'),
('other', 'a numeric(3,2) NOT NULL, b numeric(3,2) NOT NULL, CHECK (a + b = 1)'),
('other', 'a text, b text, c text, CHECK (a IS NOT NULL AND (b IS NULL) = (c IS NULL)), CHECK (b IS NULL)'),
('other', 'v text NOT NULL CHECK (v IN (''a'',''b'')), a int, b int, CHECK ((v = ''a'' AND a IS NOT NULL AND b IS NULL) OR (v = ''b'' AND b > 10 AND a IS NULL))'),
('other', 's int NOT NULL, e int, CHECK (e > s OR e IS NULL), CHECK (s % 15 = 0)'),
('other', 'iso char(2) NOT NULL CHECK (iso = upper(iso) AND iso !~ ''[^A-Z]'')'),
('other', 'email text NOT NULL UNIQUE CHECK (email ~* ''^[a-z0-9._%+-]+@[a-z0-9.-]+\.[a-z]{2,}$'')'),
('other', 'phone text CHECK (phone ~ ''^\+?[0-9 ()-]{7,20}$'')'),
('other', 'slug text NOT NULL UNIQUE CHECK (slug ~ ''^[a-z0-9]+(?:-[a-z0-9]+)*$'')'),
('other', 'sha text NOT NULL CHECK (sha ~ ''^[0-9a-f]{40}$'' AND length(sha) = 40)'),
('other', 'price numeric(10,2) NOT NULL CHECK (price >= 0), sale numeric(10,2) CHECK (sale >= 0), CHECK (sale IS NULL OR sale < price)');

-- each gets rows, the same by both paths
\getenv sources PG_ABS_SRCDIR
\set fill_zoo :sources '/sql/include/fill_zoo.sql'
\i :fill_zoo

SET client_min_messages = warning;
DROP SCHEMA rows_conditions_other CASCADE;
