/*
 * test_cage.c
 *
 * A caged program works in its own directory, listens and answers, and gets at
 * nothing else by any call that the kernel has for it.  Each attempt is made
 * free as well, where it must succeed: else it would prove nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/memory.h"
#include "restore/cage.h"
#include "restore/cage_filter.h"

/* The exit code of an attempt that succeeded; else it is the errno. */
#define REACHED 0

/* No code of an errno: the attempt is not one */
#define UNKNOWN 254

/* An open file that is nobody's business, and is not closed at exec() */
#define OPEN_FILE 50

typedef enum Where
{
	FREE,
	CAGED,
	CAGED_WITH_NETWORK,
	CAGED_TO_READ,
	CAGED_TO_ASK /* a server, at its socket */
} Where;

typedef struct Attempt
{
	const char *name;
	int (*make)(void);
	int refused;		/* with this errno; REACHED: it is allowed */
	bool may_fail_free; /* a container refuses it too */
} Attempt;

extern char **environ;

/* What a child is told, in this order */
typedef struct Place
{
	char home[PATH_MAX]; /* the cage's own */
	char other[PATH_MAX];
	char socket[100];
	int tcp_port;
	int udp_port;
	int own_port;
	pid_t parent;
} Place;

static char self[PATH_MAX];
static char directory[PATH_MAX];
static Place place;

/* As if an inode had that number */
static const SharedKeys own_keys = {0x7e57ca9e};

/* ---- in the child: each returns what it got ---- */

static struct sockaddr_in
loopback(int port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t) port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	return address;
}

static int
try_connect(int family, const void *address, socklen_t length)
{
	int fd = socket(family, SOCK_STREAM, 0);

	return fd < 0 || connect(fd, address, length) != 0 ? errno : REACHED;
}

static int
try_tcp(void)
{
	struct sockaddr_in address = loopback(place.tcp_port);

	return try_connect(AF_INET, &address, sizeof(address));
}

static int
try_socket_file(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	strcpy(address.sun_path, place.socket);
	return try_connect(AF_UNIX, &address, sizeof(address));
}

static int
try_abstract_socket(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int length = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "test_cage_%d",
						  place.parent);

	return try_connect(AF_UNIX, &address,
					   (socklen_t) (offsetof(struct sockaddr_un, sun_path) + 1 + (size_t) length));
}

static int
try_datagram(void)
{
	struct sockaddr_in address = loopback(place.udp_port);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	return fd < 0 || sendto(fd, "x", 1, 0, (struct sockaddr *) &address, sizeof(address)) != 1
			   ? errno
			   : REACHED;
}

/* By a socket that it may have */
static int
try_send_to(void)
{
	struct sockaddr_un nobody = {.sun_family = AF_UNIX, .sun_path = "/nobody"};
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	sendto(fd, "x", 1, 0, (struct sockaddr *) &nobody, sizeof(nobody));
	return errno == ENOENT ? REACHED : errno;
}

static int
try_send_message(void)
{
	int pair[2];
	char byte = 'x';
	struct iovec part = {&byte, 1};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

	return socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0 || sendmsg(pair[0], &message, 0) != 1
			   ? errno
			   : REACHED;
}

static int
try_netlink(void)
{
	return socket(AF_NETLINK, SOCK_RAW, 0) < 0 ? errno : REACHED;
}

/* Refused, or whatever the kernel says of a call without arguments */
static int
try_ring(void)
{
	syscall(SYS_io_uring_setup, 0, NULL);
	return errno == EACCES ? EACCES : REACHED;
}

static int
try_to_listen(int port)
{
	struct sockaddr_in address = loopback(port);
	int on = 1;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
		bind(fd, (struct sockaddr *) &address, sizeof(address)) != 0 || listen(fd, 1) != 0)
		return errno;
	return REACHED;
}

static int
try_own_port(void)
{
	return try_to_listen(place.own_port);
}

static int
try_any_port(void)
{
	return try_to_listen(0);
}

static int
try_local_answer(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	int pair[2];

	snprintf(address.sun_path, sizeof(address.sun_path), "%.90s/s%d", place.home, getpid());
	if (fd < 0 || bind(fd, (struct sockaddr *) &address, sizeof(address)) != 0 || listen(fd, 1) != 0)
		return errno;
	/* as the postmaster does, and gives up if it cannot */
	if (chmod(address.sun_path, 0777) != 0)
		return errno;
	return socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0 || send(pair[0], "x", 1, 0) != 1 ? errno
																						   : REACHED;
}

