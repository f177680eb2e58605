/*
 * psql_session.c
 *
 * Queries a restored server with psql, through its own socket.  Text from
 * outside must never be where psql could read it as a command, wherever the
 * server makes psql believe that a literal ends.  If that failed, psql's
 * confinement would leave the command nothing to run.
 */
#include "proof/psql_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/memory.h"
#include "base/settings.h"
#include "restore/caged_run.h"
#include "restore/instance_files.h"

/* Since this version, a superuser can turn off event triggers, which may fire at login. */
#define VERSION_EVENT_TRIGGERS 17

#define ERROR_LABEL "ERROR:  "

static uint32_t next_character(const char **text);
static char *script(const DrillServer *server, char *const *queries, size_t count);
static char *part(const char *text, const char *mark, const char *next);
static char *words_of(const RunResult *result, int64_t deadline_ms);
static char *message_of(const char *words);
static bool begins(const char *line, const char *label);
static char *conninfo_value(const char *text);
static void random_name(char *name, size_t size, const char *prefix);

DrillServer
drill_server(Job *job, const ServerConfig *config, int major, const char *database,
			 const char *superuser)
{
	DrillServer server = {
		.job = job,
		.config = config,
		.major = major,
		.database = database,
		.superuser = superuser,
		.encoding = "UTF8",
	};

	random_name(server.reader, sizeof(server.reader), "poc_drill_");
	random_name(server.schema, sizeof(server.schema), "poc_proof_");
	random_name(server.tag, sizeof(server.tag), "q");
	return server;
}

/*
 * psql reads the queries from its standard input, because every user can see
 * its arguments.  Between them, psql commands mark where each answer begins,
 * in both output streams.
 */
void
drill_ask(const DrillServer *server, const char *user, int64_t deadline_ms, char *const *queries,
		  size_t count, DrillAnswer *answers)
{
	char *program = mem_printf("%s/psql", settings.pg_bindir);
	char *where = drill_conninfo(server, user, server->encoding);
	char *input = script(server, queries, count);
	const char *const argv[] = {program,	"--no-psqlrc",	 "--no-password",
								"--quiet",	"--tuples-only", "--no-align",
								"--dbname", where,			 NULL};
	RunResult result;
	char *words;

	caged_run(server->job, NULL, true, argv, input, deadline_ms, &result);
	words = words_of(&result, deadline_ms);
	for (size_t i = 0; i < count; i++)
	{
		char *mark = mem_printf("%s-%zu\n", server->tag, i);
		char *next = mem_printf("%s-%zu\n", server->tag, i + 1);
		char *output = part(result.out, mark, next);
		char *error = part(result.err, mark, next);

		/* a query may succeed with a warning; psql continues after one that fails */
		if (output == NULL || strstr(result.out, next) == NULL ||
			(error != NULL && strstr(error, ERROR_LABEL) != NULL))
			answers[i].error = error != NULL && error[0] != '\0'
								   ? message_of(error)
								   : mem_strdup(words != NULL ? words : "psql did not ask it");
		else
			answers[i].output = mem_strndup(output, strcspn(output, "\n"));
		free(mark);
		free(next);
		free(output);
		free(error);
	}
	free(input);
	free(words);
	free(where);
	free(program);
	runner_free(&result);
}

json_t *
drill_ask_object(const DrillServer *server, char *query, const char *words, char **error)
{
	DrillAnswer answer = {NULL, NULL};
	json_t *object = NULL;

	drill_ask(server, server->superuser, DRILL_QUICK_MS, &query, 1, &answer);
	if (answer.output != NULL)
		object = json_loads(answer.output[0] != '\0' ? answer.output : "{}", 0, NULL);
	if (!json_is_object(object))
	{
		json_decref(object);
		object = NULL;
		*error = mem_strdup(answer.error != NULL ? answer.error : words);
	}
	drill_answer_free(&answer);
	return object;
}

void
drill_answer_free(DrillAnswer *answer)
{
	free(answer->output);
	free(answer->error);
	memset(answer, 0, sizeof(*answer));
}

