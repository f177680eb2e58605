-- ---------------------------------------------------------------------
-- 72_prove.sql: chooses which backups deserve a drill, and drills them within a budget
-- (proof/prove.c).
--
-- May use: 10_schema, 20_client, 70_drills.
-- ---------------------------------------------------------------------

-- ---- the choice

CREATE FUNCTION _poc.drill_estimate(barman_server text, cluster bigint, bytes bigint) RETURNS interval
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT percentile_cont(0.9) WITHIN GROUP (ORDER BY d.elapsed * greatest(coalesce(drill_estimate.bytes::double precision / nullif(d.bytes, 0), 1), 1))
	FROM (SELECT d.at - d.began AS elapsed, d.bytes FROM _poc.drills AS d
		WHERE d.server = barman_server AND d.system_identifier = cluster AND d.bytes IS NOT NULL
		ORDER BY d.at DESC LIMIT 10) AS d
$$;

COMMENT ON FUNCTION _poc.drill_estimate(text, bigint, bigint) IS
'Internal. How long a drill of so many bytes may take, by the last ten of the server that restored something: nine of ten took no longer, by their sizes (of a smaller one no less); null if there are none.';

CREATE FUNCTION _poc.prove_candidates(barman_server text, cluster bigint, oldest interval, again interval)
RETURNS TABLE (backup_id text, mark text, target_lsn pg_lsn, timeline integer, bytes bigint, reason text, due boolean, detail text)
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 10000 ROWS 20
SET search_path = pg_catalog, pg_temp
AS $$
	WITH RECURSIVE listed AS MATERIALIZED (
		SELECT b.*
		FROM _poc.records(_poc.get_list('backups'::text, ARRAY['servers'::text, barman_server, 'backups'::text]))
			AS b(backup_id text, status text, end_time timestamptz, size bigint, parent_id text, timeline integer, end_lsn pg_lsn, cluster_size bigint)),
	chained AS (
		SELECT l.backup_id, l.backup_id AS root, coalesce(l.cluster_size, l.size) AS bytes
		FROM listed AS l WHERE l.parent_id IS NULL OR NOT EXISTS (SELECT FROM listed AS p WHERE p.backup_id = l.parent_id)
		UNION ALL
		SELECT l.backup_id, c.root, coalesce(l.cluster_size, c.bytes) FROM listed AS l JOIN chained AS c ON l.parent_id = c.backup_id),
	proven AS (
		SELECT d.backup_id, max(d.at) FILTER (WHERE d.ok) AS passed, max(d.at) FILTER (WHERE d.ok AND d.target_lsn IS NULL AND d.mark IS NULL) AS passed_all,
			max(d.at) FILTER (WHERE d.ok AND d.mark IS NOT NULL) AS passed_mark, (array_agg(d.ok ORDER BY d.at DESC))[1] AS last_ok
		FROM _poc.drills AS d
		WHERE d.server = barman_server AND d.system_identifier = cluster AND d.database = current_database()
		GROUP BY d.backup_id),
	judged AS (
		SELECT l.*, c.root, c.bytes, p.passed, p.passed_all, p.passed_mark, p.last_ok,
			CASE WHEN l.status IS DISTINCT FROM 'DONE' THEN format('its status is %s', coalesce(l.status, 'not known'))
				WHEN l.end_time < clock_timestamp() - oldest THEN format('it ended more than %s ago', oldest) END AS unfit,
			lead(l.end_lsn) OVER (PARTITION BY l.timeline, l.status ORDER BY l.end_lsn) AS next_lsn
		FROM listed AS l JOIN chained AS c ON c.backup_id = l.backup_id LEFT JOIN proven AS p ON p.backup_id = l.backup_id),
	ranked AS (
		SELECT j.*,
			row_number() OVER (PARTITION BY j.unfit IS NULL ORDER BY j.end_time DESC) = 1 AS newest,
			row_number() OVER (PARTITION BY j.unfit IS NULL ORDER BY j.end_time) = 1 AS oldest,
			row_number() OVER (PARTITION BY j.unfit IS NULL, j.timeline ORDER BY j.end_time DESC) = 1 AS of_timeline,
			row_number() OVER (PARTITION BY j.unfit IS NULL, j.root ORDER BY j.end_time DESC) = 1 AS of_chain,
			count(*) OVER (PARTITION BY j.unfit IS NULL, j.root) AS chain_size
		FROM judged AS j),
	-- the mark that is nearest behind it, and not behind the backup after it
	aimed AS (
		SELECT r.*, m.name AS mark, m.lsn AS mark_lsn
		FROM ranked AS r LEFT JOIN LATERAL (
			SELECT m.name, m.lsn FROM _poc.marks AS m
			WHERE m.system_identifier = cluster AND cluster = (SELECT c.system_identifier FROM pg_control_system() AS c)
				AND m.timeline = r.timeline AND m.lsn >= r.end_lsn AND (r.next_lsn IS NULL OR m.lsn <= r.next_lsn)
			ORDER BY m.lsn LIMIT 1) AS m ON r.unfit IS NULL),
	wanted AS (
		-- the newest with all there is tells how much would be lost
		SELECT a.backup_id, NULL::text AS mark, NULL::pg_lsn AS target_lsn, NULL::integer AS timeline, a.bytes, 0 AS priority, a.end_time, a.unfit,
			a.passed_all AS passed, again AS again, ARRAY['the newest, with all there is'] AS reasons
		FROM aimed AS a WHERE a.newest AND a.unfit IS NULL
		UNION ALL
		SELECT a.backup_id, a.mark, coalesce(a.mark_lsn, a.end_lsn), a.timeline, a.bytes,
			CASE WHEN a.newest THEN 1 WHEN NOT a.last_ok THEN 2 WHEN a.oldest THEN 3 WHEN a.of_timeline THEN 4 WHEN a.of_chain THEN 5 ELSE 6 END, a.end_time, a.unfit,
			CASE WHEN a.newest THEN a.passed_mark WHEN a.last_ok THEN a.passed END,
			CASE WHEN a.newest OR a.oldest THEN again WHEN a.of_timeline OR a.of_chain THEN again * 7 END,
			CASE WHEN a.unfit IS NULL THEN array_remove(ARRAY[CASE WHEN a.newest THEN 'the newest, to a mark' END, CASE WHEN NOT a.last_ok THEN 'its last drill failed' END,
				CASE WHEN a.oldest AND NOT a.newest THEN 'the oldest' END,
				CASE WHEN a.of_timeline AND NOT a.newest THEN format('the newest of timeline %s', a.timeline) END,
				CASE WHEN NOT a.of_chain OR a.newest THEN NULL WHEN a.chain_size > 1 THEN format('the newest of the chain of %s', a.root)
					WHEN a.last_ok AND NOT a.oldest AND NOT a.of_timeline THEN 'a chain of its own' END,
				CASE WHEN a.passed IS NULL THEN 'never proven' END], NULL) END
		FROM aimed AS a WHERE NOT (a.newest AND a.unfit IS NULL AND a.mark IS NULL))
	SELECT w.backup_id, w.mark, w.target_lsn, w.timeline, w.bytes,
		coalesce(nullif(array_to_string(w.reasons, ', '), ''), 'none'),
		-- a tenth is left for schedules that are not on time
		w.unfit IS NULL AND (w.passed IS NULL OR coalesce(w.passed < clock_timestamp() - w.again * 0.9, false)),
		coalesce(w.unfit, 'proven ' || date_trunc('second', clock_timestamp() - w.passed) || ' ago')
	FROM wanted AS w
	ORDER BY w.unfit IS NOT NULL, w.priority, w.end_time DESC, w.backup_id DESC
