/*
 * verdict.c
 *
 * What a monitoring plugin says of servers.  Barman's own limits decide, so
 * that they stand in one place: the age of backups and of WAL, redundancy.  Only
 * for the disk, of which Barman has none, it is given limits.
 */
#include "plugin/verdict.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/control_character.h"
#include "base/memory.h"

static const char *const words[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};

typedef struct Findings
{
	PluginStatus status;
	char *bad;	/* what is wrong, NULL: nothing */
	char *good; /* what is said if nothing is wrong */
	char *figures;
} Findings;

static void judge_checks(Findings *findings, const ServerFacts *facts);
static void judge_backups(Findings *findings, const ServerFacts *facts, double now);
static void judge_drill(Findings *findings, const ServerFacts *facts, double now);
static void judge_disks(Findings *findings, const ServerFacts *facts);
static void find(Findings *findings, PluginStatus status, char *text);
static void say(Findings *findings, char *text);
static void figure(Findings *findings, const char *server, const char *name, char *value);
static PluginStatus worse(PluginStatus one, PluginStatus other);
static bool time_of(const json_t *object, const char *key, double *seconds);
static char *age_text(double seconds);
static void join(char **text, const char *between, char *more);
static void clean(char *text);

void
verdict_add(Verdict *verdict, const ServerFacts *facts, double now)
{
	Findings findings = {0};

	judge_checks(&findings, facts);
	judge_backups(&findings, facts, now);
	judge_drill(&findings, facts, now);
	judge_disks(&findings, facts);
	verdict_add_finding(verdict, findings.status, facts->server,
						findings.bad != NULL ? findings.bad : findings.good);
	if (findings.figures != NULL)
		join(&verdict->figures, " ", mem_strdup(findings.figures));
	free(findings.bad);
	free(findings.good);
	free(findings.figures);
	verdict->servers++;
}

void
verdict_add_finding(Verdict *verdict, PluginStatus status, const char *label, const char *text)
{
	char *line = label != NULL ? mem_printf("%s: %s", label, text) : mem_strdup(text);

	/* a bar begins the performance data, and a newline the next line */
	clean(line);
	/* what is worst comes first: it may be all that is shown */
	if (verdict->lines != NULL && worse(status, verdict->status) == status &&
		status != verdict->status)
	{
		join(&line, "\n", verdict->lines);
		verdict->lines = line;
	}
	else
		join(&verdict->lines, "\n", line);
	verdict->status = worse(status, verdict->status);
}

int
verdict_print(Verdict *verdict)
{
	const char *lines = verdict->lines != NULL ? verdict->lines : "Barman has no server";
	int first = (int) strcspn(lines, "\n");
	PluginStatus status = verdict->lines != NULL ? verdict->status : PLUGIN_UNKNOWN;

	printf("BARMAN %s - %.*s", words[status], first, lines);
	if (verdict->figures != NULL)
		printf(" | %s", verdict->figures);
	printf("%s\n", lines + first);
	free(verdict->lines);
	free(verdict->figures);
	*verdict = (Verdict){0};
	return (int) status;
}

static void
judge_checks(Findings *findings, const ServerFacts *facts)
{
	size_t count = json_array_size(facts->checks);
	size_t failed = 0;

	if (count == 0)
	{
		find(findings, PLUGIN_UNKNOWN, mem_strdup("Barman's check could not be had"));
		return;
	}
	for (size_t i = 0; i < count; i++)
	{
		const json_t *check = json_array_get(facts->checks, i);
		const char *hint = json_text_of(check, "hint");

		if (json_is_true(json_object_get(check, "ok")))
			continue;
		failed++;
		find(findings, PLUGIN_CRITICAL,
			 mem_printf("check %s fails%s%s%s", json_text_of(check, "check_name"),
						hint != NULL ? " (" : "", hint != NULL ? hint : "", hint != NULL ? ")" : ""));
	}
	say(findings, mem_printf("%zu checks pass", count));
	figure(findings, facts->server, "failed_checks", mem_printf("%zu;;0;0;%zu", failed, count));
}

