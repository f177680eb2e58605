/*
 * lsn.h
 *
 * Positions in the WAL, as text.
 */
#ifndef BARMAN_LSN_H
#define BARMAN_LSN_H

#include <stdbool.h>
#include <stdint.h>

/* Two numbers of eight digits, and the slash */
#define LSN_SIZE 18

/* Parses "0/3000060"; false if text is not a position */
extern bool lsn_parse(const char *text, uint64_t *lsn);

/* The inverse; returns text */
extern const char *lsn_text(uint64_t lsn, char text[LSN_SIZE]);

#endif /* BARMAN_LSN_H */
