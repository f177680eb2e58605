/*
 * routes_rescue.c
 *
 * Checks requests to search the archive, and starts their jobs; and hands over
 * the table of a rescue.
 */
#include "api/routes_rescue.h"

#include <stdlib.h>
#include <string.h>

#include "api/arguments.h"
#include "api/path_names.h"
#include "api/waiting.h"
#include "base/memory.h"
#include "base/timestamp.h"
#include "jobs/switch_wal.h"
#include "rescue/find_changes.h"
#include "rescue/handover.h"

/* The members of a relation in a request: OID, file, table that it belongs to, whether it is only a part */
#define RELATION_MEMBERS 4

/* Segment of /v1/jobs/{job}/THING */
#define SEGMENT_JOB 2

static FindChangesRequest *make_request(const json_t *arguments, Answer **refusal);
static bool read_kinds(const json_t *list, unsigned int *kinds);
static bool read_relations(const json_t *list, FindChangesRequest *asked);
static bool read_time(const json_t *arguments, const char *name, int64_t *time);
static void *refuse(FindChangesRequest *asked, Answer **refusal, const char *message,
					const char *hint);

static const Argument changes_arguments[] = {
	{"kinds", ARGUMENT_LIST, 0, 0, true, 0},
	{"since", ARGUMENT_TEXT, 0, 0, true, 0},
	{"until", ARGUMENT_TEXT, 0, 0, true, 0},
	{"min_rows", ARGUMENT_INTEGER, 0, INT64_C(1) << 53, false, 1},
	{"database", ARGUMENT_INTEGER, 1, UINT32_MAX, true, 0},
	{"only", ARGUMENT_BOOL, 0, 0, false, false},
	{"relations", ARGUMENT_LIST, 0, 0, true, 0},
	{"wal_file", ARGUMENT_TEXT, 0, 0, true, 0},
	{NULL, ARGUMENT_TEXT, 0, 0, false, 0},
};

static const Argument rows_arguments[] = {
	{"table", ARGUMENT_INTEGER, 0, INT32_MAX, false, 0},
	{NULL, ARGUMENT_TEXT, 0, 0, false, 0},
};

Answer *
post_changes(Request *request)
{
	JobCaller caller = route_caller(request);
	Answer *refusal = NULL;
	json_t *arguments;
	FindChangesRequest *asked;

	if (!route_server_exists(request, &refusal))
		return refusal;
	arguments = arguments_check(request->value, changes_arguments, &refusal);
	if (arguments == NULL)
		return refusal;
	asked = make_request(arguments, &refusal);
	json_decref(arguments);
	if (asked == NULL)
		return refusal;
	return job_submit(&caller, &job_find_changes, request->segments[SEGMENT_SERVER],
					  (JobRequest){asked, find_changes_request_free, NULL});
}

Answer *
get_definitions(Request *request)
{
	return handover_definitions(request->grant, request->segments[SEGMENT_JOB]);
}

Answer *
post_rows(Request *request)
{
	Answer *refusal = NULL;
	json_t *arguments = arguments_check(request->value, rows_arguments, &refusal);
	size_t table;

	if (arguments == NULL)
		return refusal;
	table = (size_t) json_integer_value(json_object_get(arguments, "table"));
	json_decref(arguments);
	return handover_rows(request->grant, request->segments[SEGMENT_JOB], table);
}

static FindChangesRequest *
make_request(const json_t *arguments, Answer **refusal)
{
	FindChangesRequest *asked = mem_alloc(sizeof(FindChangesRequest));
	const char *wal_file = json_text_of(arguments, "wal_file");

	asked->wal_file = mem_strdup(wal_file);
	asked->wishes = (SearchWishes){.since = INT64_MIN,
								   .until = INT64_MAX,
								   .min_rows = json_integer_value(
									   json_object_get(arguments, "min_rows")),
								   .database = (uint32_t) json_integer_value(
									   json_object_get(arguments, "database")),
								   .only_known = json_is_true(json_object_get(arguments, "only")),
								   .most = FIND_CHANGES_MOST};
	if (wal_file != NULL && !wal_file_name_is_valid(wal_file))
		return refuse(asked, refusal, "the field \"wal_file\" must be the name of a WAL segment",
					  "It has 24 hexadecimal digits, as pg_walfile_name() gives it.");
	if (!read_kinds(json_object_get(arguments, "kinds"), &asked->wishes.kinds))
		return refuse(asked, refusal, "the field \"kinds\" must list kinds of changes",
					  "They are drop, truncate, rewrite, delete and update.");
	if (!read_time(arguments, "since", &asked->wishes.since) ||
		!read_time(arguments, "until", &asked->wishes.until))
		return refuse(asked, refusal, "the fields \"since\" and \"until\" must be times",
					  "Such as 2026-11-22T06:10:22.423819Z.");
	if (!read_relations(json_object_get(arguments, "relations"), asked))
		return refuse(asked, refusal, "the field \"relations\" must list relations",
					  "Each is a list of three numbers and a truth value: OID, file (0: none), OID of its table, whether it is a part of that.");
	return asked;
}

static bool
read_kinds(const json_t *list, unsigned int *kinds)
{
	static const ChangeKind known[] = {CHANGE_DROP, CHANGE_TRUNCATE, CHANGE_REWRITE, CHANGE_DELETE,
									   CHANGE_UPDATE};
	const json_t *one;
	size_t i;

	json_array_foreach (list, i, one)
	{
		const char *name = json_string_value(one);
		unsigned int kind = 0;

		for (size_t j = 0; name != NULL && j < sizeof(known) / sizeof(known[0]); j++)
		{
			if (strcmp(name, change_kind_name(known[j])) == 0)
				kind = known[j];
		}
		if (kind == 0)
			return false;
		*kinds |= kind;
	}
	return *kinds != 0;
}

static bool
read_relations(const json_t *list, FindChangesRequest *asked)
{
	const json_t *one;
	size_t i;

	asked->relations = mem_alloc((json_array_size(list) + 1) * sizeof(KnownRelation));
	json_array_foreach (list, i, one)
	{
		uint32_t numbers[RELATION_MEMBERS - 1];

		for (size_t j = 0; j < RELATION_MEMBERS - 1; j++)
		{
			const json_t *number = json_array_get(one, j);

			if (!json_is_integer(number) || json_integer_value(number) < 0 ||
				json_integer_value(number) > UINT32_MAX)
				return false;
			numbers[j] = (uint32_t) json_integer_value(number);
		}
		if (json_array_size(one) != RELATION_MEMBERS ||
			!json_is_boolean(json_array_get(one, RELATION_MEMBERS - 1)) || numbers[0] == 0 ||
			numbers[2] == 0)
			return false;
		asked->relations[asked->relation_count++] = (KnownRelation){.oid = numbers[0],
																	.filenode = numbers[1],
																	.root = numbers[2],
																	.is_part = json_is_true(
																		json_array_get(one,
																					   RELATION_MEMBERS -
																						   1))};
	}
	return true;
}

/* Leaves *time as it is if there is none. */
static bool
read_time(const json_t *arguments, const char *name, int64_t *time)
{
	const char *text = json_text_of(arguments, name);

	return text == NULL || timestamp_parse(text, time);
}

/* Always NULL; frees what was asked. */
static void *
refuse(FindChangesRequest *asked, Answer **refusal, const char *message, const char *hint)
{
	find_changes_request_free(asked);
	*refusal = answer_error("bad_argument", message, NULL, hint);
	return NULL;
}