$$;

COMMENT ON FUNCTION _poc.prove_candidates(text, bigint, interval, interval) IS
'Internal. The backups of a server in the order in which they deserve a drill: what each would be restored to, why, and whether it is due.';

CREATE FUNCTION _poc.prove_plan(barman_server text, budget interval, oldest interval, again interval)
RETURNS TABLE (n integer, system_identifier bigint, backup_id text, mark text, target_lsn pg_lsn, timeline integer, bytes bigint, reason text, chosen boolean, estimate interval, detail text)
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED COST 10000 ROWS 20
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	every CONSTANT interval := coalesce(again, (SELECT s.proof_every FROM _poc.slo AS s WHERE s.server = barman_server), '1 day');
	candidate record;
	spent interval := '0';
	is_first boolean := true;
BEGIN
	IF budget <= '0' OR oldest <= '0' OR every <= '0' THEN
		RAISE EXCEPTION 'budget, oldest and again must be more than nothing'
			USING ERRCODE = 'invalid_parameter_value',
				DETAIL = format('They are %s, %s and %s.', coalesce(budget::text, 'NULL'), coalesce(oldest::text, 'NULL'), every),
				HINT = 'Leave budget and oldest out for no limit.';
	END IF;
	n := 0;
	system_identifier := coalesce(_poc.cluster_of(barman_server), (SELECT c.system_identifier FROM pg_control_system() AS c));
	FOR candidate IN SELECT c.* FROM _poc.prove_candidates(barman_server, system_identifier, oldest, every) AS c LOOP
		n := n + 1;
		backup_id := candidate.backup_id;
		mark := candidate.mark;
		target_lsn := candidate.target_lsn;
		timeline := candidate.timeline;
		bytes := candidate.bytes;
		reason := candidate.reason;
		chosen := candidate.due;
		estimate := CASE WHEN chosen THEN _poc.drill_estimate(barman_server, system_identifier, bytes) END;
		detail := CASE WHEN NOT chosen THEN candidate.detail END;
		IF chosen AND NOT is_first AND budget IS NOT NULL THEN
			IF estimate IS NULL THEN
				detail := 'how long it takes is known after the first';
			ELSIF spent + estimate > budget THEN
				chosen := false;
				detail := format('it would take about %s, and %s of the budget is left', date_trunc('second', estimate), date_trunc('second', greatest(budget - spent, '0')));
			END IF;
		END IF;
		IF chosen THEN
			is_first := false;
			spent := spent + coalesce(estimate, '0');
		END IF;
		RETURN NEXT;
	END LOOP;
