/*
 * examine.h
 *
 * Checks a restored server in a drill, and adds steps to the result.
 */
#ifndef PROOF_EXAMINE_H
#define PROOF_EXAMINE_H

#include <stdbool.h>
#include <stdint.h>

#include "jobs/job.h"
#include "restore/instance_config.h"

/*
 * Compares the server of that configuration and PostgreSQL major version with
 * the arguments, step by step.  False if something differs, or the job was
 * cancelled.
 */
extern bool drill_examine(Job *job, const ServerConfig *config, int major,
						  const json_t *arguments, json_t *result);

/* NULL if the tables, sequences and assertions of a drill are valid, else the reason */
extern const char *drill_arguments_are_bad(const json_t *arguments);

#endif							/* PROOF_EXAMINE_H */
