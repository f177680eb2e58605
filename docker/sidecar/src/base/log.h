/*
 * log.h
 *
 * One line per event on standard error, as logfmt.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

typedef enum LogLevel
{
	LOGLEVEL_DEBUG,
	LOGLEVEL_INFO,
	LOGLEVEL_WARNING,
	LOGLEVEL_ERROR
} LogLevel;

extern bool log_level_parse(const char *name, LogLevel *level);
extern void log_set_level(LogLevel level);

/* log_line(LOGLEVEL_INFO, "listening", "address", text, ..., NULL) */
extern void log_line(LogLevel level, const char *message, ...) __attribute__((sentinel));

#endif /* BASE_LOG_H */
