-- ---------------------------------------------------------------------
-- 10_schema.sql: the schema _poc, its row types and its tables.
--
-- The tables hold what an upgrade must keep and pg_dump must save; all other
-- chapters hold functions and views, which can be made again.
--
-- May use: nothing.
-- ---------------------------------------------------------------------

-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION poc_barman" to load this file. \quit

-- ---------------------------------------------------------------------
-- Two schemas
--
-- People call what is in the extension's schema, the one that CREATE EXTENSION
-- names.  Everything else is in _poc, which belongs to the extension, and in
-- which nobody but its owner creates anything: the script fails if there is
-- such a schema already.
--
-- Whoever owns the extension's schema (of "public", that is the owner of the
-- database) can plant functions beside ours, or rename the schema and put
-- another in its place.  So this script may be run in any schema, because
-- nothing of ours ever looks there:
-- - it looks up names in pg_catalog alone (the next line), and says in which
--   schema it creates what;
-- - the bodies of our functions name no schema but _poc and pg_catalog, and
--   give exact types; those that run as the owner have a pinned search_path,
--   and those that cannot have one qualify every name and operator;
-- - what must call a public function of ours does so by its OID: in C, or in a
--   function with a body of the SQL standard (BEGIN ATOMIC), which PostgreSQL
--   resolves here and now.  Here it gives every argument with its exact type,
--   which no overload that was there before can match as well.
-- ---------------------------------------------------------------------

SET LOCAL search_path = pg_catalog, pg_temp;

CREATE SCHEMA _poc;

COMMENT ON SCHEMA _poc IS
'The internal functions, types and tables of poc_barman; not for people';

-- ---- row types, of several functions or of many columns

CREATE TYPE _poc.job AS (
	job_id text, kind text, server text, state text, phase text,
	progress double precision, created timestamptz, ended timestamptz, elapsed interval,
	error text, result jsonb);

COMMENT ON TYPE _poc.job IS 'A job of the sidecar, as poc_wait_job() and poc_cancel_job() return it.';

CREATE TYPE _poc.backup_item AS (
	server text, backup_id text, name text, type text, status text,
	begin_time timestamptz, end_time timestamptz, size bigint, wal_size bigint,
	parent_id text, retention text, error text);

COMMENT ON TYPE _poc.backup_item IS 'A backup, as poc_backups() lists it.';

CREATE TYPE _poc.backup_detail AS (
	server text, backup_id text, name text, type text, status text,
	system_id text, postgresql_version integer, data_directory text,
	data_checksums text, summarize_wal text, method text, compression text, encryption text,
	size bigint, size_with_wals bigint, cluster_size bigint,
	timeline integer, begin_time timestamptz, end_time timestamptz,
	begin_lsn pg_lsn, end_lsn pg_lsn, begin_wal text, end_wal text,
	begin_offset bigint, end_offset bigint,
	copy_time interval, analysis_time interval, throughput bigint, workers integer,
	wal_count bigint, wal_size bigint, wal_compression_ratio text,
	resources_saved bigint, resources_saved_percentage double precision,
	wals_after_count bigint, wals_after_size bigint, wal_rate_per_second double precision,
	last_wal text, timelines text[], retention text,
	previous_backup text, next_backup text, parent_id text, root_id text,
	children text[], chain_size integer, tablespaces jsonb, error text);

COMMENT ON TYPE _poc.backup_detail IS 'All of a backup, as poc_show_backup() tells it.';

CREATE TYPE _poc.streaming_client AS (
	server text, name text, application_name text, client_addr inet, client_port integer,
	user_name text, state text, sync_state text, slot_name text, pid integer, started_at timestamptz,
	sent_lsn pg_lsn, write_lsn pg_lsn, flush_lsn pg_lsn, replay_lsn pg_lsn,
	sent_lag bigint, write_lag bigint, flush_lag bigint, replay_lag bigint);

COMMENT ON TYPE _poc.streaming_client IS 'A client that streams from a server, as poc_replication_status() returns it.';

