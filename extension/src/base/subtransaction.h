/*-------------------------------------------------------------------------
 *
 * subtransaction.h
 *	  An error leaves no subtransaction of ours open.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_BASE_SUBTRANSACTION_H
#define POC_BASE_SUBTRANSACTION_H

#include "utils/palloc.h"
#include "utils/resowner.h"

/* Where whoever calls us is. */
typedef struct PocLevel
{
	int nesting; /* of subtransactions */
	MemoryContext context;
	ResourceOwner owner;
} PocLevel;

extern PocLevel poc_transaction_level(void);
pg_noreturn extern void poc_rethrow_at(const PocLevel *level);

#endif /* POC_BASE_SUBTRANSACTION_H */
