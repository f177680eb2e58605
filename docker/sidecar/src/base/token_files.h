/*
 * token_files.h
 *
 * The token files, for check_token.c alone: everybody else asks there (token.h).
 */
#ifndef BASE_TOKEN_FILES_H
#define BASE_TOKEN_FILES_H

#include <stddef.h>
#include <sys/stat.h>

#include "base/token.h"

/* Less than a page, and more than any sensible token */
#define TOKEN_MAX 1024

typedef struct TokenFile
{
	TokenGrant grant;
	char *path;
	char token[TOKEN_MAX];
	size_t length; /* 0: the file holds no valid token */
	bool looked;   /* facts are valid */
	struct stat facts;
} TokenFile;

/*
 * How many there are, and what they hold now; nobody else sees them until
 * token_files_unlock().  again: read those that have not changed, too.
 */
extern int token_files_lock(bool again, TokenFile **all);
extern void token_files_unlock(void);

extern int token_files_count(void);

/* SCOPE_NONE if there are none */
extern TokenScope token_files_strongest(void);

#endif /* BASE_TOKEN_FILES_H */
