/*-------------------------------------------------------------------------
 *
 * table.h
 *	  What the files rows*.c share: the plan of a table, its columns and values.
 *
 * The words.  A *target* is the table to be filled.  Its *plan* says what each
 * column gets.  A *value* (RowsValue) knows how to make data of one type.  A
 * *key* is a set of columns that must stay unique.  The *maker* turns row
 * numbers into rows.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_H
#define POC_ROWS_H

#include "access/tupdesc.h"
#include "executor/execdesc.h"
#include "fmgr.h"
#include "nodes/execnodes.h"
#include "utils/jsonb.h"
#include "utils/rel.h"
#include "utils/typcache.h"

#include "base/random.h"

/* How the values of a column are spread over their range. */
typedef enum RowsDistribution
{
	ROWS_UNIFORM,
	ROWS_NORMAL,
	ROWS_ZIPF,
	ROWS_SEQUENCE,				/* row after row, a step apart */
	ROWS_SERIES					/* the same, somewhere within the step */
} RowsDistribution;

/* How the rows reach the table. */
typedef enum RowsPath
{
	ROWS_PATH_MULTI,			/* table_multi_insert, a thousand at a time */
	ROWS_PATH_SINGLE,			/* one by one, with the executor's calls */
	ROWS_PATH_SPI				/* INSERT ... SELECT through the executor */
} RowsPath;

/* When the entries of the indexes are made. */
typedef enum RowsIndexes
{
	ROWS_INDEXES_AUTO,
	ROWS_INDEXES_EACH,			/* with each row */
	ROWS_INDEXES_AFTER			/* all at once, after the load */
} RowsIndexes;

/* How foreign keys are checked. */
typedef enum RowsForeignKeys
{
	ROWS_FOREIGN_KEYS_AUTO,		/* in bulk where the caller may lock the rows referred to */
	ROWS_FOREIGN_KEYS_BULK,		/* so, or not at all */
	ROWS_FOREIGN_KEYS_EACH		/* row by row */
} RowsForeignKeys;

/* How often a row is made anew because a CHECK rejects it. */
#define ROWS_MAX_ATTEMPTS	1000

/* rows/value/arena.c */
typedef struct RowsArenaBlock RowsArenaBlock;

/* Memory of the values of one batch: allocated by moving a pointer. */
typedef struct RowsArena
{
	MemoryContext context;		/* large values, and what PostgreSQL makes */
	char	   *next;
	char	   *end;
	RowsArenaBlock *block;		/* that these point into */
	RowsArenaBlock *first;
	MemoryContext keeper;		/* of the blocks */
	Size		used;			/* bytes of blocks */
} RowsArena;

extern void rows_init_arena(RowsArena *arena);
extern void rows_reset_arena(RowsArena *arena);
extern Size rows_arena_size(const RowsArena *arena);
extern void *rows_alloc_slow(RowsArena *arena, Size size);

static inline void *
rows_alloc(RowsArena *arena, Size size)
{
	char	   *result = arena->next;

	size = MAXALIGN(size);
	if (unlikely(size > (Size) (arena->end - result)))
		return rows_alloc_slow(arena, size);
	arena->next += size;
	return result;
}

/*
 * What is known of a column's admissible values, from CHECK constraints and
 * from the options.  Constants stay in their own type.
 */
typedef struct RowsBound
{
	Const	   *constant;
	bool		open;			/* the constant itself is outside */
} RowsBound;

typedef struct RowsBounds
{
	List	   *lows;			/* of RowsBound */
	List	   *highs;			/* of RowsBound */
	List	   *choices;		/* of Const; NIL when there is no such list */
	int			min_length;		/* in characters; -1 when not known */
	int			max_length;
	bool		not_null;
	bool		may_be_empty;	/* then is_empty is set, instead of an error raised */
	bool		is_empty;
} RowsBounds;

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

/* The options of one column. */
typedef struct RowsColumnOptions
{
	char	   *name;
	bool		used;
	double		null_fraction;	/* -1: not given */
	bool		is_constant;
	List	   *values;			/* of char *, as the type reads them */
	List	   *weights;		/* of double * */
	char	   *min;
	char	   *max;
	char	   *step;
	int			min_length;		/* -1: not given */
	int			max_length;
	char	   *prefix;
	char	   *pattern;
	int			use_default;	/* 1 or 0; -1: not given */
	RowsDistribution distribution;
} RowsColumnOptions;

