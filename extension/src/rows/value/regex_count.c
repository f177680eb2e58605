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
static uint64 count(const RowsRegex *node);
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
	value->capacity = count(value->regex);
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

/* The length of a counted string, and the most that one at random has, in bytes. */
int
rows_regex_width(const RowsRegex *node)
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
			return rows_regex_width(linitial(node->children));
		case ROWS_REGEX_REPEAT:
			return Min(node->most * rows_regex_width(linitial(node->children)),
					   10 * ROWS_REGEX_LONGEST);
		case ROWS_REGEX_SEQUENCE:
			foreach (cell, node->children)
				result = Min(result + rows_regex_width(lfirst(cell)), 10 * ROWS_REGEX_LONGEST);
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
				if (rows_regex_width(lfirst(cell)) == rows_regex_width(node))
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
	int length = rows_regex_width(node);
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

				if (rows_regex_width(lfirst(cell)) != length)
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

				end -= rows_regex_width(child);
				write_counted(child, ordinal % n, groups, out + end);
				ordinal /= n;
			}
			break;
		case ROWS_REGEX_REPEAT:
			for (int i = 0; i < node->most; i++)
			{
				uint64 n = count(linitial(node->children));

				end -= rows_regex_width(linitial(node->children));
				write_counted(linitial(node->children), ordinal % n, groups, out + end);
				ordinal /= n;
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
				if (rows_regex_width(lfirst(cell)) != rows_regex_width(node))
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
				text += rows_regex_width(lfirst(cell));
			}
			return true;
		case ROWS_REGEX_REPEAT:
			for (int i = 0; i < node->most; i++)
			{
				if (!read_counted(linitial(node->children), text, groups, &digit))
					return false;
				*ordinal = *ordinal * count(linitial(node->children)) + digit;
				text += rows_regex_width(linitial(node->children));
			}
			return true;
		case ROWS_REGEX_BACK:
			return groups->text[node->group] != NULL &&
				   memcmp(text, groups->text[node->group], rows_regex_width(node)) == 0;
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
	return length == rows_regex_width(value->regex) &&
		   read_counted(value->regex, VARDATA_ANY(text), &groups, ordinal);
}
