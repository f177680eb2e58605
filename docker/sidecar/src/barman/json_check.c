/*
 * json_check.c
 *
 * Parses a server's check and its status: tables of name and outcome.
 *
 * The set of names differs by version, configuration and whether PostgreSQL is
 * up; so they are rows, and none is required.
 */
#include "barman/json_inside.h"

#include <string.h>

typedef json_t *(*RowMaker)(const char *server, const char *key, const json_t *entry);

static json_t *rows_of(const json_t *data, const char *server, RowMaker maker, bool *bad);
static json_t *check_row(const char *server, const char *key, const json_t *entry);
static json_t *status_row(const char *server, const char *key, const json_t *entry);

/* Exit code 1 means that a check failed; the rows name it. */
json_t *
barman_parse_check(const BarmanOutput *output, const char *server, BarmanFailure *failure)
{
	json_t *document = barman_redacted_document(output);
	const json_t *data = document ? barman_server_data(document, server) : NULL;
	json_t *checks = NULL;
	bool bad = json_object_size(data) == 0;

	/* An error message among the rows means that Barman stopped half way. */
	if (bad || (output->exit_code != 0 && output->exit_code != 1) ||
		barman_document_has_errors(document))
	{
		barman_fail_run(output, document, "check", server, failure);
		json_decref(document);
		return NULL;
	}
	checks = rows_of(data, server, check_row, &bad);
	json_decref(document);
	if (bad)
		return barman_fail(failure, BARMAN_BAD_OUTPUT, NULL, NULL,
						   "barman check printed a check without an outcome");
	return checks ? checks : barman_fail_memory(failure);
}

json_t *
barman_parse_status(const BarmanOutput *output, const char *server, BarmanFailure *failure)
{
	json_t *document = barman_good_document(output, "status", server, failure);
	json_t *status;
	bool bad = false;

	if (document == NULL)
		return NULL;
	status = rows_of(barman_server_data(document, server), server, status_row, &bad);
	json_decref(document);
	if (bad)
		return barman_fail(failure, BARMAN_BAD_OUTPUT, NULL, NULL,
						   "barman status printed a line that is none");
	return status ? status : barman_fail_memory(failure);
}

/* NULL: with bad set, the data are malformed; otherwise out of memory */
static json_t *
rows_of(const json_t *data, const char *server, RowMaker maker, bool *bad)
{
	json_t *rows = json_array();
	const char *key;
	json_t *entry;
	bool ok = rows != NULL;

	*bad = !json_is_object(data);
	json_object_foreach ((json_t *) data, key, entry)
	{
		if (!json_is_object(entry))
			*bad = true;
		else if (ok)
			ok = barman_append(rows, maker(server, key, entry));
	}
	if (!ok || *bad)
	{
		json_decref(rows);
		return NULL;
	}
	return rows;
}

static json_t *
check_row(const char *server, const char *key, const json_t *entry)
{
	const char *status = json_string_value(json_object_get(entry, "status"));
	json_t *row = json_object();

	if (row == NULL || !barman_put(row, "server", json_string(server)) ||
		!barman_put(row, "check_name", json_string(key)) ||
		!barman_put(row, "ok", json_boolean(status && strcmp(status, "OK") == 0)) ||
		!barman_put(row, "hint", barman_value_text(json_object_get(entry, "hint"))))
	{
		json_decref(row);
		return NULL;
	}
	return row;
}

static json_t *
status_row(const char *server, const char *key, const json_t *entry)
{
	json_t *row = json_object();

	if (row == NULL || !barman_put(row, "server", json_string(server)) ||
		!barman_put(row, "key", json_string(key)) ||
		!barman_put(row, "description", barman_value_text(json_object_get(entry, "description"))) ||
		!barman_put(row, "value", barman_value_text(json_object_get(entry, "message"))))
	{
		json_decref(row);
		return NULL;
	}
	return row;
}
