/*
 * server.h
 *
 * The process of a restored PostgreSQL server: started, looked at, ended.
 */
#ifndef RESTORE_SERVER_H
#define RESTORE_SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "restore/cage.h"

/*
 * A process by the two numbers that no other can bear; pid 0: none.  That of a
 * server is its keeper, which lives as long as any process of it does.
 */
typedef struct ServerProcess
{
	pid_t		pid;
	uint64_t	start_time;
} ServerProcess;

typedef enum ServerState
{
	SERVER_GONE,
	SERVER_STARTING,			/* lives; recovery has not ended */
	SERVER_READY				/* recovery has ended, it takes connections */
} ServerState;

/* malloc'd output of a program in bindir, of PostgreSQL's or the system's; "" if it failed */
extern char *server_program(const char *bindir, const char *program, const char *argument);

/* Of the PostgreSQL below bindir: 17; 0 if there is none */
extern int	server_major_version(const char *bindir);

/*
 * malloc'd output of pg_controldata of an instance's directory, "" if it
 * failed; in a cage, and without one not at all if it is required.
 */
extern char *server_controldata(const char *bindir, const char *directory, bool required);

/*
 * Start the server of a cage's directory in that cage and in a session of its
 * own; what it says goes to the directory's log.  Returns errno.
 */
extern int	server_start(const Cage *cage, CageHold *held, ServerProcess *process);

extern ServerState server_look(const char *directory, const ServerProcess *process);

/* Was the server shut down, as opposed to having died? */
extern bool server_ended_cleanly(const char *directory);

/*
 * End a server whose data nobody wants any more; returns when no process of
 * it is left, and true, or when that is hopeless.
 */
extern bool server_end(const char *directory, const ServerProcess *process, int64_t grace_ms);

#endif							/* RESTORE_SERVER_H */
