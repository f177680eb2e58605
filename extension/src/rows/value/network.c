/*-------------------------------------------------------------------------
 *
 * network.c
 *	  Values of uuid, inet, cidr and macaddr.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <sys/socket.h>

#include "catalog/pg_type.h"
#include "port/pg_bswap.h"
#include "utils/inet.h"
#include "utils/uuid.h"

#include "base/compat.h"
#include "base/random.h"
#include "rows/value/arena.h"
#include "rows/value/generator.h"
#include "rows/value/kinds.h"

static Datum make_uuid(const RowsValue *value, RowsDraw *draw, RowsArena *arena);
static Datum encode_uuid(const RowsValue *value, uint64 ordinal, RowsDraw *draw, RowsArena *arena);
static bool decode_uuid(const RowsValue *value, Datum datum, uint64 *ordinal);
static Datum make_inet(const RowsValue *value, RowsDraw *draw, RowsArena *arena);
static Datum encode_inet(const RowsValue *value, uint64 ordinal, RowsDraw *draw, RowsArena *arena);
static bool decode_inet(const RowsValue *value, Datum datum, uint64 *ordinal);
static Datum make_macaddr(const RowsValue *value, RowsDraw *draw, RowsArena *arena);
static Datum encode_macaddr(const RowsValue *value, uint64 ordinal, RowsDraw *draw, RowsArena *arena);
static bool decode_macaddr(const RowsValue *value, Datum datum, uint64 *ordinal);

/* The version that leaves all bits to its maker. */
#define COUNTED_UUID 8

bool
rows_init_network(RowsValue *value)
{
	switch (value->type)
	{
		case UUIDOID:
			value->name = "uuid";
			value->make = make_uuid;
			value->encode = encode_uuid;
			value->decode = decode_uuid;
			value->uuid_version = COUNTED_UUID;
			value->capacity = UINT64CONST(1) << 48;
			return true;
		case INETOID:
		case CIDROID:
			value->name = "address";
			value->make = make_inet;
			value->encode = encode_inet;
			value->decode = decode_inet;
			value->network = 0x0A000000;
			value->network_bits = 32;
			value->capacity = UINT64CONST(1) << 32;
			return true;
		case MACADDROID:
			value->name = "address";
			value->make = make_macaddr;
			value->encode = encode_macaddr;
			value->decode = decode_macaddr;
			value->capacity = UINT64CONST(1) << 48;
			return true;
		default:
			return false;
	}
}

/* ---- uuid ---- */

static Datum
put_uuid(uint64 high, uint64 low, RowsArena *arena)
{
	pg_uuid_t *result = rows_alloc(arena, sizeof(pg_uuid_t));

	high = pg_hton64(high);
	low = pg_hton64((low & UINT64CONST(0x3FFFFFFFFFFFFFFF)) | UINT64CONST(0x8000000000000000));
	memcpy(result->data, &high, sizeof(high));
	memcpy(result->data + sizeof(high), &low, sizeof(low));
	return UUIDPGetDatum(result);
}

/* Version 4: random. */
static Datum
make_uuid(const RowsValue *value, RowsDraw *draw, RowsArena *arena)
{
	uint64 high = rows_draw(draw);

	return put_uuid((high & UINT64CONST(0xFFFFFFFFFFFF0FFF)) | 0x4000, rows_draw(draw), arena);
}

/*
 * Version 8: the first 48 bits count, so that inserts go to the end of an index.  Where a
 * condition asks for another version, bits that depend on the ordinal tell it from those
 * that others made.
 */
static Datum
encode_uuid(const RowsValue *value, uint64 ordinal, RowsDraw *draw, RowsArena *arena)
{
	if (unlikely(value->uuid_version != COUNTED_UUID))
	{
		uint64 sum = rows_mix(ordinal + 1);

		return put_uuid((ordinal << 16) | ((uint64) value->uuid_version << 12) | (sum & 0x0FFF),
						(sum & ~UINT64CONST(0xFFFFFFFF)) | (uint32) rows_draw(draw), arena);
	}
	return put_uuid((ordinal << 16) | 0x8000 | (rows_draw(draw) & 0x0FFF), rows_draw(draw), arena);
}

