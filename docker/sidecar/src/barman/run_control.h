/*
 * run_control.h
 *
 * Ends a run from another thread.
 */
#ifndef BARMAN_RUN_CONTROL_H
#define BARMAN_RUN_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A handle with which another thread may end a run.  It outlives the run and
 * may be used for several runs, one after the other.
 */
typedef struct RunControl RunControl;

extern RunControl *run_control_create(void);
extern void run_control_destroy(RunControl *control);
extern void run_control_cancel(RunControl *control);
extern bool run_control_cancelled(RunControl *control);

/* Sleep, but wake on cancel; false if cancelled. */
extern bool run_control_sleep(RunControl *control, int64_t milliseconds);

/* Cancel with a shorter grace, because the sidecar is stopping. */
extern void run_control_hurry(RunControl *control);
extern bool run_control_hurried(RunControl *control);

/* Readable once cancelled, for poll(). */
extern int run_control_event(RunControl *control);

#endif /* BARMAN_RUN_CONTROL_H */
