/*
 * routes_mark.h
 *
 * The marks of a server's databases: keeps and tells them.
 */
#ifndef API_ROUTES_MARK_H
#define API_ROUTES_MARK_H

#include "http/request.h"

extern Answer *post_mark(Request *request);
extern Answer *get_marks(Request *request);
extern Answer *get_mark(Request *request);

#endif /* API_ROUTES_MARK_H */
