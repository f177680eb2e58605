/*
 * archive_fixture.h
 *
 * The archive of server "pg": files that the catalogue believes to be Barman's.
 */
#ifndef ARCHIVE_FIXTURE_H
#define ARCHIVE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <utime.h>

#include <cmocka.h>
#include <jansson.h>

#include "barman/catalogue.h"
#include "base/directory.h"
#include "base/memory.h"

static char home[64];

/* told: what else show-servers tells of the server; taken over */
static inline int
archive_make(json_t *told)
{
	char *wals;

	strcpy(home, "/tmp/test-archive-XXXXXX");
	if (mkdtemp(home) == NULL)
		return 1;
	wals = mem_printf("%s/wals", home);
	mkdir(wals, 0700);
	catalogue_start(home);
	json_object_set_new(told, "wals", json_string(wals));
	catalogue_learn("pg", told, catalogue_configuration());
	json_decref(told);
	free(wals);
	return 0;
}

static inline int
archive_remove(void **state)
{
	(void) state;
	catalogue_forget_all();
	return directory_remove(home);
}

/* A segment, or a file beside the directories of segments */
static inline void
put(const char *name, const char *text, time_t modified)
{
	struct utimbuf times = {modified, modified};
	char *path = strlen(name) >= 24 ? mem_printf("%s/wals/%.16s", home, name)
									: mem_printf("%s/wals", home);
	char *file = mem_printf("%s/%s", path, name);
	FILE *out;

	mkdir(path, 0700);
	out = fopen(file, "w");
	assert_non_null(out);
	fputs(text, out);
	fclose(out);
	utime(file, &times);
	free(path);
	free(file);
}

#endif /* ARCHIVE_FIXTURE_H */
