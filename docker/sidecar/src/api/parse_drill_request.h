/*
 * parse_drill_request.h
 *
 * Makes the request of a drill from what a caller has sent.
 */
#ifndef API_PARSE_DRILL_REQUEST_H
#define API_PARSE_DRILL_REQUEST_H

#include "base/answer.h"
#include "proof/drill_request.h"

/*
 * Checks everything that needs no answer of Barman's.  To be freed by
 * drill_request_free(); NULL: *refusal has the reason.
 */
extern DrillRequest *drill_request_read(json_t *given, Answer **refusal);

#endif /* API_PARSE_DRILL_REQUEST_H */
