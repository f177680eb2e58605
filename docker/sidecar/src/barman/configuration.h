/*
 * configuration.h
 *
 * Whether Barman's configuration has changed.
 */
#ifndef BARMAN_CONFIGURATION_H
#define BARMAN_CONFIGURATION_H

#include <stdint.h>

/*
 * Of Barman's file (NULL: where Barman looks for it) and of those it leads to:
 * another one when one of them was written.  0 if there is no such file.
 */
extern uint64_t configuration_signature(const char *path);

#endif							/* BARMAN_CONFIGURATION_H */
