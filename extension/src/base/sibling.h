/*-------------------------------------------------------------------------
 *
 * sibling.h
 *	  Finds another function of this extension, and no function of another owner.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_SIBLING_H
#define POC_SIBLING_H

/* The schema of internal objects; only its owner can create objects in it. */
#define POC_INTERNAL_SCHEMA "_poc"

extern Oid poc_owner_of(Oid relid);
extern Oid poc_keeper(void);
extern Oid poc_sibling(Oid function, const char *name, int nargs, const Oid *types);
extern Oid poc_internal_sibling(Oid function, const char *name, int nargs, const Oid *types);

#endif /* POC_SIBLING_H */
