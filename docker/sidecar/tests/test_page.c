/*
 * test_page.c
 *
 * The page at /: who gets it, with which headers, and what is in it.
 */
#include <dirent.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "sidecar_fixture.h"

/* The value of a header, to be freed; NULL: it is not there */
static char *
header_of(const Response *response, const char *name)
{
	char *start = mem_printf("\r\n%s: ", name);
	const char *place = response->headers != NULL ? strstr(response->headers, start) : NULL;
	char *value = NULL;

	if (place != NULL)
	{
		place += strlen(start);
		value = mem_strndup(place, strcspn(place, "\r\n"));
	}
	free(start);
	return value;
}

static void
expect_header(const Response *response, const char *name, const char *expected)
{
	char *value = header_of(response, name);

	if (value == NULL || strcmp(value, expected) != 0)
		fail_msg("%s: %s", name, value ? value : "(none)");
	free(value);
}

/* The status of GET / by somebody who has a page with this tag */
static long
status_with(const char *tag, size_t *length)
{
	Response response;
	struct curl_slist *headers = prepare(curl, &response, "GET", "/", NULL, NULL);
	char *line = mem_printf("If-None-Match: %s", tag);
	long status;

	headers = curl_slist_append(headers, line);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_perform(curl);
	finish(curl, &response);
	curl_slist_free_all(headers);
	free(line);
	status = response.status;
	*length = response.length;
	release(&response);
	return status;
}

static void
everybody_gets_it_once(void **state)
{
	Response page;
	char *tag;
	char *many;
	size_t length;

	(void) state;
	start();
	page = request_as(NULL, "GET", "/", NULL);
	assert_int_equal(page.status, 200);
	assert_true(page.length > 10000);
	expect_header(&page, "Content-Type", "text/html; charset=utf-8");
	expect_header(&page, "Cache-Control", "no-cache");
	tag = header_of(&page, "ETag");
	assert_non_null(tag);
	assert_int_equal(status_with(tag, &length), 304);
	assert_int_equal(length, 0);
	many = mem_printf("\"other\", W/%s", tag);
	assert_int_equal(status_with(many, &length), 304);
	assert_int_equal(status_with("*", &length), 304);
	assert_int_equal(status_with("\"other\"", &length), 200);
	assert_int_equal(length, page.length);
	free(many);
	free(tag);
	release(&page);

	page = request_as(NULL, "HEAD", "/", NULL);
	assert_int_equal(page.status, 200);
	assert_int_equal(page.length, 0);
	release(&page);
	expect_error("POST", "/", "{}", 405, "method_not_allowed");
	expect_error("GET", "//", NULL, 404, "not_found");
}

/* What the policy calls the text between two words of the page */
static char *
source_of(const char *text, const char *from, const char *to)
{
	const char *start = strstr(text, from);
	const char *end = start != NULL ? strstr(start, to) : NULL;
	unsigned char hash[32];
	gnutls_datum_t raw = {hash, sizeof(hash)};
	gnutls_datum_t base64;
	char *source;

	assert_non_null(end);
	start += strlen(from);
	assert_int_equal(gnutls_hash_fast(GNUTLS_DIG_SHA256, start, (size_t) (end - start), hash), 0);
	assert_int_equal(gnutls_base64_encode2(&raw, &base64), 0);
	source = mem_printf("'sha256-%.*s'", (int) base64.size, (const char *) base64.data);
	gnutls_free(base64.data);
	return source;
}

