/*-------------------------------------------------------------------------
 *
 * compat.h
 *	  Differences between PostgreSQL 15 and 18, in one place.
 *
 * The only file that may mention PG_VERSION_NUM.  Where servers differ, the
 * *new* name is defined here for *old* servers.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_COMPAT_H
#define POC_COMPAT_H

#if PG_VERSION_NUM < 150000
#error "poc_barman needs PostgreSQL 15 or newer"
#endif

/* 17: wait event sets belong to a resource owner */
#if PG_VERSION_NUM < 170000
#define CreateWaitEventSet(resowner, nevents) \
	CreateWaitEventSet(CurrentMemoryContext, (nevents))
#endif

/* 17: extensions name their wait events */
#if PG_VERSION_NUM < 170000
#define WaitEventExtensionNew(name) PG_WAIT_EXTENSION
#endif

/* 17: the writer of a logical message says whether it is flushed at once */
#if PG_VERSION_NUM < 170000
#define LogLogicalMessage(prefix, message, size, transactional, flush) \
	LogLogicalMessage((prefix), (message), (size), (transactional))
#endif

#endif							/* POC_COMPAT_H */
