/*
 * admission.h
 *
 * What can be refused before the body is read.
 */
#ifndef HTTP_ADMISSION_H
#define HTTP_ADMISSION_H

#include "http/request.h"

/*
 * Fills in the request.  NULL, or the answer to one that is refused; admit is
 * asked once it is known who asks, and for what.
 */
extern Answer *http_refuse_early(Request *request, const char *version, Answer *(*admit) (Request *request));

#endif							/* HTTP_ADMISSION_H */
