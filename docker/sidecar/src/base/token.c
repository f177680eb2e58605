/*
 * token.c
 *
 * Compares the token of a request with those in the token files, in constant
 * time.  Stats each file on every request, so that a token can be rotated.
 * Never logs a token, and refuses a file that another user could read or write.
 */
#include "base/token.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/failure.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/names.h"

/* Less than a page, and more than any sensible token */
#define TOKEN_MAX 1024

/* Enough for an operator, a monitor and control hosts, each twice during rotation */
#define FILES_MAX 32

typedef struct TokenFile
{
	TokenGrant grant;
	char *path;
	char token[TOKEN_MAX];
	size_t length; /* 0: the file holds no valid token */
	bool looked;   /* facts are valid */
	struct stat facts;
} TokenFile;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static TokenFile files[FILES_MAX];
static int file_count;

/* Without tokens, anybody who can connect may operate, but not destroy. */
static const TokenGrant everybody = {SCOPE_OPERATE, NULL};

static bool parse_servers(const char *text, size_t length, TokenGrant *grant);
static void look_at(TokenFile *file);
static char *read_token(TokenFile *file, struct stat *facts);
static bool same_facts(const struct stat *a, const struct stat *b);
static bool token_equal(const char *token, size_t token_length, const char *candidate, size_t length);

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

bool
token_configured(void)
{
	return file_count > 0;
}

TokenScope
token_strongest(void)
{
	TokenScope strongest = file_count > 0 ? SCOPE_NONE : everybody.scope;

	for (int i = 0; i < file_count; i++)
	{
		if (files[i].grant.scope > strongest)
			strongest = files[i].grant.scope;
	}
	return strongest;
}

TokenVerdict
token_check(const char *authorization, const TokenGrant **grant)
{
	static const char scheme[] = "Bearer ";
	const char *candidate = NULL;
	size_t length = 0;
	TokenVerdict verdict = authorization == NULL ? TOKEN_MISSING : TOKEN_WRONG;
	int usable = 0;

	*grant = NULL;
	if (file_count == 0)
	{
		*grant = &everybody;
		return TOKEN_GOOD;
	}
	if (authorization != NULL && strncasecmp(authorization, scheme, sizeof(scheme) - 1) == 0)
	{
		candidate = authorization + sizeof(scheme) - 1;
		candidate += strspn(candidate, " ");
		length = strlen(candidate);
		while (length > 0 && isspace((unsigned char) candidate[length - 1]))
			length--;
	}

	/* compare with every token, so that the time does not depend on which one matches */
	pthread_mutex_lock(&lock);
	for (int i = 0; i < file_count; i++)
	{
		TokenFile *file = &files[i];
		bool equal;

		look_at(file);
		usable += file->length > 0;
		equal = token_equal(file->token, file->length, candidate, length);
		/* if two files hold the same token, the weaker scope applies */
		if (equal && (*grant == NULL || file->grant.scope < (*grant)->scope))
			*grant = &file->grant;
	}
	pthread_mutex_unlock(&lock);
	if (*grant != NULL)
		return TOKEN_GOOD;
	return usable == 0 || (usable < file_count && verdict == TOKEN_WRONG) ? TOKEN_UNREADABLE
																		  : verdict;
}

bool
token_read_files(void)
{
	bool good = true;

	pthread_mutex_lock(&lock);
	for (int i = 0; i < file_count; i++)
	{
		files[i].looked = false;
		look_at(&files[i]);
		good = good && files[i].length > 0;
		for (int j = 0; j < i; j++)
		{
			if (files[i].length == 0 ||
				!token_equal(files[j].token, files[j].length, files[i].token, files[i].length))
				continue;
			log_line(LOGLEVEL_ERROR,
					 "two token files hold the same token: nobody can tell what it is for", "path",
					 files[j].path, "other", files[i].path, NULL);
			good = false;
		}
	}
	pthread_mutex_unlock(&lock);
	return good;
}

bool
token_reaches(const TokenGrant *grant, const char *server)
{
	if (grant == NULL)
		return false;
	if (grant->servers == NULL)
		return true;
	for (char **one = grant->servers; server != NULL && *one != NULL; one++)
	{
		if (strcmp(*one, server) == 0)
			return true;
	}
	return false;
}

const char *
token_scope_name(TokenScope scope)
{
	switch (scope)
	{
		case SCOPE_READ:
			return "read";
		case SCOPE_OPERATE:
			return "operate";
		case SCOPE_DESTROY:
			return "destroy";
		case SCOPE_NONE:
		case SCOPE_UNSET:
			break;
	}
	return "none";
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

/* Takes the same time wherever the first difference is. */
static bool
token_equal(const char *token, size_t token_length, const char *candidate, size_t length)
{
	unsigned char difference = (unsigned char) (length != token_length || token_length == 0);

	for (size_t i = 0; i < token_length; i++)
	{
		unsigned char byte = length > 0 ? (unsigned char) candidate[i % length] : 0;

		difference |= (unsigned char) (byte ^ (unsigned char) token[i]);
	}
	return difference == 0;
}
