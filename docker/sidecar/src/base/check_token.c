/*
 * check_token.c
 *
 * Compares the token of a request with those in the token files, in constant
 * time.  Never logs a token.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/token_files.h"

/* Without tokens, anybody who can connect may operate, but not destroy. */
static const TokenGrant everybody = {SCOPE_OPERATE, NULL};

static bool token_equal(const char *token, size_t token_length, const char *candidate, size_t length);

TokenVerdict
token_check(const char *authorization, const TokenGrant **grant)
{
	static const char scheme[] = "Bearer ";
	const char *candidate = NULL;
	size_t length = 0;
	TokenVerdict verdict = authorization == NULL ? TOKEN_MISSING : TOKEN_WRONG;
	TokenFile *files;
	int count;
	int usable = 0;

	*grant = NULL;
	if (token_files_count() == 0)
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
	count = token_files_lock(false, &files);
	for (int i = 0; i < count; i++)
	{
		TokenFile *file = &files[i];
		bool equal;

		usable += file->length > 0;
		equal = token_equal(file->token, file->length, candidate, length);
		/* if two files hold the same token, the weaker scope applies */
		if (equal && (*grant == NULL || file->grant.scope < (*grant)->scope))
			*grant = &file->grant;
	}
	token_files_unlock();
	if (*grant != NULL)
		return TOKEN_GOOD;
	return usable == 0 || (usable < count && verdict == TOKEN_WRONG) ? TOKEN_UNREADABLE : verdict;
}

bool
token_configured(void)
{
	return token_files_count() > 0;
}

TokenScope
token_strongest(void)
{
	return token_configured() ? token_files_strongest() : everybody.scope;
}

bool
token_read_files(void)
{
	TokenFile *files;
	int count = token_files_lock(true, &files);
	bool good = true;

	for (int i = 0; i < count; i++)
	{
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
	token_files_unlock();
	return good;
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
