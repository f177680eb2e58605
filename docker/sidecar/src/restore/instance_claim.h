/*
 * instance_claim.h
 *
 * What all claims of instances are refused for, for the files that implement
 * instance.h.
 */
#ifndef RESTORE_INSTANCE_CLAIM_H
#define RESTORE_INSTANCE_CLAIM_H

#include "restore/instance.h"

/* The refusal of a sidecar that restores nothing, or NULL */
extern Answer *instance_refuse_if_off(void);

/* The refusal where a cage is required and the kernel offers none, or NULL */
extern Answer *instance_refuse_without_cage(void);

/*
 * The instance of this name that no job works on; NULL: *refusal is the answer,
 * which a token for other servers gets as if there were none.  The hint is of
 * one that does not exist.  The lock is held.
 */
extern Instance *instance_find_unclaimed(const char *name, const TokenGrant *grant,
										 const char *hint, Answer **refusal);

#endif /* RESTORE_INSTANCE_CLAIM_H */
