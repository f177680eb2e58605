-- ---------------------------------------------------------------------
-- 68_receipts.sql: the chain of receipts, their copies at the sidecar, and what becomes
-- visible when somebody has changed them (proof/receipt_head.c).
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
	odd bigint := 0;
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
		odd := odd + page.entries - sound;
		EXIT WHEN answer -> 'more' IS DISTINCT FROM 'true'::jsonb;
		bytes := bytes + page.bytes;
		IF coalesce(page.last, 0) <= reached OR pages >= 1000 OR seen >= 100000 OR bytes >= 200000000 THEN
			RAISE WARNING 'the list of the copies of receipts is not complete'
				USING DETAIL = format('The Barman sidecar has sent %s of server %s and says that there are more, but has sent none of those at last, or more than a sidecar keeps.', seen, server);
			EXIT;
		END IF;
		reached := page.last;
	END LOOP;
	IF odd > 0 THEN
		RAISE WARNING '% of the copies of receipts are left out', odd
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

-- ---- the check

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
