/*
 * http_limits.h
 *
 * How much of the sidecar its clients may take up.
 */
#ifndef BASE_HTTP_LIMITS_H
#define BASE_HTTP_LIMITS_H

typedef struct HttpLimits
{
	int			connections;	/* in all */
	int			connections_per_address;
	int			reserved_connections;	/* of all, for this machine alone */
	int			header_seconds; /* from the connection to the end of the headers */
	int			body_seconds;	/* from there to the end of the body */
	int			answer_seconds; /* to take the answer */
	int			idle_seconds;	/* between two requests */
	int			body_megabytes; /* of all bodies that are in memory */
	int			waits;			/* long polls in all */
	int			waits_per_address;
} HttpLimits;

#endif							/* BASE_HTTP_LIMITS_H */
