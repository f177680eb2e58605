/*
 * plan_request.h
 *
 * What a plan is made from.
 */
#ifndef OUTLOOK_PLAN_REQUEST_H
#define OUTLOOK_PLAN_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "restore/recovery_request.h"

typedef struct PlanRequest
{
	const char *server;
	const RestoreRequest *restore; /* its backup and timeline are chosen, if there is a backup */
	const char *asked_backup;	   /* as asked for, or NULL */
	const json_t *backup;		   /* NULL: none serves */
	const json_t *refusal;		   /* the error that says why none does */
	const json_t *windows;		   /* the value of the answer of windows_read() */
	uint64_t written;	 /* how far the caller, if it is the server, has written; 0: not known */
	bool names_instance; /* the caller has named the instance that it wants */
} PlanRequest;

#endif /* OUTLOOK_PLAN_REQUEST_H */
