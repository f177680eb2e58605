-- The settings: their kind, their bounds, and what they refuse.
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS poc_barman;
RESET client_min_messages;
LOAD 'poc_barman';

SELECT name, vartype, context, boot_val, unit, min_val, max_val
FROM pg_settings WHERE name LIKE 'poc_barman.%' ORDER BY name COLLATE "C";

-- the address of the sidecar: nothing but scheme, host, port and path
ALTER SYSTEM SET poc_barman.url = 'ftp://localhost';
ALTER SYSTEM SET poc_barman.url = 'localhost:8480';
ALTER SYSTEM SET poc_barman.url = '';
ALTER SYSTEM SET poc_barman.url = 'http://user@localhost';
ALTER SYSTEM SET poc_barman.url = 'http://user:secret@localhost';
ALTER SYSTEM SET poc_barman.url = 'http://localhost/?a=b';
ALTER SYSTEM SET poc_barman.url = 'http://localhost/#there';
ALTER SYSTEM SET poc_barman.url = 'http://localhost/?';
ALTER SYSTEM SET poc_barman.url = 'http://local host/';
ALTER SYSTEM SET poc_barman.url = 'http://';
ALTER SYSTEM SET poc_barman.url = 'http://localhost:99999';
ALTER SYSTEM SET poc_barman.url = E'http://localhost/\nX-Evil: 1';
ALTER SYSTEM SET poc_barman.url = 'unix:relative/socket';

-- files: absolute paths
ALTER SYSTEM SET poc_barman.token_file = 'token';
ALTER SYSTEM SET poc_barman.ca_file = '../ca.pem';

-- none of these is for a session to set
SET poc_barman.url = 'http://127.0.0.1:1';
SET poc_barman.token_file = '/etc/passwd';
SET poc_barman.ca_file = '/tmp/ca.pem';

-- the rest has bounds
\set VERBOSITY sqlstate
SET poc_barman.timeout = 0;
SET poc_barman.timeout = '11min';
SET poc_barman.connect_timeout = '2min';
SET poc_barman.max_response_size = '1GB';
\set VERBOSITY default
SET poc_barman.server = 'a/b';
SET poc_barman.server = 'two words';
SET poc_barman.timeout = '5s';
SHOW poc_barman.timeout;

-- and the prefix is reserved
SET poc_barman.nothing = 1;

-- a superuser's own
CREATE ROLE regress_poc_settings;
SET ROLE regress_poc_settings;
\set VERBOSITY sqlstate
SHOW poc_barman.url;
SHOW poc_barman.token_file;
SHOW poc_barman.ca_file;
SET poc_barman.max_response_size = '1MB';
SET poc_barman.connect_timeout = '1s';
SET poc_barman.server = 'postgres1';
RESET ROLE;
DROP ROLE regress_poc_settings;
