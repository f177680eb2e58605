/*
 * test_confinement.c
 *
 * A confined program listens and answers, and reaches nobody by any call that
 * the kernel has for it.  Each attempt is made unconfined as well, where it
 * must succeed: else it would prove nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "confinement.h"

/* The exit code of an attempt that succeeded; else it is the errno. */
#define REACHED 0

extern char **environ;

static const char *self;
static struct sockaddr_in tcp = {.sin_family = AF_INET};
static struct sockaddr_in udp = {.sin_family = AF_INET};
static struct sockaddr_un file = {.sun_family = AF_UNIX};

/* ---- in the child: each returns what it got ---- */

static int
try_connect(int family, const void *address, socklen_t length)
{
	int			fd = socket(family, SOCK_STREAM, 0);

	return fd < 0 || connect(fd, address, length) != 0 ? errno : REACHED;
}

static int
try_datagram(void)
{
	int			fd = socket(AF_INET, SOCK_DGRAM, 0);

	return fd < 0 || sendto(fd, "x", 1, 0, (struct sockaddr *) &udp, sizeof(udp)) != 1 ? errno : REACHED;
}

/* By a socket that it may have */
static int
try_send_to(void)
{
	struct sockaddr_un nobody = {.sun_family = AF_UNIX, .sun_path = "/nobody"};
	int			fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	sendto(fd, "x", 1, 0, (struct sockaddr *) &nobody, sizeof(nobody));
	return errno == ENOENT ? REACHED : errno;
}

static int
try_send_message(void)
{
	int			pair[2];
	char		byte = 'x';
	struct iovec part = {&byte, 1};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

	return socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0 || sendmsg(pair[0], &message, 0) != 1 ? errno : REACHED;
}

static int
try_netlink(void)
{
	return socket(AF_NETLINK, SOCK_RAW, 0) < 0 ? errno : REACHED;
}

/* Refused, or whatever the kernel says of a call without arguments */
static int
try_ring(void)
{
	syscall(SYS_io_uring_setup, 0, NULL);
	return errno == EACCES ? EACCES : REACHED;
}

static int
try_to_answer(int family)
{
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int			fd = socket(family, SOCK_STREAM, 0);
	int			pair[2];

	if (fd < 0 || (family == AF_INET && bind(fd, (struct sockaddr *) &any, sizeof(any)) != 0) ||
		(family == AF_INET && listen(fd, 1) != 0))
		return errno;
	return socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0 || send(pair[0], "x", 1, 0) != 1 ? errno : REACHED;
}

static int
attempt(const char *what)
{
	if (strcmp(what, "tcp") == 0)
		return try_connect(AF_INET, &tcp, sizeof(tcp));
	if (strcmp(what, "socket file") == 0)
		return try_connect(AF_UNIX, &file, sizeof(file));
	if (strcmp(what, "datagram") == 0)
		return try_datagram();
	if (strcmp(what, "send to") == 0)
		return try_send_to();
	if (strcmp(what, "send message") == 0)
		return try_send_message();
	if (strcmp(what, "netlink") == 0)
		return try_netlink();
	if (strcmp(what, "ring") == 0)
		return try_ring();
	if (strcmp(what, "answer tcp") == 0)
		return try_to_answer(AF_INET);
	if (strcmp(what, "answer file") == 0)
		return try_to_answer(AF_UNIX);
	return -1;
}

/* ---- the tests ---- */

static int
outcome(const char *what, bool confined)
{
	char		tcp_port[8];
	char		udp_port[8];
	char	   *argv[] = {(char *) (uintptr_t) self, (char *) (uintptr_t) what, tcp_port, udp_port, file.sun_path, NULL};
	pid_t		pid;
	int			status;

	snprintf(tcp_port, sizeof(tcp_port), "%d", ntohs(tcp.sin_port));
	snprintf(udp_port, sizeof(udp_port), "%d", ntohs(udp.sin_port));
	assert_int_equal((confined ? confined_spawn : posix_spawn) (&pid, self, NULL, NULL, argv, environ), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
test_reaches_nobody(void **state)
{
	static const char *const attempts[] = {
		"tcp", "socket file", "datagram", "send to", "send message", "netlink", "ring"
	};

	(void) state;
	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++)
	{
		if (outcome(attempts[i], false) != REACHED)
			fail_msg("%s: not possible even unconfined", attempts[i]);
		if (outcome(attempts[i], true) != EACCES)
			fail_msg("%s: exit code %d", attempts[i], outcome(attempts[i], true));
	}
}

static void
test_answers(void **state)
{
	(void) state;
	assert_int_equal(outcome("answer tcp", true), REACHED);
	assert_int_equal(outcome("answer file", true), REACHED);
}

/* A grandchild, and one that the kernel is asked about */
static void
test_is_inherited(void **state)
{
	char	   *argv[] = {"/bin/sh", "-c", "/bin/sh -c 'grep -q \"^Seccomp:.2\" /proc/self/status && "
		"grep -q \"^NoNewPrivs:.1\" /proc/self/status' && sleep 60", NULL};
	pid_t		pid;
	int			status;

	(void) state;
	assert_int_equal(confined_spawn(&pid, argv[0], NULL, NULL, argv, environ), 0);
	for (int i = 0; i < 50 && !process_is_confined(pid); i++)
		usleep(10000);
	assert_true(process_is_confined(pid));
	usleep(200000);
	assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
}

static void
test_we_are_not(void **state)
{
	(void) state;
	assert_int_equal(outcome("answer tcp", true), REACHED);
	assert_false(process_is_confined(getpid()));
	assert_int_equal(try_connect(AF_INET, &tcp, sizeof(tcp)), REACHED);
}

static void
test_what_cannot_start(void **state)
{
	char	   *argv[] = {"/no/such/program", NULL};
	pid_t		pid;

	(void) state;
	assert_int_equal(confined_spawn(&pid, argv[0], NULL, NULL, argv, environ), ENOENT);
}

static int
listen_somewhere(void **state)
{
	socklen_t	length = sizeof(tcp);
	int			listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int			receiver = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int			local = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void) state;
	tcp.sin_addr.s_addr = udp.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	snprintf(file.sun_path, sizeof(file.sun_path), "/tmp/test_confinement_%d", getpid());
	return bind(listener, (struct sockaddr *) &tcp, sizeof(tcp)) != 0 || listen(listener, 100) != 0 ||
		getsockname(listener, (struct sockaddr *) &tcp, &length) != 0 ||
		bind(receiver, (struct sockaddr *) &udp, sizeof(udp)) != 0 ||
		getsockname(receiver, (struct sockaddr *) &udp, &length) != 0 ||
		bind(local, (struct sockaddr *) &file, sizeof(file)) != 0 || listen(local, 100) != 0;
}

static int
stop_listening(void **state)
{
	(void) state;
	return unlink(file.sun_path);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reaches_nobody),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_is_inherited),
		cmocka_unit_test(test_we_are_not),
		cmocka_unit_test(test_what_cannot_start),
	};

	if (argc == 5)
	{
		tcp.sin_addr.s_addr = udp.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		tcp.sin_port = htons((uint16_t) atoi(argv[2]));
		udp.sin_port = htons((uint16_t) atoi(argv[3]));
		snprintf(file.sun_path, sizeof(file.sun_path), "%s", argv[4]);
		/* a leak sanitizer at the exit would want to trace */
		_exit(attempt(argv[1]));
	}
	self = "/proc/self/exe";
	return cmocka_run_group_tests(tests, listen_somewhere, stop_listening);
}
