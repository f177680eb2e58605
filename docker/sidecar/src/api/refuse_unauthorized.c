/*
 * refuse_unauthorized.c
 *
 * Refuses requests without a token or with too small a scope.  Does not reveal
 * what a better token would find.
 */
#include "api/refuse_unauthorized.h"

#include <stdlib.h>

#include "base/memory.h"

/* Refuses a caller without a valid token, if one is needed. */
Answer *
authorization_refuse_caller(const Request *request, TokenScope needed)
{
	char *detail = mem_printf("It must have the scope \"%s\" or more.", token_scope_name(needed));
	Answer *answer = NULL;

	switch (request->token)
	{
		case TOKEN_GOOD:
			break;
		case TOKEN_MISSING:
			if (needed != SCOPE_NONE)
				answer = answer_error("unauthorized", "a token is needed", detail,
									  "Send the header Authorization: Bearer, with the content of a token file of the sidecar's.");
			break;
		case TOKEN_WRONG:
			answer = answer_error("unauthorized", "the token is wrong",
								  needed != SCOPE_NONE ? detail : NULL,
								  "Compare it with the sidecar's token file.");
			break;
		case TOKEN_UNREADABLE:
			if (needed != SCOPE_NONE || http_header(request, "Authorization") != NULL)
				answer = answer_error("unavailable", "the sidecar cannot use a token file of its own",
									  "So it cannot tell whether the token is good.",
									  "Look at the sidecar's log.");
			break;
	}
	free(detail);
	return answer;
}

Answer *
authorization_refuse_scope(const Request *request, TokenScope needed)
{
	char *message = mem_printf("this needs a token of the scope \"%s\"", token_scope_name(needed));
	char *detail = token_configured()
					   ? mem_printf("The token that was sent has the scope \"%s\".",
									token_scope_name(request->grant->scope))
					   : mem_strdup(
							 "The sidecar has no token files: then callers may operate, but destroy nothing.");
	Answer *answer = answer_error("forbidden", message, detail,
								  "Send a token of that scope; --token-file=SCOPE=FILE gives the sidecar one.");

	free(message);
	free(detail);
	return answer;
}
