/*-------------------------------------------------------------------------
 *
 * hints.h
 *	  What the names of a column and of its table suggest for its values.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_VALUE_HINTS_H
#define POC_ROWS_VALUE_HINTS_H

#include "rows/value/bounds.h"
#include "rows/value/column_name.h"
#include "rows/value/generator.h"

#define ROWS_TEXT_FORMS 4

/* text_hints.c */
extern int rows_text_forms(const char *column, const RowsSubject *subject, const char **forms);

/* number_hints.c */
extern bool rows_hint_number(RowsValue *value, const RowsBounds *bounds, const char *column);

/* column_role.c: the place of a column among others of its row */
typedef enum RowsRole
{
	ROWS_ROLE_NONE,
	ROWS_ROLE_STAGE, /* of a life: created, ordered, shipped, updated, deleted */
	ROWS_ROLE_START,
	ROWS_ROLE_END,
	ROWS_ROLE_SUBTOTAL,
	ROWS_ROLE_TOTAL
} RowsRole;

/* Stages: nobody is hired before birth, and what is due tells nothing of what comes later. */
#define ROWS_STAGE_BIRTH   0
#define ROWS_STAGE_HIRED   5
#define ROWS_STAGE_CREATED 10
#define ROWS_STAGE_DUE	   25
#define ROWS_STAGE_LASTS   80 /* from here on, any time later */

/* The stem of what something costs, and for how much it is sold. */
#define ROWS_STEM_COST "cost"

typedef struct RowsColumnRole
{
	RowsRole role;
	int stage;				/* or, of a start and an end, which words they use */
	char stem[NAMEDATALEN]; /* what the columns of a pair have in common */
} RowsColumnRole;

extern void rows_time_role(const char *column, RowsColumnRole *role);
extern void rows_number_role(const char *column, RowsColumnRole *role);

#endif /* POC_ROWS_VALUE_HINTS_H */
