/*
 * size_sample.h
 *
 * Measures all servers once.
 */
#ifndef OUTLOOK_SIZE_SAMPLE_H
#define OUTLOOK_SIZE_SAMPLE_H

#include <stdatomic.h>

/* Adds a sample of each server to the history.  Blocks as long as Barman does; stop: give up early. */
extern void size_samples_take(const atomic_bool *stop);

#endif /* OUTLOOK_SIZE_SAMPLE_H */
