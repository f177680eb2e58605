-- The role with which the standby of a pair streams.  Run by a superuser, any number of times.

\set ON_ERROR_STOP on
SET client_min_messages = warning;
\set standby_password `cat "$POC_SECRETS/standby"`

SELECT 'CREATE ROLE standby' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'standby')
\gexec

ALTER ROLE standby LOGIN REPLICATION PASSWORD :'standby_password';
