/*
 * test_barman_json_redact.c
 *
 * No password comes through: not from texts, not from any place of any real
 * output, not when memory runs out.
 */
#include "barman_json_fixture.h"

#define SECRET "s3cr3t!pw"

static void
assert_redacts(const char *text, const char *expected)
{
	char *once = barman_redact_text(text, strlen(text));
	char *twice = barman_redact_text(once, strlen(once));

	assert_string_equal(once, expected);
	assert_string_equal(twice, expected);
	free(once);
	free(twice);
}

static void
connection_strings(void **state)
{
	(void) state;
	assert_redacts("host=h password=s3cr3t dbname=d", "host=h password=*** dbname=d");
	assert_redacts("password=s3cr3t", "password=***");
	assert_redacts("password = s3cr3t port=5", "password = *** port=5");
	assert_redacts("PASSWORD=s3cr3t", "PASSWORD=***");
	assert_redacts("password='two words' port=5", "password='***' port=5");
	assert_redacts("password='it\\'s s3cr3t' port=5", "password='***' port=5");
	assert_redacts("password='ends in \\\\' port=5", "password='***' port=5");
	assert_redacts("password='never closed s3cr3t", "password='***");
	assert_redacts("password=a\\ s3cr3t port=5", "password=*** port=5");
	assert_redacts("password=a'b\"c&d,e;f port=5", "password=*** port=5");
	assert_redacts("sslpassword=s3cr3t passfile=/f", "sslpassword=*** passfile=/f");
	assert_redacts("oauth_client_secret=x scram_client_key=y=",
				   "oauth_client_secret=*** scram_client_key=***");
	assert_redacts("PGPASSWORD=s3cr3t psql", "PGPASSWORD=*** psql");
	/* libpq skips blanks after =, so this password is "user=u" */
	assert_redacts("password= user=u port=5", "password= *** port=5");
	assert_redacts("host=h user=u", "host=h user=u");
}

static void
options_of_commands(void **state)
{
	(void) state;
	assert_redacts("curl -u bob:s3cr3t https://h/x", "curl -u bob:*** https://h/x");
	assert_redacts("curl -ubob:s3cr3t https://h/x", "curl -ubob:*** https://h/x");
	assert_redacts("curl --user 'bob:s3 cr3t' x", "curl --user 'bob:***' x");
	assert_redacts("curl --user=bob:s3cr3t x", "curl --user=bob:*** x");
	assert_redacts("[\"curl -u \\\"bob:s3 cr3t\\\" x\"]", "[\"curl -u \\\"bob:***\\\" x\"]");
	assert_redacts("sudo -u barman ls", "sudo -u barman ls");
	assert_redacts("psql -U bob -h h", "psql -U bob -h h");
	assert_redacts("sshpass -p s3cr3t ssh h", "sshpass -p *** ssh h");
	assert_redacts("sshpass -ps3cr3t ssh h", "sshpass -p*** ssh h");
	assert_redacts("sshpass -v -p 's3 cr3t' ssh h", "sshpass -v -p *** ssh h");
	assert_redacts("sshpass -p \"s3\\\" cr3t\" ssh h", "sshpass -p *** ssh h");
	assert_redacts("sshpass -f /file ssh h", "sshpass -f /file ssh h");
	assert_redacts("PGPASSWORD='s3'\"cr3t x\"y psql", "PGPASSWORD='***' psql");
	assert_redacts("PGPASSWORD=$'s3 cr3t' psql", "PGPASSWORD=$'***' psql");
}

static void
headers_and_addresses(void **state)
{
	(void) state;
	assert_redacts("Authorization: Bearer s3cr3t\nnext", "Authorization: ***\nnext");
	assert_redacts("authorization: Basic czNjcjN0", "authorization: ***");
	assert_redacts("curl -H 'Authorization: Bearer s3cr3t' https://h",
				   "curl -H 'Authorization: ***' https://h");
	assert_redacts("{\"Authorization\": \"AWS4-HMAC Credential=a/b, Signature=c\", \"x\": 1}",
				   "{\"Authorization\": \"***\", \"x\": 1}");
	assert_redacts("Proxy-Authorization: Basic abc", "Proxy-Authorization: ***");
	assert_redacts("Cookie: session=s3cr3t; a=b\nx", "Cookie: ***\nx");
	assert_redacts("sent Bearer s3cr3t to h", "sent Bearer *** to h");
	assert_redacts("https://h/c?sv=1&sig=s3cr3t%3D&se=2", "https://h/c?sv=1&sig=***&se=2");
	assert_redacts("https://h/c?X-Amz-Signature=s3cr3t&x=1", "https://h/c?X-Amz-Signature=***&x=1");
	assert_redacts("authorization_plugin loaded", "authorization_plugin loaded");
	assert_redacts("signal=9 design=good", "signal=9 design=good");
}

