-- ---------------------------------------------------------------------
-- 80_doctor.sql: examines this server, the sidecar, Barman and its backups (client/doctor.c).
--
-- One jsonb, the facts, holds what the sidecar said.  A function for each area
-- makes rows of it and of what this server knows of itself, and leaves out the
-- matters of which it lacks the facts.
--
-- Changes nothing.
--
-- May use: 10_schema, 20_client.
-- ---------------------------------------------------------------------

-- ---- the facts

CREATE FUNCTION _poc.token_file_mode() RETURNS integer
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'poc_token_file_mode';

COMMENT ON FUNCTION _poc.token_file_mode() IS
'The permission bits of the file that poc_barman.token_file names; null if there is none.';

CREATE FUNCTION _poc.doctor_ask(facts jsonb, fact text, path text[]) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	answer jsonb;
	state text;
	message text;
	detail text;
	hint text;
BEGIN
	IF facts ? 'silent' THEN
		RETURN facts;
	END IF;
	answer := CASE fact
		WHEN 'health' THEN _poc.get_health()
		WHEN 'diagnose' THEN _poc.get_object(fact, path)
		WHEN 'drill' THEN _poc.get_object(fact, path)
		ELSE _poc.get_list(fact, path)
	END;
	RETURN facts || jsonb_build_object(fact, answer);
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
		detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	facts := facts || jsonb_build_object(fact || '_error', jsonb_build_object(
		'sqlstate', state, 'message', message, 'detail', detail, 'hint', hint));
	-- who did not answer this will not answer the rest, and each wait is a long one
	IF fact = 'health' OR state IN ('08001', '08006') THEN
		facts := facts || '{"silent": true}';
	END IF;
	RETURN facts;
END
$$;

COMMENT ON FUNCTION _poc.doctor_ask(jsonb, text, text[]) IS
'The facts and one more, asked of the sidecar at /v1/path...; if it cannot be had, the error as "..._error" instead.';

