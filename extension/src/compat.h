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

#endif							/* POC_COMPAT_H */
