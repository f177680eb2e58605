/*
 * send_rows.h
 *
 * The rows of a table of a restored server, on their way to the client.
 */
#ifndef RESCUE_SEND_ROWS_H
#define RESCUE_SEND_ROWS_H

#include "base/byte_stream.h"
#include "proof/psql_session.h"
#include "rescue/table_request.h"

/*
 * Has PostgreSQL write them into the stream, as COPY does.  The stream ends
 * only if all are in it.  NULL, or malloc'd text on what failed.
 */
extern char *rescue_rows_send(const DrillServer *server, const json_t *table,
							  const RescueTable *wanted, ByteStream *stream);

#endif /* RESCUE_SEND_ROWS_H */
