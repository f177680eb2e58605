/*-------------------------------------------------------------------------
 *
 * regex_class.c
 *	  The parts of a regular expression that stand for one character: classes, escapes,
 *	  literals.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>

#include "mb/pg_wchar.h"

#include "base/compat.h"
#include "rows/value/regex_class.h"

static bool read_class(RowsRegexReader *reader, bool *set);

/* Add the characters of \d, \s, \w; false for another letter. */
static bool
add_escape(char letter, bool *set)
{
	const char *members;

	switch (letter)
	{
		case 'd':
			members = DIGITS;
			break;
		case 'w':
			members = LETTERS DIGITS "_";
			break;
		case 's':
			members = " ";
			break;
		default:
			return false;
	}
	for (; *members != '\0'; members++)
		set[(int) *members] = true;
	return true;
}

RowsRegex *
rows_read_escape(RowsRegexReader *reader)
{
	bool set[128] = {false};
	char letter = reader->next[1];
	int length;

	if (letter == '\0')
	{
		reader->failed = true;
		return NULL;
	}
	length = pg_mblen(reader->next + 1);
	reader->next += 1 + length;
	if (length > 1 || !isalnum((unsigned char) letter))
		return rows_make_literal(reader, reader->next - length, length);
	if (strchr("AmMyYZ", letter) != NULL)
		return NULL; /* constraints, as anchors are */
	if (add_escape(tolower((unsigned char) letter), set))
	{
		/* \w of letters only, so that it suits more conditions */
		set['_'] = false;
		if (letter == 'W')
			set['_'] = true;
		return rows_make_set(reader, set, isupper((unsigned char) letter));
	}
	if (letter == 't')
		return rows_make_literal(reader, "\t", 1);
	if (letter == 'n')
		return rows_make_literal(reader, "\n", 1);
	if (letter >= '1' && letter <= '9' && reader->groups[letter - '0'] != NULL)
	{
		RowsRegex *back = rows_make_regex_node(ROWS_REGEX_BACK);

		back->group = letter - '0';
		back->children = list_make1(reader->groups[back->group]);
		return back;
	}
	reader->failed = true;
	return NULL;
}

RowsRegex *
rows_read_bracket(RowsRegexReader *reader)
{
	bool set[128] = {false};
	bool negated = false;
	bool first = true;

	reader->next++;
	if (*reader->next == '^')
	{
		negated = true;
		reader->next++;
	}
	while (*reader->next != '\0' && (*reader->next != ']' || first))
	{
		unsigned char low = *reader->next;
		unsigned char high;

		first = false;
		if (low == '[' && strchr(":=.", reader->next[1]) != NULL && reader->next[1] != '\0')
		{
			if (!read_class(reader, set))
				return NULL;
			continue;
		}
		if (low == '\\' && reader->next[1] != '\0')
		{
			reader->next++;
			low = *reader->next;
			if (add_escape(low, set))
			{
				reader->next++;
				continue;
			}
			if (low == 't')
				low = '\t';
			else if (low == 'n')
				low = '\n';
			else if (isalnum(low))
			{
				reader->failed = true;
				return NULL;
			}
			reader->next++;
		}
		else
			reader->next += pg_mblen(reader->next);
		high = low;
		if (reader->next[0] == '-' && reader->next[1] != ']' && reader->next[1] != '\0')
		{
			reader->next++;
			if (reader->next[0] == '\\')
				reader->next++;
			high = *reader->next;
			reader->next += (high == '\0') ? 0 : pg_mblen(reader->next);
		}
		for (int c = low; c <= Min(high, 127) && c < 128; c++)
			set[c] = true;
	}
	if (*reader->next != ']')
	{
		reader->failed = true;
		return NULL;
	}
	reader->next++;
	return rows_make_set(reader, set, negated);
}

/* [:alpha:], [=a=], [.a.] */
static bool
read_class(RowsRegexReader *reader, bool *set)
{
	static const struct
	{
		const char *name;
		int (*is)(int);
	} classes[] = {
		{"alpha", isalpha}, {"digit", isdigit}, {"alnum", isalnum},	  {"upper", isupper},
		{"lower", islower}, {"space", isblank}, {"blank", isblank},	  {"punct", ispunct},
		{"print", isgraph}, {"graph", isgraph}, {"xdigit", isxdigit},
	};
	char mark = reader->next[1];
	const char *name = reader->next + 2;
	const char *end = name;

	while (*end != '\0' && !(end[0] == mark && end[1] == ']'))
		end++;
	if (*end == '\0')
		goto fail;
	reader->next = end + 2;
	if (mark != ':')
	{
		if (end - name != 1 || (unsigned char) *name > 127)
			goto fail;
		set[(int) *name] = true;
		return true;
	}
	for (int i = 0; i < lengthof(classes); i++)
	{
		if (strlen(classes[i].name) != (size_t) (end - name) ||
			strncmp(classes[i].name, name, end - name) != 0)
			continue;
		for (int c = 1; c < 127; c++)
			set[c] |= classes[i].is(c) != 0;
		return true;
	}
fail:
	reader->failed = true;
	return false;
}

RowsRegex *
rows_make_set(RowsRegexReader *reader, const bool *set, bool negated)
{
	RowsRegex *node = rows_make_regex_node(ROWS_REGEX_SET);

	node->characters = palloc(128);
	for (int c = 1; c < 127; c++)
	{
		if (negated ? (isalnum(c) && !isupper(c) && !set[c]) : set[c])
			node->characters[node->ncharacters++] = (char) c;
	}
	/* negated letters and digits: what else can be printed */
	for (int c = 32; c < 127 && node->ncharacters == 0 && negated; c++)
	{
		if (!set[c])
			node->characters[node->ncharacters++] = (char) c;
	}
	if (node->ncharacters == 0)
		reader->failed = true;
	return node;
}

RowsRegex *
rows_make_literal(RowsRegexReader *reader, const char *bytes, int nbytes)
{
	RowsRegex *node = rows_make_regex_node(ROWS_REGEX_LITERAL);

	node->characters = pnstrdup(bytes, nbytes);
	node->ncharacters = nbytes;
	return node;
}

RowsRegex *
rows_make_regex_node(RowsRegexKind kind)
{
	RowsRegex *node = palloc0(sizeof(RowsRegex));

	node->kind = kind;
	return node;
}
