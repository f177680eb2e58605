/*-------------------------------------------------------------------------
 *
 * trial.c
 *	  Tries conditions on a row that is not in the table.
 *
 * A condition that raises an error about its data, such as a division by zero, rejects
 * the row.  The error is caught in a subtransaction; any other error must go on.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/transam.h"
#include "access/xact.h"
#include "executor/executor.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "rows/plan/trial.h"
#include "rows/value/arena.h"
#include "rows/value/bounds.h"
#include "rows/value/type.h"

static bool is_about_data(int code);
static void enter(RowsTrial *trial);
static void reject(RowsTrial *trial);
static bool evaluate(RowsTrial *trial, ExprState *state, bool check, Datum *value, bool *isnull);

RowsTrial *
rows_make_trial(RowsPlan *plan, EState *estate)
{
	RowsTrial *trial = palloc0(sizeof(RowsTrial));

	trial->natts = plan->natts;
	trial->econtext = CreateExprContext(estate);
	trial->slot = MakeSingleTupleTableSlot(RelationGetDescr(plan->rel), &TTSOpsVirtual);
	trial->slot->tts_tableOid = RelationGetRelid(plan->rel);
	return trial;
}

/* Let errors reject the row, or not, until rows_end_trial(). */
void
rows_catch_in_trial(RowsTrial *trial, bool catches)
{
	trial->catches = catches;
	if (trial->inside)
		return;
	trial->context = CurrentMemoryContext;
	trial->owner = CurrentResourceOwner;
}

void
rows_end_trial(RowsTrial *trial)
{
	if (!trial->inside)
		return;
	ReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(trial->context);
	CurrentResourceOwner = trial->owner;
	trial->inside = false;
}

void
rows_set_trial(RowsTrial *trial, Datum *values, bool *isnull)
{
	TupleTableSlot *slot = trial->slot;

	ExecClearTuple(slot);
	memcpy(slot->tts_values, values, sizeof(Datum) * trial->natts);
	memcpy(slot->tts_isnull, isnull, sizeof(bool) * trial->natts);
	ExecStoreVirtualTuple(slot);
	trial->econtext->ecxt_scantuple = slot;
}

/* Does the row pass a condition?  It does so too where the condition is null. */
bool
rows_passes(RowsTrial *trial, ExprState *state)
{
	Datum value;
	bool isnull;

	return evaluate(trial, state, true, &value, &isnull);
}

/* Does one of so many rows pass all of these conditions? */
bool
rows_any_passes(RowsPlan *plan, List *conditions, uint64 rows, RowsFillRow fill, void *context)
{
	EState *estate = CreateExecutorState();
	RowsTrial *trial = rows_make_trial(plan, estate);
	Datum *values = palloc0(sizeof(Datum) * plan->natts);
	bool *isnull = palloc(sizeof(bool) * plan->natts);
	List *states = NIL;
	bool found = false;
	RowsArena arena;
	ListCell *cell;

	foreach (cell, conditions)
		states = lappend(states, ExecPrepareExpr((Expr *) copyObject(lfirst(cell)), estate));
	memset(isnull, true, sizeof(bool) * plan->natts);
	rows_init_arena(&arena);
	rows_catch_in_trial(trial, true);
	for (uint64 row = 0; row < rows && !found; row++)
	{
		fill(plan, row, &arena, values, isnull, context);
		rows_set_trial(trial, values, isnull);
		found = true;
		foreach (cell, states)
			found = found && rows_passes(trial, lfirst(cell));
	}
	rows_end_trial(trial);
	rows_reset_arena(&arena);
	ExecDropSingleTupleTableSlot(trial->slot);
	FreeExecutorState(estate);
	return found;
}

/* Compute an expression over the row.  False: it raised an error. */
bool
rows_compute(RowsTrial *trial, ExprState *state, RowsArena *arena, bool byval, int16 typlen,
			 Datum *value, bool *isnull)
{
	MemoryContext old;

	if (!evaluate(trial, state, false, value, isnull))
		return false;
	old = MemoryContextSwitchTo(arena->context);
	if (!*isnull)
		*value = datumCopy(*value, byval, typlen);
	MemoryContextSwitchTo(old);
	ResetExprContext(trial->econtext);
	return true;
}

/* A row of what its columns make at random, without keys: some are null, as in its load. */
void
rows_draw_some(RowsPlan *plan, uint64 row, RowsArena *arena, Datum *values, bool *isnull)
{
	for (int i = 0; i < plan->natts; i++)
	{
		RowsColumn *column = &plan->columns[i];
		RowsDraw draw;

		isnull[i] = true;
		if (column->promised ||
			/* who only asks runs no CHECK of a domain */
			(plan->call.explaining && column->value != NULL && column->value->domain != NULL) ||
			(column->kind != ROWS_COLUMN_RANDOM && column->kind != ROWS_COLUMN_FALLBACK))
			continue;
		rows_draw_start(&draw, column->stream, row);
		values[i] = rows_value(column->value, &draw, arena, &isnull[i]);
	}
}

/* Make a value.  False: that raised an error about its data, such as a range without room. */
bool
rows_make_in_trial(RowsTrial *trial, const RowsValue *value, RowsDraw *draw, RowsArena *arena,
				   Datum *datum)
{
	volatile bool made = false;

	if (!trial->catches && !trial->inside)
	{
		*datum = value->make(value, draw, arena);
		return true;
	}
	enter(trial);
	PG_TRY();
	{
		*datum = value->make(value, draw, arena);
		made = true;
	}
	PG_CATCH();
	{
		reject(trial);
	}
	PG_END_TRY();
	return made;
}

