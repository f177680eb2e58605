/*-------------------------------------------------------------------------
 *
 * string.c
 *	  String values: characters, bytes, bits.
 *
 * Strings are ASCII only, which every server encoding supports.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#if defined(__x86_64__) && defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "parser/parse_coerce.h"
#include "port/pg_bswap.h"
#include "utils/builtins.h"
#include "utils/varbit.h"

#include "base/compat.h"
#include "base/random.h"
#include "rows/value/arena.h"
#include "rows/value/bounds.h"
#include "rows/value/generator.h"
#include "rows/value/kinds.h"

/* Length of generated strings without any other limit. */
#define TEXT_LENGTH	 32
#define BYTEA_LENGTH 16
#define BIT_LENGTH	 16

/* Counted strings start with this many base-36 digits: 36^12 > 10^18. */
#define COUNT_DIGITS 12
static const char digits36[] = "0123456789abcdefghijklmnopqrstuvwxyz";

/* ... and counted byte strings with this many bytes */
#define COUNT_BYTES 8

static void init_text(RowsValue *value, RowsBounds *bounds);
static void init_bits(RowsValue *value);
static Datum make_text(const RowsValue *value, RowsDraw *draw, RowsArena *arena);
static Datum encode_text(const RowsValue *value, uint64 ordinal, RowsDraw *draw, RowsArena *arena);
static bool decode_text(const RowsValue *value, Datum datum, uint64 *ordinal);
static Datum make_bytea(const RowsValue *value, RowsDraw *draw, RowsArena *arena);
static Datum encode_bytea(const RowsValue *value, uint64 ordinal, RowsDraw *draw, RowsArena *arena);
static bool decode_bytea(const RowsValue *value, Datum datum, uint64 *ordinal);
static Datum make_bits(const RowsValue *value, RowsDraw *draw, RowsArena *arena);
static Datum encode_bits(const RowsValue *value, uint64 ordinal, RowsDraw *draw, RowsArena *arena);
static bool decode_bits(const RowsValue *value, Datum datum, uint64 *ordinal);

bool
rows_init_string(RowsValue *value, RowsBounds *bounds)
{
	switch (value->type)
	{
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
		case NAMEOID:
			init_text(value, bounds);
			return true;
		case BYTEAOID:
			value->name = "bytes";
			value->min_length = value->max_length = BYTEA_LENGTH;
			if (bounds->max_length >= 0 && bounds->max_length < value->max_length)
				value->min_length = value->max_length = bounds->max_length;
			if (bounds->min_length > value->min_length)
				value->min_length = value->max_length = bounds->min_length;
			value->make = make_bytea;
			if (value->min_length >= COUNT_BYTES)
			{
				value->encode = encode_bytea;
				value->decode = decode_bytea;
				value->capacity = PG_INT64_MAX;
			}
			return true;
		case BITOID:
		case VARBITOID:
			init_bits(value);
			return true;
		default:
			/* citext and other types with the representation of text */
			if (value->typlen != -1 || !IsBinaryCoercible(value->type, TEXTOID))
				return false;
			init_text(value, bounds);
			return true;
	}
}

/* ---- characters ---- */

static void
init_text(RowsValue *value, RowsBounds *bounds)
{
	int limit = -1;
	int length = TEXT_LENGTH;

	if (value->type == NAMEOID)
		limit = NAMEDATALEN - 1;
	else if (value->typmod >= (int32) VARHDRSZ)
		limit = value->typmod - VARHDRSZ;
	if (bounds->max_length >= 0 && (limit < 0 || bounds->max_length < limit))
		limit = bounds->max_length;
	if (limit >= 0)
		length = Min(length, limit);
	if (bounds->min_length > length)
		length = (limit >= 0) ? Min(bounds->min_length, limit) : bounds->min_length;

	value->name = "text";
	value->is_text = (value->type != NAMEOID && value->type != BPCHAROID);
	value->detail = psprintf("%d characters", length);
	value->min_length = value->max_length = length;
	value->make = make_text;
	if (length > 0)
	{
		int counted = Min(length, COUNT_DIGITS);

		value->encode = encode_text;
		value->decode = decode_text;
		value->capacity = 1;
		for (int i = 0; i < counted; i++)
			value->capacity *= 36;
	}
}