static int
try_open(const char *below, const char *name, int flags)
{
	char *path = mem_printf("%s/%s", below, name);
	int fd = open(path, flags, 0600);
	int error = errno;

	free(path);
	return fd < 0 ? error : REACHED;
}

static int
try_read(void)
{
	return try_open(place.other, "secret", O_RDONLY);
}

static int
try_write(void)
{
	return try_open(place.other, "secret", O_WRONLY);
}

static int
try_append(void)
{
	return try_open(place.other, "secret", O_WRONLY | O_APPEND);
}

static int
try_create(void)
{
	return try_open(place.other, "new", O_WRONLY | O_CREAT);
}

static int
try_list(void)
{
	return try_open(place.other, ".", O_RDONLY | O_DIRECTORY);
}

static int
try_shared_memory(void)
{
	char *name = mem_printf("test_cage_%d", place.parent);
	int result = try_open("/dev/shm", name, O_RDWR | O_CREAT);

	if (result == REACHED)
		unlinkat(AT_FDCWD, mem_printf("/dev/shm/%s", name), 0);
	return result;
}

/* A segment that stays when its processes are gone, unless it is removed */
static int
try_segment(key_t key, size_t size)
{
	int id = shmget(key, size, IPC_CREAT | IPC_EXCL | 0600);

	return id < 0 || shmctl(id, IPC_RMID, NULL) != 0 ? errno : REACHED;
}

static int
try_own_segment(void)
{
	return try_segment((key_t) own_keys.first + SHARED_KEYS - 1, SHARED_BYTES);
}

static int
try_large_segment(void)
{
	return try_segment((key_t) own_keys.first, SHARED_BYTES + 1);
}

static int
try_foreign_segment(void)
{
	return try_segment((key_t) own_keys.first + SHARED_KEYS, 1);
}

static int
try_private_segment(void)
{
	return try_segment(IPC_PRIVATE, 1);
}

static int
try_semaphores(void)
{
	int id = semget(IPC_PRIVATE, 1, IPC_CREAT | 0600);

	return id < 0 || semctl(id, 0, IPC_RMID) != 0 ? errno : REACHED;
}

static int
try_messages(void)
{
	int id = msgget(IPC_PRIVATE, IPC_CREAT | 0600);

	return id < 0 || msgctl(id, IPC_RMID, NULL) != 0 ? errno : REACHED;
}

/* The kernel wants no slash, which the library takes away. */
static int
try_queue(void)
{
	char *name = mem_printf("test_cage_%d", getpid());
	long fd = syscall(SYS_mq_open, name, O_RDWR | O_CREAT, 0600, NULL);

	return fd < 0 || syscall(SYS_mq_unlink, name) != 0 ? errno : REACHED;
}

/* It would be told the names of files. */
static int
try_watch(void)
{
	int fd = inotify_init1(IN_CLOEXEC);

	return fd < 0 || inotify_add_watch(fd, place.other, IN_CREATE) < 0 ? errno : REACHED;
}

static int
try_cut(void)
{
	char *path = mem_printf("%s/empty", place.other);

	return truncate(path, 0) != 0 ? errno : REACHED;
}

static int
try_remove(void)
{
	char *path = mem_printf("%s/doomed%d", place.other, getppid() == place.parent ? 0 : 1);

	return unlink(path) != 0 ? errno : REACHED;
}

static int
try_make_directory(void)
{
	char *path = mem_printf("%s/directory%d", place.other, getpid());

	return mkdir(path, 0700) != 0 ? errno : REACHED;
}

/* In whatever way it is refused */
static int
try_link_in(void)
{
	char *from = mem_printf("%s/secret", place.other);
	char *to = mem_printf("%s/linked%d", place.home, getpid());

	return link(from, to) != 0 ? EACCES : REACHED;
}

static int
try_rename_out(void)
{
	char *from = mem_printf("%s/from%d", place.home, getpid());
	char *to = mem_printf("%s/to%d", place.other, getpid());

	close(open(from, O_WRONLY | O_CREAT, 0600));
	return rename(from, to) != 0 ? EACCES : REACHED;
}

static int
try_symbolic_link(void)
{
	char *to = mem_printf("%s/secret", place.other);
	char *link = mem_printf("%s/symbolic%d", place.home, getpid());

	return symlink(to, link) != 0 ? UNKNOWN : open(link, O_RDONLY) < 0 ? errno : REACHED;
}

