/*-------------------------------------------------------------------------
 *
 * regex_write.c
 *	  Strings of a regular expression: at random, or counted.
 *
 * Counted strings take each repetition as often as it can be, and of an alternation the
 * branches as long as the first, so that each has the same length and can be read back.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"

#include "base/compat.h"
#include "rows/value/arena.h"
#include "rows/value/kinds.h"
#include "rows/value/regex.h"

/* Capacities stay below this, so that products cannot overflow. */
#define MOST_STRINGS (UINT64CONST(1) << 62)

/* Strings drawn until one is not too long. */
#define DRAWS_FOR_LENGTH 16
#define LONGEST_STRING	 1000

/* Where the strings of groups are, for references back to them. */
typedef struct Groups
{
	const char *text[ROWS_REGEX_GROUPS];
	int length[ROWS_REGEX_GROUPS];
	int nwaiting; /* references whose group is not written yet */
	char *waiting[LONGEST_STRING];
	int groups[LONGEST_STRING];
} Groups;

static int referenced_groups(const RowsRegex *node);
static bool is_countable(const RowsRegex *node, int referenced, bool varies);
static bool lengthen(RowsRegex *node, int length);
static bool shorten(RowsRegex *node);
static int write_node(const RowsRegex *node, RowsDraw *draw, Groups *groups, char *out, int room);
static int write_random(const RowsRegex *node, RowsDraw *draw, Groups *groups, char *out, int room);
static int width(const RowsRegex *node);
static uint64 count(const RowsRegex *node);
static int write_counted(const RowsRegex *node, uint64 ordinal, Groups *groups, char *out);
static bool read_counted(const RowsRegex *node, const char *text, Groups *groups, uint64 *ordinal);
static Datum make_regex(const RowsValue *value, RowsDraw *draw, RowsArena *arena);
static Datum encode_regex(const RowsValue *value, uint64 ordinal, RowsDraw *draw, RowsArena *arena);
static bool decode_regex(const RowsValue *value, Datum datum, uint64 *ordinal);

/* Let a string follow a pattern.  False if the pattern is not understood. */
bool
rows_init_regex(RowsValue *value, const char *pattern, RowsPatternKind kind, const RowsBounds *bounds)
{
	RowsRegex *regex;
	int room = LONGEST_STRING;

	if (!value->is_text && value->type != BPCHAROID)
		return false;
	regex = rows_parse_pattern(pattern, kind);
	if (regex == NULL)
		return false;
	if (bounds->min_length > 0)
		(void) lengthen(regex, Min(bounds->min_length, LONGEST_STRING / 2));
	if (value->typmod >= (int32) VARHDRSZ)
		room = Min(room, value->typmod - VARHDRSZ);
	if (bounds->max_length >= 0)
		room = Min(room, bounds->max_length);

	while (width(regex) > room && shorten(regex))
		continue;

	value->name = "pattern";
	value->detail = pstrdup(pattern);
	value->regex = regex;
	value->max_length = room;
	value->make = make_regex;
	value->encode = NULL;
	value->decode = NULL;
	value->nchoices = 0;
	if (width(regex) <= room && width(regex) > 0 &&
		is_countable(regex, referenced_groups(regex), false))
	{
		value->capacity = count(regex);
		value->encode = encode_regex;
		value->decode = decode_regex;
	}
	return true;
}

/* The groups that something refers back to, as bits. */
static int
referenced_groups(const RowsRegex *node)
{
	int groups = 0;
	ListCell *cell;

	if (node->kind == ROWS_REGEX_BACK)
		return 1 << node->group;
	foreach (cell, node->children)
		groups |= referenced_groups(lfirst(cell));
	return groups;
}

/* Of a group that is repeated or one of several, it depends on the string what \1 means. */
static bool
is_countable(const RowsRegex *node, int referenced, bool varies)
{
	ListCell *cell;

	if (varies && node->group > 0 && (referenced & (1 << node->group)) != 0)
		return false;
	if (node->kind == ROWS_REGEX_BACK)
		return true;
	varies |= node->kind == ROWS_REGEX_REPEAT || node->kind == ROWS_REGEX_CHOICE;
	foreach (cell, node->children)
	{
		if (!is_countable(lfirst(cell), referenced, varies))
			return false;
	}
	return true;
}

/* Repeat the first that may be repeated at will until the string has a length. */
static bool
lengthen(RowsRegex *node, int length)
{
	ListCell *cell;

	if (node->kind == ROWS_REGEX_REPEAT && node->open)
	{
		int more = Max(length - node->least, 0);

		node->least += more;
		node->most += more;
		return true;
	}
	foreach (cell, node->children)
	{
		if (lengthen(lfirst(cell), length) && node->kind != ROWS_REGEX_CHOICE)
			return true;
	}
	return false;
}

