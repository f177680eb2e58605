/*
 * barman_json_fixture.h
 *
 * What the tests of barman_json share: the fixtures, the parsers by name, and
 * the schema that each parser's value must obey whatever it was fed.
 *
 * A header with the code in it, since every test is linked alone.
 */
#ifndef BARMAN_JSON_FIXTURE_H
#define BARMAN_JSON_FIXTURE_H

#include <ctype.h>
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "barman/json_inside.h"
#include "barman/lsn.h"
#include "base/names.h"

#ifndef FIXTURES_DIR
#define FIXTURES_DIR "tests/fixtures"
#endif

/* One fixture: what barman wrote, its exit code, and the server it was about. */
typedef struct Fixture
{
	char path[512]; /* below FIXTURES_DIR */
	const char *server;
	BarmanOutput output;
} Fixture;

typedef struct Parser
{
	const char *name;
	json_t *(*parse)(const BarmanOutput *output, const char *server, BarmanFailure *failure);
	void (*validate)(json_t *value);
} Parser;

typedef void (*FixtureVisitor)(Fixture *fixture, void *context);

/* Values of a schema.  A small letter may be null. */
typedef struct Column
{
	const char *key;
	char kind; /* see validate_value() */
} Column;

static inline char *
read_whole_file(const char *path, size_t *length)
{
	FILE *file = fopen(path, "rb");
	char *data;
	long size;

	*length = 0;
	if (file == NULL)
		return NULL;
	fseek(file, 0, SEEK_END);
	size = ftell(file);
	rewind(file);
	data = malloc((size_t) size + 1);
	*length = fread(data, 1, (size_t) size, file);
	data[*length] = '\0';
	fclose(file);
	return data;
}

/* NAME rc=N in the version's exit-codes.txt */
static inline bool
find_exit_code(const char *version, const char *name, int *exit_code)
{
	char path[400];
	char line[1000];
	FILE *file;
	size_t length = strlen(name);
	bool found = false;

	snprintf(path, sizeof(path), "%s/%s/exit-codes.txt", FIXTURES_DIR, version);
	file = fopen(path, "r");
	if (file == NULL)
		fail_msg("no %s", path);
	while (!found && fgets(line, sizeof(line), file))
		found = strncmp(line, name, length) == 0 && sscanf(line + length, " rc=%d", exit_code) == 1;
	fclose(file);
	return found;
}

/*
 * VERSION/NAME.EXTENSION: its text is standard output, unless the extension is
 * stderr; NAME.stderr, if there, is standard error.
 */
static inline void
load_fixture(Fixture *fixture, const char *relative)
{
	char version[100];
	char name[200];
	char path[1024];
	size_t stem;
	const char *slash = strchr(relative, '/');
	bool is_error_text;

	memset(fixture, 0, sizeof(*fixture));
	snprintf(fixture->path, sizeof(fixture->path), "%.500s", relative);
	snprintf(version, sizeof(version), "%.*s", (int) (slash - relative), relative);
	stem = strcspn(slash + 1, ".");
	snprintf(name, sizeof(name), "%.*s", (int) stem, slash + 1);
	is_error_text = strcmp(slash + 1 + stem, ".stderr") == 0;
	fixture->server = strstr(version, "-pg") ? "postgres1" : "pg";

	/* neither 70backup_failed was listed; both were interrupted */
	if (!find_exit_code(version, name, &fixture->output.exit_code))
		fixture->output.exit_code = 1;
	if (!is_error_text)
	{
		snprintf(path, sizeof(path), "%s/%.500s", FIXTURES_DIR, relative);
		fixture->output.out = read_whole_file(path, &fixture->output.out_length);
		if (fixture->output.out == NULL)
			fail_msg("no %s", path);
	}
	snprintf(path, sizeof(path), "%s/%s/%s.stderr", FIXTURES_DIR, version, name);
	fixture->output.err = read_whole_file(path, &fixture->output.err_length);
	if (is_error_text && fixture->output.err == NULL)
		fail_msg("no %s", path);
}

static inline void
free_fixture(Fixture *fixture)
{
	free((char *) fixture->output.out);
	free((char *) fixture->output.err);
	memset(&fixture->output, 0, sizeof(fixture->output));
}

