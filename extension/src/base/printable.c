/*-------------------------------------------------------------------------
 *
 * printable.c
 *	  Bytes of others for a message: of a header, a certificate, an answer that
 *	  is no JSON.
 *
 * They may be of any encoding, and control terminals.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/printable.h"

char *
poc_printable(const char *text, size_t length, size_t most)
{
	size_t shown = Min(length, most);
	char *printable = palloc(shown + 4);

	for (size_t i = 0; i < shown; i++)
		printable[i] = text[i] >= 0x20 && text[i] < 0x7f ? text[i] : '?';
	strcpy(printable + shown, length > most ? "..." : "");
	return printable;
}