CREATE FUNCTION _poc.doctor_facts(server text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED COST 100000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	facts jsonb := jsonb_build_object('token_file_mode', _poc.token_file_mode());
	timeout text := current_setting('poc_barman.timeout');
	name text := coalesce(server, nullif(current_setting('poc_barman.server'), ''));
	began timestamptz;
	latency interval;
BEGIN
	-- the sidecar itself does not wait for Barman
	PERFORM set_config('poc_barman.timeout', date_part('epoch', least(timeout::interval, '5 s')) * 1000 || 'ms', true);

	-- the first request may have to connect, the second tells the time
	facts := _poc.doctor_ask(facts, 'health'::text, ARRAY['healthz'::text]);
	began := clock_timestamp();
	facts := _poc.doctor_ask(facts, 'health'::text, ARRAY['healthz'::text]);
	latency := clock_timestamp() - began;
	facts := facts || jsonb_build_object(
		'latency', date_part('epoch', latency),
		'skew', date_part('epoch', (facts -> 'health' ->> 'time')::timestamptz - (began + latency / 2)));

	-- Barman's checks take a second; a Barman that takes so long hangs
	PERFORM set_config('poc_barman.timeout', date_part('epoch', least(timeout::interval, '20 s')) * 1000 || 'ms', true);
	facts := _poc.doctor_ask(facts, 'servers'::text, ARRAY['servers'::text]);
	IF name IS NULL AND jsonb_array_length(facts -> 'servers') = 1 THEN
		name := facts -> 'servers' -> 0 ->> 'server';
	END IF;
	facts := facts || jsonb_build_object('server', name);

	IF EXISTS (SELECT FROM jsonb_array_elements(facts -> 'servers') AS s WHERE s ->> 'server' = name) THEN
		-- Barman is asked all of it at once where each of these can connect for replication, as receive-wal may too
		IF current_setting('max_wal_senders')::integer - (SELECT count(*) FROM pg_stat_replication) >= 4 THEN
			PERFORM _poc.doctor_ask(facts, 'ahead'::text, ARRAY['servers'::text, name, 'ahead'::text]);
		END IF;
		facts := _poc.doctor_ask(facts, 'checks'::text, ARRAY['servers'::text, name, 'check'::text]);
		facts := _poc.doctor_ask(facts, 'diagnose'::text, ARRAY['diagnose'::text]);
		facts := _poc.doctor_ask(facts, 'disks'::text, ARRAY['servers'::text, name, 'disks'::text]);
		facts := _poc.doctor_ask(facts, 'drill'::text, ARRAY['servers'::text, name, 'drills'::text, 'last'::text]);
		facts := facts - 'diagnose' || jsonb_build_object('barman', facts -> 'diagnose' -> 'servers' -> name);
	END IF;

	PERFORM set_config('poc_barman.timeout', timeout, true);
	RETURN facts;
END
$$;

COMMENT ON FUNCTION _poc.doctor_facts(text) IS
'All that the sidecar can tell about a server, asked once: health, servers, checks, barman (its part of diagnose: config, status, backups, wals), disks, skew and latency in seconds; and server, the name that is meant.';

CREATE FUNCTION _poc.doctor_check(facts jsonb, check_name text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT bool_and((c ->> 'ok')::boolean)
	FROM jsonb_array_elements(facts -> 'checks') AS c
	WHERE c ->> 'check_name' = $2
$$;

COMMENT ON FUNCTION _poc.doctor_check(jsonb, text) IS
'Whether this check of Barman''s passed; null if it was not made.';

CREATE FUNCTION _poc.doctor_cluster(facts jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	-- while PostgreSQL cannot be reached, that of its latest backup
	SELECT substring(coalesce(facts -> 'barman' -> 'status' ->> 'postgres_systemid',
		facts -> 'barman' -> 'status' ->> 'streaming_systemid',
		(SELECT b.value ->> 'systemid' FROM jsonb_each(facts -> 'barman' -> 'backups') AS b
			WHERE b.value ->> 'systemid' IS NOT NULL ORDER BY b.key COLLATE "C" DESC LIMIT 1)) FROM E'^\\d+$')
$$;

COMMENT ON FUNCTION _poc.doctor_cluster(jsonb) IS
'The system identifier of the server that Barman means; null if it does not tell.';

CREATE FUNCTION _poc.doctor_is_here(facts jsonb) RETURNS boolean
LANGUAGE sql VOLATILE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT _poc.doctor_cluster(facts) = (SELECT c.system_identifier::text FROM pg_control_system() AS c)
		AND (facts -> 'barman' -> 'status' ->> 'is_in_recovery' IS DISTINCT FROM 'true' OR pg_is_in_recovery())
$$;

COMMENT ON FUNCTION _poc.doctor_is_here(jsonb) IS
'Is the server that Barman means this one?  False of another, or of a standby of this one; null if Barman does not tell.';

CREATE FUNCTION _poc.doctor_conninfo(conninfo text, key text) RETURNS text
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT coalesce(
		(regexp_match(conninfo, E'(?:^|\\s)' || key || E'\\s*=\\s*''?([^\\s'']+)'))[1],
		CASE WHEN key = 'user' THEN (regexp_match(conninfo, '^postgres(?:ql)?://([^:@/]+)(?::[^@]*)?@'))[1] END)
$$;

COMMENT ON FUNCTION _poc.doctor_conninfo(text, text) IS
'A value of one of Barman''s connection strings.';

-- ---- the way to Barman

CREATE FUNCTION _poc.doctor_extension(facts jsonb)
RETURNS TABLE (area text, ok boolean, finding text, remedy text)
LANGUAGE sql VOLATILE PARALLEL RESTRICTED ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT 'extension', e.extversion = a.default_version,
		CASE WHEN e.extversion = a.default_version THEN format('poc_barman is version %s, as installed', e.extversion)
			ELSE format('poc_barman is version %s in this database, but version %s is installed', e.extversion, a.default_version) END,
		'ALTER EXTENSION poc_barman UPDATE;'
	FROM pg_extension AS e JOIN pg_available_extensions AS a ON a.name = e.extname
	WHERE e.extname = 'poc_barman'
$$;

COMMENT ON FUNCTION _poc.doctor_extension(jsonb) IS
'Area "extension": the version in this database, and the one that is installed.';

CREATE FUNCTION _poc.doctor_sidecar(facts jsonb)
RETURNS TABLE (area text, ok boolean, finding text, remedy text)
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED ROWS 2
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	url text := coalesce(_poc.url(), '(poc_barman.url, which you may not see)');
	address text := regexp_replace(url, '^https?://|/+$', '', 'g');
	health jsonb := facts -> 'health';
	error jsonb := facts -> 'health_error';
	state text := error ->> 'sqlstate';
	created text := (SELECT e.extversion FROM pg_extension AS e WHERE e.extname = 'poc_barman');
BEGIN
	IF state IS NULL OR state = '42501' THEN
		RETURN QUERY SELECT 'sidecar', true,
			format('the sidecar answers at %s within %s ms', url, ceil((facts ->> 'latency')::numeric * 1000)), NULL;
	ELSIF state <> '55000' THEN
		RETURN QUERY SELECT 'sidecar', false,
			CASE WHEN state IN ('08001', '08006')
				THEN format('no answer from the sidecar at %s: %s', url, regexp_replace(error ->> 'detail', E' \\(libcurl.*|\\.$', ''))
				ELSE format('the sidecar at %s: %s (%s)', url, error ->> 'message', rtrim(error ->> 'detail', '.')) END,
			CASE
				WHEN state = '08006' THEN
					'pkill -x barman-sidecar   # on the Barman host; then start it again: its log may tell why it hangs'
				-- what the host or the path is called tells nothing
				WHEN state = '08001' AND (address LIKE 'unix:%' OR replace(error ->> 'detail', regexp_replace(address, ':[0-9]+$', ''), '') !~* 'resolve|certificate|SSL|TLS') THEN
					format('pgrep -a barman-sidecar || barman-sidecar --listen %s --token-file %s --state-dir ~/sidecar   # on the Barman host, as Barman''s user', address,
						-- on one host, both can read the same file
						coalesce(CASE WHEN address ~ E'^(unix:|127\\.|localhost|\\[::1\\])' THEN quote_literal(nullif(current_setting('poc_barman.token_file'), '')) END, '~/sidecar.token'))
				ELSE 'SHOW poc_barman.url;   -- no barman-sidecar is there: ALTER SYSTEM SET it to where one listens, then SELECT pg_reload_conf();'
			END;
	END IF;

	IF health ->> 'version' IS NOT NULL THEN
		RETURN QUERY SELECT 'sidecar', health ->> 'version' = created,
			CASE WHEN health ->> 'version' = created THEN format('the sidecar is version %s, as the extension', created)
				ELSE format('the sidecar is version %s, the extension %s', health ->> 'version', created) END,
			format('make -C docker/sidecar install   # on the Barman host, from the sources of poc_barman %s; then start it again', created);
	END IF;
END
$$;

COMMENT ON FUNCTION _poc.doctor_sidecar(jsonb) IS
'Area "sidecar": whether it answers, and its version.';

CREATE FUNCTION _poc.doctor_token(facts jsonb)
RETURNS TABLE (area text, ok boolean, finding text, remedy text)
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED ROWS 2
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	error jsonb := facts -> 'health_error';
	state text := error ->> 'sqlstate';
	mode integer := (facts ->> 'token_file_mode')::integer;
BEGIN
	IF state = '42501' THEN
		RETURN QUERY SELECT 'token', false, 'the sidecar refuses the token of this server',
			CASE WHEN current_setting('poc_barman.token_file') = ''
				THEN 'SHOW poc_barman.token_file;   -- is empty: ALTER SYSTEM SET it to a file that holds the sidecar''s token, then SELECT pg_reload_conf();'
				ELSE 'sha256sum "$(psql -AtXc ''SHOW poc_barman.token_file'')"   # on this host; the file that barman-sidecar --token-file names must have the same' END;
	ELSIF state = '55000' THEN
		RETURN QUERY SELECT 'token', false,
			format('no request can be sent: %s', rtrim(error ->> 'detail', '.')),
			'ls -l "$(psql -AtXc ''SHOW poc_barman.token_file'')"   # on this host: must exist, and be readable by PostgreSQL''s user';
	ELSIF state IS NULL THEN
		RETURN QUERY SELECT 'token', true, CASE WHEN current_setting('poc_barman.token_file') = ''
			THEN 'no token is used' ELSE 'the sidecar takes the token' END, NULL;
	END IF;
	IF mode IS NOT NULL THEN
		RETURN QUERY SELECT 'token', mode & 4 = 0,
			CASE WHEN mode & 4 = 0 THEN 'the token file is not open to everybody'
				ELSE format('every user of this host can read the token file (mode %s)', lpad(to_oct, 4, '0')) END,
			'chmod o-rwx "$(psql -AtXc ''SHOW poc_barman.token_file'')"   # on this host'
		FROM concat(mode >> 6 & 7, mode >> 3 & 7, mode & 7) AS to_oct;
	END IF;
END
$$;

COMMENT ON FUNCTION _poc.doctor_token(jsonb) IS
'Area "token": whether the sidecar takes it, and who can read its file.';

CREATE FUNCTION _poc.doctor_clock(facts jsonb)
RETURNS TABLE (area text, ok boolean, finding text, remedy text)
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	skew double precision := (facts ->> 'skew')::double precision;
	-- an answer that took long tells the time less exactly
	allowed_skew constant double precision := 2 + (facts ->> 'latency')::double precision / 2;
BEGIN
	IF skew IS NOT NULL THEN
		RETURN QUERY SELECT 'clock', abs(skew) <= allowed_skew,
			CASE WHEN abs(skew) <= allowed_skew THEN 'the clocks of this host and the Barman host agree'
				ELSE format('the Barman host''s clock is %s s %s this host''s', round(abs(skew)::numeric, 1),
					CASE WHEN skew > 0 THEN 'ahead of' ELSE 'behind' END) END,
			'timedatectl set-ntp true   # on both hosts';
	END IF;
END
$$;

COMMENT ON FUNCTION _poc.doctor_clock(jsonb) IS
'Area "clock": whether this host and the Barman host agree on the time.';

CREATE FUNCTION _poc.doctor_cron(facts jsonb)
RETURNS TABLE (area text, ok boolean, finding text, remedy text)
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	health jsonb := facts -> 'health';
	cron jsonb := health -> 'cron';
	cron_interval interval := make_interval(secs => (cron ->> 'interval_seconds')::double precision);
	cron_age interval := (health ->> 'time')::timestamptz - (cron ->> 'last_run')::timestamptz;
BEGIN
	IF cron ->> 'error' IS NOT NULL THEN
		RETURN QUERY SELECT 'cron', false, format('barman cron fails: %s', cron ->> 'error'),
			'SELECT * FROM poc_cron();   -- runs it and shows Barman''s words';
	ELSIF cron_interval > '0' THEN
		-- a run takes a second, and two may be missed before it matters
		RETURN QUERY SELECT 'cron',
			coalesce(cron_age, make_interval(secs => (health ->> 'uptime_seconds')::double precision)) < 3 * cron_interval + '10 s',
			CASE WHEN cron_age IS NULL THEN 'barman cron has not come to an end yet'
				ELSE format('barman cron ran %s ago', date_trunc('second', cron_age)) END
				|| format(', to run every %s', cron_interval),
			'SELECT * FROM poc_cron();   -- and see the sidecar''s log for why it does not run by itself';
	ELSIF cron_interval = '0' THEN
		-- someone else's cron may run it: judged by what it must keep running
		RETURN QUERY SELECT 'cron', _poc.doctor_check(facts, 'receive_wal_running'::text) IS NOT FALSE,
			'the sidecar does not run barman cron (--cron-interval 0)'
				|| CASE WHEN _poc.doctor_check(facts, 'receive_wal_running'::text) IS NOT FALSE THEN ', but receive-wal runs'
					ELSE ', and nobody else seems to' END,
			'SELECT * FROM poc_cron();   -- now; for good, start the sidecar with --cron-interval 60';
	END IF;
END
$$;

COMMENT ON FUNCTION _poc.doctor_cron(jsonb) IS
'Area "cron": whether barman cron runs, as often as it is to.';

-- ---- this server

CREATE FUNCTION _poc.doctor_server(facts jsonb)
RETURNS TABLE (area text, ok boolean, finding text, remedy text)
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED ROWS 2
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	own_id text := (SELECT c.system_identifier::text FROM pg_control_system() AS c);
	barman_id text := _poc.doctor_cluster(facts);
BEGIN
	IF barman_id IS NOT NULL THEN
		RETURN QUERY SELECT 'server', barman_id = own_id,
			CASE WHEN barman_id = own_id THEN format('Barman''s server "%s" is this server', facts ->> 'server')
				ELSE format('Barman''s server "%s" is another PostgreSQL, whose settings, slot, roles and WAL are not examined here: its system identifier is %s, this one''s %s',
					facts ->> 'server', barman_id, own_id) END,
			'SELECT * FROM poc_servers();   -- then SET poc_barman.server to the one that is this server, or call poc_doctor() there';
		IF barman_id <> own_id THEN
			RETURN;
		END IF;
	END IF;
	IF NOT _poc.doctor_is_here(facts) THEN
		RETURN QUERY SELECT 'server', true,
			format('Barman''s server "%s" is a standby of this server: its settings, slot, roles and receiver are not examined here', facts ->> 'server'),
			NULL::text;
		RETURN;
	END IF;
	RETURN QUERY SELECT 'server', NOT pg_is_in_recovery(),
		CASE WHEN pg_is_in_recovery() THEN 'this server is a standby: it cannot write the WAL that Barman waits for'
			ELSE 'this server is a primary' END,
		'SELECT sender_host, sender_port FROM pg_stat_wal_receiver;   -- connect there, and call poc_doctor()';
END
$$;

COMMENT ON FUNCTION _poc.doctor_server(jsonb) IS
'Area "server": whether Barman means this server, and whether it is a primary.';

CREATE FUNCTION _poc.doctor_settings(facts jsonb)
RETURNS TABLE (area text, ok boolean, finding text, remedy text)
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED ROWS 5
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	config jsonb := facts -> 'barman' -> 'config';
	slot text := config ->> 'slot_name';
	receiver text := coalesce(config ->> 'streaming_archiver_name', 'barman_receive_wal');
	level text := current_setting('wal_level');
	senders integer := current_setting('max_wal_senders')::integer;
	senders_used integer := (SELECT count(*)::integer FROM pg_stat_replication);
	senders_needed integer;
	slots integer := current_setting('max_replication_slots')::integer;
	slots_used integer := (SELECT count(*)::integer FROM pg_replication_slots);
	slots_needed integer;
	synchronous text[];
	others bigint;
	incrementals bigint;
BEGIN
	RETURN QUERY SELECT 'settings', level IN ('replica', 'logical'),
		format('wal_level is %s', level)
			|| CASE WHEN level = 'minimal' THEN ': too little to receive WAL or to restore from it' ELSE '' END,
		'ALTER SYSTEM SET wal_level = ''replica'';   -- then restart PostgreSQL';

	-- pg_basebackup takes one, and receive-wal one if it has none yet
	senders_needed := CASE WHEN config ->> 'backup_method' IN ('rsync', 'snapshot', 'local-to-cloud') THEN 0 ELSE 1 END
		+ CASE WHEN config ->> 'streaming_archiver' = 'false' OR EXISTS (SELECT FROM pg_stat_replication AS r WHERE r.application_name = receiver) THEN 0 ELSE 1 END;
	RETURN QUERY SELECT 'settings', senders - senders_used >= senders_needed,
		format('max_wal_senders is %s, %s in use', senders, senders_used)
			|| CASE WHEN senders - senders_used >= senders_needed THEN ''
				ELSE format(': Barman needs %s more', senders_needed) END,
		format('ALTER SYSTEM SET max_wal_senders = %s;   -- then restart PostgreSQL', greatest(10, 2 * (senders_used + senders_needed)));

	slots_needed := CASE WHEN slot IS NULL OR EXISTS (SELECT FROM pg_replication_slots AS s WHERE s.slot_name = slot) THEN 0 ELSE 1 END;
	RETURN QUERY SELECT 'settings', slots - slots_used >= slots_needed,
		format('max_replication_slots is %s, %s in use', slots, slots_used)
			|| CASE WHEN slots - slots_used >= slots_needed THEN ''
				ELSE format(': none is left for Barman''s slot "%s"', slot) END,
		format('ALTER SYSTEM SET max_replication_slots = %s;   -- then restart PostgreSQL', greatest(10, 2 * (slots_used + slots_needed)));

	-- as 'a', 'FIRST 1 (a, b)' or 'ANY 1 (a, b)'
	synchronous := ARRAY(
		SELECT lower(btrim(n, ' "'))
		FROM unnest(string_to_array(regexp_replace(current_setting('synchronous_standby_names'),
			E'^\\s*(first\\s|any\\s)?\\s*\\d+\\s*\\((.*)\\)\\s*$', E'\\2', 'i'), ',')) AS n
		WHERE btrim(n) <> '');
	others := (SELECT count(*) FROM pg_stat_replication AS r
		WHERE r.application_name <> receiver AND r.sync_state IN ('sync', 'potential', 'quorum'));
	RETURN QUERY SELECT 'settings', NOT (lower(receiver) = ANY (synchronous) OR '*' = ANY (synchronous)) OR others > 0,
		CASE
			WHEN NOT (lower(receiver) = ANY (synchronous) OR '*' = ANY (synchronous))
				THEN 'synchronous_standby_names does not name Barman''s receiver'
			WHEN others > 0
				THEN format('synchronous_standby_names names Barman''s receiver, and %s other standbys are there', others)
			ELSE format('synchronous_standby_names (%s) names Barman''s receiver alone: while it is away, every commit hangs',
				current_setting('synchronous_standby_names'))
		END,
		'ALTER SYSTEM SET synchronous_standby_names = ''''; SELECT pg_reload_conf();';

	-- known since PostgreSQL 17
	IF current_setting('summarize_wal', true) IS NOT NULL THEN
		incrementals := (SELECT count(*) FROM jsonb_each(facts -> 'barman' -> 'backups') AS b
			WHERE b.value ->> 'parent_backup_id' IS NOT NULL);
		RETURN QUERY SELECT 'settings', current_setting('summarize_wal')::boolean OR incrementals = 0,
			format('summarize_wal is %s', current_setting('summarize_wal'))
				|| CASE WHEN current_setting('summarize_wal')::boolean THEN ''
					WHEN incrementals = 0 THEN ', and no incremental backup asks for it'
					ELSE format(', but %s of Barman''s backups are incremental: the next cannot be', incrementals) END,
			'ALTER SYSTEM SET summarize_wal = on; SELECT pg_reload_conf();   -- then take a full backup to start from';
	END IF;
END
$$;

COMMENT ON FUNCTION _poc.doctor_settings(jsonb) IS
'Area "settings": whether this server is set up for Barman.';

CREATE FUNCTION _poc.doctor_retention(facts jsonb)
RETURNS TABLE (area text, ok boolean, finding text, remedy text)
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	config jsonb := facts -> 'barman' -> 'config';
	slot text := config ->> 'slot_name';
BEGIN
	-- a slot without a limit endangers this server, no slot endangers the archive
	IF config ->> 'streaming_archiver' = 'false' THEN
		RETURN QUERY SELECT 'retention', true,
			'Barman receives no WAL by streaming: PostgreSQL keeps each segment until archive_command has taken it', NULL::text;
	ELSIF config IS NOT NULL AND slot IS NULL THEN
		RETURN QUERY SELECT 'retention', current_setting('wal_keep_size') <> '0',
			format('Barman uses no slot, and wal_keep_size is %s', current_setting('wal_keep_size'))
				|| CASE WHEN current_setting('wal_keep_size') = '0' THEN ': WAL it has not received yet may be removed' ELSE '' END,
			'ALTER SYSTEM SET wal_keep_size = ''1GB''; SELECT pg_reload_conf();   -- or set slot_name in Barman''s configuration';
	ELSE
		RETURN QUERY SELECT 'retention', current_setting('max_slot_wal_keep_size') <> '-1',
			CASE WHEN current_setting('max_slot_wal_keep_size') = '-1'
				THEN 'max_slot_wal_keep_size is unlimited: a slot that nobody reads fills this server''s disk'
				ELSE format('max_slot_wal_keep_size is %s', current_setting('max_slot_wal_keep_size')) END,
			'ALTER SYSTEM SET max_slot_wal_keep_size = ''10GB''; SELECT pg_reload_conf();   -- less than its disk has free';
	END IF;
END
$$;

COMMENT ON FUNCTION _poc.doctor_retention(jsonb) IS
'Area "retention": the WAL that this server keeps for Barman.';

CREATE FUNCTION _poc.doctor_slot_name(facts jsonb) RETURNS text
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT CASE WHEN facts -> 'barman' -> 'config' IS NOT NULL THEN facts -> 'barman' -> 'config' ->> 'slot_name'
		-- Barman does not say which slot is its own: perhaps it goes by its name
		ELSE (SELECT s.slot_name FROM pg_replication_slots AS s
			WHERE s.slot_type = 'physical' AND s.slot_name LIKE '%barman%'
			ORDER BY s.slot_name LIMIT 1) END
$$;

COMMENT ON FUNCTION _poc.doctor_slot_name(jsonb) IS
'The replication slot of Barman on this server; null if it uses none.';

CREATE FUNCTION _poc.doctor_slot(facts jsonb)
RETURNS TABLE (area text, ok boolean, finding text, remedy text)
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED ROWS 2
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	server text := facts ->> 'server';
	config jsonb := facts -> 'barman' -> 'config';
	slot text := _poc.doctor_slot_name(facts);
	slot_exists boolean := false;
	slot_active boolean := false;
	slot_pid integer;
	slot_start pg_lsn;
	slot_wal text := '';
	here pg_lsn := CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END;
	retained numeric;
	-- what pg_wal is meant to hold; or before the slot is lost
	allowed bigint := least(pg_size_bytes(current_setting('max_wal_size')),
		nullif(pg_size_bytes(current_setting('max_slot_wal_keep_size')), -1) / 2);
BEGIN
	IF config IS NOT NULL AND NOT (config ->> 'streaming_archiver')::boolean THEN
		RETURN;
	END IF;

	IF slot IS NOT NULL THEN
		SELECT true, s.active, s.active_pid, s.restart_lsn, coalesce(s.wal_status, '')
		INTO slot_exists, slot_active, slot_pid, slot_start, slot_wal
		FROM pg_replication_slots AS s WHERE s.slot_name = slot;
		RETURN QUERY SELECT 'slot', coalesce(slot_active AND slot_wal NOT IN ('lost', 'unreserved'), false),
			format('slot "%s" ', slot) || CASE
				WHEN slot_exists IS NULL THEN 'does not exist: WAL that Barman has not received may be removed'
				WHEN slot_wal = 'lost' THEN 'is lost: WAL that Barman had not received is removed, and its archive has a gap'
				WHEN slot_wal = 'unreserved' THEN 'is about to be lost: the next checkpoint removes WAL that Barman needs'
				WHEN NOT slot_active THEN 'is inactive: nobody receives its WAL, and all of it is kept'
				ELSE format('is in use by process %s', slot_pid) END,
			CASE
				WHEN slot_exists IS NULL THEN
					format('SELECT * FROM pg_create_physical_replication_slot(%1$L, true);   -- then SELECT * FROM poc_wait_ready(); if WAL is missing by now, first "barman receive-wal --reset %2$s" on the Barman host', slot, server)
				WHEN slot_wal = 'lost' THEN
					format('SELECT pg_drop_replication_slot(%1$L); SELECT pg_create_physical_replication_slot(%1$L, true);   -- then "barman receive-wal --reset %2$s" on the Barman host and SELECT * FROM poc_backup();', slot, server)
				ELSE 'SELECT * FROM poc_cron();   -- starts receive-wal, which fetches it' END;

		retained := here - slot_start;
		IF retained IS NOT NULL AND slot_wal <> 'lost' THEN
			RETURN QUERY SELECT 'slot', retained <= allowed,
				format('slot "%s" retains %s of WAL', slot, pg_size_pretty(retained))
					|| CASE WHEN retained <= allowed THEN ''
						ELSE format(', more than %s: until Barman receives it, it grows', pg_size_pretty(allowed)) END,
				CASE WHEN slot_active
					THEN 'SELECT name, state, sent_lag, write_lag, flush_lag FROM poc_replication_status();   -- the receiver is too slow, or stuck'
					ELSE 'SELECT * FROM poc_cron();   -- starts receive-wal, which fetches it' END;
		END IF;
	END IF;
END
$$;

COMMENT ON FUNCTION _poc.doctor_slot(jsonb) IS
'Area "slot": whether Barman''s slot is in use, and how much WAL it retains.';

CREATE FUNCTION _poc.doctor_receiver(facts jsonb)
RETURNS TABLE (area text, ok boolean, finding text, remedy text)
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED ROWS 2
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	server text := facts ->> 'server';
	config jsonb := facts -> 'barman' -> 'config';
	receiver_name text := coalesce(config ->> 'streaming_archiver_name', 'barman_receive_wal');
	slot_pid integer := (SELECT s.active_pid FROM pg_replication_slots AS s WHERE s.slot_name = _poc.doctor_slot_name(facts));
	receiver record;
	here pg_lsn := CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END;
	segment bigint := pg_size_bytes(current_setting('wal_segment_size'));
	lag numeric;
BEGIN
	IF config IS NOT NULL AND NOT (config ->> 'streaming_archiver')::boolean THEN
		RETURN;
	END IF;

	SELECT r.pid, r.state, r.client_addr, r.sent_lsn INTO receiver
	FROM pg_stat_replication AS r
	WHERE r.pid = slot_pid OR (slot_pid IS NULL AND r.application_name = receiver_name)
	ORDER BY r.pid LIMIT 1;
	RETURN QUERY SELECT 'receiver',
		receiver.pid IS NOT NULL AND _poc.doctor_check(facts, 'receive_wal_running'::text) IS NOT FALSE,
		CASE
			WHEN receiver.pid IS NULL AND _poc.doctor_check(facts, 'receive_wal_running'::text)
				THEN 'Barman believes that receive-wal runs, but nobody receives WAL from this server'
			WHEN receiver.pid IS NULL THEN 'receive-wal is stopped: no WAL reaches Barman'
			WHEN _poc.doctor_check(facts, 'receive_wal_running'::text) IS FALSE
				THEN format('receive-wal is stopped, and somebody else (%s) has taken its place', coalesce(host(receiver.client_addr), 'local'))
			ELSE format('receive-wal receives WAL (state %s)', receiver.state)
		END,
		CASE WHEN receiver.pid IS NULL AND _poc.doctor_check(facts, 'receive_wal_running'::text)
			THEN format('barman receive-wal --stop %s; barman cron   # on the Barman host, as Barman''s user', server)
			WHEN receiver.pid IS NOT NULL
			THEN format('SELECT * FROM pg_stat_replication WHERE pid = %s;   -- end it with pg_terminate_backend(), then SELECT * FROM poc_cron();', receiver.pid)
			ELSE 'SELECT * FROM poc_cron();   -- starts it; if it stops again, Barman''s log tells why' END;

	-- what was sent, as pg_receivewal tells what it wrote every ten seconds only
	lag := greatest(here - receiver.sent_lsn, 0);
	IF lag IS NOT NULL THEN
		-- eight segments that could not even be sent are more than a burst
		RETURN QUERY SELECT 'receiver', lag <= 8 * segment,
			format('receive-wal is %s behind', pg_size_pretty(lag)),
			'SELECT pid, state, sent_lsn, write_lsn, reply_time FROM pg_stat_replication;   -- a slow network, a full disk, or a stopped pg_receivewal';
	END IF;
END
$$;

COMMENT ON FUNCTION _poc.doctor_receiver(jsonb) IS
'Area "receiver": whether Barman receives WAL from this server, and how far it is behind.';

CREATE FUNCTION _poc.doctor_access(facts jsonb)
RETURNS TABLE (area text, ok boolean, finding text, remedy text)
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED ROWS 5
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	config jsonb := facts -> 'barman' -> 'config';
	version integer[] := string_to_array(substring(facts -> 'health' ->> 'barman_version' FROM E'^\\d+\\.\\d+'), '.')::integer[];
	broken record;
	wanted record;
	found record;
	missing text[];
	verdict text;
BEGIN
	SELECT h.line_number, h.error, count(*) OVER () AS lines INTO broken
	FROM pg_hba_file_rules AS h WHERE h.error IS NOT NULL ORDER BY h.line_number LIMIT 1;
	IF broken.error IS NOT NULL THEN
		RETURN QUERY SELECT 'access', false,
			format('pg_hba.conf, line %s: %s; a reload is refused until it is mended', broken.line_number, broken.error),
			'SELECT line_number, error FROM pg_hba_file_rules WHERE error IS NOT NULL;   -- mend these, then SELECT pg_reload_conf();';
	END IF;

	FOR wanted IN
		SELECT w.*, r.oid, r.rolsuper, r.rolcanlogin, r.rolreplication, r.rolvaliduntil
		FROM (VALUES
			(coalesce(_poc.doctor_conninfo(config ->> 'conninfo', 'user'::text), 'barman'),
				coalesce(_poc.doctor_conninfo(config ->> 'conninfo', 'dbname'::text), 'postgres'),
				_poc.doctor_conninfo(config ->> 'conninfo', 'host'::text), false),
			(coalesce(_poc.doctor_conninfo(config ->> 'streaming_conninfo', 'user'::text), 'streaming_barman'),
				'replication',
				_poc.doctor_conninfo(config ->> 'streaming_conninfo', 'host'::text), true))
			AS w(name, database, host, streams)
		LEFT JOIN pg_roles AS r ON r.rolname = w.name
		-- without Barman's configuration, these names are but a guess
		WHERE (config IS NOT NULL OR r.oid IS NOT NULL)
			-- what is in a service file, only Barman's host knows
			AND coalesce(config ->> CASE WHEN w.streams THEN 'streaming_conninfo' ELSE 'conninfo' END, '') !~ E'(^|\\s)service\\s*='
			-- who neither streams WAL nor backups needs no replication
			AND NOT (w.streams AND config ->> 'streaming_archiver' = 'false' AND config ->> 'backup_method' IS DISTINCT FROM 'postgres')
	LOOP
		missing := '{}';
		IF wanted.oid IS NULL THEN
			missing := ARRAY[format(E'CREATE ROLE %I LOGIN%s; \\password %1$I', wanted.name,
				CASE WHEN wanted.streams THEN ' REPLICATION' ELSE '' END)];
		ELSE
			missing := missing || ARRAY(
				SELECT m.statement
				FROM (VALUES
					(NOT wanted.rolcanlogin, format('ALTER ROLE %I LOGIN', wanted.name)),
					(wanted.rolvaliduntil < now(), format('ALTER ROLE %I VALID UNTIL ''infinity''', wanted.name)),
					(wanted.streams AND NOT wanted.rolreplication AND NOT wanted.rolsuper,
						format('ALTER ROLE %I REPLICATION', wanted.name)))
					AS m(lacks, statement)
				WHERE m.lacks);
		END IF;
		IF wanted.oid IS NOT NULL AND NOT wanted.streams THEN
			missing := missing || ARRAY(
				SELECT format('GRANT EXECUTE ON FUNCTION %s TO %I', f::regprocedure, wanted.name)
				FROM unnest(ARRAY['pg_backup_start(text, boolean)', 'pg_backup_stop(boolean)',
					'pg_switch_wal()', 'pg_create_restore_point(text)']) AS f
				-- each database has its own; those that matter are in Barman's
				WHERE current_database() = wanted.database
					AND NOT has_function_privilege(wanted.oid, f::regprocedure, 'EXECUTE')
				UNION ALL
				SELECT format('GRANT %s TO %I', p, wanted.name)
				FROM unnest(ARRAY['pg_read_all_settings', 'pg_read_all_stats']
					-- barman switch-wal --force, since 3.9
					|| CASE WHEN version >= '{3,9}' THEN ARRAY['pg_checkpoint'] ELSE '{}' END) AS p
				WHERE NOT pg_has_role(wanted.oid, p, 'USAGE'));
		END IF;
		RETURN QUERY SELECT 'access', missing = '{}',
			CASE WHEN wanted.oid IS NULL THEN format('role %I does not exist', wanted.name)
				WHEN missing = '{}' THEN format('role %I may do what Barman does with it', wanted.name)
				ELSE format('role %I lacks %s of the rights that Barman needs', wanted.name, cardinality(missing)) END,
			array_to_string(missing, '; ') || ';';

		-- the first line that speaks of this role and database for wherever Barman is
		SELECT h.auth_method, h.line_number INTO found
		FROM pg_hba_file_rules() WITH ORDINALITY AS h
		WHERE h.error IS NULL
			AND (h.type = 'local') = (coalesce(wanted.host, '/') LIKE '/%')
			AND (wanted.database = ANY (h.database) OR (NOT wanted.streams AND 'all' = ANY (h.database)))
			AND EXISTS (SELECT FROM unnest(h.user_name) AS u
				WHERE u IN ('all', wanted.name) OR (u LIKE '/%' AND wanted.name ~ substr(u, 2)) OR (u LIKE '+%' AND wanted.oid IS NOT NULL AND EXISTS (
					SELECT FROM pg_roles AS g WHERE g.rolname = substr(u, 2) AND pg_has_role(wanted.oid, g.oid, 'MEMBER'))))
			AND (h.auth_method <> 'reject' OR h.type = 'local' OR h.address = 'all')
		ORDER BY h.ordinality LIMIT 1;
		verdict := CASE WHEN found.auth_method IS NULL THEN 'has no line for it'
			WHEN found.auth_method = 'reject' THEN format('rejects it in line %s', found.line_number) END;
		RETURN QUERY SELECT 'access', verdict IS NULL,
			format('pg_hba.conf %s (role %I, database %s)', coalesce(verdict, format('lets it in by line %s', found.line_number)),
				wanted.name, wanted.database),
			format('sed -i ''1i %s %s %s%s scram-sha-256'' "$(psql -AtXc ''SHOW hba_file'')" && psql -Xc ''SELECT pg_reload_conf()''   # on this host%s',
				CASE WHEN coalesce(wanted.host, '/') LIKE '/%' THEN 'local' ELSE 'host' END, wanted.database, wanted.name,
				CASE WHEN coalesce(wanted.host, '/') LIKE '/%' THEN '' ELSE ' samenet' END,
				CASE WHEN coalesce(wanted.host, '/') LIKE '/%' THEN '' ELSE '; for samenet, Barman''s address' END);
	END LOOP;
