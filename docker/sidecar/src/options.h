/*
 * options.h
 *
 * Reads the command line into the settings (base/settings.h).
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>

typedef enum OptionsVerdict
{
	OPTIONS_RUN,
	OPTIONS_DONE, /* --help or --version was answered */
	OPTIONS_WRONG /* the reason is on standard error */
} OptionsVerdict;

extern OptionsVerdict options_parse(int argc, char **argv);

/* Does this --listen accept local connections only? */
extern bool options_listen_is_local(const char *listen);

#endif /* OPTIONS_H */