/* What a column gets. */
typedef enum RowsColumnKind
{
	ROWS_COLUMN_NOTHING,		/* dropped, or computed by PostgreSQL */
	ROWS_COLUMN_NULL,
	ROWS_COLUMN_DEFAULT,		/* its default, evaluated for each row */
	ROWS_COLUMN_SEQUENCE,		/* the next value of a sequence */
	ROWS_COLUMN_RANDOM,
	ROWS_COLUMN_KEY,			/* a digit of a counted key */
	ROWS_COLUMN_FOREIGN,		/* part of a foreign key of several columns */
	ROWS_COLUMN_ITSELF			/* what another column of the same row gets */
} RowsColumnKind;

typedef struct RowsColumn
{
	AttrNumber	attnum;
	RowsColumnKind kind;
	uint64		key;			/* for rows_draw_start() */
	uint64		null_below;		/* a draw below this is a null */
	RowsValue  *value;
	RowsValue  *region_value;	/* for a column of the partition key */
	RowsBounds	bounds;
	bool		planned;
	RowsColumnOptions *options;	/* NULL when none are given */
	bool		shaped;			/* do they tell what is in it? */
	bool		bounded;		/* does the value keep within the bounds? */

	/* of a foreign key; for ROWS_COLUMN_ITSELF the index of the other column */
	struct RowsForeign *foreign;
	int			component;

	Expr	   *default_expr;
	bool		is_volatile;	/* the default, beyond nextval() */
	ExprState  *default_state;
	Oid			sequence;
	Oid			sequence_type;	/* of the result: int2, int4 or int8 */
	bool		sequence_checked;	/* does the caller need privileges on it? */
	int64		next_number;	/* of the values taken in advance */
	int64		increment;
	uint64		reserved;

	/* a digit of a key: ordinal / divisor % radix */
	struct RowsKey *counted;
	uint64		divisor;
	uint64		radix;
} RowsColumn;

/* A set of columns that stays unique by counting. */
typedef struct RowsKey
{
	char	   *name;			/* of the index */
	Oid			index;
	int			ncolumns;
	RowsColumn **columns;
	uint64		base;			/* ordinal of row 0 */
	uint64		stride;			/* ordinals that a row may try */
	uint64		capacity;
} RowsKey;

/* Rows of another table that a foreign key refers to. */
typedef struct RowsForeign
{
	Oid			constraint;
	Oid			parent;
	int			number;			/* of the foreign key, part of its random key */
	uint64		key;			/* for rows_draw_start() */
	int			ncolumns;
	AttrNumber *attnums;		/* of the columns that refer */
	Oid		   *types;			/* of the values */
	uint64		nparents;
	Datum	   *values;			/* ncolumns for each of them */
	bool		locked;			/* they cannot go away */
	struct RowsJoin *join;		/* several foreign keys that share columns; then no values */

	/* when it is a digit of a key */
	RowsColumn *leader;			/* the column that stands for all; NULL: drawn at random */
	bool	   *counts;			/* for each column: does it tell the digit? */
	struct RowsIndexEntry *index;	/* of the rows, once it is needed */
} RowsForeign;

/* A CHECK: tried on each row, unless bounds express it. */
typedef struct RowsCheck
{
	char	   *name;
	Expr	   *expr;
	Bitmapset  *attributes;		/* as pull_varattnos() counts them */
	ExprState  *state;
} RowsCheck;

/* What the user of a call wishes. */
typedef struct RowsOptions
{
	RowsIndexes indexes;
	RowsForeignKeys foreign_keys;
	List	   *columns;		/* of RowsColumnOptions */
	double		null_fraction;
	bool		parents;		/* fill empty referenced tables first */
	uint64		start;			/* number of the first row */
	bool		use_defaults;
	bool		path_is_given;
	RowsPath	path;			/* no faster one than this */
} RowsOptions;

/* What a call carries beside the wishes of its user. */
typedef struct RowsCall
{
	bool		writing;		/* rather than explaining */
	uint64	   *bases;			/* of the keys, when a caller of workers knows them */
	int			nbases;
	List	   *waiting;		/* OIDs of tables whose referenced tables are being filled */
	List	   *filled;			/* OIDs of foreign keys whose referenced tables were filled */
} RowsCall;

