/*
 * read_freshness.c
 *
 * How long the answers of each kind of read are fresh, and which files' changes
 * end that.  Keeps no answer and runs no Barman.
 */
#include "barman/read_freshness.h"

#include "barman/catalogue.h"
#include "barman/configuration.h"
#include "base/settings.h"
#include "base/timestamp.h"

/* Errors and failed checks expire soon. */
#define SHORT_AGE_MS 1000

/* How long an expired answer may be served while Barman runs again */
#define MAX_STALE_MS 5000

/* Expiry of answers without a signature to detect changes */
#define UNWATCHED_AGE_MS 5000

/*
 * live: Barman connects to PostgreSQL and may hang with it, so these never get
 * the last worker.  watched: a change of the catalogue, or of Barman's
 * configuration, makes the answer stale.
 */
static const struct
{
	bool live;
	bool watched;
	int64_t max_age_ms;
} kinds[READ_KINDS] = {
	[READ_VERSION] = {false, false, 3600 * 1000},
	[READ_SERVERS] = {false, true, 600 * 1000},
	[READ_BACKUPS] = {false, true, 60 * 1000},
	[READ_BACKUP] = {false, true, 60 * 1000},
	[READ_FILES] = {false, false, 1000},
	[READ_DIRECTORIES] = {true, false, 600 * 1000},
	[READ_DISKS] = {false, false, 1000},
	[READ_CHECK] = {true, true, 10 * 1000},
	[READ_STATUS] = {true, true, 10 * 1000},
	[READ_REPLICATION] = {true, false, 2 * 1000},
	[READ_DIAGNOSE] = {true, false, 10 * 1000},
	[READ_WINDOWS] = {false, true, 10 * 1000},
	[READ_WAL_SOURCES] = {false, true, 60 * 1000},
	[READ_ALL_LISTS] = {false, false, 0},
	[READ_ALL_DIRECTORIES] = {true, false, 600 * 1000},
};

static int64_t age_limit(ReadKind kind, uint64_t signature);

bool
read_is_live(ReadKind kind)
{
	return kinds[kind].live;
}

uint64_t
read_signature(ReadKind kind, const char *server)
{
	uint64_t configuration;
	uint64_t catalogue;

	if (!kinds[kind].watched)
		return 0;
	configuration = configuration_signature(settings.barman_config);
	if (kind == READ_SERVERS)
		return configuration;
	catalogue = catalogue_signature(server);
	return catalogue != 0 ? catalogue ^ configuration : 0;
}

bool
read_is_fresh(ReadKind kind, const Answer *answer, uint64_t signature, int64_t max_age_ms)
{
	int64_t limit = age_limit(kind, signature);

	if ((answer->status != 200 || answer->provisional) && limit > SHORT_AGE_MS)
		limit = SHORT_AGE_MS;
	if (max_age_ms >= 0 && max_age_ms < limit)
		limit = max_age_ms;
	return monotonic_ms() - answer->made < limit;
}

bool
read_is_stale_but_good(ReadKind kind, const Answer *answer, uint64_t signature, int64_t max_age_ms)
{
	if (max_age_ms >= 0 || answer->status != 200 || answer->provisional)
		return false;
	return monotonic_ms() - answer->made < age_limit(kind, signature) + MAX_STALE_MS;
}

static int64_t
age_limit(ReadKind kind, uint64_t signature)
{
	int64_t limit = kinds[kind].max_age_ms;

	if (kinds[kind].watched && signature == 0 && limit > UNWATCHED_AGE_MS)
		limit = UNWATCHED_AGE_MS;
	return limit;
}
