/*
 * control_character.h
 *
 * Which characters a terminal or a browser obeys.
 */
#ifndef BASE_CONTROL_CHARACTER_H
#define BASE_CONTROL_CHARACTER_H

#include <stddef.h>

/*
 * Length of the control character that this text begins with, of ASCII or, in UTF-8, of C1 or
 * for text in two directions; 0: it is none.  Reads no further than a whole character.
 */
extern size_t control_character_length(const char *text);

#endif /* BASE_CONTROL_CHARACTER_H */
