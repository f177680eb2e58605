/*-------------------------------------------------------------------------
 *
 * generate.h
 *	  Functions shared by the SQL functions that fill tables.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_GENERATE_H
#define POC_ROWS_GENERATE_H

#include "utils/jsonb.h"

extern uint64 rows_generate(Oid relid, uint64 n, uint64 seed, Jsonb *json);

/* dummy.c */
extern Oid rows_default_target(void);
extern Oid rows_make_default_target(Oid function);

#endif /* POC_ROWS_GENERATE_H */
