/*
 * client.h
 *
 * Asks a running sidecar, within a deadline.
 */
#ifndef PLUGIN_CLIENT_H
#define PLUGIN_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

typedef struct Client Client;

/*
 * url: http://, https:// or unix:/path; ca_file and token_file may be NULL.
 * NULL: *cause has the malloc'd reason.
 */
extern Client *client_open(const char *url, const char *ca_file, const char *token_file,
						   int64_t deadline, char **cause);
extern void client_close(Client *client);

/* GET, with an answer of status 200; NULL: *cause has the malloc'd reason. */
extern json_t *client_get(Client *client, const char *path, char **cause);

/* The same for what a server has, whose name may hold any character */
extern json_t *client_get_of_server(Client *client, const char *server, const char *what,
									char **cause);

#endif /* PLUGIN_CLIENT_H */
