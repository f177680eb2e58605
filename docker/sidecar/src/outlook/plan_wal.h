/*
 * plan_wal.h
 *
 * The WAL that a restore replays, and whether it is there.
 */
#ifndef OUTLOOK_PLAN_WAL_H
#define OUTLOOK_PLAN_WAL_H

#include <stdint.h>

#include <jansson.h>

#include "outlook/plan_request.h"

typedef struct PlanWal
{
	int64_t bytes; /* to replay, perhaps fewer; -1: not known */
} PlanWal;

/* Adds the items of the WAL and of the target, and the member "wal" to the plan. */
extern void plan_wal(json_t *items, json_t *plan, const PlanRequest *request, PlanWal *wal);

#endif /* OUTLOOK_PLAN_WAL_H */
