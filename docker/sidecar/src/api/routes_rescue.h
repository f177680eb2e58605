/*
 * routes_rescue.h
 *
 * The routes that search the archive for changes of tables, and hand over the
 * table of a rescue.
 */
#ifndef API_ROUTES_RESCUE_H
#define API_ROUTES_RESCUE_H

#include "http/request.h"

extern Answer *post_changes(Request *request);
extern Answer *get_definitions(Request *request);
extern Answer *post_rows(Request *request);

#endif /* API_ROUTES_RESCUE_H */
