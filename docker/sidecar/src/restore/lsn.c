/*
 * lsn.c
 *
 * Positions in the WAL, as text.
 */
#include "restore/lsn.h"

#include <stdlib.h>
#include <string.h>

bool
restore_parse_lsn(const char *text, uint64_t *lsn)
{
	static const char digits[] = "0123456789ABCDEFabcdef";
	size_t		high = strspn(text, digits);
	size_t		low = text[high] == '/' ? strspn(text + high + 1, digits) : 0;

	if (high == 0 || high > 8 || low == 0 || low > 8 || text[high + 1 + low] != '\0')
		return false;
	*lsn = strtoull(text, NULL, 16) << 32 | strtoull(text + high + 1, NULL, 16);
	return true;
}
