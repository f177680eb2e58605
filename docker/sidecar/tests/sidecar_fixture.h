/*
 * sidecar_fixture.h
 *
 * The program, started over tests/fake_barman, and requests to it: for the
 * tests that meet it as its callers and its operator do.
 */
#ifndef SIDECAR_FIXTURE_H
#define SIDECAR_FIXTURE_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <curl/curl.h>
#include <jansson.h>

#include "base/memory.h"
#include "base/timestamp.h"
#include "patience.h"

#define TOKEN "s3cret-token"

typedef struct Response
{
	long status;
	json_t *value; /* NULL if the body is no JSON */
	char *body;
	size_t length;
	char *headers;
	double seconds;
} Response;

static char home[64]; /* all of a test's files */
static char copies[64];
static char program[128]; /* copies that an unprivileged user can run */
static char barman[128];
static pid_t sidecar;
static int port;
static CURL *curl;

/* ---- files ---- */

static inline char *
path_of(const char *name)
{
	static char paths[4][256];
	static int next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", home, name);
	return path;
}

static inline void
write_file(const char *name, const char *text)
{
	FILE *file = fopen(path_of(name), "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static inline char *
read_text(const char *name)
{
	static char text[65536];
	FILE *file = fopen(path_of(name), "r");
	size_t length = 0;

	if (file != NULL)
	{
		length = fread(text, 1, sizeof(text) - 1, file);
		fclose(file);
	}
	text[length] = '\0';
	return text;
}

static inline int
count_of(const char *text, const char *word)
{
	int count = 0;

	while ((text = strstr(text, word)) != NULL)
	{
		count++;
		text += strlen(word);
	}
	return count;
}

/* How often Barman was called with this in its arguments */
static inline int
calls_of(const char *words)
{
	return count_of(read_text("calls"), words);
}

static inline void
shell(const char *format, ...)
{
	va_list args;
	char *command;

	va_start(args, format);
	command = mem_vprintf(format, args);
	va_end(args);
	assert_int_equal(system(command), 0);
	free(command);
}

/* Of a process, in ticks of the clock */
static inline long
processor_time(pid_t process)
{
	char *path = mem_printf("/proc/%d/stat", (int) process);
	FILE *file = fopen(path, "r");
	long user = 0;
	long kernel = 0;

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld",
							&user, &kernel),
					 2);
	fclose(file);
	free(path);
	return user + kernel;
}

static inline bool
wait_until_gone(pid_t pid)
{
	int64_t began = monotonic_ms();

	do
	{
		char state = 'X';
		char *text = mem_printf("/proc/%d/stat", (int) pid);
		FILE *file = fopen(text, "r");

		free(text);
		if (file == NULL)
			return true;
		if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
			state = 'X';
		fclose(file);
		if (state == 'Z' || state == 'X')
			return true;
	} while (look_again(began));
	return false;
}

/* ---- the sidecar ---- */

