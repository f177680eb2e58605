/*-------------------------------------------------------------------------
 *
 * answer.c
 *	  The JSON object in an answer of the sidecar.
 *
 * Nothing of an answer is used before its type, encoding and syntax are checked.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "base/printable.h"
#include "client/answer.h"
#include "client/sidecar_error.h"

/* The sidecar's own answers nest five levels deep, Barman's diagnosis ten. */
#define MAX_JSON_DEPTH 64

/* Most characters of an unexpected answer that a DETAIL shows. */
#define MAX_EXCERPT 200
#define MAX_HEADER	64

static int json_depth(const char *text, size_t length);
static char *excerpt(const PocHttpResponse *response);
static char *printable_header(const char *value);

/* Returns the JSON object in an answer, or throws. */
Jsonb *
poc_answer_parse(const PocHttpResponse *response, const char *path, PocAnswerUse use)
{
	MemoryContext context = CurrentMemoryContext;
	Jsonb *volatile answer = NULL;
	char *lacking = NULL;
	char *text;

	if (response->content_encoding != NULL &&
		pg_strcasecmp(response->content_encoding, "identity") != 0)
		poc_sidecar_malformed(path,
							  psprintf("Its content is encoded (\"%s\"), which was not asked for.",
									   printable_header(response->content_encoding)));
	if (!poc_answer_is_json(response))
		poc_sidecar_malformed(path,
							  psprintf("Its type is \"%s\", not \"application/json\"; it begins with: %s",
									   printable_header(response->content_type), excerpt(response)));
	if (memchr(response->body, '\0', response->length) != NULL)
		poc_sidecar_malformed(path, "It contains a NUL character.");
	if (!pg_verify_mbstr(PG_UTF8, response->body, response->length, true))
		poc_sidecar_malformed(path, "It is not valid UTF-8.");
	if (json_depth(response->body, response->length) > MAX_JSON_DEPTH)
		poc_sidecar_malformed(path,
							  psprintf("Its JSON is nested more than %d deep.", MAX_JSON_DEPTH));

	text = poc_answer_text(response->body, response->length, true, use == POC_ANSWER_SHOWN, &lacking);
	if (use == POC_ANSWER_EXACT && lacking != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNTRANSLATABLE_CHARACTER),
				 errmsg("the answer of the Barman sidecar to %s has a character that this database cannot have",
						path),
				 errdetail("The encoding %s lacks the character %s.", GetDatabaseEncodingName(),
						   lacking),
				 errhint("Call the function in a database with the encoding UTF8.")));

	PG_TRY();
	{
		answer = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text)));
	}
	PG_CATCH();
	{
		ErrorData *edata;

		MemoryContextSwitchTo(context);
		edata = CopyErrorData();
		if (ERRCODE_TO_CATEGORY(edata->sqlerrcode) != ERRCODE_DATA_EXCEPTION &&
			ERRCODE_TO_CATEGORY(edata->sqlerrcode) != ERRCODE_PROGRAM_LIMIT_EXCEEDED)
			PG_RE_THROW();

		/* only the error is replaced; the transaction still aborts */
		FlushErrorState();
		poc_sidecar_malformed(path, psprintf("%s: %s  It begins with: %s", edata->message,
											 edata->detail ? edata->detail : "No detail.",
											 excerpt(response)));
	}
	PG_END_TRY();

	if (!JB_ROOT_IS_OBJECT(answer))
		poc_sidecar_malformed(path, "It is not a JSON object.");
	return answer;
}

/* Is this application/json, with or without parameters? */
bool
poc_answer_is_json(const PocHttpResponse *response)
{
	static const char json[] = "application/json";
	const char *content_type = response->content_type;

	if (content_type == NULL || pg_strncasecmp(content_type, json, sizeof(json) - 1) != 0)
		return false;
	content_type += sizeof(json) - 1;
	return *content_type == '\0' || strchr("; \t", *content_type) != NULL;
}

/*
 * Depth of nested brackets.  The parser's own limit is the stack depth, and
 * its error would advise the user to raise max_stack_depth.
 */
static int
json_depth(const char *text, size_t length)
{
	int depth = 0;
	int deepest = 0;
	bool in_string = false;

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

/* Returns the start of an answer as printable characters on one line. */
static char *
excerpt(const PocHttpResponse *response)
{
	return poc_printable(response->body, response->length, MAX_EXCERPT);
}

static char *
printable_header(const char *value)
{
	return value != NULL ? poc_printable(value, strlen(value), MAX_HEADER) : pstrdup("");
}
