/*-------------------------------------------------------------------------
 *
 * settings.c
 *	  Defines the settings poc_barman.* and checks their values.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/guc.h"

#include "settings.h"

void
poc_define_settings(void)
{
	MarkGUCPrefixReserved("poc_barman");
}
