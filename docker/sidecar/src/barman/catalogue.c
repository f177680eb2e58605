/*
 * catalogue.c
 *
 * What Barman told of each server: above all, where its backups and WAL are.
 * Keeps it over a restart; does not look into these directories.
 */
#include "barman/catalogue.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "barman/catalogue_inside.h"
#include "barman/configuration.h"
#include "base/file_hash.h"
#include "base/files.h"
#include "base/memory.h"
#include "base/names.h"
#include "base/settings.h"
#include "base/timestamp.h"

/* How long what Barman told is not asked for again: a primary may become a standby */
#define RECENT_MS 600000

#define NEVER INT64_MIN

const char *const catalogue_received_areas[] = {"streaming", "incoming", NULL};

pthread_mutex_t catalogue_lock = PTHREAD_MUTEX_INITIALIZER;
static Catalogue *catalogues;
static char *store; /* the file that keeps this over a restart; NULL: none */

static void learn(const char *server, const json_t *directories, uint64_t configuration,
				  int64_t told);
static void keep(void);
static bool is_of_configuration(const json_t *known, uint64_t configuration);
static void forget(Catalogue *catalogue);

void
catalogue_start(const char *state_dir)
{
	char *path = mem_printf("%s/catalogue.json", state_dir);
	json_t *known = files_json(path);
	const char *server;
	json_t *directories;
	uint64_t configuration = catalogue_configuration();

	/* what another configuration meant may be elsewhere now */
	if (is_of_configuration(known, configuration))
	{
		json_object_foreach (json_object_get(known, "servers"), server, directories)
		{
			if (barman_valid_server_name(server) && json_is_object(directories))
				learn(server, directories, configuration, NEVER);
		}
	}
	json_decref(known);
	pthread_mutex_lock(&catalogue_lock);
	store = path;
	pthread_mutex_unlock(&catalogue_lock);
}

/* The caller holds the lock.  If the file is lost, Barman has to run again. */
static void
keep(void)
{
	uint64_t configuration;
	json_t *servers;
	json_t *known;
	char *text;

	if (store == NULL)
		return;
	configuration = catalogue_configuration();
	servers = json_checked(json_object());
	known = json_checked(json_object());
	for (Catalogue *c = catalogues; c != NULL; c = c->next)
	{
		if (c->configuration == configuration)
			json_object_set(servers, c->server, c->directories);
	}
	text = mem_printf("%016" PRIx64, configuration);
	json_object_set_new(known, "configuration", json_text(text));
	json_object_set_new(known, "servers", servers);
	free(text);
	text = json_dumps(known, JSON_INDENT(2));
	if (text != NULL)
		files_write(store, text);
	free(text);
	json_decref(known);
}

static bool
is_of_configuration(const json_t *known, uint64_t configuration)
{
	const char *text = json_text_of(known, "configuration");

	return text != NULL && strtoull(text, NULL, 16) == configuration;
}

uint64_t
catalogue_configuration(void)
{
	return configuration_signature(settings.barman_config);
}

void
catalogue_learn(const char *server, const json_t *directories, uint64_t configuration)
{
	learn(server, directories, configuration, monotonic_ms());
}

static void
learn(const char *server, const json_t *directories, uint64_t configuration, int64_t told)
{
	Catalogue *catalogue;
	const char *base;
	const char *wals;

	pthread_mutex_lock(&catalogue_lock);
	catalogue = catalogue_find(server);
	if (catalogue != NULL && json_equal(catalogue->directories, directories))
	{
		catalogue->told = told;
		if (catalogue->configuration != configuration)
		{
			catalogue->configuration = configuration;
			keep();
		}
		pthread_mutex_unlock(&catalogue_lock);
		return;
	}
	if (catalogue == NULL)
	{
		catalogue = mem_alloc(sizeof(Catalogue));
		catalogue->server = mem_strdup(server);
		catalogue->next = catalogues;
		catalogues = catalogue;
	}
	else
		forget(catalogue);
	catalogue->directories = json_checked(json_deep_copy(directories));
	catalogue->configuration = configuration;
	catalogue->told = told;
	catalogue->looked = -1;
	base = catalogue_area_path(catalogue, "base");
	wals = catalogue_area_path(catalogue, "wals");
	if (base != NULL)
	{
		catalogue->base.path = mem_strdup(base);
		catalogue->base.suffix = "/backup.info";
		catalogue->kept.path = mem_strdup(base);
		catalogue->kept.suffix = KEEP_SUFFIX;
		/* since Barman 3.13.2: the directory "meta" beside "base" */
		catalogue->meta.path = mem_printf("%s/../meta", base);
		catalogue->meta.suffix = "";
	}
	if (wals != NULL)
	{
		catalogue->xlogdb = mem_printf("%s/xlog.db", wals);
		catalogue->server_xlogdb = mem_printf("%s/%s-xlog.db", wals, server);
	}
	keep();
	pthread_mutex_unlock(&catalogue_lock);
}

