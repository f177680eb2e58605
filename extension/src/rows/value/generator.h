/*-------------------------------------------------------------------------
 *
 * generator.h
 *	  What type.c and the files of the single types share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_VALUE_H
#define POC_ROWS_VALUE_H

#include "rows/plan/table.h"

/* A choice, or a row referred to, and the hash that it is found by. */
typedef struct RowsIndexEntry
{
	uint32		hash;
	uint64		choice;
} RowsIndexEntry;

/* number_types.c: types that are integers in disguise */
typedef struct RowsNumberType
{
	Oid			type;
	const char *name;
	int64		low;			/* range of the random values */
	int64		high;
	int64		unique_low;		/* range of the unique ones */
	int64		unique_high;
	int64		unique_unit;
	RowsFromInt from_int;
	RowsToInt	to_int;
	int			scale;			/* decimal digits of the fraction */
} RowsNumberType;

extern const RowsNumberType *rows_number_type(Oid type);

/* number.c: their values, and the bounds of those */
extern bool rows_init_number(RowsValue *value, RowsBounds *bounds);

/* number_constant.c */
extern bool rows_number_from_const(const RowsValue *value, const Const *constant,
								   bool round_up, int64 *number, bool *exact);

/* choice.c: enums and lists of values */
extern void rows_init_enum(RowsValue *value);
extern bool rows_init_choices(RowsValue *value, RowsBounds *bounds);

/* string.c: characters, bytes, bits */
extern bool rows_init_string(RowsValue *value, RowsBounds *bounds);
extern Datum rows_make_pattern(const RowsValue *value, RowsDraw *draw, RowsArena *arena);

/* network.c: uuid and addresses */
extern bool rows_init_network(RowsValue *value);

/* words.c: what the name of a column suggests */
extern void rows_hint(RowsValue *value, RowsBounds *bounds, const char *column);

/* container.c: arrays, ranges, composite types */
extern bool rows_init_container(RowsValue *value, char typtype, int depth);

/* hash.c */
extern void rows_sort_by_hash(RowsIndexEntry *index, uint64 n);
extern uint64 rows_first_of_hash(const RowsIndexEntry *index, uint64 n, uint32 hash);
extern uint32 rows_hash_image(Datum datum, bool typbyval, int16 typlen);
extern uint32 rows_hash_datum(Datum datum, Oid type);
extern bool rows_same_datum(Datum left, Datum right, Oid type);

/* bounds.c */
extern void rows_no_value(Oid type, RowsBounds *bounds);

/* type.c */
extern RowsValue *rows_make_nested(Oid type, int32 typmod, int depth);

#endif							/* POC_ROWS_VALUE_H */
