/*
 * instance.c
 *
 * Keeps the list of restored servers and their records, gives out names and
 * ports, and watches the processes.  Never touches a directory that no record
 * of ours speaks of.
 */
#include "instance.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "instance_files.h"
#include "log.h"
#include "memory.h"
#include "options.h"
#include "process.h"
#include "timestamp.h"

/* A name is a directory, a setting and part of a path with a limit. */
#define NAME_MAX_LENGTH 41

#define WATCH_MS 1000

/* Before a server that is not wanted any more is killed */
#define END_GRACE_MS 8000

/* What is kept of the log of a server that died */
#define LOG_TAIL 2000

typedef enum InstanceState
{
	INSTANCE_RESTORING,
	INSTANCE_RECOVERING,
	INSTANCE_RUNNING,
	INSTANCE_STOPPED,
	INSTANCE_FAILED
} InstanceState;

static const char *const state_names[] = {
	[INSTANCE_RESTORING] = "restoring",
	[INSTANCE_RECOVERING] = "recovering",
	[INSTANCE_RUNNING] = "running",
	[INSTANCE_STOPPED] = "stopped",
	[INSTANCE_FAILED] = "failed"
};

struct Instance
{
	Instance   *next;			/* newest first */
	char	   *name;
	char	   *server;
	char	   *directory;
	char	   *backup_id;
	InstanceState state;
	bool		claimed;		/* by a job */
	bool		has_files;
	int			port;			/* 0: none */
	ServerProcess process;
	Recovery	recovery;
	int64_t		restore_ms;		/* -1: unknown */
	int64_t		recovery_ms;
	int64_t		created;		/* timestamp_now() */
	int64_t		bytes;			/* -1: unknown */
	json_t	   *error;
};

/*
 * lock guards the list and all of the above; name, server, directory and port
 * of a claimed instance do not change.
 */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t stop_watch;
static Instance *instances;
static char *records;			/* directory of the records */
static bool stopping;
static bool watching;
static pthread_t watcher;

static void *watch(void *arg);
static void look_after(Instance *instance);
static void load_records(void);
static Instance *instance_of_record(const json_t *record);
static json_t *instance_json(const Instance *instance);
static json_t *record_json(const Instance *instance);
static void record(const Instance *instance);
static void settle_after_crash(Instance *instance);
static Instance *find(const char *name);
static Answer *refuse_if_off(void);
static Answer *refuse_claim(const char *name);
static Answer *refuse_directory(const char *name);
static Answer *refuse_unknown(const char *name);
static int	find_port(void);
static bool port_is_free(int port);
static bool remove_files(Instance *instance);
static void forget(Instance *instance);
static void free_instance(Instance *instance);
static json_t *died(const Instance *instance);
static json_t *seconds_json(int64_t milliseconds);

bool
instances_start(const char *state_dir)
{
	pthread_condattr_t attributes;

	if (options.instance_root == NULL)
		return true;
	records = mem_printf("%s/instances", state_dir);
	if ((mkdir(records, 0700) != 0 && errno != EEXIST) ||
		(mkdir(options.instance_root, 0700) != 0 && errno != EEXIST) ||
		access(options.instance_root, W_OK) != 0)
	{
		log_line(LOGLEVEL_ERROR, "cannot use the directory of the instances",
				 "directory", options.instance_root, "error", strerror(errno), NULL);
		return false;
	}
	load_records();
	for (Instance *instance = instances; instance != NULL; instance = instance->next)
		settle_after_crash(instance);

	stopping = false;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&stop_watch, &attributes);
	pthread_condattr_destroy(&attributes);
	watching = pthread_create(&watcher, NULL, watch, NULL) == 0;
	return watching;
}

void
instances_stop(void)
{
	if (watching)
	{
		pthread_mutex_lock(&lock);
		stopping = true;
		pthread_cond_broadcast(&stop_watch);
		pthread_mutex_unlock(&lock);
		pthread_join(watcher, NULL);
		pthread_cond_destroy(&stop_watch);
		watching = false;
	}
	for (Instance *instance = instances; instance != NULL; instance = instance->next)
	{
		if (instance->claimed)
			return;				/* by a job that did not end in time */
	}
	while (instances != NULL)
		forget(instances);
	free(records);
	records = NULL;
}

