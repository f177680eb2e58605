/*-------------------------------------------------------------------------
 *
 * parts.h
 *	  The parts of a plan: columns, unique columns, foreign keys, checks.
 *
 * Terms: the *target* is the table to fill.  Its *plan* says what each column gets.
 * *Unique columns* (RowsUnique) are a set whose values stay unique by counting.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_PLAN_PARTS_H
#define POC_ROWS_PLAN_PARTS_H

#include "nodes/execnodes.h"
#include "utils/rel.h"

#include "base/acting_role.h"
#include "rows/plan/options.h"
#include "rows/value/bounds.h"
#include "rows/value/generator.h"

/* What a column gets. */
typedef enum RowsColumnKind
{
	ROWS_COLUMN_NOTHING, /* dropped or generated */
	ROWS_COLUMN_NULL,
	ROWS_COLUMN_DEFAULT,  /* its default, evaluated for each row */
	ROWS_COLUMN_FALLBACK, /* the same, or another value where that does not suit */
	ROWS_COLUMN_SEQUENCE, /* the next value of a sequence */
	ROWS_COLUMN_RANDOM,
	ROWS_COLUMN_KEY,	   /* one part of the ordinal of unique columns */
	ROWS_COLUMN_FOREIGN,   /* part of a foreign key of several columns */
	ROWS_COLUMN_FOLLOWING, /* computed from the other columns, as a condition asks for */
	ROWS_COLUMN_ITSELF	   /* part of a reference to another row of the same load */
} RowsColumnKind;

typedef struct RowsColumn
{
	AttrNumber attnum;
	RowsColumnKind kind;
	uint64 stream;	   /* for rows_draw_start() */
	double null_below; /* of ROWS_COLUMN_FOREIGN: how many values are null */
	char *null_reason; /* of ROWS_COLUMN_NULL; NULL: no value is known */
	RowsValue *value;
	RowsValue *region_value; /* for columns of the partition key */
	int null_regions;		 /* partitions that take nulls alone */
	RowsBounds bounds;
	bool planned;
	RowsColumnOptions *options; /* NULL: none given */
	bool shaped;				/* do they determine the values? */
	bool bounded;				/* does the generator obey the bounds? */
	bool promised;				/* rows refer to its values already */
	bool suits;					/* and all conditions of the column alone? */

	struct RowsForeign *foreign; /* the foreign key that it is a part of */
	int component;
	struct RowsHierarchy *hierarchy; /* of ROWS_COLUMN_ITSELF */

	Node *follows; /* of ROWS_COLUMN_FOLLOWING: the expression */
	ExprState *follows_state;

	Expr *default_expr;
	bool is_volatile; /* beyond nextval() */
	ExprState *default_state;
	Oid sequence;
	Oid sequence_type;	   /* of the result: int2, int4 or int8 */
	bool sequence_checked; /* does nextval() check the caller's privileges? */
	int64 next_number;	   /* next of the values taken in advance */
	int64 increment;
	uint64 reserved;
	int64 *taken; /* values that rows have already, ascending */
	int ntaken;
	int most_taken;
	Datum ahead; /* the next value, if has_ahead: an earlier row refers to it */
	bool has_ahead;

	/* of unique columns: the column shows ordinal / divisor % radix */
	struct RowsUnique *counted;
	uint64 divisor;
	uint64 radix;
} RowsColumn;

/* A set of columns that stay unique by counting. */
typedef struct RowsUnique
{
	char *name; /* of the index */
	Oid index;
	int ncolumns;
	RowsColumn **columns;
	uint64 base;   /* ordinal of row 0 */
	uint64 stride; /* ordinals that each row may try */
	uint64 capacity;
	uint32 *ordinals; /* those that pass the conditions; NULL: all of them */
	uint32 *places;	  /* of each ordinal among them */
	uint64 nplaces;
	bool partial;	 /* do rows beyond the capacity stay out of the index? */
	bool leaves_out; /* ... and is it known that rows can? */
} RowsUnique;

/* The ordinal of a row is no ordinal of such values. */
#define ROWS_NO_PLACE PG_UINT32_MAX

/* A foreign key of the table, or of some of its partitions. */
typedef struct RowsKey
{
	ForeignKeyCacheInfo *info; /* conkey has the table's columns */
	bool match_full;
	bool deferrable;
	List *constraints; /* OIDs: it stands for all of them */
	List *leaves;	   /* OIDs of partitions that have it; NIL: the table itself has */
} RowsKey;

/*
 * A foreign key of a table without rows to itself.  Each row refers to a row of the same
 * block of rows, so that parallel loads make the same rows.
 */
typedef struct RowsHierarchy
{
	int ncolumns;
	AttrNumber *attnums;	/* referencing columns */
	AttrNumber *referenced; /* the columns that they refer to */
	bool *sets;				/* per column: the other ones must agree */
	bool *nulls;			/* per column: does a root have a null there? */
	bool nullable;			/* may there be roots? */
	bool is_unique;			/* no two rows refer to the same row */
	bool one_null;			/* ... and only one refers to none */
	double roots;			/* fraction of them */
	uint64 stream;
} RowsHierarchy;