END
$$;

COMMENT ON FUNCTION _poc.doctor_access(jsonb) IS
'Area "access": the rights of Barman''s two roles, and whether pg_hba.conf lets them in.';

-- ---- Barman and its host

CREATE FUNCTION _poc.doctor_barman(facts jsonb)
RETURNS TABLE (area text, ok boolean, finding text, remedy text)
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED ROWS 10
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	server text := facts ->> 'server';
	config jsonb := facts -> 'barman' -> 'config';
	status jsonb := facts -> 'barman' -> 'status';
	state text := (SELECT s ->> 'state' FROM jsonb_array_elements(facts -> 'servers') AS s WHERE s ->> 'server' = server);
	names text := (SELECT string_agg(s ->> 'server', ', ') FROM jsonb_array_elements(facts -> 'servers') AS s);
	asked text;
	error jsonb;
	-- of the server that Barman means, which may be another
	version text := coalesce(status ->> 'server_txt_version', current_setting('server_version'));
	major integer := substring(version FROM E'^\\d+')::integer;
	clients text;
	clients_major integer;
	-- told by a part of its own, in words that help more
	elsewhere constant text[] := ARRAY['receive_wal_running', 'replication_slot', 'wal_archive', 'failed_backups',
		'minimum_redundancy_requirements', 'pg_basebackup_compatible', 'pg_receivexlog_compatible'];
	-- what fails with every connection
	following constant text[] := ARRAY['pg_basebackup_compatible', 'pg_basebackup_supports_tablespaces_mapping',
		'pg_receivexlog_compatible', 'systemid_coherence', 'wal_level', 'postgresql_superuser',
		'postgresql_superuser_or_standard_user_with_backup_privileges'];
	reached constant boolean := _poc.doctor_check(facts, 'postgresql'::text) IS NOT FALSE
		AND _poc.doctor_check(facts, 'postgresql_streaming'::text) IS NOT FALSE;
