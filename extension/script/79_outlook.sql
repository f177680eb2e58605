-- ---------------------------------------------------------------------
-- 79_outlook.sql: what can be restored, how and how long; what retention and the disk
-- will take away; who writes the WAL.
--
-- Changes nothing.
--
-- May use: 10_schema, 20_client, 65_restore.
-- ---------------------------------------------------------------------

CREATE FUNCTION @extschema@.poc_recovery_windows(server text DEFAULT NULL)
RETURNS TABLE (server text, timeline integer, parent_timeline integer,
	from_lsn pg_lsn, from_time timestamptz, from_time_source text,
	until_lsn pg_lsn, until_lsn_source text, until_time timestamptz, until_time_source text, received_lsn pg_lsn,
	backups text[], gap_first_wal text, gap_last_wal text, gap_segments bigint,
	next_deleted text, next_deleted_at timestamptz, next_deleted_when text, then_from_lsn pg_lsn, then_from_time timestamptz,
	detail text)
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 10000 ROWS 10
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT s.name, w.timeline, w.parent_timeline,
		w.from_lsn, w.from_time, w.from_time_source,
		w.until_lsn, w.until_lsn_source, w.until_time, w.until_time_source,
		-- it follows the end of the archive, which is behind the last window of its timeline
		CASE WHEN w.from_lsn IS NOT NULL AND w.gap_first_wal IS NULL AND w.until_lsn_source <> 'history'
				AND w.timeline = (a.answer -> 'received' ->> 'timeline')::integer
			THEN (a.answer -> 'received' ->> 'until_lsn')::pg_lsn END,
		w.backups, w.gap_first_wal, w.gap_last_wal, w.gap_segments,
		w.next_deleted, w.next_deleted_at, w.next_deleted_when, w.then_from_lsn, w.then_from_time, w.detail
	FROM _poc.server($1) AS s(name),
		LATERAL _poc.get_object(NULL::text, ARRAY['servers'::text, s.name, 'windows'::text]) AS a(answer),
		LATERAL _poc.records(a.answer -> 'windows') AS w(timeline integer, parent_timeline integer,
			from_lsn pg_lsn, from_time timestamptz, from_time_source text,
			until_lsn pg_lsn, until_lsn_source text, until_time timestamptz, until_time_source text,
			backups text[], gap_first_wal text, gap_last_wal text, gap_segments bigint,
			next_deleted text, next_deleted_at timestamptz, next_deleted_when text,
			then_from_lsn pg_lsn, then_from_time timestamptz, detail text)
$$;

COMMENT ON FUNCTION @extschema@.poc_recovery_windows(text) IS
'To what a server can be restored: a row for each part of a timeline that a backup leads to without a gap, from the earliest to the latest target. A window begins with a backup (from_time is its end), or where the timeline left parent_timeline, to which a backup leads (from_time is then that of the last transaction before). until_lsn is where the last whole archived record begins (until_lsn_source record), where the next timeline left this one (history), or, if the segment cannot be read, its end (segment: an estimate). until_time is when the last archived transaction ended (until_time_source commit) or, if that cannot be read, when the last segment was written (file: an estimate); what is not known is null. received_lsn is how far Barman has received, archived or not: a restore takes that along. backups are those that end in the window. gap_first_wal and gap_last_wal are the first and the last missing segment behind it. next_deleted is the full backup whose deletion by the retention policy, with its incrementals, shortens the window next, next_deleted_at and next_deleted_when say when; the window begins at then_from_lsn and then_from_time afterwards, and is gone if these are null. A backup that cannot be restored has a row without positions, and detail says why. Errors: 42704 unknown server, 55000 its archive cannot be listed. Example: SELECT timeline, from_time, until_time, gap_segments FROM poc_recovery_windows()';

-- By the receipts, for a sidecar that remembers no restore
CREATE FUNCTION _poc.receipts_elapsed(server text, OUT drills bigint, OUT restore_elapsed interval, OUT recovery_elapsed interval)
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT count(*), avg(d.restore_elapsed), avg(d.recovery_elapsed)
	FROM (SELECT r.restore_elapsed, r.recovery_elapsed FROM _poc.drills AS r
		WHERE r.server = $1 AND r.restore_elapsed IS NOT NULL AND r.recovery_elapsed IS NOT NULL
		ORDER BY r.at DESC LIMIT 10) AS d