static int
try_change_owner(void)
{
	char *path = mem_printf("%s/secret", place.other);

	return chown(path, (uid_t) -1, getgid()) != 0 ? errno : REACHED;
}

static int
try_change_times(void)
{
	char *path = mem_printf("%s/empty", place.other);

	return utimensat(AT_FDCWD, path, NULL, 0) != 0 ? errno : REACHED;
}

/* Which not every file system has, but the filter comes first */
static int
try_attribute(void)
{
	char *path = mem_printf("%s/empty", place.other);

	return setxattr(path, "user.x", "", 0, 0) != 0 && errno == EACCES ? EACCES : REACHED;
}

/* It is told that it has. */
static int
try_change_mode(void)
{
	char *path = mem_printf("%s/mode", place.other);
	struct stat status;

	if (chmod(path, 0644) != 0 || fchmodat(AT_FDCWD, path, 0644, 0) != 0 || stat(path, &status) != 0)
		return errno;
	return (status.st_mode & 0777) == 0644 ? REACHED : EACCES;
}

static int
try_to_run_its_own(void)
{
	char *path = mem_printf("%s/program", place.home);

	execl(path, path, "-c", "exit 0", NULL);
	return errno;
}

static int
try_process_file(const char *name, int flags)
{
	char *path = mem_printf("/proc/%d/%s", place.parent, name);

	return open(path, flags) < 0 ? EACCES : REACHED;
}

static int
try_memory(void)
{
	return try_process_file("mem", O_RDWR);
}

static int
try_environment(void)
{
	return try_process_file("environ", O_RDONLY);
}

static int
try_trace(void)
{
	return ptrace(PTRACE_SEIZE, place.parent, NULL, NULL) != 0 ? errno : REACHED;
}

static int
try_foreign_memory(void)
{
	char byte;
	struct iovec mine = {&byte, 1};
	struct iovec theirs = {&place, 1};

	/* at an address of ours: there, or not */
	return process_vm_readv(place.parent, &mine, 1, &theirs, 1, 0) < 0 && errno == EACCES ? EACCES
																						  : REACHED;
}

static int
try_signal(void)
{
	return kill(place.parent, 0) != 0 ? errno : REACHED;
}

static int
try_to_signal_all(void)
{
	return kill(-1, 0) != 0 ? errno : REACHED;
}

static int
try_limits(void)
{
	struct rlimit limit;

	return prlimit(place.parent, RLIMIT_CORE, NULL, &limit) != 0 ? errno : REACHED;
}

/* The lowest is allowed to everybody, whatever priority the suite runs with. */
static int
try_priority(void)
{
	return setpriority(PRIO_PROCESS, (id_t) getpid(), 19) != 0 ? errno : REACHED;
}

static int
try_name_space(void)
{
	return unshare(CLONE_NEWUSER) != 0 ? errno : REACHED;
}

static int
try_clone_name_space(void)
{
	long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	return pid < 0 ? errno : REACHED;
}

static int
try_open_file(void)
{
	return fcntl(OPEN_FILE, F_GETFD) < 0 ? errno : REACHED;
}

static int
try_inherited_environment(void)
{
	return getenv("TEST_CAGE_SECRET") == NULL ? ENOENT : REACHED;
}

static void *
nothing(void *arg)
{
	return arg;
}

static int
try_to_run(const char *program)
{
	char *argv[] = {(char *) (uintptr_t) program, NULL};
	pid_t pid;
	int error = posix_spawn(&pid, program, NULL, NULL, argv, environ);

	return error != 0 ? error : waitpid(pid, NULL, 0) == pid ? REACHED : errno;
}

static int
try_program(void)
{
	return try_to_run("/bin/true");
}

/* As \! and \o of psql, and COPY ... TO PROGRAM */
static int
try_shell(void)
{
	FILE *pipe = popen("exit 0", "w");
	int piped = pipe != NULL ? pclose(pipe) : -1;
	int status = system("exit 0");

	return status == 0 || piped == 0						 ? REACHED
		   : WIFEXITED(status) && WEXITSTATUS(status) == 127 ? EACCES
															 : UNKNOWN;
}

static int
try_read_at_home(void)
{
	return try_open(place.home, "mine", O_RDONLY);
}

