/*-------------------------------------------------------------------------
 *
 * view.c
 *	  Views: whose rows are to be made, and what the view demands of them.
 *
 * Must never open a table behind a view that an INSERT through the view would
 * not be allowed to write to.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/pg_class.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteHandler.h"
#include "rewrite/rewriteManip.h"
#include "rewrite/rewriteSupport.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "rows/plan/parts.h"
#include "rows/plan/rights.h"
#include "rows/plan/steps.h"

static Bitmapset *shown_columns(Bitmapset *readable, Query *query, Bitmapset *owners);
static Node *look_behind(Node *node, void *targets);

/*
 * Rows for a view with an INSTEAD OF trigger are made from the view itself.
 * Rows for an automatically updatable view are those of the table behind it:
 * the plan's relation becomes that table, with the view's columns mapped, or
 * stays the view.
 */
void
rows_look_through_view(RowsPlan *plan, List **conditions)
{
	Relation	view = plan->target;
	Relation	rel = view;
	AttrNumber **view_columns = &plan->view_columns;

	plan->role = GetUserId();
	plan->readable = rows_readable_columns(rel, plan->role);
	while (rel->rd_rel->relkind == RELKIND_VIEW)
	{
		Query	   *query;
		RangeTblRef *reference;
		RangeTblEntry *entry;
		AttrNumber *columns;
		int			natts = RelationGetDescr(view)->natts;
		Relation	behind;

		if (rel->trigdesc != NULL && rel->trigdesc->trig_insert_instead_row)
			break;
		query = copyObject(get_view_query(rel));
		if (view_query_is_auto_updatable(query, true) != NULL)
			break;
		reference = linitial_node(RangeTblRef, query->jointree->fromlist);
		entry = rt_fetch(reference->rtindex, query->rtable);
		plan->role = RelationHasSecurityInvoker(rel) ? GetUserId() : rel->rd_rel->relowner;
		rows_require_insert(entry->relid, plan->role);
		behind = relation_open(entry->relid, AccessShareLock);
		plan->readable = bms_union(shown_columns(plan->readable, query, rows_readable_columns(behind, plan->role)),
								   rows_readable_columns(behind, GetUserId()));

		columns = palloc0(sizeof(AttrNumber) * natts);
		for (int i = 0; i < natts; i++)
		{
			AttrNumber	attnum = *view_columns != NULL ? (*view_columns)[i] : i + 1;
			TargetEntry *target = attnum > 0 ? get_tle_by_resno(query->targetList, attnum) : NULL;

			if (target != NULL && IsA(target->expr, Var) && ((Var *) target->expr)->varattno > 0)
				columns[i] = ((Var *) target->expr)->varattno;
		}
		*view_columns = columns;

		/* what was asked of the view's columns is asked of those behind them */
		ChangeVarNodes((Node *) query, reference->rtindex, 1, 0);
		*conditions = (List *) look_behind((Node *) *conditions, query->targetList);
		if (query->jointree->quals != NULL)
			*conditions = lappend(*conditions, query->jointree->quals);
		if (rel != view)
			relation_close(rel, NoLock);
		rel = behind;
	}
	plan->rel = rel;
}

/*
 * The columns behind a view that the caller sees through it: those that he may
 * read of the view and the view's owner behind it, of all rows.
 */
static Bitmapset *
shown_columns(Bitmapset *readable, Query *query, Bitmapset *owners)
{
	Bitmapset  *result = NULL;
	ListCell   *cell;

	if (query->jointree->quals != NULL)
		return NULL;
	foreach(cell, query->targetList)
	{
		TargetEntry *target = lfirst(cell);

		if (IsA(target->expr, Var) && ((Var *) target->expr)->varattno > 0 &&
			bms_is_member(target->resno, readable) &&
			bms_is_member(((Var *) target->expr)->varattno, owners))
			result = bms_add_member(result, ((Var *) target->expr)->varattno);
	}
	return result;
}

/* Conditions on the columns of a view, as conditions on what they show. */
static Node *
look_behind(Node *node, void *targets)
{
	if (node == NULL)
		return NULL;
	if (IsA(node, Var) && ((Var *) node)->varno == 1 && ((Var *) node)->varlevelsup == 0 &&
		((Var *) node)->varattno > 0)
	{
		TargetEntry *target = get_tle_by_resno(targets, ((Var *) node)->varattno);

		return target != NULL ? copyObject((Node *) target->expr) : node;
	}
	return expression_tree_mutator(node, look_behind, targets);
}
