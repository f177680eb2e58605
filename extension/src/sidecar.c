/*-------------------------------------------------------------------------
 *
 * sidecar.c
 *	  What the sidecar's answers mean: a JSON object, or an error to raise.
 *
 * An answer is believed only after its status, type, encoding and syntax have
 * been checked; its text never reaches SQL but as data.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

#include "curl_prelude.h"
#include "compat.h"
#include "sidecar.h"

/* The sidecar's own answers nest five deep; Barman's diagnosis, ten. */
#define MAX_JSON_DEPTH 64

/* How much of a foreign answer is shown in a DETAIL. */
#define MAX_EXCERPT 200

/* an error of the sidecar: what to say where it says nothing itself */
typedef struct ErrorKind
{
	const char *code;
	int			status;
	int			sqlstate;
	const char *detail;
	const char *hint;
} ErrorKind;

static Datum get_field(PG_FUNCTION_ARGS, enum jbvType type);
static Jsonb *read_answer(const PocHttpResponse *response, const char *path,
						  bool *refused);
static Jsonb *parse_json(const PocHttpResponse *response, const char *path);
static bool is_json_type(const char *content_type);
static int	json_depth(const char *text, size_t length);
static char *excerpt(const PocHttpResponse *response);
static const ErrorKind *error_kind(const char *code, int status);
static JsonbValue *find_member(Jsonb *object, const char *key);

PG_FUNCTION_INFO_V1(poc_get_list);
PG_FUNCTION_INFO_V1(poc_get_object);
PG_FUNCTION_INFO_V1(poc_get_health);

/*
 * _poc_get_list(field text, VARIADIC path text[]) returns jsonb: the array of
 * that name in the sidecar's answer.
 */
Datum
poc_get_list(PG_FUNCTION_ARGS)
{
	return get_field(fcinfo, jbvArray);
}

/*
 * _poc_get_object(field text, VARIADIC path text[]) returns jsonb: the object
 * of that name; the whole answer if the name is NULL.
 */
Datum
poc_get_object(PG_FUNCTION_ARGS)
{
	return get_field(fcinfo, jbvObject);
}

/*
 * _poc_get_health() returns jsonb
 */
Datum
poc_get_health(PG_FUNCTION_ARGS)
{
	PG_RETURN_JSONB_P(poc_sidecar_get("/healthz", 0, NULL));
}

static Datum
get_field(PG_FUNCTION_ARGS, enum jbvType type)
{
	char	   *path;
	Jsonb	   *answer;
	Jsonb	   *field;
	JsonbValue *truncated;

	if (PG_ARGISNULL(1))
		elog(ERROR, "no path given");
	path = poc_sidecar_path(PG_GETARG_ARRAYTYPE_P(1));
	answer = poc_sidecar_get(path, 0, NULL);
	if (PG_ARGISNULL(0))
		PG_RETURN_JSONB_P(answer);

	field = poc_json_member(answer, text_to_cstring(PG_GETARG_TEXT_PP(0)), type);
	if (field == NULL)
		poc_sidecar_malformed(path,
							  psprintf("It has no %s of the name \"%s\".",
									   type == jbvArray ? "array" : "object",
									   text_to_cstring(PG_GETARG_TEXT_PP(0))));

	truncated = find_member(answer, "truncated");
	if (truncated != NULL && truncated->type == jbvBool && truncated->val.boolean)
		ereport(WARNING,
				(errmsg("the list is not complete"),
				 errdetail("The sidecar left off the entries beyond the %d it sends at most.",
						   (int) JsonContainerSize(&field->root))));

	PG_RETURN_JSONB_P(field);
}

/*
 * "/v1/" and the segments, each encoded.  A segment that would vanish or mean
 * another place must not get into a path at all.
 */
