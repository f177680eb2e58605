/*
 * options.c
 *
 * Reads the command line and, before it, the configuration file; refuses options
 * that are unsafe or cannot work.
 */
#include "options.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/settings.h"
#include "base/token.h"
#include "options_file.h"
#include "options_limits.h"

#define DEFAULT_LISTEN		  "127.0.0.1:8480"
#define DEFAULT_CRON_INTERVAL 60
#define MAX_CRON_INTERVAL	  86400
/* As long as the cache keeps a list of backups that nobody changes */
#define DEFAULT_METRICS_INTERVAL 60
#define MAX_METRICS_INTERVAL	 86400
/* Less than the client's 60 s, so that the client gets our error, not its own timeout */
#define DEFAULT_READ_TIMEOUT	 45
#define MAX_READ_TIMEOUT		 3600
#define DEFAULT_MAX_READS		 4
#define MAX_MAX_READS			 64
#define MIN_MAX_JOBS			 3
#define MAX_MAX_JOBS			 256
#define MAX_MAX_BACKUPS_PER_HOUR 100000
#define DEFAULT_INSTANCE_PORTS	 "15500-15599"
#define DEFAULT_INSTANCE_LISTEN	 "127.0.0.1"
#define DEFAULT_MAX_INSTANCES	 8
#define MAX_MAX_INSTANCES		 1000
#define DEFAULT_RESTORE_TIMEOUT	 600
/* The cap: on a large disk, 5 % is more than Barman's archive needs to go on. */
#define DEFAULT_RESERVE_PERCENT 5
#define DEFAULT_RESERVE_BYTES	(INT64_C(10) * 1024 * 1024 * 1024)
#define MAX_RESERVE_PERCENT		99
#define MAX_RESTORE_TIMEOUT		86400
/* Each assertion is a session of its own, and the receipt holds their texts. */
#define DEFAULT_MAX_ASSERTIONS		100
#define MAX_MAX_ASSERTIONS			10000
#define DEFAULT_MAX_ASSERTION_BYTES 65536
#define MAX_MAX_ASSERTION_BYTES		1048576

/* Options without a short form */
#define OPTION_MAX_ASSERTIONS	   0x501
#define OPTION_MAX_ASSERTION_BYTES 0x502
#define OPTION_METRICS_LISTEN	   0x503
#define OPTION_METRICS_INTERVAL	   0x504

/* Values above the characters, because the letters do not suffice */
enum
{
	OPTION_HOST_NAME = 256,
	OPTION_CONFIG,
	OPTION_INSECURE_HTTP,
	OPTION_MAX_INSTANCES_PER_SERVER,
	OPTION_LIMIT /* the first of options_limits[] */
};

/* Where the option that is being read stands; NULL: on the command line, or none is */
static const char *place;

static void usage(void);
static int next_option(int argc, char **argv, const struct option *known);
static bool parse_number(const char *name, const char *text, int low, int high, int *value);
static bool parse_choice(const char *name, const char *text, const char *no, const char *yes,
						 bool *value);
static bool parse_ports(const char *text);
static bool parse_reserve(const char *text);
static bool is_plain_path(const char *path);
static bool are_plain_names(const char *list);
static char *find_program(const char *name);
static char *find_bindir(void);
static OptionsVerdict wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));

