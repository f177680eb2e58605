/*
 * options_limits.c
 *
 * The options that limit what clients may use of the sidecar, their bounds and
 * defaults.
 */
#include "options_limits.h"

#include "base/settings.h"

const OptionsLimit options_limits[OPTIONS_LIMITS] = {
	{"max-connections", &settings.http.connections, 16, 10000, 512, "connections in all"},
	{"max-connections-per-address", &settings.http.connections_per_address, 1, 10000, 384,
	 "connections of one client"},
	{"reserved-connections", &settings.http.reserved_connections, 0, 1000, 8,
	 "of all, kept for this machine"},
	{"header-timeout", &settings.http.header_seconds, 1, 600, 8,
	 "seconds from connecting to the last header"},
	{"body-timeout", &settings.http.body_seconds, 1, 3600, 30,
	 "seconds from there to the end of the body"},
	{"answer-timeout", &settings.http.answer_seconds, 1, 3600, 60,
	 "seconds that a client may take over an answer"},
	{"idle-timeout", &settings.http.idle_seconds, 1, 3600, 30,
	 "seconds between two requests of a connection"},
	{"max-body-memory", &settings.http.body_megabytes, 1, 4096, 64,
	 "megabytes of all bodies together"},
	{"max-waits", &settings.http.waits, 1, 10000, 256, "requests at a time that wait for a job"},
	{"max-waits-per-address", &settings.http.waits_per_address, 1, 10000, 192,
	 "of these, of one client"},
};
