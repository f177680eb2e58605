-- A switch is not done until Barman has the segment.
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS poc_barman;

SELECT count(*) > 0 AS waited FROM poc_wait_ready();

-- (tried again, as the current segment may end just then, or others may switch)
DO $$
DECLARE
	current text;
	closed record;
BEGIN
	FOR i IN 1 .. 100 LOOP
		current := pg_walfile_name(pg_current_wal_insert_lsn());
		ASSERT poc_generate_wal('100 kB') IS NOT NULL;
		SELECT * INTO closed FROM poc_switch_wal();
		ASSERT closed.switched AND closed.archived;
		ASSERT closed.elapsed BETWEEN '0 s' AND '60 s', closed.elapsed;
		EXIT WHEN closed.wal_file = current;
		PERFORM pg_sleep(0.2);
	END LOOP;
	ASSERT closed.wal_file = current;
END
$$;

-- again, with nothing written: no new segment, and the last one is archived still
DO $$
DECLARE
	first record;
	second record;
BEGIN
	FOR i IN 1 .. 100 LOOP
		SELECT * INTO first FROM poc_switch_wal('postgres1');
		SELECT * INTO second FROM poc_switch_wal('postgres1');
		EXIT WHEN NOT second.switched;
		PERFORM pg_sleep(0.2);
	END LOOP;
	ASSERT first.archived AND second.archived;
	ASSERT NOT second.switched;
	ASSERT second.wal_file = first.wal_file;
END
$$;

-- not waiting: nobody knows yet
SELECT archived IS NULL AS unknown FROM poc_switch_wal(wait => false);

-- cron says what it did, if anything
SELECT count(*) >= 0 AS ran, count(*) FILTER (WHERE m IS NULL) AS nulls FROM poc_cron() AS m;

\set VERBOSITY sqlstate
SELECT * FROM poc_switch_wal(timeout => '-1 s');
SELECT * FROM poc_switch_wal('no_such_server');
SELECT * FROM poc_wait_ready(timeout => '-1 s');
SELECT * FROM poc_wait_ready('no_such_server');
