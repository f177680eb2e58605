/*
 * admission.h
 *
 * Refuses requests before the body is read.
 */
#ifndef HTTP_ADMISSION_H
#define HTTP_ADMISSION_H

#include "http/request.h"

/*
 * Fills in the request.  Returns NULL, or the answer to a refused request.
 * Calls admit once the caller and the path are known.
 */
extern Answer *http_refuse_early(Request *request, const char *version,
								 Answer *(*admit)(Request *request));

#endif /* HTTP_ADMISSION_H */