static inline int
only_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* Every file of every version's folder, in the order of their names. */
static inline size_t
for_each_fixture(FixtureVisitor visit, void *context)
{
	struct dirent **versions;
	int version_count = scandir(FIXTURES_DIR, &versions, only_visible, alphasort);
	size_t count = 0;

	if (version_count < 0)
		fail_msg("no folder %s: run this from docker/sidecar", FIXTURES_DIR);
	for (int i = 0; i < version_count; i++)
	{
		struct dirent **files;
		char folder[1024];
		int file_count;

		snprintf(folder, sizeof(folder), "%s/%s", FIXTURES_DIR, versions[i]->d_name);
		file_count = scandir(folder, &files, only_visible, alphasort);
		for (int j = 0; j < file_count; j++)
		{
			Fixture fixture;
			char relative[600];

			snprintf(relative, sizeof(relative), "%s/%s", versions[i]->d_name, files[j]->d_name);
			load_fixture(&fixture, relative);
			visit(&fixture, context);
			free_fixture(&fixture);
			free(files[j]);
			count++;
		}
		if (file_count >= 0)
			free(files);
		free(versions[i]);
	}
	free(versions);
	return count;
}

/*
 * Schemas
 */

static const Column server_columns[] = {
	{"server", 'T'},
	{"description", 't'},
	{"state", 'T'},
	{NULL, 0},
};

static const Column item_columns[] = {
	{"server", 'T'},   {"backup_id", 'I'},	  {"name", 't'},	  {"type", 'w'},
	{"status", 'w'},   {"begin_time", 'z'},	  {"end_time", 'z'},  {"size", 'n'},
	{"wal_size", 'n'}, {"parent_id", 'i'},	  {"timeline", 'n'},  {"begin_lsn", 'l'},
	{"end_lsn", 'l'},  {"cluster_size", 'n'}, {"retention", 't'}, {"error", 't'},
	{NULL, 0},
};

static const Column wide_columns[] = {
	{"server", 'T'},
	{"backup_id", 'I'},
	{"name", 't'},
	{"type", 'w'},
	{"status", 'w'},
	{"system_id", 'w'},
	{"postgresql_version", 'n'},
	{"data_directory", 'p'},
	{"data_checksums", 'w'},
	{"summarize_wal", 'w'},
	{"method", 'w'},
	{"compression", 'w'},
	{"encryption", 'w'},
	{"size", 'n'},
	{"size_with_wals", 'n'},
	{"cluster_size", 'n'},
	{"timeline", 'n'},
	{"begin_time", 'z'},
	{"end_time", 'z'},
	{"begin_lsn", 'l'},
	{"end_lsn", 'l'},
	{"begin_wal", 's'},
	{"end_wal", 's'},
	{"begin_offset", 'n'},
	{"end_offset", 'n'},
	{"copy_seconds", 'r'},
	{"analysis_seconds", 'r'},
	{"throughput", 'n'},
	{"workers", 'n'},
	{"wal_count", 'n'},
	{"wal_size", 'n'},
	{"wal_compression_ratio", 'w'},
	{"resources_saved", 'n'},
	{"resources_saved_percentage", 'r'},
	{"wals_after_count", 'n'},
	{"wals_after_size", 'n'},
	{"wal_rate_per_second", 'r'},
	{"last_wal", 's'},
	{"timelines", '*'},
	{"retention", 't'},
	{"previous_backup", 'i'},
	{"next_backup", 'i'},
	{"parent_id", 'i'},
	{"root_id", 'i'},
	{"children", '+'},
	{"chain_size", 'n'},
	{"tablespaces", 'S'},
	{"error", 't'},
	{NULL, 0},
};

static const Column tablespace_columns[] = {
	{"name", 't'},
	{"oid", 'n'},
	{"location", 'p'},
	{NULL, 0},
};

static const Column check_columns[] = {
	{"server", 'T'}, {"check_name", 'K'}, {"ok", 'B'}, {"hint", 't'}, {NULL, 0},
};

static const Column status_columns[] = {
	{"server", 'T'}, {"key", 'K'}, {"description", 't'}, {"value", 't'}, {NULL, 0},
};

static const Column replication_columns[] = {
	{"server_lsn", 'l'},
	{"clients", 'C'},
	{NULL, 0},
};

static const Column client_columns[] = {
	{"server", 'T'},
	{"name", 't'},
	{"application_name", 't'},
	{"client_addr", 'w'},
	{"client_port", 'n'},
	{"user_name", 't'},
	{"state", 'w'},
	{"sync_state", 'w'},
	{"slot_name", 'w'},
	{"pid", 'n'},
	{"started_at", 'z'},
	{"sent_lsn", 'l'},
	{"write_lsn", 'l'},
	{"flush_lsn", 'l'},
	{"replay_lsn", 'l'},
	{"sent_lag", 'n'},
	{"write_lag", 'n'},
	{"flush_lag", 'n'},
	{"replay_lag", 'n'},
	{NULL, 0},
};

