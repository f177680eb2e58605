/*
 * metrics.c
 *
 * The sidecar's own gauges in Prometheus' text format.  Never runs Barman:
 * whoever scrapes may do so often.
 */
#include "metrics.h"

#include <stdlib.h>

#include "drill_record.h"
#include "instance_room.h"
#include "job.h"
#include "job_limits.h"
#include "memory.h"
#include "reads.h"

Answer *
metrics_answer(void)
{
	JobCounters jobs = jobs_counters();
	ReadCounters reads = reads_counters();
	Room		room = instance_room_seen();
	char	   *drills = drill_record_metrics();
	char	   *limits = job_limits_metrics();
	Answer	   *answer;

	answer = answer_text("text/plain; version=0.0.4; charset=utf-8", mem_printf(
		"# HELP barman_sidecar_up Whether the sidecar answers.\n"
		"# TYPE barman_sidecar_up gauge\n"
		"barman_sidecar_up 1\n"
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
		"%s%s",
		jobs.running, jobs.done, jobs.failed, jobs.cancelled, jobs.lost,
		(unsigned long long) reads.hits, (unsigned long long) reads.joined,
		(unsigned long long) reads.runs,
		(long long) room.reserved, (long long) room.free, (long long) room.floor, limits, drills));
	free(drills);
	free(limits);
	return answer;
}