BEGIN
	FOREACH asked IN ARRAY ARRAY['servers'::text, 'checks', 'diagnose', 'disks'] LOOP
		error := facts -> (asked || '_error');
		IF error IS NOT NULL THEN
			RETURN QUERY SELECT 'Barman', false,
				format('%s (%s)', error ->> 'message', regexp_replace(split_part(error ->> 'detail', E'\n', 1), E' \\(libcurl.*|\\.$', '')),
				CASE asked WHEN 'servers' THEN 'barman list-servers   # on the Barman host, as Barman''s user'
					WHEN 'diagnose' THEN 'barman diagnose   # on the Barman host, as Barman''s user'
					ELSE format('barman check %s   # on the Barman host, as Barman''s user', server) END;
		END IF;
	END LOOP;
	IF facts -> 'servers' IS NULL THEN
		RETURN;
	END IF;

	RETURN QUERY SELECT 'Barman', coalesce(state = 'active', false),
		CASE WHEN names IS NULL THEN 'Barman has no server'
			WHEN server IS NULL THEN format('Barman has several servers (%s), and none is named', names)
			WHEN state IS NULL THEN format('Barman has no server "%s", but %s', server, names)
			ELSE format('Barman''s server "%s" is %s', server, state) END,
		CASE WHEN names IS NULL THEN 'ls /etc/barman.d   # on the Barman host: one file describes one server'
			WHEN state IS NULL THEN format('SET poc_barman.server = %L;', split_part(names, ', ', 1))
			WHEN state = 'passive' THEN format('barman sync-info %s   # it copies from another Barman host: look at that one', server)
			ELSE format('grep -rnE ''^ *(active|disabled)'' /etc/barman.d   # on the Barman host: [%s] must say neither active = false nor disabled', server) END;

	IF facts -> 'checks' IS NOT NULL THEN
		RETURN QUERY
			SELECT 'Barman', false,
				format('barman check: %s failed%s', c ->> 'check_name', ' (' || nullif(c ->> 'hint', '') || ')'),
				CASE c ->> 'check_name'
					WHEN 'postgresql' THEN
						format('psql "%s" -c ''SELECT 1''   # on the Barman host, as Barman''s user: says what Barman does not', config ->> 'conninfo')
					WHEN 'postgresql_streaming' THEN
						format('psql "%s replication=1" -c ''IDENTIFY_SYSTEM''   # on the Barman host, as Barman''s user', config ->> 'streaming_conninfo')
					WHEN 'backup_maximum_age' THEN 'SELECT * FROM poc_backup();'
					WHEN 'backup_minimum_size' THEN 'SELECT backup_id, status, pg_size_pretty(size) FROM poc_backups();'
					WHEN 'wal_maximum_age' THEN 'SELECT * FROM poc_switch_wal();'
					WHEN 'archiver_errors' THEN 'SELECT * FROM poc_files(''errors'');'
					WHEN 'archive_mode' THEN 'ALTER SYSTEM SET archive_mode = on;   -- then restart PostgreSQL'
					WHEN 'wal_level' THEN 'ALTER SYSTEM SET wal_level = ''replica'';   -- then restart PostgreSQL'
					WHEN 'pg_basebackup' THEN format('apt-get install postgresql-client-%s   # on the Barman host; path_prefix must name its programs', major)
					WHEN 'pg_receivexlog' THEN format('apt-get install postgresql-client-%s   # on the Barman host; path_prefix must name its programs', major)
					WHEN 'systemid_coherence' THEN 'SELECT system_identifier FROM pg_control_system();   -- Barman''s backups are of another: give this server a name of its own in Barman'
					ELSE format('barman check %s   # on the Barman host, as Barman''s user; its log tells more', server)
				END
			FROM jsonb_array_elements(facts -> 'checks') AS c
			WHERE (c ->> 'ok')::boolean IS NOT TRUE AND NOT c ->> 'check_name' = ANY (elsewhere)
				AND (reached OR NOT c ->> 'check_name' = ANY (following));
		IF NOT FOUND THEN
			RETURN QUERY SELECT 'Barman', true,
				format('barman check: %s checks passed', count(*)), NULL
			FROM jsonb_array_elements(facts -> 'checks') AS c WHERE (c ->> 'ok')::boolean;
		END IF;
	END IF;

	clients := coalesce(status ->> 'pg_receivexlog_version', status ->> 'pg_basebackup_version');
	clients_major := substring(clients FROM E'^\\d+')::integer;
	IF clients_major IS NOT NULL THEN
		RETURN QUERY SELECT 'Barman', v.compatible,
			format('the Barman host has the client programs of PostgreSQL %s', clients)
				|| CASE WHEN v.compatible THEN '' ELSE format(': too old for %s, %s', CASE WHEN _poc.doctor_is_here(facts) IS FALSE THEN 'its server' ELSE 'this server' END, version) END,
			format('apt-get install postgresql-client-%1$s   # on the Barman host; then path_prefix = /usr/lib/postgresql/%1$s/bin', major)
		FROM (SELECT clients_major >= major
			AND _poc.doctor_check(facts, 'pg_basebackup_compatible'::text) IS NOT FALSE
			AND _poc.doctor_check(facts, 'pg_receivexlog_compatible'::text) IS NOT FALSE) AS v(compatible)
		-- of a server that Barman cannot ask it does not know
		WHERE reached OR (clients_major < major AND _poc.doctor_is_here(facts) IS NOT FALSE);
	END IF;
