/*-------------------------------------------------------------------------
 *
 * regex_class.h
 *	  The parts of a regular expression that stand for one character.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_VALUE_REGEX_CLASS_H
#define POC_ROWS_VALUE_REGEX_CLASS_H

#include "rows/value/regex.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyz"
#define DIGITS	"0123456789"

typedef struct RowsRegexReader
{
	const char *next;
	bool any_case;
	bool failed;
	int depth;
	int ngroups;
	RowsRegex *groups[ROWS_REGEX_GROUPS]; /* those that are closed */
} RowsRegexReader;

extern RowsRegex *rows_read_escape(RowsRegexReader *reader);
extern RowsRegex *rows_read_bracket(RowsRegexReader *reader);
extern RowsRegex *rows_make_set(RowsRegexReader *reader, const bool *set, bool negated);
extern RowsRegex *rows_make_literal(RowsRegexReader *reader, const char *bytes, int nbytes);
extern RowsRegex *rows_make_regex_node(RowsRegexKind kind);

#endif /* POC_ROWS_VALUE_REGEX_CLASS_H */
