/*
 * store.h
 *
 * The files of the jobs: one record and one log each.
 */
#ifndef JOBS_STORE_H
#define JOBS_STORE_H

#include <stdbool.h>

#include <jansson.h>

/* Creates and locks the directory; logs why it cannot. */
extern bool job_store_open(const char *state_dir);
extern void job_store_close(void);

/* The record is durable when it returns. */
extern bool job_store_write(const char *id, const json_t *record);

/* All records that can be read; the others are renamed to *.bad. */
extern json_t *job_store_load(void);

extern bool job_store_append_log(const char *id, const json_t *line);

/*
 * The lines after line "after", as many as fit in limit bytes, but at least
 * one; an empty array if there are none.  *more: further lines follow.
 */
extern json_t *job_store_read_log(const char *id, json_int_t after, size_t limit, bool *more);

/*
 * The same as JSON, to be freed; without parsing: the thread that serves all connections reads
 * it for each who watches the job.
 */
extern char *job_store_log_text(const char *id, json_int_t after, size_t limit, bool *more);

extern void job_store_remove(const char *id);

#endif /* JOBS_STORE_H */
