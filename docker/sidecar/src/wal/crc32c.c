/*
 * crc32c.c
 *
 * CRC-32C by the instruction of SSE 4.2, or eight bytes at a time by tables.
 */
#include "wal/crc32c.h"

#include <pthread.h>
#include <stdbool.h>

#include "wal/bytes.h"

/* Castagnoli's polynomial, its bits reversed */
#define POLYNOMIAL UINT32_C(0x82F63B78)

static uint32_t tables[8][256];
static bool by_processor;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void prepare(void);

#ifdef __x86_64__
__attribute__((target("sse4.2"))) static uint32_t
add_by_processor(uint32_t crc, const uint8_t *at, size_t length)
{
	uint64_t wide = crc;

	for (; length >= 8; at += 8, length -= 8)
		wide = __builtin_ia32_crc32di(wide, bytes_u64(at));
	crc = (uint32_t) wide;
	for (; length > 0; at++, length--)
		crc = __builtin_ia32_crc32qi(crc, *at);
	return crc;
}
#endif

uint32_t
crc32c_add(uint32_t crc, const void *bytes, size_t length)
{
	pthread_once(&once, prepare);
#ifdef __x86_64__
	if (by_processor)
		return add_by_processor(crc, bytes, length);
#endif
	return crc32c_add_by_table(crc, bytes, length);
}

uint32_t
crc32c_add_by_table(uint32_t crc, const void *bytes, size_t length)
{
	const uint8_t *at = bytes;

	pthread_once(&once, prepare);
	for (; length >= 8; at += 8, length -= 8)
	{
		uint32_t low = crc ^ bytes_u32(at);
		uint32_t high = bytes_u32(at + 4);

		crc = tables[7][low & 0xFF] ^ tables[6][low >> 8 & 0xFF] ^ tables[5][low >> 16 & 0xFF] ^
			  tables[4][low >> 24] ^ tables[3][high & 0xFF] ^ tables[2][high >> 8 & 0xFF] ^
			  tables[1][high >> 16 & 0xFF] ^ tables[0][high >> 24];
	}
	for (; length > 0; at++, length--)
		crc = tables[0][(crc ^ *at) & 0xFF] ^ crc >> 8;
	return crc;
}

static void
prepare(void)
{
	for (uint32_t i = 0; i < 256; i++)
	{
		uint32_t crc = i;

		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ POLYNOMIAL : crc >> 1;
		tables[0][i] = crc;
	}
	for (int table = 1; table < 8; table++)
	{
		for (int i = 0; i < 256; i++)
			tables[table][i] = tables[table - 1][i] >> 8 ^ tables[0][tables[table - 1][i] & 0xFF];
	}
#ifdef __x86_64__
	by_processor = __builtin_cpu_supports("sse4.2");
#endif
}
