/*
 * client.c
 *
 * Asks a running sidecar, within a deadline.  Follows no redirect and no
 * proxy, because the token goes with the request.
 */
#include "plugin/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "base/memory.h"
#include "base/timestamp.h"

/* More than the list of many thousand backups has */
#define ANSWER_MAX ((size_t) 64 * 1024 * 1024)

#define TOKEN_MAX 4096

struct Client
{
	CURL *curl;
	struct curl_slist *headers;
	char *base; /* what stands before a path */
	int64_t deadline;
	char *body;
	size_t length;
	char error[CURL_ERROR_SIZE];
};

static bool use_url(Client *client, const char *url, char **cause);
static bool use_token(Client *client, const char *file, char **cause);
static size_t take(char *data, size_t size, size_t count, void *arg);
static char *refusal(long status, const json_t *answer);

Client *
client_open(const char *url, const char *ca_file, const char *token_file, int64_t deadline,
			char **cause)
{
	Client *client = mem_alloc(sizeof(Client));

	client->deadline = deadline;
	client->curl = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? curl_easy_init() : NULL;
	if (client->curl == NULL)
	{
		*cause = mem_strdup("libcurl cannot be used");
		client_close(client);
		return NULL;
	}
	if (!use_url(client, url, cause) || !use_token(client, token_file, cause))
	{
		client_close(client);
		return NULL;
	}
#if LIBCURL_VERSION_NUM >= 0x075500
	curl_easy_setopt(client->curl, CURLOPT_PROTOCOLS_STR, "http,https");
#else
	curl_easy_setopt(client->curl, CURLOPT_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS);
#endif
	curl_easy_setopt(client->curl, CURLOPT_PROXY, "");
	curl_easy_setopt(client->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, client->headers);
	curl_easy_setopt(client->curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, client);
	curl_easy_setopt(client->curl, CURLOPT_ERRORBUFFER, client->error);
	curl_easy_setopt(client->curl, CURLOPT_USERAGENT, "barman-sidecar --check");
	if (ca_file != NULL)
		curl_easy_setopt(client->curl, CURLOPT_CAINFO, ca_file);
	return client;
}

void
client_close(Client *client)
{
	if (client->curl != NULL)
		curl_easy_cleanup(client->curl);
	for (struct curl_slist *one = client->headers; one != NULL; one = one->next)
		explicit_bzero(one->data, strlen(one->data));
	curl_slist_free_all(client->headers);
	curl_global_cleanup();
	free(client->base);
	free(client->body);
	free(client);
}

json_t *
client_get(Client *client, const char *path, char **cause)
{
	char *url = mem_printf("%s%s", client->base, path);
	int64_t left = client->deadline - monotonic_ms();
	long status = 0;
	json_t *answer = NULL;
	CURLcode code = CURLE_OPERATION_TIMEDOUT;

	client->length = 0;
	client->error[0] = '\0';
	if (left > 0)
	{
		curl_easy_setopt(client->curl, CURLOPT_URL, url);
		curl_easy_setopt(client->curl, CURLOPT_TIMEOUT_MS, (long) left);
		code = curl_easy_perform(client->curl);
	}
	if (code == CURLE_OK)
	{
		curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
		answer = client->length > 0 ? json_loadb(client->body, client->length, 0, NULL) : NULL;
	}
	if (code == CURLE_OPERATION_TIMEDOUT)
		*cause = mem_printf("no answer in time to %s", path);
	else if (code != CURLE_OK)
		*cause = mem_printf("the sidecar cannot be reached: %s",
							client->error[0] != '\0' ? client->error : curl_easy_strerror(code));
	else if (status != 200)
		*cause = refusal(status, answer);
	else if (answer == NULL)
		*cause = mem_printf("the answer to %s is no JSON: is that a sidecar?", path);
	if (*cause != NULL)
	{
		json_decref(answer);
		answer = NULL;
	}
	free(url);
	return answer;
}

json_t *
client_get_of_server(Client *client, const char *server, const char *what, char **cause)
{
	char *name = curl_easy_escape(client->curl, server, 0);
	char *path = mem_printf("/v1/servers/%s/%s", name != NULL ? name : "", what);
	json_t *answer = client_get(client, path, cause);

	curl_free(name);
	free(path);
	return answer;
}

/* "unix:/path" is a socket; its server is named localhost. */
static bool
use_url(Client *client, const char *url, char **cause)
{
	if (strncmp(url, "unix:/", 6) == 0)
	{
		curl_easy_setopt(client->curl, CURLOPT_UNIX_SOCKET_PATH, url + 5);
		client->base = mem_strdup("http://localhost");
	}
	else if ((strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0) &&
			 strpbrk(url, "@?# \t") == NULL)
	{
		client->base = mem_strdup(url);
		if (client->base[strlen(url) - 1] == '/')
			client->base[strlen(url) - 1] = '\0';
	}
	else
	{
		*cause = mem_strdup(
			"--url must be http://, https:// or unix:/path, without user, query or fragment");
		return false;
	}
	return true;
}

static bool
use_token(Client *client, const char *file, char **cause)
{
	char token[TOKEN_MAX] = "";
	FILE *stream = file != NULL ? fopen(file, "re") : NULL;
	size_t length;
	char *header;

	if (file == NULL)
		return true;
	if (stream == NULL || fgets(token, sizeof(token), stream) == NULL)
	{
		*cause = mem_printf("the token file \"%s\" cannot be read: %s", file,
							stream == NULL ? strerror(errno) : "it is empty");
		if (stream != NULL)
			fclose(stream);
		return false;
	}
	fclose(stream);
	length = strcspn(token, "\r\n");
	token[length] = '\0';
	for (size_t i = 0; i < length; i++)
	{
		if ((unsigned char) token[i] <= ' ' || (unsigned char) token[i] >= 0x7f)
		{
			*cause = mem_printf("the token file \"%s\" holds no token", file);
			explicit_bzero(token, sizeof(token));
			return false;
		}
	}
	header = mem_printf("Authorization: Bearer %s", token);
	client->headers = curl_slist_append(NULL, header);
	explicit_bzero(header, strlen(header));
	explicit_bzero(token, sizeof(token));
	free(header);
	return true;
}

static size_t
take(char *data, size_t size, size_t count, void *arg)
{
	Client *client = arg;
	size_t bytes = size * count;

	if (client->length + bytes > ANSWER_MAX)
		return 0; /* libcurl ends the request */
	client->body = mem_realloc(client->body, client->length + bytes + 1);
	memcpy(client->body + client->length, data, bytes);
	client->length += bytes;
	return bytes;
}

/* In the sidecar's own words, if it has some */
static char *
refusal(long status, const json_t *answer)
{
	const json_t *error = json_object_get(answer, "error");
	const char *message = json_text_of(error, "message");
	const char *detail = json_text_of(error, "detail");

	if (message == NULL)
		return mem_printf("HTTP status %ld: is that a sidecar?", status);
	return mem_printf("%s%s%s", message, detail != NULL ? ": " : "", detail != NULL ? detail : "");
}
