/*-------------------------------------------------------------------------
 *
 * http_failure.c
 *	  Explains why there is no answer: turns libcurl's code into an SQLSTATE
 *	  and a message that the user can act upon.
 *
 * It must never claim that a request was not sent if it may have been sent.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/curl_prelude.h"
#include "base/compat.h"
#include "base/printable.h"
#include "base/settings.h"
#include "client/http_exchange.h"

static bool is_plain_http(void);
static const char *hint_on_security(CURLcode code, const char *error);

void
poc_http_explain_failure(CURL *handle, CURLcode code, const PocHttpExchange *exchange,
						 PocHttpFailure *failure)
{
	long bytes_sent = 0;
	long system_error = 0;
	bool is_socket = strncmp(poc_url, "unix:", strlen("unix:")) == 0;

	/* size of the request; libcurl's times are not zero in all versions */
	curl_easy_getinfo(handle, CURLINFO_REQUEST_SIZE, &bytes_sent);
	curl_easy_getinfo(handle, CURLINFO_OS_ERRNO, &system_error);
	failure->sent = bytes_sent > 0;
	failure->timed_out = code == CURLE_OPERATION_TIMEDOUT;

	/* libcurl's message contains host and port, and made-up ones for a socket */
	if (poc_url_is_visible())
		failure->detail = psprintf("%s (libcurl: %s); the address is %s.",
								   is_socket && system_error != 0 ? strerror((int) system_error)
								   : exchange->error[0]
									   ? poc_printable(exchange->error, strlen(exchange->error),
													   CURL_ERROR_SIZE)
									   : "No answer",
								   curl_easy_strerror(code), poc_url);
	else
		failure->detail = psprintf("libcurl says: %s.", curl_easy_strerror(code));

	if (exchange->too_large || code == CURLE_FILESIZE_EXCEEDED)
	{
		failure->sqlstate = ERRCODE_PROGRAM_LIMIT_EXCEEDED;
		failure->message = "the answer of the Barman sidecar is too large";
		failure->detail = psprintf("It exceeds poc_barman.max_response_size, which is %d kB.",
								   poc_max_response_size);
		failure->hint = "A superuser can raise poc_barman.max_response_size.";
		return;
	}
	/* libcurl reports a header line beyond its own limit as "out of memory" */
	if (exchange->headers_too_large ||
		(code == CURLE_OUT_OF_MEMORY && exchange->length == 0 && failure->sent))
	{
		failure->sqlstate = ERRCODE_PROGRAM_LIMIT_EXCEEDED;
		failure->message = "the answer of the Barman sidecar is too large";
		failure->detail = psprintf("Its headers exceed %d kB.", POC_HTTP_MAX_HEADER_SIZE / 1024);
		failure->hint = "Check that the setting poc_barman.url names a barman-sidecar and no other service.";
		return;
	}
	if (exchange->out_of_memory || code == CURLE_OUT_OF_MEMORY)
	{
		failure->sqlstate = ERRCODE_OUT_OF_MEMORY;
		failure->message = "out of memory for the answer of the Barman sidecar";
		failure->hint = "A superuser can lower poc_barman.max_response_size.";
		return;
	}

	switch (code)
	{
		case CURLE_COULDNT_CONNECT:
		case CURLE_COULDNT_RESOLVE_HOST:
			failure->sqlstate = ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION;
			failure->message = "could not connect to the Barman sidecar";
			failure->hint = is_socket && system_error == EACCES
								? "PostgreSQL's user must be able to write to the socket, and to search its directory."
								: "Check that barman-sidecar runs and that the setting poc_barman.url names where it listens.";
			break;

		case CURLE_OPERATION_TIMEDOUT:
			if (!failure->sent)
			{
				failure->sqlstate = ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION;
				failure->message = "could not connect to the Barman sidecar in time";
				failure->hint = "Check that barman-sidecar runs and can be reached, or raise poc_barman.connect_timeout.";
			}
			else
			{
				failure->sqlstate = ERRCODE_CONNECTION_FAILURE;
				failure->message = "the Barman sidecar did not answer in time";
				failure->hint = "Look into the sidecar's log for what Barman is doing, or raise poc_barman.timeout.";
			}
			break;

		case CURLE_PEER_FAILED_VERIFICATION:
		case CURLE_SSL_CONNECT_ERROR:
		case CURLE_SSL_CERTPROBLEM:
		case CURLE_SSL_CACERT_BADFILE:
		case CURLE_SSL_CIPHER:
		case CURLE_SSL_ISSUER_ERROR:
			failure->sqlstate = ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION;
			failure->message = "could not make a secure connection to the Barman sidecar";
			failure->hint = hint_on_security(code, exchange->error);
			break;

		case CURLE_WEIRD_SERVER_REPLY:
		case CURLE_UNSUPPORTED_PROTOCOL:
		case CURLE_BAD_CONTENT_ENCODING:
		case CURLE_WRITE_ERROR:
			failure->sqlstate = ERRCODE_PROTOCOL_VIOLATION;
			failure->message = "the answer of the Barman sidecar is not understood";
			/* a TLS alert, if it comes before the reset */
			failure->hint = is_plain_http() && (code == CURLE_UNSUPPORTED_PROTOCOL ||
												code == CURLE_WEIRD_SERVER_REPLY)
								? "Check that the setting poc_barman.url names a barman-sidecar and no other service, and one that does not expect https://."
								: "Check that the setting poc_barman.url names a barman-sidecar and no other service.";
			break;

		default:
			failure->sqlstate = ERRCODE_CONNECTION_FAILURE;
			failure->message = "the connection to the Barman sidecar broke";
			failure->hint = is_plain_http()
								? "Check that barman-sidecar still runs, its log tells why it stopped; and that it does not expect https://."
								: "Check that barman-sidecar still runs; its log tells why it stopped.";
			break;
	}
}

static bool
is_plain_http(void)
{
	return strncmp(poc_url, "http:", strlen("http:")) == 0;
}

/* Goes by the message of OpenSSL or GnuTLS where libcurl has no code for it. */
static const char *
hint_on_security(CURLcode code, const char *error)
{
	if (strstr(error, "expired") != NULL)
		return "Renew the sidecar's certificate, then send it SIGHUP.";
	if (strstr(error, "wrong version number") != NULL ||
		strstr(error, "unexpected TLS packet") != NULL || strstr(error, "packet length") != NULL)
		return "Where poc_barman.url leads, plain HTTP seems to be spoken: use http://, or start the sidecar with --tls-cert and --tls-key.";
	/* an end or a reset: libmicrohttpd from 1.0 on answers nothing to what is no HTTP, and a reset overtakes an answer */
	if (code == CURLE_SSL_CONNECT_ERROR)
		return "Who listens there hangs up on TLS: if plain HTTP is spoken, use http://, or start the sidecar with --tls-cert and --tls-key; else check the sidecar's certificate and poc_barman.ca_file.";
	return "Check that poc_barman.ca_file holds the authority that signed the sidecar's certificate, and that the certificate names the host of poc_barman.url.";
}
