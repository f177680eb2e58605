/*-------------------------------------------------------------------------
 *
 * options_column.c
 *	  Options of a call that concern one column of the table.
 *
 * Options of a column that does not exist must raise an error.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "nodes/makefuncs.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/compat.h"
#include "rows/plan/options.h"
#include "rows/value/bounds.h"
#include "rows/value/generator.h"

static Const *constant_of_text(RowsColumnOptions *options, const char *text, Oid type, int32 typmod);
static void value_error_context(void *name);

RowsColumnOptions *
rows_options_of(RowsOptions *options, const char *column)
{
	ListCell *cell;

	foreach (cell, options->columns)
	{
		RowsColumnOptions *candidate = lfirst(cell);

		if (strcmp(candidate->name, column) == 0)
		{
			candidate->used = true;
			return candidate;
		}
	}
	return NULL;
}

/* Do the options determine the values of the column? */
bool
rows_options_shape(const RowsColumnOptions *options)
{
	return options->is_constant || options->values != NIL || options->min != NULL ||
		   options->max != NULL || options->step != NULL || options->max_length >= 0 ||
		   options->prefix != NULL || options->pattern != NULL ||
		   options->distribution != ROWS_UNIFORM;
}

/* Add the bounds from the options to those from the CHECK constraints. */
void
rows_options_bounds(RowsColumnOptions *options, Oid type, int32 typmod, RowsBounds *bounds)
{
	ListCell *cell;

	type = getBaseTypeAndTypmod(type, &typmod);
	if (options->min != NULL)
	{
		RowsBound *bound = palloc0(sizeof(RowsBound));

		bound->constant = constant_of_text(options, options->min, type, -1);
		bounds->lows = lappend(bounds->lows, bound);
	}
	if (options->max != NULL)
	{
		RowsBound *bound = palloc0(sizeof(RowsBound));

		bound->constant = constant_of_text(options, options->max, type, -1);
		bounds->highs = lappend(bounds->highs, bound);
	}
	if (options->values != NIL)
	{
		bounds->choices = NIL;
		foreach (cell, options->values)
			bounds->choices = lappend(bounds->choices,
									  constant_of_text(options, lfirst(cell), type, typmod));
	}
	if (options->max_length >= 0)
	{
		bounds->min_length = options->min_length;
		bounds->max_length = options->max_length;
	}
}

/* Raise an error for options of a column that does not exist: it may be misspelt. */
void
rows_options_all_used(RowsOptions *options, const char *table)
{
	ListCell *cell;

	foreach (cell, options->columns)
	{
		RowsColumnOptions *column = lfirst(cell);

		if (!column->used)
			ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
							errmsg("options name column \"%s\", which table \"%s\" does not have",
								   column->name, table),
							errhint("See poc_explain_rows() for the columns that can be shaped.")));
	}
}

/* Who only asks runs no condition of a domain within the type. */
void
rows_require_readable(Oid type, const char *column)
{
	if (!rows_may_read(type))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot read values for column \"%s\" without running the conditions of a domain",
						column),
				 errdetail("Values of type %s contain some of a domain, whose owner may have made its conditions of functions.",
						   format_type_be(type)),
				 errhint("See poc_preview_rows(), which runs what a load runs.")));
}

static Const *
constant_of_text(RowsColumnOptions *options, const char *text, Oid type, int32 typmod)
{
	Oid input;
	Oid ioparam;
	int16 typlen;
	bool typbyval;
	Datum datum;
	ErrorContextCallback callback;

	rows_require_readable(type, options->name);
	callback.callback = value_error_context;
	callback.arg = options->name;
	callback.previous = error_context_stack;
	error_context_stack = &callback;
	getTypeInputInfo(type, &input, &ioparam);
	get_typlenbyval(type, &typlen, &typbyval);
	datum = OidInputFunctionCall(input, (char *) text, ioparam, typmod);
	error_context_stack = callback.previous;
	return makeConst(type, typmod, get_typcollation(type), typlen, datum, false, typbyval);
}

static void
value_error_context(void *name)
{
	errcontext("options of column \"%s\"", (char *) name);
}
