/*-------------------------------------------------------------------------
 *
 * regex_read.c
 *	  Reads a regular expression or a LIKE pattern into a tree from which strings are
 *	  made.
 *
 * Knows anchors, classes, counts, groups, references back to them and alternation.  It must return NULL for what
 * it cannot read; the caller still tries each string on the condition itself.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>

#include "mb/pg_wchar.h"
#include "nodes/pg_list.h"

#include "base/compat.h"
#include "rows/value/regex.h"
#include "rows/value/regex_class.h"

/* Repetitions beyond the least number, where the expression allows any. */
#define MORE_REPETITIONS 6
#define MOST_REPETITIONS 200
#define DEEPEST_GROUP	 20

static RowsRegex *read_choice(RowsRegexReader *reader);
static RowsRegex *read_sequence(RowsRegexReader *reader);
static RowsRegex *read_atom(RowsRegexReader *reader);
static RowsRegex *read_group(RowsRegexReader *reader);
static RowsRegex *read_counts(RowsRegexReader *reader, RowsRegex *atom);
static RowsRegex *parse_like(const char *pattern);

/* NULL: not understood. */
RowsRegex *
rows_parse_pattern(const char *pattern, RowsPatternKind kind)
{
	RowsRegexReader reader = {.next = pattern, .any_case = (kind == ROWS_PATTERN_REGEX_ANY_CASE)};
	RowsRegex *result;

	if (kind == ROWS_PATTERN_LIKE)
		return parse_like(pattern);
	if (strncmp(pattern, "***:", 4) == 0)
		reader.next += 4;
	else if (strncmp(pattern, "***", 3) == 0)
		return NULL;
	if (strncmp(reader.next, "(?i)", 4) == 0)
	{
		reader.any_case = true;
		reader.next += 4;
	}
	result = read_choice(&reader);
	return reader.failed || *reader.next != '\0' ? NULL : result;
}

static RowsRegex *
read_choice(RowsRegexReader *reader)
{
	RowsRegex *choice = rows_make_regex_node(ROWS_REGEX_CHOICE);

	if (++reader->depth > DEEPEST_GROUP)
		reader->failed = true;
	choice->children = list_make1(read_sequence(reader));
	while (!reader->failed && *reader->next == '|')
	{
		reader->next++;
		choice->children = lappend(choice->children, read_sequence(reader));
	}
	reader->depth--;
	return list_length(choice->children) == 1 ? linitial(choice->children) : choice;
}

static RowsRegex *
read_sequence(RowsRegexReader *reader)
{
	RowsRegex *sequence = rows_make_regex_node(ROWS_REGEX_SEQUENCE);

	while (!reader->failed && *reader->next != '\0' && *reader->next != '|' && *reader->next != ')')
	{
		RowsRegex *atom = read_atom(reader);

		if (reader->failed)
			break;
		if (atom != NULL)
			sequence->children = lappend(sequence->children, read_counts(reader, atom));
	}
	return sequence;
}

/* One atom; NULL for what stands for no character, such as an anchor. */
static RowsRegex *
read_atom(RowsRegexReader *reader)
{
	const char *start = reader->next;
	bool any[128] = {false};
	int length;

	switch (*start)
	{
		case '^':
		case '$':
			reader->next++;
			return NULL;
		case '(':
			return read_group(reader);
		case '[':
			return rows_read_bracket(reader);
		case '\\':
			return rows_read_escape(reader);
		case '.':
			reader->next++;
			for (const char *c = LETTERS DIGITS; *c != '\0'; c++)
				any[(int) *c] = true;
			return rows_make_set(reader, any, false);
		case '*':
		case '+':
		case '?':
			reader->failed = true;
			return NULL;
		default:
			length = pg_mblen(start);
			reader->next += length;
			return rows_make_literal(reader, start, length);
	}
}

/* (...), (?:...); what looks ahead is left to the condition itself. */
static RowsRegex *
read_group(RowsRegexReader *reader)
{
	RowsRegex *inside;
	bool looks = false;
	bool captures = (reader->next[1] != '?');
	int number = reader->ngroups + 1;

	reader->next++;
	if (!captures)
	{
		looks = (reader->next[1] == '=' || reader->next[1] == '!');
		if (!looks && reader->next[1] != ':')
		{
			reader->failed = true;
			return NULL;
		}
		reader->next += 2;
	}
	else
		reader->ngroups++;
	inside = read_choice(reader);
	if (*reader->next != ')')
		reader->failed = true;
	else
		reader->next++;
	/* groups within what looks ahead have no number */
	if (looks)
		reader->ngroups = number - 1;
	if (captures && number < ROWS_REGEX_GROUPS)
	{
		inside->group = number;
		reader->groups[number] = inside;
	}
	return looks ? NULL : inside;
}

/* *, +, ?, {2}, {2,}, {2,5}, each perhaps not greedy */
static RowsRegex *
read_counts(RowsRegexReader *reader, RowsRegex *atom)
{
	RowsRegex *repeat;
	int least;
	int most = -1;
	char *end;

	if (*reader->next == '*')
		least = 0;
	else if (*reader->next == '+')
		least = 1;
	else if (*reader->next == '?')
	{
		least = 0;
		most = 1;
	}
	else if (*reader->next == '{' && isdigit((unsigned char) reader->next[1]))
	{
		least = most = (int) strtol(reader->next + 1, &end, 10);
		if (*end == ',')
		{
			most = -1;
			end++;
			if (isdigit((unsigned char) *end))
				most = (int) strtol(end, &end, 10);
		}
		if (*end != '}' || least > MOST_REPETITIONS)
		{
			reader->failed = true;
			return NULL;
		}
		reader->next = end;
	}
	else
		return atom;
	reader->next++;
	if (*reader->next == '?')
		reader->next++;

	repeat = rows_make_regex_node(ROWS_REGEX_REPEAT);
	repeat->children = list_make1(atom);
	repeat->least = least;
	repeat->open = (most < 0 || most > least + MORE_REPETITIONS);
	repeat->most = repeat->open ? least + MORE_REPETITIONS : most;
	return repeat;
}

/* % is any string, _ any character, \ takes the next as it is. */
static RowsRegex *
parse_like(const char *pattern)
{
	RowsRegex *sequence = rows_make_regex_node(ROWS_REGEX_SEQUENCE);
	RowsRegexReader reader = {.next = pattern};

	while (*reader.next != '\0')
	{
		RowsRegex *node;
		int length;

		if (*reader.next == '%' || *reader.next == '_')
		{
			RowsRegexReader any = {.next = "."};

			node = read_atom(&any);
			if (*reader.next == '%')
			{
				RowsRegexReader many = {.next = "*"};

				node = read_counts(&many, node);
			}
			reader.next++;
		}
		else
		{
			if (*reader.next == '\\' && reader.next[1] != '\0')
				reader.next++;
			length = pg_mblen(reader.next);
			node = rows_make_literal(&reader, reader.next, length);
			reader.next += length;
		}
		sequence->children = lappend(sequence->children, node);
	}
	return sequence;
}
