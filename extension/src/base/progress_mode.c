/*-------------------------------------------------------------------------
 *
 * progress_mode.c
 *	  Decides how the client of this session is told of progress.
 *
 * pgcli collects notices and prints them after the result, the newest first, each with its
 * detail or "None".  Its application_name tells it, and whoever pretends to be pgcli gets
 * nothing but other notices.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "base/compat.h"
#include "base/progress_mode.h"

#define PGCLI "pgcli"

PG_FUNCTION_INFO_V1(poc_progress_shown);

PocProgress
poc_progress(void)
{
	if (poc_progress_setting != POC_PROGRESS_AUTO)
		return (PocProgress) poc_progress_setting;
	return application_name != NULL && strncmp(application_name, PGCLI, strlen(PGCLI)) == 0
			   ? POC_PROGRESS_BRIEF
			   : POC_PROGRESS_LOG;
}

/*
 * _poc.progress() returns text: log, brief or none.
 */
Datum
poc_progress_shown(PG_FUNCTION_ARGS)
{
	static const char *const words[] = {
		[POC_PROGRESS_LOG] = "log",
		[POC_PROGRESS_BRIEF] = "brief",
		[POC_PROGRESS_NONE] = "none",
	};

	PG_RETURN_TEXT_P(cstring_to_text(words[poc_progress()]));
}