/* Take one from the most repetitions of a part; false if none can be taken. */
static bool
shorten(RowsRegex *node)
{
	ListCell *cell;

	if (node->kind == ROWS_REGEX_REPEAT && node->most > node->least)
	{
		node->most--;
		return true;
	}
	foreach (cell, node->children)
	{
		if (shorten(lfirst(cell)))
			return true;
	}
	return false;
}

static int
write_random(const RowsRegex *node, RowsDraw *draw, Groups *groups, char *out, int room)
{
	int length = write_node(node, draw, groups, out, room);

	if (node->group > 0 && node->kind != ROWS_REGEX_BACK)
	{
		groups->text[node->group] = out;
		groups->length[node->group] = Min(length, Max(room, 0));
	}
	return length;
}

static int
write_node(const RowsRegex *node, RowsDraw *draw, Groups *groups, char *out, int room)
{
	int length = 0;
	int times;
	ListCell *cell;

	switch (node->kind)
	{
		case ROWS_REGEX_SET:
			if (room < 1)
				return 1; /* does not fit: the caller compares the length */
			*out = node->characters[rows_below(draw, node->ncharacters)];
			return 1;
		case ROWS_REGEX_LITERAL:
			memcpy(out, node->characters, Max(Min(room, node->ncharacters), 0));
			return node->ncharacters;
		case ROWS_REGEX_SEQUENCE:
			foreach (cell, node->children)
				length += write_random(lfirst(cell), draw, groups, out + length, room - length);
			return length;
		case ROWS_REGEX_CHOICE:
			return write_random(list_nth(node->children,
										 (int) rows_below(draw, list_length(node->children))),
								draw, groups, out, room);
		case ROWS_REGEX_REPEAT:
			times = node->least + (int) rows_below(draw, node->most - node->least + 1);
			for (int i = 0; i < times && length <= room; i++)
				length += write_random(linitial(node->children), draw, groups, out + length,
									   room - length);
			return length;
		case ROWS_REGEX_BACK:
			/* a group of a branch that was not taken is no string: the condition rejects that */
			length = groups->length[node->group];
			if (groups->text[node->group] != NULL)
				memmove(out, groups->text[node->group], Max(Min(room, length), 0));
			return length;
	}
	return length;
}

static int
width(const RowsRegex *node)
{
	int result = 0;
	ListCell *cell;

	switch (node->kind)
	{
		case ROWS_REGEX_SET:
			return 1;
		case ROWS_REGEX_LITERAL:
			return node->ncharacters;
		case ROWS_REGEX_CHOICE:
		case ROWS_REGEX_BACK:
			return width(linitial(node->children));
		case ROWS_REGEX_REPEAT:
			return Min(node->most * width(linitial(node->children)), 10 * LONGEST_STRING);
		case ROWS_REGEX_SEQUENCE:
			foreach (cell, node->children)
				result = Min(result + width(lfirst(cell)), 10 * LONGEST_STRING);
			break;
	}
	return result;
}

static uint64
times(uint64 left, uint64 right)
{
	if (right != 0 && left > MOST_STRINGS / right)
		return MOST_STRINGS;
	return left * right;
}

/* The number of counted strings. */
static uint64
count(const RowsRegex *node)
{
	uint64 result = 1;
	ListCell *cell;

	switch (node->kind)
	{
		case ROWS_REGEX_SET:
			return node->ncharacters;
		case ROWS_REGEX_LITERAL:
		case ROWS_REGEX_BACK:
			return 1;
		case ROWS_REGEX_SEQUENCE:
			foreach (cell, node->children)
				result = times(result, count(lfirst(cell)));
			return result;
		case ROWS_REGEX_CHOICE:
			result = 0;
			foreach (cell, node->children)
			{
				if (width(lfirst(cell)) == width(node))
					result = Min(result + count(lfirst(cell)), MOST_STRINGS);
			}
			return result;
		case ROWS_REGEX_REPEAT:
			for (int i = 0; i < node->most; i++)
				result = times(result, count(linitial(node->children)));
			return result;
	}
	return result;
}

/* Writes the string of an ordinal; its last character changes fastest. */
static int
write_counted(const RowsRegex *node, uint64 ordinal, Groups *groups, char *out)
{
	int length = width(node);
	int end = length;
	ListCell *cell;

	if (node->group > 0 && node->kind != ROWS_REGEX_BACK)
	{
		groups->text[node->group] = out;
		groups->length[node->group] = length;
	}
	switch (node->kind)
	{
		case ROWS_REGEX_SET:
			*out = node->characters[ordinal % node->ncharacters];
			break;
		case ROWS_REGEX_LITERAL:
			memcpy(out, node->characters, length);
			break;
		case ROWS_REGEX_CHOICE:
			foreach (cell, node->children)
			{
				uint64 n = count(lfirst(cell));

				if (width(lfirst(cell)) != length)
					continue;
				if (ordinal < n)
					return write_counted(lfirst(cell), ordinal, groups, out);
				ordinal -= n;
			}
			break;
		case ROWS_REGEX_SEQUENCE:
			for (int i = list_length(node->children) - 1; i >= 0; i--)
			{
				RowsRegex *child = list_nth(node->children, i);
				uint64 n = count(child);

				end -= width(child);
				write_counted(child, ordinal % n, groups, out + end);
				ordinal /= n;
			}
			break;
		case ROWS_REGEX_REPEAT:
			for (int i = 0; i < node->most; i++)
			{
				uint64 n = count(linitial(node->children));

				end -= width(linitial(node->children));
				write_counted(linitial(node->children), ordinal % n, groups, out + end);
				ordinal /= n;
			}
			break;
		case ROWS_REGEX_BACK:
			if (groups->nwaiting == LONGEST_STRING)
				break;
			groups->waiting[groups->nwaiting] = out;
			groups->groups[groups->nwaiting++] = node->group;
			break;
	}
	return length;
}

