/*
 * size_history.h
 *
 * How large the backups and the WAL of each server were, over time.
 */
#ifndef OUTLOOK_SIZE_HISTORY_H
#define OUTLOOK_SIZE_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of one server at one time, in bytes; -1: could not be had */
typedef struct SizeSample
{
	int64_t at;		 /* microseconds */
	int64_t backups; /* as Barman tells, with the WAL that they need */
	int64_t wal;	 /* the archive */
	int64_t base_free;
	int64_t base_total;
	int64_t wals_free; /* -1 if the archive is on the disk of the backups */
	int64_t wals_total;
} SizeSample;

/* More are never kept of a server. */
#define SIZE_SAMPLES_MOST 512

/* Loads what is kept. */
extern void size_history_open(const char *state_dir);
extern void size_history_close(void);

/* Adds a sample, thins out the older ones, and keeps them durably. */
extern void size_history_add(const char *server, const SizeSample *sample);

/* malloc'd, the oldest first; NULL if there are none */
extern SizeSample *size_history_of(const char *server, size_t *count);

#endif /* OUTLOOK_SIZE_HISTORY_H */
