/*
 * instance_tally.c
 *
 * Counts the restored servers, for /metrics.
 */
#include <string.h>

#include "restore/instance.h"
#include "restore/instance_record.h"
#include "restore/instance_table.h"

static bool is_alike(const Instance *one, const Instance *other);

/* The first of those of a server and state stands for all of them. */
void
instances_metrics(Exposition *exposition)
{
	exposition_family(exposition, "barman_sidecar_instances", "gauge",
					  "Restored servers by the server of their backup, and state.");
	pthread_mutex_lock(&instance_table.lock);
	for (const Instance *one = instance_table.newest; one != NULL; one = one->next)
	{
		const Instance *other = instance_table.newest;
		int count = 0;

		while (other != one && !is_alike(one, other))
			other = other->next;
		if (other != one)
			continue;
		for (; other != NULL; other = other->next)
			count += is_alike(one, other);
		exposition_sample(exposition, count, "server", one->server, "state",
						  instance_state_names[one->state], NULL);
	}
	pthread_mutex_unlock(&instance_table.lock);
}

static bool
is_alike(const Instance *one, const Instance *other)
{
	return one->state == other->state && strcmp(one->server, other->server) == 0;
}
