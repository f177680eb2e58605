-- Writing WAL, and the names of its segments right on their boundaries.
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS poc_barman;

-- as much as was asked for, within the headers of some records and pages
SELECT end_lsn - start_lsn = bytes AS adds_up,
	bytes BETWEEN 4 * 1024 * 1024 AND 5 * 1024 * 1024 AS as_asked, segments <= 1 AS segments
FROM poc_generate_wal('4 MB');
SELECT bytes > 0 AS a_byte_is_a_record FROM poc_generate_wal('1');
SELECT segments >= 2 AS fills_segments
FROM poc_generate_wal((SELECT 2 * setting::bigint || ' bytes' FROM pg_settings WHERE name = 'wal_segment_size'));
SELECT poc_generate_wal(NULL) IS NULL AS strict;

-- it is WAL and nothing else: no transaction, and it stays when rolled back
BEGIN;
SELECT poc_generate_wal('64 kB') IS NOT NULL AS written;
SELECT pg_current_xact_id_if_assigned() IS NULL AS no_transaction;
SELECT pg_current_wal_lsn() AS before \gset
ROLLBACK;
SELECT pg_current_wal_lsn() >= :'before' AS stays;

\set VERBOSITY sqlstate
SELECT poc_generate_wal('0');
SELECT poc_generate_wal('-1 MB');
SELECT poc_generate_wal('65 GB');
SELECT poc_generate_wal('1 EB');
SELECT poc_generate_wal('lots');
SELECT poc_generate_wal('');
SET statement_timeout = '500ms';
SELECT poc_generate_wal('64 GB');
RESET statement_timeout;
\set VERBOSITY default

-- a tick is written, flushed, and no reason for anybody to do anything
SELECT pg_current_wal_insert_lsn() AS before \gset
SELECT _poc.wal_tick() AS tick \gset
SELECT :'tick'::pg_lsn > :'before'::pg_lsn AS written,
	:'tick'::pg_lsn <= pg_current_wal_flush_lsn() AS flushed;

-- and it is small (tried again, as others may write something just then)
DO $$
DECLARE
	bytes numeric;
BEGIN
	FOR i IN 1 .. 20 LOOP
		bytes := - (pg_current_wal_insert_lsn() - _poc.wal_tick());
		EXIT WHEN bytes < 200;
	END LOOP;
	ASSERT bytes < 200, bytes;
END
$$;

-- the segment that a switch closed is the one that was current before it (tried
-- again, as the current one may end just then, or others may switch)
DO $$
DECLARE
	current text;
	closed record;
BEGIN
	FOR i IN 1 .. 100 LOOP
		current := pg_walfile_name(pg_current_wal_insert_lsn());
		ASSERT poc_generate_wal('64 kB') IS NOT NULL;
		SELECT * INTO closed FROM poc_switch_wal(wait => false);
		ASSERT closed.switched;
		ASSERT pg_walfile_name(closed.lsn) = closed.wal_file;
		EXIT WHEN closed.wal_file = current;
		PERFORM pg_sleep(0.2);
	END LOOP;
	ASSERT closed.wal_file = current;
END
$$;

-- with nothing written since, there is nothing to close, and it says what was
-- closed (tried again, as autovacuum may write something just then, and for a while)
DO $$
DECLARE
	first record;
	second record;
BEGIN
	FOR i IN 1 .. 100 LOOP
		SELECT * INTO first FROM poc_switch_wal(wait => false);
		SELECT * INTO second FROM poc_switch_wal(wait => false);
		EXIT WHEN NOT second.switched AND second.lsn = first.lsn;
		PERFORM pg_sleep(0.2);
	END LOOP;
	ASSERT NOT second.switched;
	ASSERT second.wal_file = first.wal_file;
	ASSERT second.lsn = first.lsn;
END
$$;

-- right on the boundary, where even the tick is missing
DO $$
DECLARE
	current text;
	closed record;
BEGIN
	FOR i IN 1 .. 100 LOOP
		PERFORM _poc.wal_tick();
		current := pg_walfile_name(pg_current_wal_insert_lsn());
		PERFORM pg_switch_wal();
		SELECT * INTO closed FROM _poc.wal_switch(false);
		EXIT WHEN NOT closed.switched;
		PERFORM pg_sleep(0.2);
	END LOOP;
	ASSERT NOT closed.switched;
	ASSERT closed.wal_file = current;
END
$$;

-- forced, there always is something
DO $$
DECLARE
	current text;
	closed record;
BEGIN
	FOR i IN 1 .. 100 LOOP
		current := pg_walfile_name(pg_current_wal_insert_lsn());
		SELECT * INTO closed FROM _poc.wal_switch(true);
		ASSERT closed.switched;
		EXIT WHEN closed.wal_file = current;
		PERFORM pg_sleep(0.2);
	END LOOP;
	ASSERT closed.wal_file = current;
END
$$;
