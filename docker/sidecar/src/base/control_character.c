/*
 * control_character.c
 *
 * Which characters a terminal or a browser obeys: texts of others that hold them
 * must not reach the log, a list or a notice as they are.
 */
#include "base/control_character.h"

static size_t bidirectional_length(const unsigned char *text);

size_t
control_character_length(const char *text)
{
	unsigned char first = (unsigned char) text[0];

	if (first < 0x20 || first == 0x7f)
		return 1;
	if (first == 0xc2 && (unsigned char) text[1] >= 0x80 && (unsigned char) text[1] <= 0x9f)
		return 2;
	return bidirectional_length((const unsigned char *) text);
}

/* Those that turn what follows them around: U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069 */
static size_t
bidirectional_length(const unsigned char *text)
{
	if (text[0] == 0xd8 && text[1] == 0x9c)
		return 2;
	if (text[0] != 0xe2)
		return 0;
	if (text[1] == 0x80 &&
		(text[2] == 0x8e || text[2] == 0x8f || (text[2] >= 0xaa && text[2] <= 0xae)))
		return 3;
	return text[1] == 0x81 && text[2] >= 0xa6 && text[2] <= 0xa9 ? 3 : 0;
}
