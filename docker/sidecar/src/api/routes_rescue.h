/*
 * routes_rescue.h
 *
 * The route that searches the archive for changes of tables.
 */
#ifndef API_ROUTES_RESCUE_H
#define API_ROUTES_RESCUE_H

#include "http/request.h"

extern Answer *post_changes(Request *request);

#endif							/* API_ROUTES_RESCUE_H */
