/*-------------------------------------------------------------------------
 *
 * http_stream.h
 *	  An answer of the sidecar that is read while it arrives.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_HTTP_STREAM_H
#define POC_HTTP_STREAM_H

#include "client/http_message.h"

typedef struct PocHttpStream PocHttpStream;

/* Called when the answer breaks off; may throw what it knows of why. */
typedef void (*PocHttpStreamBroken)(void *arg);

extern PocHttpStream *poc_http_stream_open(const PocHttpRequest *request,
										   PocHttpStreamBroken broken, void *arg);
extern int poc_http_stream_read(PocHttpStream *stream, void *bytes, int least, int most);
extern uint64 poc_http_stream_bytes(const PocHttpStream *stream);
extern void poc_http_stream_close(PocHttpStream *stream);

#endif /* POC_HTTP_STREAM_H */
