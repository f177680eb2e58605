/*
 * may_read.h
 *
 * Whether somebody may have the rows of a table of a restored server.
 */
#ifndef RESCUE_MAY_READ_H
#define RESCUE_MAY_READ_H

#include "rescue/table_request.h"

/*
 * malloc'd: SQL of a boolean about the table t, a row of pg_class: may the
 * request's role read all its rows?
 */
extern char *rescue_may_read(const RescueRequest *request);

#endif /* RESCUE_MAY_READ_H */
