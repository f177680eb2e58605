/*
 * check_config.h
 *
 * Checks whether the sidecar can start with its options.
 */
#ifndef BARMAN_CHECK_CONFIG_H
#define BARMAN_CHECK_CONFIG_H

/* Reports valid and invalid options on standard output; returns the number of errors. */
extern int check_config(void);

#endif /* BARMAN_CHECK_CONFIG_H */
