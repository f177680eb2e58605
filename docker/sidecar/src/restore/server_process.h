/*
 * server_process.h
 *
 * The process of a restored PostgreSQL server: start, state, end.
 */
#ifndef RESTORE_SERVER_PROCESS_H
#define RESTORE_SERVER_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "restore/cage.h"

/*
 * A process, identified by PID and start time; pid 0: none.  For a server it
 * is the keeper, which lives as long as any of the server's processes.
 */
typedef struct ServerProcess
{
	pid_t pid;
	uint64_t start_time;
} ServerProcess;

typedef enum ServerState
{
	SERVER_GONE,
	SERVER_STARTING, /* lives; recovery has not ended */
	SERVER_READY	 /* recovery has ended, it takes connections */
} ServerState;

/* malloc'd output of a program in bindir; "" if it failed */
extern char *server_program(const char *bindir, const char *program, const char *argument);

/* Major version of the PostgreSQL in bindir, such as 17; 0 if there is none */
extern int server_major_version(const char *bindir);

/*
 * malloc'd output of pg_controldata for an instance's directory, "" if it
 * failed.  It runs confined; if that is required, not without.
 */
extern char *server_controldata(const char *bindir, const char *directory, bool required);

/*
 * Starts the server of a cage's directory, confined and in a session of its
 * own; its output goes to the directory's log.  Returns errno.
 */
extern int server_start(const Cage *cage, CageHold *held, ServerProcess *process);

extern ServerState server_look(const char *directory, const ServerProcess *process);

/* Whether the server was shut down, rather than died */
extern bool server_ended_cleanly(const char *directory);

/*
 * Ends a server whose data is no longer needed.  Returns true once none of its
 * processes is left, false if it gives up.
 */
extern bool server_end(const ServerProcess *process, int64_t grace_ms);

#endif /* RESTORE_SERVER_PROCESS_H */
