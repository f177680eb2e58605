/*
 * table_order.c
 *
 * Orders tables that come home together by what they need of each other.
 */
#include "rescue/table_order.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Why one table comes behind another */
typedef enum Reason
{
	REASON_NONE,
	REASON_FOREIGN_KEY, /* it is left out if the other is made, but counts if that is there */
	REASON_NEED
} Reason;

/* reasons[i * count + j]: why i comes behind j */
typedef struct Ordering
{
	WantedTable *tables;
	size_t count;
	Reason *reasons;
	bool *placed;
} Ordering;

static void find_needs(Ordering *ordering, size_t i);
static void find_parents(Ordering *ordering, size_t i);
static void find_references(Ordering *ordering, size_t i);
static size_t giver_of(const Ordering *ordering, const json_t *need);
static size_t with_member(const Ordering *ordering, const json_t *oid);
static void add_reason(Ordering *ordering, size_t i, size_t j, Reason reason);
static size_t next(const Ordering *ordering, Reason least);
static char *words(const Ordering *ordering);

bool
wanted_tables_order(WantedTable *tables, size_t count, char **error, const char **hint)
{
	Ordering ordering = {.tables = tables, .count = count};
	WantedTable *ordered = mem_alloc((count + 1) * sizeof(WantedTable));
	size_t n = 0;

	ordering.reasons = mem_alloc((count * count + 1) * sizeof(Reason));
	ordering.placed = mem_alloc((count + 1) * sizeof(bool));
	for (size_t i = 0; i < count; i++)
	{
		find_needs(&ordering, i);
		find_parents(&ordering, i);
		find_references(&ordering, i);
	}
	while (n < count)
	{
		size_t i = next(&ordering, REASON_FOREIGN_KEY);

		/* foreign keys in a circle: the first that can be made */
		if (i == count)
			i = next(&ordering, REASON_NEED);
		if (i == count)
			break;
		ordering.placed[i] = true;
		ordered[n++] = tables[i];
	}
	if (n < count)
	{
		*error = words(&ordering);
		*hint = "Restore an instance, and take them from there: poc_restore().";
	}
	else
		memcpy(tables, ordered, count * sizeof(WantedTable));
	free(ordered);
	free(ordering.reasons);
	free(ordering.placed);
	return n == count;
}

/* Row types and sequences that another one brings along */
static void
find_needs(Ordering *ordering, size_t i)
{
	json_t *needs = json_object_get(ordering->tables[i].found, "needs");

	for (size_t k = json_array_size(needs); k-- > 0;)
	{
		size_t j = giver_of(ordering, json_array_get(needs, k));

		/* one that is at home already has its own */
		if (j == ordering->count || ordering->tables[j].wanted.rows_only)
			continue;
		add_reason(ordering, i, j, REASON_NEED);
		json_array_remove(needs, k);
	}
}

/* It inherits at home if both are made there, or both are there. */
static void
find_parents(Ordering *ordering, size_t i)
{
	WantedTable *table = &ordering->tables[i];
	json_t *lost = json_checked(json_array());
	json_t *parent;
	size_t k;

	json_array_foreach (json_object_get(table->found, "parents"), k, parent)
	{
		size_t j = with_member(ordering, json_object_get(parent, "oid"));

		if (j < ordering->count && ordering->tables[j].wanted.rows_only == table->wanted.rows_only)
			add_reason(ordering, i, j, REASON_NEED);
		else
			json_array_append(lost, parent);
	}
	json_object_set_new(table->found, "no_inherit", lost);
}

static void
find_references(Ordering *ordering, size_t i)
{
	const json_t *key;
	size_t k;

	json_array_foreach (json_object_get(ordering->tables[i].found, "foreign_keys"), k, key)
	{
		size_t j = with_member(ordering, json_object_get(key, "references"));

		if (j < ordering->count)
			add_reason(ordering, i, j, REASON_FOREIGN_KEY);
	}
}

/* Which of the tables brings it along; their number if none does */
static size_t
giver_of(const Ordering *ordering, const json_t *need)
{
	const json_t *one;
	size_t k;

	for (size_t j = 0; j < ordering->count; j++)
	{
		json_array_foreach (json_object_get(ordering->tables[j].found, "gives"), k, one)
		{
			if (json_equal(json_object_get(one, "oid"), json_object_get(need, "oid")) &&
				json_equal(json_object_get(one, "kind"), json_object_get(need, "kind")))
				return j;
		}
	}
	return ordering->count;
}

/* Which of the tables it is, or is a partition of; their number if none */
static size_t
with_member(const Ordering *ordering, const json_t *oid)
{
	const json_t *one;
	size_t k;

	for (size_t j = 0; j < ordering->count; j++)
	{
		json_array_foreach (json_object_get(ordering->tables[j].found, "tables"), k, one)
		{
			if (oid != NULL && json_equal(json_object_get(one, "oid"), oid))
				return j;
		}
	}
	return ordering->count;
}

static void
add_reason(Ordering *ordering, size_t i, size_t j, Reason reason)
{
	Reason *now = &ordering->reasons[i * ordering->count + j];

	if (i != j && *now < reason)
		*now = reason;
}

/* The first that waits for no other, by reasons of that weight or more; their number if all do */
static size_t
next(const Ordering *ordering, Reason least)
{
	for (size_t i = 0; i < ordering->count; i++)
	{
		bool waits = ordering->placed[i];

		for (size_t j = 0; !waits && j < ordering->count; j++)
			waits = !ordering->placed[j] && ordering->reasons[i * ordering->count + j] >= least;
		if (!waits)
			return i;
	}
	return ordering->count;
}

/* malloc'd; one of those that are left, and one for which it waits */
static char *
words(const Ordering *ordering)
{
	for (size_t i = 0; i < ordering->count; i++)
	{
		for (size_t j = 0; !ordering->placed[i] && j < ordering->count; j++)
		{
			const json_t *one = ordering->tables[i].found;
			const json_t *other = ordering->tables[j].found;

			if (!ordering->placed[j] && ordering->reasons[i * ordering->count + j] == REASON_NEED)
				return mem_printf("none of tables %s.%s and %s.%s can be made before the other: each needs a sequence or the row type of the other, or of one that does",
								  json_text_of(one, "schema"), json_text_of(one, "name"),
								  json_text_of(other, "schema"), json_text_of(other, "name"));
		}
	}
	return mem_strdup("the tables need each other");
}
