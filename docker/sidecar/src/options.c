/*
 * options.c
 *
 * Reads the command line and, before it, the configuration file, by the table in
 * options_table.c; refuses options that are unsafe or cannot work.
 */
#include "options.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/settings.h"
#include "base/token.h"
#include "options_file.h"
#include "options_table.h"
#include "options_usage.h"

/* getopt's value of the first row of the table; others are characters */
#define FIRST_ROW 256
#define MOST_ROWS 128

/* Where the option that is being read stands; NULL: on the command line, or none is */
static const char *place;

static const struct option *rows_for_getopt(void);
static void set_defaults(void);
static const Option *next_option(int argc, char **argv, const struct option *known, bool *end);
static bool take(const Option *option, char *argument);
static bool parse_number(const Option *option, const char *text);
static bool parse_choice(const Option *option, const char *text);
static OptionsVerdict check_listening(void);
static OptionsVerdict check_instances(void);
static bool is_plain_path(const char *path);
static char *find_program(const char *name);
static char *find_bindir(void);
static OptionsVerdict wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));

OptionsVerdict
options_parse(int argc, char **argv)
{
	const struct option *known = rows_for_getopt();
	const Option *option;
	char *error;
	bool end = false;

	set_defaults();
	place = NULL;
	error = options_file_read(known, &argc, &argv);
	if (error != NULL)
	{
		wrong("%s", error);
		free(error);
		return OPTIONS_WRONG;
	}
	optind = 0; /* restart getopt: the tests parse more than once */
	while ((option = next_option(argc, argv, known, &end)) != NULL)
	{
		if (!take(option, optarg))
			return OPTIONS_WRONG;
		if (options_help)
		{
			options_usage();
			return OPTIONS_DONE;
		}
		if (options_version)
		{
			puts("barman-sidecar " SIDECAR_VERSION);
			return OPTIONS_DONE;
		}
	}
	if (!end)
	{
		fputs("Try \"barman-sidecar --help\".\n", stderr);
		return OPTIONS_WRONG;
	}
	if (optind < argc)
		return wrong("unexpected argument \"%s\"", argv[optind]);
	if (settings.state_dir == NULL)
		return wrong("--state-dir is missing: name a directory for the records of jobs");
	if (check_listening() == OPTIONS_WRONG || check_instances() == OPTIONS_WRONG)
		return OPTIONS_WRONG;
	if (geteuid() == 0)
		return wrong("refusing to run as root: start it as the user that Barman runs as");
	settings.barman = find_program(options_program);
	if (settings.barman == NULL)
		return wrong("cannot find the program \"%s\": install Barman or give its path with --barman",
					 options_program);
	return OPTIONS_RUN;
}

static const struct option *
rows_for_getopt(void)
{
	static struct option known[MOST_ROWS];
	int n = 0;

	for (int i = 0; options_table[i].name != NULL; i++)
	{
		if (options_table[i].kind != OPTION_HEADING)
			known[n++] = (struct option){options_table[i].name,
										 options_table[i].argument != NULL ? required_argument
																		   : no_argument,
										 NULL, FIRST_ROW + i};
	}
	return known;
}

static void
set_defaults(void)
{
	free(settings.barman);
	memset(&settings, 0, sizeof(settings));
	for (const Option *option = options_table; option->name != NULL; option++)
	{
		if (option->flag != NULL)
			*option->flag = option->kind == OPTION_CHOICE &&
							strcmp(option->text_standard, option->words[1]) == 0;
		if (option->text != NULL)
			*option->text = option->text_standard;
		if (option->number != NULL)
			*option->number = option->standard;
		if (option->parse != NULL)
			free(option->parse(option->text_standard));
	}
}

/* The row of the next option; NULL at the end, or, without *end, after one that is unknown. */
static const Option *
next_option(int argc, char **argv, const struct option *known, bool *end)
{
	int c = getopt_long(argc, argv, "hV", known, NULL);

	*end = c == -1;
	place = c != -1 ? options_file_place(optind - 1) : NULL;
	if (c >= FIRST_ROW)
		return &options_table[c - FIRST_ROW];
	for (const Option *option = options_table; c > 0 && option->name != NULL; option++)
	{
		if (option->letter == c)
			return option;
	}
	return NULL;
}

static bool
take(const Option *option, char *argument)
{
	char *error;

	switch (option->kind)
	{
		case OPTION_HEADING:
			break;
		case OPTION_SWITCH:
			*option->flag = true;
			break;
		case OPTION_TEXT:
			*option->text = argument;
			break;
		case OPTION_NUMBER:
			return parse_number(option, argument);
		case OPTION_CHOICE:
			return parse_choice(option, argument);
		case OPTION_PARSED:
			error = option->parse(argument);
			if (error != NULL)
				wrong("%s", error);
			free(error);
			return error == NULL;
	}
	return true;
}

