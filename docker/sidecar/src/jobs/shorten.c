/*
 * shorten.c
 *
 * Keeps results and records of jobs within the size that readers accept.
 */
#include "jobs/shorten.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/memory.h"

/* A receipt of many steps has about 100 kB; a reader in SQL accepts 16 MB. */
#define RESULT_MAX		((size_t) 1024 * 1024)
#define RESULT_TEXT_MAX 8192
#define RESULT_TEXT_MIN 256

json_t *
job_shorten(json_t *result)
{
	/* cut long texts first, then all of them */
	for (size_t text_max = RESULT_TEXT_MAX; result != NULL && text_max >= RESULT_TEXT_MIN;
		 text_max /= 32)
	{
		json_t *shorter = job_cut_texts(result, text_max);

		json_decref(result);
		result = shorter;
		if (json_dumpb(result, NULL, 0, JSON_COMPACT) <= RESULT_MAX)
			return result;
	}
	if (result == NULL)
		return NULL;
	json_decref(result);
	return json_checked(json_pack("{s:b}", "too_large", 1));
}

json_t *
job_cut_texts(const json_t *value, size_t text_max)
{
	json_t *copy;
	json_t *one;
	const char *key;
	size_t i;

	if (json_is_string(value) && json_string_length(value) > text_max)
	{
		const char *text = json_string_value(value);
		size_t length = text_max;
		char *cut;

		/* do not cut within a character */
		while (length > 0 && ((unsigned char) text[length] & 0xc0) == 0x80)
			length--;
		cut = mem_printf("%.*s...", (int) length, text);
		copy = json_text(cut);
		free(cut);
		return copy;
	}
	if (json_is_array(value))
	{
		copy = json_checked(json_array());
		json_array_foreach (value, i, one)
			json_array_append_new(copy, job_cut_texts(one, text_max));
		return copy;
	}
	if (json_is_object(value))
	{
		copy = json_checked(json_object());
		json_object_foreach ((json_t *) (uintptr_t) value, key, one)
			json_object_set_new(copy, key, job_cut_texts(one, text_max));
		return copy;
	}
	return json_checked(json_deep_copy(value));
}
