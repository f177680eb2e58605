/*-------------------------------------------------------------------------
 *
 * hash.c
 *	  Lookup of values by their hash.
 *
 * Values that differ only in their varlena headers must compare equal.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"

#include "base/compat.h"
#include "rows/value/hash.h"

static int compare_entries(const void *a, const void *b, void *context);

/* Entries with the same hash keep their order.  There may be millions: a cancel ends it. */
void
rows_sort_by_hash(RowsIndexEntry *index, uint64 n)
{
	qsort_interruptible(index, n, sizeof(RowsIndexEntry), compare_entries, NULL);
}

/* Position of the first entry with this hash, or where it would be. */
uint64
rows_first_of_hash(const RowsIndexEntry *index, uint64 n, uint32 hash)
{
	uint64 low = 0;
	uint64 high = n;

	while (low < high)
	{
		uint64 middle = low + (high - low) / 2;

		if (index[middle].hash < hash)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* datum_image_hash() hashes the varlena header too, so a short one would differ. */
uint32
rows_hash_image(Datum datum, bool typbyval, int16 typlen)
{
	if (typlen == -1)
	{
		struct varlena *value = PG_DETOAST_DATUM_PACKED(datum);

		return hash_bytes((unsigned char *) VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	}
	return datum_image_hash(datum, typbyval, typlen);
}

uint32
rows_hash_datum(Datum datum, Oid type)
{
	int16 typlen;
	bool typbyval;

	get_typlenbyval(type, &typlen, &typbyval);
	return rows_hash_image(datum, typbyval, typlen);
}

bool
rows_same_datum(Datum left, Datum right, Oid type)
{
	int16 typlen;
	bool typbyval;

	get_typlenbyval(type, &typlen, &typbyval);
	return datum_image_eq(left, right, typbyval, typlen);
}

static int
compare_entries(const void *a, const void *b, void *context)
{
	const RowsIndexEntry *left = a;
	const RowsIndexEntry *right = b;

	if (left->hash != right->hash)
		return (left->hash > right->hash) - (left->hash < right->hash);
	return (left->choice > right->choice) - (left->choice < right->choice);
}