static bool
parse_number(const Option *option, const char *text)
{
	char *end;
	long number;

	errno = 0;
	number = strtol(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || number < option->low || number > option->high)
	{
		wrong("--%s is \"%s\": it must be a number from %d to %d", option->name, text, option->low,
			  option->high);
		return false;
	}
	*option->number = (int) number;
	return true;
}

static bool
parse_choice(const Option *option, const char *text)
{
	*option->flag = strcmp(text, option->words[1]) == 0;
	if (*option->flag || strcmp(text, option->words[0]) == 0)
		return true;
	wrong("--%s is \"%s\": it must be %s or %s", option->name, text, option->words[0],
		  option->words[1]);
	return false;
}

/* ---- what options are together ---- */

static OptionsVerdict
check_listening(void)
{
	if ((settings.tls_cert == NULL) != (settings.tls_key == NULL))
		return wrong("--tls-cert and --tls-key belong together: give both or none");
	if (!token_configured() && !options_listen_is_local(settings.listen))
		return wrong("refusing to listen on \"%s\" without a token: give --token-file, or listen on 127.0.0.1",
					 settings.listen);
	if (settings.tls_cert == NULL && !settings.insecure_http &&
		!options_listen_is_local(settings.listen))
		return wrong("refusing to listen on \"%s\" without TLS, where others could read the token: give --tls-cert and --tls-key, or --insecure-http if nobody else reaches that network",
					 settings.listen);
	if (settings.http.reserved_connections >= settings.http.connections)
		return wrong("--reserved-connections leaves none: it must be less than --max-connections");
	return OPTIONS_RUN;
}

static OptionsVerdict
check_instances(void)
{
	if (settings.instance_root != NULL && !is_plain_path(settings.instance_root))
		return wrong("--instance-root is \"%s\": it must be an absolute path of letters, digits and ./_-",
					 settings.instance_root);
	if (settings.instance_host == NULL)
		settings.instance_host = settings.instance_listen;
	if (settings.pg_bindir == NULL && settings.instance_root != NULL)
	{
		settings.pg_bindir = find_bindir();
		if (settings.pg_bindir == NULL)
			return wrong(
				"cannot find the program \"postgres\", which --instance-root needs: install PostgreSQL's server or name its directory with --pg-bindir");
	}
	return OPTIONS_RUN;
}

bool
options_listen_is_local(const char *listen)
{
	char host[64];
	const char *colon = strrchr(listen, ':');
	struct in_addr four;
	struct in6_addr six;
	size_t length;

	if (strncmp(listen, "unix:", 5) == 0)
		return true;
	if (colon == NULL)
		return false;
	length = (size_t) (colon - listen);
	if (length >= 2 && listen[0] == '[' && listen[length - 1] == ']')
	{
		listen++;
		length -= 2;
	}
	if (length == 0 || length >= sizeof(host))
		return false;
	memcpy(host, listen, length);
	host[length] = '\0';
	if (inet_pton(AF_INET, host, &four) == 1)
		return (ntohl(four.s_addr) >> 24) == 127;
	if (inet_pton(AF_INET6, host, &six) == 1)
		return IN6_IS_ADDR_LOOPBACK(&six);
	return false;
}

/* Barman puts the path into shell commands, and PostgreSQL into settings. */
static bool
is_plain_path(const char *path)
{
	return path[0] == '/' && path[1] != '\0' &&
		   strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789./_-") ==
			   strlen(path);
}

/* The directory of PostgreSQL's server, found by PATH; or NULL */
static char *
find_bindir(void)
{
	char *program = find_program("postgres");
	char *slash = program != NULL ? strrchr(program, '/') : NULL;

	if (slash != NULL)
		*slash = '\0';
	return program;
}

/* The absolute path of a program, searched in PATH unless it has a slash */
static char *
find_program(const char *name)
{
	char resolved[PATH_MAX];
	const char *path = getenv("PATH");
	const char *end;

	if (strchr(name, '/') != NULL)
	{
		if (realpath(name, resolved) == NULL || access(resolved, X_OK) != 0)
			return NULL;
		return mem_strdup(resolved);
	}
	if (path == NULL)
		path = "/usr/local/bin:/usr/bin:/bin";
	for (; *path != '\0'; path = *end == ':' ? end + 1 : end)
	{
		char *candidate;

		end = path + strcspn(path, ":");
		candidate = mem_printf("%.*s/%s", (int) (end - path), path, name);
		if (*path == '/' && access(candidate, X_OK) == 0)
			return candidate;
		free(candidate);
	}
	return NULL;
}

static OptionsVerdict
wrong(const char *format, ...)
{
	va_list args;

	fputs("barman-sidecar: ", stderr);
	if (place != NULL)
		fprintf(stderr, "%s: ", place);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return OPTIONS_WRONG;
}
