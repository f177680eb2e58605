/*
 * test_barman_json_damage.c
 *
 * Damaged output: cut off, flipped, spliced, nested, huge.  Whatever comes in,
 * a value that obeys the schema or a failure goes out.
 */
#include "barman_json_fixture.h"

#include <time.h>

/* damages of each kind per fixture; BARMAN_JSON_ROUNDS in the environment digs deeper */
#define ROUNDS 4

/* the fixture that was seen before, for splices */
static char *other_text;
static size_t other_length;
static size_t rounds = ROUNDS;

/* xorshift: the same sequence on every machine and in every run */
static uint64_t
next_random(void)
{
	static uint64_t random_state = UINT64_C(0x9E3779B97F4A7C15);

	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static size_t
random_below(size_t limit)
{
	return limit ? (size_t) (next_random() % limit) : 0;
}

/* Fixtures are fed to every parser, not only their own. */
static size_t
try_all(const char *text, size_t length, const Fixture *fixture, bool exit_zero)
{
	BarmanOutput output = fixture->output;
	/* a copy of exactly that size, so that ASan sees a byte too far */
	char *copy = malloc(length ? length : 1);
	size_t count = 0;

	memcpy(copy, text, length);
	output.out = copy;
	output.out_length = length;
	if (exit_zero)
		output.exit_code = 0;
	for (const Parser *parser = parsers; parser->name; parser++)
	{
		try_parser(parser, &output, fixture->server);
		count++;
	}
	free(copy);
	return count;
}

static void
damage(Fixture *fixture, void *context)
{
	const char *text = fixture->output.out;
	size_t length = fixture->output.out_length;
	size_t *count = context;
	/* large files are large because of repetition */
	size_t times = length > 20000 ? rounds / 4 + 1 : rounds;
	char *buffer;

	if (length == 0 || text == NULL || strstr(fixture->path, ".start.txt"))
		return;
	buffer = malloc(length + other_length + 16);

	for (size_t i = 0; i < times; i++)
	{
		size_t at;

		/* cut off: at the very start and end, and anywhere */
		at = i == 0 ? 0 : i == 1 ? 1 : i == 2 ? length - 1 : random_below(length);
		*count += try_all(text, at, fixture, i % 2);

		/* a few bytes flipped */
		memcpy(buffer, text, length);
		for (size_t j = 0; j <= i % 4; j++)
			buffer[random_below(length)] = (char) next_random();
		*count += try_all(buffer, length, fixture, i % 2);

		/* a structural character, which changes types rather than breaks */
		memcpy(buffer, text, length);
		buffer[random_below(length)] = "\"{}[],:0-e\\ntf\0"[random_below(15)];
		*count += try_all(buffer, length, fixture, true);

		/* a piece of the neighbour in place of a piece of this one */
		if (other_length > 0)
		{
			size_t from = random_below(other_length);
			size_t size = random_below(other_length - from);

			at = random_below(length);
			memcpy(buffer, text, at);
			memcpy(buffer + at, other_text + from, size);
			memcpy(buffer + at + size, text + at, length - at);
			*count += try_all(buffer, length + size, fixture, true);
		}
	}
	free(buffer);
	free(other_text);
	other_text = malloc(length);
	memcpy(other_text, text, length);
	other_length = length;
}

static void
damaged_fixtures(void **state)
{
	size_t count = 0;

	(void) state;
	if (getenv("BARMAN_JSON_ROUNDS"))
		rounds = strtoul(getenv("BARMAN_JSON_ROUNDS"), NULL, 10);
	for_each_fixture(damage, &count);
	free(other_text);
	other_text = NULL;
	other_length = 0;
	print_message("%zu damaged outputs parsed\n", count);
}

/*
 * The document stays JSON, but single values become of another type: what a
 * future Barman could do.
 */
static void
mutate(json_t *value, size_t *victim, json_t *replacement)
{
	const char *key;
	json_t *member;

	if (json_is_object(value))
	{
		json_object_foreach (value, key, member)
		{
			if ((*victim)-- == 0)
			{
				json_object_set(value, key, replacement);
				return;
			}
			mutate(member, victim, replacement);
			if (*victim == SIZE_MAX)
				return;
		}
	}
	else if (json_is_array(value))
	{
		for (size_t i = 0; i < json_array_size(value); i++)
		{
			if ((*victim)-- == 0)
			{
				json_array_set(value, i, replacement);
				return;
			}
			mutate(json_array_get(value, i), victim, replacement);
			if (*victim == SIZE_MAX)
				return;
		}
	}
}

static void
change_types(Fixture *fixture, void *context)
{
	static const char *const replacements[] = {
		"null",
		"true",
		"0",
		"-1",
		"1.5",
		"1e300",
		"9223372036854775807",
		"-9223372036854775808",
		"\"\"",
		"\"None\"",
		"\"x\"",
		"\"\\u00e9\"",
		"[]",
		"{}",
		"[null]",
		"[[]]",
		"{\"a\":null}",
		"[{}]",
		"[1,\"x\"]",
	};
	json_t *document = barman_document(&fixture->output);
	size_t *count = context;

	if (document == NULL || fixture->output.out_length > 5000)
	{
		json_decref(document);
		return;
	}
	for (size_t i = 0; i < rounds; i++)
	{
		size_t choice = random_below(sizeof(replacements) / sizeof(replacements[0]));
		json_t *replacement = json_loads(replacements[choice], JSON_DECODE_ANY, NULL);
		json_t *changed = json_deep_copy(document);
		size_t victim = random_below(60);
		char *text;

		mutate(changed, &victim, replacement);
		text = json_dumps(changed, 0);
		*count += try_all(text, strlen(text), fixture, true);
		free(text);
		json_decref(changed);
		json_decref(replacement);
	}
	json_decref(document);
}

static void
values_of_other_types(void **state)
{
	size_t count = 0;

	(void) state;
	for_each_fixture(change_types, &count);
	print_message("%zu changed outputs parsed\n", count);
}

static void
assert_survives(const char *text, size_t length)
{
	Fixture fixture = {"made up", "pg", {0, NULL, 0, NULL, 0}};

	try_all(text, length, &fixture, true);
	fixture.output.exit_code = 1;
	fixture.output.err = text;
	fixture.output.err_length = length;
	try_all("", 0, &fixture, false);
}

/* with the zero bytes within it */
#define TEXT(text)             \
	{                          \
		text, sizeof(text) - 1 \
	}

static void
made_up_nonsense(void **state)
{
	static const struct
	{
		const char *text;
		size_t length;
	} cases[] = {
		TEXT(""),
		TEXT("\0"),
		TEXT("{\"pg\":\0}"),
		TEXT("\xFF\xFE{\0}\0"),
		TEXT("\xEF\xBB\xBF{}"),
		TEXT("{\"pg\":\"\\u0000\"}"),
		TEXT("{\"pg\":\"\\ud800\"}"),
		TEXT("{\"pg\":1e999}"),
		TEXT("{\"pg\":99999999999999999999999}"),
		TEXT("{\"pg\":-0}"),
		TEXT("{\"pg\":[],\"pg\":{}}"),
		TEXT("{\"_ERROR\":{}}"),
		TEXT("{\"_ERROR\":[[]]}"),
		TEXT("{\"_ERROR\":[1,null,\"\"]}"),
		TEXT("{\"_INFO\":\"x\"}"),
		TEXT("{\"pg\":[[]]}"),
		TEXT("{\"_INFO\":[\"{\\\"global\\\":{},\\\"servers\\\":[]}\"]}"),
		TEXT("{\"_INFO\":[\"{\\\"global\\\":{}\"]}"),
		TEXT("null"),
		TEXT("\"pg\""),
		TEXT("nan"),
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_survives(cases[i].text, cases[i].length);
}

static void
nesting_bombs(void **state)
{
	static const char *const openers[] = {"[", "{\"pg\":", "{\"pg\":[", "{\"_INFO\":[\"{\\\"a\\\":["};
	static const size_t depths[] = {100, 1000, 2040, 2050, 100000};

	(void) state;
	for (size_t i = 0; i < sizeof(openers) / sizeof(openers[0]); i++)
	{
		for (size_t j = 0; j < sizeof(depths) / sizeof(depths[0]); j++)
		{
			size_t width = strlen(openers[i]);
			char *text = malloc((width + 1) * depths[j] + 1);
			size_t length = 0;

			for (size_t k = 0; k < depths[j]; k++, length += width)
				memcpy(text + length, openers[i], width);
			assert_survives(text, length);
			if (strcmp(openers[i], "{\"pg\":") == 0)
			{
				/* closed properly: as deep as jansson goes */
				text[length++] = '1';
				memset(text + length, '}', depths[j]);
				assert_survives(text, length + depths[j]);
			}
			free(text);
		}
	}
}

static void
large_texts(void **state)
{
	size_t length = 256 * 1024; /* enough for anything quadratic to be felt */
	char *text = malloc(length);

	(void) state;
	memset(text, 'a', length);
	assert_survives(text, length);
	memset(text, '\\', length);
	memcpy(text, "password='", 10);
	assert_survives(text, length);
	memset(text, '"', length);
	assert_survives(text, length);
	for (size_t i = 0; i + 3 < length; i += 3)
		memcpy(text + i, "://", 3);
	assert_survives(text, length);
	for (size_t i = 0; i + 9 < length; i += 9)
		memcpy(text + i, "password ", 9);
	assert_survives(text, length);
	free(text);
}

/* jansson's memory fails at the first, second, ... allocation */
static long allocations_left;

static void *
failing_malloc(size_t size)
{
	return allocations_left-- > 0 ? malloc(size) : NULL;
}

static void
memory_runs_out(void **state)
{
	static const char *const samples[][2] = {
		{"3.13.3-pg17/01-list-servers.json", "servers"},
		{"3.13.3-pg17/27-list-backups-two-waiting.json", "backups"},
		{"3.20-pg18/h22-show-backup-tablespace.json", "backup"},
		{"3.4.0/39checkall.json", "check"},
		{"3.4.0/18status.json", "status"},
		{"3.4.0/19repl.json", "replication"},
		{"3.4.0/21showsrv.json", "directories"},
		{"3.4.0/90switch_a.json", "switch_wal"},
		{"3.4.0/90switch_a.json", "messages"},
		{"3.4.0/11backup_nowait.json", "backup_run"},
		{"3.4.0/31unknownsrv.json", "backups"},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
	{
		const Parser *parser = find_parser(samples[i][1]);
		Fixture fixture;
		bool done = false;
		long budget;

		load_fixture(&fixture, samples[i][0]);
		for (budget = 0; !done && budget < 20000; budget++)
		{
			BarmanFailure failure = {0};
			json_t *value;

			allocations_left = budget;
			json_set_alloc_funcs(failing_malloc, free);
			value = parser->parse(&fixture.output, fixture.server, &failure);
			done = allocations_left >= 0;
			json_set_alloc_funcs(malloc, free);
			/* messages alone may be NULL without a failure */
			if (value != NULL || failure.code != NULL)
				validate_outcome(parser, value, &failure);
			else
				assert_string_equal(parser->name, "messages");
			json_decref(value);
			barman_failure_clear(&failure);
		}
		assert_true(done);
		free_fixture(&fixture);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(damaged_fixtures), cmocka_unit_test(values_of_other_types),
		cmocka_unit_test(made_up_nonsense), cmocka_unit_test(nesting_bombs),
		cmocka_unit_test(large_texts),		cmocka_unit_test(memory_runs_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
