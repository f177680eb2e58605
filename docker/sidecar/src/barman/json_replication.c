/*
 * json_replication.c
 *
 * Parses the streaming clients of a server, each with its lag in bytes.
 */
#include "barman/json_inside.h"

#include <string.h>

#include "barman/lsn.h"

static json_t *one_client(const char *server, const json_t *server_lsn, const json_t *client);
static json_t *client_address(const json_t *client);
static json_t *client_port(const json_t *client);
static json_t *lag_of(const json_t *server_lsn, const json_t *client, const char *lsn_key,
					  const char *difference_key);

json_t *
barman_parse_replication(const BarmanOutput *output, const char *server, BarmanFailure *failure)
{
	static const char *const lists[] = {
		"streaming_clients",
		"hot_standby_servers",
		"wal_streamers",
	};
	json_t *document = barman_good_document(output, "replication-status", server, failure);
	const json_t *data;
	const json_t *server_lsn;
	json_t *clients;
	json_t *replication;
	bool known = false;
	bool bad = false;
	bool ok;

	if (document == NULL)
		return NULL;
	data = barman_server_data(document, server);
	server_lsn = json_object_get(data, "server_lsn");
	clients = json_array();
	ok = clients != NULL;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
	{
		const json_t *list = json_object_get(data, lists[i]);

		known = known || json_is_array(list);
		for (size_t j = 0; ok && j < json_array_size(list); j++)
		{
			const json_t *client = json_array_get(list, j);

			if (json_is_object(client))
				ok = barman_append(clients, one_client(server, server_lsn, client));
			else
				bad = true;
		}
	}
	if (!known || bad)
	{
		barman_fail(failure, BARMAN_BAD_OUTPUT, NULL, NULL,
					"barman replication-status printed no list of clients of server \"%s\"", server);
		json_decref(clients);
		json_decref(document);
		return NULL;
	}

	replication = json_object();
	ok = ok && replication != NULL &&
		 barman_put(replication, "server_lsn", barman_value_lsn(server_lsn)) &&
		 json_object_set(replication, "clients", clients) == 0;
	json_decref(clients);
	json_decref(document);
	if (!ok)
	{
		json_decref(replication);
		return barman_fail_memory(failure);
	}
	return replication;
}

static json_t *
one_client(const char *server, const json_t *server_lsn, const json_t *client)
{
	json_t *row = json_object();

	if (row == NULL || !barman_put(row, "server", json_string(server)) ||
		!barman_put(row, "name", barman_value_text(barman_get(client, "name"))) ||
		!barman_put(row, "application_name",
					barman_value_text(barman_get(client, "application_name"))) ||
		!barman_put(row, "client_addr", client_address(client)) ||
		!barman_put(row, "client_port", client_port(client)) ||
		!barman_put(row, "user_name", barman_value_text(barman_get(client, "user_name"))) ||
		!barman_put(row, "state", barman_value_word(barman_get(client, "current_state"))) ||
		!barman_put(row, "sync_state", barman_value_word(barman_get(client, "current_sync_state"))) ||
		!barman_put(row, "slot_name", barman_value_word(barman_get(client, "replication_slot"))) ||
		!barman_put(row, "pid", barman_value_bytes(barman_get(client, "wal_sender_pid"))) ||
		!barman_put(row, "started_at", barman_value_time(barman_get(client, "started_at"), NULL)) ||
		!barman_put(row, "sent_lsn", barman_value_lsn(barman_get(client, "sent_lsn"))) ||
		!barman_put(row, "write_lsn", barman_value_lsn(barman_get(client, "write_lsn"))) ||
		!barman_put(row, "flush_lsn", barman_value_lsn(barman_get(client, "flush_lsn"))) ||
		!barman_put(row, "replay_lsn", barman_value_lsn(barman_get(client, "replay_lsn"))) ||
		!barman_put(row, "sent_lag", lag_of(server_lsn, client, "sent_lsn", "sent_lsn_diff_bytes")) ||
		!barman_put(row, "write_lag",
					lag_of(server_lsn, client, "write_lsn", "write_lsn_diff_bytes")) ||
		!barman_put(row, "flush_lag",
					lag_of(server_lsn, client, "flush_lsn", "flush_lsn_diff_bytes")) ||
		!barman_put(row, "replay_lag",
					lag_of(server_lsn, client, "replay_lsn", "replay_lsn_diff_bytes")))
	{
		json_decref(row);
		return NULL;
	}
	return row;
}

/* With --minimal the key is client_addr, and "socket" stands for a missing one. */
static json_t *
client_address(const json_t *client)
{
	const json_t *address = barman_get_either(client, "ip_address", "client_addr");

	if (json_is_string(address) && strcmp(json_string_value(address), "socket") == 0)
		return json_null();
	return barman_value_word(address);
}

static json_t *
client_port(const json_t *client)
{
	json_int_t port;

	if (!barman_read_bytes(barman_get(client, "port"), &port) || port > 65535)
		return json_null();
	return json_integer(port);
}

/*
 * Bytes behind the server.  Barman prints the difference, which is negative; a
 * client may be ahead, because Barman queries it a moment after the server.
 */
static json_t *
lag_of(const json_t *server_lsn, const json_t *client, const char *lsn_key, const char *difference_key)
{
	const json_t *difference = barman_get(client, difference_key);
	const char *server_text = json_string_value(server_lsn);
	const char *client_text = json_string_value(json_object_get(client, lsn_key));
	uint64_t server_position;
	uint64_t client_position;
	uint64_t lag;

	if (json_is_integer(difference))
	{
		json_int_t bytes = json_integer_value(difference);

		if (bytes >= 0)
			return json_integer(0);
		return bytes == INT64_MIN ? json_null() : json_integer(-bytes);
	}
	if (server_text == NULL || client_text == NULL || !lsn_parse(server_text, &server_position) ||
		!lsn_parse(client_text, &client_position))
		return json_null();
	lag = server_position > client_position ? server_position - client_position : 0;
	return lag > INT64_MAX ? json_null() : json_integer((json_int_t) lag);
}
