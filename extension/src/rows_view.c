/*-------------------------------------------------------------------------
 *
 * rows_view.c
 *	  Views: whose rows are to be made, and what the view demands of them.
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

#include "compat.h"
#include "rows.h"

static Node *look_behind(Node *node, void *targets);

/*
 * Rows for a view with an INSTEAD OF trigger are made from the view itself.
 * Rows for an automatically updatable view are those of the table behind it:
 * returns that table, with the view's columns mapped, or the view.
 */
Relation
rows_look_through_view(Relation view, AttrNumber **view_columns, List **conditions)
{
	Relation	rel = view;

	*view_columns = NULL;
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
		behind = relation_open(entry->relid, AccessShareLock);

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
	return rel;
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
