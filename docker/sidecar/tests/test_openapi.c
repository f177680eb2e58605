/*
 * test_openapi.c
 *
 * openapi.yaml describes every address that the sidecar answers, and no other.
 */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MAX_ADDRESSES 100

typedef struct Addresses
{
	char text[MAX_ADDRESSES][160]; /* as "GET /v1/jobs" */
	char scope[MAX_ADDRESSES][16]; /* as "read" */
	int count;
} Addresses;

static void
add(Addresses *addresses, const char *method, const char *path)
{
	assert_true(addresses->count < MAX_ADDRESSES);
	snprintf(addresses->text[addresses->count++], sizeof(addresses->text[0]), "%s %s", method, path);
}

/* -1: it is not there */
static int
place_of(const Addresses *addresses, const char *text)
{
	for (int i = 0; i < addresses->count; i++)
	{
		if (strcmp(addresses->text[i], text) == 0)
			return i;
	}
	return -1;
}

/* Lines such as {"GET", {"v1", "jobs", "*"}, get_job}, of the table of routes */
static void
read_routes(Addresses *addresses)
{
	FILE *file = fopen("src/api/routes.c", "r");
	char line[512];

	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL)
	{
		char method[16];
		char path[140] = "";
		char *p = strstr(line, "\", {\"");

		if (p == NULL || sscanf(line, " {\"%15[A-Z]\"", method) != 1)
			continue;
		for (p += 3; *p == '{' || *p == ' ' || *p == ',';)
		{
			char segment[64] = "";

			p += strspn(p, "{ ,");
			/* the address "/" has one segment, and nothing in it */
			if (strncmp(p, "\"\"", 2) != 0 && sscanf(p, "\"%63[^\"]\"", segment) != 1)
				break;
			strncat(path, "/", sizeof(path) - strlen(path) - 1);
			strncat(path, segment, sizeof(path) - strlen(path) - 1);
			p += strlen(segment) + 2;
		}
		add(addresses, method, path);
		p = strstr(line, "SCOPE_");
		assert_non_null(p);
		for (int i = 0; p[6 + i] != ',' && i < 15; i++)
			addresses->scope[addresses->count - 1][i] = (char) tolower((unsigned char) p[6 + i]);
	}
	fclose(file);
}

/* Lines "  /v1/jobs/{id}:" and, below each, "    get:" */
static void
read_description(Addresses *addresses)
{
	FILE *file = fopen("openapi.yaml", "r");
	char line[2048];
	char path[140] = "";

	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL)
	{
		char method[16];
		int end = 0;

		if (strncmp(line, "  /", 3) == 0)
		{
			size_t length = 0;

			/* whatever a parameter is called, it is any one segment */
			for (const char *p = line + 2; *p != ':' && *p != '\n'; p++)
			{
				if (*p == '{')
				{
					path[length++] = '*';
					p = strchr(p, '}');
					assert_non_null(p);
				}
				else
					path[length++] = *p;
			}
			path[length] = '\0';
		}
		else if (line[0] != ' ')
			path[0] = '\0';
		else if (path[0] != '\0' && sscanf(line, "    %15[a-z]:%n", method, &end) == 1 && end > 0 &&
				 line[4] != ' ' && strcmp(method, "parameters") != 0)
		{
			for (char *p = method; *p != '\0'; p++)
				*p = (char) (*p - 'a' + 'A');
			add(addresses, method, path);
		}
		else if (path[0] != '\0' && addresses->count > 0)
			sscanf(line, "      x-scope: %15s", addresses->scope[addresses->count - 1]);
	}
	fclose(file);
}

static void
routes_and_description_agree(void **state)
{
	Addresses *routes = calloc(1, sizeof(Addresses));
	Addresses *described = calloc(1, sizeof(Addresses));

	(void) state;
	read_routes(routes);
	read_description(described);
	assert_true(routes->count >= 16);
	for (int i = 0; i < routes->count; i++)
	{
		int there = place_of(described, routes->text[i]);

		if (there < 0)
			fail_msg("openapi.yaml does not describe %s", routes->text[i]);
		if (strcmp(routes->scope[i], described->scope[there]) != 0)
			fail_msg("%s has the scope %s, and in openapi.yaml \"%s\"", routes->text[i],
					 routes->scope[i], described->scope[there]);
	}
	for (int i = 0; i < described->count; i++)
	{
		if (place_of(routes, described->text[i]) < 0)
			fail_msg("openapi.yaml describes %s, which is not there", described->text[i]);
	}
	free(routes);
	free(described);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(routes_and_description_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
