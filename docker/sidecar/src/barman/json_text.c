/*
 * json_text.c
 *
 * A text buffer, and conversion of text of unknown encoding to valid UTF-8.
 */
#include "barman/json_inside.h"

#include <stdlib.h>
#include <string.h>

#include "base/control_character.h"

static size_t utf8_sequence(const unsigned char *data, size_t length);

void
barman_text_append(BarmanText *text, const char *data, size_t length)
{
	if (text->failed)
		return;
	if (length >= text->size - text->length)
	{
		size_t wanted = text->length + length + 1;
		size_t size = text->size ? text->size : 64;
		char *grown;

		while (size < wanted)
			size *= 2;
		grown = realloc(text->data, size);
		if (grown == NULL)
		{
			free(text->data);
			memset(text, 0, sizeof(*text));
			text->failed = true;
			return;
		}
		text->data = grown;
		text->size = size;
	}
	if (length > 0)
		memcpy(text->data + text->length, data, length);
	text->length += length;
	text->data[text->length] = '\0';
}

void
barman_text_append_string(BarmanText *text, const char *string)
{
	barman_text_append(text, string, strlen(string));
}

/* The text, which the caller frees; NULL when out of memory */
char *
barman_text_finish(BarmanText *text)
{
	barman_text_append(text, "", 0);
	return text->data;
}

bool
barman_text_starts(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/*
 * A copy that jansson and PostgreSQL both accept as text: bytes that are not
 * UTF-8 become U+FFFD, control characters except tab and newline a space: those
 * of C1 and for two directions, too, which terminals obey as well.
 */
char *
barman_text_utf8(const char *data, size_t length)
{
	BarmanText clean = {0};
	size_t i = 0;

	while (i < length)
	{
		size_t width = utf8_sequence((const unsigned char *) data + i, length - i);

		if (width == 0)
		{
			barman_text_append(&clean, "\xEF\xBF\xBD", 3);
			width = 1;
		}
		else if (data[i] != '\t' && data[i] != '\n' && control_character_length(data + i) > 0)
			barman_text_append(&clean, " ", 1);
		else
			barman_text_append(&clean, data + i, width);
		i += width;
	}
	return barman_text_finish(&clean);
}

/* Length of the UTF-8 sequence at the start of data; 0 if invalid */
static size_t
utf8_sequence(const unsigned char *data, size_t length)
{
	size_t width;
	unsigned long point;

	if (data[0] < 0x80)
		return 1;
	if (data[0] >= 0xC2 && data[0] <= 0xDF)
	{
		width = 2;
		point = data[0] & 0x1F;
	}
	else if (data[0] >= 0xE0 && data[0] <= 0xEF)
	{
		width = 3;
		point = data[0] & 0x0F;
	}
	else if (data[0] >= 0xF0 && data[0] <= 0xF4)
	{
		width = 4;
		point = data[0] & 0x07;
	}
	else
		return 0;
	if (width > length)
		return 0;
	for (size_t i = 1; i < width; i++)
	{
		if ((data[i] & 0xC0) != 0x80)
			return 0;
		point = (point << 6) | (data[i] & 0x3F);
	}
	/* overlong forms, surrogates, beyond Unicode */
	if ((width == 3 && point < 0x800) || (width == 4 && point < 0x10000) ||
		(point >= 0xD800 && point <= 0xDFFF) || point > 0x10FFFF)
		return 0;
	return width;
}
