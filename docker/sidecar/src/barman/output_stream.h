/*
 * output_stream.h
 *
 * What a child writes to its standard output or error.
 */
#ifndef BARMAN_OUTPUT_STREAM_H
#define BARMAN_OUTPUT_STREAM_H

#include <stdbool.h>
#include <stddef.h>

typedef struct OutputStream
{
	int fd; /* -1: closed */
	char *data;
	size_t length;
	size_t size;
	size_t limit;
	bool overflow;
	bool (*sink)(void *arg, const char *bytes, size_t length); /* or NULL */
	void *sink_arg;
	bool refused; /* by the sink */
} OutputStream;

/* The reading end is non-blocking; returns errno. */
extern int output_open_pipe(int fds[2]);

/* Keeps all that the pipe has now; sets overflow beyond the limit. */
extern void output_read(OutputStream *stream);

/* Hands a piece to the sink; sets refused when that says no. */
extern void output_pass_on(OutputStream *stream);

extern void output_close(OutputStream *stream);

#endif /* BARMAN_OUTPUT_STREAM_H */
