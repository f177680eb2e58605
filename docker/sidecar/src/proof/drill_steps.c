/*
 * drill_steps.c
 *
 * The steps of a drill, as in its result.
 */
#include "proof/drill_steps.h"

#include "base/memory.h"

json_t *
drill_result(void)
{
	json_t *result = json_checked(json_object());

	json_object_set_new(result, "steps", json_checked(json_array()));
	json_object_set_new(result, "tables", json_integer(0));
	json_object_set_new(result, "rows", json_integer(0));
	json_object_set_new(result, "postgresql_version", json_null());
	return result;
}

void
drill_step(json_t *result, const char *name, bool ok, int64_t milliseconds, const char *detail)
{
	json_t *step = json_checked(json_object());

	json_object_set_new(step, "step", json_text(name));
	json_object_set_new(step, "ok", json_boolean(ok));
	json_object_set_new(step, "seconds", json_real((double) milliseconds / 1000));
	json_object_set_new(step, "detail", json_text(detail));
	json_array_append_new(json_object_get(result, "steps"), step);
}