/* A server without a backup may be a new one: Barman's minimum redundancy says whether that is wrong. */
static void
judge_backups(Findings *findings, const ServerFacts *facts, double now)
{
	size_t count = json_array_size(facts->backups);
	double done = 0;
	double ended;

	if (facts->backups == NULL)
	{
		find(findings, PLUGIN_UNKNOWN, mem_strdup("its backups could not be listed"));
		return;
	}
	for (size_t i = 0; i < count; i++)
	{
		const json_t *backup = json_array_get(facts->backups, i);
		const char *status = json_text_of(backup, "status");

		if (status == NULL)
			continue;
		if (i == 0 && strcmp(status, "FAILED") == 0)
			find(findings, PLUGIN_WARNING,
				 mem_printf("the latest backup, %s, failed", json_text_of(backup, "backup_id")));
		if (strcmp(status, "DONE") != 0)
			continue;
		if (done++ == 0 && time_of(backup, "end_time", &ended))
		{
			char *age = age_text(now - ended);

			say(findings, mem_printf("backup %s ago", age));
			free(age);
			figure(findings, facts->server, "backup_age", mem_printf("%.0fs;;;0", now - ended));
			if (json_is_number(json_object_get(backup, "size")))
				figure(findings, facts->server, "backup_size",
					   mem_printf("%.0fB;;;0", json_number_value(json_object_get(backup, "size"))));
		}
	}
	if (done == 0)
		find(findings, PLUGIN_WARNING, mem_strdup("there is no good backup"));
	figure(findings, facts->server, "backups", mem_printf("%.0f;;;0", done));
}

/* Not everybody drills: none at all is no finding. */
static void
judge_drill(Findings *findings, const ServerFacts *facts, double now)
{
	const json_t *ok = json_object_get(facts->drill, "ok");
	double passed;

	if (json_is_false(ok))
		find(findings, PLUGIN_WARNING, mem_strdup("the last restore drill failed"));
	if (time_of(facts->drill, "passed", &passed))
	{
		char *age = age_text(now - passed);

		say(findings, mem_printf("proven %s ago", age));
		free(age);
		figure(findings, facts->server, "proof_age", mem_printf("%.0fs;;;0", now - passed));
	}
}

static void
judge_disks(Findings *findings, const ServerFacts *facts)
{
	for (size_t i = 0; i < json_array_size(facts->disks); i++)
	{
		const json_t *disk = json_array_get(facts->disks, i);
		const char *area = json_text_of(disk, "area");
		double total = json_number_value(json_object_get(disk, "total_bytes"));
		double left = json_number_value(json_object_get(disk, "free_bytes"));
		double percent = total > 0 ? left * 100 / total : 100;
		char *name = mem_printf("%s_free", area);

		if (percent < facts->disk_warning)
			find(findings, percent < facts->disk_critical ? PLUGIN_CRITICAL : PLUGIN_WARNING,
				 mem_printf("the disk of %s has %.1f %% left", area, percent));
		/* "N:" is an alarm below N */
		figure(findings, facts->server, name,
			   mem_printf("%.0fB;%.0f:;%.0f:;0;%.0f", left, total * facts->disk_warning / 100,
						  total * facts->disk_critical / 100, total));
		free(name);
	}
}

static void
find(Findings *findings, PluginStatus status, char *text)
{
	findings->status = worse(status, findings->status);
	join(&findings->bad, "; ", text);
}

static void
say(Findings *findings, char *text)
{
	join(&findings->good, ", ", text);
}

/* Takes the value. */
static void
figure(Findings *findings, const char *server, const char *name, char *value)
{
	/* an equals sign or a quote in a label would end it */
	char *label = mem_printf("%s_%s", server, name);

	for (char *c = label; *c != '\0'; c++)
	{
		if (*c == '=' || *c == '\'' || *c == '|' || *c < ' ')
			*c = '_';
	}
	join(&findings->figures, " ", mem_printf("'%s'=%s", label, value));
	free(label);
	free(value);
}

/* Critical is worst, then unknown: what is not known may be anything. */
static PluginStatus
worse(PluginStatus one, PluginStatus other)
{
	static const int ranks[] =
		{[PLUGIN_OK] = 0, [PLUGIN_WARNING] = 1, [PLUGIN_UNKNOWN] = 2, [PLUGIN_CRITICAL] = 3};

	return ranks[one] > ranks[other] ? one : other;
}

static bool
time_of(const json_t *object, const char *key, double *seconds)
{
	const char *text = json_text_of(object, key);
	struct tm parts = {0};

	if (text == NULL || strptime(text, "%Y-%m-%dT%H:%M:%S", &parts) == NULL)
		return false;
	*seconds = (double) timegm(&parts);
	return true;
}

static char *
age_text(double seconds)
{
	if (seconds < 3600)
		return mem_printf("%.0f min", seconds > 0 ? seconds / 60 : 0);
	if (seconds < 2 * 86400)
		return mem_printf("%.0f h", seconds / 3600);
	return mem_printf("%.0f d", seconds / 86400);
}

/* Takes what is appended. */
static void
join(char **text, const char *between, char *more)
{
	char *whole = *text != NULL ? mem_printf("%s%s%s", *text, between, more) : mem_strdup(more);

	free(*text);
	free(more);
	*text = whole;
}

static void
clean(char *text)
{
	char *end = text;

	while (*text != '\0')
	{
		size_t length = *text == '|' ? 1 : control_character_length(text);

		*end++ = length > 0 ? ' ' : *text;
		text += length > 0 ? length : 1;
	}
	*end = '\0';
}