END
$$;

COMMENT ON FUNCTION _poc.prove_plan(text, interval, interval, interval) IS
'Internal. What poc_prove() would do now.';

CREATE FUNCTION _poc.proof_target(mark text, target_lsn pg_lsn) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT CASE WHEN mark IS NOT NULL THEN 'mark ' || mark WHEN target_lsn IS NOT NULL THEN 'its end' ELSE 'all there is' END
$$;

COMMENT ON FUNCTION _poc.proof_target(text, pg_lsn) IS
'Internal. Where recovery is to end, in words.';

CREATE FUNCTION @extschema@.poc_prove_plan(server text DEFAULT NULL, budget interval DEFAULT NULL, oldest interval DEFAULT NULL, again interval DEFAULT NULL)
RETURNS TABLE (n integer, backup_id text, target text, reason text, chosen boolean, estimate interval, detail text)
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 10000 ROWS 20
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT p.n, p.backup_id, CASE WHEN p.reason <> 'none' THEN _poc.proof_target(p.mark, p.target_lsn) END, p.reason, p.chosen, p.estimate, p.detail
	FROM _poc.prove_plan(_poc.server(server), budget, oldest, again) AS p
$$;

COMMENT ON FUNCTION @extschema@.poc_prove_plan(text, interval, interval, interval) IS
'What poc_prove() with these arguments would do now, in its order; restores nothing. target is where recovery would end: a mark, the end of the backup (which proves that it is consistent), or all there is; estimate is how long it may take, by the last drills of the server, null without any; detail tells why a backup is not chosen. Errors: as those of poc_prove(). Example: SELECT * FROM poc_prove_plan(budget => ''1 h'')';

-- ---- the proofs

