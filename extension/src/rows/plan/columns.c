/*-------------------------------------------------------------------------
 *
 * columns.c
 *	  The plan of a table: what each of its columns gets.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "rewrite/rewriteHandler.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "base/random.h"
#include "base/subtransaction.h"
#include "rows/plan/columns.h"
#include "rows/plan/leaves.h"
#include "rows/plan/options.h"
#include "rows/plan/parents.h"
#include "rows/plan/parts.h"
#include "rows/plan/steps.h"
#include "rows/plan/target.h"
#include "rows/plan/trial.h"
#include "rows/value/bounds.h"
#include "rows/value/type.h"

/* What makes the value of an expression differ between rows. */
typedef struct Volatility
{
	bool clock_or_chance;
	bool other;
} Volatility;

static RowsPlan *make_plan(Relation target, uint64 seed, RowsOptions *options, const RowsCall *call);
static const RowsSubject *describe_subject(RowsPlan *plan);
static void plan_column(RowsPlan *plan, RowsColumn *column, Form_pg_attribute attribute);
static bool wants_default(RowsPlan *plan, RowsColumn *column, Form_pg_attribute attribute);
static void plan_options(RowsPlan *plan, RowsColumn *column, Form_pg_attribute attribute);
static void finish_column(RowsPlan *plan, RowsColumn *column, Form_pg_attribute attribute);
static void plan_default(RowsPlan *plan, RowsColumn *column, Expr *expr);
static bool is_nextval(Expr *expr, RowsColumn *column);
static bool note_volatility(Node *node, void *context);
pg_noreturn static void refuse_type(RowsPlan *plan, Form_pg_attribute attribute);

/*
 * Only reads.  If a referenced table has to be filled first, the plan is
 * incomplete and plan->lacking names the foreign key.  call is NULL when the
 * caller will not write.
 */
RowsPlan *
rows_make_plan(Relation target, uint64 seed, RowsOptions *options, const RowsCall *call)
{
	PocLevel level = poc_transaction_level();
	RowsPlan *volatile plan = NULL;

	PG_TRY();
	{
		plan = make_plan(target, seed, options, call);
	}
	PG_CATCH();
	{
		poc_rethrow_at(&level);
	}
	PG_END_TRY();
	return plan;
}

static RowsPlan *
make_plan(Relation target, uint64 seed, RowsOptions *options, const RowsCall *call)
{
	RowsPlan *plan = palloc0(sizeof(RowsPlan));
	List *conditions = NIL;
	const RowsSubject *subject;
	Relation rel;
	TupleDesc tupdesc;

	plan->target = target;
	if (call != NULL)
		plan->call = *call;
	plan->call.caller = GetUserId();
	rows_look_through_view(plan, &conditions);
	rel = plan->rel;
	if (plan->call.explaining)
		rows_act_as_owner(plan);
	tupdesc = RelationGetDescr(rel);
	rows_refuse_catalog(rel);
	plan->manager = rows_manager(rel);
	plan->seed = seed;
	plan->options = options;
	plan->natts = tupdesc->natts;
	plan->columns = palloc0(sizeof(RowsColumn) * Max(plan->natts, 1));
	subject = describe_subject(plan);
	for (int i = 0; i < plan->natts; i++)
	{
		plan->columns[i].attnum = i + 1;
		rows_init_bounds(&plan->columns[i].bounds);
		plan->columns[i].bounds.subject = subject;
		plan->columns[i].bounds.column = NameStr(TupleDescAttr(tupdesc, i)->attname);
	}

	conditions = list_concat(conditions, rows_policy_conditions(rel, plan->role));
	rows_read_checks(plan, conditions);
	rows_read_leaves(plan);
	for (int i = 0; i < plan->natts; i++)
		plan_options(plan, &plan->columns[i], TupleDescAttr(tupdesc, i));
	rows_options_all_used(options, RelationGetRelationName(rel));
	rows_plan_promised(plan);
	rows_plan_foreign_keys(plan);
	if (plan->lacking != NULL)
		return plan;
	rows_plan_partitions(plan);
	for (int i = 0; i < plan->natts; i++)
	{
		CHECK_FOR_INTERRUPTS();
		plan_column(plan, &plan->columns[i], TupleDescAttr(tupdesc, i));
	}
	rows_plan_foreign_nulls(plan);
	rows_settle_defaults(plan);
	rows_try_unbounded(plan);
	rows_plan_following(plan);
	rows_narrow_computed(plan);
	rows_prefer_values(plan);
	rows_plan_keys(plan);
	rows_plan_pairs(plan);
	rows_choose_path(plan);
	return plan;
}