static inline void
start_as(const char *const *extra, bool with_token)
{
	const char *argv[32] = {program, "--listen=127.0.0.1:0", "--cron-interval=0",
							"--max-backups-per-hour=0",
							/* a scrape changes nothing that a test counts */
							"--metrics-interval=0", "--history-interval=0"};
	int n = 6;
	char state_dir[128];
	char token_file[128];
	char barman_option[160];

	snprintf(state_dir, sizeof(state_dir), "--state-dir=%s/state", home);
	snprintf(token_file, sizeof(token_file), "--token-file=%s/token", home);
	snprintf(barman_option, sizeof(barman_option), "--barman=%s", barman);
	argv[n++] = state_dir;
	if (with_token)
		argv[n++] = token_file;
	argv[n++] = barman_option;
	argv[n++] = "--log-level=debug";
	for (int i = 0; extra != NULL && extra[i] != NULL; i++)
		argv[n++] = extra[i];
	argv[n] = NULL;

	unlink(path_of("log"));
	sidecar = fork();
	if (sidecar == 0)
	{
		int log = open(path_of("log"), O_WRONLY | O_CREAT | O_APPEND, 0600);

		/* whoever waits for the end of our output does not wait for a sidecar that we left behind */
		dup2(log, STDOUT_FILENO);
		dup2(log, STDERR_FILENO);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setenv("FAKE_BARMAN", home, 1);
		execv(program, (char **) (uintptr_t) argv);
		_exit(127);
	}
	port = 0;
	for (int i = 0; i < 3000 && port == 0; i++)
	{
		const char *text = read_text("log");
		const char *address = strstr(text, "msg=\"listening\" address=");
		const char *end = address != NULL ? strstr(address, " tls=") : NULL;

		if (end != NULL)
			port = atoi((const char *) memrchr(address, ':', (size_t) (end - address)) + 1);
		else
			usleep(10000);
		if (waitpid(sidecar, NULL, WNOHANG) == sidecar)
			break;
	}
	if (port == 0)
		fail_msg("the sidecar did not start: %s", read_text("log"));
}

static inline void
start_with(const char *const *extra)
{
	start_as(extra, true);
}

static inline void
start(void)
{
	start_with(NULL);
}

/* SIGTERM; the exit status */
static inline int
terminate(void)
{
	int status = -1;

	if (sidecar == 0)
		return 0;
	kill(sidecar, SIGTERM);
	waitpid(sidecar, &status, 0);
	sidecar = 0;
	return status;
}

static inline void
crash(void)
{
	kill(sidecar, SIGKILL);
	waitpid(sidecar, NULL, 0);
	sidecar = 0;
}

static inline int
set_up(void **state)
{
	(void) state;
	strcpy(home, "/tmp/sidecar-http-XXXXXX");
	if (mkdtemp(home) == NULL)
		return 1;
	write_file("token", TOKEN "\n");
	chmod(path_of("token"), 0600);
	write_file("calls", "");
	curl = curl_easy_init();
	return 0;
}

static inline int
tear_down(void **state)
{
	int status;

	(void) state;
	curl_easy_cleanup(curl);
	/* a sanitizer that found something would not exit 0 */
	status = terminate();
	if (getenv("KEEP_LOG") != NULL)
		shell("cp %s/log /tmp/sidecar-test.log", home);
	shell("rm -rf %s", home);
	return status;
}

/* ---- requests ---- */

static inline size_t
keep(char *data, size_t size, size_t count, void *into)
{
	Response *response = into;

	response->body = mem_realloc(response->body, response->length + size * count + 1);
	memcpy(response->body + response->length, data, size * count);
	response->length += size * count;
	response->body[response->length] = '\0';
	return size * count;
}

static inline size_t
keep_header(char *data, size_t size, size_t count, void *into)
{
	Response *response = into;
	char *longer = mem_printf("%s%.*s", response->headers ? response->headers : "",
							  (int) (size * count), data);

	free(response->headers);
	response->headers = longer;
	return size * count;
}

static inline struct curl_slist *
prepare(CURL *handle, Response *response, const char *method, const char *path, const char *body,
		const char *token)
{
	struct curl_slist *headers = NULL;
	char *url = mem_printf("http://127.0.0.1:%d%s", port, path);
	char *authorization = mem_printf("Authorization: Bearer %s", token ? token : "");

	memset(response, 0, sizeof(*response));
	curl_easy_reset(handle);
	curl_easy_setopt(handle, CURLOPT_URL, url);
	curl_easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, (long) PATIENCE_MS);
	curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, keep);
	curl_easy_setopt(handle, CURLOPT_WRITEDATA, response);
	curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, keep_header);
	curl_easy_setopt(handle, CURLOPT_HEADERDATA, response);
	if (token != NULL)
		headers = curl_slist_append(headers, authorization);
	headers = curl_slist_append(headers, "Content-Type: application/json");
	headers = curl_slist_append(headers, "Expect:");
	if (strcmp(method, "HEAD") == 0)
		curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
	else if (strcmp(method, "GET") != 0)
	{
		curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, method);
		/* with the size, libcurl takes more than 8 MB */
		curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE, body ? (long) strlen(body) : 0L);
		curl_easy_setopt(handle, CURLOPT_COPYPOSTFIELDS, body ? body : "");
	}
	curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
	free(url);
	free(authorization);
	return headers;
}

