-- The catalogue: lists of backups, and one of them in full.
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS poc_barman;

SELECT count(*) > 0 AS waited FROM poc_wait_ready();
SELECT backup_id AS new FROM poc_backup() \gset

-- newest first, of one server or of all
SELECT backup_id = :'new' AS is_new, server, type, status, size > 1000000 AS size,
	begin_time < end_time AS times, end_time <= clock_timestamp() + '1 min' AS ended,
	parent_id, error
FROM poc_backups() LIMIT 1;
SELECT array_agg(b.backup_id) = (SELECT array_agg(a.backup_id ORDER BY a.backup_id DESC) FROM poc_backups() AS a) AS same
FROM poc_backups('postgres1') AS b;

-- everything that barman show-backup prints
SELECT server, backup_id = :'new' AS is_new, status, coalesce(type, 'full') AS type,
	coalesce(system_id = (SELECT system_identifier::text FROM pg_control_system()), true) AS system,
	postgresql_version = current_setting('server_version_num')::int AS version,
	data_directory = current_setting('data_directory') AS data_directory,
	timeline = (SELECT timeline_id FROM pg_control_checkpoint()) AS timeline
FROM poc_show_backup();
SELECT size > 1000000 AS size, coalesce(cluster_size > 1000000, true) AS cluster_size,
	begin_time < end_time AS times, begin_lsn < end_lsn AS lsns, end_lsn <= pg_current_wal_lsn() AS end_lsn,
	begin_wal = pg_walfile_name(begin_lsn) AS begin_wal, length(end_wal) AS end_wal,
	copy_time > '0 s' AS copy_time, throughput > 0 AS throughput, last_wal >= begin_wal AS last_wal,
	next_backup IS NULL AS is_last, parent_id, children, error
FROM poc_show_backup('latest', 'postgres1');

-- the names that stand for a backup
SELECT (SELECT backup_id FROM poc_show_backup(:'new')) = :'new' AS by_id,
	(SELECT backup_id FROM poc_show_backup('last')) = :'new' AS last,
	(SELECT backup_id FROM poc_show_backup('oldest')) = (SELECT min(backup_id) FROM poc_backups() WHERE status = 'DONE') AS oldest;

-- its directory
SELECT count(*) AS there FROM poc_files('base') WHERE name = :'new' AND is_directory AND bytes > 1000000;