END
$$;

COMMENT ON FUNCTION _poc.doctor_barman(jsonb) IS
'Area "Barman": its server, its checks and its client programs.';

CREATE FUNCTION _poc.doctor_disk(facts jsonb)
RETURNS TABLE (area text, ok boolean, finding text, remedy text)
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	server text := facts ->> 'server';
	config jsonb := facts -> 'barman' -> 'config';
	disk record;
	next_size bigint;
	dependents bigint;
	fulls bigint;
BEGIN
	-- of one that links what has not changed only the rest
	next_size := (SELECT coalesce(CASE WHEN config ->> 'reuse_backup' = 'link' THEN (b.value ->> 'deduplicated_size')::bigint END,
			(b.value ->> 'size')::bigint) FROM jsonb_each(facts -> 'barman' -> 'backups') AS b
		WHERE b.value ->> 'status' = 'DONE' AND b.value ->> 'parent_backup_id' IS NULL
		ORDER BY b.key COLLATE "C" DESC LIMIT 1);
	-- Barman deletes with a backup all that were taken on top of it
	WITH RECURSIVE doomed(id) AS (
		SELECT min(b.key COLLATE "C") FROM jsonb_each(facts -> 'barman' -> 'backups') AS b WHERE b.value ->> 'status' = 'DONE'
		UNION ALL
		SELECT b.key COLLATE "C" FROM doomed, jsonb_each(facts -> 'barman' -> 'backups') AS b WHERE b.value ->> 'parent_backup_id' = doomed.id)
	SELECT count(*) - 1 INTO dependents FROM doomed;
	fulls := (SELECT count(*) FROM jsonb_each(facts -> 'barman' -> 'backups') AS b
		WHERE b.value ->> 'status' = 'DONE' AND b.value ->> 'parent_backup_id' IS NULL);
	-- the worst of the file systems is told
	SELECT d.free_bytes, d.total_bytes, s.small, d.free_bytes < d.total_bytes / 10 AS nearly_full
	INTO disk
	FROM _poc.records(facts -> 'disks') AS d(area text, free_bytes bigint, total_bytes bigint),
		LATERAL (SELECT coalesce(d.area = 'base' AND d.free_bytes < next_size, false)) AS s(small)
	WHERE d.total_bytes > 0
	ORDER BY s.small DESC, d.free_bytes::numeric / d.total_bytes LIMIT 1;
	IF disk.total_bytes IS NOT NULL THEN
		RETURN QUERY SELECT 'disk', NOT disk.small AND NOT disk.nearly_full,
			format('%s of %s free on the Barman host', pg_size_pretty(disk.free_bytes), pg_size_pretty(disk.total_bytes))
				|| CASE WHEN disk.small THEN format(', less than the last full backup took (%s)', pg_size_pretty(next_size))
					WHEN disk.nearly_full THEN ', less than a tenth' ELSE '' END,
			CASE WHEN fulls > 1 THEN format('barman delete %s oldest   # on the Barman host, as Barman''s user%s; for good, give it a retention_policy', server,
				CASE WHEN dependents > 0 THEN format(': it takes %s incremental with it', dependents) ELSE '' END)
			ELSE 'Enlarge the file system on the Barman host, or free it of other files: there is no backup to spare.' END;
	END IF;
