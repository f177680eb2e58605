/*
 * plan_items.h
 *
 * The list of what was examined for a restore.
 */
#ifndef OUTLOOK_PLAN_ITEMS_H
#define OUTLOOK_PLAN_ITEMS_H

#include <jansson.h>

typedef enum PlanJudgement
{
	PLAN_BAD, /* the restore fails */
	PLAN_GOOD,
	PLAN_UNKNOWN /* it may fail */
} PlanJudgement;

extern void plan_item(json_t *items, const char *item, PlanJudgement judgement, const char *finding,
					  const char *remedy);

/* The same from the error with which a restore is refused */
extern void plan_refused(json_t *items, const char *item, const json_t *error);

/* False if an item is bad, null if one is not known, else true */
extern json_t *plan_verdict(const json_t *items);

#endif /* OUTLOOK_PLAN_ITEMS_H */
