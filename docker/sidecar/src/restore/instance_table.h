/*
 * instance_table.h
 *
 * The table of instances, for the files that implement instance.h.
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
	Instance *next; /* newest first */
	char *name;
	char *server;
	char *directory;
	char *backup_id;
	char *next_backup_id; /* of a refresh that has not begun; or NULL */
	InstanceState state;
	bool claimed; /* by a job */
	bool has_files;
	int port; /* 0: none */
	ServerProcess process;
	char *isolation; /* what confines the process, as text; or NULL */
	Recovery recovery;
	int64_t restore_ms; /* -1: unknown */
	int64_t recovery_ms;
	int64_t created;  /* timestamp_now() */
	int64_t bytes;	  /* -1: unknown */
	int64_t freed;	  /* what of the disk a refresh may count on; 0: unknown */
	int64_t reserved; /* for its restore while that runs */
	int64_t written;  /* bytes of reserved that are written, or that a refresh replaces */
	json_t *error;
};

/*
 * lock guards the list and all fields above; name, server, directory and port
 * of a claimed instance do not change.
 */
typedef struct InstanceTable
{
	pthread_mutex_t lock;
	Instance *newest;
	bool stopping; /* the watch has ended */
} InstanceTable;

extern InstanceTable instance_table;

/* The lock is held. */
extern Instance *instance_find(const char *name);
extern void instance_free(Instance *instance);

#endif /* RESTORE_INSTANCE_TABLE_H */