/* What the names of the columns may mean depends on the table and its other columns. */
static const RowsSubject *
describe_subject(RowsPlan *plan)
{
	RowsSubject *subject = palloc0(sizeof(RowsSubject));

	subject->table = pstrdup(RelationGetRelationName(plan->rel));
	subject->columns = palloc(sizeof(char *) * Max(plan->natts, 1));
	subject->now = plan->options->now;
	for (int i = 0; i < plan->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(plan->rel), i);

		if (!attribute->attisdropped)
			subject->columns[subject->ncolumns++] = pstrdup(NameStr(attribute->attname));
	}
	return subject;
}

/* Keep the locks until the end of the transaction. */
void
rows_close_plan(RowsPlan *plan)
{
	rows_act_as_caller(plan);
	if (plan->rel != plan->target)
		relation_close(plan->rel, NoLock);
	relation_close(plan->target, NoLock);
}

static void
plan_column(RowsPlan *plan, RowsColumn *column, Form_pg_attribute attribute)
{
	Expr *default_expr;

	column->stream = rows_stream(plan->seed, column->attnum, 0);
	if (attribute->attisdropped || attribute->attgenerated != '\0')
	{
		column->kind = ROWS_COLUMN_NOTHING;
		return;
	}
	if (column->planned)
	{
		finish_column(plan, column, attribute);
		return;
	}

	default_expr = (Expr *) build_column_default(plan->rel, column->attnum);
	if (default_expr == NULL && column->options != NULL && column->options->use_default == 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"%s.default\" asks for a default that the column does not have",
						NameStr(attribute->attname)),
				 errhint("Leave the option out, or give the column a DEFAULT.")));
	if (default_expr != NULL && !column->shaped && wants_default(plan, column, attribute))
		plan_default(plan, column, default_expr);
	if (column->kind != ROWS_COLUMN_NOTHING)
	{
		finish_column(plan, column, attribute);
		return;
	}

	if (column->region_value != NULL)
	{
		column->value = column->region_value;
		column->kind = ROWS_COLUMN_RANDOM;
		/* between two strings there are shorter and longer ones */
		column->bounded = column->bounds.min_length < 0 && column->bounds.max_length < 0;
		finish_column(plan, column, attribute);
		return;
	}
	column->value = rows_make_value(attribute->atttypid, attribute->atttypmod, &column->bounds,
									NameStr(attribute->attname));
	column->bounded = true;
	if (column->value != NULL)
		column->kind = ROWS_COLUMN_RANDOM;
	else if (column->options != NULL && column->options->pattern != NULL)
	{
		column->value = rows_make_unknown_value(attribute->atttypid, attribute->atttypmod);
		column->kind = ROWS_COLUMN_RANDOM;
		column->bounded = false;
	}
	else if (!attribute->attnotnull && !column->bounds.not_null &&
			 !DomainHasConstraints(attribute->atttypid, NULL))
		column->kind = ROWS_COLUMN_NULL;
	else
		refuse_type(plan, attribute);
	finish_column(plan, column, attribute);
}

/* Options of the column override those of the table. */
static bool
wants_default(RowsPlan *plan, RowsColumn *column, Form_pg_attribute attribute)
{
	if (attribute->attidentity != '\0')
		return true;
	if (column->options != NULL && column->options->use_default >= 0)
		return column->options->use_default == 1;
	return plan->options->use_defaults;
}

