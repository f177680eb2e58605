/*
 * sleep.c
 *
 * Suspends requests in libmicrohttpd until they are woken, which must happen
 * before libmicrohttpd stops.
 */
#include "http/sleep.h"

#include <stdatomic.h>

#include <microhttpd.h>

static atomic_int sleeping;

void
http_sleep(Request *request)
{
	atomic_fetch_add(&sleeping, 1);
	MHD_suspend_connection(request->connection);
}

void
http_wake(Request *request)
{
	MHD_resume_connection(request->connection);
	atomic_fetch_sub(&sleeping, 1);
}

int
http_sleepers(void)
{
	return atomic_load(&sleeping);
}
