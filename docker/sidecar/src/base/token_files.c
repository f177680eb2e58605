/*
 * token_files.c
 *
 * Reads the token files.  Stats each on every request, so that a token can be
 * rotated.  Never logs a token, and refuses a file that another user could read
 * or write.
 */
#include "base/token_files.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/names.h"

/* Enough for an operator, a monitor and control hosts, each twice during rotation */
#define FILES_MAX 32

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static TokenFile files[FILES_MAX];
static int file_count;

static bool parse_servers(const char *text, size_t length, TokenGrant *grant);
static void look_at(TokenFile *file);
static char *read_token(TokenFile *file, struct stat *facts);
static bool same_facts(const struct stat *a, const struct stat *b);

char *
token_add_file(const char *option)
{
	TokenFile *file = &files[file_count];
	const char *path = option;

	if (file_count == FILES_MAX)
		return mem_printf("there are more than %d token files", FILES_MAX);
	memset(file, 0, sizeof(*file));
	file->grant.scope = SCOPE_OPERATE;
	for (TokenScope scope = SCOPE_READ; scope <= SCOPE_DESTROY; scope++)
	{
		const char *name = token_scope_name(scope);
		size_t length = strlen(name);
		const char *equals;

		if (strncmp(option, name, length) != 0 || (option[length] != '=' && option[length] != ':'))
			continue;
		equals = strchr(option + length, '=');
		if (equals == NULL || (option[length] == ':' &&
							   !parse_servers(option + length + 1,
											  (size_t) (equals - option) - length - 1, &file->grant)))
			return mem_printf("--token-file is \"%s\": it must be FILE, SCOPE=FILE or SCOPE:SERVER,...=FILE",
							  option);
		file->grant.scope = scope;
		path = equals + 1;
	}
	if (path[0] == '\0')
		return mem_printf("--token-file is \"%s\": it names no file", option);
	file->path = mem_strdup(path);
	file_count++;
	return NULL;
}

/* Parse "pg,other"; false if it is no list of names. */
static bool
parse_servers(const char *text, size_t length, TokenGrant *grant)
{
	char *copy = mem_strndup(text, length);
	char *rest = copy;
	char *name;
	size_t count = 0;
	bool good = length > 0;

	grant->servers = mem_alloc(sizeof(char *) * (length + 2));
	while (good && (name = strsep(&rest, ",")) != NULL)
	{
		good = barman_valid_server_name(name);
		if (good)
			grant->servers[count++] = mem_strdup(name);
	}
	grant->servers[count] = NULL;
	free(copy);
	return good;
}

void
token_forget_files(void)
{
	for (int i = 0; i < FILES_MAX; i++)
	{
		for (char **server = files[i].grant.servers; server != NULL && *server != NULL; server++)
			free(*server);
		free(files[i].grant.servers);
		free(files[i].path);
		explicit_bzero(&files[i], sizeof(files[i]));
	}
	file_count = 0;
}

int
token_files_lock(bool again, TokenFile **all)
{
	pthread_mutex_lock(&lock);
	for (int i = 0; i < file_count; i++)
	{
		files[i].looked = files[i].looked && !again;
		look_at(&files[i]);
	}
	*all = files;
	return file_count;
}

void
token_files_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

int
token_files_count(void)
{
	return file_count;
}

TokenScope
token_files_strongest(void)
{
	TokenScope strongest = SCOPE_NONE;

	for (int i = 0; i < file_count; i++)
	{
		if (files[i].grant.scope > strongest)
			strongest = files[i].grant.scope;
	}
	return strongest;
}

/* Read the file again if it has changed; log a problem once. */
static void
look_at(TokenFile *file)
{
	struct stat now;
	char *wrong;

	if (lstat(file->path, &now) != 0)
		memset(&now, 0, sizeof(now));
	if (file->looked && same_facts(&now, &file->facts))
		return;

	explicit_bzero(file->token, sizeof(file->token));
	file->length = 0;
	wrong = read_token(file, &now);
	file->looked = true;
	file->facts = now;
	if (wrong != NULL)
		log_line(LOGLEVEL_ERROR, "a token file is not to be used: nobody may in by it", "path",
				 file->path, "scope", token_scope_name(file->grant.scope), "cause", wrong, NULL);
	free(wrong);
}

/*
 * NULL, or a malloc'd reason why there is no token.  *facts describe the file
 * that was read, if it could be opened.
 */
static char *
read_token(TokenFile *file, struct stat *facts)
{
	char buffer[TOKEN_MAX + 1];
	char *wrong = NULL;
	ssize_t got;
	size_t length;
	size_t start = 0;

	/* a fifo or device must not block the open, nor a symbolic link redirect it */
	int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY);

	if (fd < 0)
		return errno == ELOOP ? mem_strdup("it is a symbolic link: name the file itself")
							  : mem_printf("it cannot be opened: %s", strerror(errno));
	if (fstat(fd, facts) != 0)
		wrong = mem_printf("it cannot be examined: %s", strerror(errno));
	else if (!S_ISREG(facts->st_mode))
		wrong = mem_strdup("it is no regular file");
	else if (facts->st_uid != geteuid() && facts->st_uid != 0)
		wrong = mem_strdup("it belongs neither to the sidecar's user nor to root: chown it");
	else if ((facts->st_mode & 077) != 0)
		wrong = mem_printf("it is open to others (mode %04o): chmod 600 it",
						   (unsigned int) facts->st_mode & 07777);
	got = wrong == NULL ? read(fd, buffer, sizeof(buffer)) : 0;
	close(fd);
	if (wrong != NULL)
		return wrong;
	if (got < 0)
		return mem_printf("it cannot be read: %s", strerror(errno));

	length = (size_t) got;
	while (length > 0 && isspace((unsigned char) buffer[length - 1]))
		length--;
	while (start < length && isspace((unsigned char) buffer[start]))
		start++;
	if (start == length)
		wrong = mem_strdup("it is empty");
	else if (length - start > TOKEN_MAX - 1)
		wrong = mem_printf("its token is longer than %d bytes", TOKEN_MAX - 1);
	for (size_t i = start; wrong == NULL && i < length; i++)
	{
		/* not valid in a header */
		if (buffer[i] <= ' ' || buffer[i] > '~')
			wrong = mem_strdup("it holds more than one line of printable characters");
	}
	if (wrong == NULL)
	{
		memcpy(file->token, buffer + start, length - start);
		file->length = length - start;
	}
	explicit_bzero(buffer, sizeof(buffer));
	return wrong;
}

static bool
same_facts(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_mode == b->st_mode &&
		   a->st_uid == b->st_uid && a->st_size == b->st_size &&
		   a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
		   a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}