static inline void
finish(CURL *handle, Response *response)
{
	curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &response->status);
	curl_easy_getinfo(handle, CURLINFO_TOTAL_TIME, &response->seconds);
	if (response->body != NULL)
		response->value = json_loads(response->body, 0, NULL);
}

static inline Response
request_as(const char *token, const char *method, const char *path, const char *body)
{
	Response response;
	struct curl_slist *headers = prepare(curl, &response, method, path, body, token);

	curl_easy_perform(curl);
	finish(curl, &response);
	curl_slist_free_all(headers);
	return response;
}

static inline void
release(Response *response)
{
	json_decref(response->value);
	free(response->body);
	free(response->headers);
	memset(response, 0, sizeof(*response));
}

static inline Response
get(const char *path)
{
	return request_as(TOKEN, "GET", path, NULL);
}

static inline Response
post(const char *path, const char *body)
{
	return request_as(TOKEN, "POST", path, body);
}

static inline const char *
text_in(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "";
}

/* The request must fail like this, in our one shape of errors. */
static inline void
expect_error(const char *method, const char *path, const char *body, long status, const char *code)
{
	Response response = request_as(TOKEN, method, path, body);
	json_t *error = json_object_get(response.value, "error");

	if (response.status != status || strcmp(text_in(error, "code"), code) != 0)
		fail_msg("%s %s %.200s: %ld %s", method, path, body ? body : "", response.status,
				 response.body ? response.body : "");
	assert_true(json_is_string(json_object_get(error, "message")));
	assert_non_null(json_object_get(error, "detail"));
	assert_non_null(json_object_get(error, "hint"));
	assert_non_null(strstr(response.headers, "Content-Type: application/json"));
	release(&response);
}

/* POST that must be accepted; the job's id, to be freed */
static inline char *
submit(const char *path, const char *body)
{
	Response response = post(path, body);
	char *id;
	char *location;

	if (response.status != 202)
		fail_msg("POST %s: %ld %s", path, response.status, response.body);
	id = mem_strdup(text_in(json_object_get(response.value, "job"), "id"));
	location = mem_printf("Location: /v1/jobs/%s\r\n", id);
	assert_non_null(strstr(response.headers, location));
	free(location);
	release(&response);
	return id;
}

/* Follow a job to its end; the last answer's job */
static inline json_t *
follow(const char *id)
{
	int64_t until = monotonic_ms() + PATIENCE_MS;
	json_int_t after = 0;

	while (monotonic_ms() < until)
	{
		char *path = mem_printf("/v1/jobs/%s?after=%lld&wait=5", id, (long long) after);
		Response response = get(path);
		json_t *job = json_object_get(response.value, "job");
		json_t *log = json_object_get(response.value, "log");
		const char *state = text_in(job, "state");
		json_t *line;
		size_t i;

		free(path);
		assert_int_equal(response.status, 200);
		json_array_foreach (log, i, line)
		{
			/* numbered without a gap, whatever the moment we ask */
			assert_int_equal(json_integer_value(json_object_get(line, "n")), after + 1);
			after++;
		}
		if (strcmp(state, "running") != 0 && strcmp(state, "queued") != 0 &&
			!json_is_true(json_object_get(response.value, "more")))
		{
			job = json_incref(job);
			assert_int_equal(json_integer_value(json_object_get(job, "log_lines")), after);
			release(&response);
			return job;
		}
		release(&response);
	}
	fail_msg("job %s does not end", id);
	return NULL;
}

