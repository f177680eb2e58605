/*
 * names.c
 *
 * Names of servers and backups that are safe on Barman's command line.
 */
#include "base/names.h"

#include <string.h>

#include <jansson.h>

#define MAX_NAME 128

static bool is_section_name(const char *name);
static bool is_safe_name(const char *name);

/* Barman reads "all" as every server, and reserves "barman". */
bool
barman_valid_server_name(const char *name)
{
	return name != NULL && is_section_name(name) && strcmp(name, "all") != 0 &&
		   strcmp(name, "barman") != 0;
}

/*
 * Barman accepts any section name of its configuration as a server, with blanks
 * and letters of all languages, and makes a directory of that name.  This
 * refuses options, paths and line breaks; no shell sees the name.  The caller
 * also looks up whether Barman has that server.
 */
static bool
is_section_name(const char *name)
{
	size_t length = strlen(name);
	json_t *text;

	if (length == 0 || length > MAX_NAME || name[0] == '.' || name[0] == '-' || name[0] == ' ' ||
		name[length - 1] == ' ')
		return false;
	for (size_t i = 0; i < length; i++)
	{
		unsigned char byte = (unsigned char) name[i];

		if (byte < ' ' || byte == 127 || strchr("/\\[]\"'`$;|&<>*?:", byte) != NULL)
			return false;
	}
	text = json_string(name); /* NULL: not UTF-8 */
	json_decref(text);
	return text != NULL;
}

/*
 * Barman tests a shortcut with: shortcut in "last-failed".  So every substring
 * of that word, even the empty one, means the last failed backup.  Refuse them
 * all, even as names, except the whole word and "last", which Barman tests
 * earlier.
 */
bool
barman_valid_backup_id(const char *id)
{
	if (id == NULL || !is_safe_name(id))
		return false;
	return strcmp(id, "last") == 0 || strcmp(id, "last-failed") == 0 ||
		   strstr("last-failed", id) == NULL;
}

bool
barman_is_backup_id(const char *text)
{
	return strlen(text) == 15 && text[8] == 'T' && strspn(text, "0123456789") == 8 &&
		   strspn(text + 9, "0123456789") == 6;
}

/* [A-Za-z0-9_][A-Za-z0-9_.-]*: no option, no path, no shell metacharacter */
static bool
is_safe_name(const char *name)
{
	size_t length = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
								 "abcdefghijklmnopqrstuvwxyz0123456789_.-");

	return length >= 1 && length <= MAX_NAME && name[length] == '\0' && name[0] != '.' &&
		   name[0] != '-';
}
