/*
 * headers.h
 *
 * Headers that are refused whatever a request is about.
 */
#ifndef HTTP_HEADERS_H
#define HTTP_HEADERS_H

#include "http/request.h"

/* A name that callers may send in the header Host; before http_start() */
extern void http_host_allow(const char *name);

/* NULL, or why the request is refused whatever it is about */
extern Answer *http_headers_refuse(Request *request, const char *version);
extern void http_hosts_forget(void);

#endif							/* HTTP_HEADERS_H */
