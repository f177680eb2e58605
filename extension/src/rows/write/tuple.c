/*-------------------------------------------------------------------------
 *
 * tuple.c
 *	  Forms heap tuples in the memory that holds their values.
 *
 * table_multi_insert() would allocate each tuple separately, and free it
 * afterwards.  A slot must never free a tuple that was formed here.
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

/* One column of a tuple. */
typedef struct RowsField
{
	int length; /* -1: variable */
	uint8 align;
	bool byval;
	bool packable; /* may have a short header */
} RowsField;

struct RowsLayout
{
	int nfields;
	Size size; /* of everything except variable-length values */
	RowsField fields[FLEXIBLE_ARRAY_MEMBER];
};

static bool measure(const RowsLayout *layout, TupleTableSlot *slot, Size *size, bool *has_nulls);
static char *fill(const RowsLayout *layout, TupleTableSlot *slot, HeapTupleHeader header);
static inline void copy_short(char *data, const char *from, Size length);
static inline char *pad(char *data, int align);

/* The physical layout of the table's columns; NULL if it is not a supported heap. */
RowsLayout *
rows_make_layout(Relation rel)
{
	TupleDesc tupdesc = RelationGetDescr(rel);
	RowsLayout *layout;

	if (table_slot_callbacks(rel) != &TTSOpsBufferHeapTuple)
		return NULL;
	layout = palloc0(offsetof(RowsLayout, fields) + sizeof(RowsField) * tupdesc->natts);
	layout->nfields = tupdesc->natts;
	layout->size = MAXALIGN(SizeofHeapTupleHeader + BITMAPLEN(tupdesc->natts));
	for (int i = 0; i < tupdesc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(tupdesc, i);
		RowsField *field = &layout->fields[i];

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
 * Form the tuple from the values in the slot, and put it into the slot.
 * Returns false if the slot has a tuple or a value is not inline: then the
 * table access method forms it.
 */
bool
rows_store_tuple(const RowsLayout *layout, TupleTableSlot *slot, RowsArena *arena)
{
	Size size = layout->size;
	bool has_nulls = false;
	HeapTuple tuple;
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

	/* a tuple that the slot owns is not copied again */
	((BufferHeapTupleTableSlot *) slot)->base.tuple = tuple;
	slot->tts_flags |= TTS_FLAG_SHOULDFREE;
	return true;
}

/* Remove the tuple from the slot without freeing it. */
void
rows_forget_tuple(TupleTableSlot *slot)
{
	((BufferHeapTupleTableSlot *) slot)->base.tuple = NULL;
	slot->tts_flags &= ~TTS_FLAG_SHOULDFREE;
}

/* Add the size of variable-length values.  False if one is stored out of line. */
static bool
measure(const RowsLayout *layout, TupleTableSlot *slot, Size *size, bool *has_nulls)
{
	for (int i = 0; i < layout->nfields; i++)
	{
		if (slot->tts_isnull[i])
			*has_nulls = true;
		else if (layout->fields[i].length < 0)
		{
			Pointer value = DatumGetPointer(slot->tts_values[i]);

			if (VARATT_IS_EXTERNAL(value))
				return false;
			*size += VARSIZE_ANY(value);
		}
	}
	return true;
}

/* Writes the same bytes as heap_form_tuple(); returns the end. */
static char *
fill(const RowsLayout *layout, TupleTableSlot *slot, HeapTupleHeader header)
{
	bool has_nulls = (header->t_infomask & HEAP_HASNULL) != 0;
	char *data = (char *) header + header->t_hoff;

	for (int i = 0; i < layout->nfields; i++)
	{
		const RowsField *field = &layout->fields[i];
		Datum value = slot->tts_values[i];
		Size length = field->length;

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
			Pointer varlena = DatumGetPointer(value);

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

/* Copies up to 127 bytes; memcpy() would use a string instruction, which starts slowly. */
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

/* Zero the alignment padding. */
static inline char *
pad(char *data, int align)
{
	char *aligned = (char *) TYPEALIGN(align, data);

	while (data < aligned)
		*data++ = 0;
	return aligned;
}
