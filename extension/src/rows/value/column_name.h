/*-------------------------------------------------------------------------
 *
 * column_name.h
 *	  The words of a name: "unitPrice", "unit_price" are unit and price.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_VALUE_COLUMN_NAME_H
#define POC_ROWS_VALUE_COLUMN_NAME_H

#include "c.h"

/* More words than names have; the first ones are dropped. */
#define ROWS_NAME_WORDS 8

typedef struct RowsName
{
	int n;
	char words[ROWS_NAME_WORDS][NAMEDATALEN]; /* lower case */
} RowsName;

extern void rows_split_name(const char *name, RowsName *split);
extern int rows_name_ends(const RowsName *name, const char *words);
extern const char *rows_next_name(const char *names, char *name);
extern bool rows_name_has(const RowsName *name, const char *word);
extern void rows_singular(char *word);

#endif /* POC_ROWS_VALUE_COLUMN_NAME_H */
