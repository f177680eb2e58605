/*
 * cage_filter.c
 *
 * A seccomp filter that refuses the system calls by which a restored server
 * could reach others, and those that no server needs.  It needs no privilege,
 * so it works in a container too.  It must never be installed on the sidecar
 * itself.
 */
#include "restore/cage_filter.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/memory.h"

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#define ARCHITECTURE 0
#endif

/* On x86-64, calls of the x32 ABI have these numbers. */
#define FOREIGN_NUMBERS 0x40000000

/* Newer than the headers of some systems; the same number on all architectures */
#define CALL_MOUNT_SETATTR	 442
#define CALL_PROCESS_MADVISE 440
#define CALL_FCHMODAT2		 452
#define CALL_SETXATTRAT		 463
#define CALL_REMOVEXATTRAT	 466
#define CALL_OPEN_TREE_ATTR	 467
#define CALL_FILE_SETATTR	 469

#define NEW_NAMESPACES                                                                         \
	(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | \
	 CLONE_NEWCGROUP)

/* The rest are flags. */
#define SOCKET_TYPE 0xf

#define PROGRAM_MAX 512

typedef struct Program
{
	struct sock_filter code[PROGRAM_MAX];
	unsigned short length;
} Program;

typedef struct Refusal
{
	int number;
	int error; /* 0: it does nothing, but reports success */
} Refusal;

static const Refusal connecting[] = {
	{SYS_connect, EACCES},
};

/* What is shared by a key outlives its processes, and is in no file system. */
static const Refusal sharing[] = {
	{SYS_shmget, EACCES},
	{SYS_shmat, EACCES},
	{SYS_shmctl, EACCES},
};

/* Calls that send to an address that a filter cannot see */
static const Refusal addressed[] = {
	{SYS_sendmsg, EACCES},
	{SYS_sendmmsg, EACCES},
};

static const Refusal never[] = {
	/* io_uring does all of these without the filter */
	{SYS_io_uring_setup, EACCES},
	{SYS_io_uring_enter, EACCES},
	{SYS_io_uring_register, EACCES},

	/* these access another process, or change how it runs */
	{SYS_ptrace, EACCES},
	{SYS_process_vm_readv, EACCES},
	{SYS_process_vm_writev, EACCES},
	{SYS_pidfd_getfd, EACCES},
	{SYS_kcmp, EACCES},
	{CALL_PROCESS_MADVISE, EACCES},
	{SYS_migrate_pages, EACCES},
	{SYS_move_pages, EACCES},
	{SYS_setpriority, EACCES},
	{SYS_ioprio_set, EACCES},
	{SYS_sched_setaffinity, EACCES},
	{SYS_sched_setscheduler, EACCES},
	{SYS_sched_setparam, EACCES},
	{SYS_sched_setattr, EACCES},

/*
	 * Landlock does not check these, and file owners protect nothing: all
	 * files of Barman are this user's.  The postmaster insists on a mode for
	 * its socket, which the umask has already set.
	 */
#ifdef SYS_chmod
	{SYS_chmod, 0},
#endif
	{SYS_fchmod, 0},
	{SYS_fchmodat, 0},
	{CALL_FCHMODAT2, 0},
#ifdef SYS_chown
	{SYS_chown, EACCES},
	{SYS_lchown, EACCES},
#endif
	{SYS_fchown, EACCES},
	{SYS_fchownat, EACCES},
#ifdef SYS_utime
	{SYS_utime, EACCES},
	{SYS_utimes, EACCES},
	{SYS_futimesat, EACCES},
#endif
	{SYS_utimensat, EACCES},
	{SYS_setxattr, EACCES},
	{SYS_lsetxattr, EACCES},
	{SYS_fsetxattr, EACCES},
	{SYS_removexattr, EACCES},
	{SYS_lremovexattr, EACCES},
	{SYS_fremovexattr, EACCES},
	{CALL_SETXATTRAT, EACCES},
	{CALL_REMOVEXATTRAT, EACCES},
	{CALL_FILE_SETATTR, EACCES},
	{SYS_open_by_handle_at, EACCES},

	/* another view of the file system, or another user */
	{SYS_mount, EACCES},
	{SYS_umount2, EACCES},
	{SYS_pivot_root, EACCES},
	{SYS_chroot, EACCES},
	{SYS_open_tree, EACCES},
	{CALL_OPEN_TREE_ATTR, EACCES},
	{SYS_move_mount, EACCES},
	{SYS_fsopen, EACCES},
	{SYS_fsconfig, EACCES},
	{SYS_fsmount, EACCES},
	{SYS_fspick, EACCES},
	{CALL_MOUNT_SETATTR, EACCES},
	{SYS_unshare, EACCES},
	{SYS_setns, EACCES},

	/* a filter cannot see its flags; libraries fall back to clone() */
	{SYS_clone3, ENOSYS},

	/* the same, and PostgreSQL has its semaphores and queues elsewhere */
	{SYS_semget, EACCES},
	{SYS_semctl, EACCES},
	{SYS_semop, EACCES},
	{SYS_semtimedop, EACCES},
	{SYS_msgget, EACCES},
	{SYS_msgctl, EACCES},
	{SYS_msgsnd, EACCES},
	{SYS_msgrcv, EACCES},
	{SYS_mq_open, EACCES},
	{SYS_mq_unlink, EACCES},

/* these tell the names of files that cannot be listed */
#ifdef SYS_inotify_init
	{SYS_inotify_init, EACCES},
#endif
	{SYS_inotify_init1, EACCES},
	{SYS_fanotify_init, EACCES},

	/* parts of the kernel that a database does not need */
	{SYS_bpf, EACCES},
	{SYS_perf_event_open, EACCES},
	{SYS_userfaultfd, EACCES},
	{SYS_add_key, EACCES},
	{SYS_request_key, EACCES},
	{SYS_keyctl, EACCES},
	{SYS_quotactl, EACCES},
	{SYS_acct, EACCES},
	{SYS_swapon, EACCES},
	{SYS_swapoff, EACCES},
	{SYS_reboot, EACCES},
	{SYS_kexec_load, EACCES},
	{SYS_init_module, EACCES},
	{SYS_finit_module, EACCES},
	{SYS_delete_module, EACCES},
	{SYS_personality, EACCES},
};

