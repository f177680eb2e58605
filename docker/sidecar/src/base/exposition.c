/*
 * exposition.c
 *
 * Writes metrics in Prometheus' text format: names, escaped label values, and
 * numbers.  Knows no metric.
 */
#include "base/exposition.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* The longest text of a double */
#define NUMBER_SIZE 32

/* A double holds whole numbers up to this exactly. */
#define WHOLE_MAX 9007199254740992.0

static void describe(Exposition *exposition);
static void write_text(Exposition *exposition, const char *text);
static void write_label(Exposition *exposition, char before, const char *name, const char *value);
static void write_number(Exposition *exposition, double value);
static void write_bucket(Exposition *exposition, const char *bound, uint64_t count,
						 const char *label, const char *value);
static const char *number_text(double value, char text[NUMBER_SIZE]);

void
exposition_family(Exposition *exposition, const char *name, const char *type, const char *help)
{
	exposition->family = name;
	exposition->type = type;
	exposition->help = help;
	exposition->described = false;
}

void
exposition_sample(Exposition *exposition, double value, ...)
{
	va_list labels;
	const char *name;
	char before = '{';

	describe(exposition);
	write_text(exposition, exposition->family);
	va_start(labels, value);
	while ((name = va_arg(labels, const char *)) != NULL)
	{
		const char *text = va_arg(labels, const char *);

		if (text == NULL)
			continue;
		write_label(exposition, before, name, text);
		before = ',';
	}
	va_end(labels);
	if (before == ',')
		write_text(exposition, "}");
	write_number(exposition, value);
}

void
exposition_histogram(Exposition *exposition, const double *bounds, int bound_count,
					 const uint64_t *counts, double sum, const char *label, const char *value)
{
	char number[NUMBER_SIZE];
	uint64_t count = 0;

	describe(exposition);
	for (int i = 0; i < bound_count; i++)
	{
		count += counts[i];
		write_bucket(exposition, number_text(bounds[i], number), count, label, value);
	}
	count += counts[bound_count];
	write_bucket(exposition, "+Inf", count, label, value);
	write_text(exposition, exposition->family);
	write_text(exposition, "_sum");
	write_label(exposition, '{', label, value);
	write_text(exposition, "}");
	write_number(exposition, sum);
	write_text(exposition, exposition->family);
	write_text(exposition, "_count");
	write_label(exposition, '{', label, value);
	write_text(exposition, "}");
	write_number(exposition, (double) count);
}

void
exposition_append(Exposition *exposition, const char *text, size_t length)
{
	if (exposition->length + length + 1 > exposition->capacity)
	{
		size_t capacity = exposition->capacity > 0 ? exposition->capacity : 4096;

		while (exposition->length + length + 1 > capacity)
			capacity *= 2;
		exposition->text = mem_realloc(exposition->text, capacity);
		exposition->capacity = capacity;
	}
	memcpy(exposition->text + exposition->length, text, length);
	exposition->length += length;
	exposition->text[exposition->length] = '\0';
}

char *
exposition_take(Exposition *exposition)
{
	char *text = exposition->text != NULL ? exposition->text : mem_strdup("");

	*exposition = (Exposition){0};
	return text;
}

static void
describe(Exposition *exposition)
{
	const char *parts[] = {"# HELP ",	exposition->family, " ", exposition->help,
						   "\n# TYPE ", exposition->family, " ", exposition->type,
						   "\n"};

	if (exposition->described)
		return;
	exposition->described = true;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		write_text(exposition, parts[i]);
}

static void
write_text(Exposition *exposition, const char *text)
{
	exposition_append(exposition, text, strlen(text));
}

/* Backslashes, quotes and newlines are escaped; every other byte stands for itself. */
static void
write_label(Exposition *exposition, char before, const char *name, const char *value)
{
	exposition_append(exposition, &before, 1);
	write_text(exposition, name);
	write_text(exposition, "=\"");
	while (*value != '\0')
	{
		size_t plain = strcspn(value, "\\\"\n");

		exposition_append(exposition, value, plain);
		value += plain;
		if (*value != '\0')
		{
			write_text(exposition, *value == '\n' ? "\\n" : *value == '"' ? "\\\"" : "\\\\");
			value++;
		}
	}
	write_text(exposition, "\"");
}

static void
write_number(Exposition *exposition, double value)
{
	char text[NUMBER_SIZE];

	write_text(exposition, " ");
	write_text(exposition, number_text(value, text));
	write_text(exposition, "\n");
}

static void
write_bucket(Exposition *exposition, const char *bound, uint64_t count, const char *label,
			 const char *value)
{
	write_text(exposition, exposition->family);
	write_text(exposition, "_bucket");
	write_label(exposition, '{', label, value);
	write_label(exposition, ',', "le", bound);
	write_text(exposition, "}");
	write_number(exposition, (double) count);
}

/* The shortest text that reads back as the same number */
static const char *
number_text(double value, char text[NUMBER_SIZE])
{
	if (value < WHOLE_MAX && value > -WHOLE_MAX && value == (double) (int64_t) value)
		snprintf(text, NUMBER_SIZE, "%.0f", value);
	else
	{
		snprintf(text, NUMBER_SIZE, "%.15g", value);
		if (strtod(text, NULL) != value)
			snprintf(text, NUMBER_SIZE, "%.17g", value);
	}
	return text;
}
