-- ---------------------------------------------------------------------
-- 71_receipt_export.sql: receipts for an auditor, as JSON, JUnit XML or Markdown.
--
-- May use: 10_schema, 20_client, 65_restore, 68_receipts, 69_check_receipts.
-- ---------------------------------------------------------------------

CREATE FUNCTION _poc.xml_text(text text) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT coalesce(string_agg(CASE
		WHEN c.character = '&' THEN '&amp;' WHEN c.character = '<' THEN '&lt;' WHEN c.character = '>' THEN '&gt;'
		WHEN c.character = '"' THEN '&quot;' WHEN c.character IN (E'\t', E'\n', E'\r') THEN format('&#%s;', ascii(c.character))
		-- XML 1.0 has no such characters
		WHEN c.character < ' ' OR c.code IN (65534, 65535) THEN '?'
		WHEN c.code > 126 THEN format('&#%s;', c.code)
		ELSE c.character END, '' ORDER BY c.n), '')
	FROM (SELECT s.n, s.character COLLATE "C" AS character,
			-- the code point, whatever the encoding of the database
			CASE octet_length(u.bytes) WHEN 1 THEN get_byte(u.bytes, 0)
				WHEN 2 THEN (get_byte(u.bytes, 0) - 192) * 64 + get_byte(u.bytes, 1) - 128
				WHEN 3 THEN (get_byte(u.bytes, 0) - 224) * 4096 + (get_byte(u.bytes, 1) - 128) * 64 + get_byte(u.bytes, 2) - 128
				ELSE (get_byte(u.bytes, 0) - 240) * 262144 + (get_byte(u.bytes, 1) - 128) * 4096 + (get_byte(u.bytes, 2) - 128) * 64 + get_byte(u.bytes, 3) - 128 END AS code
		FROM string_to_table(_poc.convertible($1), NULL) WITH ORDINALITY AS s(character, n),
			LATERAL convert_to(s.character, 'UTF8') AS u(bytes)) AS c
$$;

COMMENT ON FUNCTION _poc.xml_text(text) IS
'Internal. The text as XML 1.0 has it in an attribute or an element, in ASCII alone; ? for what XML cannot have.';

CREATE FUNCTION _poc.markdown_text(text text) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT regexp_replace(regexp_replace(replace(replace(_poc.convertible($1), '&', '&amp;'), '<', '&lt;'), '[[:cntrl:]]+', ' ', 'g'), E'([\\\\`*_{}\\[\\]()#+!|>~-])', E'\\\\\\1', 'g')
$$;

COMMENT ON FUNCTION _poc.markdown_text(text) IS
'Internal. The text as a cell of a table in Markdown has it, without a meaning of its own.';

CREATE FUNCTION _poc.receipts_to_export(since timestamptz, server text, copies boolean)
RETURNS TABLE (n bigint, chain text, kind text, text text, previous text, hash text, copied timestamptz, receipt jsonb, at timestamptz, began timestamptz, ok boolean, of_server text, rto interval, what text, verdict text, ran boolean)
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	WITH wanted AS MATERIALIZED (
		SELECT CASE WHEN copies THEN _poc.server(receipts_to_export.server) ELSE receipts_to_export.server END AS server),
	all_of_them AS MATERIALIZED (
		SELECT r.n, r.chain, r.kind, r.text, r.previous, r.hash, NULL::timestamptz AS copied
		FROM _poc.receipts AS r WHERE NOT copies
		UNION ALL
		SELECT c.n, c.chain, c.kind, c.text, c.previous, c.hash, c.received
		FROM wanted AS w, LATERAL _poc.receipt_copies(w.server) AS c WHERE copies)
	SELECT r.*, t.receipt, t.at, t.began, coalesce(t.ok, false), coalesce(t.server, w.server), t.rto, t.what, t.verdict, t.ran
	FROM wanted AS w, all_of_them AS r, LATERAL _poc.read_receipt(r.kind, r.text) AS t
	-- of one that cannot be read nobody knows
	WHERE t.fault IS NOT NULL OR ((since IS NULL OR t.at >= since) AND (receipts_to_export.server IS NULL OR t.server = receipts_to_export.server))
	ORDER BY r.n, r.chain;
END
$$;

COMMENT ON FUNCTION _poc.receipts_to_export(timestamptz, text, boolean) IS
'Internal. The receipts to export, in the order of their chain, from here or from the sidecar''s copies, with a few words of each. One that cannot be read did not run, whatever its server and time.';

