/*
 * retention.c
 *
 * Applies Barman's retention policy to a list of backups, by its own rules: a
 * redundancy counts finished full backups, kept ones too; a recovery window
 * needs the first backup that ended before it.  Incremental backups go with
 * the full one that they are based on.  Deletes nothing.
 */
#include "outlook/retention.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/timestamp.h"

#define DAY_US (INT64_C(86400) * 1000000)

/* As Barman counts */
#define DAYS_PER_MONTH 31

typedef struct Policy
{
	bool is_known;
	bool is_window;
	int64_t value; /* a redundancy, or microseconds */
	int64_t minimum;
} Policy;

static Policy read_policy(const json_t *facts);
static const json_t **full_backups(const json_t *backups, size_t *count);
static bool is_kept(const json_t *backup);
static json_t *chain_of(const json_t *backups, const char *root);
static json_t *judge(const Policy *policy, const json_t **full, size_t place, json_t **at);
static json_t *words(char *text);

json_t *
retention_next(const json_t *backups, const json_t *facts)
{
	Policy policy = read_policy(facts);
	size_t count;
	const json_t **full = full_backups(backups, &count);
	size_t oldest = count;
	json_t *at = NULL;
	json_t *when;
	const char *id = NULL;

	/* the oldest that is not kept */
	while (oldest > 0 && is_kept(full[oldest - 1]))
		oldest--;
	if (json_object_get(facts, "retention_policy") == NULL)
		when = json_text("Barman has not told its retention policy yet");
	else if (json_is_null(json_object_get(facts, "retention_policy")))
		when = json_text("never: there is no retention policy");
	else if (!policy.is_known)
		when = json_text("not known: this retention policy is of an unknown kind");
	else if (oldest == 0)
		when = json_text(count > 0 ? "never: every backup is kept" : "there is no backup");
	else
	{
		id = json_text_of(full[oldest - 1], "backup_id");
		when = judge(&policy, full, oldest - 1, &at);
	}
	free(full);
	return json_checked(json_pack("{s:o, s:o, s:o, s:o}", "backup_id", json_text(id), "chain",
								  id != NULL ? chain_of(backups, id) : json_array(), "at",
								  at != NULL ? at : json_null(), "when", when));
}

/* show-servers has "redundancy 2 b" and "window 7 d"; the configuration "RECOVERY WINDOW OF 7 DAYS" */
static Policy
read_policy(const json_t *facts)
{
	const char *text = json_text_of(facts, "retention_policy");
	Policy policy = {.minimum = json_integer_value(json_object_get(facts, "minimum_redundancy"))};
	long long value;
	char unit = 0;

	if (text == NULL)
		return policy;
	if (strncasecmp(text, "redundancy", 10) == 0 && sscanf(text + 10, "%lld", &value) == 1)
	{
		policy.is_known = value >= 0;
		policy.value = value > policy.minimum ? value : policy.minimum;
		return policy;
	}
	if (strncasecmp(text, "recovery window of", 18) == 0)
		text += 18;
	else if (strncasecmp(text, "window", 6) == 0)
		text += 6;
	else
		return policy;
	if (sscanf(text, "%lld %c", &value, &unit) != 2 || value < 0 || value > 100000)
		return policy;
	policy.is_window = true;
	policy.is_known = strchr("dwmDWM", unit) != NULL;
	policy.value = value * DAY_US *
				   (unit == 'w' || unit == 'W'	 ? 7
					: unit == 'm' || unit == 'M' ? DAYS_PER_MONTH
												 : 1);
	return policy;
}

/* The finished ones, newest first */
static const json_t **
full_backups(const json_t *backups, size_t *count)
{
	const json_t **full = mem_alloc((json_array_size(backups) + 1) * sizeof(json_t *));
	const json_t *one;
	size_t i;

	*count = 0;
	json_array_foreach (backups, i, one)
	{
		if (json_text_is(one, "status", "DONE") && json_text_of(one, "parent_id") == NULL &&
			json_text_of(one, "backup_id") != NULL)
			full[(*count)++] = one;
	}
	return full;
}

static bool
is_kept(const json_t *backup)
{
	const char *retention = json_text_of(backup, "retention");

	return retention != NULL && strncasecmp(retention, "KEEP", 4) == 0;
}

/* The ids of a full backup and of all that are based on it, directly or not; parents are older. */
static json_t *
chain_of(const json_t *backups, const char *root)
{
	json_t *chain = json_checked(json_pack("[s]", root));

	for (size_t i = json_array_size(backups); i-- > 0;)
	{
		const json_t *one = json_array_get(backups, i);
		const char *id = json_text_of(one, "backup_id");
		const char *parent = json_text_of(one, "parent_id");
		size_t n;
		const json_t *member;
		bool is_based = false;

		json_array_foreach (chain, n, member)
			is_based = is_based || (parent != NULL && strcmp(json_string_value(member), parent) == 0);
		if (is_based && id != NULL)
			json_array_append_new(chain, json_text(id));
	}
	return chain;
}

/* When the full backup at this place goes, 0 being the newest */
static json_t *
judge(const Policy *policy, const json_t **full, size_t place, json_t **at)
{
	int64_t lacking = (policy->is_window ? policy->minimum : policy->value) - (int64_t) place;
	const char *retention = json_text_of(full[place], "retention");
	const char *newer = place > 0 ? json_text_of(full[place - 1], "end_time") : NULL;
	char text[TIMESTAMP_LENGTH];
	int64_t ended;

	if (retention != NULL && strcasecmp(retention, "OBSOLETE") == 0)
		return json_text("at the next run of barman cron: it is obsolete");
	if (!policy->is_window)
		return lacking <= 0 ? json_text("at a next run of barman cron")
							: words(mem_printf("after %lld more full backup%s", (long long) lacking,
											   lacking == 1 ? "" : "s"));
	if (place == 0)
		return json_text("once a newer full backup is older than the recovery window");
	if (lacking > 0)
		return words(mem_printf("not before there are %lld more full backups (minimum_redundancy)",
								(long long) lacking));
	if (newer == NULL || !timestamp_parse(newer, &ended))
		return json_text("once the next newer full backup is older than the recovery window");
	timestamp_format(ended + policy->value, text);
	*at = json_text(text);
	return words(mem_printf("when backup %s is older than the recovery window",
							json_text_of(full[place - 1], "backup_id")));
}

/* Takes ownership of the text. */
static json_t *
words(char *text)
{
	json_t *value = json_text(text);

	free(text);
	return value;
}
