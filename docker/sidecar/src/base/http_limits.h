/*
 * http_limits.h
 *
 * The limits on what clients may use of the sidecar.
 */
#ifndef BASE_HTTP_LIMITS_H
#define BASE_HTTP_LIMITS_H

typedef struct HttpLimits
{
	int connections; /* in total */
	int connections_per_address;
	int reserved_connections; /* of these, for local clients only */
	int header_seconds;		  /* from accepting the connection to the end of the headers */
	int body_seconds;		  /* from the end of the headers to the end of the body */
	int answer_seconds;		  /* to read the answer */
	int idle_seconds;		  /* between two requests */
	int body_megabytes;		  /* of all bodies in memory */
	int waits;				  /* long polls in total */
	int waits_per_address;
} HttpLimits;

#endif /* BASE_HTTP_LIMITS_H */