char *
poc_sidecar_path(ArrayType *segments)
{
	StringInfoData path;
	Datum	   *elements;
	bool	   *nulls;
	int			nelements;

	initStringInfo(&path);
	appendStringInfoString(&path, "/v1");

	deconstruct_array(segments, TEXTOID, -1, false, TYPALIGN_INT,
					  &elements, &nulls, &nelements);
	for (int i = 0; i < nelements; i++)
	{
		char	   *segment = nulls[i] ? NULL : TextDatumGetCString(elements[i]);
		char	   *utf8;
		char	   *encoded;

		if (segment == NULL || segment[0] == '\0' ||
			strcmp(segment, ".") == 0 || strcmp(segment, "..") == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("invalid name or identifier: %s",
							segment ? quote_literal_cstr(segment) : "NULL"),
					 errdetail("A server, backup, area or job cannot have this name."),
					 errhint("See poc_servers(), poc_backups() and poc_jobs() for the names there are.")));

		utf8 = pg_server_to_any(segment, strlen(segment), PG_UTF8);
		encoded = curl_easy_escape(NULL, utf8, strlen(utf8));
		if (encoded == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_OUT_OF_MEMORY),
					 errmsg("out of memory")));

		/*
		 * Throws when the path outgrows a StringInfo, and then loses some
		 * bytes of malloc(): a text value that long does not get here.
		 */
		appendStringInfo(&path, "/%s", encoded);
		curl_free(encoded);
	}

	if (path.len > MAXPGPATH)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("name or identifier is too long"),
				 errdetail("The request would have %d bytes, of %d allowed.",
						   path.len, MAXPGPATH),
				 errhint("See poc_servers(), poc_backups() and poc_jobs() for the names there are.")));
	return path.data;
}

/*
 * Asks for a path (with its query, if any), giving the sidecar "hold"
 * milliseconds more than usual.  Returns the JSON object it answered and
 * throws for anything else, except that with "failure" given a sidecar that
 * cannot be reached is reported there, and NULL returned.
 */
Jsonb *
poc_sidecar_get(const char *path, int hold, PocHttpFailure *failure)
{
	PocHttpRequest request = {.method = "GET",.path = path,.hold = hold};
	PocHttpFailure own_failure = {0};
	PocHttpResponse *response;

	response = poc_http_request(&request, failure ? failure : &own_failure);
	if (response == NULL && failure == NULL)
		poc_sidecar_throw(&own_failure);

	/* a sidecar that is shutting down is as good as gone */
	if (response != NULL && response->status == 503 && failure != NULL)
	{
		failure->sqlstate = ERRCODE_CONNECTION_FAILURE;
		failure->message = "the Barman sidecar is not available";
		failure->detail = "It answered with HTTP status 503.";
		failure->hint = error_kind("", 503)->hint;
		return NULL;
	}
	return response ? read_answer(response, path, NULL) : NULL;
}

/*
 * Posts a JSON object; returns the JSON object answered.
 */
Jsonb *
poc_sidecar_post(const char *path, Jsonb *body)
{
	PocHttpFailure failure = {0};
	bool		refused;
	Jsonb	   *answer = poc_sidecar_start(path, body, NULL, &failure, &refused);

	if (answer == NULL)
		poc_sidecar_throw(&failure);
	return answer;
}

/*
 * Posts a JSON object, or without one sends a DELETE, under a key that lets the
 * sidecar know the request again (none if NULL).  Returns the JSON object
 * answered; NULL, with *failure filled, when no answer came.  When it throws,
 * *refused tells whether the sidecar itself has said no.
 */
Jsonb *
poc_sidecar_start(const char *path, Jsonb *body, const char *key,
				  PocHttpFailure *failure, bool *refused)
{
	PocHttpRequest request = {.method = body ? "POST" : "DELETE",.path = path,.key = key};
	PocHttpResponse *response;

	*refused = false;
	if (body != NULL)
	{
		char	   *text = JsonbToCString(NULL, &body->root, VARSIZE(body));

		request.body = pg_server_to_any(text, strlen(text), PG_UTF8);
	}
	response = poc_http_request(&request, failure);
	return response ? read_answer(response, path, refused) : NULL;
}

void
poc_sidecar_throw(const PocHttpFailure *failure)
{
	ereport(ERROR,
			(errcode(failure->sqlstate),
			 errmsg("%s", failure->message),
			 failure->detail ? errdetail("%s", failure->detail) : 0,
			 failure->hint ? errhint("%s", failure->hint) : 0));
}

