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
#include "parser/parsetree.h"
#include "rewrite/rewriteHandler.h"
#include "rewrite/rewriteManip.h"
#include "rewrite/rewriteSupport.h"
#include "utils/rel.h"

#include "compat.h"
#include "rows.h"

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

		/* the innermost condition speaks of the table itself */
		if (query->jointree->quals != NULL && behind->rd_rel->relkind != RELKIND_VIEW)
		{
			Node	   *quals = query->jointree->quals;

			ChangeVarNodes(quals, reference->rtindex, 1, 0);
			*conditions = lappend(*conditions, quals);
		}
		if (rel != view)
			relation_close(rel, NoLock);
		rel = behind;
	}
	return rel;
}