static void
keys_and_password_files(void **state)
{
	(void) state;
	assert_redacts("-----BEGIN RSA PRIVATE KEY-----\nMIIEs3cr3t\nabc\n-----END RSA PRIVATE KEY-----\nx",
				   "-----BEGIN RSA PRIVATE KEY-----***-----END RSA PRIVATE KEY-----\nx");
	assert_redacts("k = \"-----BEGIN OPENSSH PRIVATE KEY-----\\nb3Bl\\n-----END OPENSSH PRIVATE KEY-----\"",
				   "k = \"-----BEGIN OPENSSH PRIVATE KEY-----***-----END OPENSSH PRIVATE KEY-----\"");
	/* cut off */
	assert_redacts("-----BEGIN PRIVATE KEY-----\nMIIEs3cr3t", "-----BEGIN PRIVATE KEY-----***");
	assert_redacts("-----BEGIN CERTIFICATE-----\nMIID\n-----END CERTIFICATE-----",
				   "-----BEGIN CERTIFICATE-----\nMIID\n-----END CERTIFICATE-----");
	assert_redacts("db1:5432:*:barman:s3 cr3t\nnext", "db1:5432:*:barman:***\nnext");
	assert_redacts("*:*:*:barman:s3cr3t", "*:*:*:barman:***");
	assert_redacts("a\\:b:5432:d:u:s3:cr3t", "a\\:b:5432:d:u:***");
	assert_redacts("at 07:03:14: it failed", "at 07:03:14: it failed");
}

static void
uris(void **state)
{
	(void) state;
	assert_redacts("postgresql://u:s3cr3t@h:5432/d", "postgresql://u:***@h:5432/d");
	assert_redacts("postgres://u:p@ss@h/d", "postgres://u:***@h/d");
	assert_redacts("postgres://u:p/ss@h/d", "postgres://u:***@h/d");
	assert_redacts("postgres://u:p?s#s@h/d", "postgres://u:***@h/d");
	assert_redacts("postgres://:s3cr3t@h", "postgres://:***@h");
	assert_redacts("postgres://u:p'q\"r@h", "postgres://u:***@h");
	assert_redacts("postgres://u@h:5432/d", "postgres://u@h:5432/d");
	assert_redacts("postgres://h:5432/d", "postgres://h:5432/d");
	assert_redacts("postgres://h/d?user=u&password=s3cr3t&x=y",
				   "postgres://h/d?user=u&password=***&x=y");
	assert_redacts("postgres://u:a@h1:1,h2:2/d?sslpassword=b",
				   "postgres://u:***@h1:1,h2:2/d?sslpassword=***");
	assert_redacts("[postgres://u:a@h] and [https://v:b@i]",
				   "[postgres://u:***@h] and [https://v:***@i]");
	assert_redacts("http://[::1]:80/x?mail=a@b", "http://[::1]:80/x?mail=a@b");
	/* cut off before the @ */
	assert_redacts("x postgres://u:s3cr", "x postgres://u:***");
	assert_redacts("x postgres://u:1s3cr", "x postgres://u:***");
	assert_redacts("x postgres://h:5432", "x postgres://h:5432");
	assert_redacts("x postgres://h:1,i:2", "x postgres://h:1,i:2");
	assert_redacts("x postgres://[::1]", "x postgres://[::1]");
	assert_redacts("x postgres://h", "x postgres://h");
	assert_redacts("://", "://");
	assert_redacts("a://@", "a://@");
}

static void
quoted_in_other_texts(void **state)
{
	(void) state;
	assert_redacts("{\"password\": \"s3cr3t\", \"x\": 1}", "{\"password\": \"***\", \"x\": 1}");
	assert_redacts("{'password': 's3cr3t', 'x': 1}", "{'password': '***', 'x': 1}");
	assert_redacts("\\\"password\\\": \\\"s3\\\\\\\"cr3t\\\", x", "\\\"password\\\": \\\"***\\\", x");
	assert_redacts("Namespace(password='s3cr3t', x=1)", "Namespace(password='***', x=1)");
	assert_redacts("db_password: s3cr3t\nnext: line", "db_password: ***\nnext: line");
	assert_redacts("password:\nnext", "password:\nnext");
	assert_redacts("api-token => s3cr3t", "api-token => ***");
	assert_redacts("token: s3cr3t", "token: ***");
	assert_redacts("fe_sendauth: no password supplied", "fe_sendauth: no password supplied");
	assert_redacts("FATAL:  password authentication failed for user \"barman\"",
				   "FATAL:  password authentication failed for user \"barman\"");
}

