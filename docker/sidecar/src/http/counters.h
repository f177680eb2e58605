/*
 * counters.h
 *
 * What connections are about, and how many are.
 */
#ifndef HTTP_COUNTERS_H
#define HTTP_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

/* What a connection is about; its time is counted from when that began. */
typedef enum HttpStage
{
	HTTP_ARRIVES,				/* until the headers are there: TLS, too */
	HTTP_SENDS_BODY,
	HTTP_IS_SERVED,
	HTTP_TAKES_ANSWER,
	HTTP_IDLES
} HttpStage;

#define HTTP_STAGES (HTTP_IDLES + 1)

typedef struct HttpCounters
{
	int			connections[HTTP_STAGES];
	int			waits;
	size_t		body_bytes;
	uint64_t	refused;		/* connections for which there was no room */
	uint64_t	displaced;		/* ended to make room */
	uint64_t	timeouts[HTTP_STAGES];
	uint64_t	waits_refused;
	uint64_t	bodies_refused;
} HttpCounters;

#endif							/* HTTP_COUNTERS_H */
