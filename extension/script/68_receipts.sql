-- ---------------------------------------------------------------------
-- 68_receipts.sql: the chain of receipts, and their copies at the sidecar (proof/receipt_head.c).
--
-- May use: 10_schema, 20_client, 65_restore.
-- ---------------------------------------------------------------------

-- ---- the chain

CREATE FUNCTION _poc.receipt_chain() RETURNS text
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT format('%s/%s/%s', (SELECT c.system_identifier FROM pg_control_system() AS c),
		(SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database()), '_poc.receipts'::regclass::oid)
$$;

COMMENT ON FUNCTION _poc.receipt_chain() IS
'Internal. The chain that this database writes: system identifier of its cluster, its OID, and that of the table of receipts.';

CREATE FUNCTION _poc.receipt_hash(previous text, chain text, n bigint, kind text, text text) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT encode(sha256(convert_to(concat_ws(E'\n', previous, chain, n, kind, text), 'UTF8')), 'hex')
$$;

COMMENT ON FUNCTION _poc.receipt_hash(text, text, bigint, text, text) IS
'Internal. The hash of a receipt: SHA-256, in hexadecimal, of the hash of the one before, the chain, its number, its kind and its text, in UTF-8 with newlines between them.';

-- Every setting that changes how a value is written is pinned.
CREATE FUNCTION _poc.receipt_text(kind text, at timestamptz, began timestamptz, home text) RETURNS text
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
SET datestyle = 'ISO, YMD'
SET intervalstyle = 'iso_8601'
AS $$
	SELECT _poc.convertible(CASE kind
		WHEN 'drill' THEN (SELECT to_jsonb(d) FROM _poc.drills AS d WHERE d.at = $2 AND d.began = $3)
		WHEN 'rescue' THEN (SELECT to_jsonb(r) FROM _poc.rescues AS r WHERE r.at = $2 AND r.began = $3 AND r.home = $4) END::text)
$$;

COMMENT ON FUNCTION _poc.receipt_text(text, timestamptz, timestamptz, text) IS
'Internal. The canonical text of a receipt: its row as jsonb, times in UTC; null if there is no such row.';

CREATE FUNCTION _poc.receipt_head(OUT n bigint, OUT hash text)
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'poc_receipt_head';

COMMENT ON FUNCTION _poc.receipt_head() IS
'Internal. The newest receipt of the chain, also if it was committed after the transaction took its snapshot; nulls if there is none.';

CREATE FUNCTION _poc.copy_at_commit(n bigint) RETURNS void
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'poc_copy_at_commit';

COMMENT ON FUNCTION _poc.copy_at_commit(bigint) IS
'Internal. Has _poc.copy_receipts() called with this number, or the smallest of several, when the transaction commits, and not before; it cannot be prepared any more.';

