/*
 * process_limit.h
 *
 * How many processes Barman's user may have while a restored server runs.
 */
#ifndef RESTORE_PROCESS_LIMIT_H
#define RESTORE_PROCESS_LIMIT_H

/* Of all its processes together, where nothing else limits them */
#define PROCESSES_MAX 4096

/*
 * As many as leave some to the sidecar and Barman of those that this control group may
 * have; root is put before the paths of the system, for tests.
 */
extern long process_limit(const char *root);

#endif /* RESTORE_PROCESS_LIMIT_H */