/* The options of a column override everything else. */
static void
plan_options(RowsPlan *plan, RowsColumn *column, Form_pg_attribute attribute)
{
	RowsColumnOptions *options;

	if (attribute->attisdropped)
		return;
	options = rows_options_of(plan->options, NameStr(attribute->attname));
	if (options == NULL)
		return;
	if (attribute->attgenerated != '\0' || attribute->attidentity == ATTRIBUTE_IDENTITY_ALWAYS)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("options cannot shape column \"%s\"", NameStr(attribute->attname)),
						errdetail("PostgreSQL itself fills this column.")));
	column->options = options;
	column->shaped = rows_options_shape(options);
	if (!column->shaped)
		return;
	if (options->is_constant && options->values == NIL)
	{
		if (attribute->attnotnull)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("option \"%s.constant\" asks for nulls in a column that is NOT NULL",
							NameStr(attribute->attname))));
		column->kind = ROWS_COLUMN_NULL;
		column->planned = true;
		return;
	}
	rows_options_bounds(options, attribute->atttypid, attribute->atttypmod, &column->bounds);
	/* neither a foreign key nor a partition changes requested values */
	if (options->values != NIL || options->pattern != NULL || options->prefix != NULL)
	{
		column->value = rows_make_value(attribute->atttypid, attribute->atttypmod, &column->bounds,
										NULL);
		if (column->value == NULL)
			column->value = rows_make_unknown_value(attribute->atttypid, attribute->atttypmod);
		column->kind = ROWS_COLUMN_RANDOM;
		column->planned = true;
	}
}

/* Add the distribution and the fraction of nulls, for any kind of values. */
static void
finish_column(RowsPlan *plan, RowsColumn *column, Form_pg_attribute attribute)
{
	double fraction = plan->options->null_fraction;
	/* most partitions reject nulls */
	bool nullable = rows_takes_null(plan, column->attnum) && column->region_value == NULL;

	if (column->kind != ROWS_COLUMN_RANDOM)
		return;
	if (column->options != NULL)
	{
		if (column->shaped)
			rows_shape_value(column->value, column->options);
		if (column->options->null_fraction >= 0)
			fraction = column->options->null_fraction;
		if (column->options->null_fraction > 0 && !nullable)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("option \"%s.null_fraction\" asks for nulls in a column that takes none",
							NameStr(attribute->attname))));
	}
	if (nullable)
		column->value->null_fraction = fraction;
}

/*
 * A column with a default gets it, as in an INSERT that does not name the
 * column.  Defaults that read the clock or random numbers are the exception,
 * because the same seed has to give the same rows.
 */
static void
plan_default(RowsPlan *plan, RowsColumn *column, Expr *expr)
{
	Volatility volatility = {false, false};
	bool is_wanted = column->options != NULL && column->options->use_default == 1;

	expr = is_wanted ? (Expr *) rows_simplify((Node *) expr) : rows_try_simplify(expr);
	/* the conditions of a domain are tried with the others */
	while (!is_wanted && expr != NULL && IsA(expr, CoerceToDomain))
		expr = ((CoerceToDomain *) expr)->arg;
	if (expr == NULL || (IsA(expr, Const) && ((Const *) expr)->constisnull) ||
		(!is_wanted && !rows_default_suits(plan, column, expr)))
		return;
	if (is_nextval(expr, column))
	{
		column->kind = ROWS_COLUMN_SEQUENCE;
		return;
	}
	note_volatility((Node *) expr, &volatility);
	if (volatility.clock_or_chance && !volatility.other && !is_wanted)
		return;
	column->kind = ROWS_COLUMN_DEFAULT;
	column->default_expr = expr;
	column->is_volatile = contain_volatile_functions((Node *) expr);
	if (contain_volatile_functions_not_nextval((Node *) expr))
		plan->has_volatile_default = true;
}

