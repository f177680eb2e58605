/*
 * arguments.h
 *
 * The body of a request: which fields it may have, and of which type.
 */
#ifndef API_ARGUMENTS_H
#define API_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/answer.h"

typedef enum ArgumentType
{
	ARGUMENT_TEXT,				/* or null, which is the default */
	ARGUMENT_BOOL,
	ARGUMENT_INTEGER,			/* from low to high */
	ARGUMENT_LIST,				/* or null, which is the default; whatever is in it */
	ARGUMENT_OBJECT				/* the same */
} ArgumentType;

typedef struct Argument
{
	const char *name;
	ArgumentType type;
	int64_t		low;
	int64_t		high;
	bool		nullable;		/* an integer or bool that may be null */
	int64_t		standard;		/* its value if it is missing and not nullable */
} Argument;

/* the fields of a body that has none */
extern const Argument no_arguments[];

/* What a person asks is short. */
#define ARGUMENTS_MAX_VALUES ((size_t) 1000)

/*
 * The arguments with every field present; or NULL, and *refusal says why.
 * fields ends with a NULL name.  given, an object, is not changed.
 */
extern json_t *arguments_check(json_t *given, const Argument *fields, Answer **refusal);

/* The same of a body; an empty one is an empty object. */
extern json_t *arguments_parse(const char *body, size_t length,
							   const Argument *fields, Answer **refusal);

#endif							/* API_ARGUMENTS_H */
