/*
 * rescue_request.c
 *
 * Makes the request of a rescue from what a caller has sent, with all checks
 * that need no answer of Barman's.
 */
#include "api/rescue_request.h"

#include <string.h>

#include "api/arguments.h"
#include "api/restore_request.h"
#include "base/memory.h"

/* PostgreSQL's NAMEDATALEN without the terminating zero */
#define NAME_BYTES 63

#define SUPERUSERS_MAX 20

static bool fill(RescueRequest *rescue, const json_t *arguments, Answer **refusal);
static bool names_are_sound(const RescueRequest *rescue, Answer **refusal);
static bool is_name(const char *text);

static const Argument rescue_arguments[] = {
	{"instance", ARGUMENT_TEXT, 0, 0, true, 0},
	{"backup_id", ARGUMENT_TEXT, 0, 0, true, 0},
	{"target_time", ARGUMENT_TEXT, 0, 0, true, 0},
	{"target_lsn", ARGUMENT_TEXT, 0, 0, true, 0},
	{"target_timeline", ARGUMENT_INTEGER, 1, INT32_MAX, true, 0},
	{"exclusive", ARGUMENT_BOOL, 0, 0, false, false},
	{"timeline", ARGUMENT_INTEGER, 1, INT32_MAX, true, 0},
	{"wal_file", ARGUMENT_TEXT, 0, 0, true, 0},
	{"system_identifier", ARGUMENT_TEXT, 0, 0, true, 0},
	{"database", ARGUMENT_TEXT, 0, 0, true, 0},
	{"superuser", ARGUMENT_TEXT, 0, 0, true, 0},
	{"superusers", ARGUMENT_LIST, 0, 0, true, 0},
	{"oid", ARGUMENT_INTEGER, 0, UINT32_MAX, false, 0},
	{"schema", ARGUMENT_TEXT, 0, 0, true, 0},
	{"name", ARGUMENT_TEXT, 0, 0, true, 0},
	{"role", ARGUMENT_TEXT, 0, 0, true, 0},
	{"role_oid", ARGUMENT_INTEGER, 0, UINT32_MAX, false, 0},
	{"database_oid", ARGUMENT_INTEGER, 0, UINT32_MAX, false, 0},
	{"home_schema", ARGUMENT_TEXT, 0, 0, true, 0},
	{"home_name", ARGUMENT_TEXT, 0, 0, true, 0},
	{"primary", ARGUMENT_OBJECT, 0, 0, true, 0},
	{NULL, ARGUMENT_TEXT, 0, 0, false, 0},
};

RescueRequest *
rescue_request_read(json_t *given, Answer **refusal)
{
	json_t *arguments = arguments_check(given, rescue_arguments, refusal);
	RescueRequest *rescue;

	if (arguments == NULL)
		return NULL;
	rescue = mem_alloc(sizeof(RescueRequest));
	if (!fill(rescue, arguments, refusal))
	{
		rescue_request_free(rescue);
		rescue = NULL;
	}
	json_decref(arguments);
	return rescue;
}

static bool
fill(RescueRequest *rescue, const json_t *arguments, Answer **refusal)
{
	const json_t *superusers = json_object_get(arguments, "superusers");

	rescue->database = arguments_text(arguments, "database");
	rescue->superuser = arguments_text(arguments, "superuser");
	rescue->oid = (uint32_t) json_integer_value(json_object_get(arguments, "oid"));
	rescue->schema = arguments_text(arguments, "schema");
	rescue->name = arguments_text(arguments, "name");
	rescue->role = arguments_text(arguments, "role");
	rescue->role_oid = (uint32_t) json_integer_value(json_object_get(arguments, "role_oid"));
	rescue->database_oid = (uint32_t) json_integer_value(json_object_get(arguments, "database_oid"));
	rescue->home_schema = arguments_text(arguments, "home_schema");
	rescue->home_name = arguments_text(arguments, "home_name");
	if (json_array_size(superusers) > SUPERUSERS_MAX ||
		!arguments_texts(superusers, SIZE_MAX, &rescue->superusers))
		return argument_refuse(refusal, "superusers", "list at most 20 names", NULL);
	return names_are_sound(rescue, refusal) &&
		   restore_request_fill(&rescue->restore, arguments, refusal);
}

static bool
names_are_sound(const RescueRequest *rescue, Answer **refusal)
{
	if (rescue->database == NULL || rescue->superuser == NULL)
		return argument_refuse(refusal, "database", "name a database, and \"superuser\" a role",
							   NULL);
	if (rescue->oid == 0 && (!is_name(rescue->schema) || !is_name(rescue->name)))
		return argument_refuse(refusal, "oid",
							   "be the OID of a table, or \"schema\" and \"name\" its name", NULL);
	if (!is_name(rescue->home_schema) || !is_name(rescue->home_name))
		return argument_refuse(refusal, "home_name", "name a table, and \"home_schema\" its schema",
							   "A name has 1 to 63 bytes.");
	return true;
}

/* Control characters have no place in the definition that pg_dump writes. */
static bool
is_name(const char *text)
{
	for (const char *c = text; c != NULL && *c != '\0'; c++)
	{
		if ((unsigned char) *c < ' ' || *c == 127)
			return false;
	}
	return text != NULL && text[0] != '\0' && strlen(text) <= NAME_BYTES;
}
