/*-------------------------------------------------------------------------
 *
 * fingerprint.h
 *	  The hash of a row, and of all rows of a table.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_FINGERPRINT_H
#define POC_FINGERPRINT_H

#include "access/tupdesc.h"

/* The number of rows and two sums of their hashes. */
typedef struct PocFingerprint
{
	uint64 rows;
	uint64 sums[2];
} PocFingerprint;

/* fingerprint.c */
typedef struct PocRowHash PocRowHash;

extern PocRowHash *poc_row_hash(TupleDesc tupdesc, MemoryContext parent);
extern void poc_row_hash_free(PocRowHash *hash);
extern void poc_fingerprint_row(PocFingerprint *sum, PocRowHash *hash, const Datum *values,
								const bool *isnull);
extern char *poc_fingerprint_text(const PocFingerprint *sum);

/* fingerprint_table.c */
extern void poc_fingerprint_settings(Oid fingerprint);
extern PocFingerprint poc_fingerprint_table(Oid relid);

#endif /* POC_FINGERPRINT_H */
