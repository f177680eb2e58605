-- poc_seed() makes the table of the scenario, and poc_generate_rows() its rows
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS poc_barman;
DROP TABLE IF EXISTS dummy;
RESET client_min_messages;
SELECT to_regclass('public.dummy') IS NULL AS absent;
SELECT poc_generate_rows(3);
\d public.dummy
SELECT id, length(text) FROM dummy ORDER BY id;
SELECT poc_seed();
SELECT count(*) FROM dummy;
SELECT poc_seed(reset => true);
SELECT poc_generate_rows(2000);
SELECT count(*), min(id), max(id), count(DISTINCT text) FROM dummy;
DROP TABLE dummy;
SELECT poc_seed();
DROP TABLE dummy;