/* Allocates a string of the type; *data receives the address of its characters. */
static Datum
start_text(const RowsValue *value, int length, RowsArena *arena, char **data)
{
	char *result;
	int padded = length;

	if (value->type == NAMEOID)
	{
		result = rows_alloc(arena, NAMEDATALEN);
		memset(result, 0, NAMEDATALEN);
		*data = result;
		return PointerGetDatum(result);
	}
	if (value->type == BPCHAROID && value->typmod >= (int32) VARHDRSZ)
		padded = value->typmod - VARHDRSZ;

	/* the heap would use the short header anyway */
	if (padded + VARHDRSZ_SHORT <= VARATT_SHORT_MAX)
	{
		result = rows_alloc(arena, padded + VARHDRSZ_SHORT);
		SET_VARSIZE_SHORT(result, padded + VARHDRSZ_SHORT);
		*data = result + VARHDRSZ_SHORT;
	}
	else
	{
		result = rows_alloc(arena, padded + VARHDRSZ);
		SET_VARSIZE(result, padded + VARHDRSZ);
		*data = result + VARHDRSZ;
	}
	if (padded > length)
		memset(*data + length, ' ', padded - length);
	return PointerGetDatum(result);
}

Datum
rows_start_text(const RowsValue *value, int length, RowsArena *arena, char **data)
{
	return start_text(value, length, arena, data);
}

/* A string of the type with the given bytes, which it has room for. */
Datum
rows_make_string(const RowsValue *value, const char *data, int length, RowsArena *arena)
{
	char *start;
	Datum result;

	/* padding counts characters, start_text() bytes */
	if (value->type == BPCHAROID && pg_mbstrlen_with_len(data, length) < length)
	{
		MemoryContext old = MemoryContextSwitchTo(arena->context);

		result = DirectFunctionCall3(bpchar, PointerGetDatum(cstring_to_text_with_len(data, length)),
									 Int32GetDatum(value->typmod), BoolGetDatum(true));
		MemoryContextSwitchTo(old);
		return result;
	}
	result = start_text(value, length, arena, &start);
	memcpy(start, data, length);
	return result;
}

/* Writes the sixteen hexadecimal digits of a number. */
#if defined(__x86_64__) && defined(__SSE2__)
static inline void
hex_digits(uint64 number, char *digits)
{
	const __m128i nibble = _mm_set1_epi8(0x0f);
	__m128i bytes = _mm_cvtsi64_si128((int64) pg_hton64(number));
	__m128i x = _mm_unpacklo_epi8(_mm_and_si128(_mm_srli_epi16(bytes, 4), nibble),
								  _mm_and_si128(bytes, nibble));
	__m128i letters = _mm_and_si128(_mm_cmpgt_epi8(x, _mm_set1_epi8(9)),
									_mm_set1_epi8('a' - '0' - 10));

	_mm_storeu_si128((__m128i *) digits, _mm_add_epi8(_mm_add_epi8(x, _mm_set1_epi8('0')), letters));
}
#else
static inline void
hex_digits(uint64 number, char *digits)
{
	for (int i = 15; i >= 0; i--, number >>= 4)
		digits[i] = "0123456789abcdef"[number & 0x0f];
}
#endif

static void
fill_hex(char *data, int length, RowsDraw *draw)
{
	char digits[16];

	for (; length >= (int) sizeof(digits); length -= sizeof(digits), data += sizeof(digits))
		hex_digits(rows_draw(draw), data);
	if (length > 0)
	{
		hex_digits(rows_draw(draw), digits);
		memcpy(data, digits, length);
	}
}

static inline int
draw_length(const RowsValue *value, RowsDraw *draw)
{
	if (value->min_length == value->max_length)
		return value->max_length;
	return value->min_length + (int) rows_below(draw, value->max_length - value->min_length + 1);
}

static Datum
make_text(const RowsValue *value, RowsDraw *draw, RowsArena *arena)
{
	int length = draw_length(value, draw);
	char *data;
	Datum result = start_text(value, length, arena, &data);

	fill_hex(data, length, draw);
	return result;
}

/* The ordinal in base 36, then padding up to the required length. */
static Datum
encode_text(const RowsValue *value, uint64 ordinal, RowsDraw *draw, RowsArena *arena)
{
	int length = value->max_length;
	int counted = Min(length, COUNT_DIGITS);
	char *data;
	Datum result = start_text(value, length, arena, &data);

	for (int i = counted - 1; i >= 0; i--)
	{
		data[i] = digits36[ordinal % 36];
		ordinal /= 36;
	}
	if (length > counted)
	{
		data[counted] = '-';
		fill_hex(data + counted + 1, length - counted - 1, draw);
	}
	return result;
}

static bool
decode_text(const RowsValue *value, Datum datum, uint64 *ordinal)
{
	int counted = Min(value->max_length, COUNT_DIGITS);
	const char *data;
	int length;
	uint64 result = 0;

	if (value->type == NAMEOID)
	{
		data = NameStr(*DatumGetName(datum));
		length = strlen(data);
	}
	else
	{
		struct varlena *text = PG_DETOAST_DATUM_PACKED(datum);

		data = VARDATA_ANY(text);
		length = VARSIZE_ANY_EXHDR(text);
	}
	if (length < counted)
		return false;
	for (int i = 0; i < counted; i++)
	{
		if (data[i] >= '0' && data[i] <= '9')
			result = result * 36 + (data[i] - '0');
		else if (data[i] >= 'a' && data[i] <= 'z')
			result = result * 36 + (data[i] - 'a' + 10);
		else
			return false;
	}
	*ordinal = result;
	return true;
}

