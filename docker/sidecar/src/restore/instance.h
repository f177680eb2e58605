/*
 * instance.h
 *
 * The restored servers: claimed by a restore, watched while they run, listed,
 * and dropped.  Each has a record that outlives the sidecar.
 */
#ifndef RESTORE_INSTANCE_H
#define RESTORE_INSTANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/answer.h"
#include "base/exposition.h"
#include "base/token.h"
#include "restore/disk_needs.h"
#include "restore/instance_config.h"
#include "restore/recovery_end.h"
#include "restore/server_process.h"

typedef struct Instance Instance;

/*
 * Loads the records, adopts the servers that still run, and removes what
 * unfinished restores left.  Call it after jobs_start(), which ends the
 * processes of such a restore.  Does nothing without --instance-root.
 */
extern bool instances_start(const char *state_dir);

/* Ends the watch.  The servers keep running: the next sidecar finds them. */
extern void instances_stop(void);

extern Answer *instances_list(const TokenGrant *grant);

/* Their numbers by server and state, for /metrics */
extern void instances_metrics(Exposition *exposition);

extern bool instance_name_is_valid(const char *name);

/*
 * For routes.  Claims a name, a directory and a port for a restore; or an
 * instance to refresh, which stays what it is until instance_refreshes(), or
 * one to drop.  NULL: *refusal has the reason.  The caller owns it until
 * a job has ended with it, or until it gives it back.  The space for a restore
 * is reserved while its instance is restoring or recovering.
 */
extern Instance *instance_claim(const char *name, const char *server, const RestoreNeeds *needs,
								Answer **refusal);
extern Instance *instance_claim_to_refresh(const char *name, const char *server,
										   const TokenGrant *grant, const RestoreNeeds *needs,
										   Answer **refusal);
extern Instance *instance_claim_to_drop(const char *name, const TokenGrant *grant, Answer **refusal);
extern void instance_give_back(Instance *instance);

/* Why instance_claim() would refuse now; NULL if it would not.  Without a name, that alone is not examined. */
extern Answer *instance_refusal(const char *name, const char *server, const RestoreNeeds *needs);

/* The same of instance_claim_to_refresh() */
extern Answer *instance_refresh_refusal(const char *name, const char *server,
										const TokenGrant *grant, const RestoreNeeds *needs);

/* For the job: the instance of that name that its route has claimed */
extern Instance *instance_claimed(const char *name);

extern const char *instance_directory(const Instance *instance);
extern const char *instance_server(const Instance *instance);
extern ServerConfig instance_config(const Instance *instance);

/* For the job: how many bytes of the reserved space it has written */
extern void instance_has_written(Instance *instance, int64_t bytes);

/* Changes of state; each is recorded when the call returns. */
extern void instance_restores(Instance *instance, const char *backup_id);

/* NULL if there is room for what a refresh needs beside what the instance has by now */
extern Answer *instance_refresh_room(Instance *instance, const RestoreNeeds *needs);

/*
 * Ends the server of an instance that is refreshed; from now on the instance is
 * restoring.  False if it could not be ended, or its end could not be recorded;
 * or, with *refusal set, if another program has its port: then its files are
 * not touched, for that may be a server that somebody has started on them.
 */
extern bool instance_refreshes(Instance *instance, Answer **refusal);
extern void instance_recovers(Instance *instance, int64_t restore_ms, const ServerProcess *process,
							  const char *isolation);

/*
 * The ends of a claim.  instance_ready(): the server runs, or with recovery
 * NULL is restored but not started; returns the instance as JSON.
 * instance_failed() and instance_dropped() end the server and remove its
 * directory and its record; the job has the error.  False if something cannot
 * be removed: the instance then stays, with the error (taken).
 */
extern json_t *instance_ready(Instance *instance, int64_t restore_ms, int64_t recovery_ms,
							  const Recovery *recovery);
extern bool instance_failed(Instance *instance, json_t *error);
extern bool instance_dropped(Instance *instance);

/* Whether a restore of this server is running, or of this backup unless NULL */
extern bool instance_is_restoring(const char *server, const char *backup_id);

#endif /* RESTORE_INSTANCE_H */
