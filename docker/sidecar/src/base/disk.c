/*
 * disk.c
 *
 * The free space of a file system.  statvfs() may hang with the file system
 * (NFS), so the thread that serves requests never calls this.
 */
#include "base/disk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/memory.h"

/* For a directory that does not exist yet, use its nearest existing parent. */
json_t *
disk_of_path(const char *path)
{
	char *existing = mem_strdup(path);
	struct statvfs disk;
	json_t *value = NULL;
	int result;

	while ((result = statvfs(existing, &disk)) != 0 && errno == ENOENT)
	{
		char *slash = strrchr(existing, '/');

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