$$;

COMMENT ON FUNCTION _poc.receipts_elapsed(text) IS
'Internal. How long the last ten drills of a server took on average, by the receipts kept here; null without any.';

CREATE FUNCTION _poc.explained(server text, plan jsonb, unwritten text, remedy text)
RETURNS TABLE (item text, ok boolean, finding text, remedy text, backup_id text, segments bigint, bytes bigint, elapsed interval)
LANGUAGE sql VOLATILE PARALLEL RESTRICTED ROWS 10
SET search_path = pg_catalog, pg_temp
AS $$
	-- what was examined, with the figures that belong to it
	SELECT i.item, i.ok AND NOT (i.item = 'wal' AND $3 IS NOT NULL),
		CASE WHEN i.item = 'wal' AND $3 IS NOT NULL THEN $3
			WHEN i.item = 'wal' AND $2 -> 'wal' ->> 'first_wal' IS NOT NULL
			THEN format('%s; %sfrom %s to %s', i.finding, CASE WHEN ($2 -> 'wal' ->> 'at_most')::boolean THEN 'at most ' ELSE '' END,
				$2 -> 'wal' ->> 'first_wal', $2 -> 'wal' ->> 'last_wal')
			WHEN i.item = 'disk' AND i.ok
			THEN format('%s: %s of %s', i.finding, pg_size_pretty(($2 -> 'disk' ->> 'needed_bytes')::bigint),
				coalesce(pg_size_pretty(($2 -> 'disk' ->> 'free_bytes')::bigint) || ' that are free', 'an unknown number'))
			ELSE i.finding END,
		CASE WHEN i.item = 'wal' AND $3 IS NOT NULL THEN $4 ELSE i.remedy END,
		CASE WHEN i.item = 'backup' THEN $2 ->> 'backup_id' END,
		CASE WHEN i.item = 'wal' THEN ($2 -> 'wal' ->> 'segments')::bigint END,
		CASE i.item WHEN 'wal' THEN ($2 -> 'wal' ->> 'bytes')::bigint
			WHEN 'backup' THEN ($2 -> 'chain' -> 0 ->> 'size')::bigint
			WHEN 'disk' THEN ($2 -> 'disk' ->> 'needed_bytes')::bigint END,
		NULL::interval
	FROM _poc.records($2 -> 'items') AS i(item text, ok boolean, finding text, remedy text)
	UNION ALL
	SELECT 'parent', true, format('the chain goes on with this %s backup', c.type), NULL, c.backup_id, NULL, c.size, NULL
	FROM _poc.records(($2 -> 'chain') - 0) AS c(backup_id text, type text, size bigint)
	UNION ALL
	SELECT t.item, CASE WHEN t.elapsed IS NOT NULL THEN true END,
		CASE WHEN t.elapsed IS NULL THEN 'no restore of this server is remembered by which to tell'
			ELSE format('to expect by %s of this server', t.source) END,
		NULL, NULL, NULL, NULL, t.elapsed
	FROM _poc.receipts_elapsed($1) AS r,
		LATERAL _poc.records($2 -> 'expected') AS e(restore_elapsed interval, recovery_elapsed interval, restores bigint),
		LATERAL (VALUES
			('copy', coalesce(e.restore_elapsed, r.restore_elapsed),
				CASE WHEN e.restore_elapsed IS NULL THEN format('%s receipts', r.drills) ELSE format('%s restores, drills and rescues', e.restores) END),
			('recovery', coalesce(e.recovery_elapsed, r.recovery_elapsed),
				CASE WHEN e.recovery_elapsed IS NULL THEN format('%s receipts', r.drills) ELSE format('%s restores, drills and rescues', e.restores) END)
		) AS t(item, elapsed, source)
	WHERE $2 ->> 'backup_id' IS NOT NULL
$$;

COMMENT ON FUNCTION _poc.explained(text, jsonb, text, text) IS
'Internal. A plan of the sidecar as rows; a target that is not written yet, with the remedy, takes the place of what is said of the WAL.';

CREATE FUNCTION _poc.explain_restore(barman_server text, body jsonb, target_xid xid8)
RETURNS TABLE (item text, ok boolean, finding text, remedy text, backup_id text, segments bigint, bytes bigint, elapsed interval)
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED COST 10000 ROWS 10
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	asked jsonb := body;
	plan jsonb;
	unwritten record;
	verdict boolean;
