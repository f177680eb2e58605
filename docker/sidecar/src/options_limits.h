/*
 * options_limits.h
 *
 * The options whose value is a number: --NAME=N.
 */
#ifndef OPTIONS_LIMITS_H
#define OPTIONS_LIMITS_H

typedef struct OptionsLimit
{
	const char *name;
	int *value;
	int low;
	int high;
	int standard;
	const char *meaning; /* for --help */
} OptionsLimit;

#define OPTIONS_LIMITS 10

extern const OptionsLimit options_limits[OPTIONS_LIMITS];

#endif /* OPTIONS_LIMITS_H */
