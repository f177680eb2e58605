-- Lengths are counted in characters, and no character is ever cut
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS poc_barman;
RESET client_min_messages;
CREATE SCHEMA rows_characters;
SET search_path = rows_characters, public;
-- what text holds is valid if it can be read back
CREATE FUNCTION valid(t text) RETURNS bool LANGUAGE sql AS $$SELECT convert_from(convert_to(t, 'UTF8'), 'UTF8') IS NOT NULL$$;

CREATE TABLE prefixed (one varchar(1), two varchar(2), five varchar(5), free text, listed varchar(3));
SELECT poc_generate_rows(200, 'prefixed', 1, '{"columns": {"one": {"prefix": "😀"}, "two": {"prefix": "ß"}, "five": {"prefix": "日本"},
	"free": {"prefix": "ñ", "length": 4}}, "null_fraction": 0}');
SELECT bool_and(valid(one) AND one = '😀') AS one, bool_and(valid(two) AND two ~ '^ß[0-9a-f]$') AS two,
	bool_and(valid(five) AND five ~ '^日本[0-9a-f]{3}$') AS five, bool_and(valid(free) AND free ~ '^ñ[0-9a-f]{4}$') AS free FROM prefixed;
SELECT poc_generate_rows(1, 'prefixed', 1, '{"columns": {"one": {"prefix": "😀😀"}}}');
-- a list and a pattern, where characters take more than a byte
TRUNCATE prefixed;
SELECT poc_generate_rows(200, 'prefixed', 1, '{"columns": {"listed": {"values": ["ä", "äö", "äöü"]}, "five": {"pattern": "\\ä#日?"}}, "null_fraction": 0}');
SELECT listed, count(*) > 0 AS some FROM prefixed GROUP BY 1 ORDER BY listed COLLATE "C";
SELECT bool_and(valid(five) AND five ~ '^ä\d日[a-z]$') AS pattern FROM prefixed;
SELECT poc_generate_rows(1, 'prefixed', 1, '{"columns": {"two": {"pattern": "äöü"}}}');
SELECT poc_generate_rows(1, 'prefixed', 1, '{"columns": {"two": {"values": ["äöü"]}}}');

-- fixed lengths, names, and values that a CHECK lists
CREATE TABLE others (padded char(3) CHECK (padded IN ('ä', 'öü')), called name, short varchar(2) CHECK (short IN ('ä', 'öü')), "größe" varchar(12), grüße varchar(3)[]);
SELECT poc_generate_rows(200, 'others', 1, '{"columns": {"called": {"pattern": "ööööööööööööööööööööööööööööööööööööööö"}, "grüße": {"values": ["{ä,öü}"]}}, "null_fraction": 0}');
SELECT DISTINCT padded COLLATE "C" AS padded, octet_length(padded) FROM others ORDER BY 1;
SELECT bool_and(valid(called::text)) AS valid, max(octet_length(called::text)) FROM others;
SELECT DISTINCT short COLLATE "C" AS short, grüße FROM others ORDER BY 1;

SET client_min_messages = warning;
DROP SCHEMA rows_characters CASCADE;
