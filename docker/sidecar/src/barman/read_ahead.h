/*
 * read_ahead.h
 *
 * The lists of backups of all servers from one run of Barman, for a caller who
 * asks for each.
 */
#ifndef BARMAN_READ_AHEAD_H
#define BARMAN_READ_AHEAD_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "barman/runner.h"

/* What it needs of those who know Barman's commands and the cache */
typedef struct ReadAhead
{
	/* Lists the backups of all servers; malloc'd output or NULL */
	char *(*list_all)(RunControl *control);

	/* Learns where all servers have their files */
	void (*learn_all)(RunControl *control);

	/* Has another thread call read_ahead_begin() */
	void (*begin)(void);

	/* Is there no list of this server that would be given at once? */
	bool (*is_due)(const char *server);

	RunControl *control;
} ReadAhead;

/*
 * malloc'd document of list-backups with this server alone, as Barman prints it
 * for one; NULL if the server must be asked for by itself.  Blocks while
 * another thread runs Barman.  *watched: whether the catalogue is known not to
 * have changed since Barman began.
 */
extern char *read_ahead_backups(const ReadAhead *ahead, const char *server, const json_t *servers,
								bool *watched);

/*
 * Lists all servers for those who may ask for a second one.  Blocks while Barman
 * runs; does nothing if few lists are missing.
 */
extern void read_ahead_begin(const ReadAhead *ahead, const json_t *servers);

/* The lists of this server, or of all (NULL), may have changed. */
extern void read_ahead_forget(const char *server);

#endif /* BARMAN_READ_AHEAD_H */
