/*
 * metrics.c
 *
 * The sidecar's own gauges in Prometheus' text format.  Never runs Barman,
 * because scrapes may be frequent.
 */
#include "api/metrics.h"

#include <dirent.h>
#include <stdlib.h>

#include "barman/read_cache.h"
#include "base/memory.h"
#include "http/connection.h"
#include "jobs/job.h"
#include "jobs/limits.h"
#include "proof/last_drill.h"
#include "restore/disk_reservation.h"

static int open_descriptors(void);
static char *http_metrics(void);

Answer *
metrics_answer(void)
{
	JobCounters jobs = jobs_counters();
	ReadCounters reads = reads_counters();
	Room room = instance_room_seen();
	char *drills = drill_record_metrics();
	char *limits = job_limits_metrics();
	char *http = http_metrics();
	Answer *answer;

	answer = answer_text("text/plain; version=0.0.4; charset=utf-8",
						 mem_printf("# HELP barman_sidecar_up Whether the sidecar answers.\n"
									"# TYPE barman_sidecar_up gauge\n"
									"barman_sidecar_up 1\n"
									"# HELP process_open_fds Number of open file descriptors.\n"
									"# TYPE process_open_fds gauge\n"
									"process_open_fds %d\n"
									"# HELP barman_sidecar_jobs Jobs on record by state.\n"
									"# TYPE barman_sidecar_jobs gauge\n"
									"barman_sidecar_jobs{state=\"running\"} %d\n"
									"barman_sidecar_jobs{state=\"done\"} %d\n"
									"barman_sidecar_jobs{state=\"failed\"} %d\n"
									"barman_sidecar_jobs{state=\"cancelled\"} %d\n"
									"barman_sidecar_jobs{state=\"lost\"} %d\n"
									"# HELP barman_sidecar_read_hits_total Reads answered from the cache.\n"
									"# TYPE barman_sidecar_read_hits_total counter\n"
									"barman_sidecar_read_hits_total %llu\n"
									"# HELP barman_sidecar_reads_joined_total Reads that shared a run of Barman.\n"
									"# TYPE barman_sidecar_reads_joined_total counter\n"
									"barman_sidecar_reads_joined_total %llu\n"
									"# HELP barman_sidecar_read_runs_total Reads that Barman was asked for.\n"
									"# TYPE barman_sidecar_read_runs_total counter\n"
									"barman_sidecar_read_runs_total %llu\n"
									"# HELP barman_sidecar_restore_reserved_bytes Promised to restores that run, and not yet written.\n"
									"# TYPE barman_sidecar_restore_reserved_bytes gauge\n"
									"barman_sidecar_restore_reserved_bytes %lld\n"
									"# HELP barman_sidecar_instance_free_bytes Free where backups are restored to; -1 if unknown.\n"
									"# TYPE barman_sidecar_instance_free_bytes gauge\n"
									"barman_sidecar_instance_free_bytes %lld\n"
									"# HELP barman_sidecar_reserve_free_bytes What restores leave free of it.\n"
									"# TYPE barman_sidecar_reserve_free_bytes gauge\n"
									"barman_sidecar_reserve_free_bytes %lld\n"
									"%s%s%s",
									open_descriptors(), jobs.running, jobs.done, jobs.failed,
									jobs.cancelled, jobs.lost, (unsigned long long) reads.hits,
									(unsigned long long) reads.joined, (unsigned long long) reads.runs,
									(long long) room.reserved, (long long) room.free,
									(long long) room.floor, limits, http, drills));
	free(http);
	free(drills);
	free(limits);
	return answer;
}

/* -1 if unknown.  Nobody else can count: /proc/PID/fd of an undumpable process is private. */
static int
open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	int count = dir != NULL ? 0 : -1;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		count += entry->d_name[0] != '.';
	if (dir != NULL)
	{
		closedir(dir);
		count--; /* the descriptor of the directory itself */
	}
	return count;
}

static char *
http_metrics(void)
{
	HttpCounters http = http_counters();

	return mem_printf("# HELP barman_sidecar_connections Open connections by what they are about.\n"
					  "# TYPE barman_sidecar_connections gauge\n"
					  "barman_sidecar_connections{stage=\"headers\"} %d\n"
					  "barman_sidecar_connections{stage=\"body\"} %d\n"
					  "barman_sidecar_connections{stage=\"served\"} %d\n"
					  "barman_sidecar_connections{stage=\"answer\"} %d\n"
					  "barman_sidecar_connections{stage=\"stream\"} %d\n"
					  "barman_sidecar_connections{stage=\"idle\"} %d\n"
					  "# HELP barman_sidecar_connections_refused_total Connections for which there was no room.\n"
					  "# TYPE barman_sidecar_connections_refused_total counter\n"
					  "barman_sidecar_connections_refused_total %llu\n"
					  "# HELP barman_sidecar_connections_displaced_total Connections that were ended to make room for others.\n"
					  "# TYPE barman_sidecar_connections_displaced_total counter\n"
					  "barman_sidecar_connections_displaced_total %llu\n"
					  "# HELP barman_sidecar_timeouts_total Connections that took too long, by what they were about.\n"
					  "# TYPE barman_sidecar_timeouts_total counter\n"
					  "barman_sidecar_timeouts_total{stage=\"headers\"} %llu\n"
					  "barman_sidecar_timeouts_total{stage=\"body\"} %llu\n"
					  "barman_sidecar_timeouts_total{stage=\"answer\"} %llu\n"
					  "barman_sidecar_timeouts_total{stage=\"stream\"} %llu\n"
					  "barman_sidecar_timeouts_total{stage=\"idle\"} %llu\n"
					  "# HELP barman_sidecar_waits Requests that wait for a job.\n"
					  "# TYPE barman_sidecar_waits gauge\n"
					  "barman_sidecar_waits %d\n"
					  "# HELP barman_sidecar_waits_refused_total Requests that could not wait because too many did.\n"
					  "# TYPE barman_sidecar_waits_refused_total counter\n"
					  "barman_sidecar_waits_refused_total %llu\n"
					  "# HELP barman_sidecar_body_bytes Memory of the bodies of requests.\n"
					  "# TYPE barman_sidecar_body_bytes gauge\n"
					  "barman_sidecar_body_bytes %zu\n"
					  "# HELP barman_sidecar_bodies_refused_total Bodies for which there was no room.\n"
					  "# TYPE barman_sidecar_bodies_refused_total counter\n"
					  "barman_sidecar_bodies_refused_total %llu\n",
					  http.connections[HTTP_ARRIVES], http.connections[HTTP_SENDS_BODY],
					  http.connections[HTTP_IS_SERVED], http.connections[HTTP_TAKES_ANSWER],
					  http.connections[HTTP_TAKES_STREAM], http.connections[HTTP_IDLES],
					  (unsigned long long) http.refused, (unsigned long long) http.displaced,
					  (unsigned long long) http.timeouts[HTTP_ARRIVES],
					  (unsigned long long) http.timeouts[HTTP_SENDS_BODY],
					  (unsigned long long) http.timeouts[HTTP_TAKES_ANSWER],
					  (unsigned long long) http.timeouts[HTTP_TAKES_STREAM],
					  (unsigned long long) http.timeouts[HTTP_IDLES], http.waits,
					  (unsigned long long) http.waits_refused, http.body_bytes,
					  (unsigned long long) http.bodies_refused);
}
