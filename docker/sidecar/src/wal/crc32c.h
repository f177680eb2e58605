/*
 * crc32c.h
 *
 * The checksum of WAL records: CRC-32C (Castagnoli).
 */
#ifndef WAL_CRC32C_H
#define WAL_CRC32C_H

#include <stddef.h>
#include <stdint.h>

#define CRC32C_START	   UINT32_C(0xFFFFFFFF)
#define CRC32C_FINISH(crc) ((crc) ^ UINT32_C(0xFFFFFFFF))

/* Continues a checksum over more bytes, by the processor if it can */
extern uint32_t crc32c_add(uint32_t crc, const void *bytes, size_t length);

/* The same by a table, on every processor */
extern uint32_t crc32c_add_by_table(uint32_t crc, const void *bytes, size_t length);

#endif /* WAL_CRC32C_H */
