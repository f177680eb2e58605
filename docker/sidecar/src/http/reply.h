/*
 * reply.h
 *
 * Sends the answer to a request.
 */
#ifndef HTTP_REPLY_H
#define HTTP_REPLY_H

#include <microhttpd.h>

#include "http/request.h"

/*
 * Makes a response of the answer, whose reference it takes, and queues it.
 * Calls answered with the request's HTTP status.  MHD_NO closes the connection.
 */
extern enum MHD_Result http_reply(Request *request, Answer *answer,
								  void (*answered)(const Request *request, int status));

#endif /* HTTP_REPLY_H */