BEGIN
	IF NOT pg_is_in_recovery() THEN
		asked := asked || jsonb_build_object('written_lsn', pg_current_wal_insert_lsn());
	END IF;
	plan := _poc.ask('plan'::text, asked, ARRAY['servers'::text, barman_server, 'restores'::text, 'plan'::text]);

	-- poc_restore() refuses what this server, on the timeline that is followed, has not written yet
	SELECT u.message, u.detail, u.hint INTO unwritten
	FROM _poc.unwritten_target((plan ->> 'target_lsn')::pg_lsn, target_xid) AS u
	WHERE NOT pg_is_in_recovery() AND plan ->> 'system_identifier' = body ->> 'system_identifier'
		AND coalesce(plan ->> 'timeline', body ->> 'timeline') = body ->> 'timeline';

	verdict := unwritten.message IS NULL AND (plan ->> 'ok')::boolean;
	RETURN QUERY
		SELECT 'restore'::text, verdict,
			CASE WHEN verdict THEN 'nothing stands in the way'
				WHEN NOT verdict THEN 'it fails: see what is not ok'
				ELSE 'nothing known stands in the way, and something is not known in advance' END,
			NULL::text, plan ->> 'backup_id', NULL::bigint, NULL::bigint,
			(SELECT CASE WHEN count(x.elapsed) = 2 THEN sum(x.elapsed) END
			FROM _poc.explained(barman_server, plan, NULL::text, NULL::text) AS x)
		UNION ALL
		SELECT x.item, x.ok, x.finding, x.remedy, x.backup_id, x.segments, x.bytes, x.elapsed
		FROM _poc.explained(barman_server, plan, unwritten.message || coalesce(': ' || unwritten.detail, ''), unwritten.hint) AS x;
END
$$;

COMMENT ON FUNCTION _poc.explain_restore(text, jsonb, xid8) IS
'Internal. poc_explain_restore() of what _poc.restore_body() made.';

CREATE FUNCTION @extschema@.poc_explain_restore(backup_id text DEFAULT 'latest', server text DEFAULT NULL,
	target_name text DEFAULT NULL, target_time timestamptz DEFAULT NULL, target_lsn pg_lsn DEFAULT NULL,
	target_xid xid8 DEFAULT NULL, immediate boolean DEFAULT false, target_timeline integer DEFAULT NULL,
	exclusive boolean DEFAULT false)
RETURNS TABLE (item text, ok boolean, finding text, remedy text, backup_id text, segments bigint, bytes bigint, elapsed interval)
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 10000 ROWS 10
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT x.item, x.ok, x.finding, x.remedy, x.backup_id, x.segments, x.bytes, x.elapsed
	FROM _poc.explain_restore(_poc.server($2), _poc.restore_body($1, $3, $4, $5, $6, $7, $8, $9), $6) AS x
$$;

COMMENT ON FUNCTION @extschema@.poc_explain_restore(text, text, text, timestamptz, pg_lsn, xid8, boolean, integer, boolean) IS
'What poc_restore() with the same target would do, and what stands in its way; starts nothing. The first row, restore, tells whether it can succeed (null: something cannot be known in advance) and how long it takes. Then a row for each thing: backup, which is chosen and why, and parent for each that it is based on (bytes); chain; checksums; wal, the segments and bytes of WAL to replay (at most, if where the target lies is known only when WAL is read), and whether they are there: a gap, a target beyond the archive; catalogue, a segment that Barman lists and does not have; encryption; postgresql, whether the host has the version; segments and tablespaces that cannot be; instance, whether there is a place for one; disk, the bytes needed; copy and recovery, the time to expect by the restores, drills and rescues of this server that the sidecar remembers, or by the receipts here; null without any. ok is null where a thing is not known in advance: whether a name or a transaction is in WAL. A target in WAL that this server has not closed yet is good, as poc_restore() closes it. Errors: 22023 bad target, 42704 unknown server or backup. Example: SELECT * FROM poc_explain_restore(target_time => now() - interval ''10 min'')';

