/*-------------------------------------------------------------------------
 *
 * view.c
 *	  Views: which table gets the rows, and which conditions the view adds.
 *
 * Only a table that an INSERT through the view may write to is opened behind a
 * view.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/pg_class.h"
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
 * A view with an INSTEAD OF trigger gets its rows itself.  For an
 * automatically updatable view, the plan's relation becomes the underlying
 * table, with the view's columns mapped to it.
 */
void
rows_look_through_view(RowsPlan *plan, List **conditions)
{
	Relation view = plan->target;
	Relation rel = view;
	AttrNumber **view_columns = &plan->view_columns;

	plan->role = plan->call.caller;
	plan->readable = rows_readable_columns(rel, plan->role);
	while (rel->rd_rel->relkind == RELKIND_VIEW)
	{
		Query *query;
		RangeTblRef *reference;
		RangeTblEntry *entry;
		AttrNumber *columns;
		int natts = RelationGetDescr(view)->natts;
		Relation behind;

		if (rel->trigdesc != NULL && rel->trigdesc->trig_insert_instead_row)
			break;
		query = copyObject(get_view_query(rel));
		if (view_query_is_auto_updatable(query, true) != NULL)
			break;
		reference = linitial_node(RangeTblRef, query->jointree->fromlist);
		entry = rt_fetch(reference->rtindex, query->rtable);
		plan->role = RelationHasSecurityInvoker(rel) ? plan->call.caller : rel->rd_rel->relowner;
		rows_require_insert(entry->relid, plan->role);
		behind = relation_open(entry->relid, AccessShareLock);
		plan->readable = bms_union(shown_columns(plan->readable, query,
												 rows_readable_columns(behind, plan->role)),
								   rows_readable_columns(behind, plan->call.caller));

		columns = palloc0(sizeof(AttrNumber) * natts);
		for (int i = 0; i < natts; i++)
		{
			AttrNumber attnum = *view_columns != NULL ? (*view_columns)[i] : i + 1;
			TargetEntry *target = attnum > 0 ? get_tle_by_resno(query->targetList, attnum) : NULL;

			if (target != NULL && IsA(target->expr, Var) && ((Var *) target->expr)->varattno > 0)
				columns[i] = ((Var *) target->expr)->varattno;
		}
		*view_columns = columns;

		/* map conditions on the view's columns to the underlying columns */
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
 * The underlying columns that the caller can see through the view: the caller may read
 * the view's column, and the view's owner the underlying one, in all rows.
 */
static Bitmapset *
shown_columns(Bitmapset *readable, Query *query, Bitmapset *owners)
{
	Bitmapset *result = NULL;
	ListCell *cell;

	if (query->jointree->quals != NULL)
		return NULL;
	foreach (cell, query->targetList)
	{
		TargetEntry *target = lfirst(cell);

		if (IsA(target->expr, Var) && ((Var *) target->expr)->varattno > 0 &&
			bms_is_member(target->resno, readable) &&
			bms_is_member(((Var *) target->expr)->varattno, owners))
			result = bms_add_member(result, ((Var *) target->expr)->varattno);
	}
	return result;
}

/* Replace the columns of a view in conditions by the underlying expressions. */
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
