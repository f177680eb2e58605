/*-------------------------------------------------------------------------
 *
 * sibling.h
 *	  Another function of this extension, found so that it cannot be another's.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_SIBLING_H
#define POC_SIBLING_H

/* The schema of what is not for people; nobody but its owner creates there. */
#define POC_INTERNAL_SCHEMA	"_poc"

extern Oid	poc_sibling(Oid function, const char *name, int nargs, const Oid *types);

#endif							/* POC_SIBLING_H */
