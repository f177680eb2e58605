/*
 * table_request.c
 *
 * Frees what a rescue was asked for.
 */
#include "rescue/table_request.h"

#include <stdlib.h>

void
rescue_request_free(void *pointer)
{
	RescueRequest *request = pointer;

	restore_request_clear(&request->restore);
	free(request->database);
	free(request->superuser);
	text_list_clear(&request->superusers);
	for (size_t i = 0; i < request->table_count; i++)
		rescue_table_clear(&request->tables[i]);
	free(request->tables);
	free(request->names.oids);
	free(request->names.files);
	free(request->role);
	free(request);
}

void
rescue_table_clear(RescueTable *table)
{
	free(table->schema);
	free(table->name);
	free(table->home_schema);
	free(table->home_name);
}
