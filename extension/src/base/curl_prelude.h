/*-------------------------------------------------------------------------
 *
 * curl_prelude.h
 *	  libcurl's headers, and what we take for granted of them.
 *
 * Included after postgres.h by the files that talk to libcurl, never by
 * another header.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_CURL_PRELUDE_H
#define POC_CURL_PRELUDE_H

#ifdef __GNUC__
#pragma GCC system_header
#endif

#include <curl/curl.h>

/* 7.68 is that of Ubuntu 20.04, the oldest system with a PostgreSQL 15 */
#if LIBCURL_VERSION_NUM < 0x074400
#error "poc_barman needs libcurl 7.68 or newer"
#endif

/* a pgsocket is handed to libcurl and back as it is */
StaticAssertDecl(sizeof(curl_socket_t) == sizeof(pgsocket),
				 "curl_socket_t and pgsocket must be the same");

/* errors are copied into fixed buffers of this size */
StaticAssertDecl(CURL_ERROR_SIZE >= 256, "libcurl's error buffer shrank");

#endif							/* POC_CURL_PRELUDE_H */
