/*-------------------------------------------------------------------------
 *
 * home_triggers.h
 *	  Triggers and foreign keys of a table that takes the rows that come home.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_HOME_TRIGGERS_H
#define POC_HOME_TRIGGERS_H

#include "rescue/state.h"

/* What would fire for rows that come into a table: a step of the rescue, if that is asked for. */
extern void poc_rescue_foresee_triggers(PocRescue *rescue, Oid relid, const char *home);

/* Before the rows of rescue->table come: triggers do not fire for them, unless that is asked for. */
extern void poc_rescue_prepare_triggers(PocRescue *rescue);

/* When they have come */
extern void poc_rescue_restore_triggers(PocRescue *rescue);

/* Names of all triggers that fired for tables of this rescue; NULL: none did */
extern char *poc_rescue_fired_triggers(PocRescue *rescue);

#endif /* POC_HOME_TRIGGERS_H */