CREATE FUNCTION _poc.lock_proofs(key integer) RETURNS boolean
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'poc_lock_proofs';

COMMENT ON FUNCTION _poc.lock_proofs(integer) IS
'Internal. Takes the lock of this key, for the session; false if somebody has it. An error gives it back, and so does poc_prove().';

CREATE FUNCTION _poc.prove_lock(server text, OUT barman_server text, OUT key integer)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	holder record;
BEGIN
	IF pg_is_in_recovery() THEN
		RAISE EXCEPTION 'recovery is in progress'
			USING ERRCODE = 'object_not_in_prerequisite_state',
				DETAIL = 'A standby cannot keep receipts.',
				HINT = 'Call this procedure on the primary.';
	END IF;
	barman_server := _poc.server(server);
	key := hashtext(barman_server);
	IF NOT _poc.lock_proofs(key) THEN
		SELECT l.pid, a.query_start INTO holder FROM pg_locks AS l LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid
		WHERE l.locktype = 'object' AND l.classid = '_poc.proofs'::regclass AND l.objid = (key::bigint & 4294967295)::oid AND l.granted
			AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database()) LIMIT 1;
		RAISE EXCEPTION 'the backups of server % are being proven already', barman_server
			USING ERRCODE = 'object_in_use',
				DETAIL = format('Process %s does so, since %s.', coalesce(holder.pid::text, 'of somebody'), coalesce(holder.query_start::text, 'a while')),
				HINT = 'The view poc_proofs shows how far it is; SELECT pg_cancel_backend(pid) ends it.';
	END IF;
END
$$;

COMMENT ON FUNCTION _poc.prove_lock(text) IS
'Internal. Takes the lock of this server, which its caller gives back. Errors: 55000 a standby, 55006 somebody has it.';

CREATE FUNCTION _poc.prove_begin(server text, budget interval, oldest interval, again interval, dry_run boolean) RETURNS timestamptz
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	began CONSTANT timestamptz := clock_timestamp();
	plan record;
	due bigint := 0;
BEGIN
	IF NOT coalesce(dry_run, false) THEN
		-- a run that was cancelled, or whose session is gone
		UPDATE _poc.proofs AS p SET outcome = 'not run', detail = 'its run was ended before'
		WHERE p.server = prove_begin.server AND p.outcome = 'waiting';
		DELETE FROM _poc.proofs AS p WHERE p.run < began - interval '400 days';
	END IF;
	FOR plan IN SELECT p.* FROM _poc.prove_plan(server, budget, oldest, again) AS p LOOP
		due := due + plan.chosen::integer;
		IF coalesce(dry_run, false) THEN
			RAISE INFO '% backup % to % (%): %', CASE WHEN plan.chosen THEN 'would restore' ELSE 'leaves out' END, plan.backup_id, _poc.proof_target(plan.mark, plan.target_lsn), plan.reason,
				coalesce(plan.detail, format('about %s', coalesce(date_trunc('second', plan.estimate)::text, 'an unknown time')));
		ELSE
			INSERT INTO _poc.proofs (run, n, server, system_identifier, backup_id, mark, target_lsn, timeline, bytes, reason, outcome, estimate, detail)
			VALUES (began, plan.n, server, plan.system_identifier, plan.backup_id, plan.mark, plan.target_lsn, plan.timeline, plan.bytes, plan.reason,
				-- the budget decides when its turn comes, and more is known of its time
				CASE WHEN plan.chosen OR plan.estimate IS NOT NULL THEN 'waiting' ELSE 'left out' END, plan.estimate, CASE WHEN plan.estimate IS NULL THEN plan.detail END);
		END IF;
	END LOOP;
	IF due = 0 THEN
		RAISE NOTICE 'no backup of server % is due to be proven', server
			USING HINT = 'SELECT * FROM poc_prove_plan() tells why; again => ''1 s'' proves all anew.';
	END IF;
	RETURN CASE WHEN NOT coalesce(dry_run, false) THEN began END;
END
$$;

