/*-------------------------------------------------------------------------
 *
 * sidecar.c
 *	  Interprets the sidecar's answers: a JSON object, or an error to raise.
 *
 * An answer is used only after checks of its status, type, encoding and
 * syntax; its text reaches SQL only as data.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"

#include "base/curl_prelude.h"
#include "base/compat.h"
#include "base/settings.h"
#include "client/answer.h"
#include "client/http.h"
#include "client/json.h"
#include "client/sidecar.h"

static Datum get_field(PG_FUNCTION_ARGS, enum jbvType type, PocAnswerUse use);
static Jsonb *get(const char *path, int hold, PocHttpFailure *failure, PocAnswerUse use);
static Jsonb *read_answer(const PocHttpResponse *response, const char *path, bool *refused,
						  PocAnswerUse use);
static bool needs_destroy_token(const char *path, Jsonb *body, bool *refused);

PG_FUNCTION_INFO_V1(poc_get_list);
PG_FUNCTION_INFO_V1(poc_get_object);
PG_FUNCTION_INFO_V1(poc_get_exact);
PG_FUNCTION_INFO_V1(poc_get_verbatim);
PG_FUNCTION_INFO_V1(poc_get_health);

/*
 * _poc.get_list(field text, path text[]) returns jsonb: this member of the
 * sidecar's answer, an array.
 */
Datum
poc_get_list(PG_FUNCTION_ARGS)
{
	return get_field(fcinfo, jbvArray, POC_ANSWER_SHOWN);
}

/*
 * _poc.get_object(field text, path text[]) returns jsonb: this member of the
 * answer, an object; the whole answer if field is NULL.
 */
Datum
poc_get_object(PG_FUNCTION_ARGS)
{
	return get_field(fcinfo, jbvObject, POC_ANSWER_SHOWN);
}

/*
 * _poc.get_exact(field text, path text[]) returns jsonb: as _poc.get_object(), but
 * fails if the object has a character that this database cannot have.
 */
Datum
poc_get_exact(PG_FUNCTION_ARGS)
{
	return get_field(fcinfo, jbvObject, POC_ANSWER_EXACT);
}

/*
 * _poc.get_verbatim(path text[]) returns jsonb: the whole answer, with controls as they are.
 */
Datum
poc_get_verbatim(PG_FUNCTION_ARGS)
{
	PG_RETURN_JSONB_P(get(poc_sidecar_path(PG_GETARG_ARRAYTYPE_P(0)), 0, NULL, POC_ANSWER_VERBATIM));
}

/*
 * _poc.get_health() returns jsonb
 */
Datum
poc_get_health(PG_FUNCTION_ARGS)
{
	PG_RETURN_JSONB_P(poc_sidecar_get("/healthz", 0, NULL));
}

static Datum
get_field(PG_FUNCTION_ARGS, enum jbvType type, PocAnswerUse use)
{
	char *path;
	Jsonb *answer;
	Jsonb *field;

	if (PG_ARGISNULL(1))
		elog(ERROR, "no path given");
	path = poc_sidecar_path(PG_GETARG_ARRAYTYPE_P(1));
	answer = get(path, 0, NULL, use);
	if (PG_ARGISNULL(0))
		PG_RETURN_JSONB_P(answer);

	field = poc_json_member(answer, text_to_cstring(PG_GETARG_TEXT_PP(0)), type);
	if (field == NULL)
		poc_sidecar_malformed(path, psprintf("It has no %s of the name \"%s\".",
											 type == jbvArray ? "array" : "object",
											 text_to_cstring(PG_GETARG_TEXT_PP(0))));

	if (poc_json_true(answer, "truncated") || poc_json_true(answer, "more"))
		ereport(WARNING, (errmsg("the list is not complete"),
						  errdetail("The sidecar left off the entries beyond the %d it sends at most.",
									(int) JsonContainerSize(&field->root))));

	PG_RETURN_JSONB_P(field);
}

/*
 * Builds "/v1/" and the encoded segments.  Rejects a segment that would vanish
 * from the path or change its meaning.
 */
char *
poc_sidecar_path(ArrayType *segments)
{
	StringInfoData path;
	Datum *elements;
	bool *nulls;
	int nelements;

	initStringInfo(&path);
	appendStringInfoString(&path, "/v1");

	deconstruct_array(segments, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &nelements);
	for (int i = 0; i < nelements; i++)
	{
		char *segment = nulls[i] ? NULL : TextDatumGetCString(elements[i]);
		char *utf8;
		char *encoded;

		if (segment == NULL || segment[0] == '\0' || strcmp(segment, ".") == 0 ||
			strcmp(segment, "..") == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("invalid name or identifier: %s",
							segment ? quote_literal_cstr(segment) : "NULL"),
					 errdetail("A server, backup, area or job cannot have this name."),
					 errhint(
						 "See poc_servers(), poc_backups() and poc_jobs() for the names there are.")));

		utf8 = poc_answer_key(segment);
		encoded = curl_easy_escape(NULL, utf8, strlen(utf8));
		if (encoded == NULL)
			ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));

		/*
		 * Throws when the path exceeds a StringInfo, and then leaks some bytes
		 * of malloc(): a text value of that length cannot get here.
		 */
		appendStringInfo(&path, "/%s", encoded);
		curl_free(encoded);
	}

	if (path.len > MAXPGPATH)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("name or identifier is too long"),
				 errdetail("The request would have %d bytes, of %d allowed.", path.len, MAXPGPATH),
				 errhint("See poc_servers(), poc_backups() and poc_jobs() for the names there are.")));
	return path.data;
}

