/*
 * answer.c
 *
 * Makes answers: one envelope for values, one for errors.
 */
#include "base/answer.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/timestamp.h"

static const struct
{
	const char *code;
	int status;
} error_statuses[] = {
	{"bad_request", 400},
	{"bad_server_name", 400},
	{"bad_backup_id", 400},
	{"bad_area", 400},
	{"bad_argument", 400},
	{"unauthorized", 401},
	{"forbidden", 403},
	{"not_found", 404},
	{BARMAN_UNKNOWN_SERVER, 404},
	{BARMAN_UNKNOWN_BACKUP, 404},
	{"unknown_job", 404},
	{"unknown_instance", 404},
	{"method_not_allowed", 405},
	{"request_timeout", 408},
	{BARMAN_BACKUP_RUNNING, 409},
	{"job_ended", 409},
	{"conflict", 409},
	{"too_large", 413},
	{"misdirected", 421},
	{BARMAN_UNSUPPORTED, 422},
	{"wrong_state", 422},
	{"too_many_requests", 429},
	{BARMAN_INTERNAL, 500},
	{BARMAN_FAILED, 502},
	{BARMAN_BAD_OUTPUT, 502},
	{"shutting_down", 503},
	{"unavailable", 503},
	{"barman_timeout", 504},
};

static int error_status(const char *code);

Answer *
answer_json(int status, json_t *value)
{
	Answer *answer = mem_alloc(sizeof(Answer));

	atomic_init(&answer->references, 1);
	answer->status = status;
	answer->value = json_checked(value);
	answer->body = json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(15));
	if (answer->body == NULL)
		json_checked(NULL);
	answer->length = strlen(answer->body);
	answer->made = monotonic_ms();
	answer->content_type = "application/json";
	return answer;
}

Answer *
answer_text(const char *content_type, char *body)
{
	Answer *answer = mem_alloc(sizeof(Answer));

	atomic_init(&answer->references, 1);
	answer->status = 200;
	answer->body = body;
	answer->length = strlen(body);
	answer->made = monotonic_ms();
	answer->content_type = content_type;
	return answer;
}

Answer *
answer_stream(const char *content_type, ByteStream *stream)
{
	Answer *answer = answer_text(content_type, mem_strdup(""));

	answer->stream = stream;
	return answer;
}

Answer *
answer_file(int file, size_t length)
{
	Answer *answer = answer_text("application/json", mem_strdup(""));

	answer->file = file;
	answer->has_file = true;
	answer->length = length;
	return answer;
}

Answer *
answer_error(const char *code, const char *message, const char *detail, const char *hint)
{
	json_t *envelope = json_checked(json_object());

	json_object_set_new(envelope, "error", error_json(code, message, detail, hint));
	return answer_json(error_status(code), envelope);
}

Answer *
answer_errorf(const char *code, const char *format, ...)
{
	va_list args;
	char *message;
	Answer *answer;

	va_start(args, format);
	message = mem_vprintf(format, args);
	va_end(args);
	answer = answer_error(code, message, NULL, NULL);
	free(message);
	return answer;
}

Answer *
answer_wrong_state(char *message, char *detail, const char *hint)
{
	Answer *answer = answer_error(BARMAN_WRONG_STATE, message, detail, hint);

	free(message);
	free(detail);
	return answer;
}

Answer *
answer_failure(BarmanFailure *failure)
{
	Answer *answer = answer_error(failure->code ? failure->code : BARMAN_INTERNAL,
								  failure->message ? failure->message : "unknown failure",
								  failure->detail, failure->hint);

	barman_failure_clear(failure);
	return answer;
}

Answer *
answer_keep(Answer *answer)
{
	atomic_fetch_add(&answer->references, 1);
	return answer;
}

void
answer_release(Answer *answer)
{
	if (answer == NULL || atomic_fetch_sub(&answer->references, 1) != 1)
		return;
	json_decref(answer->value);
	free(answer->body);
	free(answer->location);
	if (answer->stream != NULL)
		byte_stream_reader_release(answer->stream);
	if (answer->has_file)
		close(answer->file);
	free(answer);
}

json_t *
error_json(const char *code, const char *message, const char *detail, const char *hint)
{
	json_t *error = json_checked(json_object());

	/* The interface has one code for a failure of Barman's. */
	if (strcmp(code, BARMAN_BAD_OUTPUT) == 0)
		code = BARMAN_FAILED;
	json_object_set_new(error, "code", json_text(code));
	json_object_set_new(error, "message", json_text(message));
	json_object_set_new(error, "detail", json_text(detail));
	json_object_set_new(error, "hint", json_text(hint));
	return error;
}

/* The HTTP status of one of our error codes */
static int
error_status(const char *code)
{
	for (size_t i = 0; i < sizeof(error_statuses) / sizeof(error_statuses[0]); i++)
	{
		if (strcmp(code, error_statuses[i].code) == 0)
			return error_statuses[i].status;
	}
	return 500;
}