static Jsonb *
read_answer(const PocHttpResponse *response, const char *path, bool *refused)
{
	Jsonb	   *answer;
	Jsonb	   *error;

	if (response->status >= 300 && response->status < 400)
		poc_sidecar_malformed(path,
							  psprintf("It is a redirection (HTTP %d), and those are not followed.",
									   response->status));

	/* whoever stands between us and the sidecar has no JSON to offer */
	if (response->status >= 400 && !is_json_type(response->content_type))
		poc_sidecar_throw_error(NULL, response->status, NULL);

	answer = parse_json(response, path);
	if (response->status >= 200 && response->status < 300)
		return answer;
	if (response->status < 400)
		poc_sidecar_malformed(path, psprintf("Its status is %d.", response->status));

	error = poc_json_member(answer, "error", jbvObject);
	if (refused != NULL)
		*refused = error != NULL;
	poc_sidecar_throw_error(error, response->status, NULL);
}

static Jsonb *
parse_json(const PocHttpResponse *response, const char *path)
{
	MemoryContext context = CurrentMemoryContext;
	Jsonb	   *volatile answer = NULL;
	char	   *text;

	if (response->content_encoding != NULL &&
		pg_strcasecmp(response->content_encoding, "identity") != 0)
		poc_sidecar_malformed(path,
							  psprintf("Its content is encoded (\"%s\"), which was not asked for.",
									   response->content_encoding));
	if (!is_json_type(response->content_type))
		poc_sidecar_malformed(path,
							  psprintf("Its type is \"%s\", not \"application/json\"; it begins with: %s",
									   response->content_type ? response->content_type : "",
									   excerpt(response)));
	if (memchr(response->body, '\0', response->length) != NULL)
		poc_sidecar_malformed(path, "It contains a NUL character.");
	if (!pg_verify_mbstr(PG_UTF8, response->body, response->length, true))
		poc_sidecar_malformed(path, "It is not valid UTF-8.");
	if (json_depth(response->body, response->length) > MAX_JSON_DEPTH)
		poc_sidecar_malformed(path,
							  psprintf("Its JSON is nested more than %d deep.",
									   MAX_JSON_DEPTH));

	text = pg_any_to_server(response->body, response->length, PG_UTF8);

	PG_TRY();
	{
		answer = DatumGetJsonbP(DirectFunctionCall1(jsonb_in,
													CStringGetDatum(text)));
	}
	PG_CATCH();
	{
		ErrorData  *edata;

		MemoryContextSwitchTo(context);
		edata = CopyErrorData();
		if (ERRCODE_TO_CATEGORY(edata->sqlerrcode) != ERRCODE_DATA_EXCEPTION &&
			ERRCODE_TO_CATEGORY(edata->sqlerrcode) != ERRCODE_PROGRAM_LIMIT_EXCEEDED)
			PG_RE_THROW();

		/* only the error is replaced: the transaction ends all the same */
		FlushErrorState();
		poc_sidecar_malformed(path,
							  psprintf("%s: %s  It begins with: %s",
									   edata->message,
									   edata->detail ? edata->detail : "No detail.",
									   excerpt(response)));
	}
	PG_END_TRY();

	if (!JB_ROOT_IS_OBJECT(answer))
		poc_sidecar_malformed(path, "It is not a JSON object.");
	return answer;
}

/*
 * application/json, with or without parameters
 */
static bool
is_json_type(const char *content_type)
{
	static const char json[] = "application/json";

	if (content_type == NULL ||
		pg_strncasecmp(content_type, json, sizeof(json) - 1) != 0)
		return false;
	content_type += sizeof(json) - 1;
	return *content_type == '\0' || strchr("; \t", *content_type) != NULL;
}

/*
 * How deep brackets nest.  The parser's own limit is the stack, and its error
 * would tell the user to raise max_stack_depth.
 */
