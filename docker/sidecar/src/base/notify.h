/*
 * notify.h
 *
 * What systemd is told.
 */
#ifndef BASE_NOTIFY_H
#define BASE_NOTIFY_H

/* "READY=1", "STOPPING=1"; nothing if nobody asked for it */
extern void notify_manager(const char *state);

#endif							/* BASE_NOTIFY_H */
