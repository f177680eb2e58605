/*
 * fuzz_barman_json.c
 *
 * libFuzzer's door to every parser of Barman's output.
 *
 *   make fuzz && fuzz/fuzz_barman_json -max_total_time=300 CORPUS tests/fixtures/...
 *
 * The input is standard output, so that real outputs are a corpus as they are;
 * its length decides the exit code and whether it is standard error too.
 */
#include "barman/json_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(json_t *value, BarmanFailure *failure);

#define MUST(condition)                                  \
	do                                                   \
	{                                                    \
		if (!(condition))                                \
		{                                                \
			fprintf(stderr, "not so: %s\n", #condition); \
			abort();                                     \
		}                                                \
	} while (0)

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const servers[] = {"pg", "postgres1"};
	BarmanOutput output = {size % 3 ? 0 : 1, (const char *) data, size, NULL, 0};
	BarmanFailure failure = {0};
	json_t *messages;
	json_t *diagnosis;
	char *once = barman_redact_text((const char *) data, size);

	MUST(once != NULL);
	free(once);
	if (size % 5 == 0)
	{
		output.err = output.out;
		output.err_length = size;
	}

	messages = barman_parse_messages(&output);
	MUST(messages != NULL);
	check(messages, &failure);
	check(barman_parse_servers(&output, &failure), &failure);
	check(barman_parse_version(&output, &failure), &failure);
	diagnosis = barman_parse_diagnose(&output, &failure);
	if (diagnosis == NULL)
		barman_failure_clear(&failure);
	for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++)
	{
		json_t *backups = json_pack("[{s:s,s:n,s:n,s:n}]", "backup_id", "20261122T060943",
									"begin_time", "type", "size");

		barman_merge_diagnose(backups, servers[i], diagnosis);
		check(backups, &failure);
		check(barman_parse_backups(&output, servers[i], &failure), &failure);
		check(barman_parse_backup(&output, servers[i], &failure), &failure);
		check(barman_parse_check(&output, servers[i], &failure), &failure);
		check(barman_parse_status(&output, servers[i], &failure), &failure);
		check(barman_parse_replication(&output, servers[i], &failure), &failure);
		check(barman_parse_directories(&output, servers[i], &failure), &failure);
		check(barman_parse_backup_run(&output, servers[i], &failure), &failure);
		check(barman_parse_switch_wal(&output, servers[i], &failure), &failure);
	}
	if (diagnosis != NULL)
		check(diagnosis, &failure);
	return 0;
}

/* A value that can be sent, or a failure that can. */
static void
check(json_t *value, BarmanFailure *failure)
{
	if (value != NULL)
	{
		char *dump = json_dumps(value, JSON_COMPACT);

		MUST(dump != NULL);
		MUST(failure->code == NULL);
		free(dump);
		json_decref(value);
	}
	else
	{
		json_t *answer;

		MUST(failure->code != NULL && failure->message != NULL);
		answer = json_pack("{s:s,s:s,s:s?,s:s?}", "code", failure->code, "message",
						   failure->message, "detail", failure->detail, "hint", failure->hint);
		MUST(answer != NULL);
		json_decref(answer);
		barman_failure_clear(failure);
	}
}