/*
 * A role or a database may have any settings until they are removed; those of
 * the connection override them.  Values that enter a fingerprint as text are
 * formatted as in poc_fingerprint().
 */
char *
drill_conninfo(const DrillServer *server, const char *user, const char *encoding)
{
	static const char for_superuser
		[] = " -c session_preload_libraries= -c session_replication_role=replica"
			 " -c role=none -c default_transaction_read_only=off -c exit_on_error=off -c statement_timeout=0"
			 " -c lock_timeout=0 -c idle_in_transaction_session_timeout=0 -c idle_session_timeout=0";
	static const char
		for_reader[] = " -c default_transaction_read_only=on -c row_security=off"
					   " -c datestyle=ISO,YMD -c intervalstyle=postgres -c timezone=UTC -c extra_float_digits=1"
					   " -c bytea_output=hex -c xmlbinary=base64 -c lc_monetary=C -c quote_all_identifiers=off";
	char *directory = mem_printf("%s/" INSTANCE_SOCKET, server->config->directory);
	bool is_superuser = strcmp(user, server->reader) != 0;
	char *host = conninfo_value(directory);
	char *role = conninfo_value(user);
	char *database = conninfo_value(server->database);
	char *text = mem_printf("host=%s port=%d user=%s dbname=%s connect_timeout=30 client_encoding=%s "
							"application_name=poc_drill options='"
							"-c local_preload_libraries= -c search_path=pg_catalog,pg_temp -c standard_conforming_strings=on "
							"-c client_min_messages=warning%s%s'",
							host, server->config->port, role, database, encoding,
							is_superuser ? for_superuser : for_reader,
							is_superuser && server->major >= VERSION_EVENT_TRIGGERS
								? " -c event_triggers=off -c transaction_timeout=0"
								: "");

	free(directory);
	free(host);
	free(role);
	free(database);
	return text;
}

/*
 * The types are explicit, so that no function with other argument types that
 * somebody has created is a better match.
 */
char *
drill_value(const char *text, const char *encoding)
{
	char *digits = mem_alloc(2 * strlen(text) + 1);
	char *to = digits;
	char *sql;

	for (; *text != '\0'; text++)
		to += sprintf(to, "%02x", (unsigned char) *text);
	sql = mem_printf("pg_catalog.convert_from(pg_catalog.decode('%s'::pg_catalog.text, 'hex'::pg_catalog.text), "
					 "'%s'::pg_catalog.name)",
					 digits, encoding);
	free(digits);
	return sql;
}

/* Uses its own escape character: a backslash begins psql's commands. */
char *
drill_identifier(const char *text)
{
	static const char before[] = "U&\"";
	static const char after[] = "\" UESCAPE '!'";
	char *sql = mem_alloc(sizeof(before) + sizeof(after) + 8 * strlen(text));
	char *to = stpcpy(sql, before);

	for (const char *from = text; *from != '\0';)
		to += sprintf(to, "!+%06x", (unsigned int) next_character(&from));
	strcpy(to, after);
	return sql;
}

/* Decodes UTF-8, as in all JSON; an invalid byte becomes U+FFFD. */
static uint32_t
next_character(const char **text)
{
	const unsigned char *byte = (const unsigned char *) *text;
	int more = byte[0] >= 0xf0 ? 3 : byte[0] >= 0xe0 ? 2 : byte[0] >= 0xc0 ? 1 : 0;
	uint32_t character = more > 0 ? byte[0] & (0x3fU >> more) : byte[0];

	for (int i = 1; i <= more; i++)
	{
		if ((byte[i] & 0xc0) != 0x80)
		{
			*text += i;
			return 0xfffd;
		}
		character = character << 6 | (byte[i] & 0x3f);
	}
	*text += more + 1;
	return byte[0] >= 0x80 && more == 0 ? 0xfffd : character;
}

