/*
 * cage_paths.c
 *
 * Files of the host that a restored server and its clients may read and execute: the
 * programs of the system and of PostgreSQL.  None may be in a home or hold a secret.
 */
#include "restore/cage_paths.h"

#include <stdlib.h>
#include <string.h>

#include "barman/runner.h"
#include "base/memory.h"

#define PROGRAM_MS 30000

const char *const cage_system_programs[] = {
	"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", NULL,
};

/* For the architectures in cage_filter.c: those of glibc and musl */
const char *const cage_loaders[] = {
	"/lib64/ld-linux-x86-64.so.2",
	"/lib/ld-linux-aarch64.so.1",
	"/lib/ld-musl-x86_64.so.1",
	"/lib/ld-musl-aarch64.so.1",
	NULL,
};

/* User names; hosts, as in --instance-listen; time zones; locales; Debian's dictionaries */
const char *const cage_system_files[] = {
	"/dev/urandom",
	"/dev/random",
	"/dev/zero",
	"/etc/ld.so.cache",
	"/etc/ld.so.preload",
	"/etc/passwd",
	"/etc/group",
	"/etc/nsswitch.conf",
	"/etc/host.conf",
	"/etc/hosts",
	"/etc/gai.conf",
	"/etc/services",
	"/etc/localtime",
	"/etc/timezone",
	"/etc/locale.alias",
	"/etc/ssl/openssl.cnf",
	"/etc/pki/tls/openssl.cnf",
	"/etc/crypto-policies",
	"/var/cache/postgresql/dicts",
	NULL,
};

/* As pg_config reports them, otherwise beside the programs */
char **
cage_paths_of(const char *bindir)
{
	static const char *const asked[] = {"--pkglibdir", "--sharedir", "--libdir", "--localedir"};
	static const char *const beside[] = {"../lib", "../lib64", "../share"};
	const size_t count = sizeof(asked) / sizeof(asked[0]);
	char **paths = mem_alloc((count + 2) * sizeof(char *));
	char *program = mem_printf("%s/pg_config", bindir);
	const char *argv[count + 2];
	RunRequest request = {.argv = argv, .deadline_ms = PROGRAM_MS, .grace_ms = 1000};
	RunResult result;
	size_t n = 0;

	argv[0] = program;
	memcpy(argv + 1, asked, sizeof(asked));
	argv[count + 1] = NULL;
	runner_run(&request, &result);
	paths[n++] = mem_strdup(bindir);
	if (result.outcome == RUN_EXITED && result.exit_code == 0)
	{
		char *rest = result.out;

		for (char *line; n <= count && (line = strsep(&rest, "\n")) != NULL;)
		{
			/* never all of a disk, however PostgreSQL was built */
			if (line[0] == '/' && line[1] != '\0')
				paths[n++] = mem_strdup(line);
		}
	}
	else
	{
		for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++)
			paths[n++] = mem_printf("%s/%s", bindir, beside[i]);
	}
	runner_free(&result);
	free(program);
	return paths;
}

void
cage_paths_free(char **paths)
{
	if (paths == NULL)
		return;
	for (size_t i = 0; paths[i] != NULL; i++)
		free(paths[i]);
	free(paths);
}
