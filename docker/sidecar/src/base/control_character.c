/*
 * control_character.c
 *
 * Which characters a terminal obeys: texts of others that hold them must not
 * reach the log, a list or a notice as they are.
 */
#include "base/control_character.h"

size_t
control_character_length(const char *text)
{
	unsigned char first = (unsigned char) text[0];

	if (first < 0x20 || first == 0x7f)
		return 1;
	return first == 0xc2 && (unsigned char) text[1] >= 0x80 && (unsigned char) text[1] <= 0x9f ? 2
																							   : 0;
}
