/*
 * systemd_notify.h
 *
 * Notifies systemd of the sidecar's state.
 */
#ifndef BASE_SYSTEMD_NOTIFY_H
#define BASE_SYSTEMD_NOTIFY_H

/* "READY=1", "STOPPING=1"; does nothing without NOTIFY_SOCKET */
extern void notify_manager(const char *state);

#endif /* BASE_SYSTEMD_NOTIFY_H */
