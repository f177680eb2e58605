-- poc_restore_drill(): a backup is restored, compared, removed, and the receipt is kept
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS poc_barman;
\set SHOW_CONTEXT never
CREATE SCHEMA drill;
SET search_path = drill, public;
CREATE TABLE orders (id int PRIMARY KEY, item text);
INSERT INTO orders SELECT i, 'item ' || i FROM generate_series(1, 1000) AS i;
CREATE TABLE "it's ""odd""" (a int);
INSERT INTO "it's ""odd""" VALUES (1);
CREATE TABLE renamed AS SELECT 1 AS n;
SET client_min_messages = error;
SELECT count(*) > 0 AS ready FROM poc_wait_ready();
SET client_min_messages = warning;
SELECT status FROM poc_backup();
INSERT INTO orders SELECT i, 'item ' || i FROM generate_series(1001, 2000) AS i;
SELECT tables, rows FROM poc_mark('regress_drill', ARRAY['orders', '"it''s ""odd"""', 'renamed']::regclass[]);
UPDATE orders SET item = 'changed after the mark';
ALTER TABLE orders ADD COLUMN added int DEFAULT 7;
ALTER TABLE renamed RENAME TO otherwise;
DROP TABLE "it's ""odd""";

-- what was there at the mark is there again, whatever has become of it since
SELECT step, ok, elapsed >= '0' AS elapsed, CASE WHEN step IN ('compare', 'assert') THEN detail END AS detail
FROM poc_restore_drill('regress_drill', asserts => ARRAY[
	'SELECT count(*) = 2000 FROM drill.orders',
	'SELECT NOT pg_is_in_recovery()']);
SELECT ok, verdict, mark, server = 'postgres1' AS server, backup_id IS NOT NULL AS backup, timeline > 1 AS timeline,
	rto > '0' AS rto, rpo >= '0' AND rpo < '1 h' AS rpo, tables, rows, bytes > 0 AS bytes, at <= clock_timestamp() AS at,
	recovered_lsn >= (SELECT lsn FROM poc_marks WHERE name = mark) AS lsn, postgresql_version IS NOT NULL AS version
FROM poc_drills ORDER BY at DESC LIMIT 1;

-- what is not is told: of a table, of an assertion; and these can only read
UPDATE _poc.mark_tables SET rows = rows + 1 WHERE mark = 'regress_drill' AND relation = 'drill.orders';
UPDATE _poc.mark_tables SET hash = md5(hash) WHERE mark = 'regress_drill' AND relation LIKE '%odd%';
INSERT INTO _poc.mark_tables VALUES ('regress_drill', 'drill.gone', 0, 0, 'x');
SELECT step, ok, detail
FROM poc_restore_drill('regress_drill', asserts => ARRAY[
	'SELECT false',
	'SELECT NULL',
	'SELECT count(*) FROM drill.orders',
	'SELECT 1/0 = 0',
	'\! true',
	'COMMIT',
	'DELETE FROM drill.orders RETURNING true',
	'SELECT bool_and(NOT rolsuper) FROM pg_roles WHERE rolname IN (current_user, session_user)'])
WHERE step IN ('compare', 'assert');
SELECT ok, verdict LIKE 'failed: compare: drill."it''s ""odd""": %; assert: SELECT false: it is false; %' AS verdict, tables, rows
FROM poc_drills ORDER BY at DESC LIMIT 1;

-- nothing is left, unless it is to be kept
SELECT count(*) FROM poc_instances() WHERE instance LIKE 'drill\_%';
SELECT bool_and(ok) FROM poc_restore_drill('regress_drill', asserts => '{SELECT false}', keep => true);
SELECT instance, state FROM poc_instances() WHERE instance LIKE 'drill\_%' \gset kept_
SELECT :'kept_state' AS state;
SELECT state FROM poc_drop_instance(:'kept_instance');

-- without a mark: all there is, up to now
SELECT bool_and(ok) FROM poc_restore_drill(asserts => ARRAY[
	'SELECT count(*) = 2000 FROM drill.orders WHERE item = ''changed after the mark''']);
SELECT ok, mark, tables, rpo < '1 min' AS rpo FROM poc_drills ORDER BY at DESC LIMIT 1;

-- what is asked wrongly is an error, and no drill
RESET client_min_messages;
SELECT count(*) AS drills FROM poc_drills \gset
SELECT * FROM poc_restore_drill('no_such_mark');
SELECT * FROM poc_restore_drill(asserts => '{NULL}');
\set VERBOSITY sqlstate
SELECT * FROM poc_restore_drill(backup_id => '20000101T000000');
SELECT * FROM poc_restore_drill(backup_id => '--help');
SELECT * FROM poc_restore_drill(server => 'no_such_server');
INSERT INTO _poc.marks SELECT 'regress_dumped', m.lsn, m.timeline, 1, m.at, '{}' FROM _poc.marks AS m WHERE m.name = 'regress_drill';
SELECT * FROM poc_restore_drill('regress_dumped');
DELETE FROM poc_marks WHERE name = 'regress_dumped';
CREATE ROLE regress_poc_driller;
SET ROLE regress_poc_driller;
SELECT * FROM poc_restore_drill();
TABLE poc_drills;
RESET ROLE;
DROP ROLE regress_poc_driller;
SELECT count(*) = :drills AS none FROM poc_drills;

DELETE FROM poc_marks WHERE name = 'regress_drill';
SET client_min_messages = warning;
DROP SCHEMA drill CASCADE;
