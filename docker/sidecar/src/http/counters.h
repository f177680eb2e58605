/*
 * counters.h
 *
 * The stages of connections, and their counters.
 */
#ifndef HTTP_COUNTERS_H
#define HTTP_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

/* The stage of a connection; its time limit starts when the stage begins. */
typedef enum HttpStage
{
	HTTP_ARRIVES, /* until the headers are complete, TLS included */
	HTTP_SENDS_BODY,
	HTTP_IS_SERVED,
	HTTP_TAKES_ANSWER,
	HTTP_TAKES_STREAM, /* from one piece to the next */
	HTTP_IDLES
} HttpStage;

#define HTTP_STAGES (HTTP_IDLES + 1)

typedef struct HttpCounters
{
	int connections[HTTP_STAGES];
	int waits;
	size_t body_bytes;
	uint64_t refused;	/* connections refused for lack of room */
	uint64_t displaced; /* ended to make room */
	uint64_t timeouts[HTTP_STAGES];
	uint64_t waits_refused;
	uint64_t bodies_refused;
} HttpCounters;

#endif /* HTTP_COUNTERS_H */
