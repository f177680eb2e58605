/*-------------------------------------------------------------------------
 *
 * http_exchange.h
 *	  State of a request in progress, shared by the files http*.c.
 *
 * Included after curl_prelude.h by these files, never by another header.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_HTTP_EXCHANGE_H
#define POC_HTTP_EXCHANGE_H

#include "portability/instr_time.h"

#include "client/http_message.h"

/*
 * Sockets that libcurl may watch at a time for one request: two connection
 * attempts (IPv4 and IPv6) and the resolver's pair, and some in reserve.
 */
#define POC_HTTP_MAX_SOCKETS 8

/* The sidecar sends some 200 bytes of headers. */
#define POC_HTTP_MAX_HEADER_SIZE (64 * 1024)

/* everything that the callbacks modify */
typedef struct PocHttpExchange
{
	char *body; /* malloc'd */
	size_t length;
	size_t allocated;
	size_t max_length;
	size_t header_length;
	bool too_large;
	bool headers_too_large;
	bool out_of_memory;
	char *content_encoding; /* malloc'd */
	int nsockets;
	bool too_many_sockets;
	struct
	{
		curl_socket_t fd;
		uint32 events;
	} sockets[POC_HTTP_MAX_SOCKETS];
	bool timer_set;
	instr_time timer_start;
	long timer; /* ms after timer_start */
	char error[CURL_ERROR_SIZE];
} PocHttpExchange;

/* http_options.c */
extern bool poc_http_set_options(CURL *handle, const PocHttpRequest *request,
								 struct curl_slist **headers, char *error);

/* http_callbacks.c */
extern void poc_http_receive(CURL *handle, PocHttpExchange *exchange);
extern void poc_http_discard(CURL *handle);
extern void poc_http_watch(CURLM *multi, PocHttpExchange *exchange);

/* http_failure.c */
extern void poc_http_explain_failure(CURL *handle, CURLcode code, const PocHttpExchange *exchange,
									 PocHttpFailure *failure);

#endif /* POC_HTTP_EXCHANGE_H */
