/*-------------------------------------------------------------------------
 *
 * regex.h
 *	  Strings made from a regular expression or a LIKE pattern.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_VALUE_REGEX_H
#define POC_ROWS_VALUE_REGEX_H

#include "base/random.h"
#include "rows/value/bounds.h"
#include "rows/value/generator.h"

typedef enum RowsRegexKind
{
	ROWS_REGEX_SET,		/* one of some ASCII characters */
	ROWS_REGEX_LITERAL, /* these bytes: a character that is not ASCII */
	ROWS_REGEX_SEQUENCE,
	ROWS_REGEX_CHOICE,
	ROWS_REGEX_REPEAT,
	ROWS_REGEX_BACK /* the same string as a group before it */
} RowsRegexKind;

/* \1 to \9 */
#define ROWS_REGEX_GROUPS 10

/* Bytes of a string. */
#define ROWS_REGEX_LONGEST 1000

/* A node of an expression. */
typedef struct RowsRegex
{
	RowsRegexKind kind;
	char *characters; /* of a set or a literal */
	int ncharacters;
	List *children; /* of RowsRegex */
	int least;		/* repetitions */
	int most;
	bool open;		 /* has no upper limit of its own */
	double width;	 /* of a counted string, and the most that one at random has, in bytes */
	uint64 nstrings; /* that are counted */
	int group;		 /* its number, if it is one, or the one that it refers back to */
} RowsRegex;

/* What a pattern is written in. */
typedef enum RowsPatternKind
{
	ROWS_PATTERN_REGEX,
	ROWS_PATTERN_REGEX_ANY_CASE,
	ROWS_PATTERN_LIKE
} RowsPatternKind;

/* regex_read.c */
extern RowsRegex *rows_parse_pattern(const char *pattern, RowsPatternKind kind);

/* regex_write.c */
extern bool rows_init_regex(RowsValue *value, const char *pattern, RowsPatternKind kind,
							const RowsBounds *bounds);

/* regex_count.c */
extern void rows_count_regex(RowsValue *value);
extern void rows_measure_regex(RowsRegex *node);
extern bool rows_regex_refers(const RowsRegex *regex);

#endif /* POC_ROWS_VALUE_REGEX_H */
