/*
 * prepare_copy.c
 *
 * Prepares a restored copy for queries: settings of the application must not
 * affect the results, code of the database must not run, and secrets in its
 * catalogs must not be readable.
 *
 * It makes plain changes of rows, which fire no event trigger on any version,
 * and uses only functions and languages of PostgreSQL's own.  The types of all
 * arguments are explicit, because somebody may have created a function that is
 * a better match.  It must only run in a copy that is thrown away.
 */
#include "proof/prepare_copy.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/timestamp.h"
#include "jobs/job.h"

/*
 * A superuser can have put triggers and rules on the catalog's own tables: the
 * changes below would run them.  11 is pg_catalog, and what initdb creates has
 * OIDs below 16384.
 */
#define IF_CATALOG_IS_PLAIN                                                                                                     \
	"SELECT pg_catalog.count(*) = 0::pg_catalog.int8 AS is_plain FROM pg_catalog.pg_class AS c "                                \
	"WHERE c.relnamespace = 11::pg_catalog.oid AND c.oid < 16384::pg_catalog.oid AND c.relkind = 'r'::pg_catalog.\"char\" AND " \
	"(c.relhastriggers OR c.relhasrules OR c.relchecks > 0::pg_catalog.int2 OR "                                                \
	"EXISTS (SELECT FROM pg_catalog.pg_index AS i WHERE i.indrelid = c.oid AND i.indexrelid >= 16384::pg_catalog.oid) OR "      \
	"EXISTS (SELECT FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = c.oid AND a.atthasdef)) \\gset\n"                      \
	"\\if :is_plain\n"
#define ELSE_NOT_PLAIN "\n;\n\\else\n\\echo " NOT_PLAIN "\n\\endif"

#define NOT_PLAIN "not plain"

/* Databases that are made ready at a time: each is a session of its own */
#define DATABASES_AT_A_TIME 4

/* For the whole cluster; returns the databases' names as bytes: their encoding is unknown. */
static const char cluster_sql[] = IF_CATALOG_IS_PLAIN
	"BEGIN;\n"
	"DELETE FROM ONLY pg_catalog.pg_db_role_setting;\n"
	"UPDATE ONLY pg_catalog.pg_database SET datallowconn = true, datconnlimit = -1 WHERE datconnlimit <> -2;\n"
	"UPDATE ONLY pg_catalog.pg_authid SET rolpassword = NULL, rolconnlimit = -1;\n"
	"UPDATE ONLY pg_catalog.pg_subscription SET subconninfo = '';\n"
	"COMMIT;\n"
	"SELECT pg_catalog.string_agg(pg_catalog.encode(pg_catalog.textsend(d.datname::pg_catalog.text), "
	"'hex'::pg_catalog.text), ','::pg_catalog.text) "
	"FROM pg_catalog.pg_database AS d WHERE d.datconnlimit <> -2" ELSE_NOT_PLAIN;

/*
 * For each database.  The statistics of the catalog's columns hold their most
 * common values, and so these secrets again.
 */
static const char database_sql[] = IF_CATALOG_IS_PLAIN
	"BEGIN;\n"
	"UPDATE ONLY pg_catalog.pg_event_trigger SET evtenabled = 'D';\n"
	"UPDATE ONLY pg_catalog.pg_user_mapping SET umoptions = NULL;\n"
	"UPDATE ONLY pg_catalog.pg_foreign_server SET srvoptions = NULL;\n"
	"UPDATE ONLY pg_catalog.pg_foreign_data_wrapper SET fdwoptions = NULL;\n"
	"UPDATE ONLY pg_catalog.pg_foreign_table SET ftoptions = NULL;\n"
	"UPDATE ONLY pg_catalog.pg_attribute SET attfdwoptions = NULL WHERE attfdwoptions IS NOT NULL;\n"
	"DELETE FROM ONLY pg_catalog.pg_statistic WHERE starelid < 16384::pg_catalog.oid;\n"
	"COMMIT" ELSE_NOT_PLAIN;

typedef struct Emptying
{
	const DrillServer *server;
	const char *rest; /* names of databases, in hexadecimal; protected by the lock, as is error */
	char *error;	  /* the first */
	pthread_mutex_t lock;
} Emptying;

static char *empty_cluster(const DrillServer *server, char **databases);
static void *empty_next(void *arg);
static char *take(Emptying *work);
static char *empty_named(const DrillServer *server, const char *name);
static char *empty_database(const DrillServer *server);
static char *empty_databases(const DrillServer *server, const char *databases);
static bool lets_nobody_in(const char *error);
static bool is_listed(const char *databases, const char *name);
static char *make_reader(const DrillServer *server);
static char *name_of(const char *hex, size_t length);
static char *ask(const DrillServer *server, const char *sql, char **output);