typedef struct RowsPlan
{
	Relation	target;			/* what was named, perhaps a view */
	Relation	rel;			/* whose rows are made */
	Oid			role;			/* whose rights an INSERT into it uses */
	Bitmapset  *readable;		/* numbers of its columns whose values the caller may learn */
	AttrNumber *view_columns;	/* for each column of a view, that of the table */
	RowsPath	path;
	const char *path_reason;
	const char *manager;		/* who keeps the rows, if not PostgreSQL itself */
	uint64		seed;
	RowsOptions *options;
	RowsCall	call;
	ForeignKeyCacheInfo *lacking;	/* its table is to be filled before; the plan ends here */
	int			natts;
	RowsColumn *columns;		/* one an attribute, natts of them */
	List	   *keys;			/* of RowsKey */
	List	   *checks;			/* of RowsCheck: tried on each row */
	List	   *bounding_checks;	/* of RowsCheck: the bounds say the same */
	bool		has_volatile_default;
	bool		points_at_itself;	/* some column is ROWS_COLUMN_ITSELF */
	List	   *checked_foreign_keys;	/* OIDs of constraints */
} RowsPlan;

/* A worker is told by the caller of all of them where counting goes on. */
static inline bool
rows_bases_are_given(const RowsPlan *plan)
{
	return plan->call.bases != NULL && plan->call.nbases == list_length(plan->keys);
}

/* Turns row numbers into rows. */
typedef struct RowsMaker
{
	RowsPlan   *plan;
	EState	   *estate;			/* of defaults and checks */
	ExprContext *econtext;
	TupleTableSlot *check_slot;
	RowsArena	arena;
	bool		dry;			/* leave sequences alone */
	uint64		end;			/* number after the last row wanted */
	uint64		row;			/* for the error context */
	RowsColumn *column;
} RowsMaker;

/* rows/generate.c */
extern const char *rows_path_name(RowsPath path);
extern void rows_error_context(void *maker);

/* target.c */
extern Relation rows_open_target(Oid relid, bool writing);
extern void rows_refuse_catalog(Relation rel);
extern void rows_choose_path(RowsPlan *plan);
extern bool rows_takes_inserts(Relation foreign_table);

/* rows/dummy.c */
extern Oid	rows_default_target(void);
extern Oid	rows_make_default_target(Oid function);

/* rows/generate.c */
extern uint64 rows_generate(Oid relid, uint64 n, uint64 seed, Jsonb *json);

/* managed.c */
extern const char *rows_manager(Relation rel);

/* policy.c */
extern List *rows_policy_conditions(Relation rel, Oid role);

/* view.c */
extern void rows_look_through_view(RowsPlan *plan, List **conditions);

/* rights.c */
extern void rows_require_insert(Oid relid, Oid role);
extern Bitmapset *rows_readable_columns(Relation rel, Oid role);
extern void rows_require_rights(RowsPlan *plan);
extern void rows_require_readable_keys(RowsPlan *plan);

/* rows/source.c */
extern AttrNumber rows_source_column(RowsPlan *plan, int attribute, bool with_defaults);
extern void rows_count_as_query(RowsPlan *source);
extern uint64 rows_insert_by_query(RowsPlan *plan, uint64 first, uint64 n, Jsonb *options);

/* rows/write/prepare.c */
extern RowsPlan *rows_prepare(Oid relid, uint64 nrows, uint64 seed, RowsOptions *options, const RowsCall *given);

/* rows/write/load.c */
extern uint64 rows_write(RowsPlan *plan, uint64 first, uint64 nrows, Jsonb *options);

/* options.c */
extern RowsOptions *rows_parse_options(Jsonb *json);

/* options_column.c */
extern RowsColumnOptions *rows_options_of(RowsOptions *options, const char *column);
extern bool rows_options_shape(const RowsColumnOptions *options);
extern void rows_options_bounds(RowsColumnOptions *options, Oid type, int32 typmod, RowsBounds *bounds);
extern void rows_options_all_used(RowsOptions *options, const char *table);

/* shape.c */
extern void rows_shape_value(RowsValue *value, const RowsColumnOptions *options);

/* rows/value/distribution.c */
extern uint64 rows_distributed(const RowsValue *value, RowsDraw *draw, uint64 limit);

/* columns.c */
extern RowsPlan *rows_make_plan(Relation target, uint64 seed, RowsOptions *options, const RowsCall *call);
extern void rows_close_plan(RowsPlan *plan);

