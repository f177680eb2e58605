/*
 * restore_pace.h
 *
 * How long restores of a server take, from those that were done.
 */
#ifndef OUTLOOK_RESTORE_PACE_H
#define OUTLOOK_RESTORE_PACE_H

#include <stdint.h>

typedef struct Pace
{
	int count;		 /* restores, drills and rescues that it is taken from */
	double restore;	 /* expected seconds of the copy; below 0: not known */
	double recovery; /* and of the recovery */
} Pace;

/* For a backup that has so many bytes when restored, and so many bytes of WAL to replay (-1: not known) */
extern Pace pace_expect(const char *server, int64_t backup_bytes, int64_t wal_bytes);

#endif /* OUTLOOK_RESTORE_PACE_H */
