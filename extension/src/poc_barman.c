/*-------------------------------------------------------------------------
 *
 * poc_barman.c
 *	  The root of the module: magic block and start-up.
 *
 * Must stay thin; whatever a function does lives in the file of its subject.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"

#include "base/settings.h"

PG_MODULE_MAGIC;

void		_PG_init(void);

void
_PG_init(void)
{
	poc_define_settings();
}
