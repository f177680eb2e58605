/*
 * json_value.c
 *
 * Converts one value of Barman's, of any version, to ours.
 *
 * Barman prints sentences where an id is expected, "None" and Python reprs for
 * missing values, and numbers as strings: a value that cannot be trusted
 * becomes null, never a guess.
 */
#include "barman/json_inside.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "barman/lsn.h"
#include "base/names.h"

/* the last second that RFC 3339 can write, 9999-12-31T23:59:59Z */
#define LAST_SECOND INT64_C(253402300799)

static const char *usable_text(const json_t *value);
static bool is_python_repr(const char *text);
static bool read_iso_time(const char *text, int64_t *seconds, int *microseconds);
static bool read_zone(const char *text, int64_t *offset);
static bool read_epoch(const json_t *value, int64_t *seconds, int *microseconds);
static bool read_digits(const char **text, int count, int *number);
static int64_t days_from_date(int year, int month, int day);
static void date_from_days(int64_t days, int *year, int *month, int *day);

json_t *
barman_value_text(const json_t *value)
{
	const char *text = usable_text(value);
	char number[32];

	if (text != NULL)
		return json_stringn(text, json_string_length(value));
	if (json_is_integer(value))
	{
		snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		return json_string(number);
	}
	return json_null();
}

/* A name or keyword: text without blanks. */
json_t *
barman_value_word(const json_t *value)
{
	const char *text = usable_text(value);

	if (text != NULL)
	{
		for (const char *c = text; *c; c++)
		{
			if ((unsigned char) *c <= ' ')
				return json_null();
		}
	}
	return barman_value_text(value);
}

json_t *
barman_value_path(const json_t *value)
{
	const char *text = usable_text(value);

	if (text == NULL || text[0] != '/')
		return json_null();
	return json_stringn(text, json_string_length(value));
}

/* Sizes, counts and offsets: an integer that is not negative. */
json_t *
barman_value_bytes(const json_t *value)
{
	json_int_t bytes;

	return barman_read_bytes(value, &bytes) ? json_integer(bytes) : json_null();
}

json_t *
barman_value_real(const json_t *value)
{
	double number;

	if (!json_is_number(value))
		return json_null();
	number = json_number_value(value);
	return isfinite(number) && number >= 0 ? json_real(number) : json_null();
}

/* "84.36%" is 84.36; 3.4.0 writes a minus sign for "saved". */
json_t *
barman_value_percent(const json_t *value)
{
	const char *text = usable_text(value);
	char *end;
	double number;

	if (text == NULL || !(isdigit((unsigned char) text[0]) || text[0] == '-'))
		return barman_value_real(value);
	if (strspn(text, "-0123456789.") != strlen(text) - 1)
		return json_null();
	number = fabs(strtod(text, &end));
	if (strcmp(end, "%") != 0 || !isfinite(number))
		return json_null();
	return json_real(number);
}

json_t *
barman_value_lsn(const json_t *value)
{
	uint64_t lsn;
	const char *text = usable_text(value);

	return text != NULL && lsn_parse(text, &lsn) ? json_string(text) : json_null();
}

/* The name of a WAL segment. */
json_t *
barman_value_segment(const json_t *value)
{
	const char *text = usable_text(value);

	return text != NULL && barman_is_segment(text, json_string_length(value)) ? json_string(text)
																			  : json_null();
}

json_t *
barman_value_backup_id(const json_t *value)
{
	const char *text = usable_text(value);

	return text != NULL && barman_is_backup_id(text) ? json_string(text) : json_null();
}

/*
 * A time from ISO text with a zone, from epoch seconds, or from both.  Only the ISO text
 * has microseconds; but if the two differ, the epoch is right, because older versions of
 * Barman wrote a text without a zone (ctime, never read here).
 */
json_t *
barman_value_time(const json_t *iso, const json_t *epoch)
{
	const char *text = usable_text(iso);
	int64_t seconds = 0;
	int64_t epoch_seconds;
	int microseconds = 0;
	int epoch_microseconds;
	bool known = text != NULL && read_iso_time(text, &seconds, &microseconds);
	int year;
	int month;
	int day;
	int second;
	char result[40];

	if (read_epoch(epoch, &epoch_seconds, &epoch_microseconds) &&
		!(known && seconds - epoch_seconds >= -1 && seconds - epoch_seconds <= 1))
	{
		seconds = epoch_seconds;
		microseconds = epoch_microseconds;
		known = true;
	}
	if (!known || seconds < 0 || seconds > LAST_SECOND)
		return json_null();

	date_from_days(seconds / 86400, &year, &month, &day);
	second = (int) (seconds % 86400);
	snprintf(result, sizeof(result), "%04d-%02d-%02dT%02d:%02d:%02d", year, month, day,
			 second / 3600, second / 60 % 60, second % 60);
	if (microseconds != 0)
		snprintf(result + strlen(result), sizeof(result) - strlen(result), ".%06d", microseconds);
	strcat(result, "Z");
	return json_string(result);
}

bool
barman_is_segment(const char *text, size_t length)
{
	return length == 24 && strspn(text, "0123456789ABCDEF") >= 24;
}

