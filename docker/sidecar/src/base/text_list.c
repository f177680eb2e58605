/*
 * text_list.c
 *
 * A list of texts, in the order in which they came.
 */
#include "base/text_list.h"

#include <stdlib.h>

void
text_list_clear(TextList *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->texts[i]);
	free(list->texts);
	*list = (TextList){0};
}
