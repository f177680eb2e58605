-- poc_find_changes(): what transactions did to tables, from the archive
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS poc_barman;
\set VERBOSITY terse
SELECT count(*) > 0 AS ready FROM poc_wait_ready();
SET client_min_messages = warning;

CREATE TABLE changed (id int PRIMARY KEY, v int);
INSERT INTO changed SELECT i, i FROM generate_series(1, 100) AS i;
SELECT poc_note_relations() > 0 AS noted;
SELECT poc_note_relations() AS noted_again;
-- its index is a part of it
SELECT count(*) FROM _poc.relation_notes WHERE name = 'changed_pkey' AND root = 'changed'::regclass;
SELECT clock_timestamp() AS since \gset
DELETE FROM changed WHERE id > 60;
UPDATE changed SET v = 0 WHERE id <= 7;
BEGIN; DELETE FROM changed; ROLLBACK;
TRUNCATE changed;
DROP TABLE changed;

SELECT kind, relation, rows_inserted, rows_updated, rows_deleted, timeline, name_from, at > :'since' AS at
FROM poc_find_changes('changed', since => :'since') ORDER BY commit_lsn;
SELECT kind, rows_deleted FROM poc_find_changes('public.changed', since => :'since', kinds => '{delete,update}', min_rows => 8);

-- refused
SELECT * FROM poc_find_changes(kinds => '{insert}');
SELECT * FROM poc_find_changes(kinds => NULL);
SELECT * FROM poc_find_changes(min_rows => -1);
SELECT * FROM poc_find_changes(since => 'infinity');
SELECT * FROM poc_find_changes('a.b.c');
SELECT * FROM poc_find_changes('nobody_remembers_this');
SELECT * FROM poc_find_changes(server => 'nosuch');
SELECT * FROM poc_restore('before', exclusive => true);

-- what a restored server tells is remembered of what it was asked for, and not of later
BEGIN;
SELECT _poc.note_restored(('{"database": 5, "relations": [[20000, 20001, "r", "s", "asked", 20000, []], [20002, 20002, "i", "s", "its_index", 20000, []],
	[20003, 20004, "r", "s", "by_file", 20003, []], [20005, 20005, "r", "s", "not_asked", 20005, []], [20006, 20006, "i", "", "no_schema", 20000, []],
	[20007, 20007, "i", "s", "' || repeat('x', 64) || '", 20000, []]]}')::jsonb, '{"oids": [20000], "files": [20004]}', 1, 5, 'FFFFFFFF/0', 'infinity', false);
SELECT relid, name, lsn <= pg_current_wal_lsn() AS not_later, at <= clock_timestamp() AS not_in_future, restored FROM _poc.relation_notes WHERE system_identifier = 1 ORDER BY relid;
SELECT _poc.note_restored(jsonb_build_object('database', 5, 'relations', jsonb_agg('[]'::jsonb)), '{"oids": [20000], "files": []}', 1, 5, '0/1', now(), false) FROM generate_series(1, 3001);
ROLLBACK;
