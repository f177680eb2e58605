/*
 * disk.c
 *
 * How full a file system is.  May hang with it (NFS), so never run by the
 * thread that serves requests.
 */
#include "base/disk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/memory.h"

/* A directory that is not there yet will be where its parent is. */
json_t *
disk_of_path(const char *path)
{
	char	   *existing = mem_strdup(path);
	struct statvfs disk;
	json_t	   *value = NULL;
	int			result;

	while ((result = statvfs(existing, &disk)) != 0 && errno == ENOENT)
	{
		char	   *slash = strrchr(existing, '/');

		if (slash == NULL || slash == existing)
			break;
		*slash = '\0';
	}
	free(existing);
	if (result != 0)
		return NULL;

	value = json_checked(json_object());
	/* what Barman's user may still write, without the reserve for root */
	json_object_set_new(value, "free_bytes",
						json_integer((json_int_t) (disk.f_bavail * disk.f_frsize)));
	json_object_set_new(value, "total_bytes",
						json_integer((json_int_t) (disk.f_blocks * disk.f_frsize)));
	return value;
}
