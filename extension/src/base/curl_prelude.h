/*-------------------------------------------------------------------------
 *
 * curl_prelude.h
 *	  libcurl's headers, and assumptions about them.
 *
 * The files that use libcurl include this after postgres.h; no other header
 * does.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_CURL_PRELUDE_H
#define POC_CURL_PRELUDE_H

#ifdef __GNUC__
#pragma GCC system_header
#endif

#include <pthread.h>
#include <signal.h>

#include <curl/curl.h>

/* Ubuntu 20.04, the oldest system with a PostgreSQL 15, has 7.68 */
#if LIBCURL_VERSION_NUM < 0x074400
#error "poc_barman needs libcurl 7.68 or newer"
#endif

/* a pgsocket is passed to libcurl and back without conversion */
StaticAssertDecl(sizeof(curl_socket_t) == sizeof(pgsocket),
				 "curl_socket_t and pgsocket must be the same");

/*
 * libcurl may start a thread to resolve a host name, and a thread inherits the
 * signal mask of its creator: every call that may start one is made in this.
 */
#define WITH_SIGNALS_BLOCKED(statement)                           \
	do                                                            \
	{                                                             \
		sigset_t all_signals;                                     \
		sigset_t old_signals;                                     \
		sigfillset(&all_signals);                                 \
		pthread_sigmask(SIG_SETMASK, &all_signals, &old_signals); \
		statement;                                                \
		pthread_sigmask(SIG_SETMASK, &old_signals, NULL);         \
	} while (0)

/* errors are copied into fixed buffers of this size */
StaticAssertDecl(CURL_ERROR_SIZE >= 256, "libcurl's error buffer shrank");

#endif /* POC_CURL_PRELUDE_H */
