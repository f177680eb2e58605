/*-------------------------------------------------------------------------
 *
 * settings.c
 *	  Defines the settings poc_barman.* and checks their values.
 *
 * Check hooks run in the postmaster too, so they must not initialize libcurl.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <limits.h>

#include "catalog/pg_authid.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/guc.h"

#include "base/curl_prelude.h"
#include "base/settings.h"

static const struct config_enum_entry progress_options[] = {
	{"auto", POC_PROGRESS_AUTO, false},
	{"log", POC_PROGRESS_LOG, false},
	{"brief", POC_PROGRESS_BRIEF, false},
	{"none", POC_PROGRESS_NONE, false},
	{NULL, 0, false},
};

static bool check_url(char **newval, void **extra, GucSource source);
static bool check_file(char **newval, void **extra, GucSource source);
static bool check_server(char **newval, void **extra, GucSource source);
static bool is_url(const char *text);
static bool has_space_or_control(const char *value);

char *poc_url = NULL;
char *poc_token_file = NULL;
char *poc_destroy_token_file = NULL;
char *poc_ca_file = NULL;
char *poc_server = NULL;
int poc_connect_timeout = POC_CONNECT_TIMEOUT_DEFAULT;
int poc_timeout = POC_TIMEOUT_DEFAULT;
int poc_max_response_size = POC_MAX_RESPONSE_SIZE_DEFAULT;
int poc_mark_size_limit = POC_MARK_SIZE_LIMIT_DEFAULT;
int poc_progress_setting = POC_PROGRESS_AUTO;

void
poc_define_settings(void)
{
	DefineCustomStringVariable("poc_barman.url", "Where the Barman sidecar listens.",
							   "http://host:port, https://host:port or unix:/path.", &poc_url,
							   POC_URL_DEFAULT, PGC_SIGHUP, GUC_SUPERUSER_ONLY, check_url, NULL,
							   NULL);
	DefineCustomStringVariable("poc_barman.token_file",
							   "File that holds the bearer token of the sidecar.",
							   "Read at each request, so the token can be rotated. Empty: no token is sent.",
							   &poc_token_file, "", PGC_SIGHUP, GUC_SUPERUSER_ONLY, check_file,
							   NULL, NULL);
	DefineCustomStringVariable("poc_barman.destroy_token_file",
							   "File that holds a token for releasing and deleting backups.",
							   "For a control database alone: who becomes superuser of a server must not be able to destroy its backups. Empty: nothing is released or deleted from here.",
							   &poc_destroy_token_file, "", PGC_SIGHUP, GUC_SUPERUSER_ONLY,
							   check_file, NULL, NULL);
	DefineCustomStringVariable("poc_barman.ca_file",
							   "File of the certificate authorities trusted for https.",
							   "Empty: those of the system. The sidecar's certificate is always verified.",
							   &poc_ca_file, "", PGC_SIGHUP, GUC_SUPERUSER_ONLY, check_file, NULL,
							   NULL);
	DefineCustomStringVariable("poc_barman.server",
							   "The Barman server that functions mean when none is named.",
							   "Empty: the only server Barman has.", &poc_server, "", PGC_USERSET,
							   0, check_server, NULL, NULL);
	DefineCustomIntVariable("poc_barman.connect_timeout",
							"Longest time to wait for a connection to the sidecar.", NULL,
							&poc_connect_timeout, POC_CONNECT_TIMEOUT_DEFAULT,
							POC_CONNECT_TIMEOUT_MIN, POC_CONNECT_TIMEOUT_MAX, PGC_USERSET,
							GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomIntVariable("poc_barman.timeout",
							"Longest time that one request to the sidecar may take.",
							"Time for which the sidecar was asked to hold its answer is not counted.",
							&poc_timeout, POC_TIMEOUT_DEFAULT, POC_TIMEOUT_MIN, POC_TIMEOUT_MAX,
							PGC_USERSET, GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomIntVariable("poc_barman.max_response_size",
							"Largest answer of the sidecar that is accepted.", NULL,
							&poc_max_response_size, POC_MAX_RESPONSE_SIZE_DEFAULT,
							POC_MAX_RESPONSE_SIZE_MIN, POC_MAX_RESPONSE_SIZE_MAX, PGC_SUSET,
							GUC_UNIT_KB, NULL, NULL, NULL);
	DefineCustomIntVariable("poc_barman.mark_size_limit",
							"Largest table that a mark of all tables takes in.",
							"A notice tells of each that is left out; a table that is named is taken in whatever its size. -1: no limit.",
							&poc_mark_size_limit, POC_MARK_SIZE_LIMIT_DEFAULT,
							POC_MARK_SIZE_LIMIT_MIN, POC_MARK_SIZE_LIMIT_MAX, PGC_USERSET,
							GUC_UNIT_MB, NULL, NULL, NULL);

	DefineCustomEnumVariable("poc_barman.progress",
							 "How the progress of jobs and of long procedures is told.",
							 "log: a notice for each line as it comes; brief: one notice when it is over, with the lines as its detail; none: warnings alone; auto: brief for pgcli, which prints notices after the result and the newest first, else log.",
							 &poc_progress_setting, POC_PROGRESS_AUTO, progress_options,
							 PGC_USERSET, 0, NULL, NULL, NULL);

	MarkGUCPrefixReserved("poc_barman");
}

static bool
check_url(char **newval, void **extra, GucSource source)
{
	const char *url = *newval;
	const char *why = NULL;

	if (has_space_or_control(url))
		why = "It contains a space or a control character.";
	else if (strncmp(url, "unix:", 5) == 0)
	{
		/* sun_path has 108 bytes on Linux, 104 on the BSDs */
		if (url[5] != '/')
			why = "The path after \"unix:\" must be absolute.";
		else if (strlen(url + 5) > 103)
			why = "The path of a Unix-domain socket has at most 103 bytes.";
	}
	else if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
		why = "It must begin with \"http://\", \"https://\" or \"unix:/\".";

	/*
	 * Credentials would appear in messages and logs; a query or a fragment
	 * would end up in the middle of the URLs that we build.
	 */
	else if (strpbrk(url, "@?#") != NULL)
		why = "It must not contain a user name, a password, a query or a fragment.";
	else if (!is_url(url))
		why = "It is not a valid URL.";

	if (why != NULL)
		GUC_check_errdetail("%s", why);
	return why == NULL;
}

