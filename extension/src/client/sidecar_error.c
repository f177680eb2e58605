/*-------------------------------------------------------------------------
 *
 * sidecar_error.c
 *	  Errors to raise when the sidecar refuses a request, answers something
 *	  unexpected, or does not answer.
 *
 * Each error has a DETAIL and a HINT, even if the sidecar sent none.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/compat.h"
#include "client/json.h"
#include "client/sidecar_error.h"

/* an error of the sidecar, and the texts for what it leaves out */
typedef struct ErrorKind
{
	const char *code;
	int status;
	int sqlstate;
	const char *detail;
	const char *hint;
} ErrorKind;

static const ErrorKind *error_kind(const char *code, int status);

/* Raises the error for a missing answer. */
void
poc_sidecar_throw(const PocHttpFailure *failure)
{
	ereport(ERROR, (errcode(failure->sqlstate), errmsg("%s", failure->message),
					failure->detail ? errdetail("%s", failure->detail) : 0,
					failure->hint ? errhint("%s", failure->hint) : 0));
}

/*
 * Raises the error for a malformed answer.  path may be NULL if the statement
 * implies it.
 */
void
poc_sidecar_malformed(const char *path, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROTOCOL_VIOLATION),
			 path ? errmsg("the answer of the Barman sidecar to %s is malformed", path)
				  : errmsg("the answer of the Barman sidecar is malformed"),
			 errdetail("%s", detail),
			 errhint(
				 "Check that poc_barman.url names a barman-sidecar, and that its version fits that of this extension.")));
}

/*
 * Raises an error that the sidecar sent: in the answer to a request (status is
 * the HTTP status), or as the result of a job (status is 0).  "error" may be
 * NULL, and so may any of its members.
 */
void
poc_sidecar_throw_error(Jsonb *error, int status, const char *hint)
{
	char *code = error ? poc_json_text(error, "code") : NULL;
	char *message = error ? poc_json_text(error, "message") : NULL;
	char *detail = error ? poc_json_text(error, "detail") : NULL;
	char *own_hint = error ? poc_json_text(error, "hint") : NULL;
	const ErrorKind *kind = error_kind(code ? code : "", status);

	if (message == NULL || message[0] == '\0')
		message = status > 0 ? psprintf("the Barman sidecar answered with HTTP status %d", status)
							 : "the job failed";
	if (own_hint != NULL && own_hint[0] != '\0')
		hint = own_hint;

	ereport(ERROR, (errcode(kind->sqlstate), errmsg("%s", message),
					errdetail("%s", detail && detail[0] ? detail : kind->detail),
					errhint("%s", hint ? hint : kind->hint)));
}

/* Describes a sidecar that runs but takes no requests (HTTP 503). */
void
poc_sidecar_unavailable(PocHttpFailure *failure)
{
	failure->sqlstate = ERRCODE_CONNECTION_FAILURE;
	failure->message = "the Barman sidecar is not available";
	failure->detail = "It answered with HTTP status 503.";
	failure->hint = error_kind("", 503)->hint;
}