static void add(Program *program, unsigned short code, unsigned int k, unsigned char yes,
				unsigned char no);
static void load(Program *program, size_t offset);
static void give(Program *program, int error);
static void refuse_calls(Program *program, const Refusal *refusals, size_t count);
static void refuse_where_bits(Program *program, int number, int argument, unsigned int bits);
static void refuse_unless_zero(Program *program, int number, int argument);
static void refuse_everybody(Program *program);
static void refuse_foreign_memory(Program *program, const SharedKeys *keys);
static void refuse_sockets(Program *program);
static void refuse_sockets_but_of_files(Program *program);
static int filters_of(pid_t pid);

/* The low and high half of an argument, on the architectures above */
#define LOW(n)	(offsetof(struct seccomp_data, args) + 8 * (size_t) (n))
#define HIGH(n) (LOW(n) + 4)

int
cage_filter_apply(CageReach reach, bool by_path, const SharedKeys *keys)
{
	const Refusal cut = {SYS_truncate, EACCES};
	Program program = {.length = 0};
	struct sock_fprog filter = {.filter = program.code};

	if (ARCHITECTURE == 0)
		return ENOSYS;
	load(&program, offsetof(struct seccomp_data, arch));
	add(&program, BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
	give(&program, EACCES);
	load(&program, offsetof(struct seccomp_data, nr));
	add(&program, BPF_JMP | BPF_JGE | BPF_K, FOREIGN_NUMBERS, 0, 1);
	give(&program, EACCES);
	refuse_calls(&program, never, sizeof(never) / sizeof(never[0]));
	if (!by_path)
		refuse_calls(&program, &cut, 1);
	if (reach == REACH_NOBODY)
		refuse_calls(&program, connecting, sizeof(connecting) / sizeof(connecting[0]));
	if (reach != REACH_NETWORK)
		refuse_calls(&program, addressed, sizeof(addressed) / sizeof(addressed[0]));
	refuse_where_bits(&program, SYS_clone, 0, NEW_NAMESPACES);
	refuse_unless_zero(&program, SYS_prlimit64, 0);
	refuse_everybody(&program);
	if (keys != NULL)
		refuse_foreign_memory(&program, keys);
	else
		refuse_calls(&program, sharing, sizeof(sharing) / sizeof(sharing[0]));
	/* sendto() without an address is send() */
	if (reach != REACH_NETWORK)
		refuse_unless_zero(&program, SYS_sendto, 4);
	if (reach == REACH_NOBODY)
		refuse_sockets(&program);
	else if (reach == REACH_SOCKET_FILES)
		refuse_sockets_but_of_files(&program);
	add(&program, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);

	filter.len = program.length;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
		syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) != 0)
		return errno;
	return 0;
}

