/*
 * parse_drill_request.c
 *
 * Makes the request of a drill from what a caller has sent, with all checks
 * that need no answer of Barman's.
 */
#include "api/parse_drill_request.h"

#include <stdlib.h>
#include <string.h>

#include "api/arguments.h"
#include "api/parse_restore_request.h"
#include "base/memory.h"
#include "base/settings.h"
#include "base/timestamp.h"

/* Limit for the size of a table, because the sizes are added up: a petabyte */
#define BYTES_MAX (INT64_C(1) << 50)

/* Limit of roles to try; the message below names it. */
#define SUPERUSERS_MAX 20

static Answer *fill(DrillRequest *drill, const json_t *arguments);
static const char *read_lists(DrillRequest *drill, const json_t *arguments);
static bool read_tables(DrillRequest *drill, const json_t *given);
static bool read_sequences(DrillRequest *drill, const json_t *given);
static DrillName read_name(const json_t *given);
static Answer *refuse_assertions(const TextList *asserts);

static const Argument drill_arguments[] = {
	{"instance", ARGUMENT_TEXT, 0, 0, true, 0},
	{"backup_id", ARGUMENT_TEXT, 0, 0, true, 0},
	{"target_lsn", ARGUMENT_TEXT, 0, 0, true, 0},
	{"target_timeline", ARGUMENT_INTEGER, 1, INT32_MAX, true, 0},
	{"wal_file", ARGUMENT_TEXT, 0, 0, true, 0},
	{"system_identifier", ARGUMENT_TEXT, 0, 0, true, 0},
	{"marked_at", ARGUMENT_TEXT, 0, 0, true, 0},
	{"keep", ARGUMENT_BOOL, 0, 0, false, false},
	{"database", ARGUMENT_TEXT, 0, 0, true, 0},
	{"any_database", ARGUMENT_BOOL, 0, 0, false, false},
	{"superuser", ARGUMENT_TEXT, 0, 0, true, 0},
	{"superusers", ARGUMENT_LIST, 0, 0, true, 0},
	{"schema", ARGUMENT_TEXT, 0, 0, true, 0},
	{"tables", ARGUMENT_LIST, 0, 0, true, 0},
	{"sequences", ARGUMENT_LIST, 0, 0, true, 0},
	{"asserts", ARGUMENT_LIST, 0, 0, true, 0},
	{"primary", ARGUMENT_OBJECT, 0, 0, true, 0},
	{NULL, ARGUMENT_TEXT, 0, 0, false, 0},
};

DrillRequest *
drill_request_read(json_t *given, Answer **refusal)
{
	json_t *arguments = arguments_check(given, drill_arguments, refusal);
	DrillRequest *drill;

	if (arguments == NULL)
		return NULL;
	drill = mem_alloc(sizeof(DrillRequest));
	*refusal = fill(drill, arguments);
	json_decref(arguments);
	if (*refusal == NULL)
		return drill;
	drill_request_free(drill);
	return NULL;
}

/* NULL, or the refusal; the caller frees what was read. */
static Answer *
fill(DrillRequest *drill, const json_t *arguments)
{
	const char *marked_at = json_text_of(arguments, "marked_at");
	const char *wrong;
	Answer *refusal;

	drill->keep = json_is_true(json_object_get(arguments, "keep"));
	if (marked_at == NULL || !timestamp_parse(marked_at, &drill->marked_at))
		drill->marked_at = -1;
	drill->database = arguments_text(arguments, "database");
	drill->any_database = json_is_true(json_object_get(arguments, "any_database"));
	drill->superuser = arguments_text(arguments, "superuser");
	wrong = read_lists(drill, arguments);
	if (wrong != NULL)
		return answer_error("bad_argument", wrong, NULL, NULL);
	refusal = refuse_assertions(&drill->asserts);
	if (refusal == NULL && restore_request_fill(&drill->restore, arguments, &refusal))
		drill->restore.target.exclusive = marked_at != NULL;
	return refusal;
}