CREATE TYPE _poc.change AS (
	at timestamptz, kind text, relation text, relation_oid oid, xid xid, begin_lsn pg_lsn, commit_lsn pg_lsn,
	rows_inserted bigint, rows_updated bigint, rows_deleted bigint, timeline integer, backup_id text, name_from text,
	role text, client text, query text);

COMMENT ON TYPE _poc.change IS 'What a transaction did to a table, as poc_find_changes() returns it.';

-- ---- tables

CREATE TABLE _poc.marks (
	name text COLLATE "C" PRIMARY KEY,
	lsn pg_lsn NOT NULL,
	timeline integer NOT NULL,
	system_identifier bigint NOT NULL,
	at timestamptz NOT NULL,
	omitted text[] NOT NULL
);

CREATE TABLE _poc.mark_tables (
	mark text COLLATE "C" REFERENCES _poc.marks ON DELETE CASCADE,
	relation text COLLATE "C",
	bytes bigint NOT NULL,
	rows bigint NOT NULL,
	hash text NOT NULL,
	PRIMARY KEY (mark, relation)
);

CREATE TABLE _poc.mark_sequences (
	mark text COLLATE "C" REFERENCES _poc.marks ON DELETE CASCADE,
	relation text COLLATE "C",
	value bigint,
	ascending boolean NOT NULL,
	PRIMARY KEY (mark, relation)
);

COMMENT ON TABLE _poc.marks IS
'The marks: name of the restore point, end of its record in WAL, when and in which cluster it was created, and what of its database is not in it, and why.';
COMMENT ON TABLE _poc.mark_tables IS
'What a table held at a mark: its size in bytes, its rows and their hash by poc_fingerprint().';

COMMENT ON TABLE _poc.mark_sequences IS
'The last value that a sequence had given before a mark, null if none.';

CREATE TABLE _poc.drills (
	at timestamptz NOT NULL,
	job_id text COLLATE "C",
	began timestamptz NOT NULL,
	ok boolean NOT NULL,
	server text NOT NULL,
	backup_id text,
	mark text,
	system_identifier bigint NOT NULL,
	timeline integer,
	recovered_lsn pg_lsn,
	recovered_time timestamptz,
	restore_elapsed interval,
	recovery_elapsed interval,
	tables integer NOT NULL,
	rows bigint NOT NULL,
	bytes bigint,
	postgresql_version text,
	barman_version text,
	steps jsonb NOT NULL,
	archived_lsn pg_lsn,
	received_lsn pg_lsn,
	unreached_bytes bigint,
	unreached interval,
	database text NOT NULL DEFAULT current_database(),
	target_lsn pg_lsn,
	reason text,
	PRIMARY KEY (at, began)
);

COMMENT ON TABLE _poc.drills IS
'The receipts of restore drills, with their steps as the sidecar told them.';

CREATE TABLE _poc.relation_notes (
	system_identifier bigint,
	database oid,
	relid oid,
	lsn pg_lsn,
	at timestamptz NOT NULL,
	filenode oid NOT NULL,
	kind "char" NOT NULL,
	schema text COLLATE "C" NOT NULL,
	name text COLLATE "C" NOT NULL,
	root oid NOT NULL,
	ancestors oid[] NOT NULL,
	restored boolean NOT NULL DEFAULT false,
	PRIMARY KEY (system_identifier, database, relid, lsn)
);

COMMENT ON TABLE _poc.relation_notes IS
'Relations of a database as they were at some position: name, kind, file (0: it has none), root: the partitioned table at the top that it belongs to, the table of an index or TOAST table, or itself; and the partitioned tables above a partition. restored: a server restored to there has told it.';

