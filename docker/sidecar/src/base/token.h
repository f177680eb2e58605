/*
 * token.h
 *
 * The bearer tokens that callers must show, and what each lets them do.
 */
#ifndef BASE_TOKEN_H
#define BASE_TOKEN_H

#include <stdbool.h>

/* Each includes those before it. */
typedef enum TokenScope
{
	SCOPE_UNSET,				/* no route may have it */
	SCOPE_NONE,					/* needs no token */
	SCOPE_READ,
	SCOPE_OPERATE,				/* backups, restores, drills, cron */
	SCOPE_DESTROY				/* what takes a backup or its WAL away */
} TokenScope;

/* Who shows the token may do so much, with these servers. */
typedef struct TokenGrant
{
	TokenScope	scope;
	char	  **servers;		/* ends with NULL; NULL: all */
} TokenGrant;

typedef enum TokenVerdict
{
	TOKEN_GOOD,
	TOKEN_MISSING,				/* no Authorization header */
	TOKEN_WRONG,
	TOKEN_UNREADABLE			/* a file of ours is no token: nobody may in by it */
} TokenVerdict;

/*
 * One more file, as --token-file names it: [SCOPE[:SERVER,...]=]FILE.  NULL,
 * or what is wrong, to be freed.
 */
extern char *token_add_file(const char *option);
extern void token_forget_files(void);
extern bool token_configured(void);

/* The scope of the strongest token; SCOPE_OPERATE without any. */
extern TokenScope token_strongest(void);

/* authorization is the header's value or NULL; *grant is for ever. */
extern TokenVerdict token_check(const char *authorization, const TokenGrant **grant);

/*
 * Reads the files now, and says on the log which is no token; false if one is
 * not, or two are the same.
 */
extern bool token_read_files(void);

/* NULL: what concerns no server, or all of them */
extern bool token_reaches(const TokenGrant *grant, const char *server);

extern const char *token_scope_name(TokenScope scope);

#endif							/* BASE_TOKEN_H */
