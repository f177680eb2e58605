/*
 * instance_record.c
 *
 * An instance as JSON: for callers, and for its file, which the next sidecar
 * reads.
 */
#include "restore/instance_record.h"
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/process.h"
#include "base/settings.h"
#include "base/timestamp.h"
#include "restore/instance_files.h"
#include "restore/instance_table.h"

const char *const instance_state_names[] = {
	[INSTANCE_RESTORING] = "restoring", [INSTANCE_RECOVERING] = "recovering",
	[INSTANCE_RUNNING] = "running",		[INSTANCE_STOPPED] = "stopped",
	[INSTANCE_FAILED] = "failed",
};

static char *records; /* directory of the records */

static char *host_of(const Instance *instance);
static Instance *instance_of_record(const json_t *record);
static json_t *record_json(const Instance *instance);
static json_t *seconds_json(int64_t milliseconds);

bool
instance_records_open(const char *state_dir)
{
	records = mem_printf("%s/instances", state_dir);
	return mkdir(records, 0700) == 0 || errno == EEXIST;
}

void
instance_records_close(void)
{
	free(records);
	records = NULL;
}

void
instance_records_load(void)
{
	DIR *directory = opendir(records);
	struct dirent *entry;

	while (directory != NULL && (entry = readdir(directory)) != NULL)
	{
		const char *dot = strrchr(entry->d_name, '.');
		char *path;
		json_t *value;
		Instance *instance = NULL;

		if (dot == NULL || strcmp(dot, ".json") != 0)
			continue;
		path = mem_printf("%s/%s", records, entry->d_name);
		value = files_json(path);
		if (value != NULL)
			instance = instance_of_record(value);
		if (instance == NULL)
			log_line(LOGLEVEL_WARNING, "the record of an instance cannot be read: ignored", "file",
					 path, NULL);
		else
		{
			Instance **link = &instance_table.newest;

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
	Instance *instance;
	int number = 0;

	while (number <= INSTANCE_FAILED &&
		   (state == NULL || strcmp(state, instance_state_names[number]) != 0))
		number++;
	if (name == NULL || server == NULL || number > INSTANCE_FAILED ||
		!instance_name_is_valid(name) || instance_find(name) != NULL)
		return NULL;

	instance = mem_alloc(sizeof(Instance));
	instance->name = mem_strdup(name);
	instance->server = mem_strdup(server);
	instance->directory = mem_printf("%s/%s", settings.instance_root, name);
	instance->backup_id = mem_strdup(json_string_value(json_object_get(value, "backup_id")));
	instance->state = (InstanceState) number;
	instance->has_files = json_is_true(json_object_get(value, "has_files"));
	instance->port = (int) json_integer_value(json_object_get(value, "port"));
	instance->recovery.timeline = (int) json_integer_value(json_object_get(value, "timeline"));
	instance->recovery.lsn = mem_strdup(json_string_value(json_object_get(value, "recovered_lsn")));
	instance->recovery.time = mem_strdup(json_string_value(json_object_get(value, "recovered_time")));
	instance->restore_ms = json_is_number(restore)
							   ? (int64_t) (json_number_value(restore) * 1000 + 0.5)
							   : -1;
	instance->recovery_ms = json_is_number(recovery)
								? (int64_t) (json_number_value(recovery) * 1000 + 0.5)
								: -1;
	instance->bytes = json_is_integer(bytes) ? json_integer_value(bytes) : -1;
	instance->freed = json_integer_value(json_object_get(value, "freed_bytes"));
	instance->isolation = mem_strdup(json_string_value(json_object_get(value, "isolation")));
	instance->error = json_is_object(error) ? json_checked(json_deep_copy(error)) : NULL;
	if (created == NULL || !timestamp_parse(created, &instance->created))
		instance->created = 0;

	/* after a reboot, the PIDs are those of other processes */
	if (boot != NULL && strcmp(boot, process_boot_id()) == 0)
	{
		instance->process.pid = (pid_t) json_integer_value(json_object_get(value, "pid"));
		instance->process.start_time = (uint64_t) json_integer_value(
			json_object_get(value, "start_time"));
	}
	return instance;
}

bool
instance_write_record(const Instance *instance)
{
	char *path = mem_printf("%s/%s.json", records, instance->name);
	json_t *value = record_json(instance);
	char *text = json_dumps(value, JSON_INDENT(2));
	int error = text != NULL ? files_write(path, text) : ENOMEM;

	if (error != 0)
		log_line(LOGLEVEL_ERROR, "the record of an instance cannot be written", "file", path,
				 "error", strerror(error), NULL);
	free(text);
	json_decref(value);
	free(path);
	return error == 0;
}

void
instance_remove_record(const Instance *instance)
{
	char *path = mem_printf("%s/%s.json", records, instance->name);

	unlink(path);
	free(path);
}

/* The content of the file: the instance, and how to find its process again. */
static json_t *
record_json(const Instance *instance)
{
	json_t *value = instance_json(instance);

	json_object_set_new(value, "has_files", json_boolean(instance->has_files));
	json_object_set_new(value, "freed_bytes", json_integer(instance->freed));
	json_object_set_new(value, "pid", json_integer(instance->process.pid));
	json_object_set_new(value, "start_time", json_integer((json_int_t) instance->process.start_time));
	json_object_set_new(value, "boot", json_text(process_boot_id()));
	return value;
}

json_t *
instance_json(const Instance *instance)
{
	json_t *value = json_checked(json_object());
	bool reachable = instance->state == INSTANCE_RUNNING;
	char *host = host_of(instance);
	char *conninfo = reachable ? mem_printf("host=%s port=%d dbname=postgres", host, instance->port)
							   : NULL;
	char created[TIMESTAMP_LENGTH];

	timestamp_format(instance->created, created);
	json_object_set_new(value, "instance", json_text(instance->name));
	json_object_set_new(value, "server", json_text(instance->server));
	json_object_set_new(value, "backup_id", json_text(instance->backup_id));
	json_object_set_new(value, "state", json_text(instance_state_names[instance->state]));
	json_object_set_new(value, "conninfo", json_text(conninfo));
	json_object_set_new(value, "port",
						instance->port != 0 ? json_integer(instance->port) : json_null());
	json_object_set_new(value, "timeline",
						instance->recovery.timeline != 0 ? json_integer(instance->recovery.timeline)
														 : json_null());
	json_object_set_new(value, "recovered_lsn", json_text(instance->recovery.lsn));
	json_object_set_new(value, "recovered_time", json_text(instance->recovery.time));
	json_object_set_new(value, "restore_seconds", seconds_json(instance->restore_ms));
	json_object_set_new(value, "recovery_seconds", seconds_json(instance->recovery_ms));
	json_object_set_new(value, "created", json_text(created));
	json_object_set_new(value, "bytes",
						instance->bytes >= 0 ? json_integer(instance->bytes) : json_null());
	json_object_set_new(value, "isolation", json_text(instance->isolation));
	json_object_set_new(value, "error",
						instance->error != NULL ? json_checked(json_deep_copy(instance->error))
												: json_null());
	free(conninfo);
	free(host);
	return value;
}

/* malloc'd; the path of a socket has no characters that need quoting */
static char *
host_of(const Instance *instance)
{
	ServerConfig config = instance_config(instance);

	if (strcmp(settings.instance_host, "socket") != 0)
		return mem_strdup(settings.instance_host);
	if (!instance_socket_fits(&config))
		return mem_strdup(settings.instance_listen);
	return mem_printf("%s/" INSTANCE_SOCKET, instance->directory);
}

static json_t *
seconds_json(int64_t milliseconds)
{
	return milliseconds >= 0 ? json_real((double) milliseconds / 1000) : json_null();
}
