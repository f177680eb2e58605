-- a zoo of conditions on numbers, times and nulls: each table has one of its own
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS poc_barman;
RESET client_min_messages;
CREATE SCHEMA rows_conditions;
SET search_path = rows_conditions, public;
CREATE TABLE zoo (n int GENERATED ALWAYS AS IDENTITY, kind text, columns text, failure text);
INSERT INTO zoo (kind, columns) VALUES
('null', 'a int, b int, CHECK ((a IS NOT NULL) <> (b IS NOT NULL))'),
('null', 'a int, b int, c int, CHECK (num_nonnulls(a, b, c) = 1)'),
('null', 'a int, b text, c date, d uuid, CHECK (num_nonnulls(a, b, c, d) = 2)'),
('null', 'a int, b int, CHECK (num_nulls(a, b) = 0 OR num_nulls(a, b) = 2)'),
('null', 's text NOT NULL CHECK (s IN (''draft'', ''ok'', ''void'')), ok_at date, void_at date, CHECK ((s = ''ok'') = (ok_at IS NOT NULL)), CHECK ((s = ''void'') = (void_at IS NOT NULL))'),
('null', 'ended bool NOT NULL DEFAULT false, y int, CHECK (ended AND y IS NOT NULL OR y IS NULL)'),
('null', 'a int CHECK (a IS NULL)'),
('null', 'a int, b int, CHECK (a IS NULL OR b IS NULL)'),
('null', 'a int, b int, CHECK (COALESCE(a, b) IS NULL)'),
('null', 'kind text NOT NULL, person int, firm int, CHECK (CASE kind WHEN ''person'' THEN person IS NOT NULL AND firm IS NULL WHEN ''firm'' THEN firm IS NOT NULL AND person IS NULL ELSE false END)'),
('null', 'a int, b int, CHECK ((a IS NULL) = (b IS NULL)), CHECK (a IS NULL)'),
('null', 'a bool, b text, CHECK (a IS NOT TRUE OR b IS NULL), CHECK (a)'),
('null', 'x int, y int, z int, CHECK (ROW(x, y, z) IS NULL OR ROW(x, y, z) IS NOT NULL), CHECK (x IS DISTINCT FROM y)'),
('null', 'a int, b int, c int, d int, e int, CHECK (num_nonnulls(a, b, c, d, e) = 1)'),
('null', 'deleted bool NOT NULL, at timestamptz, by text, CHECK (deleted = (at IS NOT NULL AND by IS NOT NULL))'),
('range', 'n int NOT NULL CHECK (n BETWEEN 1 AND 5 OR n = 99)'),
('range', 'n int NOT NULL CHECK (n < 0 OR n > 1000000)'),
('range', 'n int NOT NULL CHECK (n BETWEEN 10 AND 20 OR n BETWEEN 40 AND 50 OR n IN (77, 88))'),
('range', 'n numeric NOT NULL CHECK (n > 0 AND n < 1)'),
('range', 'n numeric(4, 2) NOT NULL CHECK (n = 0 OR n >= 99.5)'),
('range', 'n int NOT NULL CHECK (n <> 0), m int NOT NULL CHECK (NOT m BETWEEN 0 AND 900000)'),
('range', 'n float8 NOT NULL CHECK (n >= -90 AND n <= 90)'),
('range', 'n int NOT NULL CHECK (abs(n) < 3)'),
('range', 'n int NOT NULL CHECK (abs(n) BETWEEN 100000000 AND 100000100)'),
('range', 'n int NOT NULL CHECK (n = ANY (ARRAY[3, 5, 7]) OR n > 2000000000)'),
('range', 'n int NOT NULL CHECK (n % 1000 = 0)'),
('range', 'n int NOT NULL CHECK (mod(n, 5) = 2)'),
('range', 'n numeric NOT NULL CHECK (n = round(n))'),
('range', 'n numeric NOT NULL CHECK (n * 4 = trunc(n * 4) AND n > 0)'),
('range', 'n int NOT NULL CHECK (n & 7 = 0)'),
('range', 'n int NOT NULL CHECK (n * n < 100)'),
('range', 'n int NOT NULL CHECK (n > 0 AND (n & (n - 1)) = 0)'),
('range', 'n money NOT NULL CHECK (n > 5000000::money)'),
('range', 'n int CHECK (n IS NOT NULL AND n IN (1, 2, 4, 8))'),
('range', 'n smallint NOT NULL CHECK (100 / n = 10)'),
('range', 'n int NOT NULL CHECK (sqrt(n) = floor(sqrt(n)))'),
('equation', 'net numeric(10, 2) NOT NULL, tax numeric(10, 2) NOT NULL, total numeric(10, 2) NOT NULL, CHECK (total = net + tax)'),
('equation', 'a int NOT NULL, b int NOT NULL, CHECK (a = b)'),
('equation', 'a int NOT NULL, b int NOT NULL, CHECK (a + b = 100)'),
('equation', 'a int NOT NULL CHECK (a >= 0), b int NOT NULL CHECK (b >= 0), c int NOT NULL CHECK (c >= 0), CHECK (a + b + c = 100)'),
('equation', 'a int NOT NULL, b int NOT NULL, CHECK (b < a + 10), CHECK (b > a)'),
('equation', 'a int NOT NULL, b int NOT NULL, c int NOT NULL, CHECK (a < b AND b < c)'),
('equation', 'q int NOT NULL, p numeric(8, 2) NOT NULL, t numeric(12, 2) NOT NULL, CHECK (t = q * p)'),
('equation', 'a int NOT NULL, b int NOT NULL, CHECK (a * 2 = b)'),
('equation', 'a int NOT NULL, b int NOT NULL, CHECK (a / 10 = b)'),
('equation', 'a int NOT NULL, b int GENERATED ALWAYS AS (a * 2) STORED CHECK (b < 100)'),
('equation', 'a int NOT NULL, b int NOT NULL, CHECK (a - b = 7 OR b - a = 7)'),
('equation', 'w int NOT NULL, h int NOT NULL, area int NOT NULL, CHECK (w * h = area), CHECK (w > 0 AND h > 0)'),
('equation', 'a int NOT NULL, b int NOT NULL, CHECK (GREATEST(a, b) = 50)'),
('equation', 'a int NOT NULL, b int NOT NULL, CHECK (LEAST(a, b) >= 10 AND a + b <= 30)'),
('equation', 'a numeric NOT NULL, b numeric NOT NULL, CHECK (a / b < 0.5 AND b > 0)'),
('equation', 's text NOT NULL, n int NOT NULL, CHECK (length(s) = n)'),
('equation', 'a text NOT NULL, b text NOT NULL, c text NOT NULL, CHECK (c = a || ''-'' || b)'),
('equation', 'p int NOT NULL, total int NOT NULL, CHECK (p BETWEEN 0 AND 100 AND total = 100 - p)'),
('equation', 'a int NOT NULL, b int NOT NULL, CHECK (a * b = 36)'),
('equation', 'a int NOT NULL, b int NOT NULL, CHECK ((a, b) < (5, 3))'),
('time', 'birth date NOT NULL CHECK (age(birth) >= interval ''18 years'')'),
('time', 's timestamptz NOT NULL, e timestamptz NOT NULL, CHECK (tstzrange(s, e) <> ''empty'')'),
('time', 's timestamp NOT NULL, e timestamp NOT NULL, CHECK (e - s <= interval ''8 hours'' AND e > s)'),
('time', 'd date NOT NULL CHECK (extract(isodow FROM d) < 6)'),
('time', 'd date NOT NULL CHECK (d = date_trunc(''month'', d))'),
('time', 'd date NOT NULL CHECK (extract(year FROM d) = 1999)'),
('time', 'd date NOT NULL, y int NOT NULL, CHECK (y = extract(year FROM d))'),
('time', 's date NOT NULL, e date NOT NULL, CHECK (e = s + 30)'),
('time', 't time NOT NULL CHECK (t BETWEEN ''08:00'' AND ''09:00'' OR t > ''23:30'')'),
('time', 'at timestamptz NOT NULL CHECK (at > now() - interval ''7 days'')'),
('time', 'i interval NOT NULL CHECK (i > interval ''90 days'')'),
('time', 's timestamptz NOT NULL, m int NOT NULL, e timestamptz NOT NULL, CHECK (e = s + m * interval ''1 minute'')'),
('time', 'd date NOT NULL CHECK (date_part(''day'', d) = 1)'),
('time', 'd timestamp NOT NULL CHECK (date_trunc(''hour'', d) = d)'),
('hard', 'a int NOT NULL CHECK (a % 7 = 9)'),
('hard', 'c text NOT NULL CHECK (md5(c) LIKE ''0000%'')'),
('hard', 'id int PRIMARY KEY, a int NOT NULL, CHECK (id < 0 AND a > 0)');

-- each gets rows, the same by both paths
\getenv sources PG_ABS_SRCDIR
\set fill_zoo :sources '/sql/include/fill_zoo.sql'
\i :fill_zoo

SET client_min_messages = warning;
DROP SCHEMA rows_conditions CASCADE;
