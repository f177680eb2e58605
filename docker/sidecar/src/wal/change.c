/*
 * change.c
 *
 * Names of kinds, as they are asked for.
 */
#include "wal/change.h"

#include <stddef.h>

const char *
change_kind_name(ChangeKind kind)
{
	switch (kind)
	{
		case CHANGE_DROP:
			return "drop";
		case CHANGE_TRUNCATE:
			return "truncate";
		case CHANGE_REWRITE:
			return "rewrite";
		case CHANGE_DELETE:
			return "delete";
		case CHANGE_UPDATE:
			return "update";
		case CHANGE_INSERT:
			return "insert";
	}
	return NULL;
}
