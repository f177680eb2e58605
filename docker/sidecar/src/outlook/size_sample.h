/*
 * size_sample.h
 *
 * Measures all servers at an interval, for the history of their sizes.
 */
#ifndef OUTLOOK_SIZE_SAMPLE_H
#define OUTLOOK_SIZE_SAMPLE_H

#include <stdbool.h>

/* Every interval seconds, first a minute after the start at the latest; 0: never.  Open the history before. */
extern bool size_samples_start(int interval);

/* Begin no more reads. */
extern void size_samples_quit(void);

/* Call after reads_stop(), which ends a read that it waits for. */
extern void size_samples_stop(void);

#endif /* OUTLOOK_SIZE_SAMPLE_H */
