/*
 * configuration.h
 *
 * Detects changes of Barman's configuration.
 */
#ifndef BARMAN_CONFIGURATION_H
#define BARMAN_CONFIGURATION_H

#include <stdint.h>

/*
 * A hash of Barman's file (NULL: in Barman's default places) and the files it
 * includes; changes when one of them is written.  0 if there is no such file.
 */
extern uint64_t configuration_signature(const char *path);

#endif /* BARMAN_CONFIGURATION_H */
