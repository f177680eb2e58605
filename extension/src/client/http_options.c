/*-------------------------------------------------------------------------
 *
 * http_options.c
 *	  Prepares a request: its URL, its headers, how TLS is verified, its timeouts
 *	  and all of libcurl's other options.
 *
 * The code must neither throw nor use palloc(), because requests are also sent
 * at exit.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/curl_prelude.h"
#include "base/compat.h"
#include "base/settings.h"
#include "client/http_exchange.h"
#include "client/token.h"

static bool endpoint(const char *path, const char **socket_path, char *url, size_t url_size);
static struct curl_slist *make_headers(const PocHttpRequest *request, char *error);

/*
 * Sets all options again, so that nothing remains of the last request or of
 * older settings, nor of the receiver of its answer.  Returns false on
 * failure, with a reason in *error; does not throw.
 */
bool
poc_http_set_options(CURL *handle, const PocHttpRequest *request, struct curl_slist **headers,
					 char *error)
{
	char url[2 * MAXPGPATH];
	const char *socket_path;

	curl_easy_reset(handle);
	curl_slist_free_all(*headers);
	*headers = NULL;

	if (!endpoint(request->path, &socket_path, url, sizeof(url)))
	{
		snprintf(error, CURL_ERROR_SIZE, "The address is too long.");
		return false;
	}
	*headers = make_headers(request, error);
	if (*headers == NULL)
		return false;

	curl_easy_setopt(handle, CURLOPT_URL, url);
	if (socket_path != NULL)
		curl_easy_setopt(handle, CURLOPT_UNIX_SOCKET_PATH, socket_path);
	curl_easy_setopt(handle, CURLOPT_HTTPHEADER, *headers);
	if (strcmp(request->method, "POST") == 0)
	{
		curl_easy_setopt(handle, CURLOPT_POST, 1L);
		curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE,
						 (curl_off_t) (request->body ? strlen(request->body) : 0));
		curl_easy_setopt(handle, CURLOPT_COPYPOSTFIELDS, request->body ? request->body : "");
	}
	else
		curl_easy_setopt(handle, CURLOPT_HTTPGET, 1L);
	if (strcmp(request->method, "DELETE") == 0)
		curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, "DELETE");

	/* libcurl silently repeats a request lost on a reused connection: only GET may be repeated */
	curl_easy_setopt(handle, CURLOPT_FRESH_CONNECT, strcmp(request->method, "GET") != 0 ? 1L : 0L);
	curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075500
	curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(handle, CURLOPT_REDIR_PROTOCOLS_STR, "");
#else
	curl_easy_setopt(handle, CURLOPT_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS);
	curl_easy_setopt(handle, CURLOPT_REDIR_PROTOCOLS, 0L);
#endif
#if LIBCURL_VERSION_NUM >= 0x075700
	/* a hanging resolver must not delay the end of a cancelled query */
	curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);
#endif
	curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(handle, CURLOPT_MAXREDIRS, 0L);
	/* ignore http_proxy in the postmaster's environment */
	curl_easy_setopt(handle, CURLOPT_PROXY, "");
	curl_easy_setopt(handle, CURLOPT_NETRC, (long) CURL_NETRC_IGNORED);
	curl_easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(handle, CURLOPT_USERAGENT, "poc_barman/1.0");
	curl_easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(handle, CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2);
	if (poc_ca_file[0] != '\0')
	{
		curl_easy_setopt(handle, CURLOPT_CAINFO, poc_ca_file);
		/* trust this authority only, not the system's */
		curl_easy_setopt(handle, CURLOPT_CAPATH, NULL);
	}

	curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, (long) poc_connect_timeout);
	curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, (long) poc_timeout + request->hold);
	/* Content-Length allows to reject the answer early; receive_body() checks anyway */
	curl_easy_setopt(handle, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t) poc_max_response_size * 1024);
	return true;
}

/* Builds the URL for a path, and the path of the Unix-domain socket, if any. */
static bool
endpoint(const char *path, const char **socket_path, char *url, size_t url_size)
{
	int base_length = strlen(poc_url);

	if (strncmp(poc_url, "unix:", 5) == 0)
	{
		*socket_path = poc_url + 5;
		return snprintf(url, url_size, "http://localhost%s", path) < (int) url_size;
	}
	*socket_path = NULL;
	if (poc_url[base_length - 1] == '/')
		base_length--;
	return snprintf(url, url_size, "%.*s%s", base_length, poc_url, path) < (int) url_size;
}

static struct curl_slist *
make_headers(const PocHttpRequest *request, char *error)
{
	char header[POC_MAX_TOKEN_SIZE + 32] = "Authorization: Bearer ";
	size_t prefix = strlen(header);
	const char *token_file = request->destroys ? poc_destroy_token_file : poc_token_file;
	struct curl_slist *list;
	struct curl_slist *longer;

	snprintf(error, CURL_ERROR_SIZE, "Out of memory.");

	list = curl_slist_append(NULL, "Accept: application/json");
	/* no "Expect: 100-continue", which costs a round trip */
	if (list != NULL && (longer = curl_slist_append(list, "Expect:")) != NULL)
		list = longer;
	if (list != NULL && request->body != NULL &&
		(longer = curl_slist_append(list, "Content-Type: application/json")) != NULL)
		list = longer;
	if (list != NULL && request->key != NULL)
	{
		char key[128];

		snprintf(key, sizeof(key), "Idempotency-Key: %s", request->key);
		longer = curl_slist_append(list, key);
		if (longer == NULL)
		{
			/* the request must not be sent without it */
			curl_slist_free_all(list);
			return NULL;
		}
		list = longer;
	}

	if (list != NULL && token_file[0] != '\0')
	{
		longer = NULL;
		if (poc_read_token(token_file, header + prefix, sizeof(header) - prefix, error,
						   CURL_ERROR_SIZE))
			longer = curl_slist_append(list, header);
		explicit_bzero(header, sizeof(header));
		if (longer == NULL)
		{
			curl_slist_free_all(list);
			return NULL;
		}
	}
	if (list != NULL)
		error[0] = '\0';
	return list;
}
