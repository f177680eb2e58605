/*-------------------------------------------------------------------------
 *
 * answer.h
 *	  The JSON object in an answer of the sidecar, in the encoding of the database.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ANSWER_H
#define POC_ANSWER_H

#include "utils/jsonb.h"

#include "client/http_message.h"

extern Jsonb *poc_answer_parse(const PocHttpResponse *response, const char *path, bool exact);
extern bool poc_answer_is_json(const PocHttpResponse *response);

/* answer_text.c */
extern char *poc_answer_text(const char *json, size_t length, bool is_utf8, char **lacking);
extern char *poc_answer_utf8(char *text);
extern char *poc_answer_key(char *segment);

#endif /* POC_ANSWER_H */
