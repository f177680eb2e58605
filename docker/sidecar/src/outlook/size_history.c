/*
 * size_history.c
 *
 * Keeps the sizes of all servers in one small file: every ten minutes of the
 * last day, every four hours of the last month, every week of two years.
 */
#include "outlook/size_history.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <jansson.h>

#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/names.h"
#include "base/timestamp.h"

#define SECOND_US INT64_C(1000000)
#define DAY_US	  (86400 * SECOND_US)

#define NUMBERS 7

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* The lock guards these. */
static json_t *servers; /* server -> [[numbers of a sample], ...], the oldest first */
static char *path;

static void load(void);
static json_t *valid_samples(const json_t *list);
static bool sample_of_json(const json_t *value, SizeSample *sample);
static json_t *sample_json(const SizeSample *sample);
static void thin_out(json_t *list, int64_t now);
static int64_t step_at(int64_t age);

void
size_history_open(const char *state_dir)
{
	pthread_mutex_lock(&lock);
	path = mem_printf("%s/sizes.json", state_dir);
	load();
	pthread_mutex_unlock(&lock);
}

void
size_history_close(void)
{
	pthread_mutex_lock(&lock);
	json_decref(servers);
	servers = NULL;
	free(path);
	path = NULL;
	pthread_mutex_unlock(&lock);
}

void
size_history_add(const char *server, const SizeSample *sample)
{
	json_t *list;
	char *text;
	int error;

	pthread_mutex_lock(&lock);
	if (path == NULL)
	{
		pthread_mutex_unlock(&lock);
		return;
	}
	list = json_object_get(servers, server);
	if (list == NULL)
	{
		list = json_checked(json_array());
		json_object_set_new(servers, server, list);
	}
	json_array_append_new(list, sample_json(sample));
	thin_out(list, sample->at);
	text = json_dumps(servers, JSON_COMPACT);
	error = text != NULL ? files_write(path, text) : -1;
	pthread_mutex_unlock(&lock);
	free(text);
	if (error != 0)
		log_line(LOGLEVEL_ERROR, "the sizes of a server cannot be recorded", "error",
				 error > 0 ? strerror(error) : "out of memory", NULL);
}

SizeSample *
size_history_of(const char *server, size_t *count)
{
	SizeSample *samples = NULL;
	const json_t *list;

	*count = 0;
	pthread_mutex_lock(&lock);
	list = json_object_get(servers, server);
	if (json_array_size(list) > 0)
		samples = mem_alloc(json_array_size(list) * sizeof(SizeSample));
	for (size_t i = 0; i < json_array_size(list); i++)
		*count += sample_of_json(json_array_get(list, i), &samples[*count]);
	pthread_mutex_unlock(&lock);
	return samples;
}

/* What is no history is dropped: nothing but a forecast is lost.  The lock is held. */
static void
load(void)
{
	json_t *kept = files_json(path);
	struct stat status;
	const char *server;
	json_t *list;

	servers = json_checked(json_object());
	if (!json_is_object(kept) && stat(path, &status) == 0)
		log_line(LOGLEVEL_WARNING, "the history of sizes is damaged and begins anew", "file", path,
				 NULL);
	json_object_foreach (kept, server, list)
	{
		if (barman_valid_server_name(server))
			json_object_set_new(servers, server, valid_samples(list));
	}
	json_decref(kept);
}

static json_t *
valid_samples(const json_t *list)
{
	json_t *valid = json_checked(json_array());
	int64_t before = 0;
	json_t *one;
	size_t i;

	json_array_foreach (list, i, one)
	{
		SizeSample sample;

		if (!sample_of_json(one, &sample) || sample.at <= before)
			continue;
		before = sample.at;
		json_array_append(valid, one);
	}
	/* somebody may have put in more */
	while (json_array_size(valid) > SIZE_SAMPLES_MOST)
		json_array_remove(valid, 0);
	return valid;
}

static bool
sample_of_json(const json_t *value, SizeSample *sample)
{
	int64_t numbers[NUMBERS];

	if (!json_is_array(value) || json_array_size(value) != NUMBERS)
		return false;
	for (size_t i = 0; i < NUMBERS; i++)
	{
		const json_t *number = json_array_get(value, i);

		if (!json_is_integer(number) || json_integer_value(number) < -1)
			return false;
		numbers[i] = json_integer_value(number);
	}
	if (numbers[0] <= 0 || numbers[0] > INT64_MAX / SECOND_US)
		return false;
	*sample = (SizeSample){numbers[0] * SECOND_US,
						   numbers[1],
						   numbers[2],
						   numbers[3],
						   numbers[4],
						   numbers[5],
						   numbers[6]};
	return true;
}

static json_t *
sample_json(const SizeSample *sample)
{
	return json_checked(json_pack("[I, I, I, I, I, I, I]", (json_int_t) (sample->at / SECOND_US),
								  (json_int_t) sample->backups, (json_int_t) sample->wal,
								  (json_int_t) sample->base_free, (json_int_t) sample->base_total,
								  (json_int_t) sample->wals_free, (json_int_t) sample->wals_total));
}

/* Drops those that follow the one before too soon for their age; never the newest. */
static void
thin_out(json_t *list, int64_t now)
{
	int64_t kept = INT64_MIN / 2;

	for (size_t i = 0; i + 1 < json_array_size(list);)
	{
		SizeSample sample;
		int64_t age;

		sample_of_json(json_array_get(list, i), &sample);
		age = now - sample.at;
		/* one from the future is of a clock that was wrong */
		if (age < 0 || step_at(age) == 0 || sample.at - kept < step_at(age))
		{
			json_array_remove(list, i);
			continue;
		}
		kept = sample.at;
		i++;
	}
}

/* 0: too old */
static int64_t
step_at(int64_t age)
{
	if (age < DAY_US)
		return 600 * SECOND_US;
	if (age < 30 * DAY_US)
		return 4 * 3600 * SECOND_US;
	return age < 730 * DAY_US ? 7 * DAY_US : 0;
}
