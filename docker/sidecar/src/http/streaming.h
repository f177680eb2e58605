/*
 * streaming.h
 *
 * Responses that are sent while their body arises.
 */
#ifndef HTTP_STREAMING_H
#define HTTP_STREAMING_H

#include <microhttpd.h>

#include "http/request.h"

/*
 * A response of the answer's stream, of chunks; takes the answer, unless it
 * returns NULL.  If the stream breaks, so does the connection, and the client
 * knows that it has not got all.
 */
extern struct MHD_Response *http_streaming_response(Request *request, Answer *answer);

#endif /* HTTP_STREAMING_H */
