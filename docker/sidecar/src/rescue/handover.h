/*
 * handover.h
 *
 * Where the job of a rescue, which has a restored server, and the requests of
 * the client, which wants a table of it, meet.
 */
#ifndef RESCUE_HANDOVER_H
#define RESCUE_HANDOVER_H

#include <stdbool.h>

#include "base/answer.h"
#include "base/byte_stream.h"
#include "base/token.h"
#include "jobs/job.h"

typedef struct Handover Handover;

/*
 * For the job.  handover_open() takes the definition and lets clients ask;
 * handover_await() waits until one asks for the rows, at most that long.  NULL:
 * none did, or the job was cancelled.  The rows are handed over once.
 */
extern Handover *handover_open(Job *job, json_t *definition);
extern ByteStream *handover_await(Handover *handover, int64_t wait_ms);
extern void handover_close(Handover *handover);

/* For the routes: complete answers.  A job that the grant does not reach is unknown. */
extern Answer *handover_definition(const TokenGrant *grant, const char *job_id);
extern Answer *handover_rows(const TokenGrant *grant, const char *job_id);

#endif /* RESCUE_HANDOVER_H */
