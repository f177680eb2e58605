/*
 * examine.h
 *
 * What a restored server is asked in a drill, and the steps that tell of it.
 */
#ifndef PROOF_EXAMINE_H
#define PROOF_EXAMINE_H

#include <stdbool.h>
#include <stdint.h>

#include "jobs/job.h"
#include "restore/instance_config.h"

/*
 * Compare the server of that configuration and PostgreSQL major version with
 * what the arguments say of it, step by step.  False if something differs, or
 * the job was cancelled.
 */
extern bool drill_examine(Job *job, const ServerConfig *config, int major,
						  const json_t *arguments, json_t *result);

/* Are these the tables, sequences and assertions of a drill?  Else what is wrong. */
extern const char *drill_arguments_are_bad(const json_t *arguments);

#endif							/* PROOF_EXAMINE_H */
