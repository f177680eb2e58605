/*
 * cage.c
 *
 * Starts a program confined by Landlock (files, signals, abstract sockets and
 * ports) and by seccomp (connections).  Neither needs a privilege.  It must
 * never confine the sidecar itself, and must enforce the rest if the kernel
 * supports only a part.
 */
#include "restore/cage.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/memory.h"
#include "restore/cage_filter.h"
#include "restore/cage_paths.h"

/* From linux/landlock.h, which is older than the kernel on many systems */
#define CREATE_RULESET_VERSION 1U
#define RULE_PATH_BENEATH	   1
#define RULE_NET_PORT		   2

#define ACCESS_EXECUTE		   (UINT64_C(1) << 0)
#define ACCESS_WRITE_FILE	   (UINT64_C(1) << 1)
#define ACCESS_READ_FILE	   (UINT64_C(1) << 2)
#define ACCESS_READ_DIR		   (UINT64_C(1) << 3)
#define ACCESS_REMOVE_DIR	   (UINT64_C(1) << 4)
#define ACCESS_REMOVE_FILE	   (UINT64_C(1) << 5)
#define ACCESS_MAKE_DIR		   (UINT64_C(1) << 7)
#define ACCESS_MAKE_REG		   (UINT64_C(1) << 8)
#define ACCESS_MAKE_SOCK	   (UINT64_C(1) << 9)
#define ACCESS_MAKE_SYM		   (UINT64_C(1) << 12)
#define ACCESS_OF_ABI_1		   ((UINT64_C(1) << 13) - 1)
#define ACCESS_REFER		   (UINT64_C(1) << 13) /* ABI 2 */
#define ACCESS_TRUNCATE		   (UINT64_C(1) << 14) /* ABI 3 */
#define ACCESS_IOCTL_DEV	   (UINT64_C(1) << 15) /* ABI 5 */
#define BIND_TCP			   (UINT64_C(1) << 0)  /* ABI 4 */
#define CONNECT_TCP			   (UINT64_C(1) << 1)
#define SCOPE_ABSTRACT_SOCKETS (UINT64_C(1) << 0) /* ABI 6 */
#define SCOPE_SIGNALS		   (UINT64_C(1) << 1)

#define ABI_TRUNCATE 3
#define ABI_PORTS	 4
#define ABI_SCOPES	 6

/* A rule for a file may have only these. */
#define ACCESS_OF_FILES \
	(ACCESS_EXECUTE | ACCESS_WRITE_FILE | ACCESS_READ_FILE | ACCESS_TRUNCATE | ACCESS_IOCTL_DEV)

#define MAY_READ (ACCESS_READ_FILE | ACCESS_READ_DIR)
#define MAY_RUN	 (MAY_READ | ACCESS_EXECUTE)

/* No device and no FIFO: opening one could block the sidecar's cleanup */
#define MAY_WRITE                                                                              \
	(MAY_READ | ACCESS_WRITE_FILE | ACCESS_REMOVE_DIR | ACCESS_REMOVE_FILE | ACCESS_MAKE_DIR | \
	 ACCESS_MAKE_REG | ACCESS_MAKE_SOCK | ACCESS_MAKE_SYM | ACCESS_REFER | ACCESS_TRUNCATE)

typedef struct RulesetAttributes
{
	uint64_t handled_access_fs;
	uint64_t handled_access_net;
	uint64_t scoped;
} RulesetAttributes;

typedef struct PathRule
{
	uint64_t allowed_access;
	int32_t parent_fd;
} __attribute__((packed)) PathRule;

typedef struct PortRule
{
	uint64_t allowed_access;
	uint64_t port;
} PortRule;

typedef struct Spawn
{
	const Cage *cage;
	CageHold *held;
	char **programs;
	pid_t *pid;
	const char *path;
	const posix_spawn_file_actions_t *actions;
	const posix_spawnattr_t *attributes;
	char *const *argv;
	int error;
} Spawn;

int cage_newest_abi = ABI_SCOPES + 1;

static void *spawn_caged(void *arg);
static int restrict_files(const Cage *cage, char **programs, int abi);
static int make_ruleset(const Cage *cage, int abi, uint64_t *handled);
static int fill_ruleset(const Cage *cage, char **programs, int ruleset, uint64_t handled, int abi);
static int let(int ruleset, const char *path, uint64_t access, uint64_t handled);

/*
 * Landlock and seccomp confine a thread and what it starts, for good: so a new
 * thread confines itself, starts the program, and ends.
 */
