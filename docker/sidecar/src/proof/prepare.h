/*
 * prepare.h
 *
 * What is done to a throw-away copy before anybody is asked anything in it.
 */
#ifndef PROOF_PREPARE_H
#define PROOF_PREPARE_H

#include "proof/session.h"

/*
 * Take the copy's settings, limits, event triggers and secrets away, and make
 * the role that asks.  NULL, or malloc'd words on what failed.
 */
extern char *drill_prepare(const DrillServer *server);

/*
 * Make the functions that fingerprint, of the library on this host, in the
 * server's schema.  NULL, or malloc'd words on why there are none.
 */
extern char *drill_bring_fingerprint(const DrillServer *server);

#endif							/* PROOF_PREPARE_H */