/* 3.4.0's throughput is a float, show-servers' current_size a string. */
bool
barman_read_bytes(const json_t *value, json_int_t *bytes)
{
	if (json_is_integer(value))
		*bytes = json_integer_value(value);
	else if (json_is_real(value))
	{
		double number = json_real_value(value);

		/* 2^63 is the first double that does not fit */
		if (!(number >= 0 && number < 9223372036854775808.0))
			return false;
		*bytes = (json_int_t) number;
	}
	else if (json_is_string(value))
	{
		const char *text = json_string_value(value);
		long long number;

		if (text[0] == '\0' || strspn(text, "0123456789") != json_string_length(value))
			return false;
		errno = 0;
		number = strtoll(text, NULL, 10);
		if (errno != 0)
			return false;
		*bytes = number;
	}
	else
		return false;
	return *bytes >= 0;
}

const json_t *
barman_get(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return json_is_null(value) ? NULL : value;
}

const json_t *
barman_get_either(const json_t *object, const char *key, const char *older_key)
{
	const json_t *value = barman_get(object, key);

	return value ? value : barman_get(object, older_key);
}

bool
barman_put(json_t *object, const char *key, json_t *value)
{
	return value != NULL && json_object_set_new(object, key, value) == 0;
}

bool
barman_append(json_t *array, json_t *value)
{
	return value != NULL && json_array_append_new(array, value) == 0;
}

/* The text, unless it stands for a missing value */
static const char *
usable_text(const json_t *value)
{
	const char *text = json_string_value(value);

	if (text == NULL || text[0] == '\0' || strcmp(text, "None") == 0 || is_python_repr(text))
		return NULL;
	return text;
}

/* RecoveryOptions(), Record(slot_name='barman', active=True) */
static bool
is_python_repr(const char *text)
{
	const char *c = text;

	if (!isupper((unsigned char) *c))
		return false;
	while (isalnum((unsigned char) *c) || *c == '_')
		c++;
	return *c == '(' && c[strlen(c) - 1] == ')';
}

/* 2026-11-22 06:10:22.423819+00:00, with blank or T; the zone is required. */
static bool
read_iso_time(const char *text, int64_t *seconds, int *microseconds)
{
	int year;
	int month;
	int day;
	int hour;
	int minute;
	int second;
	int real_day;
	int64_t days;
	int64_t offset;

	if (!read_digits(&text, 4, &year) || *text++ != '-' || !read_digits(&text, 2, &month) ||
		*text++ != '-' || !read_digits(&text, 2, &day) || (*text != ' ' && *text != 'T'))
		return false;
	text++;
	if (!read_digits(&text, 2, &hour) || *text++ != ':' || !read_digits(&text, 2, &minute) ||
		*text++ != ':' || !read_digits(&text, 2, &second))
		return false;
	if (year < 1970 || month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59)
		return false;
	days = days_from_date(year, month, day);
	date_from_days(days, &year, &month, &real_day);
	if (day != real_day)
		return false; /* the 31st of November */

	*microseconds = 0;
	if (*text == '.')
	{
		int scale = 100000;

		if (!isdigit((unsigned char) *++text))
			return false;
		for (; isdigit((unsigned char) *text); text++, scale /= 10)
			*microseconds += (*text - '0') * scale;
	}
	if (!read_zone(text, &offset))
		return false;
	*seconds = days * 86400 + hour * 3600 + minute * 60 + second - offset;
	return true;
}

/* Z, +02, +0200, +02:00, +05:53:28: seconds east of Greenwich. */
static bool
read_zone(const char *text, int64_t *offset)
{
	int sign = *text == '-' ? -1 : 1;
	int part[3] = {0, 0, 0};

	*offset = 0;
	if (strcmp(text, "Z") == 0)
		return true;
	if (*text != '+' && *text != '-')
		return false;
	text++;
	for (int i = 0; i < 3 && *text != '\0'; i++)
	{
		if (i > 0 && *text == ':')
			text++;
		if (!read_digits(&text, 2, &part[i]) || part[i] > 59)
			return false;
		*offset += sign * part[i] * (i == 0 ? 3600 : i == 1 ? 60 : 1);
		if (i == 2 || *text == '\0')
			return *text == '\0' && part[0] < 24;
	}
	return false;
}

static bool
read_epoch(const json_t *value, int64_t *seconds, int *microseconds)
{
	json_int_t whole;

	if (!barman_read_bytes(value, &whole) || whole > LAST_SECOND)
		return false;
	*seconds = whole;
	*microseconds = json_is_real(value) ? (int) ((json_real_value(value) - (double) whole) * 1000000)
										: 0;
	return true;
}

static bool
read_digits(const char **text, int count, int *number)
{
	*number = 0;
	for (int i = 0; i < count; i++, (*text)++)
	{
		if (!isdigit((unsigned char) **text))
			return false;
		*number = *number * 10 + (**text - '0');
	}
	return true;
}

/*
 * Days since 1970-01-01 in the Gregorian calendar, and back: timegm() and
 * gmtime_r() are not C11, and the former is wrong if time_t has 32 bits.  Years
 * start in March, so that the leap day is the last of a year; an era is the 400
 * years (146097 days) after which the calendar repeats, and day 0 of era 0 is
 * 719468 days before 1970.
 */
static int64_t
days_from_date(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
		   719468;
}

static void
date_from_days(int64_t days, int *year, int *month, int *day)
{
	int64_t z = days + 719468;
	int64_t era = z / 146097; /* days is never negative here */
	int64_t day_of_era = z - era * 146097;
	int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) /
						  365;
	int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t march_month = (5 * day_of_year + 2) / 153;

	*day = (int) (day_of_year - (153 * march_month + 2) / 5 + 1);
	*month = (int) (march_month < 10 ? march_month + 3 : march_month - 9);
	*year = (int) (year_of_era + era * 400 + (*month <= 2 ? 1 : 0));
}
