/*
 * output_stream.c
 *
 * Reads what a child writes to a pipe: keeps it up to a limit, or hands it on.
 */
#include "barman/output_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/memory.h"

/* The reading end is non-blocking; returns errno. */
int
output_open_pipe(int fds[2])
{
	if (pipe2(fds, O_CLOEXEC) != 0)
		return errno;
	if (fcntl(fds[0], F_SETFL, O_NONBLOCK) != 0)
	{
		int error = errno;

		close(fds[0]);
		close(fds[1]);
		return error;
	}
	return 0;
}

void
output_read(OutputStream *stream)
{
	for (;;)
	{
		char scratch[4096];
		char *into = scratch;
		size_t room = sizeof(scratch);
		ssize_t got;

		if (stream->length < stream->limit)
		{
			if (stream->size - stream->length < 2)
			{
				stream->size = stream->size > 0 ? stream->size * 2 : 16384;
				stream->data = mem_realloc(stream->data, stream->size);
				stream->data[stream->length] = '\0';
			}
			into = stream->data + stream->length;
			room = stream->size - stream->length - 1;
			if (room > stream->limit - stream->length)
				room = stream->limit - stream->length;
		}
		got = read(stream->fd, into, room);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == EAGAIN)
			return;
		if (got <= 0)
		{
			output_close(stream);
			return;
		}
		if (into == scratch)
		{
			stream->overflow = true;
			return; /* let the caller check the time */
		}
		stream->length += (size_t) got;
		stream->data[stream->length] = '\0';
	}
}

/*
 * One piece at a time, so that the caller looks at the time between two.  The
 * drain after the end of the child must not lose what the pipe still has: it
 * fits into one piece.
 */
void
output_pass_on(OutputStream *stream)
{
	/* as much as a pipe holds */
	char piece[64 * 1024];
	ssize_t got;

	do
		got = read(stream->fd, piece, sizeof(piece));
	while (got < 0 && errno == EINTR);
	if (got > 0 && !stream->refused)
		stream->refused = !stream->sink(stream->sink_arg, piece, (size_t) got);
	else if (got == 0 || (got < 0 && errno != EAGAIN))
		output_close(stream);
}

void
output_close(OutputStream *stream)
{
	if (stream->fd >= 0)
		close(stream->fd);
	stream->fd = -1;
}
