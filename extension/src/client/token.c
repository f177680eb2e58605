/*-------------------------------------------------------------------------
 *
 * token.c
 *	  Reads the token for the sidecar from its file, at each request.
 *
 * The code must neither throw nor use palloc(), because requests are also sent at exit.
 * The error must not contain the path, which only superusers may see.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/compat.h"
#include "client/token.h"

bool
poc_read_token(const char *path, char *token, size_t size, char *error, size_t error_size)
{
	int fd;
	ssize_t length;

	/* O_NONBLOCK: do not hang on a FIFO */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
	{
		snprintf(error, error_size, "The token file could not be opened: %s.", strerror(errno));
		return false;
	}
	length = read(fd, token, size - 1);
	if (length < 0)
		snprintf(error, error_size, "The token file could not be read: %s.", strerror(errno));
	close(fd);
	if (length < 0)
		return false;

	while (length > 0 && strchr(" \t\r\n", token[length - 1]) != NULL)
		length--;
	token[length] = '\0';

	if (length == 0)
	{
		snprintf(error, error_size, "The token file is empty.");
		return false;
	}
	if (length > POC_MAX_TOKEN_SIZE)
	{
		snprintf(error, error_size, "The token in the token file exceeds %d bytes.",
				 POC_MAX_TOKEN_SIZE);
		return false;
	}
	for (ssize_t i = 0; i < length; i++)
	{
		/* other characters could end the header and start another */
		if (token[i] <= 0x20 || token[i] >= 0x7f)
		{
			snprintf(error, error_size,
					 "The token file holds more than one line of plain characters.");
			return false;
		}
	}
	return true;
}
