/*
 * read_directories.h
 *
 * Where Barman has the files of its servers: for the catalogue, which watches
 * them.
 */
#ifndef BARMAN_READ_DIRECTORIES_H
#define BARMAN_READ_DIRECTORIES_H

#include <jansson.h>

#include "barman/read_target.h"
#include "barman/runner.h"
#include "base/answer.h"

/* Asks Barman for those of one server. */
extern Answer *read_directories(const ReadTarget *target, RunControl *control);

/* Asks for those of all servers, by one run; who comes while it runs waits for it. */
extern Answer *read_all_directories(RunControl *control);

/*
 * Have a worker ask, if Barman has not told them lately.  Does not wait for it.
 * servers: the list of all, of which many may be missing.
 */
extern void read_directories_ahead(const char *server, const json_t *servers);

/* The same for each of the servers */
extern void read_directories_of_each(const json_t *servers);

#endif /* BARMAN_READ_DIRECTORIES_H */
