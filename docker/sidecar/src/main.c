/*
 * main.c
 *
 * Starts the components of the sidecar, waits for a signal, and stops them in
 * an order that leaves no child process and no waiting client behind.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "api/routes.h"
#include "api/routes_read.h"
#include "barman/backup_memory.h"
#include "barman/catalogue.h"
#include "barman/check_config.h"
#include "barman/read_cache.h"
#include "base/log.h"
#include "base/messages_locale.h"
#include "base/settings.h"
#include "base/systemd_notify.h"
#include "base/token.h"
#include "http/headers.h"
#include "http/service.h"
#include "jobs/cron.h"
#include "jobs/job.h"
#include "metrics/collector.h"
#include "metrics/requests.h"
#include "metrics/scrape.h"
#include "options.h"
#include "outlook/read_windows.h"
#include "outlook/size_history.h"
#include "outlook/size_sample.h"
#include "page/document.h"
#include "plugin/nagios.h"
#include "proof/kept_marks.h"
#include "proof/last_drill.h"
#include "proof/receipt_log.h"
#include "restore/cage.h"
#include "restore/instance.h"
#include "restore/server_keeper.h"

/* The sidecar ends within ten seconds of SIGTERM. */
#define STOP_SECONDS 10

static void open_standard_streams(void);
static void log_permissions(void);
static void log_confinement(void);
static void wait_for_signal(const sigset_t *signals);
static void stop_rooms(void);
static void give_up(int signal);

int
main(int argc, char **argv)
{
	sigset_t signals;
	HttpOptions http_options = {
		.service = {routes_admit, routes_dispatch, jobs_end_waits, requests_count}};
	ReadTarget version = {READ_VERSION, "", ""};
	ReadTarget servers = {READ_SERVERS, "", ""};

	/* Other processes of the same user must not read our memory and environment. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (argc > 1 && strcmp(argv[1], SERVER_KEEPER) == 0)
		return server_keeper_main(argc - 2, argv + 2);
	open_standard_streams();
	if (nagios_is_meant(argc, argv))
		return nagios_main(argc, argv);
	switch (options_parse(argc, argv))
	{
		case OPTIONS_RUN:
			break;
		case OPTIONS_DONE:
			return 0;
		case OPTIONS_WRONG:
			return 2;
	}
	log_set_level(settings.log_level);
	messages_in_english();

	/* Threads inherit the mask, so only wait_for_signal() receives these signals. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a write beyond RLIMIT_FSIZE then fails as on a full disk */
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);

	if (settings.check_config)
		return check_config() == 0 ? 0 : 1;
	if (!token_read_files())
		return 1;
	log_permissions();
	log_confinement();
	routes_init();
	if (!settings.no_page && !document_start())
		return 1;
	http_options.listen = settings.listen;
	http_options.open_listen = settings.metrics_listen;
	http_options.tls_cert = settings.tls_cert;
	http_options.tls_key = settings.tls_key;
	http_options.limits = settings.http;
	for (int i = 0; i < settings.host_name_count; i++)
		http_host_allow(settings.host_names[i]);
	drill_record_start(settings.state_dir);
	size_history_open(settings.state_dir);
	kept_marks_start(settings.state_dir);
	catalogue_start(settings.state_dir);
	if (!jobs_start(settings.state_dir) || !instances_start(settings.state_dir))
		return 1;
	/* jobs_start() makes the directory, and keeps other sidecars out of it */
	receipts_start(settings.state_dir);
	if (!reads_start(settings.max_reads, outlook_read) || !cron_start(settings.cron_interval) ||
		!collector_start(settings.metrics_interval) || !size_samples_start(settings.history_interval))
	{
		log_line(LOGLEVEL_ERROR, "could not start", "cause", strerror(errno), NULL);
		return 1;
	}
	if (!http_start(&http_options))
	{
		stop_rooms();
		return 1;
	}

	/* Fill the cache with these, so that the first client need not wait for them. */
	answer_release(reads_get(&version, READ_AGE_DEFAULT, NULL));
	answer_release(reads_get(&servers, READ_AGE_DEFAULT, NULL));

	notify_manager("READY=1");
	wait_for_signal(&signals);
	notify_manager("STOPPING=1");
	stop_rooms();
	log_line(LOGLEVEL_INFO, "stopped", NULL);
	return 0;
}

/* Open the closed standard streams, so that no pipe of ours gets their numbers. */
static void
open_standard_streams(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
#ifdef SYS_close_range
	/* Barman must not inherit descriptors that our parent left open. */
	syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC);
#endif
}

/* Warn of permissions that the operator may not have intended. */
static void
log_permissions(void)
{
	bool by_path = strncmp(settings.listen, "unix:", 5) == 0;

	if (!token_configured())
		log_line(LOGLEVEL_WARNING,
				 by_path
					 ? "there is no --token-file: every user who may open the socket (its owner and group) may take backups, restore and read all tables of a backup, and see Barman's state; nobody may delete or release a backup"
					 : "there is no --token-file: every user and every program of this machine may take backups, restore and read all tables of a backup, and see Barman's state; nobody may delete or release a backup",
				 "listen", settings.listen, "remedy", "give --token-file, or --listen=unix:/path",
				 NULL);
	if (settings.allow_delete && token_strongest() < SCOPE_DESTROY)
		log_line(LOGLEVEL_WARNING, "--allow-delete has no effect: no token has the scope destroy",
				 "remedy", "give --token-file=destroy=FILE", NULL);
}

/* Report a missing cage at startup, before anybody needs a restore. */
static void
log_confinement(void)
{
	CageHold offered = cage_offered();
	char *why;

	if (settings.instance_root == NULL || offered.abi > 0)
		return;
	why = cage_why_not(offered.error);
	if (settings.confinement_required)
		log_line(LOGLEVEL_ERROR,
				 "nothing will be restored: the kernel cannot keep a restored server in its directory",
				 "cause", why, "hint", cage_hint(offered.error), NULL);
	else
		log_line(LOGLEVEL_WARNING,
				 "restored servers are not kept in their directories: they can read and write whatever Barman can",
				 "cause", why, NULL);
	free(why);
}

static void
wait_for_signal(const sigset_t *signals)
{
	int number;

	for (;;)
	{
		if (sigwait(signals, &number) != 0)
			continue;
		if (number != SIGHUP)
			break;
		/* Each request rereads a changed file; this reports the result to the operator. */
		if (token_read_files())
			log_line(LOGLEVEL_INFO, "SIGHUP: the token files are good", NULL);
		http_reload();
	}
	log_line(LOGLEVEL_INFO, "stopping", "signal", number == SIGINT ? "SIGINT" : "SIGTERM", NULL);
}

/*
 * Refuse new requests; stop the jobs, whose watchers still get their last
 * messages; then the reads; and the HTTP server once no request sleeps.
 */
static void
stop_rooms(void)
{
	struct sigaction action = {.sa_handler = give_up};

	sigaction(SIGALRM, &action, NULL);
	alarm(STOP_SECONDS);
	http_quiesce();
	collector_quit();
	size_samples_quit();
	cron_stop();
	jobs_stop();
	instances_stop();
	reads_stop();
	collector_stop();
	size_samples_stop();
	size_history_close();
	http_stop();
	scrape_forget();
	jobs_forget();
	drill_record_stop();
	kept_marks_stop();
	receipts_stop();
	catalogue_forget_all();
	backup_memory_forget_all();
}

static void
give_up(int signal)
{
	(void) signal;
	_exit(1);
}
