/*
 * superuser.c
 *
 * Finds a superuser of a restored server whose roles are not known.
 */
#include "proof/superuser.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/*
 * The copy has the roles of the moment to which it was restored, and perhaps
 * of another server than the caller's.  Returns the first given role that is a
 * superuser there; if none is, the first, whose error then shows why.
 */
const char *
drill_superuser(const DrillServer *server, const TextList *others)
{
	const char *name = server->superuser;
	bool found = false;

	for (size_t i = 0; !found && i <= others->count && !job_cancelled(server->job); i++)
	{
		char *query = mem_strdup("SELECT pg_catalog.current_setting('is_superuser'::pg_catalog.text)");
		DrillAnswer answer = {NULL, NULL};

		name = i == 0 ? server->superuser : others->texts[i - 1];
		drill_ask(server, name, DRILL_QUICK_MS, &query, 1, &answer);
		if (answer.error == NULL)
			found = strcmp(answer.output, "on") == 0;
		else
			/* an error that is not about the role is the same for all */
			found = strstr(answer.error, "FATAL:") == NULL ||
					(strstr(answer.error, "role \"") == NULL &&
					 strstr(answer.error, "permission denied to set parameter") == NULL);
		drill_answer_free(&answer);
		free(query);
	}
	return found ? name : server->superuser;
}
