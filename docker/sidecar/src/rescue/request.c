/*
 * request.c
 *
 * Frees what a rescue was asked for.
 */
#include "rescue/request.h"

#include <stdlib.h>

void
rescue_request_free(void *pointer)
{
	RescueRequest *request = pointer;

	restore_request_clear(&request->restore);
	free(request->database);
	free(request->superuser);
	text_list_clear(&request->superusers);
	free(request->schema);
	free(request->name);
	free(request->role);
	free(request->home_schema);
	free(request->home_name);
	free(request);
}
