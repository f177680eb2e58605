/*
 * fuzz_request.c
 *
 * Whatever a caller sends as a path, a key or a body is split or refused, and
 * never more.  The first line of the input is the path, the rest the body, of a
 * restore and of a drill, too.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/arguments.h"
#include "api/parse_drill_request.h"
#include "api/parse_restore_request.h"
#include "base/memory.h"
#include "http/body.h"
#include "http/request.h"
#include "jobs/idempotency.h"

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const Argument fields[] = {
	{"name", ARGUMENT_TEXT, 0, 0, true, 0},
	{"fast", ARGUMENT_BOOL, 0, 0, false, true},
	{"seconds", ARGUMENT_INTEGER, 1, 100, false, 60},
	{NULL, ARGUMENT_TEXT, 0, 0, false, 0},
};

/* A request is made or refused, and either can be freed. */
static void
read_requests(json_t *given)
{
	Answer *refusal = NULL;
	RestoreRequest *restore = restore_request_read(given, &refusal);
	DrillRequest *drill;

	if ((restore == NULL) == (refusal == NULL))
		abort();
	if (restore != NULL)
		restore_request_free(restore);
	answer_release(refusal);
	refusal = NULL;
	drill = drill_request_read(given, &refusal);
	if ((drill == NULL) == (refusal == NULL))
		abort();
	if (drill != NULL)
		drill_request_free(drill);
	answer_release(refusal);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, '\n', size);
	size_t length = end != NULL ? (size_t) (end - data) : size;
	char *path = mem_strndup((const char *) data, length);
	Request request = {0};
	Answer *refusal = NULL;
	json_t *arguments;

	if (http_split_path(&request, path))
	{
		for (int i = 0; i < request.segment_count; i++)
		{
			/* no control character survives, and all of it is UTF-8 */
			json_t *text = json_string(request.segments[i]);

			if (text == NULL || strpbrk(request.segments[i], "\n\r\t") != NULL)
				abort();
			json_decref(text);
		}
	}
	for (int i = 0; i < request.segment_count; i++)
		free(request.segments[i]);
	/* a key becomes part of a record, and of a path */
	if (job_key_is_valid(path) && (strlen(path) > 64 || strpbrk(path, "/\"\\ .") != NULL))
		abort();
	free(path);

	if (end != NULL)
	{
		json_t *given = http_body_parse((const char *) end + 1, size - length - 1,
										ARGUMENTS_MAX_VALUES, &refusal);

		arguments = given != NULL ? arguments_check(given, fields, &refusal) : NULL;
		if (given != NULL)
			read_requests(given);
		json_decref(given);
		if ((arguments == NULL) == (refusal == NULL))
			abort();
		json_decref(arguments);
		answer_release(refusal);
	}
	return 0;
}
