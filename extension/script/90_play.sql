-- ---------------------------------------------------------------------
-- 90_play.sql: plays the whole scenario.
--
-- May use: 20_client, 30_rows, 50_read, 60_backup, 65_restore, 67_marks, 70_drills, 75_changes, 77_rescue, 78_diff_merge.
-- ---------------------------------------------------------------------

-- Why this server and its Barman can take no incremental backup; null if they can.
CREATE FUNCTION _poc.why_full() RETURNS text
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 10000
BEGIN ATOMIC
	SELECT CASE WHEN current_setting('server_version_num'::text)::integer < 170000 THEN 'PostgreSQL is older than 17'
		WHEN current_setting('summarize_wal'::text, true) IS DISTINCT FROM 'on' THEN 'summarize_wal is off'
		WHEN s.barman_version ~ E'^([12]\\.|3\\.([0-9]|10)([^0-9]|$))' THEN 'Barman is older than 3.11' END
	FROM @extschema@.poc_sidecar() AS s;
END;

COMMENT ON FUNCTION _poc.why_full() IS
'What is missing for incremental backups; null if nothing is.';

-- One step of the scenario: what it told, and what later steps need of it.
-- Bound to our own functions by OID (see "Two schemas"); with its caller's
-- rights, and only if he may run every step.
CREATE FUNCTION _poc.play_step(step integer, name text, learnt jsonb) RETURNS jsonb
LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 1000000
BEGIN ATOMIC
	SELECT CASE step
		WHEN 1 THEN (SELECT jsonb_build_object('told', format('table %s', t), 'table', t::oid)
			FROM @extschema@.poc_seed(false) AS t)
		WHEN 2 THEN (SELECT jsonb_build_object('told', format('%s rows', r))
			FROM @extschema@.poc_generate_rows(100000::bigint, (learnt ->> 'table')::oid::regclass, NULL::bigint, '{}'::jsonb) AS r)
		WHEN 3 THEN (SELECT jsonb_build_object('told', format('%s %s', s.wal_file, CASE WHEN s.archived THEN 'archived' ELSE 'not archived yet' END))
			FROM @extschema@.poc_switch_wal(NULL::text, true, '60 s'::interval) AS s)
		WHEN 4 THEN (SELECT jsonb_build_object('told', coalesce(string_agg(m, '; '::text), 'nothing to do'))
			FROM @extschema@.poc_cron() AS m)
		WHEN 5 THEN (SELECT jsonb_build_object('told', format('ready, %s of %s checks passed', count(*) FILTER (WHERE r.ok), count(*)))
			FROM @extschema@.poc_wait_ready(NULL::text, '120 s'::interval) AS r)
		WHEN 6 THEN (SELECT jsonb_build_object('told', format('%s of %s checks passed', count(*) FILTER (WHERE c.ok), count(*)))
			FROM @extschema@.poc_check(NULL::text) AS c)
		WHEN 7 THEN (SELECT jsonb_build_object('told', format('%s file(s), %s', count(*), pg_size_pretty(sum(f.bytes))))
			FROM @extschema@.poc_files('streaming'::text, NULL::text) AS f WHERE NOT f.is_directory)
		WHEN 8 THEN (SELECT jsonb_build_object('told', format('%s %s %s, %s', b.type, b.backup_id, b.status, pg_size_pretty(b.size)))
			FROM @extschema@.poc_backup(NULL::text, NULL::text, NULL::text, true, true, NULL::interval) AS b)
		WHEN 9 THEN (SELECT jsonb_build_object('told', format('%s backup(s), %s', count(*), pg_size_pretty(sum(f.bytes))))
			FROM @extschema@.poc_files('base'::text, NULL::text) AS f)
		WHEN 10 THEN (SELECT jsonb_build_object('told', format('%s more rows', r))
			FROM @extschema@.poc_generate_rows(10000::bigint, (learnt ->> 'table')::oid::regclass, NULL::bigint, '{}'::jsonb) AS r)
		WHEN 11 THEN (SELECT jsonb_build_object('told', format('%s %s %s, %s', b.type, b.backup_id, b.status, pg_size_pretty(b.size)),
				'backup_id', b.backup_id, 'status', b.status)
			FROM @extschema@.poc_backup(NULL::text, learnt ->> 'incremental', NULL::text, true, true, NULL::interval) AS b)
		WHEN 12 THEN (SELECT jsonb_build_object('told', format('%s backup(s), %s DONE', count(*), count(*) FILTER (WHERE b.status = 'DONE')))
			FROM @extschema@.poc_backups(NULL::text) AS b)
		WHEN 13 THEN (SELECT jsonb_build_object('told', format('%s %s, %s to %s', b.backup_id, b.status, b.begin_lsn, b.end_lsn))
			FROM @extschema@.poc_show_backup('latest'::text, NULL::text) AS b)
		WHEN 14 THEN (SELECT jsonb_build_object('told', format('%s more rows', r))
			FROM @extschema@.poc_generate_rows(1000::bigint, (learnt ->> 'table')::oid::regclass, NULL::bigint, '{}'::jsonb) AS r)
		WHEN 15 THEN (SELECT jsonb_build_object('told', format('%s: %s rows at %s', m.name, m.rows, m.lsn), 'lsn', m.lsn)
			FROM @extschema@.poc_mark(play_step.name, ARRAY[(learnt ->> 'table')::oid::regclass]) AS m)
		WHEN 16 THEN (SELECT jsonb_build_object('told', format('%s rows too many', r))
			FROM @extschema@.poc_generate_rows(100::bigint, (learnt ->> 'table')::oid::regclass, NULL::bigint, '{}'::jsonb) AS r)
		WHEN 17 THEN (SELECT jsonb_build_object('told', format('%s on port %s, timeline %s', r.state, r.port, r.timeline))
			FROM @extschema@.poc_restore(play_step.name, 'latest'::text, NULL::text, play_step.name, NULL::timestamptz,
				NULL::pg_lsn, NULL::xid8, false, true, true, NULL::integer, false, false) AS r)
		WHEN 18 THEN (SELECT jsonb_build_object('told', format('recovered to %s, %s', i.recovered_lsn,
				CASE WHEN i.recovered_lsn = (learnt ->> 'lsn')::pg_lsn THEN 'the mark' ELSE 'not the mark' END))
			FROM @extschema@.poc_instances() AS i WHERE i.instance = play_step.name)
		WHEN 19 THEN (SELECT jsonb_build_object('told', d.state)
			FROM @extschema@.poc_drop_instance(play_step.name) AS d)
		WHEN 20 THEN (SELECT jsonb_build_object('told', format('%s of %s steps passed', count(*) FILTER (WHERE d.ok), count(*)))
			FROM @extschema@.poc_restore_drill(play_step.name, 'latest'::text, NULL::text, '{}'::text[], false) AS d)
		WHEN 21 THEN (SELECT jsonb_build_object('told', format('%s, %s rows as at the mark, RTO %s s', d.verdict, d.rows, round(date_part('epoch', d.rto)::numeric, 1)))
			FROM @extschema@.poc_drills AS d WHERE d.mark = play_step.name)
		WHEN 24 THEN (SELECT jsonb_build_object('told', format('%s of %s rows at %s', c.kind, c.rows_deleted, c.commit_lsn))
			FROM @extschema@.poc_find_changes(learnt ->> 'orders', NULL::timestamptz, NULL::timestamptz, '{delete}'::text[], 1::bigint, NULL::text, false) AS c LIMIT 1)
		WHEN 25 THEN (SELECT jsonb_build_object('told', split_part(r.detail, ' as in '::text, 1))
			FROM @extschema@.poc_rescue(learnt ->> 'orders', NULL::pg_lsn, NULL::timestamptz, NULL::text, learnt ->> 'then', false, NULL::text, false) AS r
			WHERE r.step = 'compare')
		WHEN 26 THEN (SELECT jsonb_build_object('told', format('%s missing, %s changed, %s extra', count(*) FILTER (WHERE d.kind = 'missing'),
				count(*) FILTER (WHERE d.kind = 'changed'), count(*) FILTER (WHERE d.kind = 'extra')))
			FROM @extschema@.poc_diff((learnt ->> 'orders')::regclass, (learnt ->> 'then')::regclass, NULL::bigint, NULL::pg_lsn, NULL::timestamptz, NULL::text, NULL::text) AS d)
		WHEN 27 THEN (SELECT jsonb_build_object('told', format('%s inserted', count(*) FILTER (WHERE m.done = 'inserted')))
			FROM @extschema@.poc_merge((learnt ->> 'orders')::regclass, (learnt ->> 'then')::regclass, '{missing}'::text[], false, NULL::pg_lsn, NULL::timestamptz, NULL::text, NULL::text) AS m)
	END;
