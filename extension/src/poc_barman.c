/*-------------------------------------------------------------------------
 *
 * poc_barman.c
 *	  The root of the module: magic block and start-up.
 *
 * Keep this file small; functions belong in the files of their subjects.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"

#include "base/settings.h"

PG_MODULE_MAGIC;

void _PG_init(void);

void
_PG_init(void)
{
	poc_define_settings();
}
