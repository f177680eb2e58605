/*-------------------------------------------------------------------------
 *
 * home_dependencies.h
 *	  What rescued tables depend on must be here before they are made.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_HOME_DEPENDENCIES_H
#define POC_HOME_DEPENDENCIES_H

#include "rescue/state.h"

/* An error that tells what each table lacks */
extern void poc_rescue_require_needs(PocRescue *rescue);

#endif /* POC_HOME_DEPENDENCIES_H */
