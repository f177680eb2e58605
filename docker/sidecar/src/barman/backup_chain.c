/*
 * backup_chain.c
 *
 * Follows an incremental backup to the full backup at the start of its chain.
 * Fails if a backup of the chain is unknown, because its callers check or lock
 * all of them.
 */
#include "barman/backup_chain.h"

#include <stdlib.h>
#include <string.h>

#include "barman/backup_info.h"
#include "barman/backup_memory.h"
#include "base/memory.h"

/* A longer chain is an error. */
#define CHAIN_MAX 1000

static json_t *find(const char *server, const char *id);

json_t *
backup_chain(const char *server, const json_t *backup, char **unknown)
{
	json_t *chain = json_checked(json_array());
	json_t *one = json_checked(json_deep_copy(backup));

	*unknown = NULL;
	while (*unknown == NULL)
	{
		const char *id = json_text_of(one, "backup_id");
		const char *type = json_text_of(one, "type");
		const char *parent = json_text_of(one, "parent_id");

		json_array_append_new(chain, one);
		if (id == NULL)
			*unknown = mem_strdup("The backup has no id.");
		else if (parent == NULL)
		{
			if (type == NULL || strcmp(type, "incremental") != 0)
				return chain;
			*unknown = mem_printf("Backup %s is incremental, and it is not known to which.", id);
		}
		else if (json_array_size(chain) >= CHAIN_MAX)
			*unknown = mem_printf("More than %d backups lie one upon the other.", CHAIN_MAX);
		else
		{
			one = find(server, parent);
			if (one == NULL)
				*unknown = mem_printf("Nothing is known of backup %s, on which backup %s builds.",
									  parent, id);
		}
	}
	json_decref(chain);
	return NULL;
}

static json_t *
find(const char *server, const char *id)
{
	json_t *backup = backup_memory_find(server, id);

	return backup != NULL ? backup : backup_info_find(server, id);
}