/* What PostgreSQL does all day */
static int
try_to_work(void)
{
	char *one = mem_printf("%s/work%d", place.home, getpid());
	char *two = mem_printf("%s/below/work%d", place.home, getpid());
	struct stat status;
	pthread_t thread;
	FILE *program;
	int fd;

	if ((fd = open(one, O_RDWR | O_CREAT, 0600)) < 0 || write(fd, "work", 4) != 4 ||
		ftruncate(fd, 3) != 0 || truncate(one, 2) != 0 || stat(one, &status) != 0 ||
		status.st_size != 2 || rename(one, two) != 0 || unlink(two) != 0)
		return errno;
	if (pthread_create(&thread, NULL, nothing, NULL) != 0 || pthread_join(thread, NULL) != 0)
		return errno;
	if (open("/dev/null", O_RDWR) < 0 || open("/etc/passwd", O_RDONLY) < 0 || kill(getpid(), 0) != 0)
		return errno;
	program = popen("exit 7", "w");
	return program == NULL ? errno : WEXITSTATUS(pclose(program)) == 7 ? REACHED : UNKNOWN;
}

static int
try_to_write_at_home(void)
{
	return try_open(place.home, "mine", O_RDWR | O_CREAT);
}

static const Attempt attempts[] = {
	{"tcp", try_tcp, EACCES, false},
	{"socket file", try_socket_file, EACCES, false},
	{"abstract socket", try_abstract_socket, EACCES, false},
	{"datagram", try_datagram, EACCES, false},
	{"send to", try_send_to, EACCES, false},
	{"send message", try_send_message, EACCES, false},
	{"netlink", try_netlink, EACCES, false},
	{"ring", try_ring, EACCES, false},
	{"any port", try_any_port, EACCES, false},
	{"own port", try_own_port, REACHED, false},
	{"local answer", try_local_answer, REACHED, false},
	{"read", try_read, EACCES, false},
	{"write", try_write, EACCES, false},
	{"append", try_append, EACCES, false},
	{"create", try_create, EACCES, false},
	{"list", try_list, EACCES, false},
	{"shared memory", try_shared_memory, EACCES, false},
	{"own segment", try_own_segment, REACHED, false},
	{"large segment", try_large_segment, EACCES, false},
	{"foreign segment", try_foreign_segment, EACCES, false},
	{"private segment", try_private_segment, EACCES, false},
	{"semaphores", try_semaphores, EACCES, false},
	{"messages", try_messages, EACCES, false},
	{"queue", try_queue, EACCES, false},
	{"watch", try_watch, EACCES, false},
	{"cut", try_cut, EACCES, false},
	{"remove", try_remove, EACCES, false},
	{"make directory", try_make_directory, EACCES, false},
	{"link in", try_link_in, EACCES, false},
	{"rename out", try_rename_out, EACCES, false},
	{"symbolic link", try_symbolic_link, EACCES, false},
	{"change owner", try_change_owner, EACCES, false},
	{"change times", try_change_times, EACCES, false},
	{"attribute", try_attribute, EACCES, false},
	{"change mode", try_change_mode, EACCES, false},
	{"run its own", try_to_run_its_own, EACCES, false},
	{"memory", try_memory, EACCES, true},
	{"environment", try_environment, EACCES, true},
	{"trace", try_trace, EACCES, true},
	{"foreign memory", try_foreign_memory, EACCES, true},
	{"signal", try_signal, EPERM, false},
	{"signal all", try_to_signal_all, EACCES, false},
	{"limits", try_limits, EACCES, true},
	{"priority", try_priority, EACCES, false},
	{"name space", try_name_space, EACCES, true},
	{"clone name space", try_clone_name_space, EACCES, true},
	{"open file", try_open_file, EBADF, false},
	{"inherited environment", try_inherited_environment, ENOENT, false},
	{"program", try_program, REACHED, false},
	{"shell", try_shell, REACHED, false},
	{"work", try_to_work, REACHED, false},
	{"write at home", try_to_write_at_home, REACHED, false},
	{"read at home", try_read_at_home, REACHED, false},
};

static int
attempt(const char *name)
{
	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++)
	{
		if (strcmp(attempts[i].name, name) == 0)
			return attempts[i].make();
	}
	return UNKNOWN;
}

/* ---- the tests ---- */