int
cage_spawn(const Cage *cage, CageHold *held, pid_t *pid, const char *path,
		   posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
		   char *const *argv)
{
	Spawn spawn = {
		.cage = cage,
		.held = held,
		.pid = pid,
		.path = path,
		.actions = actions,
		.attributes = attributes,
		.argv = argv,
	};
	pthread_t thread;
	int error;

	*held = cage_offered();
	if (held->abi == 0 && cage->required)
		return held->error;

	/* ours are close-on-exec; this is for those of a library */
	error = posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
	if (error != 0)
		return error;
	spawn.programs = cage->bindir != NULL ? cage_paths_of(cage->bindir) : NULL;
	error = pthread_create(&thread, NULL, spawn_caged, &spawn);
	if (error == 0)
	{
		pthread_join(thread, NULL);
		error = spawn.error;
	}
	cage_paths_free(spawn.programs);
	return error;
}

int
cage_spawn_run(const void *how, pid_t *pid, const char *path, posix_spawn_file_actions_t *actions,
			   const posix_spawnattr_t *attributes, char *const *argv)
{
	CageHold held;

	return cage_spawn(how, &held, pid, path, actions, attributes, argv);
}

CageHold
cage_offered(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);
	CageHold held = {.abi = abi > 0 ? (int) abi : 0, .error = abi > 0 ? 0 : errno};

	if (held.abi > cage_newest_abi)
		held.abi = cage_newest_abi;
	return held;
}

bool
cage_holds_signals(const CageHold *held)
{
	return held->abi >= ABI_SCOPES;
}

static void *
spawn_caged(void *arg)
{
	static char *const environment[] = {"PATH=/usr/bin:/bin", "LC_ALL=C", NULL};
	Spawn *spawn = arg;
	CageHold *held = spawn->held;
	bool files = held->abi > 0;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		spawn->error = errno;
	else if (files)
	{
		held->error = restrict_files(spawn->cage, spawn->programs, held->abi);
		if (held->error != 0)
			held->abi = 0;
		if (spawn->cage->required)
			spawn->error = held->error;
	}
	if (spawn->error == 0)
	{
		CageReach reach = spawn->cage->network		  ? REACH_NETWORK
						  : spawn->cage->socket_files ? REACH_SOCKET_FILES
													  : REACH_NOBODY;

		spawn->error = cage_filter_apply(reach, held->abi >= ABI_TRUNCATE, spawn->cage->keys);
		held->connections = spawn->error == 0 && reach == REACH_NOBODY;

		/* a caller that wants connections refused must get that */
		if (reach != REACH_NOBODY && !spawn->cage->required)
			spawn->error = 0;
	}
	if (spawn->error == 0)
		spawn->error = posix_spawn(spawn->pid, spawn->path, spawn->actions, spawn->attributes,
								   spawn->argv, environment);
	return NULL;
}

/* Returns errno; 0 only if the kernel refuses the calling thread all else. */
static int
restrict_files(const Cage *cage, char **programs, int abi)
{
	uint64_t handled;
	int ruleset = make_ruleset(cage, abi, &handled);
	int error;
	int fd;

	if (ruleset < 0)
		return errno;
	error = fill_ruleset(cage, programs, ruleset, handled, abi);
	if (error == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
		error = errno;
	close(ruleset);
	if (error != 0)
		return error;

	/* check that the kernel enforces it */
	fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == EACCES ? 0 : errno;
	close(fd);
	return ENOTRECOVERABLE;
}

static int
make_ruleset(const Cage *cage, int abi, uint64_t *handled)
{
	RulesetAttributes attributes = {.handled_access_fs = ACCESS_OF_ABI_1};

	if (abi >= 2)
		attributes.handled_access_fs |= ACCESS_REFER;
	if (abi >= ABI_TRUNCATE)
		attributes.handled_access_fs |= ACCESS_TRUNCATE;
	if (abi >= ABI_PORTS)
		attributes.handled_access_net = BIND_TCP | (cage->network ? 0 : CONNECT_TCP);
	if (abi >= 5)
		attributes.handled_access_fs |= ACCESS_IOCTL_DEV;
	if (abi >= ABI_SCOPES)
		attributes.scoped = SCOPE_ABSTRACT_SOCKETS | SCOPE_SIGNALS;
	*handled = attributes.handled_access_fs;
	return (int) syscall(SYS_landlock_create_ruleset, &attributes, sizeof(attributes), 0);
}

/*
 * Allows nothing of /proc, /dev/shm or /tmp: a restored server keeps its
 * shared memory in its own directory.
 */
static int
fill_ruleset(const Cage *cage, char **programs, int ruleset, uint64_t handled, int abi)
{
	const PortRule port = {BIND_TCP, (uint64_t) cage->port};
	const uint64_t programs_may = cage->only != NULL ? MAY_READ : MAY_RUN;
	int error = 0;

	for (size_t i = 0; error == 0 && cage_system_programs[i] != NULL; i++)
		error = let(ruleset, cage_system_programs[i], programs_may, handled);
	for (size_t i = 0; error == 0 && cage_system_files[i] != NULL; i++)
		error = let(ruleset, cage_system_files[i], MAY_READ, handled);
	for (size_t i = 0; error == 0 && programs != NULL && programs[i] != NULL; i++)
		error = let(ruleset, programs[i], programs_may, handled);
	if (error == 0 && cage->only != NULL)
		error = let(ruleset, cage->only, ACCESS_EXECUTE | ACCESS_READ_FILE, handled);
	for (size_t i = 0; error == 0 && cage->only != NULL && cage_loaders[i] != NULL; i++)
		error = let(ruleset, cage_loaders[i], ACCESS_EXECUTE | ACCESS_READ_FILE, handled);
	if (error == 0)
		error = let(ruleset, "/dev/null", ACCESS_READ_FILE | ACCESS_WRITE_FILE | ACCESS_TRUNCATE,
					handled);
	if (error == 0 && cage->directory != NULL)
		error = access(cage->directory, F_OK) != 0
					? errno
					: let(ruleset, cage->directory, cage->read_only ? MAY_READ : MAY_WRITE, handled);
	if (error == 0 && abi >= ABI_PORTS && cage->port != 0 &&
		syscall(SYS_landlock_add_rule, ruleset, RULE_NET_PORT, &port, 0) != 0)
		error = errno;
	return error;
}

/* A path that does not exist needs no rule. */
static int
let(int ruleset, const char *path, uint64_t access, uint64_t handled)
{
	PathRule rule = {.parent_fd = open(path, O_PATH | O_CLOEXEC)};
	struct stat status;
	int error = 0;

	if (rule.parent_fd < 0)
		return errno == ENOENT ? 0 : errno;
	rule.allowed_access = access & handled;
	if (fstat(rule.parent_fd, &status) != 0)
		error = errno;
	if (error == 0 && !S_ISDIR(status.st_mode))
		rule.allowed_access &= ACCESS_OF_FILES;
	if (error == 0 && syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0) != 0)
		error = errno;
	close(rule.parent_fd);
	return error;
}

