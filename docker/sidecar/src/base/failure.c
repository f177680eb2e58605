/*
 * failure.c
 *
 * Why what was asked of Barman has no result.  Never tells it to anybody, nor
 * makes up one: who failed does.
 */
#include "base/failure.h"

#include <stdlib.h>
#include <string.h>

void
barman_failure_clear(BarmanFailure *failure)
{
	free(failure->message);
	free(failure->detail);
	free(failure->hint);
	memset(failure, 0, sizeof(*failure));
}
