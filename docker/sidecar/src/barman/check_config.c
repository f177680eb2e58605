/*
 * check_config.c
 *
 * Implements --check-config: checks every file and directory of the options,
 * and runs Barman.  Changes and creates nothing, and does not listen.
 */
#include "barman/check_config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "barman/command.h"
#include "barman/json.h"
#include "base/memory.h"
#include "base/settings.h"
#include "base/token.h"

#define BARMAN_MS 60000

static int wrong;

static void report(bool good, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void check_directory(const char *what, const char *path);
static void check_lock(const char *path);
static void check_key(void);
static void check_barman(void);

int
check_config(void)
{
	wrong = 0;
	report(true, "options: they can be read and fit together");
	if (!token_configured())
		report(true, "token files: none; whoever reaches %s may operate, and destroy nothing",
			   settings.listen);
	else
	{
		fflush(stdout);
		report(token_read_files(), "token files: %s",
			   "each must be a plain file of the sidecar's user, mode 0600, with one line of its own");
	}
	if (settings.allow_delete && token_strongest() < SCOPE_DESTROY)
		report(false,
			   "--allow-delete: it has no effect, because no token has the scope destroy: give --token-file=destroy=FILE");
	check_directory("state directory", settings.state_dir);
	check_lock(settings.state_dir);
	if (settings.instance_root != NULL)
		check_directory("instance root", settings.instance_root);
	check_key();
	check_barman();
	printf("%s\n", wrong == 0 ? "All is good." : "This configuration does not work.");
	return wrong;
}

static void
report(bool good, const char *format, ...)
{
	va_list args;

	printf("%-6s ", good ? "ok" : "WRONG");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	wrong += !good;
}

static void
check_directory(const char *what, const char *path)
{
	struct stat facts;
	char *parent;
	char *slash;

	if (stat(path, &facts) == 0)
	{
		if (!S_ISDIR(facts.st_mode))
			report(false, "%s %s: it is no directory", what, path);
		else if (access(path, R_OK | W_OK | X_OK) != 0)
			report(false, "%s %s: %s", what, path, strerror(errno));
		else if (facts.st_uid != geteuid() && (facts.st_mode & 022) != 0)
			report(false, "%s %s: it belongs to somebody else, and others may write to it", what,
				   path);
		else
			report(true, "%s %s", what, path);
		return;
	}
	if (errno != ENOENT)
	{
		report(false, "%s %s: %s", what, path, strerror(errno));
		return;
	}
	parent = mem_strdup(path);
	slash = strrchr(parent, '/');
	if (slash != NULL)
		*(slash == parent ? slash + 1 : slash) = '\0';
	if (access(slash != NULL ? parent : ".", W_OK | X_OK) != 0)
		report(false, "%s %s: it cannot be made: %s", what, path, strerror(errno));
	else
		report(true, "%s %s: it will be made", what, path);
	free(parent);
}

/* A running sidecar is no error, but prevents a second one from starting. */
static void
check_lock(const char *path)
{
	char *name = mem_printf("%s/lock", path);
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);

	if (fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0)
		report(true, "state directory %s: a sidecar uses it now", path);
	if (fd >= 0)
		close(fd);
	free(name);
}

static void
check_key(void)
{
	const char *files[] = {settings.tls_cert, settings.tls_key};

	for (size_t i = 0; i < 2 && files[i] != NULL; i++)
	{
		struct stat facts;

		if (access(files[i], R_OK) != 0 || stat(files[i], &facts) != 0)
			report(false, "%s %s: %s", i == 0 ? "certificate" : "key", files[i], strerror(errno));
		else if (!S_ISREG(facts.st_mode) || facts.st_size == 0)
			report(false, "%s %s: it is empty, or no plain file", i == 0 ? "certificate" : "key",
				   files[i]);
		else if (i == 1 && (facts.st_mode & 07) != 0)
			report(false, "key %s: it is open to others (mode %04o): chmod o-rwx it", files[i],
				   (unsigned int) facts.st_mode & 07777);
		else
			report(true, "%s %s", i == 0 ? "certificate" : "key", files[i]);
	}
}

static void
check_barman(void)
{
	static const char *const commands[][2] = {{"--version", NULL}, {"list-servers", NULL}};

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
	{
		RunRequest request = {.deadline_ms = BARMAN_MS, .grace_ms = 1000};
		RunResult result;
		BarmanFailure failure;
		char *words;

		if (i == 0)
			barman_run_console(&request, commands[i], &result);
		else
			barman_run(&request, commands[i], &result);
		if (!barman_run_succeeded(&result, commands[i][0], &failure))
			report(false, "%s %s: %s", settings.barman, commands[i][0], failure.message);
		else if (result.exit_code != 0)
		{
			words = barman_redact_text(result.err[0] != '\0' ? result.err : result.out,
									   strnlen(result.err[0] != '\0' ? result.err : result.out, 1000));
			report(false, "%s %s: exit code %d: %s", settings.barman, commands[i][0],
				   result.exit_code, words);
			free(words);
		}
		else
			report(true, "%s %s", settings.barman, commands[i][0]);
		barman_failure_clear(&failure);
		runner_free(&result);
	}
}
