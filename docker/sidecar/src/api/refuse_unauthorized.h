/*
 * refuse_unauthorized.h
 *
 * Refuses requests without a token or with too small a scope.
 */
#ifndef API_REFUSE_UNAUTHORIZED_H
#define API_REFUSE_UNAUTHORIZED_H

#include "base/token.h"
#include "http/request.h"

/* NULL, or the answer to a caller without a valid token, if one is needed */
extern Answer *authorization_refuse_caller(const Request *request, TokenScope needed);

/* The answer to a caller whose token has too small a scope */
extern Answer *authorization_refuse_scope(const Request *request, TokenScope needed);

#endif /* API_REFUSE_UNAUTHORIZED_H */
