/*
 * check_config.h
 *
 * Whether the sidecar could be started as it is told to.
 */
#ifndef BARMAN_CHECK_CONFIG_H
#define BARMAN_CHECK_CONFIG_H

/* Says on standard output what is good and what is wrong; how many are. */
extern int	check_config(void);

#endif							/* BARMAN_CHECK_CONFIG_H */
