/*
 * lsn.h
 *
 * Positions in the WAL, as text.
 */
#ifndef RESTORE_LSN_H
#define RESTORE_LSN_H

#include <stdbool.h>
#include <stdint.h>

/* Parses "0/3000060"; false if text is not a position */
extern bool restore_parse_lsn(const char *text, uint64_t *lsn);

#endif							/* RESTORE_LSN_H */