static inline void
wait_for_phase(const char *id, const char *phase)
{
	int64_t began = monotonic_ms();

	do
	{
		char *path = mem_printf("/v1/jobs/%s", id);
		Response response = get(path);
		bool reached = strcmp(text_in(json_object_get(response.value, "job"), "phase"), phase) == 0;

		free(path);
		release(&response);
		if (reached)
			return;
	} while (look_again(began));
	fail_msg("job %s does not come to the phase %s: %s", id, phase, read_text("log"));
}

/* Lets the requests go on for a while: how many are under way then? */
static inline int
let_run(CURLM *multi, int rounds)
{
	int running = 0;

	for (int i = 0; i < rounds; i++)
	{
		curl_multi_perform(multi, &running);
		curl_multi_poll(multi, NULL, 0, 20, NULL);
	}
	return running;
}

static inline void
let_end(CURLM *multi)
{
	int running = 1;

	while (running > 0)
	{
		curl_multi_perform(multi, &running);
		curl_multi_poll(multi, NULL, 0, 200, NULL);
	}
}

/* Several GETs at once; each response is given to check */
static inline void
get_together(const char *path, int count, void (*check)(Response *response))
{
	CURLM *multi = curl_multi_init();
	CURL *handles[64];
	Response responses[64];
	struct curl_slist *headers[64];

	for (int i = 0; i < count; i++)
	{
		handles[i] = curl_easy_init();
		headers[i] = prepare(handles[i], &responses[i], "GET", path, NULL, TOKEN);
		curl_multi_add_handle(multi, handles[i]);
	}
	let_end(multi);
	for (int i = 0; i < count; i++)
	{
		finish(handles[i], &responses[i]);
		check(&responses[i]);
		release(&responses[i]);
		curl_multi_remove_handle(multi, handles[i]);
		curl_easy_cleanup(handles[i]);
		curl_slist_free_all(headers[i]);
	}
	curl_multi_cleanup(multi);
}

/* The sidecar counts them itself: nobody else may look. */
static inline int
descriptors(void)
{
	static const char name[] = "\nprocess_open_fds ";
	Response response = get("/metrics");
	const char *found = response.body != NULL ? strstr(response.body, name) : NULL;
	int count = found != NULL ? atoi(found + strlen(name)) : -1;

	assert_true(count > 3);
	release(&response);
	return count;
}

#define HTTP_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* With an argument, only the tests whose names match it: tests/test_http '*cancel*' */
#define RUN_HTTP_TESTS(argc, argv, tests)                             \
	(prepare_programs((argc) > 1 ? (argv)[1] : NULL)                  \
		 ? remove_programs(cmocka_run_group_tests(tests, NULL, NULL)) \
		 : 1)

/* The sidecar refuses to be root, and others may not see our checkout. */
static inline bool
prepare_programs(const char *filter)
{
	strcpy(copies, "/tmp/sidecar-programs-XXXXXX");
	if (mkdtemp(copies) == NULL)
		return false;
	snprintf(program, sizeof(program), "%s/barman-sidecar", copies);
	snprintf(barman, sizeof(barman), "%s/barman", copies);
	chmod(copies, 0755);
	shell("cp barman-sidecar %s && cp tests/fake_barman %s", program, barman);
	if (geteuid() == 0)
	{
		shell("chown -R 65534:65534 %s", copies);
		if (setgid(65534) != 0 || setuid(65534) != 0)
			return false;
	}
	if (filter != NULL)
		cmocka_set_test_filter(filter);
	curl_global_init(CURL_GLOBAL_ALL);
	return true;
}

static inline int
remove_programs(int failed)
{
	curl_global_cleanup();
	shell("rm -rf %s", copies);
	return failed;
}

#endif /* SIDECAR_FIXTURE_H */
