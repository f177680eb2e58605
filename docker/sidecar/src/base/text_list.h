/*
 * text_list.h
 *
 * A list of texts.
 */
#ifndef BASE_TEXT_LIST_H
#define BASE_TEXT_LIST_H

#include <stddef.h>

typedef struct TextList
{
	char **texts; /* malloc'd, as each of them */
	size_t count;
} TextList;

/* Frees the texts, and leaves the list empty. */
extern void text_list_clear(TextList *list);

#endif /* BASE_TEXT_LIST_H */
