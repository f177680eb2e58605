/*
 * routes_read.h
 *
 * The routes that only read.
 */
#ifndef API_ROUTES_READ_H
#define API_ROUTES_READ_H

#include "http/request.h"

/* Call once at start, for the uptime. */
extern void routes_init(void);

extern Answer *get_page(Request *request);
extern Answer *get_health(Request *request);
extern Answer *get_metrics(Request *request);
extern Answer *get_servers(Request *request);
extern Answer *get_backups(Request *request);
extern Answer *get_backup(Request *request);
extern Answer *get_check(Request *request);
extern Answer *get_status(Request *request);
extern Answer *get_replication(Request *request);
extern Answer *get_files(Request *request);
extern Answer *get_disks(Request *request);
extern Answer *get_archive(Request *request);
extern Answer *get_ahead(Request *request);
extern Answer *get_last_drill(Request *request);
extern Answer *get_diagnose(Request *request);

#endif /* API_ROUTES_READ_H */