COMMENT ON FUNCTION _poc.prove_begin(text, interval, interval, interval, boolean) IS
'Internal. Writes down what is to be proven, and returns the run; of a dry run only tells it.';

CREATE FUNCTION _poc.prove_one(proof _poc.proofs, OUT outcome text, OUT detail text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	steps jsonb;
	message text;
	cause text;
BEGIN
	SELECT jsonb_agg(to_jsonb(d)) INTO steps
	FROM _poc.restore_drill(proof.mark, proof.backup_id, proof.server, '{}'::text[], false, current_database()::text,
		CASE WHEN proof.mark IS NULL THEN proof.target_lsn END, CASE WHEN proof.mark IS NULL THEN proof.timeline END, proof.reason) AS d;
	-- no step at all is no proof
	outcome := CASE WHEN EXISTS (SELECT FROM jsonb_to_recordset(steps) AS s(step text, ok boolean) WHERE s.step = 'sidecar' AND s.ok IS NOT TRUE) THEN 'not run'
		WHEN (SELECT bool_and(s.ok IS TRUE) FROM jsonb_to_recordset(steps) AS s(ok boolean)) THEN 'passed'
		WHEN steps IS NULL THEN 'not run' ELSE 'failed' END;
	detail := concat_ws('; ',
		(SELECT string_agg(concat_ws(': ', s.step, s.detail), '; ') FROM jsonb_to_recordset(steps) AS s(step text, ok boolean, detail text) WHERE s.ok IS NOT TRUE),
		(SELECT s.detail FROM jsonb_to_recordset(steps) AS s(step text, ok boolean, detail text) WHERE s.step = 'connect' AND s.ok),
		CASE WHEN outcome = 'passed' AND NOT EXISTS (SELECT FROM jsonb_to_recordset(steps) AS s(step text) WHERE s.step = 'amcheck')
			THEN 'without pg_amcheck, which Barman''s host lacks' END);
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, cause = PG_EXCEPTION_DETAIL;
	outcome := 'not run';
	detail := concat_ws(': ', message, nullif(cause, ''));
END
$$;

COMMENT ON FUNCTION _poc.prove_one(_poc.proofs) IS
'Internal. Drills a backup: passed, failed, or not run where it could not be found out.';

CREATE FUNCTION _poc.prove_next(this_run timestamptz, budget interval) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	proof _poc.proofs;
	began timestamptz;
	remaining interval;
	is_first boolean;
	result record;
BEGIN
	SELECT p.* INTO proof FROM _poc.proofs AS p WHERE p.run = this_run AND p.outcome = 'waiting' ORDER BY p.n LIMIT 1;
	IF NOT FOUND THEN
		RETURN NULL;
	END IF;
	is_first := NOT EXISTS (SELECT FROM _poc.proofs AS p WHERE p.run = this_run AND p.elapsed IS NOT NULL);
	remaining := budget - (clock_timestamp() - this_run);
	proof.estimate := _poc.drill_estimate(proof.server, proof.system_identifier, proof.bytes);
	began := clock_timestamp();
	-- without a time to go by, none is begun behind the first
	IF budget IS NOT NULL AND NOT is_first AND coalesce(proof.estimate > remaining, true) THEN
		proof.outcome := 'left out';
		proof.detail := format('it would take %s, and %s of the budget is left', coalesce('about ' || date_trunc('second', proof.estimate), 'nobody knows how long'),
			date_trunc('second', greatest(remaining, '0')));
	ELSE
		result := _poc.prove_one(proof);
		proof.outcome := result.outcome;
		proof.detail := nullif(result.detail, '');
		proof.elapsed := clock_timestamp() - began;
	END IF;
	UPDATE _poc.proofs AS p SET outcome = proof.outcome, detail = proof.detail, elapsed = proof.elapsed, estimate = proof.estimate
	WHERE p.run = this_run AND p.n = proof.n;
	RETURN format('backup %s to %s (%s): %s', proof.backup_id, _poc.proof_target(proof.mark, proof.target_lsn), proof.reason,
		concat_ws(', ', proof.outcome, round(date_part('epoch', proof.elapsed)::numeric, 1) || ' s', proof.detail));
END
$$;

COMMENT ON FUNCTION _poc.prove_next(timestamptz, interval) IS
'Internal. Proves the next backup of a run, or leaves it out, and tells what became of it; null if there is none.';

CREATE FUNCTION _poc.prove_end(this_run timestamptz) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	total record;
BEGIN
	SELECT count(*) FILTER (WHERE p.outcome = 'passed') AS passed, count(*) FILTER (WHERE p.outcome = 'failed') AS failed,
		count(*) FILTER (WHERE p.outcome = 'not run') AS not_run,
		string_agg(format('%s: %s: %s', p.backup_id, p.outcome, p.detail), E'\n' ORDER BY p.n) FILTER (WHERE p.outcome IN ('failed', 'not run')) AS bad
	INTO total FROM _poc.proofs AS p WHERE p.run = this_run;
	IF total.failed + total.not_run > 0 THEN
		RAISE EXCEPTION '% of % proofs did not pass', total.failed + total.not_run, total.passed + total.failed + total.not_run
			USING ERRCODE = CASE WHEN total.failed > 0 THEN 'data_corrupted' ELSE 'object_not_in_prerequisite_state' END,
				DETAIL = total.bad, HINT = 'The receipts are kept: the views poc_proofs and poc_drills show them.';
	END IF;
END
$$;

COMMENT ON FUNCTION _poc.prove_end(timestamptz) IS
'Internal. Fails if a proof of the run did not pass. Errors: XX001 one failed, 55000 one could not run.';

CREATE VIEW @extschema@.poc_proofs AS
	SELECT p.run, p.n, p.server, p.backup_id, CASE WHEN p.mark IS NOT NULL THEN 'mark ' || p.mark WHEN p.target_lsn IS NOT NULL THEN 'its end' ELSE 'all there is' END AS target,
		p.reason, p.outcome, p.estimate, p.elapsed, p.detail
	FROM _poc.proofs AS p;

COMMENT ON VIEW @extschema@.poc_proofs IS
'What each poc_prove() has considered: run is when it began, n the order; outcome is waiting, passed, failed, not run (it could not be found out, detail tells why) or left out (detail tells why: proven not long ago, the budget). Rows are kept for 400 days, the receipts in poc_drills longer. Example: SELECT * FROM poc_proofs WHERE run = (SELECT max(run) FROM poc_proofs) ORDER BY n';

CREATE PROCEDURE @extschema@.poc_prove(server text DEFAULT NULL, budget interval DEFAULT NULL, oldest interval DEFAULT NULL, again interval DEFAULT NULL, dry_run boolean DEFAULT false)
LANGUAGE c
AS 'MODULE_PATHNAME', 'poc_prove';

COMMENT ON PROCEDURE @extschema@.poc_prove(text, interval, interval, interval, boolean) IS
'Proves the backups of a server that deserve it, one drill after another: the newest with all there is and to a mark, those whose last drill failed, the oldest, the newest of each timeline and of each chain, and those that were never proven. Recovery ends at the first mark behind the backup, if there is one before the next backup; else at the end of the backup, which proves that it is consistent. Each is committed by itself, with its receipt; after a cancel the next call goes on. No drill is begun that is not expected to end within budget (null: no limit), but the first; what is left out is told, and stands in poc_proofs. oldest: only backups that ended so long ago at most. again: what passed within that time is not due (null: proof_every of poc_set_slo(), else a day), of chains and timelines within seven times that. dry_run => true tells the choice and restores nothing, as poc_prove_plan() does. Fails at its end if a proof did not pass, so that a scheduler sees it; what could not run did not pass. One at a time for a server in a database: it holds a lock of its own meanwhile, which no command takes. Only the owner may execute it until granted, which is enough. Errors: 22023 bad argument, 25001 inside a transaction block, 55000 a standby, or a proof could not run, 55006 one is under way, XX001 a proof failed. Example: CALL poc_prove(budget => ''2 h'')';
