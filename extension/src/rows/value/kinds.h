/*-------------------------------------------------------------------------
 *
 * kinds.h
 *	  The generators, by kind of type.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_VALUE_KINDS_H
#define POC_ROWS_VALUE_KINDS_H

#include "rows/value/bounds.h"
#include "rows/value/generator.h"

/* number_types.c: types that map to an integer */
typedef struct RowsNumberType
{
	Oid type;
	const char *name;
	int64 low; /* range of random values */
	int64 high;
	int64 unique_low; /* range of counted values */
	int64 unique_high;
	int64 unique_unit;
	RowsFromInt from_int;
	RowsToInt to_int;
	int scale; /* decimal digits after the point */
} RowsNumberType;

extern const RowsNumberType *rows_number_type(Oid type);

/* number.c: values of these types, and their bounds */
extern bool rows_init_number(RowsValue *value, RowsBounds *bounds);
extern bool rows_follow(RowsValue *value, const RowsValue *base, uint64 seed, int base_attnum);
extern int64 rows_least_number(const RowsValue *value);

/* number_constant.c */
extern bool rows_number_from_const(const RowsValue *value, const Const *constant, bool round_up,
								   int64 *number, bool *exact);

/* choice.c: enums and lists of values */
extern void rows_init_enum(RowsValue *value, RowsBounds *bounds);
extern bool rows_init_choices(RowsValue *value, RowsBounds *bounds);
extern RowsValue *rows_make_choice_value(Oid type, Datum *choices, uint64 nchoices);

/* string.c: characters, bytes, bits */
extern bool rows_init_string(RowsValue *value, RowsBounds *bounds);
extern Datum rows_start_text(const RowsValue *value, int length, RowsArena *arena, char **data);
extern Datum rows_make_string(const RowsValue *value, const char *data, int length, RowsArena *arena);

/* pattern.c: text of a fixed form, for any type */
extern bool rows_init_made_type(RowsValue *value, const char *name, char typtype);
extern void rows_init_pattern(RowsValue *value, const char *pattern);
extern char *rows_geometry_form(int shape, int srid, bool z, bool m);
extern Datum rows_make_pattern(const RowsValue *value, RowsDraw *draw, RowsArena *arena);

/* network.c: uuid and addresses */
extern bool rows_init_network(RowsValue *value);

/* words.c: values suggested by the column's name */
extern void rows_hint(RowsValue *value, RowsBounds *bounds, const char *column);

/* container.c: arrays, ranges, composite types */
extern bool rows_init_container(RowsValue *value, char typtype, int depth);

/* distribution.c: random numbers of a range */
extern uint64 rows_distributed(const RowsValue *value, RowsDraw *draw, uint64 limit);

/* The number that stands for a random value of a number type. */
static inline int64
rows_draw_number(const RowsValue *value, RowsDraw *draw)
{
	uint64 number = likely(value->distribution == ROWS_UNIFORM)
						? rows_below(draw, value->steps)
						: rows_distributed(value, draw, value->steps);

	return value->low + (int64) number * value->unit;
}

#endif /* POC_ROWS_VALUE_KINDS_H */
