/*
 * host.h
 *
 * What Barman's host lacks of what the primary has.
 */
#ifndef RESTORE_HOST_H
#define RESTORE_HOST_H

#include <jansson.h>

#include "restore/state.h"

/* Why the field "primary" of a restore is none; NULL if it is one, or null. */
extern const char *restore_primary_is_bad(const json_t *primary);

/*
 * Before anything is copied: can what is to be asked be asked here?  Of an
 * ordinary restore only warnings are given, for much of it can be of use.
 */
extern bool restore_host_serves(Restore *restore);

/* malloc'd: what is worth to be known besides, or "" */
extern char *restore_host_notes(const Restore *restore);

#endif							/* RESTORE_HOST_H */
