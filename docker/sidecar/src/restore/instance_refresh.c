/*
 * instance_refresh.c
 *
 * Claims an instance that is there, to restore another backup or to another
 * target into it.  It is what it was until instance_refreshes().
 */
#include <stdlib.h>
#include <string.h>

#include "base/directory.h"
#include "base/memory.h"
#include "base/settings.h"
#include "restore/disk_reservation.h"
#include "restore/instance_claim.h"
#include "restore/instance_port.h"
#include "restore/instance_record.h"
#include "restore/instance_removal.h"
#include "restore/instance_table.h"

static Instance *find_to_refresh(const char *name, const char *server, const TokenGrant *grant,
								 const RestoreNeeds *needs, Answer **refusal);
static Answer *refuse_refresh(const Instance *instance, const char *server);
static Answer *refuse_port(const Instance *instance);

Instance *
instance_claim_to_refresh(const char *name, const char *server, const TokenGrant *grant,
						  const RestoreNeeds *needs, Answer **refusal)
{
	Instance *instance;

	pthread_mutex_lock(&instance_table.lock);
	instance = find_to_refresh(name, server, grant, needs, refusal);
	if (instance != NULL)
	{
		instance->claimed = true;
		instance->reserved = restore_needs_sum(needs);
		instance->written = instance->freed;
	}
	pthread_mutex_unlock(&instance_table.lock);
	return instance;
}

Answer *
instance_refresh_refusal(const char *name, const char *server, const TokenGrant *grant,
						 const RestoreNeeds *needs)
{
	Answer *refusal;

	pthread_mutex_lock(&instance_table.lock);
	(void) find_to_refresh(name, server, grant, needs, &refusal);
	pthread_mutex_unlock(&instance_table.lock);
	return refusal;
}

Answer *
instance_refresh_room(Instance *instance, const RestoreNeeds *needs)
{
	int64_t freed = directory_size(instance->directory).freed; /* may take long, so before the lock */
	Answer *refusal;

	pthread_mutex_lock(&instance_table.lock);
	instance->reserved = 0; /* not to be counted twice */
	refusal = instance_room_refusal(needs, freed);
	instance->reserved = restore_needs_sum(needs);
	instance->written = freed;
	pthread_mutex_unlock(&instance_table.lock);
	return refusal;
}

bool
instance_refreshes(Instance *instance, Answer **refusal)
{
	bool ended;
	bool recorded;

	/* while the restore waited for WAL, somebody may have started a server by hand */
	pthread_mutex_lock(&instance_table.lock);
	*refusal = instance->state != INSTANCE_RUNNING ? refuse_port(instance) : NULL;
	pthread_mutex_unlock(&instance_table.lock);
	if (*refusal != NULL)
		return false;
	ended = instance_end_server(instance);
	if (ended && (*refusal = refuse_port(instance)) != NULL)
		return false;
	pthread_mutex_lock(&instance_table.lock);
	instance->state = INSTANCE_RESTORING;
	if (ended)
		instance->process = (ServerProcess){0};
	free(instance->backup_id);
	instance->backup_id = instance->next_backup_id;
	instance->next_backup_id = NULL;
	free(instance->isolation);
	instance->isolation = NULL;
	free(instance->recovery.lsn);
	free(instance->recovery.time);
	instance->recovery = (Recovery){0};
	instance->restore_ms = instance->recovery_ms = instance->bytes = -1;
	instance->freed = 0;
	json_decref(instance->error);
	instance->error = NULL;
	recorded = instance_write_record(instance);
	pthread_mutex_unlock(&instance_table.lock);
	return ended && recorded;
}

/* As instance_find_unclaimed(), with all that stands in the way of a refresh; the lock is held. */
static Instance *
find_to_refresh(const char *name, const char *server, const TokenGrant *grant,
				const RestoreNeeds *needs, Answer **refusal)
{
	Instance *instance = NULL;

	*refusal = instance_refuse_if_off();
	if (*refusal == NULL)
		*refusal = instance_refuse_without_cage();
	if (*refusal == NULL)
		instance = instance_find_unclaimed(name, grant, "A restore without refresh makes it.",
										   refusal);
	if (instance != NULL)
		*refusal = refuse_refresh(instance, server);
	if (*refusal == NULL)
		*refusal = instance_room_refusal(needs, instance->freed);
	return *refusal == NULL ? instance : NULL;
}

static Answer *
refuse_refresh(const Instance *instance, const char *server)
{
	Answer *refusal = NULL;
	char *message = NULL;
	char *detail = NULL;

	if (strcmp(instance->server, server) != 0)
	{
		message = mem_printf("instance \"%s\" is not of server \"%s\"", instance->name, server);
		detail = mem_printf("It is of server \"%s\".", instance->server);
		refusal = answer_error("conflict", message, detail,
							   "Choose another name, or drop that instance first.");
	}
	else if (!instance->has_files || instance->port == 0)
	{
		message = mem_printf("instance \"%s\" could not be removed, and cannot be refreshed",
							 instance->name);
		refusal = answer_error("conflict", message, NULL, "Drop it, and restore it without refresh.");
	}
	else if (instance->state != INSTANCE_RUNNING)
		refusal = refuse_port(instance);
	free(message);
	free(detail);
	return refusal;
}

/* NULL if no program has its port; its own server must not run. */
static Answer *
refuse_port(const Instance *instance)
{
	Answer *refusal;
	char *message;
	char *detail;

	if (instance_port_is_free(instance->port))
		return NULL;
	message = mem_printf("another program has taken the port of instance \"%s\"", instance->name);
	detail = mem_printf("It is port %d.", instance->port);
	refusal = answer_error("conflict", message, detail,
						   "End that program, or drop the instance and restore it without refresh.");
	free(message);
	free(detail);
	return refusal;
}
