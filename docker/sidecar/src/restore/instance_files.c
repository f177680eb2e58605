/*
 * instance_files.c
 *
 * Makes the directory of a restored instance, and what Barman and PostgreSQL
 * need in it.
 */
#include "restore/instance_files.h"

#include <errno.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/directory.h"

int
instance_files_make(const char *directory)
{
	int error;

	if (mkdir(directory, 0700) != 0)
		return errno;
	error = instance_files_complete(directory);
	if (error != 0)
		directory_remove(directory);
	return error;
}

int
instance_files_complete(const char *directory)
{
	static const char *const names[] = {
		INSTANCE_TABLESPACES,
		INSTANCE_STAGING,
		INSTANCE_SOCKET,
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		int error = directory_make(directory, names[i]);

		if (error != 0 && error != EEXIST)
			return error;
	}
	return 0;
}

int
instance_files_make_anew(const char *directory)
{
	int error = directory_remove(directory);

	return error != 0 ? error : instance_files_make(directory);
}