char *
cage_words(const CageHold *held, const char *option)
{
	char *connections = held->connections
							? mem_strdup(
								  "the kernel refuses every outgoing connection of the restored server")
							: mem_printf("outgoing connections are not refused: barman-sidecar runs with --%s=host",
										 option);
	char *why;
	char *words;

	if (held->abi == 0)
	{
		why = cage_why_not(held->error);
		words = mem_printf("%s; not held are files, signals, abstract sockets and ports: %s",
						   connections, why);
		free(why);
	}
	else if (cage_holds_signals(held))
		words = mem_printf("%s; held are files, signals, abstract sockets and ports (Landlock ABI %d)",
						   connections, held->abi);
	else if (held->abi >= ABI_PORTS)
		words = mem_printf("%s; held are files and ports, not held are signals and abstract sockets (Landlock ABI %d, which lacks these: Linux 6.12 has them)",
						   connections, held->abi);
	else
		words = mem_printf("%s; held are files, not held are signals, abstract sockets and the ports to listen on (Landlock ABI %d, which lacks these: Linux 6.12 has them)",
						   connections, held->abi);
	free(connections);
	return words;
}

char *
cage_why_not(int error)
{
	switch (error)
	{
		case ENOSYS:
			return mem_strdup("this kernel has no Landlock, or a container hides it (ENOSYS)");
		case EOPNOTSUPP:
			return mem_strdup(
				"Landlock is in this kernel, but was not enabled when it was started (EOPNOTSUPP)");
		case EPERM:
			return mem_strdup(
				"the calls of Landlock are forbidden here, as by the seccomp profile of an old container engine (EPERM)");
		default:
			return mem_printf("Landlock failed: %s", strerror(error));
	}
}

const char *
cage_hint(int error)
{
	switch (error)
	{
		case ENOSYS:
			return "Run Linux 5.13 or newer with CONFIG_SECURITY_LANDLOCK; in a container, also a newer engine. Where a superuser of the primary may run code as Barman's user, start barman-sidecar with --confinement=best-effort.";
		case EOPNOTSUPP:
			return "Add landlock to the kernel's parameter lsm=. Where a superuser of the primary may run code as Barman's user, start barman-sidecar with --confinement=best-effort.";
		case EPERM:
			return "Use a newer container engine, or allow the calls landlock_create_ruleset, landlock_add_rule and landlock_restrict_self in its profile. Where a superuser of the primary may run code as Barman's user, start barman-sidecar with --confinement=best-effort.";
		default:
			return "Where a superuser of the primary may run code as Barman's user, start barman-sidecar with --confinement=best-effort.";
	}
}
