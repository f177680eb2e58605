/*-------------------------------------------------------------------------
 *
 * http_message.h
 *	  A request to the sidecar, its response, or why there is none.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_HTTP_MESSAGE_H
#define POC_HTTP_MESSAGE_H

typedef struct PocHttpRequest
{
	const char *method;			/* "GET", "POST" or "DELETE" */
	const char *path;			/* begins with a slash; already encoded */
	const char *body;			/* JSON in UTF-8, or NULL */
	int			hold;			/* ms the sidecar was asked to hold its answer */
	const char *key;			/* by which the sidecar knows it when it is
								 * sent again, or NULL */
	bool		destroys;		/* needs the token for that */
} PocHttpRequest;

typedef struct PocHttpResponse
{
	int			status;
	char	   *content_type;	/* NULL if the sidecar named none */
	char	   *content_encoding;	/* the same */
	char	   *body;			/* NUL-terminated; may hold NULs as well */
	size_t		length;
} PocHttpResponse;

/* Why there is no response: what ereport() needs.  Strings are palloc'd. */
typedef struct PocHttpFailure
{
	int			sqlstate;
	const char *message;
	const char *detail;
	const char *hint;
	bool		sent;			/* perhaps the sidecar has got the request */
	bool		timed_out;		/* it was given up, not cut off */
} PocHttpFailure;

#endif							/* POC_HTTP_MESSAGE_H */
