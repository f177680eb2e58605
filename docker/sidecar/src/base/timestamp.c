/*
 * timestamp.c
 *
 * Reads the clocks and formats times as RFC 3339 in UTC.
 */
#include "base/timestamp.h"

#include <stdio.h>
#include <string.h>

int64_t
timestamp_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t
monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void
timestamp_format(int64_t microseconds, char buffer[TIMESTAMP_LENGTH])
{
	time_t seconds = (time_t) (microseconds / 1000000);
	struct tm parts;
	char whole[24];

	gmtime_r(&seconds, &parts);
	strftime(whole, sizeof(whole), "%Y-%m-%dT%H:%M:%S", &parts);
	snprintf(buffer, TIMESTAMP_LENGTH, "%s.%06dZ", whole, (int) (microseconds % 1000000));
}

/*
 * Only as timestamp_format() writes it, with fewer digits behind the point or
 * none: others, PostgreSQL among them, read what is written otherwise otherwise,
 * or not at all.
 */
bool
timestamp_parse(const char *text, int64_t *microseconds)
{
	static const char digits[] = "0123456789";
	static const char form[] = "####-##-##T##:##:##";
	struct tm parts;
	struct tm whole;
	time_t seconds;
	int fraction = 0;
	int unit = 100000;
	int length = 0;

	for (size_t i = 0; form[i] != '\0'; i++)
	{
		if (form[i] == '#' ? text[i] == '\0' || strchr(digits, text[i]) == NULL : text[i] != form[i])
			return false;
	}
	memset(&parts, 0, sizeof(parts));
	if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d%n", &parts.tm_year, &parts.tm_mon, &parts.tm_mday,
			   &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &length) != 6 ||
		parts.tm_year == 0) /* no calendar has it */
		return false;
	text += length;
	if (*text == '.')
	{
		for (text++; *text >= '0' && *text <= '9' && unit > 0; text++, unit /= 10)
			fraction += (*text - '0') * unit;
		if (unit == 100000)
			return false;
	}
	if (strcmp(text, "Z") != 0)
		return false;
	parts.tm_year -= 1900;
	parts.tm_mon -= 1;
	whole = parts;
	seconds = timegm(&whole);
	/* timegm() makes a time of any numbers, others read them as they are */
	if (whole.tm_year != parts.tm_year || whole.tm_mon != parts.tm_mon ||
		whole.tm_mday != parts.tm_mday || whole.tm_hour != parts.tm_hour ||
		whole.tm_min != parts.tm_min || whole.tm_sec != parts.tm_sec)
		return false;
	*microseconds = (int64_t) seconds * 1000000 + fraction;
	return true;
}

void
monotonic_cond_init(pthread_cond_t *condition)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(condition, &attributes);
	pthread_condattr_destroy(&attributes);
}

struct timespec
monotonic_timespec(int64_t milliseconds)
{
	struct timespec result;

	result.tv_sec = (time_t) (milliseconds / 1000);
	result.tv_nsec = (long) (milliseconds % 1000) * 1000000;
	return result;
}