static void
the_policy_allows_its_own_script_and_style_alone(void **state)
{
	Response page;
	char *style;
	char *script;
	char *policy;

	(void) state;
	start();
	page = request_as(NULL, "GET", "/", NULL);
	style = source_of(page.body, "<style>", "</style>");
	script = source_of(page.body, "<script>", "</script>");
	policy = mem_printf("default-src 'none'; style-src %s; script-src %s; connect-src 'self'; img-src data:; "
						"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
						"require-trusted-types-for 'script'; trusted-types 'none'",
						style, script);
	expect_header(&page, "Content-Security-Policy", policy);
	expect_header(&page, "X-Content-Type-Options", "nosniff");
	expect_header(&page, "X-Frame-Options", "DENY");
	expect_header(&page, "Referrer-Policy", "no-referrer");
	expect_header(&page, "Cross-Origin-Opener-Policy", "same-origin");
	expect_header(&page, "Cross-Origin-Resource-Policy", "same-origin");
	/* one of each, and both are whole */
	assert_int_equal(count_of(page.body, "<script"), 1);
	assert_int_equal(count_of(page.body, "</script"), 1);
	assert_int_equal(count_of(page.body, "<style"), 1);
	assert_non_null(strstr(page.body, "</html>"));
	free(style);
	free(script);
	free(policy);
	release(&page);
}

static void
nothing_comes_from_elsewhere_and_nothing_becomes_markup(void **state)
{
	static const char *const never[] = {"src=\"http",		  "href=\"http",	"@import",
										"url(http",			  "innerHTML",		"outerHTML",
										"insertAdjacentHTML", "document.write", "eval(",
										"new Function",		  "localStorage",	"document.cookie"};
	Response page;

	(void) state;
	start();
	page = request_as(NULL, "GET", "/", NULL);
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
	{
		if (strstr(page.body, never[i]) != NULL)
			fail_msg("the page has %s", never[i]);
	}
	release(&page);
}

/* A file that document.c does not name would be missed by nobody. */
static void
every_file_beside_it_is_in_it(void **state)
{
	DIR *directory = opendir("src/page");
	struct dirent *entry;
	Response page;
	int seen = 0;

	(void) state;
	assert_non_null(directory);
	start();
	page = request_as(NULL, "GET", "/", NULL);
	while ((entry = readdir(directory)) != NULL)
	{
		const char *end = strrchr(entry->d_name, '.');
		char *path = mem_printf("src/page/%s", entry->d_name);
		char line[200];
		FILE *file;

		if (end != NULL && strcmp(end, ".js") == 0)
		{
			file = fopen(path, "r");
			assert_non_null(file);
			/* its name, in the header */
			while (fgets(line, sizeof(line), file) != NULL && strncmp(line, " * ", 3) != 0)
				;
			fclose(file);
			assert_int_equal(strncmp(line + 3, entry->d_name, strlen(entry->d_name)), 0);
			if (strstr(page.body, line) == NULL)
				fail_msg("%s is not in the page", entry->d_name);
			seen++;
		}
		free(path);
	}
	closedir(directory);
	assert_true(seen >= 10);
	release(&page);
}

static void
it_can_be_switched_off(void **state)
{
	const char *extra[] = {"--no-page", NULL};
	Response response;

	(void) state;
	start_with(extra);
	response = request_as(NULL, "GET", "/", NULL);
	assert_int_equal(response.status, 401);
	release(&response);
	expect_error("GET", "/", NULL, 404, "not_found");
}

/* The other listener has the metrics alone. */
static void
the_listener_of_the_metrics_has_none(void **state)
{
	const char *extra[] = {"--metrics-listen=127.0.0.1:0", NULL};
	const char *place;
	Response response;

	(void) state;
	start_with(extra);
	place = strstr(read_text("log"), "open for metrics\" address=127.0.0.1:");
	assert_non_null(place);
	port = atoi(strstr(place, "127.0.0.1:") + strlen("127.0.0.1:"));
	response = request_as(NULL, "GET", "/", NULL);
	assert_int_equal(response.status, 404);
	release(&response);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		HTTP_TEST(everybody_gets_it_once),
		HTTP_TEST(the_policy_allows_its_own_script_and_style_alone),
		HTTP_TEST(nothing_comes_from_elsewhere_and_nothing_becomes_markup),
		HTTP_TEST(every_file_beside_it_is_in_it),
		HTTP_TEST(it_can_be_switched_off),
		HTTP_TEST(the_listener_of_the_metrics_has_none),
	};

	return RUN_HTTP_TESTS(argc, argv, tests);
}
