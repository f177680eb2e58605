/*-------------------------------------------------------------------------
 *
 * doctor.c
 *	  What poc_doctor() needs and SQL cannot see.
 *
 * These functions reveal neither the contents nor the path of a file.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <sys/stat.h>

#include "fmgr.h"
#include "utils/builtins.h"

#include "base/settings.h"

PG_FUNCTION_INFO_V1(poc_token_file_mode);

/*
 * _poc.token_file_mode() returns integer: the permission bits of the token
 * file; NULL if none is set, or stat() fails.
 */
Datum
poc_token_file_mode(PG_FUNCTION_ARGS)
{
	struct stat token;

	if (poc_token_file[0] == '\0' || stat(poc_token_file, &token) != 0)
		PG_RETURN_NULL();
	PG_RETURN_INT32(token.st_mode & 07777);
}

PG_FUNCTION_INFO_V1(poc_url_shown);

/*
 * _poc.url() returns text: the setting as the caller's SHOW would return it, or NULL.
 */
Datum
poc_url_shown(PG_FUNCTION_ARGS)
{
	if (!poc_url_is_visible())
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(poc_url));
}
