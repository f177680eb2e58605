/*
 * token.h
 *
 * The bearer token that callers must show.
 */
#ifndef TOKEN_H
#define TOKEN_H

#include <stdbool.h>

typedef enum TokenVerdict
{
	TOKEN_GOOD,
	TOKEN_MISSING,				/* no Authorization header */
	TOKEN_WRONG,
	TOKEN_UNREADABLE			/* our own file cannot be read: nobody may in */
} TokenVerdict;

/* NULL: no token is asked for. */
extern void token_use_file(const char *path);
extern bool token_configured(void);

/* authorization is the header's value or NULL */
extern TokenVerdict token_check(const char *authorization);

#endif							/* TOKEN_H */
