/*-------------------------------------------------------------------------
 *
 * options.h
 *	  The options that the user gives to a call.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_PLAN_OPTIONS_H
#define POC_ROWS_PLAN_OPTIONS_H

#include "nodes/pg_list.h"
#include "utils/jsonb.h"

#include "rows/value/bounds.h"
#include "rows/value/generator.h"

/* How the rows reach the table. */
typedef enum RowsPath
{
	ROWS_PATH_MULTI,  /* table_multi_insert, a thousand at a time */
	ROWS_PATH_SINGLE, /* one by one, with the executor's calls */
	ROWS_PATH_SPI	  /* INSERT ... SELECT through the executor */
} RowsPath;

/* When index entries are made. */
typedef enum RowsIndexes
{
	ROWS_INDEXES_AUTO,
	ROWS_INDEXES_EACH,	 /* with each row */
	ROWS_INDEXES_AFTER,	 /* all at once, after the load */
	ROWS_INDEXES_REINDEX /* after the load, with REINDEX */
} RowsIndexes;

/* How foreign keys are checked. */
typedef enum RowsForeignKeys
{
	ROWS_FOREIGN_KEYS_AUTO, /* in bulk if the caller may lock the referenced rows */
	ROWS_FOREIGN_KEYS_BULK, /* in bulk, or an error */
	ROWS_FOREIGN_KEYS_EACH	/* row by row */
} RowsForeignKeys;

/* The options of one column. */
typedef struct RowsColumnOptions
{
	char *name;
	bool used;
	double null_fraction; /* -1: not set */
	bool is_constant;
	List *values;  /* of char *, as the type reads them */
	List *weights; /* of double * */
	char *min;
	char *max;
	char *step;
	int min_length; /* -1: not set */
	int max_length;
	char *prefix;
	char *pattern;
	int use_default; /* 1 or 0; -1: not set */
	RowsDistribution distribution;
} RowsColumnOptions;

/* The options of one call. */
typedef struct RowsOptions
{
	RowsIndexes indexes;
	RowsForeignKeys foreign_keys;
	List *columns; /* of RowsColumnOptions */
	double null_fraction;
	bool parents; /* fill empty referenced tables first */
	uint64 start; /* number of the first row */
	bool use_defaults;
	int64 now; /* as a timestamp: times of columns such as created_at lie before it */
	bool now_is_given;
	bool path_is_given;
	RowsPath path; /* the fastest path allowed */
} RowsOptions;

extern RowsOptions *rows_parse_options(Jsonb *json);

/* options_column.c */
extern RowsColumnOptions *rows_options_of(RowsOptions *options, const char *column);
extern bool rows_options_shape(const RowsColumnOptions *options);
extern void rows_options_bounds(RowsColumnOptions *options, Oid type, int32 typmod,
								RowsBounds *bounds);
extern void rows_require_readable(Oid type, const char *column);
extern void rows_options_all_used(RowsOptions *options, const char *table);

#endif /* POC_ROWS_PLAN_OPTIONS_H */