CREATE FUNCTION _poc.receipts_as_junit(receipts jsonb, checks jsonb) RETURNS text
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
AS $$
	WITH cases AS (
		SELECT r.server, r.n, r.at, NOT r.ok AND r.ran AS failed, NOT r.ok AND NOT r.ran AS erred, round(coalesce(date_part('epoch', r.at - r.began), 0)::numeric, 3) AS seconds,
			format(E'    <testcase classname="%s" name="%s" time="%s">%s</testcase>\n',
				_poc.xml_text('poc_barman.' || r.kind), _poc.xml_text(format('receipt %s: %s', r.n, r.what)), round(coalesce(date_part('epoch', r.at - r.began), 0)::numeric, 3),
				CASE WHEN NOT r.ok THEN format('<%1$s message="%2$s">%2$s</%1$s>', CASE WHEN r.ran THEN 'failure' ELSE 'error' END, _poc.xml_text(r.verdict)) END) AS failing,
			format(E'    <testcase classname="%s" name="%s" time="%s"><system-out>%s</system-out></testcase>\n',
				_poc.xml_text('poc_barman.' || r.kind), _poc.xml_text(format('receipt %s: %s', r.n, r.what)), round(coalesce(date_part('epoch', r.at - r.began), 0)::numeric, 3),
				_poc.xml_text(format('%s, SHA-256 %s', r.at, r.hash))) AS passing, r.ok
		FROM jsonb_to_recordset(receipts) AS r(server text, n bigint, kind text, at timestamptz, began timestamptz, ok boolean, ran boolean, what text, verdict text, hash text)
		UNION ALL
		SELECT 'the chain of receipts', row_number() OVER (), now(), c.ok IS FALSE, c.ok IS NULL, 0,
			format(E'    <testcase classname="poc_barman.receipts" name="%s" time="0"><%2$s message="%3$s">%3$s</%2$s></testcase>\n',
				_poc.xml_text(c.source), CASE WHEN c.ok IS NULL THEN 'error' ELSE 'failure' END, _poc.xml_text(c.finding)),
			format(E'    <testcase classname="poc_barman.receipts" name="%s" time="0"><system-out>%s</system-out></testcase>\n',
				_poc.xml_text(c.source), _poc.xml_text(c.finding)), coalesce(c.ok, false)
		FROM jsonb_to_recordset(checks) AS c(source text, ok boolean, finding text))
	SELECT format(E'<?xml version="1.0" encoding="US-ASCII"?>\n<testsuites name="poc_barman" tests="%s" failures="%s" errors="%s" time="%s">\n%s</testsuites>\n',
		coalesce(sum(s.tests), 0), coalesce(sum(s.failures), 0), coalesce(sum(s.errors), 0), coalesce(sum(s.seconds), 0), string_agg(s.suite, '' ORDER BY s.server))
	FROM (SELECT c.server, count(*) AS tests, count(*) FILTER (WHERE c.failed) AS failures, count(*) FILTER (WHERE c.erred) AS errors, sum(c.seconds) AS seconds,
			format(E'  <testsuite name="%s" tests="%s" failures="%s" errors="%s" time="%s" timestamp="%s">\n%s  </testsuite>\n', _poc.xml_text(c.server),
				count(*), count(*) FILTER (WHERE c.failed), count(*) FILTER (WHERE c.erred), sum(c.seconds), to_char(coalesce(min(c.at), now()), 'YYYY-MM-DD"T"HH24:MI:SS'),
				string_agg(CASE WHEN c.ok THEN c.passing ELSE c.failing END, '' ORDER BY c.n)) AS suite
		FROM cases AS c GROUP BY c.server) AS s
$$;

COMMENT ON FUNCTION _poc.receipts_as_junit(jsonb, jsonb) IS
'Internal. Receipts and the check of their chain as JUnit XML: a suite for each server, a drill that could not run is an error, another that did not pass a failure.';

