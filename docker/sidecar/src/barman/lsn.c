/*
 * lsn.c
 *
 * Positions in the WAL, as text.
 */
#include "barman/lsn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool
lsn_parse(const char *text, uint64_t *lsn)
{
	static const char digits[] = "0123456789ABCDEFabcdef";
	size_t high = strspn(text, digits);
	size_t low = text[high] == '/' ? strspn(text + high + 1, digits) : 0;

	if (high == 0 || high > 8 || low == 0 || low > 8 || text[high + 1 + low] != '\0')
		return false;
	*lsn = strtoull(text, NULL, 16) << 32 | strtoull(text + high + 1, NULL, 16);
	return true;
}

const char *
lsn_text(uint64_t lsn, char text[LSN_SIZE])
{
	snprintf(text, LSN_SIZE, "%X/%X", (unsigned int) (lsn >> 32), (unsigned int) lsn);
	return text;
}
