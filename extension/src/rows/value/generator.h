/*-------------------------------------------------------------------------
 *
 * generator.h
 *	  A value (RowsValue) knows how to make data of one type.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_VALUE_GENERATOR_H
#define POC_ROWS_VALUE_GENERATOR_H

#include "access/tupdesc.h"
#include "fmgr.h"
#include "nodes/execnodes.h"
#include "utils/typcache.h"

#include "base/random.h"
#include "rows/value/arena.h"

/* How the values of a column are spread over their range. */
typedef enum RowsDistribution
{
	ROWS_UNIFORM,
	ROWS_NORMAL,
	ROWS_ZIPF,
	ROWS_SEQUENCE,				/* row after row, a step apart */
	ROWS_SERIES					/* the same, somewhere within the step */
} RowsDistribution;

typedef struct RowsValue RowsValue;

typedef Datum (*RowsMake) (const RowsValue *value, RowsDraw *draw, RowsArena *arena);
typedef Datum (*RowsFromInt) (const RowsValue *value, int64 number, RowsArena *arena);
typedef bool (*RowsToInt) (const RowsValue *value, Datum datum, int64 *number);
typedef bool (*RowsDecode) (const RowsValue *value, Datum datum, uint64 *ordinal);
typedef Datum (*RowsEncode) (const RowsValue *value, uint64 ordinal, RowsDraw *draw, RowsArena *arena);

/* How data of one type are made. */
struct RowsValue
{
	Oid			type;			/* never a domain: those are looked through */
	int32		typmod;
	int16		typlen;
	bool		typbyval;
	char		typalign;
	const char *name;			/* of the generator, for poc_explain_rows() */
	char	   *detail;

	RowsMake	make;			/* a random value */
	double		null_fraction;

	/* types that are numbers in disguise */
	RowsFromInt from_int;
	RowsToInt	to_int;
	int64		low;			/* range of the random values */
	int64		high;
	int64		unique_low;		/* range of the unique ones */
	int64		unique_high;
	int64		unit;			/* distance of two values */
	uint64		steps;			/* number of values in the range */
	int64		unique_unit;	/* distance of two counted values */
	int			scale;			/* decimal digits, numeric only */

	/* counting: the ordinal-th distinct value, and back */
	RowsEncode	encode;			/* NULL: this type cannot be counted */
	RowsDecode	decode;
	uint64		capacity;		/* number of distinct values */

	/* strings of characters, bytes or bits */
	bool		is_text;		/* stored as text is */
	int			min_length;
	int			max_length;

	/* one of these */
	uint64		nchoices;
	Datum	   *choices;
	struct RowsIndexEntry *index;	/* of the choices, once it is needed */

	/* text of a fixed form, read by the input function of the type */
	const char *pattern;
	FmgrInfo	input;
	Oid			ioparam;

	/* containers */
	RowsValue  *element;
	int			nfields;
	RowsValue **fields;
	TupleDesc	tupdesc;
	TypeCacheEntry *typcache;

	/* what the options add */
	RowsDistribution distribution;
	int64		step;
	double	   *weights;		/* of the choices: sums up to each, from 0 to 1 */
	const char *prefix;
	int			prefix_length;	/* in characters */
	RowsMake	prefixed;		/* makes what comes after the prefix */

	uint64		region_key;		/* draws the partition of a row */

	/* checks of a domain that must be tried on each value */
	DomainConstraintRef *domain;
	ExprContext *econtext;
};

#endif							/* POC_ROWS_VALUE_GENERATOR_H */