/* libcurl decides what a URL is, because libcurl uses it. */
static bool
is_url(const char *text)
{
	CURLU *url = curl_url();
	bool valid;

	valid = url != NULL && curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK;
	curl_url_cleanup(url);
	return valid;
}

static bool
check_file(char **newval, void **extra, GucSource source)
{
	if ((*newval)[0] != '\0' && !is_absolute_path(*newval))
	{
		GUC_check_errdetail("The path must be absolute, or empty.");
		return false;
	}
	if (strlen(*newval) >= MAXPGPATH)
	{
		GUC_check_errdetail("The path has at most %d bytes.", MAXPGPATH - 1);
		return false;
	}
	return true;
}

static bool
check_server(char **newval, void **extra, GucSource source)
{
	if (has_space_or_control(*newval) || strchr(*newval, '/') != NULL)
	{
		GUC_check_errdetail(
			"The name of a Barman server has no spaces, slashes or control characters.");
		return false;
	}
	return true;
}

static bool
has_space_or_control(const char *value)
{
	for (const char *c = value; *c != '\0'; c++)
	{
		if ((unsigned char) *c <= 0x20 || *c == 0x7f)
			return true;
	}
	return false;
}

/*
 * May the user see poc_barman.url?  That is the user of the session or of SET
 * ROLE: our functions run as their owner, who may see everything.  Not in an
 * expression that is evaluated as its owner, such as an index's under ANALYZE:
 * that session is somebody else's.
 */
bool
poc_url_is_visible(void)
{
	return !InSecurityRestrictedOperation() &&
		   has_privs_of_role(GetOuterUserId(), ROLE_PG_READ_ALL_SETTINGS);
}
