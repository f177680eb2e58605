/*
 * parse_restore_request.h
 *
 * Makes the request of a restore from what a caller has sent.
 */
#ifndef API_PARSE_RESTORE_REQUEST_H
#define API_PARSE_RESTORE_REQUEST_H

#include "base/answer.h"
#include "restore/recovery_request.h"

/*
 * Checks everything that needs no answer of Barman's.  To be freed by
 * restore_request_free(); NULL: *refusal has the reason.
 */
extern RestoreRequest *restore_request_read(json_t *given, Answer **refusal);

/*
 * The same for a request that is part of another, from arguments whose types
 * are checked; a field that they lack has its default.  False: *refusal has
 * the reason, and the caller clears the request.
 */
extern bool restore_request_fill(RestoreRequest *restore, const json_t *arguments, Answer **refusal);

#endif /* API_PARSE_RESTORE_REQUEST_H */