/* The ordinal of a string that is as long as a counted one. */
static bool
read_counted(const RowsRegex *node, const char *text, Groups *groups, uint64 *ordinal)
{
	const char *found;
	uint64 digit = 0;
	uint64 before = 0;
	ListCell *cell;

	*ordinal = 0;
	if (node->group > 0 && node->kind != ROWS_REGEX_BACK)
		groups->text[node->group] = text;
	switch (node->kind)
	{
		case ROWS_REGEX_SET:
			found = memchr(node->characters, *text, node->ncharacters);
			if (found == NULL)
				return false;
			*ordinal = found - node->characters;
			return true;
		case ROWS_REGEX_LITERAL:
			return memcmp(text, node->characters, node->ncharacters) == 0;
		case ROWS_REGEX_CHOICE:
			foreach (cell, node->children)
			{
				if (width(lfirst(cell)) != width(node))
					continue;
				if (read_counted(lfirst(cell), text, groups, &digit))
				{
					*ordinal = before + digit;
					return true;
				}
				before += count(lfirst(cell));
			}
			return false;
		case ROWS_REGEX_SEQUENCE:
			foreach (cell, node->children)
			{
				if (!read_counted(lfirst(cell), text, groups, &digit))
					return false;
				*ordinal = *ordinal * count(lfirst(cell)) + digit;
				text += width(lfirst(cell));
			}
			return true;
		case ROWS_REGEX_REPEAT:
			for (int i = 0; i < node->most; i++)
			{
				if (!read_counted(linitial(node->children), text, groups, &digit))
					return false;
				*ordinal = *ordinal * count(linitial(node->children)) + digit;
				text += width(linitial(node->children));
			}
			return true;
		case ROWS_REGEX_BACK:
			return groups->text[node->group] != NULL &&
				   memcmp(text, groups->text[node->group], width(node)) == 0;
	}
	return false;
}

/* A string that is too long is drawn again, and then cut: the condition rejects that. */
static Datum
make_regex(const RowsValue *value, RowsDraw *draw, RowsArena *arena)
{
	char buffer[LONGEST_STRING + 1];
	int length = 0;

	for (int i = 0; i < DRAWS_FOR_LENGTH; i++)
	{
		Groups groups;

		memset(groups.text, 0, sizeof(groups.text));
		memset(groups.length, 0, sizeof(groups.length));
		length = write_random(value->regex, draw, &groups, buffer, LONGEST_STRING);
		if (length <= LONGEST_STRING && pg_mbstrlen_with_len(buffer, length) <= value->max_length)
			break;
	}
	length = Min(length, LONGEST_STRING);
	length = pg_mbcharcliplen(buffer, length, value->max_length);
	return rows_make_string(value, buffer, length, arena);
}

static Datum
encode_regex(const RowsValue *value, uint64 ordinal, RowsDraw *draw, RowsArena *arena)
{
	char buffer[LONGEST_STRING + 1];
	Groups groups;
	int length;

	groups.nwaiting = 0;
	memset(groups.text, 0, sizeof(groups.text));
	length = write_counted(value->regex, ordinal, &groups, buffer);
	/* from the left, as a group may have a reference itself */
	for (int i = groups.nwaiting - 1; i >= 0; i--)
		memmove(groups.waiting[i], groups.text[groups.groups[i]], groups.length[groups.groups[i]]);
	return rows_make_string(value, buffer, length, arena);
}

static bool
decode_regex(const RowsValue *value, Datum datum, uint64 *ordinal)
{
	struct varlena *text = PG_DETOAST_DATUM_PACKED(datum);
	int length = VARSIZE_ANY_EXHDR(text);
	Groups groups;

	memset(groups.text, 0, sizeof(groups.text));

	if (value->type == BPCHAROID)
	{
		while (length > 0 && VARDATA_ANY(text)[length - 1] == ' ')
			length--;
	}
	return length == width(value->regex) &&
		   read_counted(value->regex, VARDATA_ANY(text), &groups, ordinal);
}
