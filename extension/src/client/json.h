/*-------------------------------------------------------------------------
 *
 * json.h
 *	  Members of JSON objects in the sidecar's answers.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_JSON_H
#define POC_JSON_H

#include "utils/jsonb.h"

extern JsonbValue *poc_json_find(Jsonb *object, const char *key);
extern Jsonb *poc_json_member(Jsonb *object, const char *key, enum jbvType type);
extern char *poc_json_text(Jsonb *object, const char *key);
extern int64 poc_json_integer(Jsonb *object, const char *key);
extern bool poc_json_bigint(Jsonb *object, const char *key, int64 *value);
extern bool poc_json_true(Jsonb *object, const char *key);

#endif /* POC_JSON_H */