/*
 * Sends a GET request for a path (with its query, if any), allowing the
 * sidecar "hold" milliseconds more than usual.  Returns the JSON object in the
 * answer.  Throws in any other case, except that an unreachable sidecar is
 * reported in "failure", if given, by returning NULL.
 */
Jsonb *
poc_sidecar_get(const char *path, int hold, PocHttpFailure *failure)
{
	return get(path, hold, failure, POC_ANSWER_SHOWN);
}

/*
 * The same of what is acted upon, such as names and definitions of tables: fails if the
 * encoding of the database lacks a character of the answer.
 */
Jsonb *
poc_sidecar_get_exact(const char *path)
{
	return get(path, 0, NULL, POC_ANSWER_EXACT);
}

static Jsonb *
get(const char *path, int hold, PocHttpFailure *failure, PocAnswerUse use)
{
	PocHttpRequest request = {.method = "GET", .path = path, .hold = hold};
	PocHttpFailure own_failure = {0};
	PocHttpResponse *response;

	response = poc_http_request(&request, failure ? failure : &own_failure);
	if (response == NULL && failure == NULL)
		poc_sidecar_throw(&own_failure);

	/* treat a sidecar that is shutting down as unreachable */
	if (response != NULL && response->status == 503 && failure != NULL)
	{
		poc_sidecar_unavailable(failure);
		return NULL;
	}
	return response ? read_answer(response, path, NULL, use) : NULL;
}

/* Returns the JSON object in an answer, or throws the error in it. */
Jsonb *
poc_sidecar_read(const PocHttpResponse *response, const char *path)
{
	return read_answer(response, path, NULL, POC_ANSWER_SHOWN);
}

/* Posts a JSON object; returns the JSON object in the answer. */
Jsonb *
poc_sidecar_post(const char *path, Jsonb *body)
{
	PocHttpFailure failure = {0};
	bool refused;
	Jsonb *answer = poc_sidecar_start(path, body, NULL, &failure, &refused);

	if (answer == NULL)
		poc_sidecar_throw(&failure);
	return answer;
}

/*
 * Posts a JSON object, or sends a DELETE if there is none, with an idempotency
 * key (NULL: without).  Returns the JSON object in the answer; without an
 * answer, NULL with *failure filled.  If it throws, *refused says whether the
 * sidecar has refused the request.
 */
Jsonb *
poc_sidecar_start(const char *path, Jsonb *body, const char *key, PocHttpFailure *failure,
				  bool *refused)
{
	PocHttpRequest request = {.method = body ? "POST" : "DELETE", .path = path, .key = key};
	PocHttpResponse *response;

	*refused = false;
	request.destroys = needs_destroy_token(path, body, refused);
	if (body != NULL)
	{
		char *text = JsonbToCString(NULL, &body->root, VARSIZE(body));

		request.body = poc_answer_utf8(text);
	}
	response = poc_http_request(&request, failure);
	return response ? read_answer(response, path, refused, POC_ANSWER_SHOWN) : NULL;
}

/*
 * Does the request delete a backup, or return it to the retention policy?  That needs
 * the destroy token, which the server that is backed up must not have.
 */
static bool
needs_destroy_token(const char *path, Jsonb *body, bool *refused)
{
	const char *end = strrchr(path, '/');
	bool deletes = body == NULL && strncmp(path, "/v1/servers/", 12) == 0;
	char *keep = body != NULL && end != NULL && strcmp(end, "/keep") == 0
					 ? poc_json_text(body, "keep")
					 : NULL;
	bool releases = keep != NULL && strcmp(keep, "release") == 0;

	/* a change from full to standalone frees WAL: the sidecar checks for that */
	if (keep != NULL && strcmp(keep, "standalone") == 0)
		return poc_destroy_token_file[0] != '\0';
	if (!deletes && !releases)
		return false;
	if (poc_destroy_token_file[0] == '\0')
	{
		*refused = true;
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg(deletes ? "this server has no token to delete backups with"
								: "this server has no token to release backups with"),
				 errdetail("The setting poc_barman.destroy_token_file is empty."),
				 errhint(
					 "Do it on Barman's host, or from a control database whose poc_barman.destroy_token_file names a file with a token of the scope destroy.")));
	}
	return true;
}

static Jsonb *
read_answer(const PocHttpResponse *response, const char *path, bool *refused, PocAnswerUse use)
{
	Jsonb *answer;
	Jsonb *error;
	bool is_good;

	if (response->status >= 300 && response->status < 400)
		poc_sidecar_malformed(path,
							  psprintf("It is a redirection (HTTP %d), and those are not followed.",
									   response->status));

	/* a proxy between us and the sidecar does not answer with JSON */
	if (response->status >= 400 && !poc_answer_is_json(response))
		poc_sidecar_throw_error(NULL, response->status, NULL);

	is_good = response->status >= 200 && response->status < 300;
	answer = poc_answer_parse(response, path, is_good ? use : POC_ANSWER_SHOWN);
	if (is_good)
		return answer;
	if (response->status < 400)
		poc_sidecar_malformed(path, psprintf("Its status is %d.", response->status));

	error = poc_json_member(answer, "error", jbvObject);
	if (refused != NULL)
		*refused = error != NULL;
	poc_sidecar_throw_error(error, response->status, NULL);
}
