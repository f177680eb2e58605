/*
 * authorization.h
 *
 * Who is refused for want of a token, or of its scope.
 */
#ifndef API_AUTHORIZATION_H
#define API_AUTHORIZATION_H

#include "base/token.h"
#include "http/request.h"

/* NULL, or the answer to one who has no good token where one is needed */
extern Answer *authorization_refuse_caller(const Request *request, TokenScope needed);

/* The answer to one whose token has a lesser scope */
extern Answer *authorization_refuse_scope(const Request *request, TokenScope needed);

#endif							/* API_AUTHORIZATION_H */
