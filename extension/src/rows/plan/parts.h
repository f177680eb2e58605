/*-------------------------------------------------------------------------
 *
 * parts.h
 *	  The parts of a plan: columns, keys, foreign keys, checks.
 *
 * The words.  A *target* is the table to be filled.  Its *plan* says what each
 * column gets.  A *key* is a set of columns that must stay unique.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_PLAN_PARTS_H
#define POC_ROWS_PLAN_PARTS_H

#include "nodes/execnodes.h"
#include "utils/rel.h"

#include "rows/plan/options.h"
#include "rows/value/bounds.h"
#include "rows/value/generator.h"

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

#endif							/* POC_ROWS_PLAN_PARTS_H */
