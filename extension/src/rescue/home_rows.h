/*-------------------------------------------------------------------------
 *
 * home_rows.h
 *	  Loads the rows of a rescued table.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_HOME_ROWS_H
#define POC_HOME_ROWS_H

#include "nodes/pg_list.h"

#include "client/http_stream.h"

/* With the rights of the owner; InvalidOid: with those of the caller, as a COPY of his would */
extern uint64 poc_load_rows(Oid relid, Oid owner, List *columns, const char *format,
							PocHttpStream *stream);

#endif /* POC_HOME_ROWS_H */
