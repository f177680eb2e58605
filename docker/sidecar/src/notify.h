/*
 * notify.h
 *
 * What systemd is told.
 */
#ifndef NOTIFY_H
#define NOTIFY_H

/* "READY=1", "STOPPING=1"; nothing if nobody asked for it */
extern void notify_manager(const char *state);

#endif							/* NOTIFY_H */