/* Looks up an error by its code, or else by its HTTP status. */
static const ErrorKind *
error_kind(const char *code, int status)
{
	static const char
		no_match[] = "Check that poc_barman.url names a barman-sidecar, and that its version fits that of this extension.";
	static const char look_at_logs[] = "The logs of the sidecar and of Barman tell more.";
	static const char later[] = "Try again in a moment; the sidecar's log tells more.";
	static const char
		token[] = "Check that the file named by poc_barman.token_file holds the token that the sidecar was started with.";
	static const char argument[] = "See the function's comment (\\df+ in psql) for what it accepts.";
	static const ErrorKind kinds[] = {
		{"bad_request", 400, ERRCODE_INVALID_PARAMETER_VALUE,
		 "The sidecar does not take this argument.", argument},
		{"bad_server_name", 400, ERRCODE_INVALID_PARAMETER_VALUE,
		 "Barman has no servers of such names.", "poc_servers() lists the servers that Barman has."},
		{"bad_backup_id", 400, ERRCODE_INVALID_PARAMETER_VALUE,
		 "A backup is meant by its identifier (YYYYMMDDTHHMMSS), by its name, or by latest, oldest, latest-full or last-failed.",
		 "poc_backups() lists the backups that Barman has."},
		{"bad_area", 400, ERRCODE_INVALID_PARAMETER_VALUE,
		 "The areas are base, wals, streaming, incoming and errors.", argument},
		{"bad_argument", 400, ERRCODE_INVALID_PARAMETER_VALUE,
		 "The sidecar does not take this argument.", argument},
		{"unauthorized", 401, ERRCODE_INSUFFICIENT_PRIVILEGE, "The token is missing or wrong.", token},
		{"forbidden", 403, ERRCODE_INSUFFICIENT_PRIVILEGE, "The token does not allow this.",
		 "A token of a wider scope, or of all servers, allows it: see --token-file of barman-sidecar."},
		{"not_found", 404, ERRCODE_UNDEFINED_OBJECT, "The sidecar knows no such address.", no_match},
		{"unknown_server", 404, ERRCODE_UNDEFINED_OBJECT,
		 "Barman's configuration describes no server of this name.",
		 "poc_servers() lists the servers that Barman has."},
		{"unknown_backup", 404, ERRCODE_UNDEFINED_OBJECT,
		 "Barman's catalogue of this server has no such backup.",
		 "poc_backups() lists the backups that Barman has."},
		{"unknown_job", 404, ERRCODE_UNDEFINED_OBJECT, "The sidecar has no record of such a job.",
		 "poc_jobs() lists the jobs that the sidecar knows."},
		{"method_not_allowed", 405, ERRCODE_PROTOCOL_VIOLATION,
		 "The sidecar knows the address, and does something else there.", no_match},
		{"request_timeout", 408, ERRCODE_CONNECTION_FAILURE,
		 "The request did not reach the sidecar in time.", later},
		{"conflict", 409, ERRCODE_OBJECT_IN_USE, "What runs now does not allow this.",
		 "Wait until the other job has ended; poc_jobs() shows it."},
		{"backup_running", 409, ERRCODE_OBJECT_IN_USE,
		 "Barman takes one backup of a server at a time.",
		 "Wait until the other job has ended; poc_jobs() shows it."},
		{"job_ended", 409, ERRCODE_OBJECT_IN_USE, "The job has ended already.",
		 "poc_wait_job() shows how it ended."},
		{"too_large", 413, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
		 "The request exceeds what the sidecar accepts.", argument},
		{"misdirected", 421, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
		 "The sidecar does not take poc_barman.url for its own address.",
		 "Start barman-sidecar with --host-name, or name an address on which it listens."},
		{"wrong_state", 422, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
		 "Barman or the server is not in the state for this.", "poc_check() shows the state of both."},
		{"unsupported_by_barman", 422, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
		 "This version of Barman or of PostgreSQL cannot do this.",
		 "poc_sidecar() shows the version of Barman."},
		{"too_many_requests", 429, ERRCODE_CONFIGURATION_LIMIT_EXCEEDED,
		 "The sidecar has as many requests as it accepts at a time.", later},
		{"internal", 500, ERRCODE_SYSTEM_ERROR,
		 "The sidecar, or what answers in its place, failed and does not say why.", look_at_logs},
		{"barman_failed", 502, ERRCODE_SYSTEM_ERROR, "Barman failed and does not say why.",
		 look_at_logs},
		{"shutting_down", 503, ERRCODE_CONNECTION_FAILURE, "The sidecar is being stopped.", later},
		{"unavailable", 503, ERRCODE_CONNECTION_FAILURE,
		 "The sidecar cannot do this at the moment.", later},
		{"barman_timeout", 504, ERRCODE_CONNECTION_FAILURE,
		 "Barman took longer than the sidecar waits for it.", look_at_logs},
	};
	static const ErrorKind client_error =
		{"", 0, ERRCODE_PROTOCOL_VIOLATION,
		 "The sidecar, or what answers in its place, refused the request.", no_match};
	static const ErrorKind other_error = {"", 0, ERRCODE_SYSTEM_ERROR,
										  "The sidecar does not say why.", look_at_logs};

	for (int i = 0; i < lengthof(kinds); i++)
	{
		if (strcmp(kinds[i].code, code) == 0)
			return &kinds[i];
	}
	for (int i = 0; i < lengthof(kinds); i++)
	{
		if (kinds[i].status == status)
			return &kinds[i];
	}
	return status >= 400 && status < 500 ? &client_error : &other_error;
}
