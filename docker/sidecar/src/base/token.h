/*
 * token.h
 *
 * The bearer tokens of callers, and what each permits.
 */
#ifndef BASE_TOKEN_H
#define BASE_TOKEN_H

#include <stdbool.h>

/* Each scope includes those before it. */
typedef enum TokenScope
{
	SCOPE_UNSET, /* invalid for a route */
	SCOPE_NONE,	 /* needs no token */
	SCOPE_READ,
	SCOPE_OPERATE, /* backups, restores, drills, cron */
	SCOPE_DESTROY  /* remove a backup or its WAL */
} TokenScope;

/* What a token permits, and for which servers */
typedef struct TokenGrant
{
	TokenScope scope;
	char **servers; /* NULL-terminated; NULL: all */
} TokenGrant;

typedef enum TokenVerdict
{
	TOKEN_GOOD,
	TOKEN_MISSING, /* no Authorization header */
	TOKEN_WRONG,
	TOKEN_UNREADABLE /* no match, but a token file is invalid */
} TokenVerdict;

/*
 * Add a file as --token-file gives it: [SCOPE[:SERVER,...]=]FILE.  NULL, or a
 * malloc'd error message.
 */
extern char *token_add_file(const char *option);
extern void token_forget_files(void);
extern bool token_configured(void);

/* The strongest scope of all tokens; SCOPE_OPERATE if there are none */
extern TokenScope token_strongest(void);

/* authorization is the header's value or NULL; *grant lives as long as the process. */
extern TokenVerdict token_check(const char *authorization, const TokenGrant **grant);

/*
 * Read the files now and log those that hold no valid token; false if there is
 * one, or if two are equal.
 */
extern bool token_read_files(void);

/* May the grant use this server?  NULL: something that concerns all servers or none */
extern bool token_reaches(const TokenGrant *grant, const char *server);

extern const char *token_scope_name(TokenScope scope);

#endif /* BASE_TOKEN_H */