END
$$;

COMMENT ON FUNCTION _poc.doctor_disk(jsonb) IS
'Area "disk": whether the next backup has room on the Barman host.';

CREATE FUNCTION _poc.doctor_archive(facts jsonb)
RETURNS TABLE (area text, ok boolean, finding text, remedy text)
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED ROWS 5
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	server text := facts ->> 'server';
	segment bigint := pg_size_bytes(current_setting('wal_segment_size'));
	here text := CASE WHEN NOT pg_is_in_recovery() THEN pg_walfile_name(pg_current_wal_lsn()) END;
	archived text := (SELECT w.value ->> 'name'
		FROM jsonb_each(facts -> 'barman' -> 'wals' -> 'last_archived_wal_per_timeline') AS w
		ORDER BY w.key COLLATE "C" DESC LIMIT 1);
	waiting bigint;
	-- what a busy server writes in two intervals of cron: the receiver has it, and it is archived then
	usual bigint := CASE WHEN EXISTS (SELECT FROM pg_stat_replication AS r
			WHERE r.application_name = coalesce(facts -> 'barman' -> 'config' ->> 'streaming_archiver_name', 'barman_receive_wal')
				AND pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN r.sent_lsn ELSE pg_current_wal_lsn() END, r.write_lsn) <= segment)
		THEN least(4096, coalesce((SELECT ceil(w.wal_bytes / greatest(1, date_part('epoch', now() - coalesce(w.stats_reset, pg_postmaster_start_time()))) / segment)
			FROM pg_stat_wal AS w) * 2 * coalesce((facts -> 'health' -> 'cron' ->> 'interval_seconds')::integer, 60), 0))::bigint ELSE 0 END;
	archiver record;
	mode text := current_setting('archive_mode');
	wanted boolean := coalesce((facts -> 'barman' -> 'config' ->> 'archiver')::boolean, false);
	idle boolean := mode <> 'off' AND current_setting('archive_command') = '' AND current_setting('archive_library') = '';
	-- who streams has no use for it
	command text := format('ALTER SYSTEM SET archive_command = %L;', CASE WHEN wanted THEN format('barman-wal-archive %s %s %%p',
		coalesce((SELECT host(r.client_addr) FROM pg_stat_replication AS r WHERE r.application_name ~ 'barman' LIMIT 1), 'localhost'), server)
		ELSE 'true' END);
