/*-------------------------------------------------------------------------
 *
 * http.h
 *	  One HTTP request to the sidecar.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_HTTP_H
#define POC_HTTP_H

#include "client/http_message.h"

extern PocHttpResponse *poc_http_request(const PocHttpRequest *request, PocHttpFailure *failure);
extern bool poc_http_post_quietly(const char *path, int timeout);

#endif /* POC_HTTP_H */
