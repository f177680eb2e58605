/*-------------------------------------------------------------------------
 *
 * type.h
 *	  One value of one type: which generator a type gets.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_VALUE_TYPE_H
#define POC_ROWS_VALUE_TYPE_H

#include "rows/value/bounds.h"
#include "rows/value/generator.h"

/* Attempts to make a row that its CHECKs accept. */
#define ROWS_MAX_ATTEMPTS 1000

extern RowsValue *rows_make_value(Oid type, int32 typmod, RowsBounds *bounds,
								  const char *column_name);
extern RowsValue *rows_make_unknown_value(Oid type, int32 typmod);
extern Datum rows_value(const RowsValue *value, RowsDraw *draw, RowsArena *arena, bool *isnull);
extern RowsValue *rows_make_nested(Oid type, int32 typmod, int depth);

#endif /* POC_ROWS_VALUE_TYPE_H */