CREATE FUNCTION @extschema@.poc_forecast(server text DEFAULT NULL)
RETURNS TABLE (server text, areas text[], free bigint, size bigint, backup_bytes bigint, wal_bytes bigint,
	growth_per_day bigint, wal_per_day bigint, used_per_day bigint, full_at timestamptz, reason text,
	samples bigint, first_sample timestamptz, last_sample timestamptz)
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 10000 ROWS 2
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT s.name, f.areas, f.free_bytes, f.total_bytes, f.backup_bytes, f.wal_bytes,
		f.growth_bytes_per_day, f.wal_bytes_per_day, f.used_bytes_per_day, f.full_at,
		CASE WHEN f.samples IS NULL THEN 'there is no history yet: the sidecar has sampled nothing (--history-interval)' ELSE f.reason END,
		coalesce(f.samples, 0), f.first_sample, f.last_sample
	FROM _poc.server($1) AS s(name) LEFT JOIN LATERAL
		_poc.records(_poc.get_list('forecast'::text, ARRAY['servers'::text, s.name, 'forecast'::text])) AS f(areas text[],
			free_bytes bigint, total_bytes bigint, backup_bytes bigint, wal_bytes bigint,
			growth_bytes_per_day bigint, wal_bytes_per_day bigint, used_bytes_per_day bigint, full_at timestamptz, reason text,
			samples bigint, first_sample timestamptz, last_sample timestamptz) ON true
$$;

COMMENT ON FUNCTION @extschema@.poc_forecast(text) IS
'When the disks that hold the backups and the WAL of a server are full: a row for each disk, areas being what is on it (base, wals). free and size are bytes of the disk, backup_bytes and wal_bytes what the server has, when last sampled. growth_per_day is by how many bytes a day what the server has on this disk grows, wal_per_day the archive, used_per_day all that is on the disk, whoever writes it: by least squares through the samples that the sidecar keeps (from first_sample to last_sample, since the disk has its size). full_at follows from used_per_day; it is null, and reason says why, if there are fewer than three samples or less than an hour of them, or if the disk does not fill. Errors: 42704 unknown server. Example: SELECT areas, pg_size_pretty(free), full_at, reason FROM poc_forecast()';

CREATE FUNCTION @extschema@.poc_wal_by_database(segments integer DEFAULT 8, server text DEFAULT NULL)
RETURNS TABLE (database_oid oid, database text, records bigint, bytes bigint, image_bytes bigint, share double precision,
	first_wal text, last_wal text, unread bigint)
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 10000 ROWS 10
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT d.database_oid::oid,
		CASE WHEN d.database_oid IS NULL THEN '(no database)' WHEN d.database_oid = 0 THEN '(shared)'
			-- of another server's databases nothing is known here
			WHEN c.cluster = (SELECT own.system_identifier FROM pg_control_system() AS own) THEN
				(SELECT _poc.convertible(b.datname::text) FROM pg_database AS b WHERE b.oid = d.database_oid::oid) END,
		d.records, d.bytes, d.image_bytes, d.bytes::double precision / nullif((a.answer ->> 'bytes')::bigint, 0),
		a.answer ->> 'first_wal', a.answer ->> 'last_wal', (a.answer ->> 'unread')::bigint
	FROM _poc.server($2) AS s(name),
		LATERAL _poc.cluster_of(s.name) AS c(cluster),
		LATERAL _poc.get_object('sources'::text, ARRAY['servers'::text, s.name, 'wal-sources'::text, coalesce($1, 8)::text]) AS a(answer),
		LATERAL _poc.records(a.answer -> 'databases') AS d(database_oid bigint, records bigint, bytes bigint, image_bytes bigint)
	ORDER BY d.bytes DESC
$$;

COMMENT ON FUNCTION @extschema@.poc_wal_by_database(integer, text) IS
'Which database has written the WAL that was archived last, by the records of the newest segments (1 to 64) of the newest timeline, from first_wal to last_wal: records and bytes, of these the bytes of images of whole pages, and the share of all. A record counts for the database of the first file it is about; "(shared)" is what all databases share, "(no database)" are records about no file, such as commits and checkpoints. database is null of a database that is gone, or of another server. unread is the number of segments that could not be read to their ends (encrypted, damaged), whose rest is not counted. Errors: 22023 bad number of segments, 42704 unknown server. Example: SELECT database, pg_size_pretty(bytes), round(100 * share) AS percent FROM poc_wal_by_database()';