Answer *
instances_list(void)
{
	json_t	   *list = json_checked(json_array());
	json_t	   *value = json_checked(json_object());

	pthread_mutex_lock(&lock);
	for (Instance *instance = instances; instance != NULL; instance = instance->next)
	{
		look_after(instance);
		json_array_append_new(list, instance_json(instance));
	}
	pthread_mutex_unlock(&lock);
	json_object_set_new(value, "instances", list);
	return answer_json(200, value);
}

bool
instance_name_is_valid(const char *name)
{
	size_t		length = strlen(name);

	return length > 0 && length <= NAME_MAX_LENGTH && name[0] >= 'a' && name[0] <= 'z' &&
		strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == length;
}

Instance *
instance_claim(const char *name, const char *server, Answer **refusal)
{
	Instance   *instance;
	int			error;

	*refusal = refuse_if_off();
	if (*refusal != NULL)
		return NULL;

	pthread_mutex_lock(&lock);
	*refusal = refuse_claim(name);
	if (*refusal != NULL)
	{
		pthread_mutex_unlock(&lock);
		return NULL;
	}

	/* of one that failed only the error was left */
	instance = find(name);
	if (instance != NULL)
		forget(instance);
	instance = mem_alloc(sizeof(Instance));
	instance->name = mem_strdup(name);
	instance->server = mem_strdup(server);
	instance->directory = mem_printf("%s/%s", options.instance_root, name);
	instance->state = INSTANCE_RESTORING;
	instance->claimed = true;
	instance->restore_ms = instance->recovery_ms = instance->bytes = -1;
	instance->created = timestamp_now();
	instance->port = find_port();
	error = instance_files_make(instance->directory);
	if (error == EEXIST)
		*refusal = refuse_directory(name);
	else if (error != 0)
	{
		char	   *message = mem_printf("could not make the directory of instance \"%s\"", name);
		char	   *detail = mem_printf("%s: %s", instance->directory, strerror(error));

		*refusal = answer_error("internal", message, detail, NULL);
		free(message);
		free(detail);
	}
	if (*refusal != NULL)
	{
		free_instance(instance);
		instance = NULL;
	}
	else
	{
		instance->has_files = true;
		instance->next = instances;
		instances = instance;
		record(instance);
	}
	pthread_mutex_unlock(&lock);
	return instance;
}

Answer *
instance_refusal(const char *name)
{
	Answer	   *refusal = refuse_if_off();
	char	   *directory;
	struct stat status;

	if (refusal != NULL)
		return refusal;
	directory = mem_printf("%s/%s", options.instance_root, name);
	pthread_mutex_lock(&lock);
	refusal = refuse_claim(name);
	if (refusal == NULL && lstat(directory, &status) == 0)
		refusal = refuse_directory(name);
	pthread_mutex_unlock(&lock);
	free(directory);
	return refusal;
}

Instance *
instance_claim_to_drop(const char *name, Answer **refusal)
{
	Instance   *instance;

	*refusal = refuse_if_off();
	if (*refusal != NULL)
		return NULL;
	pthread_mutex_lock(&lock);
	instance = instance_name_is_valid(name) ? find(name) : NULL;
	if (instance == NULL)
		*refusal = refuse_unknown(name);
	else if (instance->claimed)
	{
		char	   *message = mem_printf("instance \"%s\" is busy", name);
		char	   *detail = mem_printf("It is %s, or being dropped already.", state_names[instance->state]);

		*refusal = answer_error("conflict", message, detail,
								"Wait for the job that works on it, or cancel that.");
		free(message);
		free(detail);
	}
	else
		instance->claimed = true;
	pthread_mutex_unlock(&lock);
	return *refusal == NULL ? instance : NULL;
}

void
instance_give_back(Instance *instance)
{
	pthread_mutex_lock(&lock);
	instance->claimed = false;
	if (instance->state == INSTANCE_RESTORING)
	{
		remove_files(instance);
		forget(instance);
	}
	pthread_mutex_unlock(&lock);
}

Instance *
instance_claimed(const char *name)
{
	Instance   *instance;

	pthread_mutex_lock(&lock);
	instance = find(name);
	if (instance != NULL && !instance->claimed)
		instance = NULL;
	pthread_mutex_unlock(&lock);
	return instance;
}

