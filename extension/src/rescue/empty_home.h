/*-------------------------------------------------------------------------
 *
 * empty_home.h
 *	  A table that is there already, without a row, and takes those that come home.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_EMPTY_HOME_H
#define POC_EMPTY_HOME_H

#include "rescue/state.h"

/* Before anything is restored: those of the tables that are asked for must be empty, and the caller's. */
extern void poc_rescue_foresee_homes(PocRescue *rescue, bool is_dry_run);

/* Locks the table that has the name of rescue->table at home, if there is one, and requires that it can take the rows. */
extern void poc_rescue_take_home(PocRescue *rescue);

/* Sequences of the table go on behind what they had given then. */
extern void poc_rescue_advance_sequences(PocRescue *rescue);

#endif /* POC_EMPTY_HOME_H */
