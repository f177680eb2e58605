/*
 * drill_request.c
 *
 * Frees what a drill is asked for.
 */
#include "proof/drill_request.h"

#include <stdlib.h>

static void clear_name(DrillName *name);

void
drill_request_free(void *request)
{
	DrillRequest *drill = request;

	restore_request_clear(&drill->restore);
	json_decref(drill->refused);
	free(drill->database);
	free(drill->superuser);
	text_list_clear(&drill->superusers);
	for (size_t i = 0; i < drill->table_count; i++)
	{
		clear_name(&drill->tables[i].name);
		free(drill->tables[i].hash);
	}
	free(drill->tables);
	for (size_t i = 0; i < drill->sequence_count; i++)
		clear_name(&drill->sequences[i].name);
	free(drill->sequences);
	text_list_clear(&drill->asserts);
	free(drill);
}

static void
clear_name(DrillName *name)
{
	free(name->text);
	free(name->hex);
}