/* malloc'd; a semicolon on a line of its own ends each query, however it ends. */
static char *
script(const DrillServer *server, char *const *queries, size_t count)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);

	if (file == NULL)
		abort(); /* out of memory */
	for (size_t i = 0; i <= count; i++)
	{
		fprintf(file, "\\echo %s-%zu\n\\warn %s-%zu\n", server->tag, i, server->tag, i);
		if (i < count)
			fprintf(file, "%s\n;\n", queries[i]);
	}
	if (fclose(file) != 0)
		abort();
	return text;
}

/* malloc'd text between two marks, or after the first; NULL without the first */
static char *
part(const char *text, const char *mark, const char *next)
{
	const char *begin = strstr(text, mark);
	const char *end;

	if (begin == NULL)
		return NULL;
	begin += strlen(mark);
	end = strstr(begin, next);
	return mem_strndup(begin, end != NULL ? (size_t) (end - begin) : strlen(begin));
}

/* Why psql failed, malloc'd, or NULL */
static char *
words_of(const RunResult *result, int64_t deadline_ms)
{
	switch (result->outcome)
	{
		case RUN_EXITED:
			return result->exit_code == 0 ? NULL
				   : result->err[0] != '\0'
					   ? message_of(result->err)
					   : mem_printf("psql ended with exit code %d", result->exit_code);
		case RUN_TIMED_OUT:
			return mem_printf("not done within %lld seconds", (long long) deadline_ms / 1000);
		case RUN_CANCELLED:
			return mem_strdup("cancelled");
		case RUN_NOT_STARTED:
			return mem_printf("psql could not be started: %s", strerror(result->start_error));
		case RUN_SIGNALED:
			return mem_printf("psql was ended by signal %d", result->signal);
		case RUN_TOO_LARGE:
			break;
	}
	return mem_strdup("the answer is too large");
}

/*
 * malloc'd: the first error in psql's output with its DETAIL and HINT, without
 * its label and without its position in our query.
 */
static char *
message_of(const char *words)
{
	static const char *const wanted[] = {"DETAIL:  ", "HINT:  "};
	static const char *const unwanted[] = {"LINE ",
										   "QUERY:  ", "CONTEXT:  ", "LOCATION:  ", "STATEMENT:  "};
	const char *error = strstr(words, ERROR_LABEL);
	char *message = mem_alloc(DRILL_DETAIL_MAX + 1);
	size_t used = 0;
	bool keep = true;

	if (error != NULL)
		words = error + strlen(ERROR_LABEL);
	for (const char *line = words; *line != '\0';)
	{
		size_t length = strcspn(line, "\n");

		/* another message begins here */
		if (line != words && (begins(line, "ERROR:  ") || begins(line, "WARNING:  ")))
			break;
		for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
			keep = keep || begins(line, wanted[i]);
		for (size_t i = 0; i < sizeof(unwanted) / sizeof(unwanted[0]); i++)
			keep = keep && (line == words || !begins(line, unwanted[i]));
		if (keep && used + length + 1 <= DRILL_DETAIL_MAX)
		{
			if (used > 0)
				message[used++] = '\n';
			memcpy(message + used, line, length);
			used += length;
		}
		else if (keep && used == 0)
		{
			used = DRILL_DETAIL_MAX;
			memcpy(message, line, used);
		}
		line += length + (line[length] == '\n');
	}
	message[used] = '\0';
	return message;
}

static bool
begins(const char *line, const char *label)
{
	return strncmp(line, label, strlen(label)) == 0;
}

/* Quotes a value of a libpq connection string */
static char *
conninfo_value(const char *text)
{
	char *copy = mem_alloc(2 * strlen(text) + 3);
	char *to = copy;

	*to++ = '\'';
	for (; *text != '\0'; text++)
	{
		if (*text == '\'' || *text == '\\')
			*to++ = '\\';
		*to++ = *text;
	}
	*to = '\'';
	return copy;
}

static void
random_name(char *name, size_t size, const char *prefix)
{
	uint64_t number = 0;

	if (getrandom(&number, sizeof(number), 0) != (ssize_t) sizeof(number))
		abort(); /* impossible on a running Linux */
	snprintf(name, size, "%s%016llx", prefix, (unsigned long long) number);
}