static bool
decode_uuid(const RowsValue *value, Datum datum, uint64 *ordinal)
{
	uint64 high;
	uint64 low;
	uint64 sum;

	memcpy(&high, DatumGetUUIDP(datum)->data, sizeof(high));
	memcpy(&low, DatumGetUUIDP(datum)->data + sizeof(high), sizeof(low));
	high = pg_ntoh64(high);
	low = pg_ntoh64(low);
	if ((high >> 12 & 0xF) != (uint64) value->uuid_version)
		return false;
	*ordinal = high >> 16;
	sum = rows_mix(*ordinal + 1);
	return value->uuid_version == COUNTED_UUID ||
		   ((high & 0x0FFF) == (sum & 0x0FFF) &&
			(low & UINT64CONST(0x3FFFFFFF00000000)) == (sum & UINT64CONST(0x3FFFFFFF00000000)));
}

/* ---- inet and cidr ---- */

static Datum
put_inet(uint32 address, int bits, RowsArena *arena)
{
	Size size = VARHDRSZ + offsetof(inet_struct, ipaddr) + 4;
	inet *result = rows_alloc(arena, VARHDRSZ + sizeof(inet_struct));

	memset(result, 0, VARHDRSZ + sizeof(inet_struct));
	SET_VARSIZE(result, size);
	ip_family(result) = PGSQL_AF_INET;
	ip_bits(result) = bits;
	address = pg_hton32(address);
	memcpy(ip_addr(result), &address, sizeof(address));
	return InetPGetDatum(result);
}

/* An address in 10.0.0.0/8. */
static Datum
make_inet(const RowsValue *value, RowsDraw *draw, RowsArena *arena)
{
	return put_inet(0x0A000000 + (uint32) rows_below(draw, 1 << 24), 32, arena);
}

static Datum
encode_inet(const RowsValue *value, uint64 ordinal, RowsDraw *draw, RowsArena *arena)
{
	return put_inet(value->network + ((uint32) ordinal << (32 - value->network_bits)),
					value->network_bits, arena);
}

static bool
decode_inet(const RowsValue *value, Datum datum, uint64 *ordinal)
{
	inet *address = DatumGetInetPP(datum);
	uint32 number;

	if (ip_family(address) != PGSQL_AF_INET)
		return false;
	memcpy(&number, ip_addr(address), sizeof(number));
	/* counting starts at 10.0.0.0, mostly, and wraps around; it goes on after the last address */
	number = pg_ntoh32(number);
	if (ip_bits(address) < value->network_bits)
		number |= (uint32) (UINT64CONST(0xFFFFFFFF) >> ip_bits(address));
	*ordinal = (uint32) (number - value->network) >> (32 - value->network_bits);
	return true;
}

/* ---- macaddr ---- */

static Datum
put_macaddr(uint64 number, RowsArena *arena)
{
	macaddr *result = rows_alloc(arena, sizeof(macaddr));

	result->a = number >> 40;
	result->b = number >> 32;
	result->c = number >> 24;
	result->d = number >> 16;
	result->e = number >> 8;
	result->f = number;
	return MacaddrPGetDatum(result);
}

/* A locally administered unicast address. */
static Datum
make_macaddr(const RowsValue *value, RowsDraw *draw, RowsArena *arena)
{
	uint64 random = rows_draw(draw) >> 16;

	return put_macaddr((random & UINT64CONST(0xFCFFFFFFFFFF)) | UINT64CONST(0x020000000000), arena);
}

static Datum
encode_macaddr(const RowsValue *value, uint64 ordinal, RowsDraw *draw, RowsArena *arena)
{
	return put_macaddr(ordinal, arena);
}

static bool
decode_macaddr(const RowsValue *value, Datum datum, uint64 *ordinal)
{
	macaddr *address = DatumGetMacaddrP(datum);

	*ordinal = ((uint64) address->a << 40) | ((uint64) address->b << 32) |
			   ((uint64) address->c << 24) | ((uint64) address->d << 16) |
			   ((uint64) address->e << 8) | (uint64) address->f;
	return true;
}