CREATE FUNCTION _poc.receipts_as_markdown(receipts jsonb, checks jsonb) RETURNS text
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
SET intervalstyle = 'postgres'
AS $$
	SELECT concat(format(E'# Receipts of poc_barman\n\nExported %s UTC: %s receipts, %s passed, %s failed, %s could not run.\n\n', to_char(now(), 'YYYY-MM-DD HH24:MI:SS'),
			count(*), count(*) FILTER (WHERE r.ok), count(*) FILTER (WHERE NOT r.ok AND r.ran), count(*) FILTER (WHERE NOT r.ok AND NOT r.ran)),
		E'| n | ended (UTC) | server | what | result | RTO | took | SHA-256 |\n|--:|---|---|---|---|---|---|---|\n',
		string_agg(format(E'| %s | %s | %s | %s: %s | %s | %s | %s | `%s` |\n', r.n, to_char(r.at, 'YYYY-MM-DD HH24:MI:SS'), _poc.markdown_text(r.server), r.kind, _poc.markdown_text(r.what),
			CASE WHEN r.ok THEN _poc.markdown_text(r.verdict) ELSE concat(CASE WHEN r.ran THEN '**failed**: ' ELSE '**could not run**: ' END, _poc.markdown_text(r.verdict)) END,
			coalesce(r.rto::text, ''), r.at - r.began, left(r.hash, 16)), '' ORDER BY r.n, r.chain),
		E'\n## The chain\n\nEach receipt holds the hash of the one before: the SHA-256 of that hash, the chain, the number, the kind and the text, in UTF-8 with newlines between them.\n\n',
		(SELECT string_agg(format(E'- %s: %s: %s\n', _poc.markdown_text(c.source), CASE c.ok WHEN true THEN 'intact' WHEN false THEN '**not intact**' ELSE '**not checked**' END,
				_poc.markdown_text(c.finding)), '')
			FROM jsonb_to_recordset(checks) AS c(source text, ok boolean, finding text)))
	FROM jsonb_to_recordset(receipts) AS r(server text, n bigint, chain text, kind text, at timestamptz, began timestamptz, ok boolean, ran boolean, what text, verdict text, hash text, rto interval)
$$;

COMMENT ON FUNCTION _poc.receipts_as_markdown(jsonb, jsonb) IS
'Internal. Receipts and the check of their chain as Markdown, for people.';

CREATE FUNCTION @extschema@.poc_export_receipts(format text DEFAULT 'json', since timestamptz DEFAULT NULL, server text DEFAULT NULL, copies boolean DEFAULT false) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED COST 100000
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
SET intervalstyle = 'postgres'
AS $$
DECLARE
	receipts jsonb;
	checks jsonb;
BEGIN
	IF format IS NULL OR format NOT IN ('json', 'junit', 'markdown') THEN
		RAISE EXCEPTION 'unknown format of receipts: %', coalesce(quote_literal(format), 'NULL')
			USING ERRCODE = 'invalid_parameter_value',
				HINT = 'It is json, junit or markdown.';
	END IF;
	SELECT coalesce(jsonb_agg(jsonb_build_object('n', r.n, 'chain', r.chain, 'kind', r.kind, 'server', r.of_server, 'at', r.at, 'began', r.began, 'ok', r.ok, 'ran', r.ran,
			'what', r.what, 'verdict', r.verdict, 'rto', r.rto,
			'previous', r.previous, 'hash', r.hash, 'copied', r.copied, 'text', r.text, 'receipt', r.receipt) ORDER BY r.n, r.chain), '[]')
	INTO receipts
	FROM _poc.receipts_to_export(since, server, coalesce(copies, false)) AS r;
	checks := _poc.checked_receipts();
	RETURN CASE format
		WHEN 'json' THEN jsonb_pretty(jsonb_build_object('exported', now(), 'chain', _poc.receipt_chain(), 'checks', checks, 'receipts', receipts))
		WHEN 'junit' THEN _poc.receipts_as_junit(receipts, checks)
		ELSE _poc.receipts_as_markdown(receipts, checks) END;
END
$$;

COMMENT ON FUNCTION @extschema@.poc_export_receipts(text, timestamptz, text, boolean) IS
'The receipts of drills and rescues for an auditor, with the result of poc_check_receipts(): json (all of each, with the exact text that its hash is of), junit (XML for what reads the results of tests: a drill that could not run is an error, another that did not pass a failure) or markdown (for people). since: those that ended then or later; server: of this server of Barman''s. With copies => true those that the sidecar keeps of the server, where the primary is lost. One that cannot be read is among them as one that could not run, and says why. Only the owner may execute it until granted: receipts hold the words of assertions. Errors: 22023 unknown format. Example: \copy (SELECT poc_export_receipts(''markdown'', now() - interval ''1 year'')) TO STDOUT';
