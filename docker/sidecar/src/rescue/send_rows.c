/*
 * send_rows.c
 *
 * Sends the rows of a table of a restored server.
 */
#include "rescue/send_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/settings.h"
#include "base/timestamp.h"
#include "rescue/home_names.h"
#include "restore/caged_run.h"

/* The client takes nothing for so long: it waits for something that will not come. */
#define STALL_MS (INT64_C(10) * 60 * 1000)

/* Between two looks whether the job was cancelled */
#define LOOK_MS 100

typedef struct Sending
{
	Job *job;
	ByteStream *stream;
	uint64_t bytes;
	bool stalled;
} Sending;

static bool pass_on(void *arg, const char *bytes, size_t length);
static char *copy_command(const json_t *table, const RescueTable *wanted);
static char *failure_of(const Sending *sending, const RunResult *result);

char *
rescue_rows_send(const DrillServer *server, const json_t *table, const RescueTable *wanted,
				 ByteStream *stream)
{
	char *program = mem_printf("%s/psql", settings.pg_bindir);
	/* as they are: they come to a database of the same encoding */
	char *where = drill_conninfo(server, server->reader, "SQL_ASCII");
	char *input = copy_command(table, wanted);
	const char *const argv[] =
		{program, "--no-psqlrc", "--no-password", "--quiet", "--set=ON_ERROR_STOP=1", "--dbname",
		 where,	  NULL};
	Sending sending = {.job = server->job, .stream = stream};
	RunResult result;
	char *error = NULL;

	caged_stream(server->job, argv, input, DRILL_STATEMENT_MS, pass_on, &sending, &result);
	if (result.outcome == RUN_EXITED && result.exit_code == 0)
	{
		job_log(server->job, JOB_DEBUG, "%llu bytes of rows were sent",
				(unsigned long long) sending.bytes);
		byte_stream_end(stream);
	}
	else
		error = failure_of(&sending, &result);
	runner_free(&result);
	free(input);
	free(where);
	free(program);
	return error;
}

static bool
pass_on(void *arg, const char *bytes, size_t length)
{
	Sending *sending = arg;
	int64_t until = monotonic_ms() + STALL_MS;

	sending->bytes += length;
	while (length > 0)
	{
		size_t done = byte_stream_write(sending->stream, bytes, length, LOOK_MS);

		bytes += done;
		length -= done;
		if (done > 0)
			until = monotonic_ms() + STALL_MS;
		sending->stalled = monotonic_ms() >= until;
		if (sending->stalled || job_cancelled(sending->job) ||
			byte_stream_is_abandoned(sending->stream))
			return false;
	}
	return true;
}

/*
 * malloc'd.  ONLY: of a partitioned table no row is its own, so that it is
 * read with its partitions.
 */
static char *
copy_command(const json_t *table, const RescueTable *wanted)
{
	const char *kind = json_text_of(table, "kind");
	const char *format = json_text_of(table, "format");
	char *name = rescue_name_in_copy(table, wanted);
	bool is_parent = kind != NULL && strcmp(kind, "p") == 0;
	char *command = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&command, &size);
	const json_t *column;
	size_t i;

	if (file == NULL)
		abort(); /* out of memory */
	fputs("COPY (SELECT ", file);
	json_array_foreach (json_object_get(table, "columns"), i, column)
	{
		char *quoted = drill_identifier(json_string_value(column) != NULL ? json_string_value(column)
																		  : "");

		fprintf(file, "%s%s", i > 0 ? ", " : "", quoted);
		free(quoted);
	}
	fprintf(file, " FROM %s%s) TO STDOUT (FORMAT %s);\n", is_parent ? "" : "ONLY ", name,
			format != NULL && strcmp(format, "text") == 0 ? "text" : "binary");
	if (fclose(file) != 0)
		abort();
	free(name);
	return command;
}

/* malloc'd */
static char *
failure_of(const Sending *sending, const RunResult *result)
{
	if (sending->stalled)
		return mem_printf("the client has taken no row for %lld seconds",
						  (long long) (STALL_MS / 1000));
	if (byte_stream_is_abandoned(sending->stream))
		return mem_strdup("the client has gone before it had all rows");
	if (result->outcome == RUN_NOT_STARTED)
		return mem_printf("psql could not be started: %s", strerror(result->start_error));
	if (result->outcome == RUN_TIMED_OUT)
		return mem_strdup("the rows were not read in time");
	return mem_printf("psql did not end well: %.*s", DRILL_DETAIL_MAX, result->err);
}
