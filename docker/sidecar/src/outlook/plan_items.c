/*
 * plan_items.c
 *
 * Collects what was examined for a restore, each with its judgement.
 */
#include "outlook/plan_items.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/memory.h"

void
plan_item(json_t *items, const char *item, PlanJudgement judgement, const char *finding,
		  const char *remedy)
{
	json_array_append_new(items, json_checked(json_pack("{s:s, s:o, s:o, s:o}", "item", item, "ok",
														judgement == PLAN_UNKNOWN
															? json_null()
															: json_boolean(judgement == PLAN_GOOD),
														"finding", json_text(finding), "remedy",
														json_text(remedy))));
}

void
plan_refused(json_t *items, const char *item, const json_t *error)
{
	const char *message = json_text_of(error, "message");
	const char *detail = json_text_of(error, "detail");
	char *finding = detail != NULL ? mem_printf("%s: %s", message, detail) : mem_strdup(message);

	plan_item(items, item, PLAN_BAD, finding, json_text_of(error, "hint"));
	free(finding);
}

json_t *
plan_verdict(const json_t *items)
{
	bool is_known = true;
	const json_t *one;
	size_t i;

	json_array_foreach (items, i, one)
	{
		const json_t *ok = json_object_get(one, "ok");

		if (json_is_false(ok))
			return json_false();
		is_known = is_known && json_is_true(ok);
	}
	return is_known ? json_true() : json_null();
}
