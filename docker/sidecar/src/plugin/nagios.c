/*
 * nagios.c
 *
 * barman-sidecar --check: a plugin for Nagios, Icinga and what is like them.
 *
 * Asks the running sidecar, and never Barman: so whoever runs it needs a token
 * to read and nothing of Barman's account, its cache saves PostgreSQL from a
 * check each minute by each of several monitoring hosts, and it notices when
 * the sidecar is away.
 */
#include "plugin/nagios.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/names.h"
#include "base/timestamp.h"
#include "plugin/client.h"
#include "plugin/verdict.h"

#define DEFAULT_URL "http://127.0.0.1:8480"

/* NRPE ends a plugin after ten seconds, and we must have spoken before. */
#define DEFAULT_TIMEOUT 9
#define MAX_TIMEOUT		300

/* Percent; those of docker/monitoring/alarms.yml */
#define DEFAULT_DISK_WARNING  10
#define DEFAULT_DISK_CRITICAL 5

typedef struct Plan
{
	const char *url;
	const char *ca_file;
	const char *token_file;
	const char *server;	 /* NULL: all that the token reaches */
	double disk_warning; /* percent that must be free */
	double disk_critical;
	int timeout; /* seconds, for all of it */
} Plan;

static bool read_plan(int argc, char **argv, Plan *plan, char **cause);
static void judge_all(Client *client, const Plan *plan, Verdict *verdict);
static void judge_server(Client *client, const Plan *plan, const char *server, Verdict *verdict);
static const char *state_of(const json_t *servers, const char *name);
static int unknown(char *cause);
static void give_up(int number);

bool
nagios_is_meant(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
	{
		if (strcmp(argv[i], "--check") == 0)
			return true;
	}
	return false;
}

int
nagios_main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = give_up};
	Verdict verdict = {0};
	Client *client;
	char *cause = NULL;
	Plan plan;

	if (!read_plan(argc, argv, &plan, &cause))
		return unknown(cause);
	/* the last resort, for what has no deadline: a name to resolve, a file that hangs */
	sigaction(SIGALRM, &action, NULL);
	alarm((unsigned int) plan.timeout + 1);
	client = client_open(plan.url, plan.ca_file, plan.token_file,
						 monotonic_ms() + plan.timeout * 1000, &cause);
	if (client == NULL)
		return unknown(cause);
	judge_all(client, &plan, &verdict);
	client_close(client);
	return verdict_print(&verdict);
}

static bool
read_plan(int argc, char **argv, Plan *plan, char **cause)
{
	static const struct option words[] = {
		{"check", no_argument, NULL, 'k'},			 {"url", required_argument, NULL, 'u'},
		{"ca-file", required_argument, NULL, 'C'},	 {"token-file", required_argument, NULL, 't'},
		{"server", required_argument, NULL, 's'},	 {"timeout", required_argument, NULL, 'T'},
		{"disk-free", required_argument, NULL, 'F'}, {NULL, 0, NULL, 0},
	};
	char *end;
	int used = 0;
	int c;

	*plan = (Plan){.url = DEFAULT_URL,
				   .timeout = DEFAULT_TIMEOUT,
				   .disk_warning = DEFAULT_DISK_WARNING,
				   .disk_critical = DEFAULT_DISK_CRITICAL};
	opterr = 0;
	optind = 0;
	while ((c = getopt_long(argc, argv, "", words, NULL)) != -1)
	{
		switch (c)
		{
			case 'k':
				break;
			case 'u':
				plan->url = optarg;
				break;
			case 'C':
				plan->ca_file = optarg;
				break;
			case 't':
				plan->token_file = optarg;
				break;
			case 's':
				plan->server = optarg;
				if (!barman_valid_server_name(optarg))
					*cause = mem_printf("\"%.128s\" cannot be a server", optarg);
				break;
			case 'T':
				plan->timeout = (int) strtol(optarg, &end, 10);
				if (*end != '\0' || plan->timeout < 1 || plan->timeout > MAX_TIMEOUT)
					*cause = mem_printf("--timeout must be a number from 1 to %d", MAX_TIMEOUT);
				break;
			case 'F':
				if (sscanf(optarg, "%lf,%lf%n", &plan->disk_warning, &plan->disk_critical, &used) !=
						2 ||
					optarg[used] != '\0' || !(plan->disk_warning >= 0) || !(plan->disk_critical >= 0))
					*cause = mem_strdup("--disk-free must be two numbers of percent, as in 10,5");
				break;
			default:
				*cause = mem_strdup(
					"with --check there are --server, --url, --token-file, --ca-file, --disk-free and --timeout, each with a value");
		}
		if (*cause != NULL)
			return false;
	}
	if (optind < argc)
		*cause = mem_printf("unexpected argument \"%.128s\"", argv[optind]);
	return *cause == NULL;
}

