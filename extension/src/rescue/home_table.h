/*-------------------------------------------------------------------------
 *
 * home_table.h
 *	  Makes the table that comes home.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_HOME_TABLE_H
#define POC_HOME_TABLE_H

#include "rescue/state.h"

extern List *poc_rescue_texts(PocRescue *rescue, const char *list);
extern void poc_rescue_choose_owner(PocRescue *rescue);
extern void poc_rescue_make_table(PocRescue *rescue);
extern void poc_rescue_finish_table(PocRescue *rescue);
extern void poc_rescue_require_home(PocRescue *rescue);
extern void poc_rescue_tell_left_out(PocRescue *rescue);

#endif /* POC_HOME_TABLE_H */
