/*
 * last_drill.c
 *
 * Records how the last drill of each server ended, in one small file.  This is
 * not a receipt: those are the caller's to keep.
 */
#include "proof/last_drill.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/timestamp.h"

typedef struct Gauge
{
	const char *name;
	const char *help;
	const char *key; /* in the record of a server */
} Gauge;

static const Gauge gauges[] = {
	{"barman_sidecar_last_proven_restore_timestamp_seconds",
	 "When a restore drill of the server passed last.", "passed"},
	{"barman_sidecar_seconds_since_last_proven_restore",
	 "How long ago a restore drill of the server passed last.", "age"},
	{"barman_sidecar_last_drill_timestamp_seconds",
	 "When the last restore drill of the server ended.", "ended"},
	{"barman_sidecar_last_drill_ok", "Whether the last restore drill of the server passed.", "ok"},
	{"barman_sidecar_last_drill_rto_seconds",
	 "How long restore and recovery of the last drill took.", "rto"},
	{"barman_sidecar_last_drill_rpo_seconds",
	 "How old the newest data was that the last drill brought back.", "rpo"},
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static json_t *servers; /* server -> {"ended", "ok", "passed", "rto", "rpo"}: numbers or null */
static char *path;

static json_t *time_of(const json_t *seconds);
static json_t *seconds_or_null(int64_t milliseconds);

void
drill_record_start(const char *state_dir)
{
	path = mem_printf("%s/drills.json", state_dir);
	servers = files_json(path);
	if (!json_is_object(servers))
	{
		json_decref(servers);
		servers = json_checked(json_object());
	}
}

void
drill_record_stop(void)
{
	pthread_mutex_lock(&lock);
	json_decref(servers);
	servers = NULL;
	free(path);
	path = NULL;
	pthread_mutex_unlock(&lock);
}

void
drill_record(const char *server, bool good, int64_t rto_ms, int64_t rpo_ms)
{
	double now = (double) timestamp_now() / 1000000;
	json_t *record = json_checked(json_object());
	char *text;
	int error;

	pthread_mutex_lock(&lock);
	json_object_set(record, "passed", json_object_get(json_object_get(servers, server), "passed"));
	if (good)
		json_object_set_new(record, "passed", json_real(now));
	json_object_set_new(record, "ended", json_real(now));
	json_object_set_new(record, "ok", json_integer(good));
	json_object_set_new(record, "rto", seconds_or_null(rto_ms));
	json_object_set_new(record, "rpo", seconds_or_null(rpo_ms));
	json_object_set_new(servers, server, record);
	text = json_dumps(servers, JSON_INDENT(2));
	/* without a path, the sidecar is about to end */
	error = path == NULL ? 0 : text != NULL ? files_write(path, text) : -1;
	pthread_mutex_unlock(&lock);
	if (error != 0)
		log_line(LOGLEVEL_ERROR, "how a drill ended cannot be recorded", "error",
				 error > 0 ? strerror(error) : "out of memory", NULL);
	free(text);
}

json_t *
drill_record_last(const char *server)
{
	json_t *record;
	json_t *last;

	pthread_mutex_lock(&lock);
	record = json_object_get(servers, server);
	last = json_checked(
		json_pack("{s:o, s:o, s:o, s:O?, s:O?}", "ended", time_of(json_object_get(record, "ended")),
				  "ok",
				  record == NULL ? json_null()
								 : json_boolean(json_number_value(json_object_get(record, "ok")) != 0),
				  "passed", time_of(json_object_get(record, "passed")), "rto_seconds",
				  json_object_get(record, "rto"), "rpo_seconds", json_object_get(record, "rpo")));
	pthread_mutex_unlock(&lock);
	return last;
}

static json_t *
time_of(const json_t *seconds)
{
	char text[TIMESTAMP_LENGTH];

	if (!json_is_number(seconds))
		return json_null();
	timestamp_format((int64_t) (json_number_value(seconds) * 1000000), text);
	return json_text(text);
}

void
drill_record_metrics(Exposition *exposition)
{
	double now = (double) timestamp_now() / 1000000;
	const char *server;
	json_t *record;

	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < sizeof(gauges) / sizeof(gauges[0]); i++)
	{
		bool is_age = strcmp(gauges[i].key, "age") == 0;

		exposition_family(exposition, gauges[i].name, "gauge", gauges[i].help);
		json_object_foreach (servers, server, record)
		{
			const json_t *value = json_object_get(record, is_age ? "passed" : gauges[i].key);
			double number = json_number_value(value);

			if (json_is_number(value))
				exposition_sample(exposition, is_age ? now - number : number, "server", server, NULL);
		}
	}
	pthread_mutex_unlock(&lock);
}

bool
drill_record_proven(const char *server)
{
	bool proven;

	pthread_mutex_lock(&lock);
	proven = json_is_number(json_object_get(json_object_get(servers, server), "passed"));
	pthread_mutex_unlock(&lock);
	return proven;
}

static json_t *
seconds_or_null(int64_t milliseconds)
{
	return milliseconds >= 0 ? json_real((double) milliseconds / 1000) : json_null();
}
