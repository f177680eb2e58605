/*
 * run_control.c
 *
 * Ends a run from another thread.
 */
#include "barman/run_control.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/timestamp.h"

struct RunControl
{
	int event; /* readable once cancelled */
	atomic_bool cancelled;
	atomic_bool hurried;
};

RunControl *
run_control_create(void)
{
	RunControl *control = mem_alloc(sizeof(RunControl));

	atomic_init(&control->cancelled, false);
	atomic_init(&control->hurried, false);
	control->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (control->event < 0)
	{
		free(control);
		return NULL;
	}
	return control;
}

void
run_control_destroy(RunControl *control)
{
	if (control == NULL)
		return;
	close(control->event);
	free(control);
}

void
run_control_cancel(RunControl *control)
{
	uint64_t one = 1;
	ssize_t written;

	atomic_store(&control->cancelled, true);
	written = write(control->event, &one, sizeof(one));
	(void) written; /* fails only if it is already readable */
}

void
run_control_hurry(RunControl *control)
{
	atomic_store(&control->hurried, true);
	run_control_cancel(control);
}

bool
run_control_cancelled(RunControl *control)
{
	return atomic_load(&control->cancelled);
}

bool
run_control_sleep(RunControl *control, int64_t milliseconds)
{
	struct pollfd event = {.fd = control->event, .events = POLLIN};
	int64_t until = monotonic_ms() + milliseconds;
	int64_t left;

	while (!run_control_cancelled(control) && (left = until - monotonic_ms()) > 0)
		poll(&event, 1, (int) left);
	return !run_control_cancelled(control);
}

bool
run_control_hurried(RunControl *control)
{
	return atomic_load(&control->hurried);
}

int
run_control_event(RunControl *control)
{
	return control->event;
}
