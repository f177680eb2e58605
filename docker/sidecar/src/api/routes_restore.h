/*
 * routes_restore.h
 *
 * The routes to restore, drill, rescue, verify, keep and delete backups.
 */
#ifndef API_ROUTES_RESTORE_H
#define API_ROUTES_RESTORE_H

#include "http/request.h"

extern Answer *post_restore(Request *request);
extern Answer *post_restore_check(Request *request);
extern Answer *post_drill(Request *request);
extern Answer *post_rescue(Request *request);
extern Answer *get_instances(Request *request);
extern Answer *delete_instance(Request *request);
extern Answer *post_verify(Request *request);
extern Answer *post_keep(Request *request);
extern Answer *delete_backup(Request *request);

#endif /* API_ROUTES_RESTORE_H */