/* libpq quotes the piece of a connection string that it stumbled over. */
static void
complaints_of_libpq(void **state)
{
	(void) state;
	assert_redacts("missing \"=\" after \"s3cr3t\" in connection info string",
				   "missing \"=\" after \"***\" in connection info string");
	assert_redacts("invalid port number: \"s3cr3t\"", "invalid port number: \"***\"");
	assert_redacts("invalid percent-encoded token: \"s3%zz\"",
				   "invalid percent-encoded token: \"***\"");
	assert_redacts("could not translate host name \"s3cr3t@h\" to address: x",
				   "could not translate host name \"***\" to address: x");
	assert_redacts("could not translate host name \"db1\" to address: x",
				   "could not translate host name \"db1\" to address: x");
	assert_redacts("missing \"=\" after \"s3cr3t", "missing \"=\" after \"***");
	assert_redacts("missing \\\"=\\\" after \\\"s3cr3t\\\" in",
				   "missing \\\"=\\\" after \\\"***\" in");
}

static void
secret_keys(void **state)
{
	json_t *value = json_loads("{\"conninfo\":\"host=h password=s3cr3t\",\"password\":\"\",\"Password\":\"x\","
							   "\"token\":{\"a\":\"x\",\"b\":[\"y\",7,true,null]},\"pin_secret\":1234,"
							   "\"encryption_passphrase_command\":\"echo x\",\"encryption_key_id\":\"k\","
							   "\"aws_sse_customer_key\":\"x\",\"list\":[\"password=x\",[{\"passwd\":\"x\"}]]}",
							   0, NULL);
	json_t *wanted = json_loads("{\"conninfo\":\"host=h password=***\",\"password\":\"\",\"Password\":\"***\","
								"\"token\":{\"a\":\"***\",\"b\":[\"***\",null,true,null]},\"pin_secret\":null,"
								"\"encryption_passphrase_command\":\"***\",\"encryption_key_id\":\"k\","
								"\"aws_sse_customer_key\":\"***\",\"list\":[\"password=***\",[{\"passwd\":\"***\"}]]}",
								0, NULL);
	json_t *bare = json_string("password=s3cr3t");

	(void) state;
	barman_redact(value);
	assert_true(json_equal(value, wanted));
	barman_redact(bare);
	assert_string_equal(json_string_value(bare), "password=***");
	barman_redact(NULL);
	json_decref(value);
	json_decref(wanted);
	json_decref(bare);
}

/*
 * Every string of every real output is replaced, in turn, by each of these;
 * then no parser may give the secret away, as value or as failure.
 */
static const char *const plants[] = {
	"%s password=" SECRET,
	"%s postgresql://barman:" SECRET "@db1:5432/postgres",
	"%s postgres://db1/postgres?password=" SECRET "&user=barman",
	"connection failed: %s user=barman password = '" SECRET "' dbname=x",
	"%s {\"password\": \"" SECRET "\"}",
	"%s missing \"=\" after \"" SECRET "\" in connection info string",
};

static json_t *
plant(const json_t *value, const char *format)
{
	json_t *copy;
	const char *key;
	json_t *member;
	char *text;

	if (json_is_object(value))
	{
		copy = json_object();
		json_object_foreach ((json_t *) value, key, member)
			json_object_set_new(copy, key, plant(member, format));
		return copy;
	}
	if (json_is_array(value))
	{
		copy = json_array();
		for (size_t i = 0; i < json_array_size(value); i++)
			json_array_append_new(copy, plant(json_array_get(value, i), format));
		return copy;
	}
	if (!json_is_string(value))
		return json_incref((json_t *) value);

	/* the text within a text of diagnose */
	member = json_loads(json_string_value(value), 0, NULL);
	if (member != NULL)
	{
		json_t *inner = plant(member, format);

		text = json_dumps(inner, JSON_INDENT(4));
		json_decref(inner);
		json_decref(member);
	}
	else
	{
		const char *mark = strstr(format, "%s");
		size_t size = strlen(format) + json_string_length(value);

		text = malloc(size);
		snprintf(text, size, "%.*s%s%s", (int) (mark - format), format, json_string_value(value),
				 mark + 2);
	}
	copy = json_string(text);
	free(text);
	return copy;
}

