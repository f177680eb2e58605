/*-------------------------------------------------------------------------
 *
 * progress_mode.h
 *	  How the client of this session is told of progress.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_PROGRESS_MODE_H
#define POC_PROGRESS_MODE_H

#include "base/settings.h"

/* Never POC_PROGRESS_AUTO */
extern PocProgress poc_progress(void);

#endif /* POC_PROGRESS_MODE_H */
