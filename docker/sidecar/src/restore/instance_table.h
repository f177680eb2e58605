/*
 * instance_table.h
 *
 * What an instance is, for the files that make up instance.h.
 */
#ifndef RESTORE_INSTANCE_TABLE_H
#define RESTORE_INSTANCE_TABLE_H

#include <pthread.h>

#include "restore/instance.h"

typedef enum InstanceState
{
	INSTANCE_RESTORING,
	INSTANCE_RECOVERING,
	INSTANCE_RUNNING,
	INSTANCE_STOPPED,
	INSTANCE_FAILED
} InstanceState;

struct Instance
{
	Instance   *next;			/* newest first */
	char	   *name;
	char	   *server;
	char	   *directory;
	char	   *backup_id;
	InstanceState state;
	bool		claimed;		/* by a job */
	bool		has_files;
	int			port;			/* 0: none */
	ServerProcess process;
	char	   *isolation;		/* what holds the process, in words; or NULL */
	Recovery	recovery;
	int64_t		restore_ms;		/* -1: unknown */
	int64_t		recovery_ms;
	int64_t		created;		/* timestamp_now() */
	int64_t		bytes;			/* -1: unknown */
	int64_t		reserved;		/* for its restore while that runs, and */
	int64_t		written;		/* so much of it is there */
	json_t	   *error;
};

/*
 * instance.c: lock guards the list and all of the above; name, server,
 * directory and port of a claimed instance do not change.
 */
typedef struct InstanceTable
{
	pthread_mutex_t lock;
	Instance   *newest;
	bool		stopping;		/* the watch has ended */
} InstanceTable;

extern InstanceTable instance_table;

/* The lock is held in these; for instance_remove_files() a claim is enough. */
extern Instance *instance_find(const char *name);
extern bool instance_remove_files(Instance *instance);

/* Out of the list and off the disk */
extern void instance_forget(Instance *instance);
extern void instance_free(Instance *instance);

/* instance_record.c: the files, in a directory below that of the state */
extern const char *const instance_state_names[];

extern bool instance_records_open(const char *state_dir);	/* false: errno */
extern void instance_records_load(void);
extern void instance_records_close(void);
extern bool instance_write_record(const Instance *instance);	/* false: told why */
extern void instance_remove_record(const Instance *instance);

/* INSTANCE of the HTTP interface; the lock is held. */
extern json_t *instance_json(const Instance *instance);

/* instance_watch.c */
extern bool instance_watch_start(void);
extern void instance_watch_stop(void);

/* Notice that a running server has ended; the lock is held. */
extern void instance_look_after(Instance *instance);

#endif							/* RESTORE_INSTANCE_TABLE_H */
