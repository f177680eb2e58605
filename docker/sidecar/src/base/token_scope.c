/*
 * token_scope.c
 *
 * What a token permits, and for which servers.
 */
#include <string.h>

#include "base/token.h"

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
