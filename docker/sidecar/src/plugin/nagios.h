/*
 * nagios.h
 *
 * barman-sidecar --check: a plugin for Nagios, Icinga and what is like them.
 */
#ifndef PLUGIN_NAGIOS_H
#define PLUGIN_NAGIOS_H

#include <stdbool.h>

/* Is this command line one of the plugin? */
extern bool nagios_is_meant(int argc, char **argv);

/* Prints a verdict; returns the exit code: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN. */
extern int nagios_main(int argc, char **argv);

#endif /* PLUGIN_NAGIOS_H */