static void
judge_all(Client *client, const Plan *plan, Verdict *verdict)
{
	char *cause = NULL;
	json_t *answer = client_get(client, "/v1/servers", &cause);
	const json_t *servers = json_object_get(answer, "servers");
	const char *state;

	if (!json_is_array(servers))
		verdict_add_finding(verdict, PLUGIN_UNKNOWN, NULL,
							cause != NULL ? cause : "the sidecar does not tell its servers");
	else if (plan->server != NULL && (state = state_of(servers, plan->server)) == NULL)
		verdict_add_finding(verdict, PLUGIN_UNKNOWN, plan->server, "Barman has no such server");
	for (size_t i = 0; i < json_array_size(servers); i++)
	{
		const char *name = json_text_of(json_array_get(servers, i), "server");

		if (name == NULL || (plan->server != NULL && strcmp(plan->server, name) != 0))
			continue;
		state = state_of(servers, name);
		/* Barman does not check these, on purpose of whoever configured it */
		if (state != NULL && (strcmp(state, "inactive") == 0 || strcmp(state, "disabled") == 0))
			verdict_add_finding(verdict, plan->server != NULL ? PLUGIN_WARNING : PLUGIN_OK, name,
								state);
		else
			judge_server(client, plan, name, verdict);
	}
	json_decref(answer);
	free(cause);
}

static void
judge_server(Client *client, const Plan *plan, const char *server, Verdict *verdict)
{
	static const struct
	{
		const char *path;
		const char *key;
	} asked[] = {{"check", "checks"},
				 {"backups", "backups"},
				 {"drills/last", "drill"},
				 {"disks", "disks"}};
	json_t *answers[4];
	const json_t *values[4];
	char *cause = NULL;

	for (int i = 0; i < 4; i++)
	{
		/* once something is wrong, do not wait for it again */
		answers[i] = cause == NULL ? client_get_of_server(client, server, asked[i].path, &cause)
								   : NULL;
		values[i] = json_object_get(answers[i], asked[i].key);
	}
	if (cause != NULL && values[0] == NULL)
		verdict_add_finding(verdict, PLUGIN_UNKNOWN, server, cause);
	else
	{
		ServerFacts facts = {server,	values[0],			values[1],			values[2],
							 values[3], plan->disk_warning, plan->disk_critical};

		verdict_add(verdict, &facts, (double) timestamp_now() / 1000000);
		if (cause != NULL)
			verdict_add_finding(verdict, PLUGIN_UNKNOWN, server, cause);
	}
	for (int i = 0; i < 4; i++)
		json_decref(answers[i]);
	free(cause);
}

static const char *
state_of(const json_t *servers, const char *name)
{
	for (size_t i = 0; i < json_array_size(servers); i++)
	{
		const char *its = json_text_of(json_array_get(servers, i), "server");

		if (its != NULL && strcmp(its, name) == 0)
			return json_text_of(json_array_get(servers, i), "state");
	}
	return NULL;
}

static int
unknown(char *cause)
{
	Verdict verdict = {0};

	verdict_add_finding(&verdict, PLUGIN_UNKNOWN, NULL, cause);
	free(cause);
	return verdict_print(&verdict);
}

static void
give_up(int number)
{
	static const char text[] = "BARMAN UNKNOWN - no answer in time\n";

	(void) number;
	(void) !write(STDOUT_FILENO, text, sizeof(text) - 1);
	_exit(PLUGIN_UNKNOWN);
}
