/*
 * answer.h
 *
 * One finished HTTP answer, shared by reference between the cache and the
 * requests that wait for it.  Its value is read-only once made.
 */
#ifndef BASE_ANSWER_H
#define BASE_ANSWER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "base/byte_stream.h"
#include "base/failure.h"

/* One more header of an answer */
typedef struct AnswerHeader
{
	const char *name; /* NULL ends a list */
	const char *value;
} AnswerHeader;

typedef struct Answer
{
	atomic_int references;
	int status;	   /* HTTP status */
	json_t *value; /* the JSON of body */
	char *body;
	size_t length;
	ByteStream *stream; /* the body in place of these, of unknown length; or NULL */
	int file;			/* or, if has_file, an open file of that length */
	bool has_file;
	int64_t made;				 /* monotonic_ms() */
	bool cached;				 /* a read: carries the header Age */
	bool provisional;			 /* likely to change soon: cache it briefly */
	char *location;				 /* header Location, or NULL */
	int retry_after;			 /* seconds, header Retry-After of a 429 or 503; 0: at once */
	const char *allow;			 /* header Allow, or NULL; static */
	const char *content_type;	 /* static */
	const AnswerHeader *headers; /* more, Cache-Control among them; NULL: none, and nobody stores it */
} Answer;

extern Answer *answer_json(int status, json_t *value);			  /* takes ownership of value */
extern Answer *answer_text(const char *content_type, char *body); /* takes ownership of body */

/* For one request alone; takes the reader's part of the stream. */
extern Answer *answer_stream(const char *content_type, ByteStream *stream);

/* For one request alone; takes ownership of the file, which holds JSON and is not in memory. */
extern Answer *answer_file(int file, size_t length);
extern Answer *answer_error(const char *code, const char *message, const char *detail,
							const char *hint);
extern Answer *answer_errorf(const char *code, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
extern Answer *answer_wrong_state(char *message, char *detail,
								  const char *hint);   /* takes ownership of both */
extern Answer *answer_failure(BarmanFailure *failure); /* clears failure */
extern Answer *answer_keep(Answer *answer);
extern void answer_release(Answer *answer);

/* {"code", "message", "detail", "hint"} */
extern json_t *error_json(const char *code, const char *message, const char *detail,
						  const char *hint);

#endif /* BASE_ANSWER_H */
