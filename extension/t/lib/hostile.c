/*
 * hostile.c
 *
 * A library that somebody has put into a data directory: what code can try
 * that runs as Barman's user.  Each attempt is an error if it is refused.
 */
#include "postgres.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "fmgr.h"
#include "utils/builtins.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(hostile);

static bool
reach(int family, const void *address, socklen_t length)
{
	return connect(socket(family, SOCK_STREAM, 0), address, length) == 0;
}

static bool
reach_path(const char *path, bool abstract)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	strlcpy(address.sun_path + abstract, path, sizeof(address.sun_path) - 1);
	return reach(AF_UNIX, &address,
				 abstract ? offsetof(struct sockaddr_un, sun_path) + 1 + strlen(path)
						  : sizeof(address));
}

static bool
try(const char *what, const char *path)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct rlimit limit = {0, 0};
	struct stat status;

	if (strcmp(what, "write") == 0)
		return open(path, O_RDWR) >= 0;
	if (strcmp(what, "create") == 0)
		return open(path, O_RDWR | O_CREAT, 0600) >= 0;
	if (strcmp(what, "truncate") == 0)
		return truncate(path, 0) == 0;
	if (strcmp(what, "remove") == 0)
		return unlink(path) == 0;
	if (strcmp(what, "open to all") == 0)
		return chmod(path, 0666) == 0 && stat(path, &status) == 0 && (status.st_mode & 0777) == 0666;
	if (strcmp(what, "link") == 0)
		return unlink("linked") <= 0 && link(path, "linked") == 0;
	if (strcmp(what, "kill") == 0)
		return kill(atoi(path), SIGKILL) == 0;
	if (strcmp(what, "limit") == 0)
		return prlimit(atoi(path), RLIMIT_FSIZE, &limit, NULL) == 0;
	if (strcmp(what, "segment") == 0)
	{
		int id = shmget(IPC_PRIVATE, atoi(path), IPC_CREAT | 0600);

		return id >= 0 && shmctl(id, IPC_RMID, NULL) == 0;
	}
	if (strcmp(what, "tcp") == 0)
	{
		address.sin_port = htons(atoi(path));
		return reach(AF_INET, &address, sizeof(address));
	}
	if (strcmp(what, "socket") == 0)
		return reach_path(path, false);
	if (strcmp(what, "abstract") == 0)
		return reach_path(path, true);
	errno = EINVAL;
	return false;
}

Datum
hostile(PG_FUNCTION_ARGS)
{
	char *what = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char *path = text_to_cstring(PG_GETARG_TEXT_PP(1));

	errno = 0;
	if (!try(what, path))
		ereport(ERROR, (errmsg("%s: %m", what)));
	PG_RETURN_VOID();
}
