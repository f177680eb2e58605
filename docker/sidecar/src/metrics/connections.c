/*
 * connections.c
 *
 * Connections, waits and bodies, and the limits that they reached.
 */
#include "metrics/connections.h"

#include "http/connection.h"

static const char *const stage_names[HTTP_STAGES] = {
	[HTTP_ARRIVES] = "headers",		[HTTP_SENDS_BODY] = "body",		[HTTP_IS_SERVED] = "served",
	[HTTP_TAKES_ANSWER] = "answer", [HTTP_TAKES_STREAM] = "stream", [HTTP_IDLES] = "idle",
};

void
connections_metrics(Exposition *exposition)
{
	HttpCounters http = http_counters();

	exposition_family(exposition, "barman_sidecar_connections", "gauge",
					  "Open connections by what they are about.");
	for (int stage = 0; stage < HTTP_STAGES; stage++)
		exposition_sample(exposition, http.connections[stage], "stage", stage_names[stage], NULL);
	exposition_family(exposition, "barman_sidecar_connections_refused_total", "counter",
					  "Connections for which there was no room.");
	exposition_sample(exposition, (double) http.refused, NULL);
	exposition_family(exposition, "barman_sidecar_connections_displaced_total", "counter",
					  "Connections that were ended to make room for others.");
	exposition_sample(exposition, (double) http.displaced, NULL);
	exposition_family(exposition, "barman_sidecar_timeouts_total", "counter",
					  "Connections that took too long, by what they were about.");
	for (int stage = 0; stage < HTTP_STAGES; stage++)
	{
		/* nobody hurries the sidecar itself */
		if (stage != HTTP_IS_SERVED)
			exposition_sample(exposition, (double) http.timeouts[stage], "stage",
							  stage_names[stage], NULL);
	}
	exposition_family(exposition, "barman_sidecar_waits", "gauge", "Requests that wait for a job.");
	exposition_sample(exposition, http.waits, NULL);
	exposition_family(exposition, "barman_sidecar_waits_refused_total", "counter",
					  "Requests that could not wait because too many did.");
	exposition_sample(exposition, (double) http.waits_refused, NULL);
	exposition_family(exposition, "barman_sidecar_body_bytes", "gauge",
					  "Memory of the bodies of requests.");
	exposition_sample(exposition, (double) http.body_bytes, NULL);
	exposition_family(exposition, "barman_sidecar_bodies_refused_total", "counter",
					  "Bodies for which there was no room.");
	exposition_sample(exposition, (double) http.bodies_refused, NULL);
}
