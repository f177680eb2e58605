-- The servers that Barman has, and the sidecar that tells.
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS poc_barman;

SELECT server, state, description <> '' AS described FROM poc_servers();

SELECT url ~ '^(https?://|unix:/)' AS url, version, barman_version ~ '^3\.\d+\.\d+' AS barman,
	uptime > '0 s' AS up, latency BETWEEN '0 s' AND '5 s' AS answered
FROM poc_sidecar();

-- the server meant: the one named, else the setting, else the only one
SELECT DISTINCT server FROM poc_status();
SELECT DISTINCT server FROM poc_status('postgres1');
SET poc_barman.server = 'postgres1';
SELECT DISTINCT server FROM poc_status();
\set VERBOSITY sqlstate
SET poc_barman.server = 'no_such_server';
SELECT DISTINCT server FROM poc_status();
SELECT DISTINCT server FROM poc_status('postgres1');
