/*
 * headers.h
 *
 * Checks headers independently of the path.
 */
#ifndef HTTP_HEADERS_H
#define HTTP_HEADERS_H

#include "http/request.h"

/* Allow a name in the header Host; call before http_start(). */
extern void http_host_allow(const char *name);

/* NULL, or the refusal of a request for its headers alone */
extern Answer *http_headers_refuse(Request *request, const char *version);
extern void http_hosts_forget(void);

#endif /* HTTP_HEADERS_H */
