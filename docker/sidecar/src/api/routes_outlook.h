/*
 * routes_outlook.h
 *
 * The routes that tell what can be restored, and how.
 */
#ifndef API_ROUTES_OUTLOOK_H
#define API_ROUTES_OUTLOOK_H

#include "http/request.h"

extern Answer *get_windows(Request *request);
extern Answer *get_forecast(Request *request);
extern Answer *get_wal_sources(Request *request);
extern Answer *post_restore_plan(Request *request);

#endif /* API_ROUTES_OUTLOOK_H */