END;

COMMENT ON FUNCTION _poc.play_step(integer, text, jsonb) IS
'Plays a step of poc_play(), of this name for its mark and its instance; returns what it told and learnt.';

-- A procedure that commits can have no search_path of its own: every name and
-- operator in it is qualified, those of types too.
CREATE PROCEDURE @extschema@.poc_play(INOUT steps integer DEFAULT NULL, INOUT backup_id text DEFAULT NULL,
	INOUT status text DEFAULT NULL, INOUT elapsed interval DEFAULT NULL)
LANGUAGE plpgsql
AS $$
DECLARE
	began CONSTANT pg_catalog.timestamptz := pg_catalog.clock_timestamp();
	-- of the mark, and of the instance restored to it
	name CONSTANT pg_catalog.text := pg_catalog.to_char(began, '"play_"YYYYMMDDHH24MISS'::pg_catalog.text);
	why_full pg_catalog.text;
	titles pg_catalog.text[];
	step_began pg_catalog.timestamptz;
	answer pg_catalog.jsonb;
	line pg_catalog.text;
	lines pg_catalog.text[];
	-- what later steps need of earlier ones
	learnt pg_catalog.jsonb := '{}'::pg_catalog.jsonb;
BEGIN
	PERFORM _poc.require_top_level('poc_play()'::pg_catalog.text);
	why_full := _poc.why_full();
	IF why_full IS NULL THEN
		learnt := pg_catalog.jsonb_build_object('incremental'::pg_catalog.text, 'latest'::pg_catalog.text);
	END IF;

	titles := ARRAY['poc_seed()', 'poc_generate_rows(100000)', 'poc_switch_wal()', 'poc_cron()',
		'poc_wait_ready()', 'poc_check()', 'poc_files(''streaming'')', 'poc_backup()', 'poc_files(''base'')',
		'poc_generate_rows(10000)',
		pg_catalog.concat('poc_backup('::pg_catalog.text,
			CASE WHEN why_full IS NULL THEN 'incremental => ''latest'''::pg_catalog.text END, ')  '::pg_catalog.text, why_full),
		'poc_backups()', 'poc_show_backup(''latest'')', 'poc_generate_rows(1000)', 'poc_mark(name, ''{dummy}'')',
		'poc_generate_rows(100)', 'poc_restore(name, target_name => name)', 'poc_instances()',
		'poc_drop_instance(name)', 'poc_restore_drill(name)', 'poc_drills',
		'CREATE TABLE orders', 'DELETE FROM orders', 'poc_find_changes(orders)', 'poc_rescue(orders)',
		'poc_diff(orders, what it was)', 'poc_merge(orders, what it was)']::pg_catalog.text[];

	steps := 0;
	FOR n IN 1 .. pg_catalog.cardinality(titles) LOOP
		step_began := pg_catalog.clock_timestamp();
		answer := NULL;
		IF n OPERATOR(pg_catalog.=) 22 THEN
			-- beside the table of the scenario
			learnt := learnt OPERATOR(pg_catalog.||) (SELECT pg_catalog.jsonb_build_object(
					'orders'::pg_catalog.text, pg_catalog.format('%I.%I'::pg_catalog.text, n.nspname, pg_catalog.concat(name, '_orders'::pg_catalog.text)),
					'then'::pg_catalog.text, pg_catalog.format('%I.%I'::pg_catalog.text, n.nspname, pg_catalog.concat(name, '_then'::pg_catalog.text)))
				FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
				WHERE c.oid OPERATOR(pg_catalog.=) (learnt OPERATOR(pg_catalog.->>) 'table'::pg_catalog.text)::pg_catalog.oid);
			EXECUTE pg_catalog.format('CREATE TABLE %s (id integer PRIMARY KEY, amount integer)'::pg_catalog.text, learnt OPERATOR(pg_catalog.->>) 'orders'::pg_catalog.text);
			EXECUTE pg_catalog.format('INSERT INTO %s SELECT i, i FROM pg_catalog.generate_series(1, 5000) AS i'::pg_catalog.text, learnt OPERATOR(pg_catalog.->>) 'orders'::pg_catalog.text);
			answer := pg_catalog.jsonb_build_object('told'::pg_catalog.text, '5000 rows'::pg_catalog.text);
		ELSIF n OPERATOR(pg_catalog.=) 23 THEN
			EXECUTE pg_catalog.format('DELETE FROM %s WHERE id OPERATOR(pg_catalog.<=) 1000'::pg_catalog.text, learnt OPERATOR(pg_catalog.->>) 'orders'::pg_catalog.text);
			answer := pg_catalog.jsonb_build_object('told'::pg_catalog.text, '1000 rows too many'::pg_catalog.text);
		ELSE
			answer := _poc.play_step(n, name, learnt);
		END IF;
		IF answer IS NULL THEN
			RAISE EXCEPTION 'step % of the scenario, %, found nothing', n, titles[n]
				USING ERRCODE = 'no_data_found';
		END IF;
		COMMIT;
		line := pg_catalog.format('%s/%s  %s  %s  %s s'::pg_catalog.text,
			pg_catalog.lpad(n::pg_catalog.text, 2), pg_catalog.cardinality(titles),
			pg_catalog.rpad(titles[n], 41),
			pg_catalog.rpad(answer OPERATOR(pg_catalog.->>) 'told'::pg_catalog.text, 48),
			pg_catalog.to_char(pg_catalog.date_part('epoch'::pg_catalog.text,
				pg_catalog.age(pg_catalog.clock_timestamp(), step_began)), '9990.00'::pg_catalog.text));
		IF _poc.progress() OPERATOR(pg_catalog.=) 'log'::pg_catalog.text THEN
			RAISE INFO '%', line;
		END IF;
		lines := lines OPERATOR(pg_catalog.||) line;
		steps := n;
		learnt := learnt OPERATOR(pg_catalog.||) coalesce(answer, '{}'::pg_catalog.jsonb);
	END LOOP;
	EXECUTE pg_catalog.format('DROP TABLE %s, %s'::pg_catalog.text, learnt OPERATOR(pg_catalog.->>) 'orders'::pg_catalog.text,
		learnt OPERATOR(pg_catalog.->>) 'then'::pg_catalog.text);
	COMMIT;
	-- pgcli would show the last step first
	IF _poc.progress() OPERATOR(pg_catalog.=) 'brief'::pg_catalog.text THEN
		RAISE INFO 'poc_play(): % steps', steps USING DETAIL = pg_catalog.array_to_string(lines, E'\n'::pg_catalog.text);
	END IF;
	backup_id := learnt OPERATOR(pg_catalog.->>) 'backup_id'::pg_catalog.text;
	status := learnt OPERATOR(pg_catalog.->>) 'status'::pg_catalog.text;
	elapsed := pg_catalog.age(pg_catalog.clock_timestamp(), began);
END
$$;

COMMENT ON PROCEDURE @extschema@.poc_play(integer, text, text, interval) IS
'Plays the whole scenario: rows, a full backup, more rows, an incremental backup (a full one where PostgreSQL or Barman is too old), a mark, rows too many, a restore to the mark without these, a drill that compares it row for row, and a table from which too many rows are deleted, which is found, rescued, compared and merged; and tells the result and time of each step as it goes. Every step is a call of its own that works by itself, in a transaction of its own; so this must not be called in a transaction block. Runs with its caller''s rights. Should a step fail, the tables play_..._orders and play_..._then may be left. The arguments are there to return the number of steps played, the backup and its status, and the time of all. Example: CALL poc_play()';
