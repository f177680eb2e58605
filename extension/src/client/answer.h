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

/* What an answer is for */
typedef enum PocAnswerUse
{
	POC_ANSWER_SHOWN, /* to people: what the database or a terminal cannot have is written as <U+4E2D> */
	POC_ANSWER_VERBATIM, /* for hashes: controls are as they are */
	POC_ANSWER_EXACT	 /* to be acted upon: every character is as it is, or it fails */
} PocAnswerUse;

extern Jsonb *poc_answer_parse(const PocHttpResponse *response, const char *path, PocAnswerUse use);
extern bool poc_answer_is_json(const PocHttpResponse *response);

/* answer_text.c */
extern char *poc_answer_text(const char *json, size_t length, bool is_utf8, bool shows_controls,
							 char **lacking);
extern char *poc_answer_utf8(char *text);
extern char *poc_answer_key(char *segment);

#endif /* POC_ANSWER_H */
