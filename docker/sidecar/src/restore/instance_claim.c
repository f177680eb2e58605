/*
 * instance_claim.c
 *
 * Claims an instance: a name, a directory and a port for a restore, or one to
 * drop.  Never gives one to two callers.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "barman/read_cache.h"
#include "base/directory.h"
#include "base/memory.h"
#include "base/settings.h"
#include "base/timestamp.h"
#include "restore/cage.h"
#include "restore/disk_reservation.h"
#include "restore/instance_claim.h"
#include "restore/instance_files.h"
#include "restore/instance_port.h"
#include "restore/instance_record.h"
#include "restore/instance_removal.h"
#include "restore/instance_table.h"

static int share_of_a_server(void);
static Answer *refuse_claim(const char *name, const char *server, int share,
							const RestoreNeeds *needs);
static Answer *refuse_directory(const char *name);
static Answer *refuse_unknown(const char *name, const char *hint);

Instance *
instance_claim(const char *name, const char *server, const RestoreNeeds *needs, Answer **refusal)
{
	Instance *instance;
	int error;
	int share = share_of_a_server();

	*refusal = instance_refuse_if_off();
	if (*refusal != NULL)
		return NULL;

	pthread_mutex_lock(&instance_table.lock);
	*refusal = refuse_claim(name, server, share, needs);
	if (*refusal != NULL)
	{
		pthread_mutex_unlock(&instance_table.lock);
		return NULL;
	}

	/* left by an older sidecar after a failed restore */
	instance = instance_find(name);
	if (instance != NULL)
		instance_forget(instance);
	instance = mem_alloc(sizeof(Instance));
	instance->name = mem_strdup(name);
	instance->server = mem_strdup(server);
	instance->directory = mem_printf("%s/%s", settings.instance_root, name);
	instance->state = INSTANCE_RESTORING;
	instance->claimed = true;
	instance->restore_ms = instance->recovery_ms = instance->bytes = -1;
	instance->created = timestamp_now();
	instance->reserved = restore_needs_sum(needs);
	instance->port = instance_port_find();
	error = instance_files_make(instance->directory);
	if (error == EEXIST)
		*refusal = refuse_directory(name);
	else if (error != 0)
	{
		char *message = mem_printf("could not make the directory of instance \"%s\"", name);
		char *detail = mem_printf("%s: %s", instance->directory, strerror(error));

		*refusal = answer_error("internal", message, detail, NULL);
		free(message);
		free(detail);
	}
	else
	{
		/* without a record, the owner of the directory would be unknown */
		instance->has_files = true;
		if (!instance_write_record(instance))
		{
			directory_remove(instance->directory);
			*refusal = answer_error("internal", "could not record the instance",
									"The state directory cannot be written.",
									"Look at the sidecar's log.");
		}
	}
	if (*refusal != NULL)
	{
		instance_free(instance);
		instance = NULL;
	}
	else
	{
		instance->next = instance_table.newest;
		instance_table.newest = instance;
	}
	pthread_mutex_unlock(&instance_table.lock);
	return instance;
}

Answer *
instance_refusal(const char *name, const char *server, const RestoreNeeds *needs)
{
	Answer *refusal = instance_refuse_if_off();
	int share = share_of_a_server();
	char *directory;
	struct stat status;

	if (refusal != NULL)
		return refusal;
	directory = mem_printf("%s/%s", settings.instance_root, name != NULL ? name : "");
	pthread_mutex_lock(&instance_table.lock);
	refusal = refuse_claim(name, server, share, needs);
	if (refusal == NULL && name != NULL && lstat(directory, &status) == 0)
		refusal = refuse_directory(name);
	pthread_mutex_unlock(&instance_table.lock);
	free(directory);
	return refusal;
}

Instance *
instance_claim_to_drop(const char *name, const TokenGrant *grant, Answer **refusal)
{
	Instance *instance;

	*refusal = instance_refuse_if_off();
	if (*refusal != NULL)
		return NULL;
	pthread_mutex_lock(&instance_table.lock);
	instance = instance_find_unclaimed(name, grant,
									   "Ask for the list of instances to see those there are.",
									   refusal);
	if (instance != NULL)
		instance->claimed = true;
	pthread_mutex_unlock(&instance_table.lock);
	return instance;
}

void
instance_give_back(Instance *instance)
{
	pthread_mutex_lock(&instance_table.lock);
	instance->claimed = false;
	instance->reserved = 0;
	free(instance->next_backup_id);
	instance->next_backup_id = NULL;
	if (instance->state == INSTANCE_RESTORING)
	{
		instance_remove_files(instance);
		instance_forget(instance);
	}
	pthread_mutex_unlock(&instance_table.lock);
}

Instance *
instance_claimed(const char *name)
{
	Instance *instance;

	pthread_mutex_lock(&instance_table.lock);
	instance = instance_find(name);
	if (instance != NULL && !instance->claimed)
		instance = NULL;
	pthread_mutex_unlock(&instance_table.lock);
	return instance;
}