static int
json_depth(const char *text, size_t length)
{
	int			depth = 0;
	int			deepest = 0;
	bool		in_string = false;

	for (size_t i = 0; i < length; i++)
	{
		if (in_string && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			in_string = !in_string;
		else if (!in_string && (text[i] == '{' || text[i] == '['))
		{
			depth++;
			deepest = Max(deepest, depth);
		}
		else if (!in_string && (text[i] == '}' || text[i] == ']'))
			depth--;
	}
	return deepest;
}

/*
 * The beginning of an answer, as plain characters on one line.
 */
static char *
excerpt(const PocHttpResponse *response)
{
	size_t		length = Min(response->length, MAX_EXCERPT);
	char	   *text = palloc(length + 4);

	for (size_t i = 0; i < length; i++)
		text[i] = (response->body[i] >= 0x20 && response->body[i] < 0x7f) ?
			response->body[i] : '?';
	strcpy(text + length, response->length > length ? "..." : "");
	return text;
}

/*
 * An answer that is not what it should be; without a path, one to be told from
 * the statement.
 */
void
poc_sidecar_malformed(const char *path, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROTOCOL_VIOLATION),
			 path ? errmsg("the answer of the Barman sidecar to %s is malformed", path) :
			 errmsg("the answer of the Barman sidecar is malformed"),
			 errdetail("%s", detail),
			 errhint("Check that poc_barman.url names a barman-sidecar, and that its version fits that of this extension.")));
}

/*
 * Raises an error that the sidecar sent, be it as the answer to a request (its
 * HTTP status is given) or as the end of a job (0).  "error" may be NULL, and
 * so may any of its members.
 */
void
poc_sidecar_throw_error(Jsonb *error, int status, const char *hint)
{
	char	   *code = error ? poc_json_text(error, "code") : NULL;
	char	   *message = error ? poc_json_text(error, "message") : NULL;
	char	   *detail = error ? poc_json_text(error, "detail") : NULL;
	char	   *own_hint = error ? poc_json_text(error, "hint") : NULL;
	const ErrorKind *kind = error_kind(code ? code : "", status);

	if (message == NULL || message[0] == '\0')
		message = status > 0 ?
			psprintf("the Barman sidecar answered with HTTP status %d", status) :
			"the job failed";
	if (own_hint != NULL && own_hint[0] != '\0')
		hint = own_hint;

	ereport(ERROR,
			(errcode(kind->sqlstate),
			 errmsg("%s", message),
			 errdetail("%s", detail && detail[0] ? detail : kind->detail),
			 errhint("%s", hint ? hint : kind->hint)));
}

/*
 * What we know of an error by its code, else by the status it came with.
 */
