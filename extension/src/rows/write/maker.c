/*-------------------------------------------------------------------------
 *
 * maker.c
 *	  Turns row numbers into rows, following the plan.
 *
 * This code runs for each row: it must not look up what the plan can hold, and
 * must allocate only in the arena.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "base/random.h"
#include "base/subtransaction.h"
#include "rows/plan/parents.h"
#include "rows/plan/parts.h"
#include "rows/value/arena.h"
#include "rows/value/type.h"
#include "rows/write/choose_parent.h"
#include "rows/write/hierarchy.h"
#include "rows/write/maker.h"
#include "rows/write/refuse_row.h"
#include "rows/write/search.h"

/* Searches for a row; further attempts only draw. */
#define MOST_SEARCHES 16

static void make_row(RowsMaker *maker, uint64 row, Datum *values, bool *isnull);
static void make_fallback(RowsMaker *maker, RowsColumn *column, uint64 row, int attempt,
						  Datum *value, bool *isnull);
static void compute_following(RowsMaker *maker, Datum *values, bool *isnull);
static bool passes_checks(RowsMaker *maker, Datum *values, bool *isnull, RowsCheck **failed);
static bool is_mended(RowsMaker *maker, uint64 row, int attempt, Datum *values, bool *isnull,
					  RowsCheck **failed);

RowsMaker *
rows_make_maker(RowsPlan *plan, EState *estate, uint64 end)
{
	RowsMaker *maker = palloc0(sizeof(RowsMaker));
	ListCell *cell;

	maker->plan = plan;
	maker->end = end;
	maker->estate = estate;
	maker->econtext = CreateExprContext(estate);
	rows_init_arena(&maker->arena);

	for (int i = 0; i < plan->natts; i++)
	{
		RowsColumn *column = &plan->columns[i];

		if (column->kind == ROWS_COLUMN_DEFAULT || column->kind == ROWS_COLUMN_FALLBACK)
			column->default_state = ExecPrepareExpr(column->default_expr, estate);
		if (column->kind == ROWS_COLUMN_FOLLOWING)
			column->follows_state = ExecPrepareExpr((Expr *) column->follows, estate);
	}
	foreach (cell, plan->checks)
	{
		RowsCheck *check = lfirst(cell);

		check->state = ExecPrepareExpr(check->expr, estate);
		maker->catches |= check->may_fail;
	}
	maker->elders = rows_start_elders(plan);
	if (plan->checks != NIL || plan->follows)
	{
		maker->trial = rows_make_trial(plan, estate);
		maker->check_slot = maker->trial->slot;
	}
	return maker;
}

/* Make the row of a number.  Its values are valid until rows_reset_maker(). */
void
rows_make_row(RowsMaker *maker, uint64 row, Datum *values, bool *isnull)
{
	PocLevel level;

	if (likely(maker->trial == NULL))
	{
		make_row(maker, row, values, isnull);
		return;
	}
	level = poc_transaction_level();
	PG_TRY();
	{
		make_row(maker, row, values, isnull);
	}
	PG_CATCH();
	{
		poc_rethrow_at(&level);
	}
	PG_END_TRY();
}

static void
make_row(RowsMaker *maker, uint64 row, Datum *values, bool *isnull)
{
	RowsPlan *plan = maker->plan;
	RowsCheck *failed = NULL;

	maker->row = row;
	maker->searches = 0;
	plan->making = true;
	for (int attempt = 0; attempt < ROWS_MAX_ATTEMPTS; attempt++)
	{
		for (int i = 0; i < plan->natts; i++)
		{
			RowsColumn *column = &plan->columns[i];
			RowsDraw draw;

			maker->column = column;
			switch (column->kind)
			{
				case ROWS_COLUMN_RANDOM:
					rows_draw_start(&draw,
									likely(attempt == 0)
										? column->stream
										: rows_stream(plan->seed, column->attnum, attempt),
									row);
					draw.attempt = attempt;
					values[i] = rows_value(column->value, &draw, &maker->arena, &isnull[i]);
					break;

				case ROWS_COLUMN_KEY:
					if (unlikely(rows_is_outside(column->counted, row)))
					{
						rows_draw_start(&draw, rows_stream(plan->seed, column->attnum, attempt), row);
						draw.attempt = attempt;
						values[i] = rows_value(column->value, &draw, &maker->arena, &isnull[i]);
						break;
					}
					/* a null that was rejected becomes the value, even if there is no other */
					if ((uint64) attempt >= column->counted->stride && !isnull[i])
						break;
					rows_draw_start(&draw, column->stream, row);
					isnull[i] = attempt == 0 && column->value->null_fraction > 0 &&
								rows_unit(&draw) < column->value->null_fraction;
					if (isnull[i])
					{
						values[i] = (Datum) 0;
						break;
					}
					values[i] = column->value->encode(column->value,
													  rows_counted_part(column, row, attempt),
													  &draw, &maker->arena);
					break;

				case ROWS_COLUMN_SEQUENCE:
					if (attempt > 0)
						break;
					if (maker->dry)
					{
						values[i] = (Datum) 0;
						isnull[i] = true;
						break;
					}
					isnull[i] = false;
					if (unlikely(column->has_ahead))
					{
						values[i] = column->ahead;
						column->has_ahead = false;
						break;
					}
					values[i] = rows_next_in_sequence(column, maker->end - row, &maker->arena);
					break;

				case ROWS_COLUMN_DEFAULT:
					if (maker->dry && column->is_volatile)
					{
						values[i] = (Datum) 0;
						isnull[i] = true;
					}
					else if (attempt == 0)
					{
						MemoryContext old = MemoryContextSwitchTo(maker->arena.context);

						values[i] = ExecEvalExpr(column->default_state, maker->econtext, &isnull[i]);
						MemoryContextSwitchTo(old);
					}
					break;

				case ROWS_COLUMN_FALLBACK:
					make_fallback(maker, column, row, attempt, &values[i], &isnull[i]);
					break;

				case ROWS_COLUMN_FOREIGN:
					if (column->foreign->counting != NULL &&
						!rows_is_outside(column->foreign->counting->counted, row) &&
						(uint64) attempt >= column->foreign->counting->counted->stride)
						break;
					values[i] = rows_foreign_value(column->foreign,
												   rows_choose_parent(plan, column->foreign, row,
																	  attempt),
												   column->component);
					isnull[i] = unlikely(column->null_below > 0) &&
								rows_refers_to_none(plan, column, row, attempt);
					break;

				case ROWS_COLUMN_FOLLOWING:
				case ROWS_COLUMN_ITSELF: /* set below, when the other columns are known */
				case ROWS_COLUMN_NOTHING:
				case ROWS_COLUMN_NULL:
					values[i] = (Datum) 0;
					isnull[i] = true;
					break;
			}
		}
		maker->column = NULL;
		if (unlikely(maker->elders != NULL))
			rows_refer_to_rows(maker, row, attempt, values, isnull);

		if (likely(plan->checks == NIL) || passes_checks(maker, values, isnull, &failed) ||
			is_mended(maker, row, attempt, values, isnull, &failed))
		{
			if (unlikely(plan->follows))
				compute_following(maker, values, isnull);
			if (unlikely(maker->trial != NULL))
				rows_end_trial(maker->trial);
			if (unlikely(maker->elders != NULL))
				rows_remember_row(maker, row, values, isnull);
			plan->making = false;
			return;
		}
		CHECK_FOR_INTERRUPTS();
	}

	rows_end_trial(maker->trial);
	rows_refuse_row(plan, failed);
}

