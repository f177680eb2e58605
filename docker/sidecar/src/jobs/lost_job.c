/*
 * lost_job.c
 *
 * Jobs that ran when the sidecar ended: ends the processes that they have left,
 * and says what is known of them.  Never signals another's process.
 */
#include "jobs/lost_job.h"

#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/process.h"
#include "base/timestamp.h"
#include "jobs/log_lines.h"
#include "jobs/record.h"
#include "jobs/store.h"
#include "jobs/thread.h"

void
job_lose(Job *job, const json_t *record)
{
	json_t *process = json_object_get(record, "process");
	json_t *lines;
	bool more;
	const char *boot = json_string_value(json_object_get(process, "boot"));

	log_line(LOGLEVEL_WARNING, "a job was running when the sidecar ended: it is lost", "id",
			 job->id, "kind", job->kind, "server", job->server, NULL);
	if (boot != NULL && strcmp(boot, process_boot_id()) == 0)
	{
		pid_t group = (pid_t) json_integer_value(json_object_get(process, "group"));

		if (process_end_group(group, (pid_t) json_integer_value(json_object_get(process, "session")),
							  (uint64_t) json_integer_value(json_object_get(process, "start_time")),
							  CANCEL_GRACE_MS / 2))
			log_line(LOGLEVEL_WARNING, "ended the processes of a lost job", "id", job->id, NULL);
	}

	/* The log may have more lines than the record says. */
	lines = job_store_read_log(job->id, 0, SIZE_MAX, &more);
	if ((int) json_array_size(lines) > job->log_lines)
		job->log_lines = (int) json_array_size(lines);
	json_decref(lines);
	pthread_mutex_lock(&job_table.lock);
	job_add_line(job, JOB_WARNING, "lost: the sidecar ended while the job ran");
	job->clock = monotonic_ms() - job->elapsed_ms;
	job_decide(job, STATE_LOST, NULL,
			   error_json("lost", "the sidecar ended while the job ran",
						  "How it went is not known; its processes were ended.",
						  "Look at the list of backups, then start it again."));
	job->state = STATE_LOST;
	pthread_mutex_unlock(&job_table.lock);
	job_write_record(job);
}
