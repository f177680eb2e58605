/*-------------------------------------------------------------------------
 *
 * regex_write.c
 *	  Strings of a regular expression at random.  regex_count.c counts them.
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

/* Strings drawn until one is not too long. */
#define DRAWS_FOR_LENGTH 16

/* Where the strings of groups are, for references back to them. */
typedef struct Groups
{
	const char *text[ROWS_REGEX_GROUPS];
	int length[ROWS_REGEX_GROUPS];
} Groups;

static bool lengthen(RowsRegex *node, int length);
static bool shorten(RowsRegex *node);
static int write_node(const RowsRegex *node, RowsDraw *draw, Groups *groups, char *out, int room);
static int write_random(const RowsRegex *node, RowsDraw *draw, Groups *groups, char *out, int room);
static Datum make_regex(const RowsValue *value, RowsDraw *draw, RowsArena *arena);

/* Let a string follow a pattern.  False if the pattern is not understood. */
bool
rows_init_regex(RowsValue *value, const char *pattern, RowsPatternKind kind, const RowsBounds *bounds)
{
	RowsRegex *regex;
	int room = ROWS_REGEX_LONGEST;

	if (!value->is_text && value->type != BPCHAROID)
		return false;
	regex = rows_parse_pattern(pattern, kind);
	if (regex == NULL)
		return false;
	if (bounds->min_length > 0)
		(void) lengthen(regex, Min(bounds->min_length, ROWS_REGEX_LONGEST / 2));
	if (value->typmod >= (int32) VARHDRSZ)
		room = Min(room, value->typmod - VARHDRSZ);
	if (bounds->max_length >= 0)
		room = Min(room, bounds->max_length);

	while (rows_regex_width(regex) > room && shorten(regex))
		continue;

	value->name = "pattern";
	value->detail = pstrdup(pattern);
	value->regex = regex;
	value->max_length = room;
	value->make = make_regex;
	value->encode = NULL;
	value->decode = NULL;
	value->nchoices = 0;
	if (rows_regex_width(regex) <= room && rows_regex_width(regex) > 0)
		rows_count_regex(value);
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

/* A string that is too long is drawn again, and then cut: the condition rejects that. */
static Datum
make_regex(const RowsValue *value, RowsDraw *draw, RowsArena *arena)
{
	char buffer[ROWS_REGEX_LONGEST + 1];
	int length = 0;

	for (int i = 0; i < DRAWS_FOR_LENGTH; i++)
	{
		Groups groups;

		memset(groups.text, 0, sizeof(groups.text));
		memset(groups.length, 0, sizeof(groups.length));
		length = write_random(value->regex, draw, &groups, buffer, ROWS_REGEX_LONGEST);
		if (length <= ROWS_REGEX_LONGEST && pg_mbstrlen_with_len(buffer, length) <= value->max_length)
			break;
	}
	length = Min(length, ROWS_REGEX_LONGEST);
	length = pg_mbcharcliplen(buffer, length, value->max_length);
	return rows_make_string(value, buffer, length, arena);
}
