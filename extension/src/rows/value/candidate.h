/*-------------------------------------------------------------------------
 *
 * candidate.h
 *	  Values that a condition may accept, made from its own constants.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_VALUE_CANDIDATE_H
#define POC_ROWS_VALUE_CANDIDATE_H

#include "lib/stringinfo.h"
#include "nodes/pg_list.h"

#include "rows/value/bounds.h"
#include "rows/value/generator.h"

/* What a condition says of a part of a string: left(code, 3) = 'ACC', right(code, 1) ~ '[0-9]' */
typedef struct RowsMentionPart
{
	int from;			   /* the first character is 1, the last -1 */
	const char *separator; /* split_part(): it is the so manieth part; or NULL */
	const char *text;	   /* or NULL */
	RowsPatternBound *pattern;
} RowsMentionPart;

/* What it says of a member of JSON: (j ->> 'age')::int > 18, j ->> 'zip' ~ '^[0-9]{5}$' */
typedef struct RowsMentionMember
{
	List *path; /* of char * */
	Oid type;	/* that it is read as; or InvalidOid */
	RowsPatternBound *pattern;
	const char *text;
} RowsMentionMember;

/* Characters of a string that is made for a condition. */
#define ROWS_LONGEST_CANDIDATE 1000

/* In a path of JSON: any element of an array. */
#define ROWS_JSON_ELEMENTS "[*]"

/* What a condition mentions. */
typedef struct RowsMention
{
	List *constants; /* of Const, not null; elements of arrays, too */
	List *numbers;	 /* of int: lengths, counts, years */
	List *texts;	 /* of char *: strings of any type */
	List *paths;	 /* of List of char *: members of a jsonb that it looks at */
	List *patterns;	 /* of RowsPatternBound */
	List *members;	 /* of RowsMentionMember */
	List *parts;	 /* of RowsMentionPart */
	List *types;	 /* OIDs: what it casts strings to */
	List *formats;	 /* of char *: as to_date() reads them */
	bool counts_bytes;
	bool counts_digits;
	int min_length; /* of the column that the candidates are for; 0: unknown */
	int max_length;
} RowsMention;

/* candidate.c */
extern List *rows_candidates(Oid type, int32 typmod, const RowsMention *mention);
extern void rows_append_quoted(StringInfo out, const char *string);
extern int64 rows_clamp(const RowsValue *value, int64 number);

/* candidate_part.c: strings of given parts */
extern List *rows_part_candidates(const RowsValue *like, const RowsMention *mention);

/* candidate_pattern.c: strings that match patterns: one of them, or all */
extern List *rows_pattern_candidates(const RowsValue *like, const RowsMention *mention);
extern List *rows_joined_pattern_candidates(const RowsValue *like, const RowsMention *mention);

/* candidate_cast.c: strings that are read as values of other types */
extern bool rows_is_plain(Oid type);
extern List *rows_cast_candidates(const RowsValue *like, const RowsMention *mention, bool numbers);

/* candidate_member.c: members of JSON */
extern List *rows_prepare_members(const RowsMention *mention);
extern bool rows_write_member(StringInfo out, List *members, List *path, int depth, RowsDraw *draw,
							  RowsArena *arena);

/* candidate_text.c, candidate_json.c, candidate_container.c: for the types of their names */
extern List *rows_text_candidates(const RowsValue *like, const RowsMention *mention);
extern List *rows_json_candidates(const RowsValue *like, const RowsMention *mention);
extern List *rows_uuid_candidates(const RowsValue *like, const RowsMention *mention);
extern List *rows_bit_candidates(const RowsValue *like, const RowsMention *mention);
extern List *rows_network_candidates(const RowsValue *like, const RowsMention *mention);
extern List *rows_array_candidates(const RowsValue *like, const RowsMention *mention);
extern List *rows_range_candidates(const RowsValue *like, const RowsMention *mention);

/* candidate_form.c: for types that are written as text, and rows */
extern List *rows_form_candidates(const RowsValue *like, const char *type,
								  const RowsMention *mention);
extern List *rows_row_candidates(const RowsValue *like, const RowsMention *mention);

#endif /* POC_ROWS_VALUE_CANDIDATE_H */
