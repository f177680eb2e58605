/*
 * parse_rescue_request.h
 *
 * Makes the request of a rescue from what a caller has sent.
 */
#ifndef API_PARSE_RESCUE_REQUEST_H
#define API_PARSE_RESCUE_REQUEST_H

#include "base/answer.h"
#include "rescue/table_request.h"

/*
 * Checks everything that needs no answer of Barman's.  To be freed by
 * rescue_request_free(); NULL: *refusal has the reason.
 */
extern RescueRequest *rescue_request_read(json_t *given, Answer **refusal);

#endif /* API_PARSE_RESCUE_REQUEST_H */
