/*
 * arguments.h
 *
 * The fields that the body of a request may have, and their types.
 */
#ifndef API_ARGUMENTS_H
#define API_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/answer.h"
#include "base/text_list.h"

typedef enum ArgumentType
{
	ARGUMENT_TEXT, /* or null, which means the default */
	ARGUMENT_BOOL,
	ARGUMENT_INTEGER, /* from low to high */
	ARGUMENT_LIST,	  /* or null, which means the default; any elements */
	ARGUMENT_OBJECT	  /* likewise */
} ArgumentType;

typedef struct Argument
{
	const char *name;
	ArgumentType type;
	int64_t low;
	int64_t high;
	bool nullable;	  /* an integer or bool that may be null */
	int64_t standard; /* the default, if not nullable */
} Argument;

/* for a body without fields */
extern const Argument no_arguments[];

/* Enough for the JSON values of any request but a drill's */
#define ARGUMENTS_MAX_VALUES ((size_t) 1000)

/*
 * The arguments with every field present; or NULL, with the reason in *refusal.
 * The array fields ends with a NULL name.  Does not change the object given.
 */
extern json_t *arguments_check(json_t *given, const Argument *fields, Answer **refusal);

/* A copy of the text under a key, to be freed; NULL if there is none */
extern char *arguments_text(const json_t *object, const char *key);

/*
 * Copies a list of texts of at most that many bytes each.  False if one is
 * another; in either case the caller clears *texts.
 */
extern bool arguments_texts(const json_t *list, size_t max_bytes, TextList *texts);

/* *refusal: the field must be or do this.  Returns false. */
extern bool argument_refuse(Answer **refusal, const char *field, const char *must, const char *hint);

#endif /* API_ARGUMENTS_H */