static const ErrorKind *
error_kind(const char *code, int status)
{
	static const char no_match[] = "Check that poc_barman.url names a barman-sidecar, and that its version fits that of this extension.";
	static const char look_at_logs[] = "The logs of the sidecar and of Barman tell more.";
	static const char later[] = "Try again in a moment; the sidecar's log tells more.";
	static const char token[] = "Check that the file named by poc_barman.token_file holds the token that the sidecar was started with.";
	static const char argument[] = "See the function's comment (\\df+ in psql) for what it accepts.";
	static const ErrorKind kinds[] =
	{
		{"bad_request", 400, ERRCODE_INVALID_PARAMETER_VALUE,
			"The sidecar does not take this argument.", argument},
		{"bad_server_name", 400, ERRCODE_INVALID_PARAMETER_VALUE,
			"Barman has no servers of such names.",
		"poc_servers() lists the servers that Barman has."},
		{"bad_backup_id", 400, ERRCODE_INVALID_PARAMETER_VALUE,
			"A backup is meant by its identifier (YYYYMMDDTHHMMSS), by its name, or by latest, oldest, latest-full or last-failed.",
		"poc_backups() lists the backups that Barman has."},
		{"bad_area", 400, ERRCODE_INVALID_PARAMETER_VALUE,
			"The areas are base, wals, streaming, incoming and errors.", argument},
		{"bad_argument", 400, ERRCODE_INVALID_PARAMETER_VALUE,
			"The sidecar does not take this argument.", argument},
		{"unauthorized", 401, ERRCODE_INSUFFICIENT_PRIVILEGE,
			"The token is missing or wrong.", token},
		{"forbidden", 403, ERRCODE_INSUFFICIENT_PRIVILEGE,
			"The token does not allow this.", token},
		{"not_found", 404, ERRCODE_UNDEFINED_OBJECT,
			"The sidecar knows no such address.", no_match},
		{"unknown_server", 404, ERRCODE_UNDEFINED_OBJECT,
			"Barman's configuration describes no server of this name.",
		"poc_servers() lists the servers that Barman has."},
		{"unknown_backup", 404, ERRCODE_UNDEFINED_OBJECT,
			"Barman's catalogue of this server has no such backup.",
		"poc_backups() lists the backups that Barman has."},
		{"unknown_job", 404, ERRCODE_UNDEFINED_OBJECT,
			"The sidecar has no record of such a job.",
		"poc_jobs() lists the jobs that the sidecar knows."},
		{"method_not_allowed", 405, ERRCODE_PROTOCOL_VIOLATION,
			"The sidecar knows the address, and does something else there.", no_match},
		{"conflict", 409, ERRCODE_OBJECT_IN_USE,
			"What runs now does not allow this.",
		"Wait until the other job has ended; poc_jobs() shows it."},
		{"backup_running", 409, ERRCODE_OBJECT_IN_USE,
			"Barman takes one backup of a server at a time.",
		"Wait until the other job has ended; poc_jobs() shows it."},
		{"job_ended", 409, ERRCODE_OBJECT_IN_USE,
			"The job has ended already.", "poc_wait_job() shows how it ended."},
		{"too_large", 413, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
			"The request exceeds what the sidecar accepts.", argument},
		{"wrong_state", 422, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
			"Barman or the server is not in the state for this.",
		"poc_check() shows the state of both."},
		{"unsupported_by_barman", 422, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
			"This version of Barman or of PostgreSQL cannot do this.",
		"poc_sidecar() shows the version of Barman."},
		{"too_many_requests", 429, ERRCODE_CONFIGURATION_LIMIT_EXCEEDED,
			"The sidecar has as many requests as it accepts at a time.", later},
		{"internal", 500, ERRCODE_SYSTEM_ERROR,
			"The sidecar, or what answers in its place, failed and does not say why.", look_at_logs},
		{"barman_failed", 502, ERRCODE_SYSTEM_ERROR,
			"Barman failed and does not say why.", look_at_logs},
		{"shutting_down", 503, ERRCODE_CONNECTION_FAILURE,
			"The sidecar is being stopped.", later},
		{"unavailable", 503, ERRCODE_CONNECTION_FAILURE,
			"The sidecar cannot do this at the moment.", later},
		{"barman_timeout", 504, ERRCODE_CONNECTION_FAILURE,
			"Barman took longer than the sidecar waits for it.", look_at_logs},
	};
	static const ErrorKind client_error = {"", 0, ERRCODE_PROTOCOL_VIOLATION,
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

/*
 * A member of an object as a jsonb of its own, provided it is of this type (an
 * array or an object); NULL otherwise.
 */
Jsonb *
poc_json_member(Jsonb *object, const char *key, enum jbvType type)
{
	JsonbValue *value = find_member(object, key);

	if (value == NULL || value->type != jbvBinary)
		return NULL;
	if (type == jbvArray ? !JsonContainerIsArray(value->val.binary.data) :
		!JsonContainerIsObject(value->val.binary.data))
		return NULL;
	return JsonbValueToJsonb(value);
}

/*
 * A member that is a string; NULL if there is none.
 */
char *
poc_json_text(Jsonb *object, const char *key)
{
	JsonbValue *value = find_member(object, key);

	if (value == NULL || value->type != jbvString)
		return NULL;
	return pnstrdup(value->val.string.val, value->val.string.len);
}

/*
 * A member that counts something; 0 if there is none, or it cannot be.
 */
int64
poc_json_integer(Jsonb *object, const char *key)
{
	JsonbValue *value = find_member(object, key);
	double		number;

	if (value == NULL || value->type != jbvNumeric)
		return 0;
	number = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
												NumericGetDatum(value->val.numeric)));
	return number >= 0 && number < PG_INT32_MAX ? (int64) number : 0;
}

static JsonbValue *
find_member(Jsonb *object, const char *key)
{
	if (!JB_ROOT_IS_OBJECT(object))
		return NULL;
	return getKeyJsonValueFromContainer(&object->root, key, strlen(key), NULL);
}
