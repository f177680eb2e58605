/*
 * restore_plan.h
 *
 * What a restore would do, and what stands in its way.
 */
#ifndef OUTLOOK_RESTORE_PLAN_H
#define OUTLOOK_RESTORE_PLAN_H

#include "base/answer.h"
#include "outlook/plan_request.h"

/* {plan: {...}}, as openapi.yaml describes it */
extern Answer *plan_make(const PlanRequest *request);

#endif /* OUTLOOK_RESTORE_PLAN_H */
