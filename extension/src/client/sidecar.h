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
#include "client/sidecar_error.h"

extern char *poc_sidecar_path(ArrayType *segments);
extern Jsonb *poc_sidecar_get(const char *path, int hold, PocHttpFailure *failure);
extern Jsonb *poc_sidecar_get_exact(const char *path);
extern Jsonb *poc_sidecar_read(const PocHttpResponse *response, const char *path);
extern Jsonb *poc_sidecar_post(const char *path, Jsonb *body);
extern Jsonb *poc_sidecar_start(const char *path, Jsonb *body, const char *key,
								PocHttpFailure *failure, bool *refused);

#endif /* POC_SIDECAR_H */