CREATE FUNCTION _poc.append_receipt(kind text, text text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	chain CONSTANT text := _poc.receipt_chain();
	head record := _poc.receipt_head();
	number CONSTANT bigint := coalesce(head.n, 0) + 1;
	before CONSTANT text := coalesce(head.hash, repeat('0', 64));
BEGIN
	INSERT INTO _poc.receipts (n, chain, kind, text, previous, hash)
	VALUES (number, chain, kind, text, before, _poc.receipt_hash(before, chain, number, kind, text));
	PERFORM _poc.copy_at_commit(number);
END
$$;

COMMENT ON FUNCTION _poc.append_receipt(text, text) IS
'Internal. Puts a receipt at the end of the chain, which its caller has locked.';

CREATE FUNCTION _poc.chain_receipt(kind text, at timestamptz, began timestamptz, home text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	older record;
BEGIN
	-- until the transaction ends, so that there is one receipt after each
	LOCK TABLE _poc.receipts IN SHARE ROW EXCLUSIVE MODE;
	IF (SELECT h.n FROM _poc.receipt_head() AS h) IS NULL THEN
		-- what was there before there was a chain, and is known to be so
		FOR older IN
			SELECT 'drill' AS kind, d.at, d.began, NULL::text AS home FROM _poc.drills AS d
				WHERE NOT (chain_receipt.kind = 'drill' AND d.at = chain_receipt.at AND d.began = chain_receipt.began)
			UNION ALL
			SELECT 'rescue', r.at, r.began, r.home FROM _poc.rescues AS r
				WHERE NOT (chain_receipt.kind = 'rescue' AND r.at = chain_receipt.at AND r.began = chain_receipt.began AND r.home = chain_receipt.home)
			ORDER BY 2, 3, 4
		LOOP
			PERFORM _poc.append_receipt(older.kind, (_poc.receipt_text(older.kind, older.at, older.began, older.home)::jsonb || '{"adopted": true}')::text);
		END LOOP;
	END IF;
	PERFORM _poc.append_receipt(kind, _poc.receipt_text(kind, at, began, home));
END
$$;

COMMENT ON FUNCTION _poc.chain_receipt(text, timestamptz, timestamptz, text) IS
'Internal. Appends a receipt to the chain. Takes a SHARE ROW EXCLUSIVE lock of _poc.receipts until the transaction ends: two that end at the same time wait for each other. The first of a chain is preceded by the receipts that were there already, as adopted.';

-- ---- what a receipt says

CREATE FUNCTION _poc.read_receipt(kind text, text text, OUT receipt jsonb, OUT at timestamptz, OUT began timestamptz, OUT ok boolean, OUT server text,
	OUT backup_id text, OUT rto interval, OUT what text, OUT verdict text, OUT ran boolean, OUT fault text)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	said record;
BEGIN
	receipt := _poc.answer_json(text);
	SELECT t.* INTO said FROM jsonb_to_record(receipt) AS t(at timestamptz, began timestamptz, ok boolean, server text, backup_id text, mark text,
		target_lsn pg_lsn, relation text, home text, rows bigint, steps jsonb, restore_elapsed interval, recovery_elapsed interval);
	at := said.at;
	began := said.began;
	ok := kind = 'rescue' OR said.ok;
	server := said.server;
	backup_id := said.backup_id;
	rto := said.restore_elapsed + said.recovery_elapsed;
	what := CASE WHEN kind = 'rescue' THEN format('%s came home as %s', said.relation, said.home)
		ELSE format('backup %s, %s', coalesce(said.backup_id, 'unknown'), CASE WHEN said.mark IS NOT NULL THEN format('to mark %s', said.mark)
			WHEN said.target_lsn IS NOT NULL THEN format('to %s', said.target_lsn) ELSE 'with all there was' END) END;
	verdict := CASE WHEN kind = 'rescue' THEN format('%s rows, the same fingerprint', said.rows) WHEN said.ok THEN 'passed'
		ELSE coalesce((SELECT string_agg(concat_ws(': ', s.step ->> 'step', s.step ->> 'detail'), '; ' ORDER BY s.n)
			FROM jsonb_array_elements(said.steps) WITH ORDINALITY AS s(step, n) WHERE NOT (s.step ->> 'ok')::boolean), 'failed') END;
	-- who was not asked has neither proved nor disproved anything
	ran := kind = 'rescue' OR NOT EXISTS (SELECT FROM jsonb_array_elements(said.steps) AS s(step) WHERE s.step ->> 'step' = 'sidecar' AND NOT (s.step ->> 'ok')::boolean);
EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
	-- one that cannot be read hides no other
	receipt := NULL;
	at := NULL;
	began := NULL;
	ok := NULL;
	server := NULL;
	backup_id := NULL;
	rto := NULL;
	what := 'unreadable';
	verdict := format('cannot be read: %s', SQLERRM);
	ran := false;
	fault := SQLERRM;
END
$$;

COMMENT ON FUNCTION _poc.read_receipt(text, text) IS
'Internal. What the text of a receipt says, with a few words of it; fault tells why it cannot be read, and is null if it can.';

CREATE FUNCTION _poc.receipt_member(text text, member text) RETURNS text
LANGUAGE plpgsql STABLE STRICT PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN _poc.answer_json(text) ->> member;
EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
	RETURN NULL;
END
$$;

COMMENT ON FUNCTION _poc.receipt_member(text, text) IS
'Internal. A member of a receipt, as text; null if there is none, or the receipt cannot be read.';

-- ---- the copies at the sidecar

-- Who commits waits no longer for the sidecar.
CREATE FUNCTION _poc.keep_to_time(until timestamptz) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	milliseconds double precision;
BEGIN
	IF NOT isfinite(until) THEN
		RETURN;
	END IF;
	milliseconds := floor(1000 * date_part('epoch', until - clock_timestamp()));
	IF milliseconds < 1 THEN
		RAISE EXCEPTION 'the Barman sidecar has taken too long'
			USING ERRCODE = 'connection_failure',
				DETAIL = 'Several requests have taken seconds together.';
	END IF;
	PERFORM set_config('poc_barman.timeout', milliseconds::text, true);
END
$$;

COMMENT ON FUNCTION _poc.keep_to_time(timestamptz) IS
'Internal. Gives the next request the time that is left until then, for a caller that has set poc_barman.timeout for itself; infinity: leaves it as it is. Errors: 08006 none is left.';

CREATE FUNCTION _poc.read_copy(jsonb, jsonb, jsonb, jsonb, jsonb, jsonb, jsonb)
RETURNS TABLE (n bigint, chain text, kind text, text text, previous text, hash text, received timestamptz)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	IF $1 #>> '{}' ~ '^[0-9]{1,18}$' AND $2 #>> '{}' ~ '^[0-9/]{5,42}$' AND $3 #>> '{}' IN ('drill', 'rescue') AND jsonb_typeof($4) = 'string'
		AND $5 #>> '{}' ~ '^[0-9a-f]{64}$' AND $6 #>> '{}' ~ '^[0-9a-f]{64}$'
	THEN
		RETURN QUERY SELECT ($1 #>> '{}')::bigint, $2 #>> '{}', $3 #>> '{}', $4 #>> '{}', $5 #>> '{}', $6 #>> '{}', ($7 #>> '{}')::timestamptz;
	END IF;
EXCEPTION WHEN data_exception THEN
	RETURN;
END
$$;

COMMENT ON FUNCTION _poc.read_copy(jsonb, jsonb, jsonb, jsonb, jsonb, jsonb, jsonb) IS
'Internal. The copy of a receipt, from its number, chain, kind, text, the hash before it, its own and when it was received. No row if one of them has not the form that it must have; the text may say anything.';

-- A sidecar keeps 100,000 copies of a server, in 128 MB.
CREATE FUNCTION _poc.receipt_copies(server text, until timestamptz DEFAULT 'infinity')
RETURNS TABLE (n bigint, chain text, kind text, text text, previous text, hash text, received timestamptz)
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	reached bigint := 0;
	pages bigint := 0;
	seen bigint := 0;
	bytes bigint := 0;
	left_out bigint := 0;
	sound bigint;
	page record;
	answer jsonb;
BEGIN
	LOOP
		PERFORM _poc.keep_to_time(until);
		answer := _poc.get_verbatim(ARRAY['servers'::text, server, 'receipts'::text, reached::text]);
		RETURN QUERY SELECT c.*
			FROM _poc.records(answer -> 'receipts') AS r(n jsonb, chain jsonb, kind jsonb, text jsonb, previous jsonb, hash jsonb, received jsonb),
				LATERAL _poc.read_copy(r.n, r.chain, r.kind, r.text, r.previous, r.hash, r.received) AS c;
		GET DIAGNOSTICS sound = ROW_COUNT;
		SELECT count(*) AS entries, max(CASE WHEN r.place #>> '{}' ~ '^[0-9]{1,18}$' THEN (r.place #>> '{}')::bigint END) AS last,
				coalesce(sum(octet_length(r.text #>> '{}')), 0) AS bytes INTO page
			FROM _poc.records(answer -> 'receipts') AS r(place jsonb, text jsonb);
		pages := pages + 1;
		seen := seen + page.entries;
		left_out := left_out + page.entries - sound;
		EXIT WHEN answer -> 'more' IS DISTINCT FROM 'true'::jsonb;
		bytes := bytes + page.bytes;
		IF coalesce(page.last, 0) <= reached OR pages >= 1000 OR seen >= 100000 OR bytes >= 200000000 THEN
			RAISE WARNING 'the list of the copies of receipts is not complete'
				USING DETAIL = format('The Barman sidecar has sent %s of server %s and says that there are more, but has sent none of those at last, or more than a sidecar keeps.', seen, server);
			EXIT;
		END IF;
		reached := page.last;
	END LOOP;
	IF left_out > 0 THEN
		RAISE WARNING '% of the copies of receipts are left out', left_out
			USING DETAIL = format('What the Barman sidecar has sent of server %s has not the form of a receipt.', server),
				HINT = 'Somebody has written to receipts.jsonl of the sidecar''s state directory, or what answers is no barman-sidecar.';
	END IF;
END
$$;

COMMENT ON FUNCTION _poc.receipt_copies(text, timestamptz) IS
'Internal. The copies of the receipts of a server that the sidecar keeps; a warning tells of a sidecar that has no end of them. Errors: 08006 it has not sent all until then.';

CREATE FUNCTION _poc.copy_older_receipts(receipt _poc.receipts, server text, kept bigint, until timestamptz) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	older _poc.receipts;
	message text;
	cause text;
BEGIN
	IF kept >= (SELECT count(*) FROM _poc.receipts AS r WHERE r.chain = receipt.chain AND r.n <= receipt.n AND _poc.receipt_member(r.text, 'server'::text) = server) THEN
		RETURN;
	END IF;
	FOR older IN
		SELECT r.* FROM _poc.receipts AS r
		WHERE r.chain = receipt.chain AND r.n < receipt.n AND _poc.receipt_member(r.text, 'server'::text) = server
			AND NOT EXISTS (SELECT FROM _poc.receipt_copies(server, until) AS c WHERE c.chain = r.chain AND c.n = r.n)
		ORDER BY r.n LIMIT 1000
	LOOP
		PERFORM _poc.keep_to_time(until);
		PERFORM _poc.ask('receipt'::text, to_jsonb(older), ARRAY['servers'::text, server, 'receipts'::text]);
	END LOOP;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, cause = PG_EXCEPTION_DETAIL;
	RAISE WARNING 'the sidecar has no copies of some receipts before receipt %', receipt.n
		USING DETAIL = concat_ws(': ', message, nullif(cause, '')),
			HINT = 'They are sent with the next receipt of this server; SELECT * FROM poc_check_receipts() tells which.';
END
$$;

COMMENT ON FUNCTION _poc.copy_older_receipts(_poc.receipts, text, bigint, timestamptz) IS
'Internal. Sends those receipts before this one to the sidecar that have no copy, if it keeps fewer than there are and they can be sent until then; a warning tells why not.';

CREATE FUNCTION _poc.copy_receipt(receipt _poc.receipts, until timestamptz) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	server CONSTANT text := _poc.receipt_member(receipt.text, 'server'::text);
	kept bigint;
	message text;
	cause text;
BEGIN
	BEGIN
		PERFORM _poc.keep_to_time(until);
		SELECT k.kept INTO kept
			FROM _poc.records(_poc.ask('receipt'::text, to_jsonb(receipt), ARRAY['servers'::text, server, 'receipts'::text])) AS k(kept bigint);
	EXCEPTION WHEN OTHERS THEN
		-- the receipt itself is not lost for that
		GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, cause = PG_EXCEPTION_DETAIL;
		RAISE WARNING 'the sidecar has no copy of receipt %', receipt.n
			USING DETAIL = concat_ws(': ', message, nullif(cause, '')),
				HINT = 'It is sent with the next receipt of this server; SELECT * FROM poc_check_receipts() tells whether it is there.';
		RETURN;
	END;
	PERFORM _poc.copy_older_receipts(receipt, server, kept, until);
END
$$;

COMMENT ON FUNCTION _poc.copy_receipt(_poc.receipts, timestamptz) IS
'Internal. Sends a receipt to the sidecar, and those before it that have no copy, if that can be done until then; a warning tells why not.';

-- Called as a transaction commits, whoever commits it: none that was rolled back is sent.  Its locks are held
-- meanwhile, that of the chain among them.
CREATE FUNCTION _poc.copy_receipts(since bigint) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 10000
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET poc_barman.timeout = '5s'
AS $$
DECLARE
	until CONSTANT timestamptz := clock_timestamp() + '5 s';
	receipt _poc.receipts;
	sent bigint := 0;
BEGIN
	FOR receipt IN SELECT r.* FROM _poc.receipts AS r WHERE r.n >= since AND r.chain = _poc.receipt_chain() ORDER BY r.n LOOP
		IF sent > 0 AND clock_timestamp() >= until THEN
			RAISE WARNING 'the sidecar has no copy of receipt % and those behind it', receipt.n
				USING DETAIL = 'It has taken seconds for those before.',
					HINT = 'They are sent with the next receipt of this server; SELECT * FROM poc_check_receipts() tells whether they are there.';
			EXIT;
		END IF;
		PERFORM _poc.copy_receipt(receipt, until);
		sent := sent + 1;
	END LOOP;
	RETURN sent;
END
$$;

COMMENT ON FUNCTION _poc.copy_receipts(bigint) IS
'Internal. Sends the receipts from this number on to the sidecar, as many as it takes within five seconds; a warning tells of the others. Returns how many were sent.';

-- ---- the copies, read

CREATE FUNCTION @extschema@.poc_receipts(server text DEFAULT NULL)
RETURNS TABLE (n bigint, kind text, at timestamptz, ok boolean, server text, backup_id text, chain text, copied timestamptz, previous text, hash text, receipt jsonb)
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 10000 ROWS 100
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT c.n, c.kind, t.at, t.ok, coalesce(t.server, w.server), t.backup_id, c.chain, c.received, c.previous, c.hash, coalesce(t.receipt, jsonb_build_object('unreadable', t.fault))
	FROM (SELECT _poc.server($1) AS server) AS w, LATERAL _poc.receipt_copies(w.server) AS c, LATERAL _poc.read_receipt(c.kind, c.text) AS t
	ORDER BY t.at DESC NULLS LAST, c.n DESC
$$;

COMMENT ON FUNCTION @extschema@.poc_receipts(text) IS
'The copies that the sidecar keeps of the receipts of a server, newest first, whichever database wrote them: any PostgreSQL that has the extension and a token of the scope operate can read them when the primary is lost. receipt has all of a receipt, the words of assertions among it; of one that cannot be read {"unreadable": "why"}, and at, ok and backup_id are null. Example: SELECT at, kind, ok, backup_id FROM poc_receipts()';
