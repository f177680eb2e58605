/*-------------------------------------------------------------------------
 *
 * token.h
 *	  The token for the sidecar.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_TOKEN_H
#define POC_TOKEN_H

/* A bearer token has 32 to 100 characters; JSON web tokens reach 2 kB. */
#define POC_MAX_TOKEN_SIZE 4096

/* Reads and checks it.  False: the reason is in error; does not throw. */
extern bool poc_read_token(const char *path, char *token, size_t size, char *error,
						   size_t error_size);

#endif /* POC_TOKEN_H */