bool
process_is_filtered(pid_t pid)
{
	return filters_of(pid) > filters_of(getpid());
}

static void
add(Program *program, unsigned short code, unsigned int k, unsigned char yes, unsigned char no)
{
	if (program->length == PROGRAM_MAX)
		abort(); /* the tables above have a fixed length */
	program->code[program->length++] = (struct sock_filter) BPF_JUMP(code, k, yes, no);
}

static void
load(Program *program, size_t offset)
{
	add(program, BPF_LD | BPF_W | BPF_ABS, (unsigned int) offset, 0, 0);
}

static void
give(Program *program, int error)
{
	add(program, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned int) error, 0, 0);
}

/* These expect the number of the call in the accumulator, and keep it there. */
static void
refuse_calls(Program *program, const Refusal *refusals, size_t count)
{
	for (size_t i = 0; i < count; i++)
	{
		add(program, BPF_JMP | BPF_JEQ | BPF_K, (unsigned int) refusals[i].number, 0, 1);
		give(program, refusals[i].error);
	}
}

static void
refuse_where_bits(Program *program, int number, int argument, unsigned int bits)
{
	add(program, BPF_JMP | BPF_JEQ | BPF_K, (unsigned int) number, 0, 4);
	load(program, LOW(argument));
	add(program, BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1);
	give(program, EACCES);
	add(program, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
}

static void
refuse_unless_zero(Program *program, int number, int argument)
{
	add(program, BPF_JMP | BPF_JEQ | BPF_K, (unsigned int) number, 0, 7);
	load(program, LOW(argument));
	add(program, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0);
	give(program, EACCES);
	load(program, HIGH(argument));
	add(program, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0);
	give(program, EACCES);
	add(program, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
}

/* kill(-1) signals all processes of this user, not only the server's. */
static void
refuse_everybody(Program *program)
{
	add(program, BPF_JMP | BPF_JEQ | BPF_K, SYS_kill, 0, 4);
	load(program, LOW(0));
	add(program, BPF_JMP | BPF_JEQ | BPF_K, (unsigned int) -1, 0, 1);
	give(program, EACCES);
	add(program, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
}

/* The postmaster has a small segment, by which another notices it; the large one is no such. */
static void
refuse_foreign_memory(Program *program, const SharedKeys *keys)
{
	add(program, BPF_JMP | BPF_JEQ | BPF_K, SYS_shmget, 0, 9);
	load(program, HIGH(1));
	add(program, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 6);
	load(program, LOW(1));
	add(program, BPF_JMP | BPF_JGT | BPF_K, SHARED_BYTES, 4, 0);
	load(program, LOW(0));
	add(program, BPF_ALU | BPF_SUB | BPF_K, keys->first, 0, 0);
	add(program, BPF_JMP | BPF_JGE | BPF_K, SHARED_KEYS, 1, 0);
	add(program, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
	give(program, EACCES);
}

/* Allows only sockets to listen on: in the file system, and TCP. */
static void
refuse_sockets(Program *program)
{
	add(program, BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 14);
	load(program, LOW(0));
	add(program, BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 10, 0);
	add(program, BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 2, 0);
	add(program, BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 1, 0);
	give(program, EACCES);
	load(program, LOW(1));
	add(program, BPF_ALU | BPF_AND | BPF_K, SOCKET_TYPE, 0, 0);
	add(program, BPF_JMP | BPF_JEQ | BPF_K, SOCK_STREAM, 1, 0);
	give(program, EACCES);
	load(program, LOW(2));
	add(program, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0);
	add(program, BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 0, 1);
	add(program, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
	give(program, EACCES);
}

static void
refuse_sockets_but_of_files(Program *program)
{
	add(program, BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 7);
	load(program, LOW(0));
	add(program, BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 0, 3);
	load(program, LOW(1));
	add(program, BPF_ALU | BPF_AND | BPF_K, SOCKET_TYPE, 0, 0);
	add(program, BPF_JMP | BPF_JEQ | BPF_K, SOCK_STREAM, 1, 0);
	give(program, EACCES);
	add(program, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
}

/*
 * A container has filters of its own, which the sidecar has too.  Kernels before
 * 5.9 do not count filters, but report NoNewPrivs, which comes with ours.
 */
static int
filters_of(pid_t pid)
{
	char line[256];
	char *path = mem_printf("/proc/%d/status", (int) pid);
	FILE *file = fopen(path, "re");
	int privileges_given_up = 0;
	int filters = -1;

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
