/*
 * recovery_request.c
 *
 * Frees what a restore is asked for.
 */
#include "restore/recovery_request.h"

#include <stdlib.h>

void
restore_request_clear(RestoreRequest *request)
{
	PrimaryFacts *primary = &request->primary;

	free(request->instance);
	free(request->backup_id);
	free(request->target.name);
	free(request->target.time);
	free(request->target.lsn);
	free(request->target.xid);
	free(request->mark_lsn);
	free(request->system_identifier);
	free(request->wal_file);
	for (size_t i = 0; i < primary->locale_count; i++)
	{
		free(primary->locales[i].of);
		free(primary->locales[i].name);
		free(primary->locales[i].version);
	}
	free(primary->locales);
	text_list_clear(&primary->libraries);
	free(primary->preload);
}

void
restore_request_free(void *request)
{
	restore_request_clear(request);
	free(request);
}
