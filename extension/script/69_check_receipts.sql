-- ---------------------------------------------------------------------
-- 69_check_receipts.sql: what becomes visible when somebody has changed receipts.
--
-- May use: 10_schema, 20_client, 65_restore, 68_receipts.
-- ---------------------------------------------------------------------

-- Of one receipt: what is wrong with it, or null.  An expectation and the hash
-- before it tell whether one is missing.
CREATE FUNCTION _poc.fault_of_receipt(receipt _poc.receipts, expected bigint, before text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	original jsonb;
	now_there jsonb;
	moved_from bigint;
	changed text;
BEGIN
	IF receipt.n <> expected THEN
		RETURN format('receipt %s was removed', expected);
	END IF;
	IF receipt.hash IS DISTINCT FROM _poc.receipt_hash(receipt.previous, receipt.chain, receipt.n, receipt.kind, receipt.text) THEN
		-- with the number that it had
		SELECT o.n INTO moved_from FROM _poc.receipts AS o
		WHERE o.n <> receipt.n AND receipt.hash = _poc.receipt_hash(receipt.previous, receipt.chain, o.n, receipt.kind, receipt.text) LIMIT 1;
		RETURN CASE WHEN moved_from IS NULL THEN format('receipt %s was changed: its hash is not that of its text', receipt.n)
			ELSE format('receipt %s stands where it does not belong: it was receipt %s', receipt.n, moved_from) END;
	END IF;
	IF receipt.previous <> before THEN
		SELECT o.n INTO moved_from FROM _poc.receipts AS o WHERE o.hash = receipt.previous LIMIT 1;
		RETURN concat(format('receipt %s does not follow the one before it: one of them was changed, inserted or moved', receipt.n),
			'; it follows receipt ' || moved_from);
	END IF;
	BEGIN
		original := receipt.text::jsonb;
		now_there := _poc.receipt_text(receipt.kind, (original ->> 'at')::timestamptz, (original ->> 'began')::timestamptz, original ->> 'home')::jsonb;
	EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
		RETURN format('receipt %s is none: its text cannot be read', receipt.n);
	END;
	IF now_there IS NULL THEN
		RETURN format('receipt %s, of a %s of %s, has lost its row: that was removed or its times were changed', receipt.n, receipt.kind, original ->> 'at');
	END IF;
	-- a newer version of the extension may have more columns
	SELECT string_agg(e.key, ', ' ORDER BY e.key) INTO changed
	FROM jsonb_each(original - 'adopted') AS e WHERE now_there -> e.key IS DISTINCT FROM e.value;
	RETURN CASE WHEN changed IS NOT NULL THEN format('the row of receipt %s, of a %s of %s, was changed: %s', receipt.n, receipt.kind, original ->> 'at', changed) END;
END
$$;

COMMENT ON FUNCTION _poc.fault_of_receipt(_poc.receipts, bigint, text) IS
'Internal. What is wrong with a receipt that should have this number and follow this hash; null if nothing is.';

CREATE FUNCTION _poc.check_chain(OUT ok boolean, OUT receipts bigint, OUT first_bad bigint, OUT finding text)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	receipt _poc.receipts;
	expected bigint := 1;
	before text := repeat('0', 64);
	stray text;
	strays bigint;
	adopted bigint;
BEGIN
	receipts := (SELECT count(*) FROM _poc.receipts);
	FOR receipt IN SELECT r.* FROM _poc.receipts AS r ORDER BY r.n LOOP
		finding := _poc.fault_of_receipt(receipt, expected, before);
		IF finding IS NOT NULL THEN
			ok := false;
			first_bad := expected;
			RETURN;
		END IF;
		expected := expected + 1;
		before := receipt.hash;
	END LOOP;
	SELECT count(*), min(format('a %s of %s', s.kind, s.at)) INTO strays, stray
	FROM (SELECT 'drill' AS kind, d.at, d.began, NULL::text AS home FROM _poc.drills AS d
			UNION ALL SELECT 'rescue', r.at, r.began, r.home FROM _poc.rescues AS r) AS s
	WHERE NOT EXISTS (SELECT FROM _poc.receipts AS r, jsonb_to_record(r.text::jsonb) AS t(at timestamptz, began timestamptz, home text)
		WHERE r.kind = s.kind AND t.at = s.at AND t.began = s.began AND t.home IS NOT DISTINCT FROM s.home);
	IF strays > 0 AND receipts = 0 THEN
		finding := format('%s receipts are from before there was a chain: the next one adopts them', strays);
		RETURN;
	END IF;
	-- the text of each has been read
	adopted := (SELECT count(*) FROM _poc.receipts AS r WHERE r.text::jsonb ? 'adopted');
	ok := strays = 0;
	finding := CASE WHEN strays > 0 THEN format('%s in no receipt of the chain, and so inserted by other means: %s', CASE WHEN strays = 1 THEN '1 row is' ELSE strays || ' rows are' END, stray)
		WHEN receipts = 0 THEN 'there are no receipts yet'
		ELSE format('%s, each follows the one before it', CASE WHEN receipts = 1 THEN '1 receipt' ELSE receipts || ' receipts' END)
			|| CASE WHEN adopted > 0 THEN format('; %s of them from before the chain', adopted) ELSE '' END END;
END
$$;

COMMENT ON FUNCTION _poc.check_chain() IS
'Internal. Whether the receipts of this database are as they were written, each after the one before.';

CREATE FUNCTION _poc.check_copies(server text, OUT ok boolean, OUT receipts bigint, OUT first_bad bigint, OUT finding text)
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	own CONSTANT text := _poc.receipt_chain();
	copy record;
	copies CONSTANT jsonb := (SELECT coalesce(jsonb_agg(to_jsonb(c)), '[]') FROM _poc.receipt_copies(server) AS c);
	others bigint := 0;
	siblings bigint := 0;
	gone bigint := 0;
	lacking bigint;
BEGIN
	receipts := 0;
	FOR copy IN
		SELECT c.*, here.hash AS here, c.hash = _poc.receipt_hash(c.previous, c.chain, c.n, c.kind, c.text) AS whole
		FROM jsonb_to_recordset(copies) AS c(n bigint, chain text, kind text, text text, previous text, hash text, received timestamptz)
			LEFT JOIN _poc.receipts AS here ON here.n = c.n AND here.chain = c.chain
		ORDER BY c.n
	LOOP
		IF copy.here IS NULL AND copy.chain <> own THEN
			-- another table of receipts that this database had, or one of its name that was dropped; else of other databases, or newer than the dump from which this one came
			IF starts_with(copy.chain, regexp_replace(own, '[^/]+$', '')) OR (starts_with(copy.chain, split_part(own, '/', 1) || '/')
				AND NOT EXISTS (SELECT FROM pg_database AS d WHERE d.oid::text = split_part(copy.chain, '/', 2)) AND _poc.receipt_member(copy.text, 'database'::text) = current_database())
			THEN
				gone := gone + 1;
			ELSE
				others := others + 1;
				siblings := siblings + starts_with(copy.chain, split_part(own, '/', 1) || '/')::integer;
			END IF;
			CONTINUE;
		END IF;
		receipts := receipts + 1;
		finding := CASE WHEN NOT copy.whole THEN format('the sidecar''s copy of receipt %s was changed', copy.n)
			WHEN copy.here IS NULL THEN format('receipt %s, which the sidecar copied at %s, was removed here', copy.n, copy.received)
			WHEN copy.here <> copy.hash AND EXISTS (SELECT FROM jsonb_to_recordset(copies) AS c(n bigint, chain text, hash text) WHERE c.n = copy.n AND c.chain = copy.chain AND c.hash = copy.here)
				THEN format('receipt %s is not the only one that the sidecar copied: that of %s was replaced, or its transaction was lost as it committed', copy.n, copy.received)
			WHEN copy.here <> copy.hash THEN format('receipt %s is not the one that the sidecar copied at %s', copy.n, copy.received) END;
		IF finding IS NOT NULL THEN
			ok := false;
			first_bad := copy.n;
			RETURN;
		END IF;
	END LOOP;
	SELECT count(*), min(r.n) INTO lacking, first_bad
	FROM _poc.receipts AS r
	WHERE _poc.receipt_member(r.text, 'server'::text) = server
		AND NOT EXISTS (SELECT FROM jsonb_to_recordset(copies) AS c(n bigint, chain text) WHERE c.n = r.n AND c.chain = r.chain);
	-- a chain that its writer has renamed has no copy; nor does it prove anything that none was compared
	ok := CASE WHEN gone > 0 THEN false WHEN lacking > 0 OR (receipts = 0 AND siblings > 0) THEN NULL ELSE true END;
	finding := concat_ws('; ', CASE WHEN gone > 0 THEN format('%s receipts that this database wrote before are gone: the extension or the database was dropped, or its tables were made anew', gone) END,
		CASE WHEN lacking > 0 THEN format('%s of the receipts here without a copy, the first is receipt %s: those of this database are sent with the next one', lacking, first_bad) END,
		CASE WHEN receipts = 0 AND siblings > 0 THEN 'nothing is compared: the sidecar has copies of this cluster, and none of this database' WHEN receipts = 1 THEN '1 copy is the same here' ELSE format('%s copies are the same here', receipts) END, CASE WHEN others > 0 THEN format('%s more are of other databases', others) END);
END
$$;

COMMENT ON FUNCTION _poc.check_copies(text) IS
'Internal. Whether the receipts of this database are those that the sidecar has copied, of one server.';

CREATE FUNCTION _poc.check_receipts()
RETURNS TABLE (source text, ok boolean, receipts bigint, first_bad bigint, finding text)
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED COST 100000 ROWS 3
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	names text[] := ARRAY(SELECT d.server FROM _poc.drills AS d UNION SELECT r.server FROM _poc.rescues AS r);
	name text;
	message text;
	cause text;
BEGIN
	RETURN QUERY SELECT 'this database', c.ok, c.receipts, c.first_bad, _poc.shown(c.finding) FROM _poc.check_chain() AS c;
	BEGIN
		names := names || ARRAY(SELECT s.server FROM _poc.records(_poc.get_list('servers'::text, ARRAY['servers'::text])) AS s(server text));
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, cause = PG_EXCEPTION_DETAIL;
		RETURN QUERY SELECT 'the sidecar', NULL::boolean, NULL::bigint, NULL::bigint, format('its copies could not be compared: %s', concat_ws(': ', message, nullif(cause, '')));
		RETURN;
	END;
	FOR name IN SELECT DISTINCT n.name FROM unnest(names) AS n(name) WHERE n.name IS NOT NULL ORDER BY 1 LOOP
		BEGIN
			RETURN QUERY SELECT format('the sidecar''s copies of server %s', name), c.ok, c.receipts, c.first_bad, c.finding FROM _poc.check_copies(name) AS c;
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, cause = PG_EXCEPTION_DETAIL;
			RETURN QUERY SELECT format('the sidecar''s copies of server %s', name), NULL::boolean, NULL::bigint, NULL::bigint, format('they could not be compared: %s', concat_ws(': ', message, nullif(cause, '')));
		END;
	END LOOP;
END
$$;

COMMENT ON FUNCTION _poc.check_receipts() IS
'Internal. What poc_check_receipts() returns.';

CREATE FUNCTION _poc.checked_receipts() RETURNS jsonb
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 100000
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT coalesce(jsonb_agg(to_jsonb(c)), '[]') FROM _poc.check_receipts() AS c
$$;

COMMENT ON FUNCTION _poc.checked_receipts() IS
'Internal. The same, as an array.';

CREATE FUNCTION @extschema@.poc_check_receipts()
RETURNS TABLE (source text, ok boolean, receipts bigint, first_bad bigint, finding text)
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 100000 ROWS 3
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT c.source, c.ok, c.receipts, c.first_bad, c.finding FROM _poc.check_receipts() AS c
$$;

COMMENT ON FUNCTION @extschema@.poc_check_receipts() IS
'Whether the receipts of drills and rescues are those that were written. Each holds the hash of the one before (SHA-256), and the sidecar keeps a copy of each. A row for this database and one for each of Barman''s servers: ok is true, false, or null if it could not be found out, which is no proof; first_bad is the number of the first receipt that was changed, removed, inserted or moved, and finding says what is known of it. Somebody who can change the tables can also make a new chain of them; the sidecar''s copies reveal that, and that the newest are gone. Example: SELECT * FROM poc_check_receipts() WHERE ok IS NOT TRUE';
