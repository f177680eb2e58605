/*
 * receipt_members.c
 *
 * Checks the text of a receipt member by member.  What PostgreSQL cannot read,
 * or a member that no receipt has, must not get into the list of all.
 */
#include "api/receipt_members.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "barman/lsn.h"
#include "base/memory.h"
#include "base/timestamp.h"

/* Of a part of a time that something took: sums of such are intervals, too */
#define ELAPSED_DIGITS 7

/* As many as any float8 has that PostgreSQL writes without an exponent; a numeric takes more */
#define NUMBER_MAX 400

typedef struct Member
{
	const char *name;
	bool (*has_type)(const json_t *value);
} Member;

static bool has_odd_number(const char *text);
static size_t string_length(const char *text);
static bool has_members(const json_t *object, const Member *members);
static bool is_text(const json_t *value);
static bool is_bool(const json_t *value);
static bool is_integer(const json_t *value);
static bool is_number(const json_t *value);
static bool is_lsn(const json_t *value);
static bool is_steps(const json_t *value);
static bool is_time(const json_t *value);
static bool is_elapsed(const json_t *value);
static bool pass_units(const char **text, const char *units);

/* The columns of the receipts of drills and of rescues in the database; all may be missing or null. */
static const Member receipt_members[] = {
	{"at", is_time},
	{"began", is_time},
	{"server", is_text},
	{"system_identifier", is_integer},
	{"job_id", is_text},
	{"backup_id", is_text},
	{"timeline", is_integer},
	{"recovered_lsn", is_lsn},
	{"recovered_time", is_time},
	{"target_lsn", is_lsn},
	{"rows", is_integer},
	{"bytes", is_integer},
	{"steps", is_steps},
	/* it is older than the chain */
	{"adopted", is_bool},
	/* of a drill */
	{"ok", is_bool},
	{"mark", is_text},
	{"database", is_text},
	{"reason", is_text},
	{"restore_elapsed", is_elapsed},
	{"recovery_elapsed", is_elapsed},
	{"tables", is_integer},
	{"postgresql_version", is_text},
	{"barman_version", is_text},
	{"archived_lsn", is_lsn},
	{"received_lsn", is_lsn},
	{"unreached_bytes", is_integer},
	{"unreached", is_elapsed},
	/* of a rescue */
	{"role", is_text},
	{"relation", is_text},
	{"home", is_text},
	{"undone", is_text},
	{"target_time", is_time},
	{"hash", is_text},
	{NULL, NULL},
};

static const Member step_members[] = {
	{"step", is_text}, {"ok", is_bool}, {"seconds", is_number}, {"detail", is_text}, {NULL, NULL},
};

bool
receipt_is_of_server(const char *text, const char *server)
{
	json_t *receipt = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	bool is = json_text_is(receipt, "server", server) && has_members(receipt, receipt_members) &&
			  !has_odd_number(text);

	json_decref(receipt);
	return is;
}

/*
 * PostgreSQL keeps the digits of a number in JSON, and refuses 1e-20000; as a number of C that
 * is a zero.  Of text that is JSON.
 */
static bool
has_odd_number(const char *text)
{
	while (*text != '\0')
	{
		size_t length = strspn(text, "0123456789+-.eE");

		if (*text == '"')
			text += string_length(text);
		else if (strchr("-0123456789", *text) == NULL)
			text++;
		else if (length > NUMBER_MAX || strcspn(text, "eE") < length)
			return true;
		else
			text += length;
	}
	return false;
}

/* With both quotation marks */
static size_t
string_length(const char *text)
{
	size_t length = 1;

	while (text[length] != '"' && text[length] != '\0')
		length += text[length] == '\\' && text[length + 1] != '\0' ? 2 : 1;
	return text[length] == '"' ? length + 1 : length;
}

static bool
has_members(const json_t *object, const Member *members)
{
	const char *name;
	json_t *value;

	if (!json_is_object(object))
		return false;
	json_object_foreach ((json_t *) object, name, value)
	{
		const Member *member = members;

		while (member->name != NULL && strcmp(member->name, name) != 0)
			member++;
		if (member->name == NULL || (!json_is_null(value) && !member->has_type(value)))
			return false;
	}
	return true;
}

static bool
is_text(const json_t *value)
{
	return json_is_string(value);
}

static bool
is_bool(const json_t *value)
{
	return json_is_boolean(value);
}

static bool
is_integer(const json_t *value)
{
	return json_is_integer(value);
}

static bool
is_number(const json_t *value)
{
	return json_is_number(value);
}

static bool
is_lsn(const json_t *value)
{
	uint64_t position;

	return json_is_string(value) && lsn_parse(json_string_value(value), &position);
}

/* Each the words of a rescue, or a step of a drill */
static bool
is_steps(const json_t *value)
{
	const json_t *step;
	size_t i;

	if (!json_is_array(value))
		return false;
	json_array_foreach (value, i, step)
	{
		if (!json_is_string(step) && !has_members(step, step_members))
			return false;
	}
	return true;
}

/* As PostgreSQL writes it in JSON, with the offset of a time zone */
static bool
is_time(const json_t *value)
{
	const char *text = json_string_value(value);
	size_t length = text != NULL ? strlen(text) : 0;
	int64_t found;
	char utc[64];
	int hours;
	int minutes;
	int used = 0;

	if (text == NULL || length < 7 || length >= sizeof(utc))
		return false;
	if (text[length - 1] == 'Z')
		return timestamp_parse(text, &found);
	/* not even a sign or a blank before a number */
	if (sscanf(text + length - 5, "%2d:%2d%n", &hours, &minutes, &used) != 2 || used != 5 ||
		strspn(text + length - 5, "0123456789:") != 5 || hours > 15 || minutes > 59 ||
		strchr("+-", text[length - 6]) == NULL)
		return false;
	snprintf(utc, sizeof(utc), "%.*sZ", (int) length - 6, text);
	return timestamp_parse(utc, &found);
}

/* As PostgreSQL writes an interval with intervalstyle iso_8601, such as PT1H2M3.5S */
static bool
is_elapsed(const json_t *value)
{
	const char *text = json_string_value(value);
	bool any;

	if (text == NULL || *text++ != 'P')
		return false;
	any = pass_units(&text, "YMD");
	if (*text == 'T')
	{
		text++;
		any = pass_units(&text, "HMS");
	}
	return any && *text == '\0';
}

/* Numbers that have these units, each once and in this order; false: there is none. */
static bool
pass_units(const char **text, const char *units)
{
	static const char digits[] = "0123456789";
	bool any = false;

	for (;;)
	{
		const char *number = *text + (**text == '-');
		size_t whole = strspn(number, digits);
		size_t length = whole;
		const char *unit;

		if (number[whole] == '.')
			length += 1 + strspn(number + whole + 1, digits);
		unit = number[length] != '\0' ? strchr(units, number[length]) : NULL;
		if (whole == 0 || whole > ELAPSED_DIGITS || length > 2 * ELAPSED_DIGITS || unit == NULL)
			return any;
		units = unit + 1;
		*text = number + length + 1;
		any = true;
	}
}