/* The rows that a foreign key refers to. */
typedef struct RowsForeign
{
	Oid constraint;
	Oid parent;
	int number;	   /* number of the foreign key, part of the stream */
	uint64 stream; /* for rows_draw_start() */
	int ncolumns;
	AttrNumber *attnums; /* referencing columns */
	Oid *types;			 /* of the values */
	uint64 nparents;
	Datum *values;	 /* ncolumns of each row */
	bool locked;	 /* no transaction can delete them */
	bool match_full; /* all columns are null, or none */
	bool has_nulls;
	struct RowsJoin *join; /* foreign keys that share columns; values is unset */

	/* when the rows are counted for unique columns */
	RowsColumn *counting;		  /* its part of the ordinal picks the row; NULL: random */
	bool *counts;				  /* per column: is it one of the unique columns? */
	struct RowsIndexEntry *index; /* rows sorted by hash, on first use */
} RowsForeign;

/* A CHECK that each row is tried on, unless bounds express it. */
typedef struct RowsCheck
{
	char *name;
	Expr *expr;
	Bitmapset *attributes; /* as pull_varattnos() counts them */
	bool may_fail;		   /* may it raise an error about the data? */
	RowsUnique *outside;   /* holds only for rows beyond the capacity of these */
	ExprState *state;

	/* what the search may change; set when the first row is searched */
	List *moves;	/* of RowsMove */
	List *nullable; /* of RowsColumn */
	uint64 weight;	/* of all moves */
	List *arms;		/* of lists of RowsCheck: alternatives, each with all its parts */
} RowsCheck;

/* Keys that rows of another table refer to before they exist; their rows must be made of them. */
typedef struct RowsPromise
{
	Oid relid;
	int ncolumns;
	AttrNumber *attnums;
	uint64 nrows;
	Datum *values;	/* ncolumns of each row */
	List *deferred; /* OIDs of foreign keys that PostgreSQL checks when the transaction ends */
	bool kept;
} RowsPromise;

/* A foreign key that is null because its table waits; it is set when that has rows. */
typedef struct RowsLater
{
	Oid relid;
	RowsKey *key;
	bool *set; /* per column: does it take the value, or must it agree? */
	bool done;
} RowsLater;

/* Foreign keys in a circle: what one call leaves for later. */
typedef struct RowsCircle
{
	List *promises;	  /* of RowsPromise */
	List *laters;	  /* of RowsLater */
	List *unverified; /* of RowsKey: foreign keys to promised rows that nobody else checks */
	List *tables;	  /* OIDs of those that may be filled; NIL: any */
} RowsCircle;

/* Parameters of a call other than the user's options. */
typedef struct RowsCall
{
	bool writing;	 /* false: nothing is inserted or locked */
	bool explaining; /* not even made */
	Oid caller;		 /* whose privileges count; rows_make_plan() sets it */
	bool commits;	 /* the caller commits right after the load */
	uint64 *bases;	 /* ordinals of row 0, if poc_fill() gives them to a worker */
	int nbases;
	bool was_empty;		/* poc_fill() started when the table had no row of its own to refer to */
	List *waiting;		/* OIDs of tables whose referenced tables are being filled */
	List *waiting_rows; /* how many rows each of them will get at least */
	List *filled;		/* OIDs of foreign keys whose referenced tables were filled */
	List *postponed;	/* OIDs of foreign keys that are set later */
	RowsCircle *circle;
	bool promising; /* only keys are made: other foreign keys without rows do not matter */
} RowsCall;

/* Whether code runs as the owner of a table, and what to return to. */
typedef struct RowsOwner
{
	bool acting;
	PocActing before;
} RowsOwner;

typedef struct RowsPlan
{
	Relation target;		  /* table or view that the caller named */
	Relation rel;			  /* the table whose rows are made */
	Oid role;				  /* role whose privileges an INSERT into rel uses */
	Bitmapset *readable;	  /* columns of rel whose values the caller may know */
	AttrNumber *view_columns; /* for each column of a view, the column of rel */
	RowsPath path;
	const char *path_reason;
	const char *manager; /* what stores the rows, if not the heap */
	uint64 seed;
	RowsOptions *options;
	RowsCall call;
	RowsOwner owner;  /* while explaining: whose code runs as whom */
	RowsKey *lacking; /* its table must be filled first; the plan is incomplete */
	List *leaf_keys;  /* of RowsKey: partitions disagree in them, each obeys its own */
	int natts;
	RowsColumn *columns;   /* natts of them, one per attribute */
	List *uniques;		   /* of RowsUnique */
	List *checks;		   /* of RowsCheck: tried on each row */
	List *bounding_checks; /* of RowsCheck: implied by the bounds */
	List *search_checks;   /* of those: what a search might break */
	bool searched;		   /* are the moves planned? */
	bool making;		   /* a row: an error is one of values, not of triggers */
	bool follows;		   /* does a column follow from others? */
	bool has_volatile_default;
	List *hierarchies;			/* of RowsHierarchy */
	List *checked_foreign_keys; /* OIDs of constraints that are checked in bulk */
} RowsPlan;

/* poc_fill() tells its workers where counting continues. */
static inline bool
rows_bases_are_given(const RowsPlan *plan)
{
	return plan->call.bases != NULL && plan->call.nbases == list_length(plan->uniques);
}

/* Does a row get no ordinal, because a partial index has no room for it? */
static inline bool
rows_is_outside(const RowsUnique *unique, uint64 row)
{
	return unique->partial && unique->base + row >= unique->capacity;
}

#endif /* POC_ROWS_PLAN_PARTS_H */
