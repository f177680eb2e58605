/*
 * messages_locale.c
 *
 * Has Barman, and what it runs, speak English, because causes are recognized by
 * their words.  Leaves the encoding of file names and output as it is.
 */
#include "base/messages_locale.h"

#include <stdlib.h>

void
messages_in_english(void)
{
	const char *all = getenv("LC_ALL");

	/* LC_ALL would outrank LC_MESSAGES */
	if (all != NULL && all[0] != '\0')
		setenv("LC_CTYPE", all, 1);
	unsetenv("LC_ALL");
	unsetenv("LANGUAGE");
	setenv("LC_MESSAGES", "C", 1);
}
