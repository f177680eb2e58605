/*-------------------------------------------------------------------------
 *
 * region.h
 *	  Regions of values: what one partition takes, or a part of it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_PLAN_REGION_H
#define POC_ROWS_PLAN_REGION_H

#include "rows/plan/parts.h"

/* The values that a partition accepts, or a part of them. */
typedef struct RowsRegion
{
	RowsBounds *bounds; /* per column of the table */
	RowsValue **values;
	RowsValue **keys; /* of columns that refer to rows by a foreign key of the partition */
	List **filters;	  /* conditions that the bounds of a column do not express */
	bool *limits;	  /* per column: does the region limit it? */
	int nlimits;
	bool is_exact;		 /* the bounds express all of it */
	bool is_alternative; /* the partition has others */
} RowsRegion;

extern RowsValue *rows_make_region_value(RowsPlan *plan, RowsColumn *column, List *regions,
										 bool takes_all);

/* region_key.c */
extern void rows_read_leaf_keys(RowsPlan *plan, Oid leaf, RowsRegion *region);

/* filter.c */
extern RowsValue *rows_make_filtered_value(RowsPlan *plan, RowsValue *base, AttrNumber attnum,
										   List *conditions, bool *takes_null);

#endif /* POC_ROWS_PLAN_REGION_H */
