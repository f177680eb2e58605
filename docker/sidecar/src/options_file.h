/*
 * options_file.h
 *
 * The configuration file: lines "key = value", whose keys are the long options.
 */
#ifndef OPTIONS_FILE_H
#define OPTIONS_FILE_H

#include <getopt.h>

/*
 * If the command line has --config=FILE, replace *argc and *argv by arguments
 * that hold the options of the file before those of the command line, so that
 * the latter win; they live until the next call.  known ends with zeros.  NULL,
 * or a malloc'd error message.
 */
extern char *options_file_read(const struct option *known, int *argc, char ***argv);

/* Where an argument stands, as in "/etc/x.conf, line 7"; NULL: on the command line */
extern const char *options_file_place(int argument);

#endif /* OPTIONS_FILE_H */