CREATE TABLE _poc.rescues (
	at timestamptz NOT NULL,
	began timestamptz NOT NULL,
	job_id text COLLATE "C",
	role text NOT NULL,
	server text NOT NULL,
	system_identifier bigint NOT NULL,
	relation text NOT NULL,
	home text NOT NULL,
	undone text,
	target_lsn pg_lsn,
	target_time timestamptz,
	backup_id text,
	timeline integer,
	recovered_lsn pg_lsn,
	recovered_time timestamptz,
	rows bigint NOT NULL,
	hash text NOT NULL,
	bytes bigint NOT NULL,
	steps jsonb NOT NULL,
	PRIMARY KEY (at, began, home)
);

COMMENT ON TABLE _poc.rescues IS
'The receipts of rescued tables, with their steps: the name that the table had, and the one it came home as.';

CREATE TABLE _poc.receipts (
	n bigint PRIMARY KEY,
	chain text COLLATE "C" NOT NULL,
	kind text COLLATE "C" NOT NULL,
	text text NOT NULL,
	previous text COLLATE "C" NOT NULL,
	hash text COLLATE "C" NOT NULL
);

COMMENT ON TABLE _poc.receipts IS
'The chain of all receipts, of drills and rescues: each holds the hash of the one before; chain is the cluster and the database that wrote it, which changes with a dump.';

CREATE TABLE _poc.proofs (
	run timestamptz,
	n integer,
	server text NOT NULL,
	system_identifier bigint NOT NULL,
	backup_id text NOT NULL,
	mark text,
	target_lsn pg_lsn,
	timeline integer,
	bytes bigint,
	reason text NOT NULL,
	outcome text NOT NULL,
	estimate interval,
	elapsed interval,
	detail text,
	PRIMARY KEY (run, n)
);

COMMENT ON TABLE _poc.proofs IS
'What each poc_prove() has considered, in its order: what it was to restore, why, and what became of it.';

CREATE TABLE _poc.slo (
	server text COLLATE "C" PRIMARY KEY,
	rto interval,
	rpo interval,
	proof_every interval
);

COMMENT ON TABLE _poc.slo IS
'What is wanted of each server of Barman''s: how long a restore may take, how much may be lost, how often that is proven.';

CREATE TABLE _poc.ddl_notes (
	system_identifier bigint NOT NULL,
	database oid NOT NULL,
	relid oid NOT NULL,
	xid xid NOT NULL,
	lsn pg_lsn NOT NULL,
	at timestamptz NOT NULL,
	kind text NOT NULL,
	relation text NOT NULL,
	role text,
	login text,
	client text,
	query text
);

CREATE INDEX ddl_notes_relid ON _poc.ddl_notes (relid);

COMMENT ON TABLE _poc.ddl_notes IS
'Who dropped or rewrote a table, while poc_watch_ddl() was on: the role, who had logged in and from where, and the query.';

CREATE TABLE _poc.ddl_watch (
	queries boolean NOT NULL
);

INSERT INTO _poc.ddl_watch VALUES (true);

-- a publication of all tables lets rows be changed only if they have an identity
ALTER TABLE _poc.ddl_notes REPLICA IDENTITY FULL;
ALTER TABLE _poc.ddl_watch REPLICA IDENTITY FULL;

COMMENT ON TABLE _poc.ddl_watch IS
'One row: whether the texts of queries are remembered.';

-- pg_dump keeps what cannot be made again
SELECT pg_catalog.pg_extension_config_dump('_poc.marks', '');
SELECT pg_catalog.pg_extension_config_dump('_poc.mark_tables', '');
SELECT pg_catalog.pg_extension_config_dump('_poc.mark_sequences', '');
SELECT pg_catalog.pg_extension_config_dump('_poc.drills', '');
SELECT pg_catalog.pg_extension_config_dump('_poc.relation_notes', '');
SELECT pg_catalog.pg_extension_config_dump('_poc.rescues', '');
SELECT pg_catalog.pg_extension_config_dump('_poc.ddl_notes', '');
SELECT pg_catalog.pg_extension_config_dump('_poc.receipts', '');
SELECT pg_catalog.pg_extension_config_dump('_poc.proofs', '');
SELECT pg_catalog.pg_extension_config_dump('_poc.slo', '');
