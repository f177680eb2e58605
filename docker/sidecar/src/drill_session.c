/*
 * drill_session.c
 *
 * Asks a restored server, by psql through its own socket.  Nothing that comes
 * from outside may reach psql where it could be a command of psql's.
 */
#include "drill_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "instance_files.h"
#include "memory.h"
#include "options.h"

/* From it on a superuser may do without them, and they may be of a login. */
#define VERSION_EVENT_TRIGGERS 17

/* program, options and end; and those of each query */
#define FIXED_ARGUMENTS 16
#define QUERY_ARGUMENTS 6

static char *part(const char *text, const char *mark, const char *next);
static char *words_of(const RunResult *result, int64_t deadline_ms);
static char *first_error(const char *words);
static char *conninfo_value(const char *text);
static void random_name(char *name, size_t size, const char *prefix);

DrillServer
drill_server(Job *job, const ServerConfig *config, int major,
			 const char *database, const char *superuser)
{
	DrillServer server = {
		.job = job,
		.config = config,
		.major = major,
		.database = database,
		.superuser = superuser
	};

	random_name(server.reader, sizeof(server.reader), "poc_drill_");
	random_name(server.tag, sizeof(server.tag), "q");
	return server;
}

/*
 * psql sends each --command as it is: only one that began with a backslash
 * would be its own, and those are ours.  They mark where the answer to a query
 * begins, in both of its streams.
 */
void
drill_ask(const DrillServer *server, const char *user, int64_t deadline_ms,
		  char *const *queries, size_t count, DrillAnswer *answers)
{
	char	   *program = mem_printf("%s/psql", options.pg_bindir);
	char	   *where = drill_conninfo(server, user);
	const char **argv = mem_alloc((FIXED_ARGUMENTS + QUERY_ARGUMENTS * count) * sizeof(char *));
	char	  **marks = mem_alloc((2 * count + 1) * sizeof(char *));
	const char *const fixed[] = {DRILL_ENVIRONMENT, program,
		"--no-psqlrc", "--no-password", "--quiet", "--tuples-only", "--no-align",
	"--dbname", where};
	size_t		n = 0;
	RunResult	result;
	char	   *words;

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		argv[n++] = fixed[i];
	for (size_t i = 0; i < count; i++)
	{
		marks[2 * i] = mem_printf("\\echo %s-%zu", server->tag, i);
		marks[2 * i + 1] = mem_printf("\\warn %s-%zu", server->tag, i);
		argv[n++] = "--command";
		argv[n++] = marks[2 * i];
		argv[n++] = "--command";
		argv[n++] = marks[2 * i + 1];
		argv[n++] = "--command";
		argv[n++] = queries[i];
	}
	argv[n] = NULL;

	job_run_program(server->job, argv, deadline_ms, &result);
	words = words_of(&result, deadline_ms);
	for (size_t i = 0; i < count; i++)
	{
		char	   *mark = mem_printf("%s-%zu\n", server->tag, i);
		char	   *next = mem_printf("%s-%zu\n", server->tag, i + 1);
		char	   *output = part(result.out, mark, next);
		char	   *error = part(result.err, mark, next);

		/* a query that succeeds may still warn; of the last, only the exit tells */
		if (output == NULL || strstr(error != NULL ? error : "", "ERROR:  ") != NULL ||
			(words != NULL && strstr(result.out, next) == NULL))
			answers[i].error = error != NULL && error[0] != '\0' ? first_error(error)
				: mem_strdup(words != NULL ? words : "psql did not ask it");
		else
			answers[i].output = mem_strndup(output, strcspn(output, "\n"));
		free(mark);
		free(next);
		free(output);
		free(error);
	}
	for (size_t i = 0; i < 2 * count; i++)
		free(marks[i]);
	free(marks);
	free(argv);
	free(words);
	free(where);
	free(program);
	runner_free(&result);
}

void
drill_answer_free(DrillAnswer *answer)
{
	free(answer->output);
	free(answer->error);
	memset(answer, 0, sizeof(*answer));
}

/*
 * Settings of a role or a database may be anything; those of the connection
 * come before them.
 */
char *
drill_conninfo(const DrillServer *server, const char *user)
{
	char	   *directory = mem_printf("%s/" INSTANCE_SOCKET, server->config->directory);
	bool		is_superuser = strcmp(user, server->reader) != 0;
	char	   *host = conninfo_value(directory);
	char	   *role = conninfo_value(user);
	char	   *database = conninfo_value(server->database);
	char	   *text = mem_printf("host=%s port=%d user=%s dbname=%s connect_timeout=30 client_encoding=UTF8 "
								  "application_name=poc_drill options='"
								  "-c local_preload_libraries= -c search_path=pg_catalog -c standard_conforming_strings=on "
								  "-c client_min_messages=warning%s%s'",
								  host, server->config->port, role, database,
								  !is_superuser ? "" : " -c session_preload_libraries= -c session_replication_role=replica",
								  is_superuser && server->major >= VERSION_EVENT_TRIGGERS ? " -c event_triggers=off" : "");

	free(directory);
	free(host);
	free(role);
	free(database);
	return text;
}

char *
drill_quoted(const char *text, char quote)
{
	char	   *copy = mem_alloc(2 * strlen(text) + 3);
	char	   *to = copy;

	*to++ = quote;
	for (; *text != '\0'; text++)
	{
		if (*text == quote)
			*to++ = quote;
		*to++ = *text;
	}
	*to = quote;
	return copy;
}

/* malloc'd text between two marks, or from the first on; NULL without it */
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

/* Why psql did not succeed, malloc'd, or NULL */
static char *
words_of(const RunResult *result, int64_t deadline_ms)
{
	switch (result->outcome)
	{
		case RUN_EXITED:
			return result->exit_code == 0 ? NULL :
				result->err[0] != '\0' ? first_error(result->err) :
				mem_printf("psql ended with exit code %d", result->exit_code);
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

/* "ERROR:  it is false", without what comes before and after */
static char *
first_error(const char *words)
{
	const char *error = strstr(words, "ERROR:  ");
	size_t		length;

	if (error != NULL)
		error += strlen("ERROR:  ");
	else
		error = words;
	length = strcspn(error, "\n");
	return mem_strndup(error, length < DRILL_DETAIL_MAX ? length : DRILL_DETAIL_MAX);
}

/* As libpq wants a value of a connection string */
static char *
conninfo_value(const char *text)
{
	char	   *copy = mem_alloc(2 * strlen(text) + 3);
	char	   *to = copy;

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
	uint64_t	number = 0;

	if (getrandom(&number, sizeof(number), 0) != (ssize_t) sizeof(number))
		abort();				/* not on any Linux that has started */
	snprintf(name, size, "%s%016llx", prefix, (unsigned long long) number);
}
