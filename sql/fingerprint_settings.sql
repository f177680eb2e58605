-- poc_fingerprint(): what enters the hash as text is written under settings of its own
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS poc_barman;
RESET client_min_messages;
CREATE SCHEMA settings;
CREATE TABLE settings.t (a timestamptz[], b date[], c interval[], d float8[], e bytea[], f regclass[], g regproc, h regtype);
INSERT INTO settings.t VALUES ('{2026-11-22 10:00+00}', '{2026-11-22}', '{1 mon 2 days 03:04:05}', '{0.3333, 1e300}',
	ARRAY['\x00ff'::bytea], '{settings.t, pg_class}', 'now', 'settings.t');

CREATE FUNCTION settings.under(setting text, value text, OUT hash text, OUT content text) LANGUAGE plpgsql AS $$
DECLARE
	before text := current_setting(setting);
BEGIN
	PERFORM set_config(setting, value, true);
	hash := (public.poc_fingerprint('settings.t')).hash;
	content := t FROM settings.t AS t;
	PERFORM set_config(setting, before, true);
END
$$;

BEGIN;
SET LOCAL timezone = 'UTC';
SET LOCAL datestyle = 'ISO, YMD';
SET LOCAL search_path = public;
SELECT * FROM settings.under('search_path', 'public') \gset plain_
-- each of these changes the text of the row, and none of them the hash
SELECT name, value, u.hash = :'plain_hash' AS same_hash, u.content = :'plain_content' AS same_text
FROM (VALUES ('timezone', 'Asia/Tokyo'), ('datestyle', 'German'), ('intervalstyle', 'sql_standard'),
	('extra_float_digits', '-14'), ('bytea_output', 'escape'), ('quote_all_identifiers', 'on'),
	('search_path', 'settings, public')) AS s(name, value),
	settings.under(s.name, s.value) AS u;
COMMIT;

SET client_min_messages = warning;
DROP SCHEMA settings CASCADE;