OptionsVerdict
options_parse(int argc, char **argv)
{
	static const struct option words[] = {
		{"config", required_argument, NULL, OPTION_CONFIG},
		{"listen", required_argument, NULL, 'l'},
		{"token-file", required_argument, NULL, 't'},
		{"tls-cert", required_argument, NULL, 'c'},
		{"tls-key", required_argument, NULL, 'k'},
		{"state-dir", required_argument, NULL, 's'},
		{"barman", required_argument, NULL, 'b'},
		{"barman-config", required_argument, NULL, 'B'},
		{"cron-interval", required_argument, NULL, 'i'},
		{"read-timeout", required_argument, NULL, 'r'},
		{"max-reads", required_argument, NULL, 'm'},
		{"max-jobs", required_argument, NULL, 'j'},
		{"max-jobs-of-kind", required_argument, NULL, 'J'},
		{"max-backups-per-hour", required_argument, NULL, 'x'},
		{"metrics-listen", required_argument, NULL, OPTION_METRICS_LISTEN},
		{"metrics-interval", required_argument, NULL, OPTION_METRICS_INTERVAL},
		{"log-level", required_argument, NULL, 'L'},
		{"instance-root", required_argument, NULL, 'R'},
		{"instance-ports", required_argument, NULL, 'P'},
		{"instance-listen", required_argument, NULL, 'A'},
		{"instance-host", required_argument, NULL, 'H'},
		{"pg-bindir", required_argument, NULL, 'p'},
		{"max-instances", required_argument, NULL, 'M'},
		{"max-instances-per-server", required_argument, NULL, OPTION_MAX_INSTANCES_PER_SERVER},
		{"restore-timeout", required_argument, NULL, 'T'},
		{"drill-network", required_argument, NULL, 'N'},
		{"instance-network", required_argument, NULL, 'I'},
		{"confinement", required_argument, NULL, 'C'},
		{"reserve-free", required_argument, NULL, 'F'},
		{"max-assertions", required_argument, NULL, OPTION_MAX_ASSERTIONS},
		{"max-assertion-bytes", required_argument, NULL, OPTION_MAX_ASSERTION_BYTES},
		{"instance-preload", required_argument, NULL, 'Y'},
		{"allow-delete", no_argument, NULL, 'D'},
		{"host-name", required_argument, NULL, OPTION_HOST_NAME},
		{"insecure-http", no_argument, NULL, OPTION_INSECURE_HTTP},
		{"check-config", no_argument, NULL, 'y'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
	};
	struct option long_options[sizeof(words) / sizeof(words[0]) + OPTIONS_LIMITS + 1] = {0};
	const char *program = "barman";
	char *text;
	int c;

	free(settings.barman);
	token_forget_files();
	memset(&settings, 0, sizeof(settings));
	settings.listen = DEFAULT_LISTEN;
	settings.cron_interval = DEFAULT_CRON_INTERVAL;
	settings.read_timeout = DEFAULT_READ_TIMEOUT;
	settings.max_reads = DEFAULT_MAX_READS;
	settings.metrics_interval = DEFAULT_METRICS_INTERVAL;
	settings.max_jobs = DEFAULT_MAX_JOBS;
	settings.max_jobs_of_kind = DEFAULT_MAX_JOBS_OF_KIND;
	settings.max_backups_per_hour = DEFAULT_MAX_BACKUPS_PER_HOUR;
	settings.log_level = LOGLEVEL_INFO;
	settings.instance_listen = DEFAULT_INSTANCE_LISTEN;
	settings.max_instances = DEFAULT_MAX_INSTANCES;
	settings.restore_timeout = DEFAULT_RESTORE_TIMEOUT;
	settings.confinement_required = true;
	settings.reserve_percent = DEFAULT_RESERVE_PERCENT;
	settings.reserve_bytes = DEFAULT_RESERVE_BYTES;
	settings.max_assertions = DEFAULT_MAX_ASSERTIONS;
	settings.max_assertion_bytes = DEFAULT_MAX_ASSERTION_BYTES;
	parse_ports(DEFAULT_INSTANCE_PORTS);
	for (int i = 0; i < OPTIONS_LIMITS; i++)
	{
		*options_limits[i].value = options_limits[i].standard;
		long_options[i] = (struct option){options_limits[i].name, required_argument, NULL,
										  OPTION_LIMIT + i};
	}
	memcpy(long_options + OPTIONS_LIMITS, words, sizeof(words));

	place = NULL;
	text = options_file_read(long_options, &argc, &argv);
	if (text != NULL)
	{
		wrong("%s", text);
		free(text);
		return OPTIONS_WRONG;
	}
	optind = 0; /* restart getopt: the tests parse more than once */
	while ((c = next_option(argc, argv, long_options)) != -1)
	{
		switch (c)
		{
			case OPTION_CONFIG:
				break;
			case 'l':
				settings.listen = optarg;
				break;
			case 't':
				text = token_add_file(optarg);
				if (text != NULL)
				{
					wrong("%s", text);
					free(text);
					return OPTIONS_WRONG;
				}
				break;
			case 'c':
				settings.tls_cert = optarg;
				break;
			case 'k':
				settings.tls_key = optarg;
				break;
			case 's':
				settings.state_dir = optarg;
				break;
			case 'b':
				program = optarg;
				break;
			case 'B':
				settings.barman_config = optarg;
				break;
			case 'i':
				if (!parse_number("cron-interval", optarg, 0, MAX_CRON_INTERVAL,
								  &settings.cron_interval))
					return OPTIONS_WRONG;
				break;
			case 'r':
				if (!parse_number("read-timeout", optarg, 1, MAX_READ_TIMEOUT, &settings.read_timeout))
					return OPTIONS_WRONG;
				break;
			case 'm':
				if (!parse_number("max-reads", optarg, 1, MAX_MAX_READS, &settings.max_reads))
					return OPTIONS_WRONG;
				break;
			case 'j':
				if (!parse_number("max-jobs", optarg, MIN_MAX_JOBS, MAX_MAX_JOBS, &settings.max_jobs))
					return OPTIONS_WRONG;
				break;
			case 'J':
				if (!parse_number("max-jobs-of-kind", optarg, 1, MAX_MAX_JOBS,
								  &settings.max_jobs_of_kind))
					return OPTIONS_WRONG;
				break;
			case 'x':
				if (!parse_number("max-backups-per-hour", optarg, 0, MAX_MAX_BACKUPS_PER_HOUR,
								  &settings.max_backups_per_hour))
					return OPTIONS_WRONG;
				break;
			case 'L':
				if (!log_level_parse(optarg, &settings.log_level))
					return wrong("unknown log level \"%s\": use debug, info, warning or error",
								 optarg);
				break;
			case 'R':
				settings.instance_root = optarg;
				break;
			case 'P':
				if (!parse_ports(optarg))
					return wrong("--instance-ports is \"%s\": it must be two ports, as in %s",
								 optarg, DEFAULT_INSTANCE_PORTS);
				break;
			case 'A':
				settings.instance_listen = optarg;
				break;
			case 'H':
				settings.instance_host = optarg;
				break;
			case 'p':
				settings.pg_bindir = optarg;
				break;
			case 'M':
				if (!parse_number("max-instances", optarg, 1, MAX_MAX_INSTANCES,
								  &settings.max_instances))
					return OPTIONS_WRONG;
				break;
			case OPTION_MAX_INSTANCES_PER_SERVER:
				if (!parse_number("max-instances-per-server", optarg, 1, MAX_MAX_INSTANCES,
								  &settings.max_instances_per_server))
					return OPTIONS_WRONG;
				break;
			case 'T':
				if (!parse_number("restore-timeout", optarg, 1, MAX_RESTORE_TIMEOUT,
								  &settings.restore_timeout))
					return OPTIONS_WRONG;
				break;
			case 'N':
				if (!parse_choice("drill-network", optarg, "none", "host", &settings.drill_network))
					return OPTIONS_WRONG;
				break;
			case 'I':
				if (!parse_choice("instance-network", optarg, "none", "host",
								  &settings.instance_network))
					return OPTIONS_WRONG;
				break;
			case 'F':
				if (!parse_reserve(optarg))
					return wrong("--reserve-free is \"%s\": it must be a size, as in 10GB, or a share of the disk, as in 5%%",
								 optarg);
				break;
			case 'C':
				if (!parse_choice("confinement", optarg, "best-effort", "required",
								  &settings.confinement_required))
					return OPTIONS_WRONG;
				break;
			case OPTION_MAX_ASSERTIONS:
				if (!parse_number("max-assertions", optarg, 0, MAX_MAX_ASSERTIONS,
								  &settings.max_assertions))
					return OPTIONS_WRONG;
				break;
			case OPTION_MAX_ASSERTION_BYTES:
				if (!parse_number("max-assertion-bytes", optarg, 0, MAX_MAX_ASSERTION_BYTES,
								  &settings.max_assertion_bytes))
					return OPTIONS_WRONG;
				break;
			case 'Y':
				if (!are_plain_names(optarg))
					return wrong("--instance-preload is \"%s\": it must be names of libraries, with commas and no paths",
								 optarg);
				settings.instance_preload = optarg;
				break;
			case OPTION_METRICS_LISTEN:
				if (strncmp(optarg, "unix:", 5) == 0)
					return wrong("--metrics-listen is \"%s\": it must be an address and a port",
								 optarg);
				settings.metrics_listen = optarg;
				break;
			case OPTION_METRICS_INTERVAL:
				if (!parse_number("metrics-interval", optarg, 0, MAX_METRICS_INTERVAL,
								  &settings.metrics_interval))
					return OPTIONS_WRONG;
				break;
			case 'D':
				settings.allow_delete = true;
				break;
			case OPTION_HOST_NAME:
				if (settings.host_name_count == SETTINGS_MAX_HOST_NAMES)
					return wrong("there are more than %d --host-name", SETTINGS_MAX_HOST_NAMES);
				settings.host_names[settings.host_name_count++] = optarg;
				break;
			case OPTION_INSECURE_HTTP:
				settings.insecure_http = true;
				break;
			case 'y':
				settings.check_config = true;
				break;
			case 'h':
				usage();
				return OPTIONS_DONE;
			case 'V':
				puts("barman-sidecar " SIDECAR_VERSION);
				return OPTIONS_DONE;
			default:
				if (c >= OPTION_LIMIT && c < OPTION_LIMIT + OPTIONS_LIMITS)
				{
					int i = c - OPTION_LIMIT;

					if (!parse_number(options_limits[i].name, optarg, options_limits[i].low,
									  options_limits[i].high, options_limits[i].value))
						return OPTIONS_WRONG;
					break;
				}
				fputs("Try \"barman-sidecar --help\".\n", stderr);
				return OPTIONS_WRONG;
		}
	}
	if (optind < argc)
		return wrong("unexpected argument \"%s\"", argv[optind]);
	if (settings.state_dir == NULL)
		return wrong("--state-dir is missing: name a directory for the records of jobs");
	if ((settings.tls_cert == NULL) != (settings.tls_key == NULL))
		return wrong("--tls-cert and --tls-key belong together: give both or none");
	if (!token_configured() && !options_listen_is_local(settings.listen))
		return wrong("refusing to listen on \"%s\" without a token: give --token-file, or listen on 127.0.0.1",
					 settings.listen);
	if (settings.tls_cert == NULL && !settings.insecure_http &&
		!options_listen_is_local(settings.listen))
		return wrong("refusing to listen on \"%s\" without TLS, where others could read the token: give --tls-cert and --tls-key, or --insecure-http if nobody else reaches that network",
					 settings.listen);
	if (settings.http.reserved_connections >= settings.http.connections)
		return wrong("--reserved-connections leaves none: it must be less than --max-connections");
	if (settings.instance_root != NULL && !is_plain_path(settings.instance_root))
		return wrong("--instance-root is \"%s\": it must be an absolute path of letters, digits and ./_-",
					 settings.instance_root);
	if (settings.instance_host == NULL)
		settings.instance_host = settings.instance_listen;
	if (settings.pg_bindir == NULL && settings.instance_root != NULL)
	{
		settings.pg_bindir = find_bindir();
		if (settings.pg_bindir == NULL)
			return wrong(
				"cannot find the program \"postgres\", which --instance-root needs: install PostgreSQL's server or name its directory with --pg-bindir");
	}
	if (geteuid() == 0)
		return wrong("refusing to run as root: start it as the user that Barman runs as");
	settings.barman = find_program(program);
	if (settings.barman == NULL)
		return wrong("cannot find the program \"%s\": install Barman or give its path with --barman",
					 program);
	return OPTIONS_RUN;
}

bool
options_listen_is_local(const char *listen)
{
	char host[64];
	const char *colon = strrchr(listen, ':');
	struct in_addr four;
	struct in6_addr six;
	size_t length;

	if (strncmp(listen, "unix:", 5) == 0)
		return true;
	if (colon == NULL)
		return false;
	length = (size_t) (colon - listen);
	if (length >= 2 && listen[0] == '[' && listen[length - 1] == ']')
	{
		listen++;
		length -= 2;
	}
	if (length == 0 || length >= sizeof(host))
		return false;
	memcpy(host, listen, length);
	host[length] = '\0';
	if (inet_pton(AF_INET, host, &four) == 1)
		return (ntohl(four.s_addr) >> 24) == 127;
	if (inet_pton(AF_INET6, host, &six) == 1)
		return IN6_IS_ADDR_LOOPBACK(&six);
	return false;
}

static int
next_option(int argc, char **argv, const struct option *known)
{
	int c = getopt_long(argc, argv, "hV", known, NULL);

	place = c != -1 ? options_file_place(optind - 1) : NULL;
	return c;
}

static void
usage(void)
{
	printf("barman-sidecar drives Barman for poc_barman over HTTP.\n"
		   "\n"
		   "Usage:\n"
		   "  barman-sidecar --state-dir=DIR [OPTION]...\n"
		   "  barman-sidecar --check [--server=SERVER] [OPTION]...\n"
		   "\n"
		   "Options:\n"
		   "  --config=FILE              options as lines \"key = value\", without the dashes\n"
		   "                             before the key; an option given here wins\n"
		   "  --listen=ADDRESS:PORT      where to listen, or unix:/path (default %s;\n"
		   "                             port 0 takes a free one)\n"
		   "  --token-file=[SCOPE[:SERVER,...]=]FILE\n"
		   "                             bearer token that callers must show; may be given more\n"
		   "                             than once.  SCOPE is read, operate (default) or destroy\n"
		   "                             (release and delete backups); with SERVERs it is good for\n"
		   "                             these alone.  Mode 0600; read again when it changes;\n"
		   "                             needed to listen beyond loopback\n"
		   "  --tls-cert=FILE            certificate (PEM), and\n"
		   "  --tls-key=FILE             key (PEM), to serve HTTPS\n"
		   "  --insecure-http            listen beyond loopback without TLS: whoever reads that\n"
		   "                             network learns the token\n"
		   "  --host-name=NAME           a name that callers use for this sidecar, beside its\n"
		   "                             addresses, its machine's name and localhost; may be\n"
		   "                             repeated; others are refused (DNS rebinding)\n"
		   "  --state-dir=DIR            where jobs are recorded (made if missing)\n"
		   "  --barman=PROGRAM           barman, by name or path (default barman)\n"
		   "  --barman-config=FILE       passed to barman as -c\n"
		   "  --cron-interval=SECONDS    how often to run \"barman cron\"; 0 never (default %d)\n"
		   "  --read-timeout=SECONDS     longest run of a reading command (default %d)\n"
		   "  --max-reads=N              reading commands at a time (default %d)\n"
		   "  --max-jobs=N               jobs at a time (default %d); one place is kept for backups,\n"
		   "                             one for callers on this host\n"
		   "  --max-jobs-of-kind=N       of one kind for one server (default %d)\n"
		   "  --max-backups-per-hour=N   backups of a server within an hour (default %d; 0 any\n"
		   "                             number), so that a retention by number holds\n"
		   "  --metrics-listen=ADDRESS:PORT\n"
		   "                             one more place to listen, which has /metrics alone and\n"
		   "                             asks for no token\n"
		   "  --metrics-interval=SECONDS how often to read from Barman what /metrics shows, while it\n"
		   "                             is asked for (default %d; 0 never)\n"
		   "  --log-level=LEVEL          debug, info, warning or error (default info)\n"
		   "  --allow-delete             let who has a destroy token delete backups\n"
		   "\n"
		   "Restoring, off without --instance-root:\n"
		   "  --instance-root=DIR        where backups are restored to (made if missing)\n"
		   "  --instance-ports=A-B       ports of the restored servers (default %s)\n"
		   "  --instance-listen=ADDRESS  where they listen (default %s)\n"
		   "  --instance-host=NAME       how callers reach that address (default the same);\n"
		   "                             socket: they are Barman's user on this host, and\n"
		   "                             use the socket, which asks for no password\n"
		   "  --pg-bindir=DIR            PostgreSQL's programs (default where postgres is)\n"
		   "  --max-instances=N          restored servers at a time (default %d)\n"
		   "  --max-instances-per-server=N\n"
		   "                             of one server's backups (default half of them, all if\n"
		   "                             Barman has one server)\n"
		   "  --restore-timeout=SECONDS  longest time without progress (default %d)\n"
		   "  --instance-preload=LIBRARY[,...]\n"
		   "                             what their WAL needs, of the libraries installed here\n"
		   "  --drill-network=none|host  whether the server of a drill may make connections\n"
		   "                             (default none)\n"
		   "  --instance-network=none|host\n"
		   "                             the same for other restored servers (default none)\n"
		   "  --confinement=required|best-effort\n"
		   "                             whether to restore nothing where the kernel cannot keep a\n"
		   "                             restored server in its directory (default required)\n"
		   "  --reserve-free=SIZE|N%%     what restores leave free of the disk for Barman, as in\n"
		   "                             20GB (default %d%%, at most %d GB)\n"
		   "  --max-assertions=N         assertions of a drill (default %d)\n"
		   "  --max-assertion-bytes=N    bytes of all of them (default %d)\n"
		   "\n"
		   "What its clients may take up:\n",
		   DEFAULT_LISTEN, DEFAULT_CRON_INTERVAL, DEFAULT_READ_TIMEOUT, DEFAULT_MAX_READS,
		   DEFAULT_MAX_JOBS, DEFAULT_MAX_JOBS_OF_KIND, DEFAULT_MAX_BACKUPS_PER_HOUR,
		   DEFAULT_METRICS_INTERVAL, DEFAULT_INSTANCE_PORTS, DEFAULT_INSTANCE_LISTEN,
		   DEFAULT_MAX_INSTANCES, DEFAULT_RESTORE_TIMEOUT, DEFAULT_RESERVE_PERCENT,
		   (int) (DEFAULT_RESERVE_BYTES >> 30), DEFAULT_MAX_ASSERTIONS, DEFAULT_MAX_ASSERTION_BYTES);
	for (int i = 0; i < OPTIONS_LIMITS; i++)
		printf("  --%s=N%*s %s (default %d)\n", options_limits[i].name,
			   (int) (29 - strlen(options_limits[i].name)), "", options_limits[i].meaning,
			   options_limits[i].standard);
	printf("\n"
		   "As a plugin for Nagios and Icinga, which asks a running sidecar:\n"
		   "  --check                    be it; the exit code is 0 OK, 1 WARNING, 2 CRITICAL or\n"
		   "                             3 UNKNOWN\n"
		   "  --server=SERVER            of Barman's servers only this one\n"
		   "  --url=URL                  http://, https:// or unix:/path of the sidecar (default\n"
		   "                             http://127.0.0.1:8480)\n"
		   "  --token-file=FILE          a token of the scope read\n"
		   "  --ca-file=FILE             certificates that may sign that of the sidecar\n"
		   "  --timeout=SECONDS          for all of it (default 9)\n"
		   "  --disk-free=N,N            percent of each disk of Barman's, below which it is a\n"
		   "                             WARNING and CRITICAL (default 10,5)\n"
		   "\n"
		   "  --check-config             look whether it could start like this, then exit\n"
		   "  -h, --help                 show this help, then exit\n"
		   "  -V, --version              show the version, then exit\n");
}

static bool
parse_number(const char *name, const char *text, int low, int high, int *value)
{
	char *end;
	long number;

	errno = 0;
	number = strtol(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || number < low || number > high)
	{
		wrong("--%s is \"%s\": it must be a number from %d to %d", name, text, low, high);
		return false;
	}
	*value = (int) number;
	return true;
}

static bool
parse_choice(const char *name, const char *text, const char *no, const char *yes, bool *value)
{
	*value = strcmp(text, yes) == 0;
	if (*value || strcmp(text, no) == 0)
		return true;
	wrong("--%s is \"%s\": it must be %s or %s", name, text, no, yes);
	return false;
}

/* "15500-15599" */
static bool
parse_ports(const char *text)
{
	int low;
	int high;
	int used = 0;

	if (sscanf(text, "%5d-%5d%n", &low, &high, &used) != 2 || text[used] != '\0' || low < 1024 ||
		high > 65535 || low > high)
		return false;
	settings.instance_port_low = low;
	settings.instance_port_high = high;
	return true;
}

/* "5%", or "10GB" */
static bool
parse_reserve(const char *text)
{
	static const struct
	{
		const char *unit;
		int shift;
	} units[] = {{"", 0}, {"B", 0}, {"kB", 10}, {"MB", 20}, {"GB", 30}, {"TB", 40}};
	char *end;
	long number;

	errno = 0;
	number = strtol(text, &end, 10);
	if (errno != 0 || end == text || number < 0)
		return false;
	if (strcmp(end, "%") == 0 && number <= MAX_RESERVE_PERCENT)
	{
		settings.reserve_percent = (int) number;
		settings.reserve_bytes = number > 0 ? INT64_MAX : 0;
		return true;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
	{
		if (strcmp(end, units[i].unit) == 0 && number <= INT64_MAX >> units[i].shift)
		{
			settings.reserve_percent = 0;
			settings.reserve_bytes = (int64_t) number << units[i].shift;
			return true;
		}
	}
	return false;
}

/* Barman puts the path into shell commands, and PostgreSQL into settings. */
static bool
is_plain_path(const char *path)
{
	return path[0] == '/' && path[1] != '\0' &&
		   strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789./_-") ==
			   strlen(path);
}

/* Names of libraries only: a path could point into restored files. */
static bool
are_plain_names(const char *list)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

	for (;; list++)
	{
		size_t length = strspn(list, allowed);

		list += length;
		if (length == 0 || (*list != ',' && *list != '\0'))
			return false;
		if (*list == '\0')
			return true;
	}
}

/* The directory of PostgreSQL's server, found by PATH; or NULL */
static char *
find_bindir(void)
{
	char *program = find_program("postgres");
	char *slash = program != NULL ? strrchr(program, '/') : NULL;

	if (slash != NULL)
		*slash = '\0';
	return program;
}

/* The absolute path of a program, searched in PATH unless it has a slash */
static char *
find_program(const char *name)
{
	char resolved[PATH_MAX];
	const char *path = getenv("PATH");
	const char *end;

	if (strchr(name, '/') != NULL)
	{
		if (realpath(name, resolved) == NULL || access(resolved, X_OK) != 0)
			return NULL;
		return mem_strdup(resolved);
	}
	if (path == NULL)
		path = "/usr/local/bin:/usr/bin:/bin";
	for (; *path != '\0'; path = *end == ':' ? end + 1 : end)
	{
		char *candidate;

		end = path + strcspn(path, ":");
		candidate = mem_printf("%.*s/%s", (int) (end - path), path, name);
		if (*path == '/' && access(candidate, X_OK) == 0)
			return candidate;
		free(candidate);
	}
	return NULL;
}

static OptionsVerdict
wrong(const char *format, ...)
{
	va_list args;

	fputs("barman-sidecar: ", stderr);
	if (place != NULL)
		fprintf(stderr, "%s: ", place);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return OPTIONS_WRONG;
}