static bool
evaluate(RowsTrial *trial, ExprState *state, bool check, Datum *value, bool *isnull)
{
	volatile bool passed = false;

	if (!trial->catches && !trial->inside)
	{
		if (check)
		{
			passed = ExecCheck(state, trial->econtext);
			ResetExprContext(trial->econtext);
			return passed;
		}
		*value = ExecEvalExprSwitchContext(state, trial->econtext, isnull);
		return true;
	}
	enter(trial);
	PG_TRY();
	{
		if (check)
			passed = ExecCheck(state, trial->econtext);
		else
		{
			*value = ExecEvalExprSwitchContext(state, trial->econtext, isnull);
			passed = true;
		}
	}
	PG_CATCH();
	{
		passed = false;
		reject(trial);
	}
	PG_END_TRY();
	if (check || !passed)
		ResetExprContext(trial->econtext);
	return passed;
}

static void
enter(RowsTrial *trial)
{
	if (trial->inside)
		return;
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(trial->context);
	trial->inside = true;
}

/* In PG_CATCH(): an error about the data is forgotten, any other goes on. */
static void
reject(RowsTrial *trial)
{
	ErrorData *error = NULL;

	/* whoever catches any other error knows nothing of the subtransaction */
	MemoryContextSwitchTo(trial->context);
	if (!is_about_data(geterrcode()))
		error = CopyErrorData();
	FlushErrorState();
	RollbackAndReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(trial->context);
	CurrentResourceOwner = trial->owner;
	trial->inside = false;
	if (error != NULL)
		ReThrowError(error);
}

static bool
is_about_data(int code)
{
	return ERRCODE_TO_CATEGORY(code) == ERRCODE_DATA_EXCEPTION ||
		   ERRCODE_TO_CATEGORY(code) == ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION ||
		   code == ERRCODE_RAISE_EXCEPTION;
}

static Node *
constant_of(Node *node)
{
	return (Node *) rows_constant_of(node);
}

static Node *
simplify(Node *node)
{
	return rows_simplify(node);
}

/* What a function makes of an expression; NULL if that raises an error about its data. */
static Node *
attempt(Node *(*function)(Node *), Node *node)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	Node *volatile result = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		result = function(node);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		if (!is_about_data(geterrcode()))
			PG_RE_THROW();
		MemoryContextSwitchTo(context);
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		result = NULL;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return result;
}

/* Evaluate an expression without columns; NULL too if it has some. */
Const *
rows_try_constant_of(Node *node)
{
	if (IsA(node, Const))
		return (Const *) node;
	if (contain_var_clause(node))
		return NULL;
	return (Const *) attempt(constant_of, node);
}

/* Evaluate the constant parts of an expression; NULL if that is not possible. */
Expr *
rows_try_simplify(Expr *expr)
{
	/* most defaults */
	if (IsA(expr, Const))
		return expr;
	return (Expr *) attempt(simplify, (Node *) expr);
}

/* ---- what is known of an expression ---- */

/* Functions that raise no error whatever their arguments, though not marked as leakproof. */
static bool
never_fails(Oid funcid)
{
	switch (funcid)
	{
		case F_LENGTH_TEXT:
		case F_CHAR_LENGTH_TEXT:
		case F_CHARACTER_LENGTH_TEXT:
		case F_OCTET_LENGTH_TEXT:
		case F_LENGTH_BYTEA:
		case F_OCTET_LENGTH_BYTEA:
		case F_UPPER_TEXT:
		case F_LOWER_TEXT:
		case F_BTRIM_TEXT:
		case F_STARTS_WITH:
		case F_TEXTLIKE:
		case F_TEXTNLIKE:
		case F_TEXTREGEXEQ:
		case F_TEXTREGEXNE:
		case F_NUM_NULLS:
		case F_NUM_NONNULLS:
		case F_JSONB_TYPEOF:
		case F_JSONB_EXISTS:
		case F_ARRAY_LENGTH:
		case F_CARDINALITY:
			return true;
		default:
			return get_func_leakproof(funcid);
	}
}

static bool
function_may_fail(Oid funcid, void *context)
{
	return !never_fails(funcid);
}

static bool
may_fail(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, CoerceViaIO) || IsA(node, CoerceToDomain) || IsA(node, ArrayCoerceExpr) ||
		IsA(node, SubscriptingRef) || check_functions_in_node(node, function_may_fail, NULL))
		return true;
	return expression_tree_walker(node, may_fail, context);
}

/* May the expression raise an error about its data? */
bool
rows_may_fail(Node *node)
{
	return may_fail(node, NULL);
}

/*
 * Does it run PostgreSQL's own functions only, and change nothing, so that a plan may
 * evaluate it?
 */
bool
rows_is_built_in(Node *node)
{
	return rows_may_run(node) && !rows_runs_others(node) && !contain_volatile_functions(node);
}

static bool
add_function(Oid funcid, void *functions)
{
	List **list = functions;

	if (funcid >= FirstNormalObjectId)
		*list = list_append_unique_oid(*list, funcid);
	return false;
}

static bool
add_functions(Node *node, void *functions)
{
	if (node == NULL)
		return false;
	check_functions_in_node(node, add_function, functions);
	return expression_tree_walker(node, add_functions, functions);
}

/* Does it call no function of others that the condition does not call itself? */
bool
rows_calls_no_more(Node *node, Node *condition)
{
	List *called = NIL;
	List *known = NIL;

	if (!rows_runs_others(node))
		return true;
	add_functions(node, &called);
	add_functions(condition, &known);
	return list_difference_oid(called, known) == NIL;
}