const char *
instance_directory(const Instance *instance)
{
	return instance->directory;
}

const char *
instance_server(const Instance *instance)
{
	return instance->server;
}

ServerConfig
instance_config(const Instance *instance)
{
	ServerConfig config = {
		.name = instance->name,
		.directory = instance->directory,
		.listen = options.instance_listen,
		.port = instance->port
	};

	return config;
}

void
instance_restores(Instance *instance, const char *backup_id)
{
	pthread_mutex_lock(&lock);
	free(instance->backup_id);
	instance->backup_id = mem_strdup(backup_id);
	record(instance);
	pthread_mutex_unlock(&lock);
}

void
instance_recovers(Instance *instance, int64_t restore_ms, const ServerProcess *process)
{
	pthread_mutex_lock(&lock);
	instance->state = INSTANCE_RECOVERING;
	instance->restore_ms = restore_ms;
	instance->process = *process;
	record(instance);
	pthread_mutex_unlock(&lock);
}

json_t *
instance_ready(Instance *instance, int64_t restore_ms, int64_t recovery_ms,
			   const Recovery *recovery)
{
	int64_t		bytes = instance_files_size(instance->directory).bytes;
	json_t	   *value;

	pthread_mutex_lock(&lock);
	instance->restore_ms = restore_ms;
	instance->bytes = bytes;
	if (recovery != NULL)
	{
		instance->state = INSTANCE_RUNNING;
		instance->recovery_ms = recovery_ms;
		instance->recovery.timeline = recovery->timeline;
		instance->recovery.lsn = mem_strdup(recovery->lsn);
		instance->recovery.time = mem_strdup(recovery->time);
	}
	else
		instance->state = INSTANCE_STOPPED;
	instance->claimed = false;
	record(instance);
	value = instance_json(instance);
	pthread_mutex_unlock(&lock);
	return value;
}

bool
instance_failed(Instance *instance, json_t *error)
{
	bool		removed;

	/* nobody else touches a claimed instance, so this may take its time */
	removed = remove_files(instance);
	pthread_mutex_lock(&lock);
	instance->state = INSTANCE_FAILED;
	instance->has_files = !removed;
	instance->port = 0;
	instance->bytes = -1;
	json_decref(instance->error);
	instance->error = error;
	instance->claimed = false;
	record(instance);
	pthread_mutex_unlock(&lock);
	return removed;
}

bool
instance_dropped(Instance *instance)
{
	bool		removed = remove_files(instance);

	pthread_mutex_lock(&lock);
	if (removed)
		forget(instance);
	else
	{
		instance->claimed = false;
		record(instance);
	}
	pthread_mutex_unlock(&lock);
	return removed;
}

bool
instance_is_restoring(const char *server, const char *backup_id)
{
	bool		restoring = false;

	pthread_mutex_lock(&lock);
	for (Instance *instance = instances; instance != NULL; instance = instance->next)
		restoring = restoring ||
			(instance->claimed && instance->state == INSTANCE_RESTORING &&
			 strcmp(instance->server, server) == 0 &&
			 (backup_id == NULL || instance->backup_id == NULL ||
			  strcmp(instance->backup_id, backup_id) == 0));
	pthread_mutex_unlock(&lock);
	return restoring;
}

static void *
watch(void *arg)
{
	(void) arg;
	pthread_mutex_lock(&lock);
	while (!stopping)
	{
		struct timespec until = monotonic_timespec(monotonic_ms() + WATCH_MS);

		for (Instance *instance = instances; instance != NULL; instance = instance->next)
			look_after(instance);
		pthread_cond_timedwait(&stop_watch, &lock, &until);
	}
	pthread_mutex_unlock(&lock);
	return NULL;
}

/* Notice that a running server has ended; the lock is held. */
static void
look_after(Instance *instance)
{
	if (instance->state != INSTANCE_RUNNING || instance->claimed ||
		server_look(instance->directory, &instance->process) != SERVER_GONE)
		return;
	if (server_ended_cleanly(instance->directory))
		instance->state = INSTANCE_STOPPED;
	else
	{
		instance->state = INSTANCE_FAILED;
		json_decref(instance->error);
		instance->error = died(instance);
	}
	instance->process.pid = 0;
	log_line(LOGLEVEL_WARNING, "a restored server has ended", "instance", instance->name,
			 "state", state_names[instance->state], NULL);
	record(instance);
}