static size_t
assert_no_secret(const Parser *parser, const BarmanOutput *output, const char *server,
				 const char *path)
{
	BarmanFailure failure = {0};
	json_t *value = parser->parse(output, server, &failure);
	char *dump = value ? json_dumps(value, 0) : NULL;

	if ((dump && strstr(dump, SECRET)) || (failure.message && strstr(failure.message, SECRET)) ||
		(failure.detail && strstr(failure.detail, SECRET)) ||
		(failure.hint && strstr(failure.hint, SECRET)))
		fail_msg("%s: the parser of %s gives the secret away: %s", path, parser->name,
				 dump ? dump : failure.detail);
	free(dump);
	json_decref(value);
	barman_failure_clear(&failure);
	return 1;
}

static void
plant_and_parse(Fixture *fixture, void *context)
{
	json_t *document = barman_document(&fixture->output);
	size_t *count = context;

	/* what a thousand file names hold, one holds */
	if (fixture->output.out_length > 40000)
	{
		json_decref(document);
		return;
	}
	for (size_t i = 0; i < sizeof(plants) / sizeof(plants[0]); i++)
	{
		json_t *planted = document ? plant(document, plants[i]) : NULL;
		BarmanOutput output = fixture->output;
		char *out = NULL;
		char *err = NULL;

		/* keep the ids, so that the parsers get as far as they can */
		if (planted != NULL)
		{
			const char *keep[] = {"backup_id", "server_name", "status"};

			for (size_t k = 0; k < 3; k++)
			{
				json_t *data = json_object_get(planted, fixture->server);
				json_t *old = json_object_get(document, fixture->server);

				if (json_object_get(document, keep[k]))
					json_object_set(planted, keep[k], json_object_get(document, keep[k]));
				if (json_object_get(old, keep[k]))
					json_object_set(data, keep[k], json_object_get(old, keep[k]));
				for (size_t j = 0; j < json_array_size(old); j++)
				{
					if (json_object_get(json_array_get(old, j), keep[k]))
						json_object_set(json_array_get(data, j), keep[k],
										json_object_get(json_array_get(old, j), keep[k]));
				}
			}
			out = json_dumps(planted, 0);
			output.out = out;
			output.out_length = strlen(out);
		}
		if (fixture->output.err_length > 0)
		{
			json_t *text = json_stringn(fixture->output.err, fixture->output.err_length);
			json_t *planted_text = plant(text, plants[i]);

			err = strdup(json_string_value(planted_text));
			output.err = err;
			output.err_length = strlen(err);
			json_decref(text);
			json_decref(planted_text);
		}
		for (const Parser *parser = parsers; parser->name; parser++)
			*count += assert_no_secret(parser, &output, fixture->server, fixture->path);
		json_decref(planted);
		free(out);
		free(err);
	}
	json_decref(document);
}

static void
no_planted_secret_comes_through(void **state)
{
	size_t count = 0;

	(void) state;
	for_each_fixture(plant_and_parse, &count);
	print_message("%zu outputs with a planted secret\n", count);
}

/* jansson out of memory after so many allocations */
static long allocations_left;

static void *
failing_malloc(size_t size)
{
	return allocations_left-- > 0 ? malloc(size) : NULL;
}

static void
memory_runs_out_silently(void **state)
{
	(void) state;
	for (int budget = 0; budget < 30; budget++)
	{
		json_t *value = json_loads("{\"conninfo\":\"password=" SECRET "\",\"password\":\"" SECRET
								   "\"}",
								   0, NULL);
		char *dump;

		allocations_left = budget;
		json_set_alloc_funcs(failing_malloc, free);
		barman_redact(value);
		json_set_alloc_funcs(malloc, free);
		dump = json_dumps(value, 0);
		assert_null(strstr(dump, SECRET));
		free(dump);
		json_decref(value);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connection_strings),
		cmocka_unit_test(options_of_commands),
		cmocka_unit_test(headers_and_addresses),
		cmocka_unit_test(keys_and_password_files),
		cmocka_unit_test(uris),
		cmocka_unit_test(quoted_in_other_texts),
		cmocka_unit_test(complaints_of_libpq),
		cmocka_unit_test(secret_keys),
		cmocka_unit_test(no_planted_secret_comes_through),
		cmocka_unit_test(memory_runs_out_silently),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
