/*-------------------------------------------------------------------------
 *
 * sidecar.h
 *	  What the sidecar's answers mean.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_SIDECAR_H
#define POC_SIDECAR_H

#include "utils/array.h"
#include "utils/jsonb.h"

#include "client/http.h"

extern char *poc_sidecar_path(ArrayType *segments);
extern Jsonb *poc_sidecar_get(const char *path, int hold,
							  PocHttpFailure *failure);
extern Jsonb *poc_sidecar_post(const char *path, Jsonb *body);
extern Jsonb *poc_sidecar_start(const char *path, Jsonb *body, const char *key,
								PocHttpFailure *failure, bool *refused);

/* members of what it answered */
extern Jsonb *poc_json_member(Jsonb *object, const char *key,
							  enum jbvType type);
extern char *poc_json_text(Jsonb *object, const char *key);
extern int64 poc_json_integer(Jsonb *object, const char *key);

/* sidecar_error.c */
pg_noreturn extern void poc_sidecar_throw(const PocHttpFailure *failure);
pg_noreturn extern void poc_sidecar_malformed(const char *path,
											  const char *detail);
pg_noreturn extern void poc_sidecar_throw_error(Jsonb *error, int status,
												const char *hint);
extern void poc_sidecar_unavailable(PocHttpFailure *failure);

#endif							/* POC_SIDECAR_H */