BEGIN
	IF facts -> 'barman' -> 'wals' IS NOT NULL AND here IS NOT NULL THEN
		-- the segment after the last archived one is being written or received
		waiting := greatest(0, (SELECT n.numbers[2] - n.numbers[1] - 1
			FROM (SELECT array_agg(('x' || substr(f.name, 9, 8))::bit(32)::bigint * (4294967296 / segment)
					+ ('x' || substr(f.name, 17, 8))::bit(32)::bigint ORDER BY f.place)
				FROM unnest(ARRAY[archived, here]) WITH ORDINALITY AS f(name, place)) AS n(numbers)));
		RETURN QUERY SELECT 'archive',
			coalesce(left(archived, 8) = left(here, 8) AND waiting <= greatest(16, usual), false),
			CASE
				WHEN archived IS NULL THEN 'Barman has not archived any WAL yet'
				WHEN left(archived, 8) <> left(here, 8)
					THEN format('Barman has archived WAL up to timeline %s, and this server is on timeline %s',
						('x' || left(archived, 8))::bit(32)::integer, ('x' || left(here, 8))::bit(32)::integer)
				WHEN waiting > greatest(16, usual)
					THEN format('%s segments (%s) are not archived yet, %s is the last that is', waiting, pg_size_pretty(waiting * segment), archived)
				ELSE format('WAL is archived up to %s, this server writes %s', archived, here)
			END,
			CASE
				WHEN archived IS NULL THEN 'SELECT * FROM poc_wait_ready();'
				WHEN left(archived, 8) > left(here, 8)
					THEN 'SELECT * FROM poc_servers();   -- Barman follows another server than this one, which was promoted: take this one out of service, or point Barman to it'
				WHEN left(archived, 8) < left(here, 8)
					THEN format('barman receive-wal --stop %1$s; barman receive-wal --reset %1$s; barman cron   # on the Barman host; then SELECT * FROM poc_switch_wal();', server)
				ELSE 'SELECT * FROM poc_cron();   -- archives what was received; if that is nothing, see the rows on slot and receiver'
			END;
	END IF;

	-- also where Barman does not rely on it: a backup ends when its WAL is archived
	IF mode <> 'off' OR wanted THEN
		SELECT s.failed_count, s.last_failed_wal, s.last_failed_time > coalesce(s.last_archived_time, '-infinity') AS failing
		INTO archiver FROM pg_stat_archiver AS s;
		RETURN QUERY SELECT 'archive', mode <> 'off' AND NOT idle AND archiver.failing IS NOT TRUE,
			CASE WHEN mode = 'off' THEN 'archive_mode is off, but Barman expects this server to send its WAL'
				WHEN idle THEN 'archive_mode is on, but there is no archive_command: all WAL is kept, and no backup comes to an end'
				WHEN archiver.failing THEN format('archive_command fails with %s, %s times so far: all WAL is kept, and no backup comes to an end',
					archiver.last_failed_wal, archiver.failed_count)
				ELSE 'archive_command succeeds' END,
			CASE WHEN mode = 'off' THEN format('ALTER SYSTEM SET archive_mode = on; %s   -- then restart PostgreSQL', command)
				WHEN idle THEN format('%s SELECT pg_reload_conf();', command)
				ELSE 'SELECT * FROM pg_stat_archiver;   -- this server''s log has what the command said' END;
	END IF;
END
$$;

COMMENT ON FUNCTION _poc.doctor_archive(jsonb) IS
'Area "archive": what WAL has reached Barman, and whether archive_command succeeds.';

CREATE FUNCTION _poc.doctor_backups(facts jsonb)
RETURNS TABLE (area text, ok boolean, finding text, remedy text)
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED ROWS 10
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	server text := facts ->> 'server';
	config jsonb := facts -> 'barman' -> 'config';
	backups jsonb := facts -> 'barman' -> 'backups';
	latest text;
	latest_end timestamptz;
	waiting text[];
	failed text[];
	abandoned text[];
	fulls bigint;
	redundancy integer := substring(config ->> 'retention_policy' FROM E'(?i)^\\s*redundancy\\s+(\\d+)')::integer;
	-- Barman tells "window 2 w", or what its configuration says; a month has 31 days
	policy text[] := regexp_match(config ->> 'retention_policy', E'^\\s*(?:recovery\\s+window\\s+of|window)\\s+(\\d{1,5})\\s*([dwm])', 'i');
	recovery_window interval := make_interval(days => policy[1]::integer * CASE lower(policy[2]) WHEN 'd' THEN 1 WHEN 'w' THEN 7 ELSE 31 END);
	-- as people write it
	retention text := coalesce('REDUNDANCY ' || redundancy,
		'RECOVERY WINDOW OF ' || policy[1] || CASE lower(policy[2]) WHEN 'd' THEN ' DAYS' WHEN 'w' THEN ' WEEKS' ELSE ' MONTHS' END,
		config ->> 'retention_policy');
	first_end timestamptz;
	minimum_redundancy integer := substring(config ->> 'minimum_redundancy' FROM E'^\\d+$')::integer;
	minimum text := (SELECT c ->> 'hint' FROM jsonb_array_elements(facts -> 'checks') AS c
		WHERE c ->> 'check_name' = 'minimum_redundancy_requirements' AND NOT (c ->> 'ok')::boolean);