/* ---- bytes ---- */

static Datum
make_bytea(const RowsValue *value, RowsDraw *draw, RowsArena *arena)
{
	int length = draw_length(value, draw);
	bytea *result = rows_alloc(arena, length + VARHDRSZ);

	SET_VARSIZE(result, length + VARHDRSZ);
	for (int i = 0; i < length; i += sizeof(uint64))
	{
		uint64 random = pg_hton64(rows_draw(draw));

		memcpy(VARDATA(result) + i, &random, Min(length - i, (int) sizeof(random)));
	}
	return PointerGetDatum(result);
}

static Datum
encode_bytea(const RowsValue *value, uint64 ordinal, RowsDraw *draw, RowsArena *arena)
{
	Datum result = make_bytea(value, draw, arena);
	uint64 big_endian = pg_hton64(ordinal);

	memcpy(VARDATA(DatumGetPointer(result)), &big_endian, COUNT_BYTES);
	return result;
}

static bool
decode_bytea(const RowsValue *value, Datum datum, uint64 *ordinal)
{
	bytea *bytes = PG_DETOAST_DATUM_PACKED(datum);
	uint64 big_endian;

	if (VARSIZE_ANY_EXHDR(bytes) < COUNT_BYTES)
		return false;
	memcpy(&big_endian, VARDATA_ANY(bytes), COUNT_BYTES);
	*ordinal = pg_ntoh64(big_endian);
	return *ordinal < PG_INT64_MAX;
}

/* ---- bits ---- */

static void
init_bits(RowsValue *value)
{
	int length = BIT_LENGTH;

	if (value->typmod > 0)
		length = (value->type == BITOID) ? value->typmod : Min(value->typmod, 64);

	value->name = "bits";
	value->detail = psprintf("%d bits", length);
	value->min_length = value->max_length = length;
	value->make = make_bits;
	value->encode = encode_bits;
	value->decode = decode_bits;
	value->capacity = (length < 62) ? UINT64CONST(1) << length : UINT64CONST(1) << 62;
}

static Datum
make_bits(const RowsValue *value, RowsDraw *draw, RowsArena *arena)
{
	int length = value->max_length;
	int nbytes = (length + BITS_PER_BYTE - 1) / BITS_PER_BYTE;
	VarBit *result = rows_alloc(arena, VARBITTOTALLEN(length));

	SET_VARSIZE(result, VARBITTOTALLEN(length));
	VARBITLEN(result) = length;
	for (int i = 0; i < nbytes; i += sizeof(uint64))
	{
		uint64 random = rows_draw(draw);

		memcpy(VARBITS(result) + i, &random, Min(nbytes - i, (int) sizeof(random)));
	}
	/* unused bits must be zero */
	if (length % BITS_PER_BYTE != 0)
		VARBITS(result)[nbytes - 1] &= BITMASK << (BITS_PER_BYTE - length % BITS_PER_BYTE);
	return PointerGetDatum(result);
}

static Datum
encode_bits(const RowsValue *value, uint64 ordinal, RowsDraw *draw, RowsArena *arena)
{
	int length = value->max_length;
	int nbytes = (length + BITS_PER_BYTE - 1) / BITS_PER_BYTE;
	VarBit *result = rows_alloc(arena, VARBITTOTALLEN(length));
	int counted = Min(length, 62);

	SET_VARSIZE(result, VARBITTOTALLEN(length));
	VARBITLEN(result) = length;
	memset(VARBITS(result), 0, nbytes);
	/* most significant bit first, at the start of the string */
	for (int i = 0; i < counted; i++)
	{
		if (ordinal & (UINT64CONST(1) << (counted - 1 - i)))
			VARBITS(result)[i / BITS_PER_BYTE] |= HIGHBIT >> (i % BITS_PER_BYTE);
	}
	return PointerGetDatum(result);
}

static bool
decode_bits(const RowsValue *value, Datum datum, uint64 *ordinal)
{
	VarBit *bits = DatumGetVarBitP(datum);
	int counted = Min(value->max_length, 62);
	uint64 result = 0;

	if (VARBITLEN(bits) != value->max_length)
		return false;
	for (int i = 0; i < counted; i++)
		result = (result << 1) |
				 ((VARBITS(bits)[i / BITS_PER_BYTE] & (HIGHBIT >> (i % BITS_PER_BYTE))) ? 1 : 0);
	*ordinal = result;
	return true;
}
