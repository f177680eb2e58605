/*-------------------------------------------------------------------------
 *
 * home_fingerprint.h
 *	  Compares the fingerprint of a rescued table with that in the restored server.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_HOME_FINGERPRINT_H
#define POC_HOME_FINGERPRINT_H

#include "rescue/state.h"

/* Of rescue->table, when its rows have come and no trigger fires any more */
extern void poc_rescue_fingerprint_home(PocRescue *rescue);

/* An error if the job tells another one of rescue->table; the job must have ended */
extern void poc_rescue_compare(PocRescue *rescue);

#endif /* POC_HOME_FINGERPRINT_H */
