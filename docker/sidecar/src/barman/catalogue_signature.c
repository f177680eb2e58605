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

static uint64_t hash_xlogdb(uint64_t hash, const Catalogue *catalogue);

uint64_t
catalogue_signature(const char *server)
{
	Catalogue *catalogue;
	uint64_t hash = 0;

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
			hash = hash_xlogdb(hash, catalogue);
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
	if (catalogue != NULL)
		hash = hash_xlogdb(hash, catalogue);
	pthread_mutex_unlock(&catalogue_lock);
	return hash;
}

static uint64_t
hash_xlogdb(uint64_t hash, const Catalogue *catalogue)
{
	struct stat ignored;

	if (catalogue->xlogdb == NULL)
		return hash;
	hash = file_hash_stat(hash, catalogue->xlogdb, &ignored);
	return file_hash_stat(hash, catalogue->server_xlogdb, &ignored);
}
