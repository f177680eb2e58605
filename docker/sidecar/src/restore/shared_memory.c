/*
 * shared_memory.c
 *
 * Which keys of shared memory a restored server uses, and removes what is left of
 * them.  Removes no segment that a process is attached to, or may soon be.  In
 * /dev/shm a restored server has nothing: instance_config.c gives it files of
 * its own for parallel queries, and cage.c no access.
 */
#include "restore/shared_memory.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "restore/instance_files.h"

static bool is_left(int id);

int
shared_memory_keys(const char *directory, SharedKeys *keys)
{
	char *data = mem_printf("%s/" INSTANCE_DATA, directory);
	struct stat status;
	int error = stat(data, &status) != 0 ? errno : 0;

	if (error == 0)
		keys->first = (unsigned int) status.st_ino;
	free(data);
	return error;
}

void
shared_memory_remove(const SharedKeys *keys)
{
	for (unsigned int i = 0; keys->first != 0 && i < SHARED_KEYS; i++)
	{
		int id = shmget((key_t) (keys->first + i), 0, 0);

		if (id >= 0 && is_left(id))
			shmctl(id, IPC_RMID, NULL);
	}
}

/* Another cluster's postmaster may have such a key, and lives when it makes its segment. */
static bool
is_left(int id)
{
	struct shmid_ds status;

	return shmctl(id, IPC_STAT, &status) == 0 && status.shm_nattch == 0 &&
		   status.shm_perm.cuid == geteuid() && kill(status.shm_cpid, 0) != 0 && errno == ESRCH;
}
