/*
 * token.c
 *
 * Compares the token of a request with the one in the token file.  The file
 * is looked at for each request, so the token can be rotated; the token is
 * never logged.  Called from the HTTP thread alone.
 */
#include "token.h"

#include <ctype.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* Shorter than a page, longer than any sensible token. */
#define TOKEN_MAX 1024

static const char *token_path;
static char token[TOKEN_MAX];
static size_t token_length;
static struct stat token_stat;

static bool token_load(void);
static bool token_equal(const char *candidate, size_t length);

void
token_use_file(const char *path)
{
	token_path = path;
	token_length = 0;
	memset(&token_stat, 0, sizeof(token_stat));
}

bool
token_configured(void)
{
	return token_path != NULL;
}

TokenVerdict
token_check(const char *authorization)
{
	static const char scheme[] = "Bearer ";
	const char *candidate;
	size_t		length;

	if (token_path == NULL)
		return TOKEN_GOOD;
	if (!token_load())
		return TOKEN_UNREADABLE;
	if (authorization == NULL)
		return TOKEN_MISSING;
	if (strncasecmp(authorization, scheme, sizeof(scheme) - 1) != 0)
		return TOKEN_WRONG;
	candidate = authorization + sizeof(scheme) - 1;
	candidate += strspn(candidate, " ");
	length = strlen(candidate);
	while (length > 0 && isspace((unsigned char) candidate[length - 1]))
		length--;
	return token_equal(candidate, length) ? TOKEN_GOOD : TOKEN_WRONG;
}

/*
 * Read the file again if it changed.  An empty file is no token at all: it
 * lets nobody in.
 */
static bool
token_load(void)
{
	struct stat now;
	char		buffer[TOKEN_MAX];
	ssize_t		got;
	size_t		length;
	size_t		start = 0;
	int			fd;

	if (stat(token_path, &now) != 0)
		return false;
	if (token_length > 0 &&
		now.st_dev == token_stat.st_dev &&
		now.st_ino == token_stat.st_ino &&
		now.st_size == token_stat.st_size &&
		now.st_mtim.tv_sec == token_stat.st_mtim.tv_sec &&
		now.st_mtim.tv_nsec == token_stat.st_mtim.tv_nsec &&
		now.st_ctim.tv_sec == token_stat.st_ctim.tv_sec &&
		now.st_ctim.tv_nsec == token_stat.st_ctim.tv_nsec)
		return true;

	token_length = 0;
	fd = open(token_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return false;
	got = read(fd, buffer, sizeof(buffer));
	close(fd);
	if (got <= 0 || (size_t) got == sizeof(buffer))
		return false;
	length = (size_t) got;
	while (length > 0 && isspace((unsigned char) buffer[length - 1]))
		length--;
	while (start < length && isspace((unsigned char) buffer[start]))
		start++;
	if (start == length)
		return false;
	memcpy(token, buffer + start, length - start);
	token_length = length - start;
	token_stat = now;
	return true;
}

/* Takes the same time wherever the first difference is. */
static bool
token_equal(const char *candidate, size_t length)
{
	unsigned char difference = (unsigned char) (length != token_length);

	for (size_t i = 0; i < token_length; i++)
	{
		unsigned char byte = length > 0 ? (unsigned char) candidate[i % length] : 0;

		difference |= (unsigned char) (byte ^ (unsigned char) token[i]);
	}
	return difference == 0;
}
