/*
 * process.h
 *
 * What /proc tells of processes that are not our children any more.
 */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * With the pid, the name of a process that no other can bear: its start in
 * the kernel's ticks since boot.  0 if there is no such process.
 */
extern uint64_t process_start_time(pid_t pid);

/* False for one that has ended and was not reaped. */
extern bool process_is_running(pid_t pid, uint64_t start_time);

/* Not there, or all of its threads have: its first one may have before. */
extern bool process_has_ended(pid_t pid);

/* Someone has stopped it (SIGSTOP). */
extern bool process_is_stopped(pid_t pid);

/* 0 if there is no such process */
extern pid_t process_parent(pid_t pid);

/* Changes with every boot; "" if the kernel does not tell. */
extern const char *process_boot_id(void);

/*
 * End what is left of a process group that began in this session no earlier
 * than start_time: SIGINT, and SIGKILL after the grace.  False if nothing was
 * left.
 */
extern bool process_end_group(pid_t group, pid_t session, uint64_t start_time,
							  int64_t grace_ms);

#endif							/* BASE_PROCESS_H */
