/*
 * confinement.c
 *
 * Starts a program under a seccomp filter that refuses whatever makes a
 * connection.  It needs no privilege, so that it holds in a container as well,
 * and it must never be put on the sidecar itself.
 */
#include "confinement.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "memory.h"

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#define ARCHITECTURE 0
#endif

/* Calls of another ABI than the program's own have these numbers on x86-64. */
#define FOREIGN_NUMBERS 0x40000000

/* The rest are flags. */
#define SOCKET_TYPE 0xf

/* The low and high half of an argument, on the architectures above */
#define LOW(n) ((unsigned int) offsetof(struct seccomp_data, args[n]))
#define HIGH(n) (LOW(n) + 4)

#define LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset)
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, value)
#define REFUSE RETURN(SECCOMP_RET_ERRNO | EACCES)
#define ALLOW RETURN(SECCOMP_RET_ALLOW)

/* The next instruction is for this value, or for any other. */
#define IF(value) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1)
#define IF_NOT(value) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 1, 0)

/* So are the next few. */
#define IF_BEGIN(value, count) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, count)
#define IF_NOT_BEGIN(value, count) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, count, 0)

static const struct sock_filter filter[] = {
	LOAD((unsigned int) offsetof(struct seccomp_data, arch)),
	IF_NOT(ARCHITECTURE), REFUSE,
	LOAD((unsigned int) offsetof(struct seccomp_data, nr)),
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, FOREIGN_NUMBERS, 0, 1), REFUSE,

	/* what connects, or sends to an address that a filter cannot see */
	IF(SYS_connect), REFUSE,
	IF(SYS_sendmsg), REFUSE,
	IF(SYS_sendmmsg), REFUSE,

	/* what does all of it behind the filter's back */
	IF(SYS_io_uring_setup), REFUSE,

	/* what would make another process do it, or take its sockets */
	IF(SYS_ptrace), REFUSE,
	IF(SYS_process_vm_writev), REFUSE,
	IF(SYS_pidfd_getfd), REFUSE,

	/* sendto() is send() if it names no address */
	IF_BEGIN(SYS_sendto, 7),
	LOAD(LOW(4)),
	IF_NOT(0), REFUSE,
	LOAD(HIGH(4)),
	IF_NOT(0), REFUSE,
	ALLOW,

	/* of sockets those to listen with: of files, and TCP */
	IF_NOT(SYS_socket), ALLOW,
	LOAD(LOW(0)),
	IF(AF_UNIX), ALLOW,
	IF_NOT_BEGIN(AF_INET, 2),
	IF_NOT(AF_INET6), REFUSE,
	LOAD(LOW(1)),
	BPF_STMT(BPF_ALU | BPF_AND | BPF_K, SOCKET_TYPE),
	IF_NOT(SOCK_STREAM), REFUSE,
	LOAD(LOW(2)),
	IF(0), ALLOW,
	IF(IPPROTO_TCP), ALLOW,
	REFUSE
};

typedef struct Spawn
{
	pid_t	   *pid;
	const char *path;
	const posix_spawn_file_actions_t *actions;
	const posix_spawnattr_t *attributes;
	char	   *const *argv;
	char	   *const *environment;
	int			error;
} Spawn;

static int	filters_of(pid_t pid);
static void *spawn_confined(void *arg);

/*
 * A filter is of a thread and of what that thread starts, for good: so a
 * thread puts it on, starts the program, and ends.
 */
int
confined_spawn(pid_t *pid, const char *path,
			   const posix_spawn_file_actions_t *actions,
			   const posix_spawnattr_t *attributes,
			   char *const *argv, char *const *environment)
{
	Spawn		spawn = {pid, path, actions, attributes, argv, environment, 0};
	pthread_t	thread;
	int			error = pthread_create(&thread, NULL, spawn_confined, &spawn);

	if (error != 0)
		return error;
	pthread_join(thread, NULL);
	return spawn.error;
}

bool
process_is_confined(pid_t pid)
{
	return filters_of(pid) > filters_of(getpid());
}

/*
 * A container has filters of its own, which we have as well.  Kernels before
 * 5.9 do not count them, but tell of what comes with ours.
 */
static int
filters_of(pid_t pid)
{
	char		line[256];
	char	   *path = mem_printf("/proc/%d/status", (int) pid);
	FILE	   *file = fopen(path, "re");
	int			privileges_given_up = 0;
	int			filters = -1;

	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
	{
		sscanf(line, "NoNewPrivs: %d", &privileges_given_up);
		sscanf(line, "Seccomp_filters: %d", &filters);
	}
	if (file != NULL)
		fclose(file);
	free(path);
	return filters >= 0 ? filters : privileges_given_up;
}

static void *
spawn_confined(void *arg)
{
	Spawn	   *spawn = arg;
	struct sock_fprog program = {
		.len = sizeof(filter) / sizeof(filter[0]),
		.filter = (struct sock_filter *) (uintptr_t) filter
	};

	if (ARCHITECTURE == 0)
		spawn->error = ENOSYS;
	else if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
			 syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0)
		spawn->error = errno;
	else
		spawn->error = posix_spawn(spawn->pid, spawn->path, spawn->actions, spawn->attributes,
								   spawn->argv, spawn->environment);
	return NULL;
}
