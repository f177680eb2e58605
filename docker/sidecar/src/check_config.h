/*
 * check_config.h
 *
 * Whether the sidecar could be started as it is told to.
 */
#ifndef CHECK_CONFIG_H
#define CHECK_CONFIG_H

/* Says on standard output what is good and what is wrong; how many are. */
extern int	check_config(void);

#endif							/* CHECK_CONFIG_H */
