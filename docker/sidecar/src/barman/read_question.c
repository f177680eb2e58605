/*
 * read_question.c
 *
 * Runs a reading command of Barman's and parses what it prints.
 */
#include "barman/read_question.h"

#include "barman/command.h"
#include "base/memory.h"
#include "base/settings.h"

static void run(const Question *question, RunControl *control, RunResult *result);

const Question diagnose_question = {
	.arguments = {"diagnose"},
	.console = true,
	.parse_whole = barman_parse_diagnose,
};

Answer *
question_finish(json_t *value, const char *key, BarmanFailure *failure)
{
	if (value == NULL)
		return answer_failure(failure);
	if (key != NULL)
	{
		json_t *envelope = json_checked(json_object());

		json_object_set_new(envelope, key, value);
		value = envelope;
	}
	return answer_json(200, value);
}

json_t *
question_ask(const Question *question, RunControl *control, BarmanFailure *failure)
{
	RunResult result;
	json_t *value = NULL;

	run(question, control, &result);
	if (barman_run_succeeded(&result, question->arguments[0], failure))
	{
		BarmanOutput output = runner_output(&result);

		value = question->parse_server != NULL
					? question->parse_server(&output, question->server, failure)
					: question->parse_whole(&output, failure);
	}
	runner_free(&result);
	return value;
}

char *
question_text(const Question *question, RunControl *control)
{
	RunResult result;
	char *text = NULL;

	run(question, control, &result);
	if (result.outcome == RUN_EXITED && result.exit_code == 0)
		text = mem_strndup(result.out, result.out_length);
	runner_free(&result);
	return text;
}

char *
question_document_of(const char *server, const json_t *value)
{
	json_t *document = json_checked(json_object());
	char *text;

	json_object_set(document, server, (json_t *) value);
	text = json_dumps(document, JSON_COMPACT);
	json_decref(document);
	return text;
}

static void
run(const Question *question, RunControl *control, RunResult *result)
{
	RunRequest request = {
		.deadline_ms = settings.read_timeout * 1000,
		.grace_ms = READ_GRACE_MS,
		.control = control,
	};

	if (question->longest_ms != 0 && request.deadline_ms > question->longest_ms)
		request.deadline_ms = question->longest_ms;
	if (question->console)
		barman_run_console(&request, question->arguments, result);
	else
		barman_run(&request, question->arguments, result);
}
