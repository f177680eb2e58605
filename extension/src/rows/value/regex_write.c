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
#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "rows/value/arena.h"
#include "rows/value/kinds.h"
#include "rows/value/regex.h"

/* Strings drawn until one is not too long. */
#define DRAWS_FOR_LENGTH 16

/* Parts of a string that are written: repetitions of nothing make none longer. */
#define MOST_WRITTEN 50000

/* Bytes of a pattern, and of one with references, where each step depends on all others. */
#define LONGEST_PATTERN	  10000
#define LONGEST_REFERRING 1000

/* Where the strings of groups are, for references back to them. */
typedef struct Groups
{
	const char *text[ROWS_REGEX_GROUPS];
	int length[ROWS_REGEX_GROUPS];
	int nwritten;
} Groups;

static RowsRegex *read_pattern(const char *pattern, RowsPatternKind kind);
static double least_width(const RowsRegex *node);
static void fit(RowsRegex *regex, int room);
static bool lengthen(RowsRegex *node, int length);
static bool shorten(RowsRegex *node, double times, double *excess, bool once);
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
	regex = read_pattern(pattern, kind);
	if (regex == NULL)
		return false;
	if (bounds->min_length > 0)
		(void) lengthen(regex, Min(bounds->min_length, ROWS_REGEX_LONGEST / 2));
	if (value->typmod >= (int32) VARHDRSZ)
		room = Min(room, value->typmod - VARHDRSZ);
	if (bounds->max_length >= 0)
		room = Min(room, bounds->max_length);

	fit(regex, room);

	value->name = "pattern";
	value->detail = pstrdup(pattern);
	value->regex = regex;
	value->max_length = room;
	value->make = make_regex;
	value->encode = NULL;
	value->decode = NULL;
	value->nchoices = 0;
	if (regex->width <= room && regex->width > 0)
		rows_count_regex(value);
	return true;
}

/* NULL: not understood, or of strings that are all too long; that leaves no tree behind. */
static RowsRegex *
read_pattern(const char *pattern, RowsPatternKind kind)
{
	size_t length = strlen(pattern);
	MemoryContext old = CurrentMemoryContext;
	MemoryContext reading;
	RowsRegex *regex;

	if (length > LONGEST_PATTERN)
		return NULL;
	reading = AllocSetContextCreate(old, "poc_barman pattern", ALLOCSET_SMALL_SIZES);
	MemoryContextSwitchTo(reading);
	regex = rows_parse_pattern(pattern, kind);
	MemoryContextSwitchTo(old);
	if (regex != NULL && (length <= LONGEST_REFERRING || !rows_regex_refers(regex)) &&
		least_width(regex) <= ROWS_REGEX_LONGEST)
		return regex;
	MemoryContextDelete(reading);
	return NULL;
}

/* Bytes of the shortest string, or fewer. */
static double
least_width(const RowsRegex *node)
{
	double least = 0;
	ListCell *cell;

	switch (node->kind)
	{
		case ROWS_REGEX_SET:
			return 1;
		case ROWS_REGEX_LITERAL:
			return node->ncharacters;
		case ROWS_REGEX_BACK:
			return 0;
		case ROWS_REGEX_REPEAT:
			return node->least * least_width(linitial(node->children));
		case ROWS_REGEX_SEQUENCE:
			foreach (cell, node->children)
				least += least_width(lfirst(cell));
			break;
		case ROWS_REGEX_CHOICE:
			foreach (cell, node->children)
			{
				double branch = least_width(lfirst(cell));

				if (foreach_current_index(cell) == 0 || branch < least)
					least = branch;
			}
			break;
	}
	return least;
}

/* Take from the most repetitions what the strings are too long by, and measure them. */
static void
fit(RowsRegex *regex, int room)
{
	bool refers = rows_regex_refers(regex);

	rows_measure_regex(regex);
	while (regex->width > room)
	{
		double excess = regex->width - room;

		CHECK_FOR_INTERRUPTS();
		if (!shorten(regex, 1, &excess, refers))
			break;
		rows_measure_regex(regex);
	}
}

/* Repeat the first that may be repeated at will until the string has a length. */
static bool
lengthen(RowsRegex *node, int length)
{
	ListCell *cell;

	if (node->kind == ROWS_REGEX_BACK)
		return false;
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

/*
 * Take as much from the most repetitions of the first parts as makes the string, in which
 * the node is so many times, shorter by the excess; once: one repetition of one part, as
 * what refers back to it gets shorter, too.  False if none can be taken.
 */
static bool
shorten(RowsRegex *node, double times, double *excess, bool once)
{
	bool shortened = false;
	ListCell *cell;

	/* what refers back follows its group */
	if (node->kind == ROWS_REGEX_BACK)
		return false;
	if (node->kind == ROWS_REGEX_REPEAT)
	{
		double each = times * ((RowsRegex *) linitial(node->children))->width;

		while (node->most > node->least && *excess > 0)
		{
			node->most--;
			*excess -= each;
			shortened = true;
			if (once)
				return true;
		}
		times *= node->most;
	}
	foreach (cell, node->children)
	{
		if (*excess <= 0 || (once && shortened))
			break;
		/* the first of several tells the width */
		shortened |= shorten(lfirst(cell),
							 node->kind == ROWS_REGEX_CHOICE && foreach_current_index(cell) > 0
								 ? 0
								 : times,
							 excess, once);
	}
	return shortened;
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

	groups->nwritten++;
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
			{
				if (groups->nwritten > MOST_WRITTEN)
					break;
				length += write_random(lfirst(cell), draw, groups, out + length, room - length);
			}
			return length;
		case ROWS_REGEX_CHOICE:
			return write_random(list_nth(node->children,
										 (int) rows_below(draw, list_length(node->children))),
								draw, groups, out, room);
		case ROWS_REGEX_REPEAT:
			times = node->least + (int) rows_below(draw, node->most - node->least + 1);
			for (int i = 0; i < times && length <= room && groups->nwritten <= MOST_WRITTEN; i++)
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
		groups.nwritten = 0;
		CHECK_FOR_INTERRUPTS();
		length = write_random(value->regex, draw, &groups, buffer, ROWS_REGEX_LONGEST);
		if (length <= ROWS_REGEX_LONGEST && pg_mbstrlen_with_len(buffer, length) <= value->max_length)
			break;
	}
	length = Min(length, ROWS_REGEX_LONGEST);
	length = pg_mbcharcliplen(buffer, length, value->max_length);
	return rows_make_string(value, buffer, length, arena);
}
