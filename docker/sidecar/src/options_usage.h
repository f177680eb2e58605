/*
 * options_usage.h
 *
 * Answers --help.
 */
#ifndef OPTIONS_USAGE_H
#define OPTIONS_USAGE_H

extern void options_usage(void);

#endif /* OPTIONS_USAGE_H */
