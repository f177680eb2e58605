/*
 * instance_port.h
 *
 * The ports of restored servers.
 */
#ifndef RESTORE_INSTANCE_PORT_H
#define RESTORE_INSTANCE_PORT_H

#include <stdbool.h>

/* One that no instance and no other program uses; 0: none.  The lock is held. */
extern int instance_port_find(void);

/* Whether no program listens there */
extern bool instance_port_is_free(int port);

#endif /* RESTORE_INSTANCE_PORT_H */
