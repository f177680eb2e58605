/*
 * catalogue_identity.c
 *
 * The system identifier of a server's PostgreSQL: as Barman reported it, or
 * while PostgreSQL is unreachable, from the identity file beside the backups.
 */
#include "barman/catalogue.h"

#include <stdlib.h>

#include "base/memory.h"

char *
catalogue_system_id(const char *server)
{
	json_t *told = catalogue_facts(server);
	char *base = catalogue_directory(server, "base");
	char *path = base != NULL ? mem_printf("%s/../identity.json", base) : NULL;
	json_t *identity = path != NULL ? json_load_file(path, 0, NULL) : NULL;
	const char *id = json_text_of(told, "system_id");
	char *known;

	if (id == NULL)
		id = json_text_of(identity, "systemid");
	known = id != NULL ? mem_strdup(id) : NULL;
	json_decref(identity);
	json_decref(told);
	free(path);
	free(base);
	return known;
}
