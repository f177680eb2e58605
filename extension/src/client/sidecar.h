/*-------------------------------------------------------------------------
 *
 * sidecar.h
 *	  Interprets the sidecar's answers.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_SIDECAR_H
#define POC_SIDECAR_H

#include "utils/array.h"
#include "utils/jsonb.h"

#include "client/http_message.h"

extern char *poc_sidecar_path(ArrayType *segments);
extern Jsonb *poc_sidecar_get(const char *path, int hold, PocHttpFailure *failure);
extern Jsonb *poc_sidecar_read(const PocHttpResponse *response, const char *path);
extern Jsonb *poc_sidecar_post(const char *path, Jsonb *body);
extern Jsonb *poc_sidecar_start(const char *path, Jsonb *body, const char *key,
								PocHttpFailure *failure, bool *refused);

/* sidecar_error.c */
pg_noreturn extern void poc_sidecar_throw(const PocHttpFailure *failure);
pg_noreturn extern void poc_sidecar_malformed(const char *path, const char *detail);
pg_noreturn extern void poc_sidecar_throw_error(Jsonb *error, int status, const char *hint);
extern void poc_sidecar_unavailable(PocHttpFailure *failure);

#endif /* POC_SIDECAR_H */
