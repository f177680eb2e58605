-- The files that Barman keeps.
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS poc_barman;

SELECT count(*) > 0 AS waited FROM poc_wait_ready();
SELECT archived FROM poc_switch_wal();

-- the archive holds the segment just archived, complete
SELECT count(*) = 1 AS there
FROM poc_switch_wal() s JOIN poc_files('wals') f ON f.name LIKE '%' || s.wal_file AND NOT f.is_directory;
SELECT count(*) > 0 AS directories FROM poc_files('wals', 'postgres1') WHERE is_directory;
SELECT bool_and(bytes >= 0 AND modified <= clock_timestamp() + '1 min') AS sensible
FROM poc_files('wals');

-- what is being received is not complete yet
SELECT count(*) = 1 AS receiving FROM poc_files('streaming') WHERE name LIKE '%.partial';

SELECT count(*) >= 0 AS base FROM poc_files('base');
SELECT count(*) >= 0 AS incoming FROM poc_files('incoming');
SELECT count(*) >= 0 AS errors FROM poc_files('errors');

\set VERBOSITY sqlstate
SELECT * FROM poc_files('etc');
SELECT * FROM poc_files('../base');
SELECT * FROM poc_files('..');
SELECT * FROM poc_files('');
SELECT * FROM poc_files(NULL);
SELECT * FROM poc_files('base', 'no_such_server');