Answer *
instance_refuse_if_off(void)
{
	if (settings.instance_root != NULL)
		return NULL;
	return answer_error("wrong_state", "this sidecar restores nothing",
						"It was started without a directory for instances.",
						"Start barman-sidecar with --instance-root=DIRECTORY.");
}

Answer *
instance_refuse_without_cage(void)
{
	CageHold offered = cage_offered();
	Answer *refusal;
	char *detail;

	if (!settings.confinement_required || offered.abi != 0)
		return NULL;
	detail = cage_why_not(offered.error);
	refusal = answer_error("wrong_state",
						   "nothing is restored here: a restored server could not be kept in its directory",
						   detail, cage_hint(offered.error));
	free(detail);
	return refusal;
}

/* A token for one server must not use up what the others need. */
static int
share_of_a_server(void)
{
	ReadTarget target = {READ_SERVERS, "", ""};
	Answer *servers;
	int share = settings.max_instances_per_server;

	if (share == 0)
	{
		servers = reads_get(&target, READ_AGE_DEFAULT, NULL);
		share = settings.max_instances;
		if (servers == NULL || json_array_size(json_object_get(servers->value, "servers")) != 1)
			share = share > 1 ? share / 2 : 1;
		answer_release(servers);
	}
	return share;
}

/* Why an instance of this name is refused now, or NULL; the lock is held. */
static Answer *
refuse_claim(const char *name, const char *server, int share, const RestoreNeeds *needs)
{
	const Instance *same = name != NULL ? instance_find(name) : NULL;
	Answer *refusal;
	char *message;
	char *detail;
	int count = 0;
	int of_server = 0;

	refusal = instance_refuse_without_cage();
	if (refusal != NULL)
		return refusal;
	for (Instance *one = instance_table.newest; one != NULL; one = one->next)
	{
		bool counts = one != same && (one->claimed || one->has_files);

		count += counts;
		of_server += counts && strcmp(one->server, server) == 0;
	}
	if (same != NULL && (same->claimed || same->has_files))
	{
		message = mem_printf("there is an instance \"%s\" already", name);
		/* who restores this server perhaps sees no other */
		detail = strcmp(same->server, server) == 0
					 ? mem_printf("It is %s.", instance_state_names[same->state])
					 : mem_strdup("It is of another server.");
		refusal = answer_error("conflict", message, detail,
							   "Choose another name, or drop that instance first.");
		free(message);
		free(detail);
	}
	else if (count >= settings.max_instances)
	{
		detail = mem_printf("The sidecar keeps at most %d (--max-instances).",
							settings.max_instances);
		refusal = answer_error("too_many_requests", "there are too many instances", detail,
							   "Drop one that is not needed any more.");
		free(detail);
	}
	else if (of_server >= share)
	{
		message = mem_printf("there are too many instances of server \"%s\"", server);
		detail = mem_printf("The sidecar keeps at most %d of one server (--max-instances-per-server), and %d in all.",
							share, settings.max_instances);
		refusal = answer_error("too_many_requests", message, detail,
							   "Drop one that is not needed any more.");
		free(message);
		free(detail);
	}
	else if (instance_port_find() == 0)
	{
		detail = mem_printf("All ports from %d to %d are taken (--instance-ports).",
							settings.instance_port_low, settings.instance_port_high);
		refusal = answer_error("too_many_requests", "there is no port for another instance", detail,
							   "Drop an instance that is not needed any more, or give the sidecar more ports.");
		free(detail);
	}
	else
		refusal = instance_room_refusal(needs, 0);
	return refusal;
}

Instance *
instance_find_unclaimed(const char *name, const TokenGrant *grant, const char *hint, Answer **refusal)
{
	Instance *instance = instance_name_is_valid(name) ? instance_find(name) : NULL;
	char *message;
	char *detail;

	if (instance == NULL || !token_reaches(grant, instance->server))
	{
		*refusal = refuse_unknown(name, hint);
		return NULL;
	}
	if (!instance->claimed)
		return instance;
	message = mem_printf("instance \"%s\" is busy", name);
	detail = mem_printf("It is %s, or another job works on it already.",
						instance_state_names[instance->state]);
	*refusal = answer_error("conflict", message, detail,
							"Wait for the job that works on it, or cancel that.");
	free(message);
	free(detail);
	return NULL;
}

static Answer *
refuse_directory(const char *name)
{
	char *message = mem_printf("could not make the directory of instance \"%s\"", name);
	char *detail = mem_printf("%s/%s: %s", settings.instance_root, name, strerror(EEXIST));
	Answer *refusal = answer_error("conflict", message, detail,
								   "The sidecar did not make it and does not touch it: choose another name, or remove it by hand.");

	free(message);
	free(detail);
	return refusal;
}

static Answer *
refuse_unknown(const char *name, const char *hint)
{
	char *message = mem_printf("there is no instance \"%.128s\"", name);
	Answer *answer = answer_error("unknown_instance", message, NULL, hint);

	free(message);
	return answer;
}