static void
load_records(void)
{
	DIR		   *directory = opendir(records);
	struct dirent *entry;

	while (directory != NULL && (entry = readdir(directory)) != NULL)
	{
		const char *dot = strrchr(entry->d_name, '.');
		char	   *path;
		json_t	   *value;
		Instance   *instance = NULL;

		if (dot == NULL || strcmp(dot, ".json") != 0)
			continue;
		path = mem_printf("%s/%s", records, entry->d_name);
		value = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
		if (value != NULL)
			instance = instance_of_record(value);
		if (instance == NULL)
			log_line(LOGLEVEL_WARNING, "the record of an instance cannot be read: ignored",
					 "file", path, NULL);
		else
		{
			Instance  **link = &instances;

			while (*link != NULL && (*link)->created > instance->created)
				link = &(*link)->next;
			instance->next = *link;
			*link = instance;
		}
		json_decref(value);
		free(path);
	}
	if (directory != NULL)
		closedir(directory);
}

static Instance *
instance_of_record(const json_t *value)
{
	const char *name = json_string_value(json_object_get(value, "instance"));
	const char *server = json_string_value(json_object_get(value, "server"));
	const char *state = json_string_value(json_object_get(value, "state"));
	const char *created = json_string_value(json_object_get(value, "created"));
	const char *boot = json_string_value(json_object_get(value, "boot"));
	const json_t *bytes = json_object_get(value, "bytes");
	const json_t *restore = json_object_get(value, "restore_seconds");
	const json_t *recovery = json_object_get(value, "recovery_seconds");
	const json_t *error = json_object_get(value, "error");
	Instance   *instance;
	int			number = 0;

	while (number <= INSTANCE_FAILED && (state == NULL || strcmp(state, state_names[number]) != 0))
		number++;
	if (name == NULL || server == NULL || number > INSTANCE_FAILED ||
		!instance_name_is_valid(name) || find(name) != NULL)
		return NULL;

	instance = mem_alloc(sizeof(Instance));
	instance->name = mem_strdup(name);
	instance->server = mem_strdup(server);
	instance->directory = mem_printf("%s/%s", options.instance_root, name);
	instance->backup_id = mem_strdup(json_string_value(json_object_get(value, "backup_id")));
	instance->state = (InstanceState) number;
	instance->has_files = json_is_true(json_object_get(value, "has_files"));
	instance->port = (int) json_integer_value(json_object_get(value, "port"));
	instance->recovery.timeline = (int) json_integer_value(json_object_get(value, "timeline"));
	instance->recovery.lsn = mem_strdup(json_string_value(json_object_get(value, "recovered_lsn")));
	instance->recovery.time = mem_strdup(json_string_value(json_object_get(value, "recovered_time")));
	instance->restore_ms = json_is_number(restore) ? (int64_t) (json_number_value(restore) * 1000 + 0.5) : -1;
	instance->recovery_ms = json_is_number(recovery) ? (int64_t) (json_number_value(recovery) * 1000 + 0.5) : -1;
	instance->bytes = json_is_integer(bytes) ? json_integer_value(bytes) : -1;
	instance->error = json_is_object(error) ? json_checked(json_deep_copy(error)) : NULL;
	if (created == NULL || !timestamp_parse(created, &instance->created))
		instance->created = 0;

	/* after a boot the numbers of processes are others' */
	if (boot != NULL && strcmp(boot, process_boot_id()) == 0)
	{
		instance->process.pid = (pid_t) json_integer_value(json_object_get(value, "pid"));
		instance->process.start_time = (uint64_t) json_integer_value(json_object_get(value, "start_time"));
	}
	return instance;
}

/* What the file says: the instance, and how to find its process again. */
static json_t *
record_json(const Instance *instance)
{
	json_t	   *value = instance_json(instance);

	json_object_set_new(value, "has_files", json_boolean(instance->has_files));
	json_object_set_new(value, "pid", json_integer(instance->process.pid));
	json_object_set_new(value, "start_time", json_integer((json_int_t) instance->process.start_time));
	json_object_set_new(value, "boot", json_text(process_boot_id()));
	return value;
}

