/*
 * instance_record.h
 *
 * The record of an instance: a file for the next sidecar, JSON for callers.
 */
#ifndef RESTORE_INSTANCE_RECORD_H
#define RESTORE_INSTANCE_RECORD_H

#include "restore/instance_table.h"

/* The files are in a directory below the state directory. */
extern const char *const instance_state_names[];

extern bool instance_records_open(const char *state_dir); /* false: errno */
extern void instance_records_load(void);
extern void instance_records_close(void);
extern bool instance_write_record(const Instance *instance); /* false: logged why */
extern void instance_remove_record(const Instance *instance);

/* INSTANCE of the HTTP interface; the lock is held. */
extern json_t *instance_json(const Instance *instance);

#endif /* RESTORE_INSTANCE_RECORD_H */