char *
drill_prepare(DrillServer *server, bool any_database)
{
	char *databases = NULL;
	char *error = empty_cluster(server, &databases);

	if (error == NULL && any_database && !is_listed(databases, server->database))
		server->database = is_listed(databases, "postgres") ? "postgres" : "template1";
	if (error == NULL)
		error = empty_databases(server, databases);
	if (error == NULL)
		error = make_reader(server);
	free(databases);
	return error;
}

/*
 * $libdir is where the server's own programs expect their libraries, whatever
 * dynamic_library_path says.  Privileges are granted explicitly, because the
 * database may have default privileges of its own.
 */
char *
drill_bring_fingerprint(const DrillServer *server)
{
	char *sql = mem_printf("BEGIN;\n"
						   "CREATE SCHEMA %1$s;\n"
						   "CREATE FUNCTION %1$s.fingerprint(relation pg_catalog.oid, OUT rows pg_catalog.int8, OUT hash pg_catalog.text)\n"
						   "AS '$libdir/poc_barman', 'poc_fingerprint_of' LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;\n"
						   "GRANT USAGE ON SCHEMA %1$s TO %2$s;\n"
						   "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA %1$s TO %2$s;\n"
						   "COMMIT",
						   server->schema, server->reader);
	char *error = ask(server, sql, NULL);
	char *words;

	free(sql);
	if (error == NULL || (strstr(error, "could not access file") == NULL &&
						  strstr(error, "could not find function") == NULL &&
						  strstr(error, "could not load library") == NULL))
		return error;
	words = mem_printf("the library of poc_barman on this host cannot be used: %s\n"
					   "DETAIL:  Tables are compared by functions of Barman's host, not by those of the restored database.\n"
					   "HINT:  Install poc_barman for PostgreSQL %d on Barman's host too, of the same version.",
					   error, server->major);
	free(error);
	return words;
}

/*
 * Connects to a database that accepts it, usually the one to be checked.  The
 * caller frees the list of databases.
 */
static char *
empty_cluster(const DrillServer *server, char **databases)
{
	static const char *const others[] = {"postgres", "template1"};
	/* this encoding works in every database, and leaves names unchanged */
	DrillServer from = *server;
	char *error;
	char *other_error;

	from.encoding = "SQL_ASCII";
	error = ask(&from, cluster_sql, databases);
	for (size_t i = 0; error != NULL && i < sizeof(others) / sizeof(others[0]); i++)
	{
		from.database = others[i];
		other_error = ask(&from, cluster_sql, databases);
		if (other_error == NULL)
		{
			free(error);
			error = NULL;
		}
		free(other_error);
	}
	if (error == NULL && strcmp(*databases, NOT_PLAIN) == 0)
		error = mem_strdup(
			"tables of the system catalog have triggers, rules, constraints or indexes of their own\n"
			"DETAIL:  Code of the restored database would run by whatever is changed in it, so that nothing can be proved.\n"
			"HINT:  Only a superuser with allow_system_table_mods can have made them: look into pg_trigger, pg_rewrite, pg_constraint, pg_index and pg_attrdef.");
	return error;
}

/* Several at a time: the first session of each database fills its caches. */
static char *
empty_databases(const DrillServer *server, const char *databases)
{
	Emptying work = {.server = server, .rest = databases, .lock = PTHREAD_MUTEX_INITIALIZER};
	pthread_t threads[DATABASES_AT_A_TIME];
	int started = 0;

	/* this thread is a worker too */
	while (started < DATABASES_AT_A_TIME - 1 &&
		   pthread_create(&threads[started], NULL, empty_next, &work) == 0)
		started++;
	empty_next(&work);
	while (started > 0)
		pthread_join(threads[--started], NULL);
	return work.error;
}

static void *
empty_next(void *arg)
{
	Emptying *work = arg;
	char *name;

	while ((name = take(work)) != NULL)
	{
		char *error = empty_named(work->server, name);

		free(name);
		pthread_mutex_lock(&work->lock);
		if (work->error == NULL)
			work->error = error;
		else
			free(error);
		pthread_mutex_unlock(&work->lock);
	}
	return NULL;
}

/* Among the names in hexadecimal? */
static bool
is_listed(const char *databases, const char *name)
{
	bool listed = false;

	while (!listed && *databases != '\0')
	{
		size_t length = strcspn(databases, ",");
		char *one = name_of(databases, length);

		listed = strcmp(one, name) == 0;
		free(one);
		databases += length + (databases[length] == ',');
	}
	return listed;
}