/* NULL, or what is wrong */
static const char *
read_lists(DrillRequest *drill, const json_t *arguments)
{
	const json_t *superusers = json_object_get(arguments, "superusers");

	if (drill->database == NULL || drill->superuser == NULL)
		return "the fields \"database\" and \"superuser\" must be text";
	if (!read_tables(drill, json_object_get(arguments, "tables")))
		return "each of the field \"tables\" must be {\"relation\", \"rows\", \"hash\"}";
	if (!read_sequences(drill, json_object_get(arguments, "sequences")))
		return "each of the field \"sequences\" must be {\"relation\", \"value\", \"ascending\"}";
	if (!arguments_texts(json_object_get(arguments, "asserts"), SIZE_MAX, &drill->asserts))
		return "each of the field \"asserts\" must be text";
	if (json_array_size(superusers) > SUPERUSERS_MAX)
		return "the field \"superusers\" has more than 20 names";
	if (!arguments_texts(superusers, SIZE_MAX, &drill->superusers))
		return "each of the field \"superusers\" must be text";
	return NULL;
}

static bool
read_tables(DrillRequest *drill, const json_t *given)
{
	const json_t *one;
	size_t i;

	drill->tables = mem_alloc(json_array_size(given) * sizeof(DrillTable));
	json_array_foreach (given, i, one)
	{
		DrillTable *table = &drill->tables[drill->table_count++];
		const json_t *rows = json_object_get(one, "rows");
		const json_t *bytes = json_object_get(one, "bytes");
		bool sized = bytes != NULL && !json_is_null(bytes);

		table->name = read_name(one);
		table->hash = arguments_text(one, "hash");
		table->rows = json_integer_value(rows);
		table->bytes = json_integer_value(bytes);
		if (table->name.text == NULL || table->hash == NULL || !json_is_integer(rows) ||
			(sized && !json_is_integer(bytes)) || table->bytes < 0 || table->bytes > BYTES_MAX)
			return false;
	}
	return true;
}

static bool
read_sequences(DrillRequest *drill, const json_t *given)
{
	const json_t *one;
	size_t i;

	drill->sequences = mem_alloc(json_array_size(given) * sizeof(DrillSequence));
	json_array_foreach (given, i, one)
	{
		DrillSequence *sequence = &drill->sequences[drill->sequence_count++];
		const json_t *value = json_object_get(one, "value");
		const json_t *ascending = json_object_get(one, "ascending");

		sequence->name = read_name(one);
		sequence->is_used = json_is_integer(value);
		sequence->value = json_integer_value(value);
		sequence->ascending = json_is_true(ascending);
		if (sequence->name.text == NULL || !json_is_boolean(ascending) ||
			!(sequence->is_used || json_is_null(value)))
			return false;
	}
	return true;
}

static DrillName
read_name(const json_t *given)
{
	DrillName name = {arguments_text(given, "relation"), arguments_text(given, "name_hex")};

	return name;
}

/* NULL unless there are too many, or they are too large */
static Answer *
refuse_assertions(const TextList *asserts)
{
	size_t bytes = 0;
	char *message;
	char *detail;
	Answer *refusal;

	for (size_t i = 0; i < asserts->count; i++)
		bytes += strlen(asserts->texts[i]);
	if (asserts->count <= (size_t) settings.max_assertions &&
		bytes <= (size_t) settings.max_assertion_bytes)
		return NULL;
	message = mem_printf("%zu assertions of %zu bytes are more than a drill takes", asserts->count,
						 bytes);
	detail = mem_printf("At most %d, of at most %d bytes together.", settings.max_assertions,
						settings.max_assertion_bytes);
	refusal = answer_error("too_large", message, detail,
						   "Ask for less, call functions of the database, or start barman-sidecar with larger --max-assertions and --max-assertion-bytes.");
	free(message);
	free(detail);
	return refusal;
}