static void
put(const char *below, const char *name, mode_t mode)
{
	char *path = mem_printf("%s/%s", below, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	assert_true(fd >= 0 && write(fd, "text\n", 5) == 5);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
	free(path);
}

static Cage
cage_of(Where where)
{
	Cage cage = {
		.directory = place.home,
		.bindir = directory,
		.port = place.own_port,
		.keys = &own_keys,
		.required = true,
		.network = where == CAGED_WITH_NETWORK,
		.read_only = where == CAGED_TO_READ,
	};
	const Cage asks = {.bindir = directory, .only = self, .socket_files = true, .required = true};

	if (where == CAGED_TO_ASK)
		return asks;

	return cage;
}

static int
spawn_free(pid_t *pid, char *const *argv)
{
	return posix_spawn(pid, argv[0], NULL, NULL, argv, environ);
}

static int
spawn_in(const Cage *cage, CageHold *held, pid_t *pid, char *const *argv)
{
	posix_spawn_file_actions_t actions;
	int error;

	posix_spawn_file_actions_init(&actions);
	error = cage_spawn(cage, held, pid, argv[0], &actions, NULL, argv);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

static int
outcome(const char *name, Where where)
{
	char *argument = mem_printf("%s\n%s\n%s\n%d %d %d %d", place.home, place.other, place.socket,
								place.tcp_port, place.udp_port, place.own_port, getpid());
	char *argv[] = {self, (char *) (uintptr_t) name, argument, NULL};
	Cage cage = cage_of(where);
	CageHold held;
	pid_t pid;
	int status;

	put(place.other, "doomed0", 0600);
	put(place.other, "empty", 0600);
	put(place.other, "mode", 0600);
	assert_int_equal(where == FREE ? spawn_free(&pid, argv) : spawn_in(&cage, &held, &pid, argv), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	free(argument);
	return WEXITSTATUS(status);
}

static void
test_gets_at_nothing_else(void **state)
{
	(void) state;
	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++)
	{
		int got = outcome(attempts[i].name, FREE);

		if (got != REACHED && !attempts[i].may_fail_free)
			fail_msg("%s: not possible even outside: %d", attempts[i].name, got);
		got = outcome(attempts[i].name, CAGED);
		if (got != attempts[i].refused)
			fail_msg("%s: exit code %d", attempts[i].name, got);
	}
}

/* Connections are another matter than files and signals. */
static void
test_with_network(void **state)
{
	(void) state;
	assert_int_equal(outcome("tcp", CAGED_WITH_NETWORK), REACHED);
	assert_int_equal(outcome("datagram", CAGED_WITH_NETWORK), REACHED);
	assert_int_equal(outcome("abstract socket", CAGED_WITH_NETWORK), EPERM);
	assert_int_equal(outcome("any port", CAGED_WITH_NETWORK), EACCES);
	assert_int_equal(outcome("read", CAGED_WITH_NETWORK), EACCES);
	assert_int_equal(outcome("signal", CAGED_WITH_NETWORK), EPERM);
}

/* Who asks a server connects to its socket, and can do no more than write to its own output. */
static void
test_to_ask(void **state)
{
	static const char *const nothing_of[] = {
		"tcp",			 "datagram",	  "send to",
		"send message",	 "netlink",		  "ring",
		"any port",		 "own port",	  "read",
		"write",		 "append",		  "create",
		"list",			 "shared memory", "cut",
		"own segment",	 "semaphores",	  "queue",
		"watch",		 "remove",		  "make directory",
		"link in",		 "rename out",	  "change mode",
		"run its own",	 "program",		  "shell",
		"write at home", "read at home",
	};

	(void) state;
	put(place.home, "mine", 0600);
	assert_int_equal(outcome("socket file", CAGED_TO_ASK), REACHED);
	for (size_t i = 0; i < sizeof(nothing_of) / sizeof(nothing_of[0]); i++)
	{
		int got = outcome(nothing_of[i], CAGED_TO_ASK);

		if (got != EACCES)
			fail_msg("%s: exit code %d", nothing_of[i], got);
	}
	assert_int_equal(outcome("abstract socket", CAGED_TO_ASK), EPERM);
	assert_int_equal(outcome("signal", CAGED_TO_ASK), EPERM);
	assert_int_equal(outcome("open file", CAGED_TO_ASK), EBADF);
	assert_int_equal(outcome("inherited environment", CAGED_TO_ASK), ENOENT);
}

static void
test_to_read(void **state)
{
	(void) state;
	put(place.home, "mine", 0600);
	assert_int_equal(outcome("write at home", CAGED), REACHED);
	assert_int_equal(outcome("write at home", CAGED_TO_READ), EACCES);
}

/* Debian 12's own kernel: what it lacks is told, and cutting a file refused in another way. */
static void
test_older_kernel(void **state)
{
	const int newest = cage_newest_abi;
	Cage cage = cage_of(CAGED);
	CageHold held;
	char *argv[] = {"/bin/true", NULL};
	char *words;
	pid_t pid;

	(void) state;
	cage_newest_abi = 2;
	assert_int_equal(outcome("read", CAGED), EACCES);
	assert_int_equal(outcome("create", CAGED), EACCES);
	assert_int_equal(outcome("cut", CAGED), EACCES);
	assert_int_equal(outcome("write at home", CAGED), REACHED);
	assert_int_equal(outcome("signal", CAGED), REACHED);
	assert_int_equal(spawn_in(&cage, &held, &pid, argv), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(held.abi, 2);
	assert_false(cage_holds_signals(&held));
	words = cage_words(&held, "x");
	assert_non_null(
		strstr(words, "held are files, not held are signals, abstract sockets and the ports"));
	free(words);
	cage_newest_abi = newest;
}

/* A grandchild, and one that the kernel is asked about */
static void
test_is_inherited(void **state)
{
	char *argv[] = {"/bin/sh", "-c",
					"/bin/sh -c 'cat /etc/hostname' && exit 1; echo here > \"$0\"; exec sleep 60",
					mem_printf("%s/grandchild", place.home), NULL};
	Cage cage = cage_of(CAGED);
	CageHold held;
	pid_t pid;
	char *words;

	(void) state;
	assert_int_equal(spawn_in(&cage, &held, &pid, argv), 0);
	while (access(argv[3], F_OK) != 0)
	{
		assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
		usleep(10000);
	}
	assert_true(process_is_filtered(pid));
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_true(held.connections);
	assert_true(held.abi >= 6);
	words = cage_words(&held, "x");
	assert_non_null(
		strstr(words, "held are files, signals, abstract sockets and ports (Landlock ABI "));
	free(words);
	free(argv[3]);
}

static void
test_we_are_not(void **state)
{
	(void) state;
	assert_int_equal(outcome("own port", CAGED), REACHED);
	assert_false(process_is_filtered(getpid()));
	assert_int_equal(try_tcp(), REACHED);
	assert_int_equal(try_read(), REACHED);
}

static void
test_what_cannot_start(void **state)
{
	char *argv[] = {"/usr/no/such/program", NULL};
	Cage cage = cage_of(CAGED);
	CageHold held;
	pid_t pid;

	(void) state;
	assert_int_equal(spawn_in(&cage, &held, &pid, argv), ENOENT);
	cage.directory = "/no/such/directory";
	argv[0] = "/bin/true";
	assert_int_equal(spawn_in(&cage, &held, &pid, argv), ENOENT);
}

/* From now on the calls of Landlock fail as they do without it. */
static void
take_landlock_away(unsigned int error)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned int) offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, SYS_landlock_create_ruleset, 0, 2),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, SYS_landlock_restrict_self, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
		syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) != 0)
		_exit(UNKNOWN);
}

