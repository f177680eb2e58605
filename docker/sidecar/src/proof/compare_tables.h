/*
 * compare_tables.h
 *
 * Compares the tables of a restored server with the fingerprints of a mark.
 */
#ifndef PROOF_COMPARE_TABLES_H
#define PROOF_COMPARE_TABLES_H

#include <stdbool.h>

#include <jansson.h>

#include "proof/drill_request.h"
#include "proof/psql_session.h"

/* How many sessions may query the server at a time */
extern int drill_workers(void);

/*
 * Compares each of the tables with the functions of this host (prepare_copy.h).  Adds
 * one step to the result for all that are equal, and one for each that differs;
 * false if one does.
 */
extern bool drill_compare(const DrillServer *server, const DrillTable *tables, size_t count,
						  json_t *result);

#endif /* PROOF_COMPARE_TABLES_H */
