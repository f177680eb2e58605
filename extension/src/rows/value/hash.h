/*-------------------------------------------------------------------------
 *
 * hash.h
 *	  Lookup of values by their hash.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_VALUE_HASH_H
#define POC_ROWS_VALUE_HASH_H

/* A choice or a referenced row, and its hash. */
typedef struct RowsIndexEntry
{
	uint32 hash;
	uint64 choice;
} RowsIndexEntry;

extern void rows_sort_by_hash(RowsIndexEntry *index, uint64 n);
extern uint64 rows_first_of_hash(const RowsIndexEntry *index, uint64 n, uint32 hash);
extern uint32 rows_hash_image(Datum datum, bool typbyval, int16 typlen);
extern uint32 rows_hash_datum(Datum datum, Oid type);
extern bool rows_same_datum(Datum left, Datum right, Oid type);

#endif /* POC_ROWS_VALUE_HASH_H */