/* nextval('sequence'), perhaps cast to a smaller integer */
static bool
is_nextval(Expr *expr, RowsColumn *column)
{
	Oid result_type = exprType((Node *) expr);

	if (IsA(expr, FuncExpr) &&
		(((FuncExpr *) expr)->funcid == F_INT4_INT8 || ((FuncExpr *) expr)->funcid == F_INT2_INT8))
		expr = linitial(((FuncExpr *) expr)->args);

	if (IsA(expr, NextValueExpr))
	{
		column->sequence = ((NextValueExpr *) expr)->seqid;
		column->sequence_checked = false; /* as the executor does */
	}
	else if (IsA(expr, FuncExpr) && ((FuncExpr *) expr)->funcid == F_NEXTVAL &&
			 IsA(linitial(((FuncExpr *) expr)->args), Const))
	{
		Const *sequence = linitial_node(Const, ((FuncExpr *) expr)->args);

		if (sequence->constisnull)
			return false;
		column->sequence = DatumGetObjectId(sequence->constvalue);
		column->sequence_checked = true;
	}
	else
		return false;

	column->sequence_type = result_type;
	return result_type == INT2OID || result_type == INT4OID || result_type == INT8OID;
}

static bool
note_function(Oid funcid, void *context)
{
	Volatility *volatility = context;
	char *name;

	switch (funcid)
	{
		case F_NOW:
		case F_TRANSACTION_TIMESTAMP:
		case F_STATEMENT_TIMESTAMP:
		case F_CLOCK_TIMESTAMP:
		case F_TIMEOFDAY:
		case F_GEN_RANDOM_UUID:
			volatility->clock_or_chance = true;
			return false;
		default:
			break;
	}
	name = get_func_name(funcid);
	if (name != NULL && (strcmp(name, "random") == 0 || strcmp(name, "uuidv4") == 0 ||
						 strcmp(name, "uuidv7") == 0 ||
						 strncmp(name, "uuid_generate_v", strlen("uuid_generate_v")) == 0))
		volatility->clock_or_chance = true;
	else if (func_volatile(funcid) == PROVOLATILE_VOLATILE)
		volatility->other = true;
	return false;
}

/* Does the expression read the clock or random numbers, or is it otherwise volatile? */
static bool
note_volatility(Node *node, void *context)
{
	if (node == NULL)
		return false;
	check_functions_in_node(node, note_function, context);
	if (IsA(node, SQLValueFunction))
	{
		switch (((SQLValueFunction *) node)->op)
		{
			case SVFOP_CURRENT_DATE:
			case SVFOP_CURRENT_TIME:
			case SVFOP_CURRENT_TIME_N:
			case SVFOP_CURRENT_TIMESTAMP:
			case SVFOP_CURRENT_TIMESTAMP_N:
			case SVFOP_LOCALTIME:
			case SVFOP_LOCALTIME_N:
			case SVFOP_LOCALTIMESTAMP:
			case SVFOP_LOCALTIMESTAMP_N:
				((Volatility *) context)->clock_or_chance = true;
				break;
			default:
				break;
		}
	}
	if (IsA(node, NextValueExpr))
		((Volatility *) context)->other = true;
	return expression_tree_walker(node, note_volatility, context);
}

static void
refuse_type(RowsPlan *plan, Form_pg_attribute attribute)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("cannot make values of type %s for column \"%s\" of table \"%s\"",
					format_type_be(attribute->atttypid), NameStr(attribute->attname),
					RelationGetRelationName(plan->rel)),
			 errdetail("The type is not one that poc_barman knows, and the column is not nullable."),
			 errhint("Give the column a DEFAULT, or values by the option "
					 "{\"columns\": {\"%s\": {\"values\": [...]}}}.",
					 NameStr(attribute->attname)),
			 errtablecol(plan->rel, attribute->attnum)));
}
