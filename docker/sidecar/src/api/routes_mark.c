/*
 * routes_mark.c
 *
 * Checks the marks that databases send to be kept, and tells those that are.
 */
#include "api/routes_mark.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/arguments.h"
#include "api/path_names.h"
#include "barman/lsn.h"
#include "base/memory.h"
#include "base/timestamp.h"
#include "proof/kept_marks.h"

/* As poc_mark() allows them: the name becomes part of a file's */
#define NAME_BYTES		63
#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"

/* 63 bytes in the encoding of the database are more in UTF-8; a list holds many of them */
#define DATABASE_BYTES 252

/* A segment of /v1/servers/{server}/marks/{key} */
#define SEGMENT_KEY 4

static const Argument mark_arguments[] = {
	{"name", ARGUMENT_TEXT, 0, 0, true, 0},
	{"lsn", ARGUMENT_TEXT, 0, 0, true, 0},
	{"timeline", ARGUMENT_INTEGER, 1, INT32_MAX, false, 1},
	{"system_identifier", ARGUMENT_TEXT, 0, 0, true, 0},
	{"at", ARGUMENT_TEXT, 0, 0, true, 0},
	{"database", ARGUMENT_TEXT, 0, 0, true, 0},
	{"tables", ARGUMENT_LIST, 0, 0, true, 0},
	{"sequences", ARGUMENT_LIST, 0, 0, true, 0},
	{"omitted", ARGUMENT_LIST, 0, 0, true, 0},
	{NULL, ARGUMENT_TEXT, 0, 0, false, 0},
};

static bool is_sound(const json_t *mark, uint64_t *lsn, Answer **refusal);
static bool is_name(const char *name);
static bool is_identifier(const char *text);
static json_t *facts_of(const json_t *mark);
static int64_t sum(const json_t *tables, const char *key);

Answer *
post_mark(Request *request)
{
	Answer *refusal = NULL;
	KeptMark mark = {0};
	json_t *arguments;
	json_t *facts;
	int error;

	if (!route_server_exists(request, &refusal))
		return refusal;
	arguments = arguments_check(request->value, mark_arguments, &refusal);
	if (arguments == NULL)
		return refusal;
	if (!is_sound(arguments, &mark.lsn, &refusal))
	{
		json_decref(arguments);
		return refusal;
	}
	facts = facts_of(arguments);
	mark.name = json_text_of(arguments, "name");
	mark.system_identifier = json_text_of(arguments, "system_identifier");
	mark.facts = facts;
	mark.all = arguments;
	error = kept_marks_write(request->segments[SEGMENT_SERVER], &mark);
	json_decref(arguments);
	if (error != 0)
	{
		json_decref(facts);
		if (error == EEXIST)
			return answer_error("conflict",
								"a mark of this name and position is kept, and says something else",
								"What a mark has said is not changed.", NULL);
		if (error == ENOSPC)
			return answer_errorf("too_many_requests",
								 "there is no room for one more mark of this server, and all are younger than %d days",
								 KEPT_MARK_DAYS);
		return answer_errorf("internal", "the mark could not be written: %s", strerror(error));
	}
	return answer_json(200, json_checked(json_pack("{s:o}", "mark", facts)));
}

Answer *
get_marks(Request *request)
{
	Answer *refusal;

	if (!route_server_exists(request, &refusal))
		return refusal;
	return answer_json(200,
					   json_checked(json_pack("{s:o}", "marks",
											  kept_marks_list(request->segments[SEGMENT_SERVER]))));
}

Answer *
get_mark(Request *request)
{
	const char *key = request->segments[SEGMENT_KEY];
	Answer *refusal;
	size_t length;
	int file;

	if (!route_server_exists(request, &refusal))
		return refusal;
	file = kept_marks_open(request->segments[SEGMENT_SERVER], key, &length);
	if (file < 0)
		return answer_errorf("not_found", "no mark \"%.128s\" of this server is kept", key);
	return answer_file(file, length);
}

static bool
is_sound(const json_t *mark, uint64_t *lsn, Answer **refusal)
{
	const char *position = json_text_of(mark, "lsn");
	const char *at = json_text_of(mark, "at");
	const char *database = json_text_of(mark, "database");
	int64_t time;

	if (!is_name(json_text_of(mark, "name")))
		return argument_refuse(refusal, "name", "be that of a mark",
							   "It has 1 to 63 letters, digits, and \"_\", \".\" and \"-\".");
	if (position == NULL || !lsn_parse(position, lsn))
		return argument_refuse(refusal, "lsn", "be a position in WAL", NULL);
	if (!is_identifier(json_text_of(mark, "system_identifier")))
		return argument_refuse(refusal, "system_identifier", "be that of a cluster",
							   "As pg_control_system() tells it: a bigint.");
	if (at == NULL || !timestamp_parse(at, &time))
		return argument_refuse(refusal, "at", "be a time", "Such as 2026-11-22T06:10:22.423819Z.");
	if (database == NULL || strlen(database) > DATABASE_BYTES)
		return argument_refuse(refusal, "database", "name the mark's database", NULL);
	return true;
}

static bool
is_name(const char *name)
{
	return name != NULL && name[0] != '\0' && name[0] != '.' && name[0] != '-' &&
		   strlen(name) <= NAME_BYTES && name[strspn(name, NAME_CHARACTERS)] == '\0';
}

/* As PostgreSQL writes a bigint: one that it cannot read would end the list of marks for all. */
static bool
is_identifier(const char *text)
{
	char written[32];

	if (text == NULL)
		return false;
	snprintf(written, sizeof(written), "%lld", strtoll(text, NULL, 10));
	return strcmp(written, text) == 0;
}

/* What a list of marks tells */
static json_t *
facts_of(const json_t *mark)
{
	static const char *const told[] = {"name", "lsn",	  "timeline", "system_identifier",
									   "at",   "database"};
	const json_t *tables = json_object_get(mark, "tables");
	json_t *facts = json_checked(json_object());

	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		json_object_set(facts, told[i], json_object_get(mark, told[i]));
	json_object_set_new(facts, "tables", json_integer((json_int_t) json_array_size(tables)));
	json_object_set_new(facts, "rows", json_integer(sum(tables, "rows")));
	json_object_set_new(facts, "bytes", json_integer(sum(tables, "bytes")));
	return facts;
}

static int64_t
sum(const json_t *tables, const char *key)
{
	uint64_t value = 0; /* may wrap: it comes from outside */
	const json_t *one;
	size_t i;

	json_array_foreach (tables, i, one)
		value += (uint64_t) json_integer_value(json_object_get(one, key));
	return (int64_t) value;
}
