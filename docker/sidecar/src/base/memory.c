/*
 * memory.c
 *
 * Allocation that does not fail.  Never returns NULL for a size above zero.
 */
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

static void out_of_memory(void) __attribute__((noreturn));

void *
mem_alloc(size_t size)
{
	void *pointer = calloc(1, size > 0 ? size : 1);

	if (pointer == NULL)
		out_of_memory();
	return pointer;
}

void *
mem_realloc(void *pointer, size_t size)
{
	pointer = realloc(pointer, size > 0 ? size : 1);
	if (pointer == NULL)
		out_of_memory();
	return pointer;
}

char *
mem_strdup(const char *string)
{
	return string != NULL ? mem_strndup(string, strlen(string)) : NULL;
}

char *
mem_strndup(const char *string, size_t length)
{
	char *copy = mem_alloc(length + 1);

	memcpy(copy, string, length);
	copy[length] = '\0';
	return copy;
}

char *
mem_printf(const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = mem_vprintf(format, args);
	va_end(args);
	return text;
}

char *
mem_vprintf(const char *format, va_list args)
{
	va_list again;
	int length;
	char *text;

	va_copy(again, args);
	length = vsnprintf(NULL, 0, format, args);
	if (length < 0)
		length = 0;
	text = mem_alloc((size_t) length + 1);
	vsnprintf(text, (size_t) length + 1, format, again);
	va_end(again);
	return text;
}

json_t *
json_checked(json_t *value)
{
	if (value == NULL)
		out_of_memory();
	return value;
}

json_t *
json_text(const char *text)
{
	json_t *value;
	char *ascii;

	if (text == NULL)
		return json_null();
	value = json_string(text);
	if (value != NULL)
		return value;

	/* Not UTF-8: keep the ASCII characters, which every encoding shares. */
	ascii = mem_strdup(text);
	for (char *p = ascii; *p != '\0'; p++)
	{
		if ((unsigned char) *p >= 0x80)
			*p = '?';
	}
	value = json_checked(json_string(ascii));
	free(ascii);
	return value;
}

const char *
json_text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

bool
json_text_is(const json_t *object, const char *key, const char *text)
{
	const char *has = json_text_of(object, key);

	return has != NULL && strcmp(has, text) == 0;
}

static void
out_of_memory(void)
{
	log_line(LOGLEVEL_ERROR, "out of memory", NULL);
	abort();
}
