/*
 * store.h
 *
 * The files of the jobs: one record and one log each.
 */
#ifndef JOBS_STORE_H
#define JOBS_STORE_H

#include <stdbool.h>

#include <jansson.h>

/* Makes and locks the directory; says on the log why not. */
extern bool job_store_open(const char *state_dir);
extern void job_store_close(void);

/* Durable when it returns. */
extern bool job_store_write(const char *id, const json_t *record);

/* All records that can be read; the others are renamed to *.bad. */
extern json_t *job_store_load(void);

extern bool job_store_append_log(const char *id, const json_t *line);

/*
 * The lines after the first n, as many as have no more than limit bytes, or one;
 * an array, empty if there are none.  *more: there are others behind them.
 */
extern json_t *job_store_read_log(const char *id, json_int_t after, size_t limit, bool *more);

extern void job_store_remove(const char *id);

#endif							/* JOBS_STORE_H */