/* rows/write/maker.c */
extern RowsMaker *rows_make_maker(RowsPlan *plan, EState *estate, uint64 end);
extern void rows_make_row(RowsMaker *maker, uint64 row, Datum *values, bool *isnull);
extern void rows_reset_maker(RowsMaker *maker);

/* check.c */
extern void rows_read_checks(RowsPlan *plan, List *conditions);
extern void rows_add_check(RowsPlan *plan, const char *name, Node *expr);
extern void rows_try_unbounded(RowsPlan *plan);

/* rows/value/bounds.c */
extern void rows_init_bounds(RowsBounds *bounds);

/* rows/value/condition.c */
extern bool rows_read_condition(Node *node, AttrNumber attnum, RowsBounds *bounds);

/* rows/value/type.c */
extern RowsValue *rows_make_value(Oid type, int32 typmod, RowsBounds *bounds,
								  const char *column_name);
extern RowsValue *rows_make_unknown_value(Oid type, int32 typmod);
extern Datum rows_value(const RowsValue *value, RowsDraw *draw, RowsArena *arena, bool *isnull);

/* rows/value/choice.c */
extern RowsValue *rows_make_choice_value(Oid type, Datum *choices, uint64 nchoices);

/* foreign.c */
extern void rows_plan_foreign_keys(RowsPlan *plan);
extern bool rows_has_insert_triggers(RowsPlan *plan);
extern void rows_disable_checks(RowsPlan *plan, TriggerDesc *triggers);

/* parents.c */
extern bool rows_is_unique_alone(RowsPlan *plan, ForeignKeyCacheInfo *key);
extern void rows_read_parents(RowsPlan *plan, ForeignKeyCacheInfo *key, RowsForeign *foreign);

/* parents_hash.c */
extern void rows_hash_parents(RowsForeign *foreign);
extern bool rows_find_parent(RowsForeign *foreign, const Datum *values, uint64 *ordinal);

/* foreign_count.c */
extern uint64 rows_count_foreign(RowsPlan *plan, RowsForeign *foreign, List *columns);
extern bool rows_decode_foreign(RowsForeign *foreign, const Datum *values, uint64 *ordinal);

/* foreign_join.c */
extern RowsForeign *rows_join_foreign(RowsPlan *plan, RowsForeign *left, RowsForeign *right);
extern Datum rows_joined_value(const RowsForeign *foreign, uint64 ordinal, int component);
extern bool rows_joined_ordinal(RowsForeign *foreign, const Datum *values, uint64 *ordinal);
extern RowsForeign **rows_joined_parts(const RowsForeign *foreign, int *nparts);

/* A column of one of the rows referred to. */
static inline Datum
rows_foreign_value(const RowsForeign *foreign, uint64 ordinal, int component)
{
	if (unlikely(foreign->join != NULL))
		return rows_joined_value(foreign, ordinal, component);
	return foreign->values[ordinal * foreign->ncolumns + component];
}

/* partition.c */
extern void rows_plan_partitions(RowsPlan *plan);

/* unique.c */
extern void rows_plan_keys(RowsPlan *plan);

/* rows/write/unique_start.c */
extern void rows_find_bases(RowsPlan *plan, uint64 nrows);

/* rows/write/sequence.c */
extern void rows_check_sequences(RowsPlan *plan, uint64 nrows);
extern Datum rows_next_in_sequence(RowsColumn *column, uint64 wanted, RowsArena *arena);

/* rows/write/tuple.c */
typedef struct RowsLayout RowsLayout;
extern RowsLayout *rows_make_layout(Relation rel);
extern bool rows_store_tuple(const RowsLayout *layout, TupleTableSlot *slot, RowsArena *arena);
extern void rows_forget_tuple(TupleTableSlot *slot);

/* rows/write/btree.c */
typedef struct RowsEntries RowsEntries;
extern RowsEntries *rows_collect_entries(Relation rel);
extern void rows_add_entry(RowsEntries *entries, TupleTableSlot *slot);
extern bool rows_build_btree(Relation rel, RowsEntries *entries, uint64 nrows);

/* rows/write/index.c */
extern bool rows_may_index_after(RowsPlan *plan, uint64 nrows);
extern const char *rows_explain_indexes(RowsPlan *plan, const char **reason);
extern void rows_index_after(Relation rel, RowsEntries *entries, uint64 nrows);

/* rows/write/insert.c */
extern uint64 rows_insert(RowsPlan *plan, uint64 first, uint64 nrows);

#endif							/* POC_ROWS_H */
