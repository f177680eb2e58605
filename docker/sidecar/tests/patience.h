/*
 * patience.h: how long a test waits for what must come.  It says nothing of how soon it comes, only
 * that it does: the machine may be busy with other tests, and slow.
 */
#ifndef PATIENCE_H
#define PATIENCE_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/timestamp.h"

#define PATIENCE_MS 180000

/* For loops that look again and again: is there time left?  Waits for a moment first. */
static inline bool
look_again(int64_t began)
{
	poll(NULL, 0, 20);
	return monotonic_ms() - began < PATIENCE_MS;
}

#endif
