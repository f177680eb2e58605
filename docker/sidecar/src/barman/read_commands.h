/*
 * read_commands.h
 *
 * Makes the answer of each kind of read by running Barman.
 */
#ifndef BARMAN_READ_COMMANDS_H
#define BARMAN_READ_COMMANDS_H

#include "barman/read_cache.h"

/* The ReadExecutor that runs Barman */
extern Answer *barman_read(const ReadTarget *target, RunControl *control);

/*
 * Barman's version as a number (31303), or 0 if unknown.  Blocks while Barman
 * runs, the first time.
 */
extern int barman_version(void);

#endif /* BARMAN_READ_COMMANDS_H */