static const Column directory_columns[] = {
	{"base", 'p'},
	{"wals", 'p'},
	{"streaming", 'p'},
	{"incoming", 'p'},
	{"errors", 'p'},
	{"locks", 'p'},
	{"receives", 'B'},
	{"passive", 'B'},
	{"in_recovery", 'b'},
	{"system_id", 't'},
	{"has_passphrase", 'B'},
	{"retention_policy", 't'},
	{"minimum_redundancy", 'n'},
	{NULL, 0},
};

static const Column message_columns[] = {
	{"level", 'L'},
	{"text", 'M'},
	{NULL, 0},
};

static const Column run_columns[] = {
	{"backup_id", 'I'}, {"status", 'w'}, {"waiting", 'B'}, {"error", 't'}, {"hint", 't'}, {NULL, 0},
};

static const Column switch_columns[] = {
	{"wal_file", 's'},
	{"switched", 'B'},
	{"archived", 'B'},
	{NULL, 0},
};

static const Column version_columns[] = {
	{"text", 'T'},
	{"number", 'N'},
	{NULL, 0},
};

static inline void validate_row(json_t *row, const Column *columns);
static inline void validate_rows(json_t *rows, const Column *columns);

static inline bool
is_rfc3339(const char *text)
{
	static const char pattern[] = "dddd-dd-ddTdd:dd:dd";
	size_t i;

	for (i = 0; pattern[i]; i++)
	{
		if (pattern[i] == 'd' ? !isdigit((unsigned char) text[i]) : text[i] != pattern[i])
			return false;
	}
	if (text[i] == '.')
	{
		if (strspn(text + i + 1, "0123456789") != 6)
			return false;
		i += 7;
	}
	return strcmp(text + i, "Z") == 0;
}

static inline void
validate_value(const char *key, json_t *value, char kind)
{
	const char *text = json_string_value(value);
	uint64_t lsn;
	bool good = false;

	if (value == NULL)
		fail_msg("key \"%s\" is missing", key);
	if (islower((unsigned char) kind) && json_is_null(value))
		return;
	switch (kind)
	{
		case 'T': /* text */
		case 't':
			good = text && text[0] && strcmp(text, "None") != 0;
			break;
		case 'M': /* a message */
			good = text && text[0];
			break;
		case 'K': /* a key of Barman's own: any text */
			good = text != NULL;
			break;
		case 'w': /* text without blanks */
			good = text && text[0] && strpbrk(text, " \t\n") == NULL;
			break;
		case 'L': /* a level */
			good = text && (strcmp(text, "info") == 0 || strcmp(text, "warning") == 0 ||
							strcmp(text, "error") == 0);
			break;
		case 'I': /* a backup id */
		case 'i':
			good = text && barman_is_backup_id(text);
			break;
		case 's': /* a WAL segment */
			good = text && barman_is_segment(text, strlen(text));
			break;
		case 'l': /* a position */
			good = text && lsn_parse(text, &lsn);
			break;
		case 'z': /* a time */
			good = text && is_rfc3339(text);
			break;
		case 'p': /* an absolute path */
			good = text && text[0] == '/';
			break;
		case 'n': /* a count, bytes: an integer, not negative */
		case 'N':
			good = json_is_integer(value) && json_integer_value(value) >= 0;
			break;
		case 'r': /* a fraction, not negative */
			good = json_is_real(value) && json_real_value(value) >= 0;
			break;
		case 'B':
		case 'b':
			good = json_is_boolean(value);
			break;
		case '*': /* texts */
		case '+': /* backup ids */
			good = json_is_array(value);
			for (size_t i = 0; i < json_array_size(value); i++)
				validate_value(key, json_array_get(value, i), kind == '*' ? 'T' : 'I');
			break;
		case 'S': /* tablespaces */
			validate_rows(value, tablespace_columns);
			return;
		case 'C': /* clients */
			validate_rows(value, client_columns);
			return;
		default:
			fail_msg("no such kind: %c", kind);
	}
	if (!good)
	{
		char *dump = json_dumps(value, JSON_ENCODE_ANY);

		fail_msg("%s is not of kind '%c': %s", key, kind, dump);
	}
}

/* All the keys of the schema and no others, each of its kind. */
static inline void
validate_row(json_t *row, const Column *columns)
{
	size_t count = 0;

	assert_true(json_is_object(row));
	for (; columns->key; columns++, count++)
		validate_value(columns->key, json_object_get(row, columns->key), columns->kind);
	assert_int_equal(json_object_size(row), count);
}