/* In a process of its own: what is wrong, or NULL */
static const char *
without_landlock(int error)
{
	Cage cage = cage_of(CAGED);
	CageHold held;
	char *argv[] = {"/bin/true", NULL};
	pid_t pid = 0;

	take_landlock_away((unsigned int) error);
	held = cage_offered();
	if (held.abi != 0 || held.error != error)
		return "it is not noticed";
	if (spawn_in(&cage, &held, &pid, argv) != error || pid != 0)
		return "where a cage is required something was started without";
	cage.required = false;
	if (spawn_in(&cage, &held, &pid, argv) != 0 || waitpid(pid, NULL, 0) != pid)
		return "best effort starts nothing";
	if (held.abi != 0 || held.error != error || !held.connections)
		return "what holds is not told";
	if (strstr(cage_words(&held, "x"), error == EPERM	 ? "are forbidden here"
									   : error == ENOSYS ? "this kernel has no Landlock"
														 : "was not enabled") == NULL)
		return "why is not told";
	return NULL;
}

static void
test_without_landlock(void **state)
{
	static const int errors[] = {ENOSYS, EPERM, EOPNOTSUPP};

	(void) state;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
	{
		pid_t pid = fork();
		int status;

		if (pid == 0)
		{
			const char *wrong = without_landlock(errors[i]);

			if (wrong != NULL)
				fprintf(stderr, "%s: %s\n", strerror(errors[i]), wrong);
			_exit(wrong != NULL);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
}

static int
listen_on(int type, int family, const void *address, socklen_t length, int *port)
{
	struct sockaddr_in got;
	socklen_t size = sizeof(got);
	int fd = socket(family, type | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, address, length) != 0 || (type == SOCK_STREAM && listen(fd, 100) != 0))
		return -1;
	if (port != NULL)
	{
		if (getsockname(fd, (struct sockaddr *) &got, &size) != 0)
			return -1;
		*port = ntohs(got.sin_port);
	}
	return fd;
}

static int
prepare(void **state)
{
	struct sockaddr_in any = loopback(0);
	struct sockaddr_un local = {.sun_family = AF_UNIX};
	struct sockaddr_un abstract = {.sun_family = AF_UNIX};
	char root[] = "/tmp/test_cage_XXXXXX";
	char *path;
	int length;
	int fd;

	(void) state;
	if (mkdtemp(root) == NULL)
		return -1;
	snprintf(place.home, sizeof(place.home), "%s/home", root);
	snprintf(place.other, sizeof(place.other), "%s/other", root);
	snprintf(place.socket, sizeof(place.socket), "%s/socket", root);
	place.parent = getpid();
	path = mem_printf("%s/below", place.home);
	if (mkdir(place.home, 0700) != 0 || mkdir(place.other, 0700) != 0 || mkdir(path, 0700) != 0)
		return -1;
	free(path);
	put(place.other, "secret", 0600);
	path = mem_printf("cp -L /bin/sh %s/program", place.home);
	if (system(path) != 0)
		return -1;
	free(path);

	strcpy(local.sun_path, place.socket);
	abstract.sun_family = AF_UNIX;
	length = snprintf(abstract.sun_path + 1, sizeof(abstract.sun_path) - 1, "test_cage_%d", getpid());
	fd = listen_on(SOCK_STREAM, AF_INET, &any, sizeof(any), &place.own_port);
	if (fd < 0 || close(fd) != 0 ||
		listen_on(SOCK_STREAM, AF_INET, &any, sizeof(any), &place.tcp_port) < 0 ||
		listen_on(SOCK_DGRAM, AF_INET, &any, sizeof(any), &place.udp_port) < 0 ||
		listen_on(SOCK_STREAM, AF_UNIX, &local, sizeof(local), NULL) < 0 ||
		listen_on(SOCK_STREAM, AF_UNIX, &abstract,
				  (socklen_t) (offsetof(struct sockaddr_un, sun_path) + 1 + (size_t) length),
				  NULL) < 0)
		return -1;
	setenv("TEST_CAGE_SECRET", "x", 1);
	return dup2(STDIN_FILENO, OPEN_FILE) == OPEN_FILE ? 0 : -1;
}

static int
tidy_up(void **state)
{
	char *command = mem_printf("rm -rf \"$(dirname %s)\"", place.home);
	int result = system(command);

	(void) state;
	free(command);
	return result;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gets_at_nothing_else),
		cmocka_unit_test(test_with_network),
		cmocka_unit_test(test_to_ask),
		cmocka_unit_test(test_to_read),
		cmocka_unit_test(test_older_kernel),
		cmocka_unit_test(test_is_inherited),
		cmocka_unit_test(test_we_are_not),
		cmocka_unit_test(test_what_cannot_start),
		cmocka_unit_test(test_without_landlock),
	};
	char *slash;

	if (argc == 3)
	{
		if (sscanf(argv[2], "%4095[^\n]\n%4095[^\n]\n%99[^\n]\n%d %d %d %d", place.home,
				   place.other, place.socket, &place.tcp_port, &place.udp_port, &place.own_port,
				   &place.parent) != 7)
			_exit(UNKNOWN);
		/* a leak sanitizer at the exit would want to trace */
		_exit(attempt(argv[1]));
	}

	/* this program is the only one of its directory, as PostgreSQL's is */
	if (realpath("/proc/self/exe", self) == NULL)
		return 1;
	strcpy(directory, self);
	slash = strrchr(directory, '/');
	*slash = '\0';
	return cmocka_run_group_tests(tests, prepare, tidy_up);
}
