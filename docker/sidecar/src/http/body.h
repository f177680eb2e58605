/*
 * body.h
 *
 * The bodies of requests: memory and JSON.
 */
#ifndef HTTP_BODY_H
#define HTTP_BODY_H

#include "http/counters.h"
#include "http/request.h"

/* A drill's body has depth 3: an object, an array of tables, a table. */
#define HTTP_BODY_DEPTH 16

/* Limit the memory of all bodies together. */
extern void http_bodies_limit(size_t bytes);

/* Does a body of this length fit?  If not, count a refusal. */
extern bool http_body_would_fit(size_t length);

/* False if there is no room. */
extern bool http_body_append(Request *request, const char *data, size_t size);
extern void http_body_free(Request *request);
extern void http_body_counters(HttpCounters *counters);

/* The answers to a body over the limit of its route, and to one without room */
extern Answer *http_body_too_large(const Request *request);
extern Answer *http_body_no_room(void);

/* An object, empty if there is no body; NULL after setting *refusal */
extern json_t *http_body_parse(const char *body, size_t length, size_t max_values, Answer **refusal);

#endif /* HTTP_BODY_H */
