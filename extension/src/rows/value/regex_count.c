/*-------------------------------------------------------------------------
 *
 * regex_count.c
 *	  Strings of a regular expression, counted.
 *
 * Counted strings take each repetition as often as it can be, and of an alternation the
 * branches as long as the first, so that each has the same length and can be read back.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "base/compat.h"
#include "rows/value/arena.h"
#include "rows/value/kinds.h"
#include "rows/value/regex.h"

/* Capacities stay below this, so that products cannot overflow. */
#define MOST_STRINGS (UINT64CONST(1) << 62)

/* Where the strings of groups are, for references back to them. */
typedef struct Groups
{
	const char *text[ROWS_REGEX_GROUPS];
	int length[ROWS_REGEX_GROUPS];
	int nwaiting; /* references whose group is not written yet */
	char *waiting[ROWS_REGEX_LONGEST];
	int groups[ROWS_REGEX_LONGEST];
} Groups;

static int referenced_groups(const RowsRegex *node);
static bool is_countable(const RowsRegex *node, int referenced, bool varies);
static int write_counted(const RowsRegex *node, uint64 ordinal, Groups *groups, char *out);
static bool read_counted(const RowsRegex *node, const char *text, Groups *groups, uint64 *ordinal);
static Datum encode_regex(const RowsValue *value, uint64 ordinal, RowsDraw *draw, RowsArena *arena);
static bool decode_regex(const RowsValue *value, Datum datum, uint64 *ordinal);

/* Let the strings of a value be counted, if they can be. */
void
rows_count_regex(RowsValue *value)
{
	if (!is_countable(value->regex, referenced_groups(value->regex), false))
		return;
	value->capacity = value->regex->nstrings;
	value->encode = encode_regex;
	value->decode = decode_regex;
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

bool
rows_regex_refers(const RowsRegex *regex)
{
	return referenced_groups(regex) != 0;
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

static uint64
times(uint64 left, uint64 right)
{
	if (right != 0 && left > MOST_STRINGS / right)
		return MOST_STRINGS;
	return left * right;
}

/*
 * Note the widths and the numbers of strings, once for all nodes.  A group is measured
 * before what refers back to it.
 */
void
rows_measure_regex(RowsRegex *node)
{
	const RowsRegex *first = node->children != NIL ? linitial(node->children) : NULL;
	ListCell *cell;

	if (node->kind != ROWS_REGEX_BACK)
	{
		foreach (cell, node->children)
			rows_measure_regex(lfirst(cell));
	}
	node->nstrings = 1;
	switch (node->kind)
	{
		case ROWS_REGEX_SET:
			node->width = 1;
			node->nstrings = node->ncharacters;
			break;
		case ROWS_REGEX_LITERAL:
			node->width = node->ncharacters;
			break;
		case ROWS_REGEX_BACK:
			node->width = first->width;
			break;
		case ROWS_REGEX_CHOICE:
			node->width = first->width;
			node->nstrings = 0;
			foreach (cell, node->children)
			{
				const RowsRegex *branch = lfirst(cell);

				if (branch->width == node->width)
					node->nstrings = Min(node->nstrings + branch->nstrings, MOST_STRINGS);
			}
			break;
		case ROWS_REGEX_REPEAT:
			node->width = node->most * first->width;
			for (int i = 0; i < node->most && node->nstrings < MOST_STRINGS; i++)
				node->nstrings = times(node->nstrings, first->nstrings);
			break;
		case ROWS_REGEX_SEQUENCE:
			node->width = 0;
			foreach (cell, node->children)
			{
				const RowsRegex *part = lfirst(cell);

				node->width += part->width;
				node->nstrings = times(node->nstrings, part->nstrings);
			}
			break;
	}
	/* of no characters, there is one */
	if (node->width == 0)
		node->nstrings = 1;
}

/* Writes the string of an ordinal; its last character changes fastest. */
static int
write_counted(const RowsRegex *node, uint64 ordinal, Groups *groups, char *out)
{
	int length = (int) node->width;
	int end = length;
	ListCell *cell;

	/* however often it is repeated */
	if (length == 0)
		return 0;
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
				const RowsRegex *branch = lfirst(cell);

				if (branch->width != length)
					continue;
				if (ordinal < branch->nstrings)
					return write_counted(branch, ordinal, groups, out);
				ordinal -= branch->nstrings;
			}
			break;
		case ROWS_REGEX_SEQUENCE:
			for (int i = list_length(node->children) - 1; i >= 0; i--)
			{
				const RowsRegex *part = list_nth(node->children, i);

				end -= (int) part->width;
				write_counted(part, ordinal % part->nstrings, groups, out + end);
				ordinal /= part->nstrings;
			}
			break;
		case ROWS_REGEX_REPEAT:
			for (int i = 0; i < node->most; i++)
			{
				const RowsRegex *part = linitial(node->children);

				end -= (int) part->width;
				write_counted(part, ordinal % part->nstrings, groups, out + end);
				ordinal /= part->nstrings;
			}
			break;
		case ROWS_REGEX_BACK:
			if (groups->nwaiting == ROWS_REGEX_LONGEST)
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
	if (node->width == 0)
		return true;
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
				const RowsRegex *branch = lfirst(cell);

				if (branch->width != node->width)
					continue;
				if (read_counted(branch, text, groups, &digit))
				{
					*ordinal = before + digit;
					return true;
				}
				before += branch->nstrings;
			}
			return false;
		case ROWS_REGEX_SEQUENCE:
			foreach (cell, node->children)
			{
				const RowsRegex *part = lfirst(cell);

				if (!read_counted(part, text, groups, &digit))
					return false;
				*ordinal = *ordinal * part->nstrings + digit;
				text += (int) part->width;
			}
			return true;
		case ROWS_REGEX_REPEAT:
			for (int i = 0; i < node->most; i++)
			{
				const RowsRegex *part = linitial(node->children);

				if (!read_counted(part, text, groups, &digit))
					return false;
				*ordinal = *ordinal * part->nstrings + digit;
				text += (int) part->width;
			}
			return true;
		case ROWS_REGEX_BACK:
			return groups->text[node->group] != NULL &&
				   memcmp(text, groups->text[node->group], (size_t) node->width) == 0;
	}
	return false;
}

static Datum
encode_regex(const RowsValue *value, uint64 ordinal, RowsDraw *draw, RowsArena *arena)
{
	char buffer[ROWS_REGEX_LONGEST + 1];
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
	return length == value->regex->width &&
		   read_counted(value->regex, VARDATA_ANY(text), &groups, ordinal);
}
