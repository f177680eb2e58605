/*
 * process_figures.c
 *
 * The figures of the sidecar's process, as Prometheus' client libraries name
 * them.  Leaves out what /proc does not tell.
 *
 * Nobody else can look: /proc/PID/fd of a process that is not dumpable is private.
 */
#include "metrics/process_figures.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static int open_descriptors(void);
static void from_stat(Exposition *exposition);

void
process_metrics(Exposition *exposition)
{
	struct rusage usage;
	struct rlimit limit;
	int descriptors = open_descriptors();

	exposition_family(exposition, "process_open_fds", "gauge", "Number of open file descriptors.");
	if (descriptors >= 0)
		exposition_sample(exposition, descriptors, NULL);
	exposition_family(exposition, "process_max_fds", "gauge",
					  "Maximum number of open file descriptors.");
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
		exposition_sample(exposition, (double) limit.rlim_cur, NULL);
	exposition_family(exposition, "process_cpu_seconds_total", "counter",
					  "Total user and system CPU time spent in seconds.");
	if (getrusage(RUSAGE_SELF, &usage) == 0)
		exposition_sample(exposition,
						  (double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
							  (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000000,
						  NULL);
	from_stat(exposition);
}

/* -1 if unknown */
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

/* Memory, threads and start: see proc(5) for the numbers of the fields. */
static void
from_stat(Exposition *exposition)
{
	char text[1024] = "";
	FILE *file = fopen("/proc/self/stat", "r");
	const char *end;
	unsigned long long threads;
	unsigned long long start;
	unsigned long long bytes;
	unsigned long long pages;
	struct timespec real;
	struct timespec boot;

	if (file == NULL)
		return;
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	/* the name of the program, in parentheses, may hold anything */
	end = strrchr(text, ')');
	if (end == NULL ||
		sscanf(end + 1,
			   " %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu %*s %llu %llu %llu",
			   &threads, &start, &bytes, &pages) != 4)
		return;
	exposition_family(exposition, "process_virtual_memory_bytes", "gauge",
					  "Virtual memory size in bytes.");
	exposition_sample(exposition, (double) bytes, NULL);
	exposition_family(exposition, "process_resident_memory_bytes", "gauge",
					  "Resident memory size in bytes.");
	exposition_sample(exposition, (double) pages * (double) sysconf(_SC_PAGESIZE), NULL);
	exposition_family(exposition, "process_threads", "gauge", "Number of threads.");
	exposition_sample(exposition, (double) threads, NULL);
	if (clock_gettime(CLOCK_REALTIME, &real) != 0 || clock_gettime(CLOCK_BOOTTIME, &boot) != 0)
		return;
	exposition_family(exposition, "process_start_time_seconds", "gauge",
					  "Start time of the process since unix epoch in seconds.");
	exposition_sample(exposition,
					  (double) (real.tv_sec - boot.tv_sec) +
						  (double) (int64_t) (start / (unsigned long long) sysconf(_SC_CLK_TCK)),
					  NULL);
}