static void
record(const Instance *instance)
{
	char	   *path = mem_printf("%s/%s.json", records, instance->name);
	json_t	   *value = record_json(instance);
	char	   *text = json_dumps(value, JSON_INDENT(2));
	int			error = text != NULL ? instance_files_write(path, text) : ENOMEM;

	if (error != 0)
		log_line(LOGLEVEL_ERROR, "the record of an instance cannot be written",
				 "file", path, "error", strerror(error), NULL);
	free(text);
	json_decref(value);
	free(path);
}

/* Before there are other threads. */
static void
settle_after_crash(Instance *instance)
{
	if (instance->state == INSTANCE_RESTORING || instance->state == INSTANCE_RECOVERING)
	{
		log_line(LOGLEVEL_WARNING, "a restore was under way when the sidecar ended: removing what it made",
				 "instance", instance->name, NULL);
		instance->claimed = true;
		instance_failed(instance,
						error_json("lost", "the sidecar ended while the instance was being restored",
								   "What had been restored was removed.", "Restore it again."));
	}
	else if (instance->state == INSTANCE_RUNNING)
	{
		look_after(instance);
		if (instance->state == INSTANCE_RUNNING)
			log_line(LOGLEVEL_INFO, "a restored server still runs", "instance", instance->name, NULL);
	}
}

/* INSTANCE of the HTTP interface; the lock is held. */
static json_t *
instance_json(const Instance *instance)
{
	json_t	   *value = json_checked(json_object());
	bool		reachable = instance->state == INSTANCE_RUNNING;
	char	   *conninfo = reachable ? mem_printf("host=%s port=%d dbname=postgres",
												  options.instance_host, instance->port) : NULL;
	char		created[TIMESTAMP_LENGTH];

	timestamp_format(instance->created, created);
	json_object_set_new(value, "instance", json_text(instance->name));
	json_object_set_new(value, "server", json_text(instance->server));
	json_object_set_new(value, "backup_id", json_text(instance->backup_id));
	json_object_set_new(value, "state", json_text(state_names[instance->state]));
	json_object_set_new(value, "conninfo", json_text(conninfo));
	json_object_set_new(value, "port", instance->port != 0 ? json_integer(instance->port) : json_null());
	json_object_set_new(value, "timeline", instance->recovery.timeline != 0 ?
						json_integer(instance->recovery.timeline) : json_null());
	json_object_set_new(value, "recovered_lsn", json_text(instance->recovery.lsn));
	json_object_set_new(value, "recovered_time", json_text(instance->recovery.time));
	json_object_set_new(value, "restore_seconds", seconds_json(instance->restore_ms));
	json_object_set_new(value, "recovery_seconds", seconds_json(instance->recovery_ms));
	json_object_set_new(value, "created", json_text(created));
	json_object_set_new(value, "bytes", instance->bytes >= 0 ?
						json_integer(instance->bytes) : json_null());
	json_object_set_new(value, "error", instance->error != NULL ?
						json_checked(json_deep_copy(instance->error)) : json_null());
	free(conninfo);
	return value;
}

static Instance *
find(const char *name)
{
	for (Instance *instance = instances; instance != NULL; instance = instance->next)
	{
		if (strcmp(instance->name, name) == 0)
			return instance;
	}
	return NULL;
}

static Answer *
refuse_if_off(void)
{
	if (options.instance_root != NULL)
		return NULL;
	return answer_error("wrong_state", "this sidecar restores nothing",
						"It was started without a directory for instances.",
						"Start barman-sidecar with --instance-root=DIRECTORY.");
}

