/*-------------------------------------------------------------------------
 *
 * generator.h
 *	  RowsValue: a generator of values of one type.
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

/* Distribution of a column's values over their range. */
typedef enum RowsDistribution
{
	ROWS_UNIFORM,
	ROWS_NORMAL,
	ROWS_ZIPF,
	ROWS_SEQUENCE, /* one step per row */
	ROWS_SERIES,   /* the same, at random within the step */
	ROWS_RECENT,   /* more towards the end; the name of a column suggests it */
	ROWS_AFTER	   /* not below another column of the same row */
} RowsDistribution;

typedef struct RowsValue RowsValue;
typedef struct RowsFilter RowsFilter; /* rows/plan/filter.c */

typedef Datum (*RowsMake)(const RowsValue *value, RowsDraw *draw, RowsArena *arena);
typedef Datum (*RowsFromInt)(const RowsValue *value, int64 number, RowsArena *arena);
typedef bool (*RowsToInt)(const RowsValue *value, Datum datum, int64 *number);
typedef bool (*RowsDecode)(const RowsValue *value, Datum datum, uint64 *ordinal);
typedef Datum (*RowsEncode)(const RowsValue *value, uint64 ordinal, RowsDraw *draw, RowsArena *arena);

/* Generates values of one type. */
struct RowsValue
{
	Oid type; /* base type, never a domain */
	int32 typmod;
	int16 typlen;
	bool typbyval;
	char typalign;
	const char *name; /* of the generator, for poc_explain_rows() */
	char *detail;

	RowsMake make; /* a random value */
	double null_fraction;

	/* types that map to an integer */
	RowsFromInt from_int;
	RowsToInt to_int;
	int64 low; /* range of random values */
	int64 high;
	int64 unique_low; /* range of counted values */
	int64 unique_high;
	int64 unit;		   /* distance of adjacent values */
	uint64 steps;	   /* number of values in the range */
	int64 unique_unit; /* distance of adjacent counted values */
	bool wraps;		   /* do counted values go on from the least of the type? */
	int scale;		   /* decimal digits, numeric only */

	/* counting: the ordinal-th distinct value, and its inverse */
	RowsEncode encode; /* NULL: the type cannot be counted */
	RowsDecode decode;
	uint64 capacity; /* number of distinct values */

	int uuid_version; /* of counted ones */
	uint32 network;	  /* where counted addresses of IPv4 start, and how long their masks are */
	int network_bits;

	/* strings of characters, bytes or bits */
	bool is_text; /* same representation as text */
	int min_length;
	int max_length;

	/* a list of values */
	uint64 nchoices;
	Datum *choices;
	struct RowsIndexEntry *index; /* choices sorted by hash, on first use */

	/* text of a fixed form, converted by the type's input function */
	const char *pattern;
	FmgrInfo input;
	FmgrInfo output;
	Oid ioparam;

	/* of a text whose contents a name suggests */
	RowsMake plain; /* makes values without that */
	int room;		/* most characters */
	RowsEncode counted_plain;
	RowsDecode decoded_plain;

	/* of ROWS_AFTER: the other column's value, and where its random numbers come from */
	const RowsValue *base;
	uint64 base_seed;
	uint64 base_stream;
	int base_attnum;
	int64 base_multiplier; /* to our unit */
	int64 base_divisor;
	int64 base_shift; /* after the multiplication */
	bool base_opens;  /* may a high base lead beyond the range? */
	int64 base_span;  /* at most so far above; 0: any distance */
	int base_percent; /* or so many per cent; 0: any */

	/* text that follows a regular expression */
	struct RowsRegex *regex;

	/* containers */
	RowsValue *element;
	int nfields;
	RowsValue **fields;
	TupleDesc tupdesc;
	TypeCacheEntry *typcache;

	/* options */
	RowsDistribution distribution;
	int64 step;
	double *weights; /* cumulative, from 0 to 1, per choice */
	const char *prefix;
	int prefix_length; /* in characters */
	RowsMake prefixed; /* makes the part after the prefix */

	RowsFilter *filter;	  /* a condition that each value passes */
	uint64 region_stream; /* stream that picks the partition of a row */

	/* domain constraints to check for each value */
	DomainConstraintRef *domain;
	ExprContext *econtext;
};

#endif /* POC_ROWS_VALUE_GENERATOR_H */
