/*-------------------------------------------------------------------------
 *
 * candidate_member.c
 *	  Members of JSON that are what a condition compares them with: numbers, strings of a
 *	  pattern, dates, one of some strings.
 *
 * A candidate is only a guess; the condition itself decides.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "base/compat.h"
#include "base/random.h"
#include "rows/value/arena.h"
#include "rows/value/candidate.h"
#include "rows/value/regex.h"
#include "rows/value/type.h"

typedef struct Member
{
	const RowsMentionMember *mention;
	List *generators; /* of RowsValue, of text; NIL: the text itself */
	bool plain;		  /* a number, true or false: without quotes */
} Member;

/* A list of Member, for rows_write_member(). */
List *
rows_prepare_members(const RowsMention *mention)
{
	RowsMention *inner = palloc(sizeof(RowsMention));
	List *members = NIL;
	ListCell *cell;

	*inner = *mention;
	foreach (cell, mention->members)
	{
		Member *member = palloc0(sizeof(Member));
		RowsValue *like;
		RowsBounds none;

		rows_init_bounds(&none);
		like = rows_make_value(TEXTOID, -1, &none, NULL);
		member->mention = lfirst(cell);
		if (member->mention->pattern != NULL)
		{
			const RowsPatternBound *pattern = member->mention->pattern;

			if (!rows_init_regex(like, pattern->text, pattern->kind, &none))
				continue;
			member->generators = list_make1(like);
		}
		else if (member->mention->text == NULL)
		{
			inner->types = list_make1_oid(member->mention->type);
			member->generators = rows_cast_candidates(like, inner, true);
			member->plain = rows_is_plain(member->mention->type);
			if (member->generators == NIL)
				continue;
		}
		members = lappend(members, member);
	}
	return members;
}

static bool
is_of_path(const Member *member, List *path, int depth)
{
	if (list_length(member->mention->path) != depth + 1)
		return false;
	for (int i = 0; i <= depth; i++)
	{
		if (strcmp(list_nth(member->mention->path, i), list_nth(path, i)) != 0)
			return false;
	}
	return true;
}

/* Write what the conditions say of the member at this depth of the path; false: nothing. */
bool
rows_write_member(StringInfo out, List *members, List *path, int depth, RowsDraw *draw,
				  RowsArena *arena)
{
	const Member *member = NULL;
	const char *string;
	int n = 0;
	ListCell *cell;

	foreach (cell, members)
	{
		if (is_of_path(lfirst(cell), path, depth) && rows_below(draw, ++n) == 0)
			member = lfirst(cell);
	}
	if (member == NULL)
		return false;
	string = member->mention->text;
	if (string == NULL)
	{
		RowsValue *generator = list_nth(member->generators,
										(int) rows_below(draw, list_length(member->generators)));

		string = TextDatumGetCString(generator->make(generator, draw, arena));
	}
	/* no number of JSON */
	if (!member->plain || pg_strcasecmp(string, "NaN") == 0 || strstr(string, "Infinity") != NULL)
		rows_append_quoted(out, string);
	else if (member->mention->type == BOOLOID)
		appendStringInfoString(out, *string == 't' ? "true" : "false");
	else
		appendStringInfoString(out, string);
	return true;
}
