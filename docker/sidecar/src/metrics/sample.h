/*
 * sample.h
 *
 * What was read of one server at one time.  What could not be had is NULL or
 * not known, never a zero.
 */
#ifndef METRICS_SAMPLE_H
#define METRICS_SAMPLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "barman/archive_coverage.h"
#include "base/answer.h"

typedef enum SampleRead
{
	SAMPLE_BACKUPS,
	SAMPLE_LATEST, /* the latest good backup, in full */
	SAMPLE_CHECK,
	SAMPLE_REPLICATION,
	SAMPLE_DISKS,
	SAMPLE_ARCHIVE
} SampleRead;

#define SAMPLE_READS (SAMPLE_ARCHIVE + 1)

extern const char *const sample_read_names[SAMPLE_READS];

typedef struct Sample
{
	char *server;
	char *state;	 /* active, inactive, disabled or passive */
	int64_t updated; /* timestamp_now() */
	bool asked[SAMPLE_READS];
	Answer *answers[SAMPLE_READS]; /* with status 200 only; of the archive none */
	bool archive_known;
	ArchiveCoverage archive;
	int64_t segment_size; /* 0: unknown */
} Sample;

/* Reads all of a server, one after the other; may take as long as Barman does.  stop: give up early. */
extern void sample_take(Sample *sample, const atomic_bool *stop);
extern void sample_free(Sample *sample);

/* What an answer holds under a key, or all of it with key NULL; NULL if there is no answer */
extern const json_t *sample_value(const Sample *sample, SampleRead read, const char *key);

/* Could it be had? */
extern bool sample_has(const Sample *sample, SampleRead read);

/* Seconds since 1970 of a time under a key; false if there is none */
extern bool sample_time(const json_t *object, const char *key, double *seconds);

extern bool sample_backup_is_done(const json_t *backup);

/* The latest backup that is done, or NULL */
extern const json_t *sample_latest_backup(const Sample *sample);

/* Whether Barman's check of this name passed; false in known: it does not tell. */
extern bool sample_check(const Sample *sample, const char *name, bool *known);

#endif /* METRICS_SAMPLE_H */
