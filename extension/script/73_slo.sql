-- ---------------------------------------------------------------------
-- 73_slo.sql: what is wanted of each server and what drills have shown of it.
--
-- May use: 10_schema, 20_client.
-- ---------------------------------------------------------------------

CREATE FUNCTION @extschema@.poc_set_slo(server text, rto interval DEFAULT NULL, rpo interval DEFAULT NULL, proof_every interval DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	barman_server CONSTANT text := _poc.server(poc_set_slo.server);
BEGIN
	-- a time that is so far off is none any more
	IF rto <= '0' OR rpo <= '0' OR proof_every <= '0' OR greatest(rto, rpo, proof_every) > '1000 years' THEN
		RAISE EXCEPTION 'rto, rpo and proof_every must be more than nothing, and no more than 1000 years'
			USING ERRCODE = 'invalid_parameter_value',
				HINT = 'Null is for no target.';
	END IF;
	IF num_nonnulls(rto, rpo, proof_every) = 0 THEN
		DELETE FROM _poc.slo AS s WHERE s.server = barman_server;
	ELSE
		INSERT INTO _poc.slo (server, rto, rpo, proof_every) VALUES (barman_server, poc_set_slo.rto, poc_set_slo.rpo, poc_set_slo.proof_every)
		ON CONFLICT (server) DO UPDATE SET rto = excluded.rto, rpo = excluded.rpo, proof_every = excluded.proof_every;
	END IF;
END
$$;

COMMENT ON FUNCTION @extschema@.poc_set_slo(text, interval, interval, interval) IS
'Sets what is wanted of a server of Barman''s: rto, how long restore and recovery may take; rpo, how much time may be lost; proof_every, how often a drill must pass, which poc_prove() goes by. A null is no target, three nulls forget the server. poc_slo shows how it is met. Errors: 22023 an interval that is not positive, or longer than 1000 years. Example: SELECT poc_set_slo(''postgres1'', rto => ''1 h'', rpo => ''5 min'', proof_every => ''1 day'')';

CREATE FUNCTION _poc.unproven(barman_server text, OUT unproven bigint, OUT oldest_unproven text, OUT note text)
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	message text;
	cause text;
BEGIN
	SELECT count(*), (array_agg(b.backup_id ORDER BY b.end_time))[1] INTO unproven, oldest_unproven
	FROM _poc.records(_poc.get_list('backups'::text, ARRAY['servers'::text, barman_server, 'backups'::text])) AS b(backup_id text, status text, end_time timestamptz)
	WHERE b.status = 'DONE' AND NOT EXISTS (SELECT FROM _poc.drills AS d WHERE d.ok AND d.server = barman_server AND d.backup_id = b.backup_id);
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, cause = PG_EXCEPTION_DETAIL;
	note := format('the backups could not be listed: %s', concat_ws(': ', message, nullif(cause, '')));
END
$$;

COMMENT ON FUNCTION _poc.unproven(text) IS
'Internal. How many complete backups of a server no drill has proven, and the oldest of them; nulls and a note if Barman cannot tell.';

CREATE FUNCTION @extschema@.poc_slo(server text, period interval DEFAULT '30 days')
RETURNS TABLE (server text, rto_target interval, rto_last interval, rto_median interval, rto_worst interval, rto_trend interval, rto_met boolean,
	rpo_target interval, rpo_last interval, rpo_median interval, rpo_worst interval, rpo_trend interval, rpo_met boolean,
	passed bigint, failed bigint, last_proven timestamptz, proof_every interval, next_proof_due timestamptz, overdue boolean,
	unproven bigint, oldest_unproven text, note text)
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 10000 ROWS 3
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	WITH servers AS (
		SELECT s.server FROM _poc.slo AS s UNION SELECT d.server FROM _poc.drills AS d UNION SELECT $1 WHERE $1 IS NOT NULL),
	measured AS (
		SELECT d.server, d.at, d.ok, d.restore_elapsed + d.recovery_elapsed AS rto,
			-- to a mark, or to the end of a backup, older data is meant
			CASE WHEN d.mark IS NULL AND d.target_lsn IS NULL THEN greatest(d.began - d.recovered_time, '0') END AS rpo,
			ntile(2) OVER (PARTITION BY d.server, d.ok ORDER BY d.at) AS half,
			ntile(2) OVER (PARTITION BY d.server, d.ok, d.mark IS NULL AND d.target_lsn IS NULL ORDER BY d.at) AS rpo_half,
			row_number() OVER (PARTITION BY d.server ORDER BY d.at DESC) = 1 AS newest
		FROM _poc.drills AS d WHERE $2 IS NULL OR d.at >= now() - $2),
	attained AS (
		SELECT m.server, count(*) FILTER (WHERE m.ok) AS passed, count(*) FILTER (WHERE NOT m.ok) AS failed, bool_or(m.newest AND NOT m.ok) AS last_failed,
			(array_agg(m.rto ORDER BY m.at DESC) FILTER (WHERE m.ok AND m.rto IS NOT NULL))[1] AS rto_last,
			percentile_cont(0.5) WITHIN GROUP (ORDER BY m.rto) FILTER (WHERE m.ok) AS rto_median, max(m.rto) FILTER (WHERE m.ok) AS rto_worst,
			percentile_cont(0.5) WITHIN GROUP (ORDER BY m.rto) FILTER (WHERE m.ok AND m.half = 2) - percentile_cont(0.5) WITHIN GROUP (ORDER BY m.rto) FILTER (WHERE m.ok AND m.half = 1) AS rto_trend,
			(array_agg(m.rpo ORDER BY m.at DESC) FILTER (WHERE m.ok AND m.rpo IS NOT NULL))[1] AS rpo_last,
			percentile_cont(0.5) WITHIN GROUP (ORDER BY m.rpo) FILTER (WHERE m.ok) AS rpo_median, max(m.rpo) FILTER (WHERE m.ok) AS rpo_worst,
			percentile_cont(0.5) WITHIN GROUP (ORDER BY m.rpo) FILTER (WHERE m.ok AND m.rpo_half = 2) - percentile_cont(0.5) WITHIN GROUP (ORDER BY m.rpo) FILTER (WHERE m.ok AND m.rpo_half = 1) AS rpo_trend
		FROM measured AS m GROUP BY m.server)
	SELECT n.server, s.rto, a.rto_last, a.rto_median, a.rto_worst, a.rto_trend, CASE WHEN s.rto IS NULL THEN NULL WHEN a.last_failed THEN false ELSE a.rto_worst <= s.rto END,
		s.rpo, a.rpo_last, a.rpo_median, a.rpo_worst, a.rpo_trend, CASE WHEN s.rpo IS NULL THEN NULL WHEN a.last_failed THEN false ELSE a.rpo_worst <= s.rpo END,
		coalesce(a.passed, 0), coalesce(a.failed, 0), p.last_proven, s.proof_every,
		CASE WHEN s.proof_every IS NOT NULL THEN coalesce(p.last_proven + s.proof_every, now()) END, CASE WHEN s.proof_every IS NOT NULL THEN coalesce(p.last_proven + s.proof_every <= now(), true) END,
		u.unproven, u.oldest_unproven,
		nullif(concat_ws('; ', u.note, CASE WHEN coalesce(a.passed, 0) = 0 THEN 'no drill passed in the period' WHEN a.rpo_last IS NULL THEN 'no drill without a mark passed in the period, which alone measures the RPO' END,
			CASE WHEN a.last_failed THEN 'the last drill failed' END), '')
	FROM servers AS n LEFT JOIN _poc.slo AS s ON s.server = n.server LEFT JOIN attained AS a ON a.server = n.server
		LEFT JOIN LATERAL (SELECT max(d.at) AS last_proven FROM _poc.drills AS d WHERE d.ok AND d.server = n.server) AS p ON true,
		LATERAL _poc.unproven(n.server) AS u
	WHERE $1 IS NULL OR n.server = $1
	ORDER BY n.server
$$;

COMMENT ON FUNCTION @extschema@.poc_slo(text, interval) IS
'What is wanted of each server (poc_set_slo()) and what the drills of the period have shown, of one server or, with a null, of all that have a target or a drill. rto is of drills that passed; rpo of those that recovered all there was, for a mark is older on purpose. last, median and worst; trend is the median of the later half less that of the earlier, so that more than nothing is worse. met: even the worst is within the target, and the last drill passed; null without a target or a measurement, which is not met. next_proof_due is proof_every after the last that passed. unproven and oldest_unproven are of all complete backups that Barman has. Example: SELECT * FROM poc_slo(''postgres1'', ''1 year'')';

CREATE VIEW @extschema@.poc_slo AS
	SELECT s.* FROM @extschema@.poc_slo(NULL::text, '30 days'::interval) AS s;

COMMENT ON VIEW @extschema@.poc_slo IS
'poc_slo() of all servers and the last 30 days. Example: SELECT server, rto_target, rto_worst, rto_met, rpo_met, overdue FROM poc_slo';
