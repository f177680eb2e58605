/*
 * failure.c
 *
 * Why a request to Barman has no result.  Does not report the failure and does
 * not choose its words; the caller does.
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
