/*-------------------------------------------------------------------------
 *
 * tuple.c
 *	  The heap tuple of a row, formed where its values are.
 *
 * table_multi_insert() would form each tuple in memory of its own, to be freed
 * afterwards.  Must never let a slot free such a tuple.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/tableam.h"
#include "access/tupmacs.h"
#include "executor/tuptable.h"

#include "base/compat.h"
#include "rows/value/arena.h"
#include "rows/write/tuple.h"

/* One column in a tuple. */
typedef struct RowsField
{
	int			length;			/* -1: the value tells */
	uint8		align;
	bool		byval;
	bool		packable;		/* may have a short header */
} RowsField;

struct RowsLayout
{
	int			nfields;
	Size		size;			/* of all but values of variable length */
	RowsField	fields[FLEXIBLE_ARRAY_MEMBER];
};

static bool measure(const RowsLayout *layout, TupleTableSlot *slot, Size *size, bool *has_nulls);
static char *fill(const RowsLayout *layout, TupleTableSlot *slot, HeapTupleHeader header);
static inline void copy_short(char *data, const char *from, Size length);
static inline char *pad(char *data, int align);

/* How the columns of a table follow each other; NULL if that is not for us. */
RowsLayout *
rows_make_layout(Relation rel)
{
	TupleDesc	tupdesc = RelationGetDescr(rel);
	RowsLayout *layout;

	if (table_slot_callbacks(rel) != &TTSOpsBufferHeapTuple)
		return NULL;
	layout = palloc0(offsetof(RowsLayout, fields) + sizeof(RowsField) * tupdesc->natts);
	layout->nfields = tupdesc->natts;
	layout->size = MAXALIGN(SizeofHeapTupleHeader + BITMAPLEN(tupdesc->natts));
	for (int i = 0; i < tupdesc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(tupdesc, i);
		RowsField  *field = &layout->fields[i];

		if (attribute->attlen < -1)
			return NULL;
		field->length = attribute->attlen;
		field->byval = attribute->attbyval;
		field->packable = (attribute->attstorage != TYPSTORAGE_PLAIN);
		field->align = att_align_nominal(1, attribute->attalign);
		layout->size += field->align - 1 + Max(field->length, 0);
	}
	return layout;
}

/*
 * Give the slot, which holds the values of a row, the tuple made of them.
 * False if it has one already, or a value is elsewhere: then the table access
 * method has to do it.
 */
bool
rows_store_tuple(const RowsLayout *layout, TupleTableSlot *slot, RowsArena *arena)
{
	Size		size = layout->size;
	bool		has_nulls = false;
	HeapTuple	tuple;
	HeapTupleHeader header;

	if (TTS_SHOULDFREE(slot) || slot->tts_nvalid < layout->nfields ||
		!measure(layout, slot, &size, &has_nulls))
		return false;

	tuple = rows_alloc(arena, HEAPTUPLESIZE + size);
	header = (HeapTupleHeader) ((char *) tuple + HEAPTUPLESIZE);
	header->t_hoff = MAXALIGN(SizeofHeapTupleHeader + (has_nulls ? BITMAPLEN(layout->nfields) : 0));
	memset(header, 0, offsetof(HeapTupleHeaderData, t_hoff));
	memset(header->t_bits, 0, header->t_hoff - SizeofHeapTupleHeader);
	HeapTupleHeaderSetNatts(header, layout->nfields);
	if (has_nulls)
		header->t_infomask |= HEAP_HASNULL;
	ItemPointerSetInvalid(&header->t_ctid);

	tuple->t_data = header;
	tuple->t_len = fill(layout, slot, header) - (char *) header;
	tuple->t_tableOid = slot->tts_tableOid;
	ItemPointerSetInvalid(&tuple->t_self);

	/* a tuple that the slot owns is not copied once more */
	((BufferHeapTupleTableSlot *) slot)->base.tuple = tuple;
	slot->tts_flags |= TTS_FLAG_SHOULDFREE;
	return true;
}

/* Take the tuple away again. */
void
rows_forget_tuple(TupleTableSlot *slot)
{
	((BufferHeapTupleTableSlot *) slot)->base.tuple = NULL;
	slot->tts_flags &= ~TTS_FLAG_SHOULDFREE;
}

/* Room for the values of variable length.  False if one is not in memory. */
static bool
measure(const RowsLayout *layout, TupleTableSlot *slot, Size *size, bool *has_nulls)
{
	for (int i = 0; i < layout->nfields; i++)
	{
		if (slot->tts_isnull[i])
			*has_nulls = true;
		else if (layout->fields[i].length < 0)
		{
			Pointer		value = DatumGetPointer(slot->tts_values[i]);

			if (VARATT_IS_EXTERNAL(value))
				return false;
			*size += VARSIZE_ANY(value);
		}
	}
	return true;
}

/* What heap_form_tuple() would write, byte for byte; returns its end. */
static char *
fill(const RowsLayout *layout, TupleTableSlot *slot, HeapTupleHeader header)
{
	bool		has_nulls = (header->t_infomask & HEAP_HASNULL) != 0;
	char	   *data = (char *) header + header->t_hoff;

	for (int i = 0; i < layout->nfields; i++)
	{
		const RowsField *field = &layout->fields[i];
		Datum		value = slot->tts_values[i];
		Size		length = field->length;

		if (slot->tts_isnull[i])
			continue;
		if (has_nulls)
			header->t_bits[i >> 3] |= 1 << (i & 7);

		if (field->byval)
		{
			data = pad(data, field->align);
			store_att_byval(data, value, field->length);
		}
		else if (field->length > 0)
		{
			data = pad(data, field->align);
			memcpy(data, DatumGetPointer(value), length);
		}
		else
		{
			Pointer		varlena = DatumGetPointer(value);

			header->t_infomask |= HEAP_HASVARWIDTH;
			if (VARATT_IS_SHORT(varlena))
			{
				length = VARSIZE_SHORT(varlena);
				copy_short(data, varlena, length);
			}
			else if (field->packable && VARATT_CAN_MAKE_SHORT(varlena))
			{
				length = VARATT_CONVERTED_SHORT_SIZE(varlena);
				SET_VARSIZE_SHORT(data, length);
				copy_short(data + VARHDRSZ_SHORT, VARDATA(varlena), length - VARHDRSZ_SHORT);
			}
			else
			{
				data = pad(data, field->align);
				length = VARSIZE(varlena);
				memcpy(data, varlena, length);
			}
		}
		data += length;
	}
	return data;
}

/* Up to 127 bytes, for which memcpy() becomes an instruction that is slow to start. */
static inline void
copy_short(char *data, const char *from, Size length)
{
	if (length < 16)
	{
		for (Size i = 0; i < length; i++)
			data[i] = from[i];
		return;
	}
	for (Size i = 0; i < length - 16; i += 16)
		memcpy(data + i, from + i, 16);
	memcpy(data + length - 16, from + length - 16, 16);
}

/* Bytes between values are zero. */
static inline char *
pad(char *data, int align)
{
	char	   *aligned = (char *) TYPEALIGN(align, data);

	while (data < aligned)
		*data++ = 0;
	return aligned;
}