BEGIN
	IF backups IS NULL THEN
		RETURN;
	END IF;

	SELECT max(b.key COLLATE "C") FILTER (WHERE b.value ->> 'status' = 'DONE'),
		max((b.value ->> 'end_time')::timestamptz) FILTER (WHERE b.value ->> 'status' = 'DONE'),
		min((b.value ->> 'end_time')::timestamptz) FILTER (WHERE b.value ->> 'status' = 'DONE'),
		count(*) FILTER (WHERE b.value ->> 'status' = 'DONE' AND b.value ->> 'parent_backup_id' IS NULL),
		coalesce(array_agg(b.key ORDER BY b.key COLLATE "C") FILTER (WHERE b.value ->> 'status' = 'WAITING_FOR_WALS'), '{}'),
		coalesce(array_agg(b.key ORDER BY b.key COLLATE "C") FILTER (WHERE b.value ->> 'status' = 'FAILED'), '{}'),
		-- what this server does not send any more, nobody copies; of another one it is not seen here
		coalesce(array_agg(b.key ORDER BY b.key COLLATE "C") FILTER (WHERE b.value ->> 'status' = 'STARTED'
			AND config ->> 'backup_method' = 'postgres' AND _poc.doctor_is_here(facts)
			AND (b.value ->> 'begin_time')::timestamptz < now() - '1 min'::interval
			AND NOT EXISTS (SELECT FROM pg_stat_progress_basebackup)), '{}')
	INTO latest, latest_end, first_end, fulls, waiting, failed, abandoned
	FROM jsonb_each(backups) AS b;
	-- barman check of 3.13 counts incremental backups too, and none of those is worth anything without its full one
	IF fulls < minimum_redundancy THEN
		minimum := coalesce(minimum, format('have %s non-incremental backups, expected at least %s', fulls, minimum_redundancy));
	END IF;

	RETURN QUERY SELECT 'backups', latest IS NOT NULL,
		CASE WHEN latest IS NULL THEN 'there is no backup that could be restored'
			ELSE format('the latest backup is %s, %s old', latest, date_trunc('second', greatest(now() - latest_end, '0'))) END,
		'SELECT * FROM poc_backup();';
	RETURN QUERY SELECT 'backups', waiting = '{}',
		CASE WHEN waiting = '{}' THEN 'no backup waits for WAL'
			ELSE format('backup %s is WAITING_FOR_WALS: it cannot be restored before Barman has all its WAL', array_to_string(waiting, ', ')) END,
		'SELECT * FROM poc_switch_wal();   -- closes the segment that it waits for';
	RETURN QUERY SELECT 'backups', failed = '{}',
		CASE WHEN failed = '{}' THEN 'no backup has failed'
			ELSE format('backup %s FAILED (%s): barman check fails as long as it is there', array_to_string(failed, ', '),
				coalesce(split_part(backups -> failed[cardinality(failed)] ->> 'error', E'\n', 1), 'no reason told')) END,
		(SELECT string_agg(format('barman delete %s %s', server, f), '; ' ORDER BY n) || '   # on the Barman host, as Barman''s user'
			FROM unnest(failed) WITH ORDINALITY AS u(f, n));
	IF abandoned <> '{}' THEN
		RETURN QUERY SELECT 'backups', false,
			format('backup %s is STARTED, but no pg_basebackup runs: whoever took it was killed', array_to_string(abandoned, ', ')),
			(SELECT string_agg(format('barman delete %s %s', server, a), '; ' ORDER BY n) || '   # on the Barman host, as Barman''s user'
				FROM unnest(abandoned) WITH ORDINALITY AS u(a, n));
	END IF;

	RETURN QUERY SELECT 'backups', minimum IS NULL AND coalesce(fulls >= redundancy, true),
		CASE WHEN minimum IS NOT NULL THEN format('minimum_redundancy is not met (%s)', minimum)
			WHEN fulls < redundancy THEN format('the retention policy wants %s full backups, there are %s', redundancy, fulls)
			WHEN config ->> 'retention_policy' IS NULL THEN 'no retention policy: backups are kept until somebody deletes them'
			WHEN first_end > now() - recovery_window THEN format('the retention policy (%s) reaches back beyond the first backup: nothing before %s can be recovered yet',
				retention, date_trunc('second', first_end))
			ELSE format('the retention policy (%s) is met', retention) END,
		'SELECT * FROM poc_backup();';

	-- a number says nothing of time: new backups, good for nothing perhaps, cost the old ones
	IF redundancy IS NOT NULL OR policy IS NOT NULL THEN
		RETURN QUERY SELECT 'backups', redundancy IS NULL,
			CASE WHEN redundancy IS NULL THEN format('new backups push no older one out of the retention policy (%s) before its time', retention)
				ELSE format('the retention policy goes by number (REDUNDANCY %1$s): who takes %1$s new full backups has Barman delete all older ones', redundancy) END,
			'grep -rn retention_policy /etc/barman.conf /etc/barman.d   # on the Barman host: make it RECOVERY WINDOW OF n DAYS'
				|| coalesce('; until then, SELECT * FROM poc_keep_backup(' || quote_literal(latest) || '); keeps the latest', '');
	END IF;
END
$$;

COMMENT ON FUNCTION _poc.doctor_backups(jsonb) IS
'Area "backups": whether there is one to restore, which have failed, and the retention policy.';

CREATE FUNCTION _poc.doctor_drill(facts jsonb)
RETURNS TABLE (area text, ok boolean, finding text, remedy text)
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	-- receipts of other databases are not seen here: the sidecar knows the last of all
	known jsonb := facts -> 'drill';
	own_id constant bigint := (SELECT c.system_identifier FROM pg_control_system() AS c);
	receipt record;
	passed timestamptz;
BEGIN
	SELECT d.at, d.ok, (SELECT max(p.at) FROM _poc.drills AS p WHERE p.ok AND p.system_identifier = d.system_identifier AND p.server = d.server AND p.database = d.database) AS passed,
		(SELECT concat_ws(': ', s.step ->> 'step', s.step ->> 'detail')
			FROM jsonb_array_elements(d.steps) WITH ORDINALITY AS s(step, n)
			WHERE NOT (s.step ->> 'ok')::boolean ORDER BY s.n LIMIT 1) AS verdict
	INTO receipt
	FROM _poc.drills AS d
	WHERE d.system_identifier = coalesce(_poc.doctor_cluster(facts)::bigint, own_id)
		-- who has examined another database has proved nothing of this one
		AND (d.database = current_database() OR d.system_identifier <> own_id)
		-- another server of Barman's may hold backups of the same one
		AND d.server = coalesce(facts ->> 'server', d.server)
	ORDER BY d.at DESC LIMIT 1;
	passed := greatest(receipt.passed, (known ->> 'passed')::timestamptz);
	-- the sidecar's clock may be another
	IF receipt.at IS NOT NULL AND NOT receipt.ok AND receipt.at >= coalesce((known ->> 'ended')::timestamptz - '1 min'::interval, receipt.at) THEN
		RETURN QUERY SELECT 'drill', false,
			format('the latest restore drill, %s days ago, failed: %s', date_part('day', now() - receipt.at), receipt.verdict),
			'SELECT * FROM poc_drills ORDER BY at DESC LIMIT 1;   -- its receipt; after the repair: SELECT * FROM poc_restore_drill();';
	ELSIF known ->> 'ok' = 'false' AND coalesce((known ->> 'ended')::timestamptz > receipt.at, true) THEN
		RETURN QUERY SELECT 'drill', false,
			format('the latest restore drill, %s days ago and of another database, failed', date_part('day', now() - (known ->> 'ended')::timestamptz)),
			'SELECT * FROM poc_restore_drill();';
	ELSE
		RETURN QUERY SELECT 'drill', coalesce(passed >= now() - '30 days'::interval, false),
			CASE WHEN passed IS NULL AND known IS NULL THEN 'no restore drill is known here to have passed, and the sidecar does not tell of those of other databases'
				WHEN passed IS NULL THEN 'no restore drill has passed yet: that the backups can be restored is not proved'
				ELSE format('the last restore drill that passed was %s days ago', date_part('day', now() - passed)) END,
			'SELECT * FROM poc_restore_drill();';
	END IF;
END
$$;

COMMENT ON FUNCTION _poc.doctor_drill(jsonb) IS
'Area "drill": the proof that the backups can be restored.';

-- ---- all of it

CREATE FUNCTION _poc.doctor_examine(facts jsonb)
RETURNS TABLE (area text, ok boolean, finding text, remedy text)
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED ROWS 40
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	part text;
	message text;
BEGIN
	FOREACH part IN ARRAY ARRAY['extension', 'sidecar', 'token', 'clock', 'cron', 'server', 'settings', 'retention',
		'slot', 'receiver', 'access', 'barman', 'disk', 'archive', 'backups', 'drill']
	LOOP
		-- what is of this server says nothing of another that Barman means
		CONTINUE WHEN part IN ('settings', 'retention', 'slot', 'receiver', 'access', 'archive') AND NOT _poc.doctor_is_here(facts);
		-- one surprise must not hide what the others have found
		BEGIN
			RETURN QUERY EXECUTE format('SELECT * FROM _poc.%I($1)', 'doctor_' || part) USING facts;
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
			RETURN QUERY SELECT part, false, format('could not be examined: %s', message),
				'SELECT jsonb_pretty(poc_diagnose());   -- shows what Barman said';
		END;
	END LOOP;
END
$$;

COMMENT ON FUNCTION _poc.doctor_examine(jsonb) IS
'Every part of the examination, one after the other.';

CREATE FUNCTION @extschema@.poc_doctor(server text DEFAULT NULL)
RETURNS TABLE (area text, ok boolean, finding text, remedy text)
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 100000 ROWS 40
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT e.area, e.ok, e.finding, CASE WHEN NOT e.ok THEN e.remedy END
	FROM _poc.doctor_facts($1) AS f(facts),
		LATERAL _poc.doctor_examine(f.facts) WITH ORDINALITY AS e(area, ok, finding, remedy, n)
	ORDER BY e.ok, e.n
$$;

COMMENT ON FUNCTION @extschema@.poc_doctor(text) IS
'Examines this server, the way to Barman, Barman and its backups: a row for each matter, those that are not ok first, with what to type against it. Whatever cannot be reached is a row, not an error; without the sidecar the rest is told all the same. What a remedy says after -- or # is a remark; # marks a command of the shell. Reads only. Example (\x auto in psql): SELECT * FROM poc_doctor() WHERE NOT ok';
