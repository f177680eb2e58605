/*
 * examine_server.h
 *
 * Checks a restored server in a drill, and adds steps to the result.
 */
#ifndef PROOF_EXAMINE_SERVER_H
#define PROOF_EXAMINE_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "jobs/job.h"
#include "proof/drill_request.h"
#include "restore/instance_config.h"

/*
 * Compares the server of that configuration and PostgreSQL major version with
 * the request, step by step.  False if something differs, or the job was
 * cancelled.
 */
extern bool drill_examine(Job *job, const ServerConfig *config, int major,
						  const DrillRequest *request, json_t *result);

#endif /* PROOF_EXAMINE_SERVER_H */