static inline void
validate_rows(json_t *rows, const Column *columns)
{
	assert_true(json_is_array(rows));
	for (size_t i = 0; i < json_array_size(rows); i++)
		validate_row(json_array_get(rows, i), columns);
}

static inline void
validate_servers(json_t *value)
{
	validate_rows(value, server_columns);
}

static inline void
validate_backups(json_t *value)
{
	validate_rows(value, item_columns);
}

static inline void
validate_backup(json_t *value)
{
	validate_row(value, wide_columns);
}

static inline void
validate_check(json_t *value)
{
	validate_rows(value, check_columns);
}

static inline void
validate_status(json_t *value)
{
	validate_rows(value, status_columns);
}

static inline void
validate_replication(json_t *value)
{
	validate_row(value, replication_columns);
}

static inline void
validate_directories(json_t *value)
{
	validate_row(value, directory_columns);
}

static inline void
validate_diagnose(json_t *value)
{
	assert_true(json_is_object(json_object_get(value, "global")));
	assert_true(json_is_object(json_object_get(value, "servers")));
}

static inline void
validate_messages(json_t *value)
{
	validate_rows(value, message_columns);
}

static inline void
validate_backup_run(json_t *value)
{
	validate_row(value, run_columns);
}

static inline void
validate_switch_wal(json_t *value)
{
	validate_row(value, switch_columns);
}

static inline void
validate_version(json_t *value)
{
	validate_row(value, version_columns);
}

/*
 * The parsers under one signature
 */

static inline json_t *
parse_servers(const BarmanOutput *output, const char *server, BarmanFailure *failure)
{
	(void) server;
	return barman_parse_servers(output, failure);
}

static inline json_t *
parse_diagnose(const BarmanOutput *output, const char *server, BarmanFailure *failure)
{
	(void) server;
	return barman_parse_diagnose(output, failure);
}

static inline json_t *
parse_messages(const BarmanOutput *output, const char *server, BarmanFailure *failure)
{
	(void) server;
	(void) failure;
	return barman_parse_messages(output);
}

static inline json_t *
parse_version(const BarmanOutput *output, const char *server, BarmanFailure *failure)
{
	(void) server;
	return barman_parse_version(output, failure);
}

static const Parser parsers[] = {
	{"servers", parse_servers, validate_servers},
	{"backups", barman_parse_backups, validate_backups},
	{"backup", barman_parse_backup, validate_backup},
	{"check", barman_parse_check, validate_check},
	{"status", barman_parse_status, validate_status},
	{"replication", barman_parse_replication, validate_replication},
	{"directories", barman_parse_directories, validate_directories},
	{"diagnose", parse_diagnose, validate_diagnose},
	{"messages", parse_messages, validate_messages},
	{"backup_run", barman_parse_backup_run, validate_backup_run},
	{"switch_wal", barman_parse_switch_wal, validate_switch_wal},
	{"version", parse_version, validate_version},
	{NULL, NULL, NULL},
};

static inline const Parser *
find_parser(const char *name)
{
	for (const Parser *parser = parsers; parser->name; parser++)
	{
		if (strcmp(parser->name, name) == 0)
			return parser;
	}
	return NULL;
}

/*
 * Whatever the input: a value that obeys the schema and can be sent, or a
 * failure with code and message and nothing else.
 */
static inline void
validate_outcome(const Parser *parser, json_t *value, const BarmanFailure *failure)
{
	if (value != NULL)
	{
		char *dump = json_dumps(value, JSON_COMPACT);

		assert_non_null(dump);
		free(dump);
		parser->validate(value);
		assert_null(failure->code);
		assert_null(failure->message);
	}
	else
	{
		json_t *text;

		assert_non_null(failure->code);
		assert_non_null(failure->message);
		assert_true(failure->message[0] != '\0');
		/* UTF-8, or the answer could not carry it */
		assert_non_null(text = json_string(failure->message));
		json_decref(text);
		if (failure->detail)
		{
			assert_non_null(text = json_string(failure->detail));
			json_decref(text);
		}
	}
}

/* Runs the parser, validates, forgets the result; true if there was a value. */
static inline bool
try_parser(const Parser *parser, const BarmanOutput *output, const char *server)
{
	BarmanFailure failure = {0};
	json_t *value = parser->parse(output, server, &failure);
	bool good = value != NULL;

	validate_outcome(parser, value, &failure);
	json_decref(value);
	barman_failure_clear(&failure);
	return good;
}

/* The outcome for a text on standard output. */
static inline BarmanOutput
printed(int exit_code, const char *out)
{
	BarmanOutput output = {exit_code, out, strlen(out), NULL, 0};

	return output;
}

#endif /* BARMAN_JSON_FIXTURE_H */
