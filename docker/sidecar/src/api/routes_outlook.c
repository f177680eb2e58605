/*
 * routes_outlook.c
 *
 * What can be restored: asks for what is listed and recorded.  Starts nothing.
 */
#include "api/routes_outlook.h"

#include "api/routes_name.h"
#include "api/waiting.h"
#include "barman/catalogue.h"
#include "base/memory.h"

static Answer *read_windows(Request *request);

Answer *
get_windows(Request *request)
{
	Answer *refusal;

	if (!route_server_exists(request, &refusal))
		return refusal;
	return read_windows(request);
}

/* The windows are made of what the two reads before have brought. */
static Answer *
read_windows(Request *request)
{
	const char *server = request->segments[SEGMENT_SERVER];
	json_t *facts = catalogue_facts(server);
	bool is_told = json_object_get(facts, "retention_policy") != NULL;
	Answer *answer;

	json_decref(facts);
	if (!is_told)
	{
		answer = route_read(request, READ_DIRECTORIES, server, "");
		if (answer == NULL || (answer->status != 200 && !catalogue_known(server)))
			return answer;
		answer_release(answer);
	}
	answer = route_read(request, READ_BACKUPS, server, "");
	if (answer == NULL || answer->status != 200)
		return answer;
	answer_release(answer);
	return route_read(request, READ_WINDOWS, server, "");
}