/* Why there can be no instance of this name now; the lock is held. */
static Answer *
refuse_claim(const char *name)
{
	const Instance *same = find(name);
	Answer	   *refusal = NULL;
	char	   *message;
	char	   *detail;
	int			count = 0;

	for (Instance *one = instances; one != NULL; one = one->next)
		count += one != same && (one->claimed || one->has_files);
	if (same != NULL && (same->claimed || same->has_files))
	{
		message = mem_printf("there is an instance \"%s\" already", name);
		detail = mem_printf("It is %s.", state_names[same->state]);
		refusal = answer_error("conflict", message, detail,
							   "Choose another name, or drop that instance first.");
		free(message);
		free(detail);
	}
	else if (count >= options.max_instances)
	{
		detail = mem_printf("The sidecar keeps at most %d (--max-instances).", options.max_instances);
		refusal = answer_error("too_many_requests", "there are too many instances", detail,
							   "Drop one that is not needed any more.");
		free(detail);
	}
	else if (find_port() == 0)
	{
		detail = mem_printf("All ports from %d to %d are taken (--instance-ports).",
							options.instance_port_low, options.instance_port_high);
		refusal = answer_error("too_many_requests", "there is no port for another instance", detail,
							   "Drop an instance that is not needed any more, or give the sidecar more ports.");
		free(detail);
	}
	return refusal;
}

static Answer *
refuse_directory(const char *name)
{
	char	   *message = mem_printf("could not make the directory of instance \"%s\"", name);
	char	   *detail = mem_printf("%s/%s: %s", options.instance_root, name, strerror(EEXIST));
	Answer	   *refusal = answer_error("conflict", message, detail,
									   "The sidecar did not make it and does not touch it: choose another name, or remove it by hand.");

	free(message);
	free(detail);
	return refusal;
}

static Answer *
refuse_unknown(const char *name)
{
	char	   *message = mem_printf("there is no instance \"%.128s\"", name);
	Answer	   *answer = answer_error("unknown_instance", message, NULL,
									  "Ask for the list of instances to see those there are.");

	free(message);
	return answer;
}

/* A port that neither an instance of ours nor anybody else has; 0: none. */
static int
find_port(void)
{
	for (int port = options.instance_port_low; port <= options.instance_port_high; port++)
	{
		bool		ours = false;

		for (Instance *instance = instances; instance != NULL; instance = instance->next)
			ours = ours || instance->port == port;
		if (!ours && port_is_free(port))
			return port;
	}
	return 0;
}

static bool
port_is_free(int port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t) port)};
	int			on = 1;
	int			fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool		bound;

	if (fd < 0)
		return false;
	if (inet_pton(AF_INET, options.instance_listen, &address.sin_addr) != 1)
		address.sin_addr.s_addr = htonl(INADDR_ANY);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));	/* as PostgreSQL does */
	bound = bind(fd, (struct sockaddr *) &address, sizeof(address)) == 0;
	close(fd);
	return bound;
}

/* Ends the server first; the instance is claimed. */
static bool
remove_files(Instance *instance)
{
	int			error = 0;

	if (!server_end(instance->directory, &instance->process, END_GRACE_MS))
		error = EBUSY;
	if (error == 0 && instance->has_files)
		error = instance_files_remove(instance->directory);
	if (error != 0)
		log_line(LOGLEVEL_ERROR, "an instance cannot be removed", "instance", instance->name,
				 "directory", instance->directory, "error", strerror(error), NULL);
	return error == 0;
}

/* Out of the list and off the disk; the lock is held. */
static void
forget(Instance *instance)
{
	Instance  **link = &instances;

	while (*link != instance)
		link = &(*link)->next;
	*link = instance->next;

	/* with the watch ended, the records are for the next sidecar */
	if (!stopping)
	{
		char	   *path = mem_printf("%s/%s.json", records, instance->name);

		unlink(path);
		free(path);
	}
	free_instance(instance);
}

static void
free_instance(Instance *instance)
{
	free(instance->name);
	free(instance->server);
	free(instance->directory);
	free(instance->backup_id);
	free(instance->recovery.lsn);
	free(instance->recovery.time);
	json_decref(instance->error);
	free(instance);
}

static json_t *
died(const Instance *instance)
{
	char	   *path = mem_printf("%s/" INSTANCE_LOG, instance->directory);
	char	   *tail = instance_files_tail(path, LOG_TAIL);
	json_t	   *error = error_json("internal", "the restored server has died", tail,
								   "Its log is above; drop the instance and restore it again.");

	free(path);
	free(tail);
	return error;
}

static json_t *
seconds_json(int64_t milliseconds)
{
	return milliseconds >= 0 ? json_real((double) milliseconds / 1000) : json_null();
}
