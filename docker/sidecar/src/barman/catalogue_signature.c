/*
 * catalogue_signature.c
 *
 * Watches the files of Barman's catalogue by their stat data, so that the cache
 * detects when it is stale.  Does not read their contents.
 */
#include "barman/catalogue.h"

#include <stdint.h>
#include <sys/stat.h>

#include "barman/catalogue_inside.h"
#include "base/timestamp.h"

uint64_t
catalogue_signature(const char *server)
{
	Catalogue *catalogue;
	uint64_t hash = 0;
	struct stat ignored;

	pthread_mutex_lock(&catalogue_lock);
	catalogue = catalogue_find(server);
	if (catalogue != NULL && catalogue->base.path != NULL)
	{
		int64_t now = monotonic_ms();

		/* at most once per millisecond: a busy sidecar calls this more often */
		if (catalogue->looked != now)
		{
			hash = file_hash_listing(FILE_HASH_START, &catalogue->base);
			hash = file_hash_listing(hash, &catalogue->meta);
			hash = file_hash_listing(hash, &catalogue->kept);
			if (catalogue->xlogdb != NULL)
			{
				hash = file_hash_stat(hash, catalogue->xlogdb, &ignored);
				hash = file_hash_stat(hash, catalogue->server_xlogdb, &ignored);
			}
			catalogue->signature = hash != 0 ? hash : 1;
			catalogue->looked = now;
		}
		hash = catalogue->signature;
	}
	pthread_mutex_unlock(&catalogue_lock);
	return hash;
}

uint64_t
catalogue_wal_signature(const char *server)
{
	uint64_t hash = FILE_HASH_START;
	struct stat ignored;
	Catalogue *catalogue;

	pthread_mutex_lock(&catalogue_lock);
	catalogue = catalogue_find(server);
	for (const char *const *area = catalogue_received_areas; catalogue != NULL && *area != NULL;
		 area++)
	{
		const char *path = catalogue_area_path(catalogue, *area);

		if (path != NULL)
			hash = file_hash_names(hash, path);
	}
	if (catalogue != NULL && catalogue->xlogdb != NULL)
	{
		hash = file_hash_stat(hash, catalogue->xlogdb, &ignored);
		hash = file_hash_stat(hash, catalogue->server_xlogdb, &ignored);
	}
	pthread_mutex_unlock(&catalogue_lock);
	return hash;
}
