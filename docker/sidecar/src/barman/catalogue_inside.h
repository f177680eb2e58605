/*
 * catalogue_inside.h
 *
 * What is known of a server, shared by the files that learn it (catalogue.c) and
 * that watch its files (catalogue_signature.c): both change it, under one lock.
 */
#ifndef BARMAN_CATALOGUE_INSIDE_H
#define BARMAN_CATALOGUE_INSIDE_H

#include <pthread.h>
#include <stdint.h>

#include <jansson.h>

#include "base/file_hash.h"

/* Appended to the directory of a backup */
#define KEEP_SUFFIX "/annotations/keep"

typedef struct Catalogue
{
	struct Catalogue *next;
	char *server;
	json_t *directories;
	uint64_t configuration; /* of Barman, when it told the directories */
	int64_t told;			/* when that was; NEVER: before a restart */
	FileListing base;
	FileListing meta;
	FileListing kept;	 /* the annotations of kept backups */
	char *xlogdb;		 /* before Barman 3.13.2 */
	char *server_xlogdb; /* since Barman 3.13.2 */
	int64_t looked;		 /* when signature was computed */
	uint64_t signature;	 /* hash of its files */
} Catalogue;

/* Of all that is known; whoever calls the following holds it */
extern pthread_mutex_t catalogue_lock;

/* NULL: Barman has told nothing of the server */
extern Catalogue *catalogue_find(const char *server);

/* Absolute path of an area, or NULL if unknown; belongs to the catalogue */
extern const char *catalogue_area_path(const Catalogue *catalogue, const char *area);

#endif /* BARMAN_CATALOGUE_INSIDE_H */
