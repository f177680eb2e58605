/*-------------------------------------------------------------------------
 *
 * http_message.h
 *	  A request to the sidecar, its response, or the reason for having none.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_HTTP_MESSAGE_H
#define POC_HTTP_MESSAGE_H

typedef struct PocHttpRequest
{
	const char *method; /* "GET", "POST" or "DELETE" */
	const char *path;	/* starts with a slash; percent-encoded */
	const char *body;	/* JSON in UTF-8, or NULL */
	int hold;			/* ms that the sidecar is asked to delay its answer */
	const char *key;	/* idempotency key, or NULL */
	bool destroys;		/* needs the destroy token */
} PocHttpRequest;

typedef struct PocHttpResponse
{
	int status;
	char *content_type;		/* NULL if the sidecar sent none */
	char *content_encoding; /* NULL if the sidecar sent none */
	char *body;				/* NUL-terminated; may contain NULs too */
	size_t length;
} PocHttpResponse;

/* Arguments of ereport() if there is no response.  Strings are palloc'd. */
typedef struct PocHttpFailure
{
	int sqlstate;
	const char *message;
	const char *detail;
	const char *hint;
	bool sent;		/* the sidecar may have received the request */
	bool timed_out; /* the time limit ended it */
} PocHttpFailure;

#endif /* POC_HTTP_MESSAGE_H */