bool
catalogue_known(const char *server)
{
	uint64_t configuration = catalogue_configuration();
	const Catalogue *catalogue;
	bool known;

	pthread_mutex_lock(&catalogue_lock);
	catalogue = catalogue_find(server);
	known = catalogue != NULL && catalogue->configuration == configuration;
	pthread_mutex_unlock(&catalogue_lock);
	return known;
}

bool
catalogue_recent(const char *server)
{
	uint64_t configuration = catalogue_configuration();
	int64_t now = monotonic_ms();
	const Catalogue *catalogue;
	bool recent;

	pthread_mutex_lock(&catalogue_lock);
	catalogue = catalogue_find(server);
	recent = catalogue != NULL && catalogue->configuration == configuration &&
			 catalogue->told != NEVER && now - catalogue->told < RECENT_MS &&
			 json_is_boolean(json_object_get(catalogue->directories, "in_recovery"));
	pthread_mutex_unlock(&catalogue_lock);
	return recent;
}

bool
catalogue_told(const char *server)
{
	bool told;

	pthread_mutex_lock(&catalogue_lock);
	told = catalogue_find(server) != NULL;
	pthread_mutex_unlock(&catalogue_lock);
	return told;
}

json_t *
catalogue_facts(const char *server)
{
	Catalogue *catalogue;
	json_t *told;

	pthread_mutex_lock(&catalogue_lock);
	catalogue = catalogue_find(server);
	told = catalogue != NULL ? json_deep_copy(catalogue->directories) : NULL;
	pthread_mutex_unlock(&catalogue_lock);
	return told;
}

char *
catalogue_directory(const char *server, const char *area)
{
	Catalogue *catalogue;
	char *path = NULL;

	pthread_mutex_lock(&catalogue_lock);
	catalogue = catalogue_find(server);
	if (catalogue != NULL)
		path = mem_strdup(catalogue_area_path(catalogue, area));
	pthread_mutex_unlock(&catalogue_lock);
	return path;
}

void
catalogue_forget_all(void)
{
	pthread_mutex_lock(&catalogue_lock);
	while (catalogues != NULL)
	{
		Catalogue *next = catalogues->next;

		forget(catalogues);
		free(catalogues->server);
		free(catalogues);
		catalogues = next;
	}
	free(store);
	store = NULL;
	pthread_mutex_unlock(&catalogue_lock);
}

Catalogue *
catalogue_find(const char *server)
{
	for (Catalogue *c = catalogues; c != NULL; c = c->next)
	{
		if (strcmp(c->server, server) == 0)
			return c;
	}
	return NULL;
}

/* Frees everything but the name and the list link. */
static void
forget(Catalogue *catalogue)
{
	json_decref(catalogue->directories);
	catalogue->directories = NULL;
	file_listing_clear(&catalogue->base);
	free(catalogue->base.path);
	file_listing_clear(&catalogue->meta);
	free(catalogue->meta.path);
	file_listing_clear(&catalogue->kept);
	free(catalogue->kept.path);
	free(catalogue->xlogdb);
	free(catalogue->server_xlogdb);
	catalogue->base.path = catalogue->meta.path = catalogue->kept.path = NULL;
	catalogue->xlogdb = catalogue->server_xlogdb = NULL;
}

const char *
catalogue_area_path(const Catalogue *catalogue, const char *area)
{
	const char *path = json_string_value(json_object_get(catalogue->directories, area));

	return path != NULL && path[0] == '/' ? path : NULL;
}
