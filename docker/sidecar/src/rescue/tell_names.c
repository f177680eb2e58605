/*
 * tell_names.c
 *
 * Asks a restored server what relations are called, of which WAL has told the
 * numbers alone.  Nothing that the server answers gets into another command.
 */
#include "rescue/tell_names.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"

/* Of relations: a job keeps less than a megabyte (jobs/shorten.c), and who asks again gets the others. */
#define NAMES_MAX 3000

static void write_numbers(FILE *sql, const uint32_t *numbers, size_t count);

/* As _poc.note_relations() of the extension remembers them, of a table that is there */
json_t *
rescue_names(const DrillServer *server, const RescueNames *asked, char **error)
{
	char *query = NULL;
	size_t size = 0;
	FILE *sql = open_memstream(&query, &size);
	json_t *names;

	if (sql == NULL)
		abort(); /* out of memory */
	fputs("WITH k AS (SELECT c.oid, coalesce(pg_catalog.pg_relation_filenode(c.oid), 0::pg_catalog.oid) AS file, c.relkind, n.nspname, c.relname, "
		  "CASE WHEN c.relkind IN ('r', 'p') THEN coalesce(pg_catalog.pg_partition_root(c.oid)::pg_catalog.oid, c.oid) ELSE coalesce(o.oid, i.indrelid, c.oid) END AS root, "
		  "CASE WHEN c.relispartition AND c.relkind IN ('r', 'p') THEN ARRAY(SELECT a.relid::pg_catalog.oid::pg_catalog.int8 FROM pg_catalog.pg_partition_ancestors(c.oid) AS a) "
		  "ELSE '{}'::pg_catalog.int8[] END AS ancestors "
		  "FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace "
		  "LEFT JOIN pg_catalog.pg_class AS o ON o.reltoastrelid = c.oid AND c.relkind = 't' LEFT JOIN pg_catalog.pg_index AS i ON i.indexrelid = c.oid "
		  "WHERE c.oid >= 16384::pg_catalog.oid AND c.relpersistence <> 't'), "
		  "w AS (SELECT k.oid, k.root FROM k WHERE k.oid = ANY ('{",
		  sql);
	write_numbers(sql, asked->oids, asked->oid_count);
	fputs("}'::pg_catalog.oid[]) OR k.file <> 0::pg_catalog.oid AND k.file = ANY ('{", sql);
	write_numbers(sql, asked->files, asked->file_count);
	fprintf(sql,
			"}'::pg_catalog.oid[])) SELECT pg_catalog.json_build_object("
			"'database', (SELECT d.oid::pg_catalog.int8 FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database()), "
			"'relations', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_array(x.oid::pg_catalog.int8, x.file::pg_catalog.int8, x.relkind, x.nspname, x.relname, "
			"x.root::pg_catalog.int8, x.ancestors)), '[]'::pg_catalog.json) FROM (SELECT k.* FROM k WHERE k.root IN (SELECT w.root FROM w) "
			"ORDER BY k.oid NOT IN (SELECT w.oid FROM w), k.oid LIMIT %d) AS x))",
			NAMES_MAX);
	if (fclose(sql) != 0)
		abort();
	names = drill_ask_object(server, query, "the restored server does not tell names", error);
	free(query);
	return names;
}

/* Digits and commas alone */
static void
write_numbers(FILE *sql, const uint32_t *numbers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		fprintf(sql, "%s%" PRIu32, i > 0 ? "," : "", numbers[i]);
}
