/*
 * handover.h
 *
 * Where the job of a rescue, which has a restored server, and the requests of
 * the client, which wants tables of it, meet.
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
 * For the job.  handover_open() takes the definitions and lets clients ask;
 * handover_await() waits until one asks for the rows of the next table, at most
 * that long.  NULL: none did, or the job was cancelled.  The rows of each table
 * are handed over once, in the order of the definitions.
 */
extern Handover *handover_open(Job *job, json_t *definitions);
extern ByteStream *handover_await(Handover *handover, int64_t wait_ms);
extern void handover_close(Handover *handover);

/* For the routes: complete answers.  A job that the grant does not reach is unknown. */
extern Answer *handover_definitions(const TokenGrant *grant, const char *job_id);
extern Answer *handover_rows(const TokenGrant *grant, const char *job_id, size_t table);

#endif /* RESCUE_HANDOVER_H */