/* Free the values of all rows made so far. */
void
rows_reset_maker(RowsMaker *maker)
{
	rows_reset_arena(&maker->arena);
	ResetExprContext(maker->econtext);
}

/* The default where there is one, and at another attempt another value. */
static void
make_fallback(RowsMaker *maker, RowsColumn *column, uint64 row, int attempt, Datum *value,
			  bool *isnull)
{
	RowsDraw draw;

	if (attempt == 0)
	{
		MemoryContext old = MemoryContextSwitchTo(maker->arena.context);

		*value = ExecEvalExpr(column->default_state, maker->econtext, isnull);
		MemoryContextSwitchTo(old);
		if (!*isnull || !column->bounds.not_null)
			return;
	}
	rows_draw_start(&draw, rows_stream(maker->plan->seed, column->attnum, attempt), row);
	draw.attempt = attempt;
	*value = rows_value(column->value, &draw, &maker->arena, isnull);
}

/* The columns that follow from the others of a row that passes. */
static void
compute_following(RowsMaker *maker, Datum *values, bool *isnull)
{
	RowsPlan *plan = maker->plan;

	for (int i = 0; i < plan->natts; i++)
	{
		RowsColumn *column = &plan->columns[i];

		if (column->kind != ROWS_COLUMN_FOLLOWING)
			continue;
		rows_set_trial(maker->trial, values, isnull);
		/* the condition on it has computed it already */
		if (!rows_compute(maker->trial, column->follows_state, &maker->arena,
						  column->value->typbyval, column->value->typlen, &values[i], &isnull[i]))
			elog(ERROR, "column %d cannot be computed", column->attnum);
	}
}

static bool
passes_checks(RowsMaker *maker, Datum *values, bool *isnull, RowsCheck **failed)
{
	RowsTrial *trial = maker->trial;
	ListCell *cell;
	bool passed = true;

	rows_catch_in_trial(trial, maker->catches);
	rows_set_trial(trial, values, isnull);
	foreach (cell, maker->plan->checks)
	{
		RowsCheck *check = lfirst(cell);

		if (check->outside != NULL && !rows_is_outside(check->outside, maker->row))
			continue;
		passed = rows_passes(trial, check->state);
		if (!passed)
		{
			*failed = check;
			break;
		}
	}
	return passed;
}

/* Does a search find values that pass?  What the row refers to may depend on them. */
static bool
is_mended(RowsMaker *maker, uint64 row, int attempt, Datum *values, bool *isnull, RowsCheck **failed)
{
	if (maker->searches >= MOST_SEARCHES || !rows_search(maker, row, attempt, values, isnull, failed))
		return false;
	if (maker->elders == NULL)
		return true;
	rows_refer_to_rows(maker, row, attempt, values, isnull);
	return passes_checks(maker, values, isnull, failed);
}

/* "generating row 17 of table "orders", column "price"" */
void
rows_error_context(void *arg)
{
	RowsMaker *maker = arg;
	const char *table = RelationGetRelationName(maker->plan->rel);

	if (maker->column != NULL)
		errcontext("generating row " UINT64_FORMAT " of table \"%s\", column \"%s\"",
				   maker->row + 1, table,
				   NameStr(TupleDescAttr(RelationGetDescr(maker->plan->rel), maker->column->attnum - 1)
							   ->attname));
	else
		errcontext("generating row " UINT64_FORMAT " of table \"%s\"", maker->row + 1, table);
}
