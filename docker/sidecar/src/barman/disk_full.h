/*
 * disk_full.h
 *
 * How Barman and PostgreSQL say that the disk of a restore became full, and what
 * helps.  That there is no room for it is found before, if it can be known:
 * restore/disk_reservation.c.
 */
#ifndef BARMAN_DISK_FULL_H
#define BARMAN_DISK_FULL_H

/* strerror(ENOSPC), in English: base/messages_locale.h */
#define DISK_FULL_WORDS "No space left on device"

#define DISK_FULL_HINT \
	"Free space where the instances are kept: drop one, or give the sidecar another --instance-root."

#endif /* BARMAN_DISK_FULL_H */
