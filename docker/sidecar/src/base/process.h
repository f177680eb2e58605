/*
 * process.h
 *
 * Reads from /proc the state of processes that are no longer our children.
 */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * The start of a process in the kernel's ticks since boot; with the pid, it
 * identifies the process.  0 if there is no such process.
 */
extern uint64_t process_start_time(pid_t pid);

/* False for a zombie. */
extern bool process_is_running(pid_t pid, uint64_t start_time);

/* True if it does not exist, or all its threads have ended; the first may end earlier. */
extern bool process_has_ended(pid_t pid);

/* Is it stopped by SIGSTOP? */
extern bool process_is_stopped(pid_t pid);

/* 0 if there is no such process */
extern pid_t process_parent(pid_t pid);

/* Both of the same process */
extern pid_t process_parent_and_start(pid_t pid, uint64_t *start_time);

/* Changes with every boot; "" if the kernel does not provide it. */
extern const char *process_boot_id(void);

/*
 * The CPU time in ticks that the processes of a group, and those of its own that have ended, have
 * used: it changes while they work.
 */
extern uint64_t process_group_work(pid_t group, pid_t session, uint64_t start_time);

/*
 * End the remains of a process group that began in this session no earlier than
 * start_time: SIGINT, then SIGKILL after the grace.  False if nothing was left.
 */
extern bool process_end_group(pid_t group, pid_t session, uint64_t start_time, int64_t grace_ms);

#endif /* BASE_PROCESS_H */