/* The next name, malloc'd; NULL: there is none left, or one database has failed */
static char *
take(Emptying *work)
{
	char *name = NULL;

	pthread_mutex_lock(&work->lock);
	if (work->error == NULL && *work->rest != '\0')
	{
		size_t length = strcspn(work->rest, ",");

		name = name_of(work->rest, length);
		work->rest += length + (work->rest[length] == ',');
	}
	pthread_mutex_unlock(&work->lock);
	return name;
}

/* NULL, or malloc'd words on why the database could not be emptied */
static char *
empty_named(const DrillServer *server, const char *name)
{
	DrillServer other = *server;
	char *error;
	char *words;

	other.database = name;
	other.encoding = "SQL_ASCII";
	error = empty_database(&other);
	if (error == NULL)
		return NULL;
	if (strcmp(name, server->database) != 0 && lets_nobody_in(error))
	{
		/* then nobody can read its content either */
		job_log(server->job, JOB_WARNING,
				"database %s of the copy lets nobody in, and is left as it is: %s", name, error);
		free(error);
		return NULL;
	}
	words = mem_printf("database %s: %s", name, error);
	free(error);
	return words;
}

/*
 * Whether the error is that this host lacks a locale, or ICU or one of its
 * locales.  Compares only how the message begins, because names follow.
 */
static bool
lets_nobody_in(const char *error)
{
	static const char *const reasons[] = {
		"database locale is incompatible with operating system",
		"ICU is not supported in this build",
		"could not open collator for locale",
	};
	static const char fatal[] = " failed: FATAL:  ";
	const char *reason = strstr(error, fatal);

	/* once connected, the text of an error can be anybody's */
	if (strstr(error, "connection to server") == NULL ||
		strstr(error, "connection to server") > reason)
		reason = NULL;
	for (size_t i = 0; reason != NULL && i < sizeof(reasons) / sizeof(reasons[0]); i++)
	{
		if (strncmp(reason + strlen(fatal), reasons[i], strlen(reasons[i])) == 0)
			return true;
	}
	return false;
}

static char *
empty_database(const DrillServer *server)
{
	char *output = NULL;
	char *error = ask(server, database_sql, &output);

	if (error == NULL && strcmp(output, NOT_PLAIN) == 0)
		error = mem_strdup(
			"tables of its system catalog have triggers, rules, constraints or indexes of their own");
	free(output);
	return error;
}

/*
 * Creates a new role, because existing ones may have any privilege.  Only this
 * role runs what comes from the caller.  It can read all large objects, and
 * the text of its errors does not get into the server's log.  amcheck is
 * installed again, from this host, when it is needed.
 */
static char *
make_reader(const DrillServer *server)
{
	char *database = drill_identifier(server->database);
	char *sql = mem_printf("BEGIN;\n"
						   "CREATE ROLE %1$s LOGIN INHERIT BYPASSRLS NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION;\n"
						   "GRANT pg_read_all_data TO %1$s;\n"
						   "GRANT CONNECT ON DATABASE %2$s TO %1$s;\n"
						   "GRANT EXECUTE ON FUNCTION pg_catalog.pg_control_system() TO %1$s;\n"
						   "ALTER ROLE %1$s SET lo_compat_privileges = on;\n"
						   "ALTER ROLE %1$s SET log_statement = none;\n"
						   "ALTER ROLE %1$s SET log_min_messages = panic;\n"
						   "ALTER ROLE %1$s SET log_min_error_statement = panic;\n"
						   "DROP EXTENSION IF EXISTS amcheck CASCADE;\n"
						   "COMMIT",
						   server->reader, database);
	char *error = ask(server, sql, NULL);

	free(sql);
	free(database);
	return error;
}

/* malloc'd bytes of a hexadecimal string */
static char *
name_of(const char *hex, size_t length)
{
	char *name = mem_alloc(length / 2 + 1);

	for (size_t i = 0; i + 1 < length; i += 2)
	{
		char digits[] = {hex[i], hex[i + 1], '\0'};

		name[i / 2] = (char) strtol(digits, NULL, 16);
	}
	return name;
}

/* Runs sql as superuser.  Returns the error, malloc'd, or NULL; the caller frees the output. */
static char *
ask(const DrillServer *server, const char *sql, char **output)
{
	char *copy = mem_strdup(sql);
	DrillAnswer answer = {NULL, NULL};

	drill_ask(server, server->superuser, DRILL_QUICK_MS, &copy, 1, &answer);
	free(copy);
	if (output != NULL)
	{
		free(*output);
		*output = answer.output;
		answer.output = NULL;
	}
	free(answer.output);
	return answer.error;
}
