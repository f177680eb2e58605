-- The two roles Barman logs in with, with the least it needs, and a password
-- for the superuser's TCP connections.  Run by a superuser, any number of times.
--
-- Passwords come from files below $POC_SECRETS, so that they are on no command line.

\set ON_ERROR_STOP on
SET client_min_messages = warning;
\set barman_password `cat "$POC_SECRETS/barman"`
\set streaming_password `cat "$POC_SECRETS/streaming_barman"`
\set postgres_password `cat "$POC_SECRETS/postgres"`

SELECT format('CREATE ROLE %I', name)
FROM unnest(ARRAY['barman', 'streaming_barman']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec

ALTER ROLE postgres PASSWORD :'postgres_password';
ALTER ROLE barman LOGIN PASSWORD :'barman_password';
ALTER ROLE streaming_barman LOGIN REPLICATION PASSWORD :'streaming_password';

-- base backups and WAL
GRANT EXECUTE ON FUNCTION pg_backup_start(text, boolean) TO barman;
GRANT EXECUTE ON FUNCTION pg_backup_stop(boolean) TO barman;
GRANT EXECUTE ON FUNCTION pg_switch_wal() TO barman;
GRANT EXECUTE ON FUNCTION pg_create_restore_point(text) TO barman;
-- barman switch-wal --force
GRANT pg_checkpoint TO barman;
-- barman check, status, replication-status
GRANT pg_read_all_settings, pg_read_all_stats TO barman;
