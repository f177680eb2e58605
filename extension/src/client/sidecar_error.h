/*-------------------------------------------------------------------------
 *
 * sidecar_error.h
 *	  Errors to raise when the sidecar refuses a request, answers something
 *	  unexpected, or does not answer.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_SIDECAR_ERROR_H
#define POC_SIDECAR_ERROR_H

#include "utils/jsonb.h"

#include "client/http_message.h"

pg_noreturn extern void poc_sidecar_throw(const PocHttpFailure *failure);
pg_noreturn extern void poc_sidecar_malformed(const char *path, const char *detail);
pg_noreturn extern void poc_sidecar_throw_error(Jsonb *error, int status, const char *hint);
extern void poc_sidecar_unavailable(PocHttpFailure *failure);

#endif /* POC_SIDECAR_ERROR_H */
