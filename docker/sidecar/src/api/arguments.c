/*
 * arguments.c
 *
 * Checks the body of a request field by field.  Refuses unknown fields, so that
 * a misspelt field is not silently ignored.
 */
#include "api/arguments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static const Argument *find_field(const Argument *fields, const char *name);
static json_t *default_of(const Argument *field);
static bool check_value(const Argument *field, const json_t *value, Answer **refusal);

const Argument no_arguments[] = {
	{NULL, ARGUMENT_TEXT, 0, 0, false, 0},
};

json_t *
arguments_check(json_t *given, const Argument *fields, Answer **refusal)
{
	json_t *arguments;
	const char *name;
	json_t *value;

	arguments = json_checked(json_object());
	for (const Argument *field = fields; field->name != NULL; field++)
		json_object_set_new(arguments, field->name, default_of(field));
	json_object_foreach (given, name, value)
	{
		const Argument *field = find_field(fields, name);

		if (field == NULL)
			*refusal = answer_errorf("bad_argument", "unknown field \"%.64s\"", name);
		if (field == NULL || !check_value(field, value, refusal))
		{
			json_decref(arguments);
			return NULL;
		}
		if (json_is_null(value))
			continue;
		if (field->type == ARGUMENT_INTEGER)
			json_object_set_new(arguments, name, json_integer((json_int_t) json_number_value(value)));
		else
			json_object_set(arguments, name, value);
	}
	return arguments;
}

static const Argument *
find_field(const Argument *fields, const char *name)
{
	for (const Argument *field = fields; field->name != NULL; field++)
	{
		if (strcmp(field->name, name) == 0)
			return field;
	}
	return NULL;
}

static json_t *
default_of(const Argument *field)
{
	if (field->type == ARGUMENT_TEXT || field->type == ARGUMENT_LIST ||
		field->type == ARGUMENT_OBJECT || field->nullable)
		return json_null();
	if (field->type == ARGUMENT_BOOL)
		return json_boolean(field->standard != 0);
	return json_checked(json_integer(field->standard));
}

/* Null means the default for every type. */
static bool
check_value(const Argument *field, const json_t *value, Answer **refusal)
{
	char must[96];
	double number;

	if (json_is_null(value))
		return true;
	switch (field->type)
	{
		case ARGUMENT_TEXT:
			if (json_is_string(value))
				return true;
			return argument_refuse(refusal, field->name, "be a string or null", NULL);
		case ARGUMENT_LIST:
			if (json_is_array(value))
				return true;
			return argument_refuse(refusal, field->name, "be an array or null", NULL);
		case ARGUMENT_OBJECT:
			if (json_is_object(value))
				return true;
			return argument_refuse(refusal, field->name, "be an object or null", NULL);
		case ARGUMENT_BOOL:
			if (json_is_boolean(value))
				return true;
			return argument_refuse(refusal, field->name, "be true or false", NULL);
		case ARGUMENT_INTEGER:
			number = json_number_value(value);
			/* accept fractions of seconds, and drop them */
			if (json_is_number(value) && number >= (double) field->low &&
				number <= (double) field->high)
				return true;
			snprintf(must, sizeof(must), "be a number from %lld to %lld", (long long) field->low,
					 (long long) field->high);
			return argument_refuse(refusal, field->name, must, NULL);
	}
	return false;
}

char *
arguments_text(const json_t *object, const char *key)
{
	return mem_strdup(json_text_of(object, key));
}

bool
arguments_texts(const json_t *list, size_t max_bytes, TextList *texts)
{
	const json_t *one;
	size_t i;

	texts->texts = mem_alloc(json_array_size(list) * sizeof(char *));
	json_array_foreach (list, i, one)
	{
		if (!json_is_string(one) || json_string_length(one) > max_bytes)
			return false;
		texts->texts[texts->count++] = mem_strdup(json_string_value(one));
	}
	return true;
}

bool
argument_refuse(Answer **refusal, const char *field, const char *must, const char *hint)
{
	char *message = mem_printf("the field \"%s\" must %s", field, must);

	*refusal = answer_error("bad_argument", message, NULL, hint);
	free(message);
	return false;
}
