-- a zoo of conditions on strings, documents, arrays, networks and ranges
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS poc_barman;
RESET client_min_messages;
CREATE SCHEMA rows_conditions_text;
SET search_path = rows_conditions_text, public;
CREATE TABLE zoo (n int GENERATED ALWAYS AS IDENTITY, kind text, columns text, failure text);
CREATE DOMAIN zip5 AS text CHECK (VALUE ~ '^[0-9]{5}$');
CREATE DOMAIN even AS int NOT NULL CHECK (VALUE % 2 = 0);
CREATE DOMAIN even_hundreds AS even CHECK (VALUE % 100 = 0);
INSERT INTO zoo (kind, columns) VALUES
('string', 'k char(1) NOT NULL CHECK (upper(k) IN (''W'', ''S'', ''P''))'),
('string', 'c text NOT NULL CHECK (c = upper(c))'),
('string', 'c text NOT NULL CHECK (c = lower(c) AND length(c) = 3)'),
('string', 'c text NOT NULL CHECK (left(c, 3) = ''INV'')'),
('string', 'c text NOT NULL CHECK (right(c, 4) = ''.pdf'')'),
('string', 'c text NOT NULL CHECK (octet_length(c) = 5)'),
('string', 'c text NOT NULL CHECK (bit_length(c) = 64)'),
('string', 'c bytea NOT NULL CHECK (octet_length(c) = 32)'),
('string', 'c bytea NOT NULL CHECK (length(c) IN (16, 24))'),
('string', 'c text NOT NULL CHECK (c = btrim(c) AND c <> '''')'),
('string', 'c text NOT NULL CHECK (length(trim(c)) > 40)'),
('string', 'c text NOT NULL CHECK (starts_with(c, ''acct_''))'),
('string', 'c text NOT NULL CHECK (position(''@'' in c) > 1)'),
('string', 'c text NOT NULL CHECK (strpos(c, '' '') > 0)'),
('string', 'c text NOT NULL CHECK (char_length(c) BETWEEN 2 AND 4)'),
('string', 'c varchar(20) NOT NULL CHECK (c <> '''' AND length(c) >= 15)'),
('string', 'c text NOT NULL CHECK (substr(c, 1, 2) = ''DE'')'),
('string', 'c text NOT NULL CHECK (reverse(c) = c)'),
('string', 'c text NOT NULL CHECK (split_part(c, ''-'', 1) = ''A'')'),
('string', 'c text NOT NULL CHECK (c::int BETWEEN 1 AND 50)'),
('string', 'c text NOT NULL CHECK (c IN (''a'', ''b'') OR c LIKE ''x-%'')'),
('string', 'a text NOT NULL, b text NOT NULL, CHECK (lower(a) = b)'),
('string', 'c text NOT NULL CHECK (c = initcap(c))'),
('string', 'c text NOT NULL CHECK (NOT c LIKE ''%a%'')'),
('pattern', 'c text NOT NULL CHECK (c ~ ''^[A-Z]{2}-\d{4}$'')'),
('reference', 'c text NOT NULL CHECK (c ~ ''^(\d)\1{3}-\d{4}$'')'),
('reference', 'c text NOT NULL CHECK (c ~ ''^([a-z]{2})-\1-\1$'')'),
('reference', 'c text NOT NULL CHECK (c ~ ''^(["/])\w*\1$'')'),
('reference', 'c text NOT NULL UNIQUE CHECK (c ~ ''^([A-Z]{2}(\d))-\2\1$'')'),
('reference', 'c text NOT NULL UNIQUE CHECK (c ~ ''^(?:x|y)(?=[a-z])([a-z]{3})=\1$'')'),
('reference', 'c text NOT NULL CHECK (c ~ ''^(a|b)(([cd])\3)+\1$'')'),
('string', 'a text NOT NULL, b text NOT NULL, CHECK (length(a) + length(b) <= 20)'),
('string', 'c text NOT NULL CHECK (octet_length(decode(c, ''hex'')) = 32)'),
('document', 'd jsonb NOT NULL CHECK (d @> ''{"v": 1}'' AND d ?& array[''a'', ''b''])'),
('array', 't text[] NOT NULL CHECK (t @> ''{x}'' AND cardinality(t) BETWEEN 2 AND 4)'),
('pattern', 'name text NOT NULL CHECK (name ~ ''^\w+$'')'),
('pattern', 'country_code char(2) NOT NULL CHECK (country_code ~ ''^[A-Z]{2}$'')'),
('pattern', 'jwks_uri text NOT NULL CHECK (jwks_uri LIKE ''https://%'')'),
('pattern', 'c text NOT NULL CHECK (c ~* ''^(red|green|blue)-[0-9a-f]+$'')'),
('pattern', 'c text NOT NULL CHECK (c SIMILAR TO ''(A|B)[0-9]{3}'')'),
('pattern', 'c text NOT NULL CHECK (c LIKE ''__-%'')'),
('pattern', 'c text NOT NULL CHECK (c ~ ''^\+[1-9][0-9]{6,14}$'')'),
('pattern', 'email text NOT NULL CHECK (email ~ ''^[A-Za-z0-9._%-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,4}$'')'),
('pattern', 'c text NOT NULL CHECK (c ~ ''^[[:upper:]][[:alnum:]_]*$'')'),
('pattern', 'c varchar(11) NOT NULL CHECK (c ~ ''^[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?$'')'),
('pattern', 'c text NOT NULL CHECK (c ~ ''^#[0-9a-fA-F]{6}$'')'),
('pattern', 'c text NOT NULL CHECK (c ~ ''^(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}$'')'),
('pattern', 'c text NOT NULL CHECK (c ~ ''^[a-z]+(-[a-z]+)*$'' AND length(c) BETWEEN 20 AND 30)'),
('pattern', 'c text NOT NULL CHECK (c !~ ''[0-9]'')'),
('pattern', 'c text NOT NULL CHECK (c ~ ''^(?=.*\d)[a-z\d]{8}$'')'),
('pattern', 'c text NOT NULL CHECK (c !~ ''\s'' AND c ~ ''^v\d+\.\d+\.\d+'')'),
('pattern', 'c text NOT NULL CHECK (c ~ ''A'' OR c ~ ''^\d+$'')'),
('pattern', 'c text PRIMARY KEY CHECK (c ~ ''^[A-Z]{3}\d{3}$'')'),
('pattern', 'c text NOT NULL CHECK (c ILIKE ''%@example.com'')'),
('pattern', 'c text NOT NULL CHECK (regexp_like(c, ''^[0-9]{13}$''))'),
('document', 'j jsonb NOT NULL CHECK (jsonb_typeof(j) = ''object'')'),
('document', 'j jsonb NOT NULL CHECK (jsonb_typeof(j) = ''array'')'),
('document', 'j jsonb NOT NULL CHECK (j ? ''id'')'),
('document', 'j jsonb NOT NULL CHECK (j ?& ARRAY[''street'', ''city''])'),
('document', 'j jsonb NOT NULL CHECK (j ->> ''kind'' IN (''a'', ''b'') AND (j ->> ''kind'') IS NOT NULL)'),
('document', 'j jsonb NOT NULL CHECK ((j ->> ''age'')::int > 18 AND j ? ''age'')'),
('document', 'j jsonb NOT NULL CHECK (j @> ''{"v": 1}'')'),
('document', 'j jsonb NOT NULL CHECK (jsonb_typeof(j -> ''tags'') = ''array'' AND j ? ''tags'')'),
('document', 'j jsonb NOT NULL CHECK (jsonb_array_length(j) = 2)'),
('document', 'j jsonb NOT NULL CHECK (jsonb_typeof(j #> ''{a,b}'') = ''number'' AND j #> ''{a,b}'' IS NOT NULL)'),
('document', 'j json NOT NULL CHECK (json_typeof(j) = ''array'')'),
('array', 't text[] NOT NULL CHECK (t <@ ARRAY[''a'', ''b'', ''c''])'),
('array', 't text[] NOT NULL CHECK (t @> ARRAY[''base''])'),
('array', 't int[] NOT NULL CHECK (array_length(t, 1) = 3)'),
('array', 't int[] NOT NULL CHECK (cardinality(t) BETWEEN 1 AND 2)'),
('array', 't int[] NOT NULL CHECK (0 <> ALL (t) AND 5 = ANY (t))'),
('array', 't int[] NOT NULL CHECK (t[1] = 1)'),
('array', 't text[] NOT NULL CHECK (t && ARRAY[''x'', ''y''] AND array_position(t, NULL) IS NULL)'),
('network', 'a inet NOT NULL CHECK (family(a) = 6)'),
('network', 'a inet NOT NULL CHECK (a << inet ''10.0.0.0/8'')'),
('network', 'a cidr NOT NULL CHECK (masklen(a) = 24)'),
('span', 'r int4range NOT NULL CHECK (NOT isempty(r) AND lower(r) >= 0 AND upper(r) <= 10)'),
('span', 'r tstzrange NOT NULL CHECK (lower_inc(r) AND NOT upper_inc(r) AND NOT isempty(r))'),
('span', 'r daterange NOT NULL CHECK (upper(r) - lower(r) = 7 AND NOT isempty(r))'),
('span', 'r numrange NOT NULL CHECK (r <@ numrange(0, 1))'),
('span', 'r int4range NOT NULL CHECK (upper_inf(r))'),
('domain', 'c zip5 NOT NULL'),
('domain', 'c zip5 PRIMARY KEY'),
('domain', 'n even_hundreds'),
('domain', 'a zip5[] NOT NULL');

-- each gets rows, the same by both paths
\getenv sources PG_ABS_SRCDIR
\set fill_zoo :sources '/sql/include/fill_zoo.sql'
\i :fill_zoo

SET client_min_messages = warning;
DROP SCHEMA rows_conditions_text CASCADE;
