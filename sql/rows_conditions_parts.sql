-- conditions on parts of strings, on what strings are read as, on members and elements of documents, on bits and bounds
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS poc_barman;
RESET client_min_messages;
CREATE SCHEMA rows_conditions_parts;
SET search_path = rows_conditions_parts, public;
CREATE TABLE zoo (n int GENERATED ALWAYS AS IDENTITY, kind text, columns text, failure text);
CREATE DOMAIN quarter_hour AS timestamptz CHECK (extract(minute FROM VALUE)::int % 15 = 0 AND extract(second FROM VALUE) = 0);
INSERT INTO zoo (kind, columns) VALUES
-- bounds that stand beside what a chosen generator follows
('bound', 'c text NOT NULL CHECK (reverse(c) = c AND length(c) = 5)'),
('bound', 'c text NOT NULL CHECK (c ~ ''^97[89]-\d{1,5}-\d{1,7}-\d{1,6}-\d$'' AND length(c) = 17)'),
('bound', 'c text NOT NULL CHECK (c >= ''a'' AND c < ''f'' AND length(c) = 3)'),
('bound', 'c bytea NOT NULL CHECK (octet_length(c) BETWEEN 16 AND 32 AND get_byte(c, 0) = 255)'),
('bound', 'c name NOT NULL CHECK (c ~ ''^[a-z_]+$'' AND length(c) < 20)'),
('bound', 's timestamptz NOT NULL, e timestamptz NOT NULL, CHECK (tstzrange(s, e) <@ tstzrange(''2024-01-01'', ''2025-01-01'')), CHECK (s < e)'),
('bound', 'n int NOT NULL CHECK (n <@ int4range(500, 510)), d date NOT NULL CHECK (daterange(''2024-01-01'', ''2024-02-01'') @> d)'),
('bound', 'w int NOT NULL, l int NOT NULL, d int NOT NULL, p int NOT NULL, CHECK (p = w + l + d), CHECK (w >= 0 AND l >= 0 AND d >= 0 AND p <= 82)'),
('bound', 'a numeric(3,2) NOT NULL, b numeric(3,2) NOT NULL, c numeric(3,2) NOT NULL, CHECK (a + b + c = 1), CHECK (least(a, b, c) >= 0)'),
('bound', 'a float8 NOT NULL, b float8 NOT NULL, CHECK (sqrt(power(a, 2) + power(b, 2)) <= 10)'),
-- parts of strings
('part', 'c text NOT NULL CHECK (left(c, 3) = ''ACC'' AND right(c, 2) ~ ''^\d\d$'' AND length(c) = 10)'),
('part', 'c text NOT NULL CHECK (substring(c, 5, 1) = ''-'' AND length(c) = 9 AND upper(c) = c)'),
('part', 'c text NOT NULL CHECK (substr(c, 1, 2) = ''DE'' AND substr(c, 3)::bigint > 0 AND length(c) = 11)'),
('part', 'k text NOT NULL, c text NOT NULL, CHECK (k = left(c, 1)), CHECK (k IN (''A'', ''B'')), CHECK (length(c) = 5)'),
('part', 'c text NOT NULL, z text NOT NULL, CHECK (right(c, 2) = z), CHECK (substr(c, 2, 1) = z OR length(z) = 2)'),
('part', 'a text NOT NULL, b text NOT NULL, CHECK (starts_with(b, a)), CHECK (length(a) >= 2), CHECK (b <> a)'),
('part', 'c text NOT NULL CHECK (position(''@'' IN c) > 1 AND position(''.'' IN c) > position(''@'' IN c) + 1)'),
('part', 'c text NOT NULL CHECK (split_part(c, '':'', 1) IN (''http'', ''ftp'') AND split_part(c, '':'', 2) <> '''')'),
('part', 'c text NOT NULL CHECK (split_part(c, ''-'', 1) ~ ''^[A-Z]{2}$'' AND split_part(c, ''-'', 2) ~ ''^\d{4}$'' AND split_part(c, ''-'', 3) = '''')'),
('part', 'c text NOT NULL CHECK (split_part(c, ''.'', 1)::int BETWEEN 0 AND 9 AND split_part(c, ''.'', 2)::int BETWEEN 0 AND 99 AND split_part(c, ''.'', 3) = '''')'),
('part', 'c text NOT NULL CHECK (c ~ ''^[01]+$'' AND length(c) % 8 = 0)'),
('part', 'c text NOT NULL CHECK (regexp_count(c, '','') = 2)'),
('part', 'c text NOT NULL CHECK (length(c) - length(replace(c, ''.'', '''')) = 2)'),
('part', 'c text NOT NULL CHECK (array_length(regexp_split_to_array(c, ''\s+''), 1) = 3 AND c = trim(c))'),
('part', 'c text NOT NULL CHECK (octet_length(c) > char_length(c))'),
('part', 'c text NOT NULL CHECK (c ~ ''[a-z]'' AND c ~ ''[A-Z]'' AND c ~ ''[0-9]'' AND c ~ ''[!@#$%]'' AND length(c) >= 10)'),
('part', 'b bytea NOT NULL CHECK (substr(encode(b, ''hex''), 1, 4) = ''1f8b'' AND length(b) >= 10)'),
-- what a string is read as
('read', 'c text NOT NULL CHECK (c::uuid IS NOT NULL), d text NOT NULL CHECK (d::date >= ''2020-01-01'')'),
('read', 'c text NOT NULL CHECK (to_date(c, ''YYYY-MM-DD'') > ''2000-01-01'' AND c ~ ''^\d{4}-\d{2}-\d{2}$'')'),
('read', 'c text NOT NULL CHECK (c ~ ''^\d{8}$'' AND to_date(c, ''YYYYMMDD'') BETWEEN ''2000-01-01'' AND ''2030-12-31'')'),
('read', 'c text NOT NULL CHECK (to_timestamp(c, ''YYYY-MM-DD HH24:MI'') > ''2000-01-01'')'),
('read', 'c text NOT NULL CHECK (c::inet << ''10.0.0.0/8''), d text NOT NULL CHECK ((d::jsonb) ? ''id'')'),
('read', 'c text NOT NULL CHECK (length(decode(c, ''base64'')) = 16)'),
('read', 'u uuid NOT NULL CHECK (u::text ~ ''^[0-9a-f]{8}-[0-9a-f]{4}-7''), v uuid NOT NULL CHECK (left(v::text, 4) = ''beef'')'),
('read', 'j jsonb NOT NULL CHECK ((j ->> ''id'')::uuid IS NOT NULL AND (j ->> ''ip'')::inet IS NOT NULL AND j ?& ''{id,ip}'')'),
('read', 'j jsonb NOT NULL CHECK ((j ->> ''from'')::timestamptz < (j ->> ''to'')::timestamptz)'),
('read', 'j jsonb NOT NULL CHECK (coalesce((j ->> ''enabled'')::boolean, false))'),
-- members and elements
('member', 'j jsonb NOT NULL CHECK (jsonb_path_exists(j, ''$.tags[*] ? (@ == "x")''))'),
('member', 'j jsonb NOT NULL CHECK (j @? ''$.lines[*] ? (@.qty > 0)'' AND NOT j @? ''$.lines[*] ? (@.qty > 5000)'')'),
('member', 'j jsonb NOT NULL CHECK (j @@ ''$.price > 10 && $.price < 100'')'),
('member', 'j jsonb NOT NULL CHECK (j @> ''{"address": {"country": "DE"}}'' AND j -> ''address'' ? ''city'')'),
('member', 'j jsonb NOT NULL CHECK (jsonb_typeof(j -> ''children'') = ''array'' AND (j -> ''children'' -> 0 ->> ''name'') IS NOT NULL)'),
('member', 'j jsonb NOT NULL CHECK (jsonb_typeof(j) = ''array'' AND jsonb_typeof(j -> 0) = ''string'')'),
('member', 'j jsonb NOT NULL CHECK (jsonb_typeof(j) = ''object'' AND NOT j ? ''id'' AND length(j::text) BETWEEN 10 AND 200)'),
('member', 'x xml NOT NULL CHECK (xpath_exists(''/order/id'', x)), y xml NOT NULL CHECK (xpath_exists(''/a/b/@c'', y))'),
('member', 'j jsonb NOT NULL, k text NOT NULL, CHECK (j ? k), CHECK (k IN (''foo'', ''bar''))'),
('member', 'l text[] NOT NULL DEFAULT ''{en}'' CHECK (l <@ ''{en,de,fr}'' AND cardinality(l) > 0), k text NOT NULL, CHECK (k = ANY (l))'),
-- equations through bits, roots, fields of intervals; networks
('solved', 'n int NOT NULL CHECK ((n & 1) = 1 AND (n >> 8) = 2), m bigint NOT NULL CHECK (m >> 4 = 3)'),
('solved', 'n int NOT NULL CHECK (n # 5 = 12), m int NOT NULL CHECK (~m = -8), o int NOT NULL CHECK (o & 12 = 8)'),
('solved', 'n int NOT NULL CHECK (div(n::numeric, 100) = 4 AND n % 10 <> 0), m bigint NOT NULL CHECK (length(m::text) = 10 AND m > 0)'),
('solved', 's timestamptz NOT NULL, e timestamptz NOT NULL, m int GENERATED ALWAYS AS (extract(epoch FROM e - s)::int / 60) STORED CHECK (m BETWEEN 15 AND 480)'),
('solved', 'i inet NOT NULL, n cidr NOT NULL, CHECK (i << n), CHECK (masklen(n) = 24)'),
('solved', 'b varbit(32) NOT NULL CHECK (length(b) = 16 AND get_bit(b, 0) = 1)'),
('solved', 'b bytea NOT NULL CHECK (length(b) = 20 AND substring(b FROM 1 FOR 1) = ''\x04'')'),
('solved', 'r tstzrange NOT NULL CHECK (r <@ tstzrange(''2024-01-01'', ''2024-12-31'') AND upper(r) - lower(r) <= ''3 days'' AND NOT isempty(r))'),
('solved', 'r tstzrange NOT NULL CHECK (NOT lower_inf(r) AND upper_inf(r) AND lower(r) > ''2024-01-01'')'),
('solved', 'q quarter_hour NOT NULL, s timestamp NOT NULL, e timestamp NOT NULL, span tsrange GENERATED ALWAYS AS (tsrange(s, e)) STORED');

-- each path makes the same rows
\getenv sources PG_ABS_SRCDIR
\set fill_zoo :sources '/sql/include/fill_zoo.sql'
\i :fill_zoo

SET client_min_messages = warning;
DROP SCHEMA rows_conditions_parts CASCADE;
