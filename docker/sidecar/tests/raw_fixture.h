/*
 * raw_fixture.h
 *
 * Requests to the sidecar byte by byte, as no library would send them.
 */
#ifndef RAW_FIXTURE_H
#define RAW_FIXTURE_H

#include <poll.h>

#include "sidecar_fixture.h"

static inline int
open_silent(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t) port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (struct sockaddr *) &address, sizeof(address)), 0);
	return fd;
}

static inline int
open_raw(const char *text)
{
	int fd = open_silent();

	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t) strlen(text));
	return fd;
}

/* Is it closed within this time?  What comes before is added to text. */
static inline bool
read_to_end(int fd, int64_t milliseconds, char *text, size_t size)
{
	int64_t until = monotonic_ms() + milliseconds;
	size_t length = strlen(text);
	char block[4096];

	while (monotonic_ms() < until)
	{
		struct pollfd one = {fd, POLLIN, 0};
		ssize_t got;

		if (poll(&one, 1, (int) (until - monotonic_ms())) <= 0)
			continue;
		got = recv(fd, block, sizeof(block), MSG_DONTWAIT);
		if (got == 0 || (got < 0 && errno == ECONNRESET))
			return true;
		for (ssize_t i = 0; i < got && length + 1 < size; i++)
			text[length++] = block[i];
		text[length] = '\0';
	}
	return false;
}

/* The first answer whole enough to have a status; the connection stays open. */
static inline int
read_status(int fd)
{
	int64_t until = monotonic_ms() + PATIENCE_MS;
	char text[64] = "";
	size_t length = 0;

	while (length < 12 && monotonic_ms() < until)
	{
		struct pollfd one = {fd, POLLIN, 0};
		ssize_t got;

		if (poll(&one, 1, 1000) <= 0)
			continue;
		got = recv(fd, text + length, 12 - length, 0);
		if (got <= 0)
			break;
		length += (size_t) got;
	}
	return length == 12 && strncmp(text, "HTTP/1.", 7) == 0 ? atoi(text + 9) : 0;
}

/* A number among the sidecar's metrics, by the whole of what stands before it */
static inline double
metric(const char *name)
{
	Response response = get("/metrics");
	char *line = mem_printf("\n%s ", name);
	const char *found = response.body != NULL ? strstr(response.body, line) : NULL;
	double value = found != NULL ? strtod(found + strlen(line), NULL) : -1;

	free(line);
	release(&response);
	return value;
}

static inline void
wait_for_metric(const char *name, double at_least)
{
	int64_t until = monotonic_ms() + PATIENCE_MS;

	while (metric(name) < at_least)
	{
		if (monotonic_ms() > until)
			fail_msg("%s is %g, not %g", name, metric(name), at_least);
		poll(NULL, 0, 20);
	}
}

#endif /* RAW_FIXTURE_H */
